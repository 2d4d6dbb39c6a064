/**
 * Dates: what was known at each, kept in a folder as it is made, so that a run that was stopped goes on where it was. A date's file is named
 * after everything it depends on: bars, seed and settings; others are never read.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../base/errors.ts';
import { canonicalJson, digest } from '../../base/id.ts';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import { align } from '../../datasets/align.ts';
import { FindingKind, type MarketPanel } from '../../datasets/panel.ts';
import type { readSeries } from '../../datasets/sources/files.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Fit from '../../models/fit.ts';
import * as Book from '../../tuner/backtest/book.ts';
import * as Rules from '../../tuner/backtest/rules.ts';
import * as Search from '../../tuner/backtest/search.ts';
import type { Origin } from '../../tuner/backtest/walk.ts';

export type Bars = Awaited<ReturnType<typeof readSeries>>;

export type Plan = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly everyDays: number;
  readonly historyDays: number;
  readonly seed: number;
  /** Of the tuner's curves, a date and haircut. */
  readonly paths: number;
};

export const DAY_MS = 1000 * SECONDS_PER_DAY;

export function datesOf({ fromMs, toMs, everyDays }: Plan): number[] {
  const every = everyDays * DAY_MS;
  const count = Math.floor((toMs - fromMs) / every) + 1;
  if (!(count >= 1))
    throw new NoDatesError({ got: `from ${iso(fromMs)} to ${iso(toMs)}`, needed: 'at least one date', where: '--from, --to' });
  return Array.from({ length: count }, (_, index) => fromMs + index * every);
}

/** One date after the other; `onDate` hears of each. */
export async function known(
  bars: Bars,
  plan: Plan,
  folder: string,
  onDate: (done: number, all: number, says: string) => void,
): Promise<Origin[]> {
  mkdirSync(folder, { recursive: true });
  const dates = datesOf(plan);
  const key = digest(canonicalJson([bars.sources, plan.historyDays, plan.seed, plan.paths])).slice(-12);
  const origins: Origin[] = [];
  for (const date of dates) {
    const file = join(folder, `${iso(date).slice(0, 10)}-${key}.json`);
    const began = performance.now();
    if (existsSync(file)) {
      origins.push(JSON.parse(readFileSync(file, 'utf8')) as Origin);
      onDate(origins.length, dates.length, `${iso(date).slice(0, 10)} was known`);
      continue;
    }
    const origin = await learn(bars, plan, date);
    writeFileSync(`${file}.${process.pid}`, canonicalJson(origin));
    renameSync(`${file}.${process.pid}`, file);
    origins.push(origin);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    onDate(origins.length, dates.length, `${origin.at.slice(0, 10)}: ${origin.market.assets.length} assets, ${seconds} s`);
  }
  return origins;
}

/** Bars of a window as they came: nothing is judged or left out. A day before it is read too, for the price at its start. */
export function cutter({ series, quote, sources }: Bars): (from: string, seconds: number) => MarketPanel {
  const waivers = [...new Set(series.map(({ asset }) => asset))].flatMap((subject) =>
    FindingKind.options.map((kind) => ({ subject, kind, reason: 'what happened' })),
  );
  // Every rule and knob sees the same window: cut once.
  const cut = new Map<string, MarketPanel>();
  return (from, seconds) => {
    const before = cut.get(from);
    if (before !== undefined) return before;
    const [start, end] = [iso(Date.parse(from) - DAY_MS), iso(Date.parse(from) + 1000 * seconds)];
    const panel = align(series, { quote, sources, simulated: false, from: start, asOf: end, minimumHistorySeconds: 0, waivers });
    cut.set(from, panel);
    return panel;
  };
}

/** The law and what every rule reads in the bars before the date. */
async function learn({ series, quote, sources }: Bars, { historyDays, seed, paths }: Plan, date: number): Promise<Origin> {
  const at = iso(date);
  const panel = align(series, { quote, sources, simulated: false, from: iso(date - historyDays * DAY_MS), asOf: at });
  const model = await Fit.fit(panel, { seed, forecaster: false });
  const { assets } = model;
  const price = (asset: string) => panel.bars[asset]!.close.findLast((close) => close !== null)!;
  const market: Book.Market = {
    assets,
    priceUsd: Object.fromEntries(assets.map((asset) => [asset, price(asset)])),
    dailyVolumeUsd: model.dailyVolumeUsd,
  };
  const falls = {
    law: Rules.law(model, Book.collateralUsd(market, 'volume'), seed),
    historical: Rules.historical(panel, assets),
    ewma: Rules.ewma(panel, assets),
    fixed: Rules.fixed(assets),
  };
  const slim = { ...model, regime: { ...model.regime, history: { at: [], probability: [] } } };
  return { at, market, model: slim, falls, curves: Search.curves(loadKernel(), model, market, { seed, paths }) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export class NoDatesError extends PlimsollError {
  override readonly name = 'Backtest.NoDatesError';
}
