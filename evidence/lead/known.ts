/** What each refit date of the lead-time walk knew: the law as a table of quantiles over its variance, GARCH, the venue's base margin. Kept in a folder as it is made. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { align } from '../../datasets/align.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { GARCH_NORMAL } from '../../models/contenders.ts';
import * as Fit from '../../models/fit.ts';
import * as Garch from '../../models/garch.ts';
import { quantileOfSorted, sorted } from '../../models/math/statistics.ts';
import * as Alarms from '../../tuner/backtest/alarms.ts';
import * as Foresight from '../../tuner/margin/foresight.ts';
import type { Quantiles } from '../../tuner/margin/predictive.ts';
import type { Bars } from '../books/real.ts';

export const HOUR_MS = 3_600_000;
export const LEVEL = 0.99;
export const PERIOD_HOURS = 4;
const HISTORY_DAYS = 365;
const SEED = 1;
/** A year of bars: before, the forecaster is not asked, and its gate counts as closed. */
const TRAINED_FROM = Date.parse('2021-01-01');
/** Doublings of the long-run variance between which the law's quantile is read. */
export const DOUBLINGS: readonly number[] = Array.from({ length: 18 }, (_, k) => k - 6);

type Recursion = {
  readonly mu: number;
  readonly omega: number;
  readonly alpha: number;
  readonly gamma: number;
  readonly beta: number;
  readonly nextVariance: number;
};

export type KnownAsset = {
  readonly asset: string;
  /** 99 % quantile of the larger of fall and rise within the period, over the last year: the venue's margin at multiplier 1. */
  readonly baseFraction: number;
  readonly law: Recursion;
  readonly unconditionalVariance: number;
  /** At long-run variance × 2^DOUBLINGS, regime in its usual state. */
  readonly table: readonly Quantiles[];
  readonly garch: Recursion | null;
  readonly gate: number;
};

export type Known = {
  readonly atMs: number;
  readonly assets: readonly KnownAsset[];
  readonly left: number;
  /** Smallest and largest of what a regime does to volatility. */
  readonly multipliers: readonly [number, number];
};

export async function known(bars: Bars, dates: readonly number[], folder: string, onDate: (says: string) => void): Promise<Known[]> {
  mkdirSync(folder, { recursive: true });
  const code = createHash('sha256');
  for (const file of ['evidence/lead/known.ts', 'tuner/margin/foresight.ts', 'models/fit.ts', 'models/garch.ts', 'models/forecaster.ts'])
    code.update(readFileSync(file));
  const version = code.digest('hex').slice(0, 8);
  const out: Known[] = [];
  for (const date of dates) {
    const file = join(folder, `${new Date(date).toISOString().slice(0, 10)}-${version}.json`);
    if (existsSync(file)) {
      out.push(JSON.parse(readFileSync(file, 'utf8')) as Known);
      continue;
    }
    const began = performance.now();
    const found = await learn(bars, date);
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(found));
    renameSync(`${file}.${process.pid}`, file);
    out.push(found);
    onDate(
      `${new Date(date).toISOString().slice(0, 10)}  ${found.assets.length} assets, ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
  }
  return out;
}

async function learn({ series, quote, sources }: Bars, date: number): Promise<Known> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const panel = align(series, { quote, sources, simulated: false, from: iso(date - HISTORY_DAYS * 24 * HOUR_MS), asOf: iso(date) });
  const isLong = date - Date.parse(panel.startsAt) >= HISTORY_DAYS * 24 * HOUR_MS && date >= TRAINED_FROM;
  const model = await Fit.fit(panel, { seed: SEED, forecaster: isLong });
  const usual = { ...model, regime: { ...model.regime, now: model.regime.stationary } };
  const tables = DOUBLINGS.map((k) =>
    Foresight.quantiles(
      loadKernel(),
      Foresight.withVariance(usual, (_, { unconditionalVariance }) => unconditionalVariance * 2 ** k),
      {
        level: LEVEL,
        periodSeconds: 3_600 * PERIOD_HOURS,
        seed: SEED,
      },
    ),
  );
  return {
    atMs: date,
    left: model.left.length,
    multipliers: [Math.min(...model.regime.multiplier), Math.max(...model.regime.multiplier)],
    assets: model.assets.map((asset, index) => {
      const { muPct: mu, omega, alpha, gamma, beta, nextVariance, unconditionalVariance } = model.volatility[asset]!;
      const close = Float64Array.from(panel.bars[asset]!.close, (price) => price ?? Number.NaN);
      const moves = close.map((_, t) => {
        const { fall, rise } = Alarms.moveTo(close, t, PERIOD_HOURS);
        return Math.max(fall, rise);
      });
      return {
        asset,
        baseFraction: quantileOfSorted(sorted(moves), LEVEL),
        law: { mu, omega, alpha, gamma, beta, nextVariance },
        unconditionalVariance,
        table: tables.map((row) => row[index]!),
        garch: garchOf(Fit.returnsPct(panel, asset)),
        gate: model.forecaster?.verdicts.find((verdict) => verdict.asset === asset)?.weight ?? 0,
      };
    }),
  };
}

function garchOf(returns: Float64Array): Recursion | null {
  const { parameters } = Garch.fit(returns, GARCH_NORMAL);
  const { mu, omega, alpha, beta } = parameters;
  return { mu, omega, alpha, gamma: 0, beta, nextVariance: Garch.filter(returns, parameters, GARCH_NORMAL).nextVariance };
}
