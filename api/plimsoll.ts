#!/usr/bin/env node
/** The command line. Each command is a file of `cli/`; what it needs is loaded when it runs, so that help is quick. */
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { main } from './cli/program.ts';

// The shell's own values stand before those of the file.
if (existsSync('.env')) loadEnvFile('.env');
process.exitCode = await main(process.argv.slice(2));
