/**
 * `npm run bench`: times the cases and holds their ratios to the reference loop against `baseline.json`.
 * `npm run bench -- --update` writes a new baseline.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { cases } from './cases.ts';
import { type Figure, measure } from './stopwatch.ts';

const Baseline = z.strictObject({ says: z.string(), ratios: z.record(z.string(), z.number().positive()) });

/** Slower than this many times its baseline, and something changed that a busy neighbour does not explain. */
const MOST = 1.5;

const file = new URL('./baseline.json', import.meta.url);
const figures = measure(await cases());

if (process.argv.includes('--update')) {
  const ratios = Object.fromEntries(figures.map(({ name, ratio }) => [name, Number(ratio.toPrecision(3))]));
  const says = 'Time of each case over the time of the reference loop (4,000,000 dependent multiplications and roots), least of several.';
  writeFileSync(file, `${JSON.stringify({ says, ratios }, null, 2)}\n`);
}
const { ratios } = Baseline.parse(JSON.parse(readFileSync(file, 'utf8')));
print(['case', 'ms', 'ratio', 'baseline', 'change', '']);
for (const figure of figures) print(row(figure, ratios[figure.name]));
const slow = figures.filter(({ name, ratio }) => ratio > MOST * (ratios[name] ?? 0));
if (slow.length > 0) {
  process.stdout.write(`more than ${MOST} times the baseline: ${slow.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 1;
}

function row({ name, says, milliseconds, ratio }: Figure, baseline: number | undefined): readonly string[] {
  const change = baseline === undefined ? 'new' : `${(ratio / baseline).toFixed(2)}×`;
  return [name, milliseconds.toFixed(1), ratio.toFixed(3), baseline?.toFixed(3) ?? '', change, says];
}

function print(cells: readonly string[]): void {
  const widths = [-10, 9, 8, 9, 7, 0];
  const text = cells.map((cell, index) => (widths[index]! < 0 ? cell.padEnd(-widths[index]!) : cell.padStart(widths[index]!)));
  process.stdout.write(`${text.join('  ').trimEnd()}\n`);
}
