#!/usr/bin/env node
/** The command line. Each command is a file of `cli/`; what it needs is loaded when it runs, so that help is quick. */
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { main } from './cli/program.ts';

// The shell's own values stand before those of the file.
if (existsSync('.env')) loadEnvFile('.env');
// `plimsoll … | head`: who stops reading has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await main(process.argv.slice(2));
