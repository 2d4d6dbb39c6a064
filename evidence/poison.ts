/**
 * Poison: what one wrong venue does to a recommendation. `npx tsx evidence/poison.ts`
 *
 * The built-in sample market, its ETH as three venues see it (each within 5 bps), the third wrong in one way a row. Every row is a whole
 * run on the same book and seed. `loosened` counts fields that ended looser than with three honest venues. Figures go to
 * docs/evidence/poison.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniform } from '../base/random.ts';
import { align } from '../datasets/align.ts';
import { sampleBook } from '../datasets/sample/book.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import type { Series } from '../datasets/series.ts';
import * as StateFile from '../datasets/sources/state-file.ts';

const SEED = 1;
const ASSET = 'ETH';
/** The collateral that ETH drives. */
const COLLATERAL = 'WETH';
const HOUR_MS = 3_600_000;

type Bar = readonly [ms: number, open: number, high: number, low: number, close: number, volume: number];
type Advice = { readonly asset: string; readonly parameters: Readonly<Record<string, { readonly to: number }>> };

const POISONS: readonly (readonly [name: string, spoil: (bars: readonly Bar[]) => Bar[]])[] = [
  ['scaled by 1.1', (bars) => bars.map((bar) => times(bar, 1.1))],
  ['scaled by 1.005', (bars) => bars.map((bar) => times(bar, 1.005))],
  ['an hour late', (bars) => bars.map(([ms, ...rest]): Bar => [ms + HOUR_MS, ...rest])],
  ['frozen for the last month', (bars) => bars.map((bar, at) => (at > bars.length - 720 ? held(bar, bars[bars.length - 720]!) : bar))],
  ['frozen wherever it moves', (bars) => bars.map((bar, at) => (at > 0 && at % 48 !== 0 ? held(bar, bars[at - (at % 48)]!) : bar))],
  ['spiked threefold, weekly', (bars) => bars.map((bar, at) => (at % 168 === 60 ? times(bar, 3) : bar))],
  ['volume of a thousand', (bars) => bars.map(([ms, open, high, low, close, volume]): Bar => [ms, open, high, low, close, 1000 * volume])],
];

function times([ms, open, high, low, close, volume]: Bar, factor: number): Bar {
  return [ms, open * factor, high * factor, low * factor, close * factor, volume];
}

function held([ms, , , , , volume]: Bar, [, , , , close]: Bar): Bar {
  return [ms, close, close, close, close, volume];
}

function barsOf({ timesMs, open, high, low, close, volume }: Series, venue: number | null): Bar[] {
  const seen = (at: number, lane: number): number => (venue === null ? 1 : 1 + 0.0005 * (2 * uniform(venue, 0, at, 0, lane) - 1));
  return Array.from(timesMs, (ms, at): Bar => {
    const [first, last] = [open[at]! * seen(at, 0), close[at]! * seen(at, 1)];
    return [ms, first, Math.max(first, last, high[at]! * seen(at, 2)), Math.min(first, last, low[at]! * seen(at, 3)), last, volume[at]!];
  });
}

function run(folder: string, state: string): { readonly advice: readonly Advice[]; readonly verdict: string } {
  const args = ['--panel', folder, '--state', state, '--seed', String(SEED), '--no-forecaster', '--no-rehearse'];
  const command = ['--import', 'tsx', 'api/plimsoll.ts', 'run', ...args, '--out', join(folder, 'out'), '--json'];
  let text: string;
  try {
    text = execFileSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26 });
  } catch (error) {
    // A refusal leaves with a code of its own and its result on standard output.
    text = (error as { readonly stdout: string }).stdout;
  }
  const { recommendations, verdict } = JSON.parse(text) as { recommendations: readonly Advice[]; verdict: string };
  return { advice: recommendations, verdict };
}

/** A haircut down, a multiplier down or a threshold up is looser. */
function loosened(before: readonly Advice[], after: readonly Advice[]): number {
  const value = (advice: readonly Advice[], asset: string, field: string): number | undefined =>
    advice.find((one) => one.asset === asset)?.parameters[field]?.to;
  let count = 0;
  for (const { asset, parameters } of before) {
    for (const [field, { to }] of Object.entries(parameters)) {
      const now = value(after, asset, field);
      if (now !== undefined && (field === 'liquidationThresholdBps' ? now > to : now < to)) count += 1;
    }
  }
  return count;
}

function moved(before: readonly Advice[], after: readonly Advice[]): number {
  const text = (advice: readonly Advice[], asset: string, field: string): string =>
    String(advice.find((one) => one.asset === asset)?.parameters[field]?.to);
  return before.flatMap(({ asset, parameters }) =>
    Object.keys(parameters).filter((field) => text(before, asset, field) !== text(after, asset, field)),
  ).length;
}

function document(rows: readonly string[]): string {
  return [
    '# One poisoned venue of three',
    '',
    `Made by \`npx tsx evidence/poison.ts\`: sample market and book, seed ${SEED}, the policy's paths; ${ASSET} as three venues see it, the third wrong.`,
    '`moved` and `loosened` count recommended fields of all assets that differ from the run with three honest venues.',
    '',
    `| third venue | verdict | haircut of ${COLLATERAL}, bps | moved | loosened | what the quality report says of it |`,
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

mkdirSync('docs/evidence', { recursive: true });
const { series, sources } = sampleMarket(SEED);
const place = mkdtempSync(join(tmpdir(), 'plimsoll-poison-'));
const rows: string[] = [];
try {
  const clean = align(series, { quote: 'USD', sources, simulated: true });
  const state = join(place, 'state.json');
  writeFileSync(state, StateFile.write(sampleBook(clean, SEED)));
  let honest: readonly Advice[] | undefined;
  for (const [name, spoil] of [['nothing', (bars: readonly Bar[]) => [...bars]] as const, ...POISONS]) {
    const folder = join(place, String(rows.length));
    mkdirSync(folder);
    const write = (file: string, bars: readonly Bar[]): void =>
      writeFileSync(join(folder, file), ['time,open,high,low,close,volume', ...bars.map((bar) => bar.join(',')), ''].join('\n'));
    for (const one of series) {
      if (one.asset !== ASSET) write(`${one.asset}-USD_1h.csv`, barsOf(one, null));
      else
        for (const venue of [1, 2, 3])
          write(`${ASSET}-USD_1h_venue${venue}.csv`, venue === 3 ? spoil(barsOf(one, venue)) : barsOf(one, venue));
    }
    const inspected = JSON.parse(
      execFileSync(process.execPath, ['--import', 'tsx', 'api/plimsoll.ts', 'data', 'inspect', folder, '--json'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 2 ** 26,
      }),
    ) as { quality: readonly { kind: string; severity: string; says: string; asset: string }[] };
    const said = inspected.quality.filter(
      ({ kind, severity, asset }) => asset === ASSET && kind === 'source-disagreement' && severity !== 'note',
    );
    const { advice, verdict } = run(folder, state);
    honest ??= advice;
    const haircut = advice.find(({ asset }) => asset === COLLATERAL)?.parameters['haircutBps']?.to ?? 'none';
    rows.push(
      `| ${name} | ${verdict} | ${haircut} | ${moved(honest, advice)} | ${loosened(honest, advice)} | ${said[0]?.says ?? 'nothing'} |`,
    );
    process.stdout.write(`${rows.at(-1)}\n`);
    writeFileSync('docs/evidence/poison.md', document(rows));
    rmSync(folder, { recursive: true });
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
