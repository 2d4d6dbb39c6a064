/**
 * The walk-forward proof with each crash left out: `npm run evidence -- events`, a second. Reads the windows that `npm run evidence -- backtest` committed.
 * Writes docs/evidence/backtest-events.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { page } from '../api/backtest/events.ts';

const OUT = 'docs/evidence/backtest-events.md';

writeFileSync(OUT, page(readFileSync('docs/evidence/backtest.csv', 'utf8')));
process.stderr.write(`${OUT} written\n`);
