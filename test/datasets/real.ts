import { existsSync } from 'node:fs';

/** Recorded data beside the project: not part of it. */
export const REAL = '../shared/data';
export const hasReal = existsSync(`${REAL}/hourly`);
if (!hasReal) process.stderr.write(`not covered: recorded market data and Aave tables (${REAL} is not there)\n`);
