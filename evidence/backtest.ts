/**
 * The walk-forward proof: `npm run evidence -- backtest`, an hour. Writes docs/evidence/backtest.md, .svg and .csv (the windows at the knobs set before); `npx tsx evidence/backtest.ts fit 2021-01-01 2022-07-01` only
 * fits the laws of a part of the dates, so that two processes can share them. What each date knew is kept in out/evidence/backtest; a killed run goes on.
 * Reads ../shared/data/hourly.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { align } from '../datasets/align.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Fit from '../models/fit.ts';
import * as Backbook from '../tuner/backtest/book.ts';
import * as Rules from '../tuner/backtest/rules.ts';
import type { Origin } from '../tuner/backtest/walk.ts';
import { report } from './backtest/report.ts';
import * as Real from './books/real.ts';

const CACHE = 'out/evidence/backtest';
const DAY_MS = 1000 * SECONDS_PER_DAY;
const WEEK = 7 * DAY_MS;
/** Knobs are chosen on the dates before the split; the claim is about the dates after it. */
const [FIRST, SPLIT, LAST] = ['2020-07-01', '2021-01-01', '2023-12-18'].map((day) => Date.parse(day)) as [number, number, number];
const HISTORY_MS = 365 * DAY_MS;
const SEED = 1;

if (!existsSync(Real.DATA)) process.stderr.write(`not covered: ${Real.DATA} is absent\n`);
else await main(process.argv.slice(2));

async function main([verb, from, to]: string[]): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const bars = await Real.bars();
  const dates = Array.from({ length: Math.floor((LAST - FIRST) / WEEK) + 1 }, (_, week) => FIRST + week * WEEK);
  const mine = verb === 'fit' ? dates.filter((date) => date >= Date.parse(from!) && date < Date.parse(to!)) : dates;
  const origins: Origin[] = [];
  for (const date of mine) origins.push(await known(bars, date));
  if (verb === 'fit') return;
  // Every rule and knob sees the same window: cut once.
  const windows = new Map<string, MarketPanel>();
  const cut = (start: string, seconds: number): MarketPanel => {
    const known = windows.get(start);
    if (known !== undefined) return known;
    const panel = Real.after(
      bars,
      new Date(Date.parse(start) - DAY_MS).toISOString(),
      new Date(Date.parse(start) + 1000 * seconds).toISOString(),
    );
    windows.set(start, panel);
    return panel;
  };
  report(loadKernel(), origins, cut, WEEK / 1000, new Date(SPLIT).toISOString());
}

/** The law and what every rule reads in the bars before the date, from the cache where it was made before. */
async function known({ series, quote, sources }: Real.Bars, date: number): Promise<Origin> {
  const at = new Date(date).toISOString();
  const file = `${CACHE}/${at.slice(0, 10)}.json`;
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Origin;
  const began = performance.now();
  const panel = align(series, { quote, sources, simulated: false, from: new Date(date - HISTORY_MS).toISOString(), asOf: at });
  const model = await Fit.fit(panel, { seed: SEED, forecaster: false });
  const { assets } = model;
  const price = (asset: string) => panel.bars[asset]!.close.findLast((close) => close !== null)!;
  const market: Backbook.Market = {
    assets,
    priceUsd: Object.fromEntries(assets.map((asset) => [asset, price(asset)])),
    dailyVolumeUsd: model.dailyVolumeUsd,
  };
  const falls = {
    law: Rules.law(model, Backbook.collateralUsd(market, 'volume'), SEED),
    historical: Rules.historical(panel, assets),
    ewma: Rules.ewma(panel, assets),
    fixed: Rules.fixed(assets),
    hindsight: Rules.fixed(assets),
  };
  const slim = { ...model, regime: { ...model.regime, history: { at: [], probability: [] } } };
  const origin: Origin = { at, market, model: slim, falls };
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(origin));
  renameSync(`${file}.${process.pid}`, file);
  process.stderr.write(`${at.slice(0, 10)}: ${assets.length} assets, ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  return origin;
}
