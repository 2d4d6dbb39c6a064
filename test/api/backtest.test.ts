/** The walk-forward proof on a slice of the built-in sample: the same windows, to the last bit, as when the hash below was committed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as Dates from '../../api/backtest/dates.ts';
import { page } from '../../api/backtest/events.ts';
import { report, VARIANTS } from '../../api/backtest/report.ts';
import { digest } from '../../base/id.ts';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import { sampleMarket } from '../../datasets/sample/market.ts';
import { loadKernel } from '../../kernel/kernel.ts';

const WINDOWS = 'sha256:eef4a1daae9ce0332e9641a0d3d8866ec963277580b9848865deff9b69df2d8d';
const out = mkdtempSync(join(tmpdir(), 'plimsoll-backtest-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe('a slice of the sample, walked forward', () => {
  const market = sampleMarket(1);
  const bars = { ...market, series: market.series.filter(({ asset }) => ['BTC', 'ETH', 'DOGE'].includes(asset)) };
  const startMs = market.series[0]!.timesMs[0]! + 210 * Dates.DAY_MS;
  const plan: Dates.Plan = { fromMs: startMs, toMs: startMs + 21 * Dates.DAY_MS, everyDays: 7, historyDays: 200, seed: 1, paths: 256 };
  const walked = async () => {
    const heard: string[] = [];
    const origins = await Dates.known(bars, plan, join(out, 'dates'), (_, __, says) => heard.push(says));
    report(
      {
        ...{ command: 'the test', kernel: loadKernel(), origins, after: Dates.cutter(bars), everySeconds: 7 * SECONDS_PER_DAY },
        ...{ historyDays: 200, split: new Date(startMs + 14 * Dates.DAY_MS).toISOString(), out, onVariant: () => {} },
      },
      VARIANTS.slice(0, 1),
    );
    return { heard, csv: readFileSync(join(out, 'backtest.csv'), 'utf8') };
  };

  it('gives the committed windows, and the same again from what the dates knew', async () => {
    const first = await walked();
    expect(digest(first.csv)).toBe(WINDOWS);
    const again = await walked();
    expect(again.csv).toBe(first.csv);
    expect(again.heard.every((says) => says.endsWith('was known'))).toBe(true);
    expect(readdirSync(join(out, 'dates'))).toHaveLength(4);
    const page = readFileSync(join(out, 'backtest.md'), 'utf8');
    for (const rule of ['tuner', 'law', 'historical', 'ewma', 'fixed', 'hindsight']) expect(page).toContain(`| ${rule} |`);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('refuses a span without a date', async () => {
    await expect(Dates.known(bars, { ...plan, toMs: startMs - 1 }, join(out, 'none'), () => {})).rejects.toThrow(
      /NoDates|at least one date/,
    );
  });
});

it('makes the committed page of crashes left out again, byte for byte', () => {
  expect(page(readFileSync('docs/evidence/backtest.csv', 'utf8'))).toBe(readFileSync('docs/evidence/backtest-events.md', 'utf8'));
});
