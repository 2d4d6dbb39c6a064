#!/usr/bin/env node
/**
 * The Solidity compiler from npm in the shape that forge starts: `--version`, and standard JSON from standard input.
 * Nothing is downloaded. Sources come whole in the JSON, so paths and permissions on the command line say nothing new.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const VERSION_LINE = 'solc, the solidity compiler commandline interface\nVersion: ';

const solc = createRequire(import.meta.url)('solc');

if (process.argv.includes('--version'))
  process.stdout.write(`${VERSION_LINE}${solc.version().replace('.Emscripten.clang', '.Linux.g++')}\n`);
else process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
