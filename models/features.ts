/**
 * What the forecaster looks at and what it is asked, at regular origins: inputs known at the end of a bar, and the return that
 * followed in units of the volatility that GARCH expected for it.
 *
 *   y = Σ r over the horizon / √Σ E h over the horizon
 *
 * Every input uses bars up to its origin only; GARCH and regime parameters come from `trainRows` bars, those before the first test.
 */
import { SECONDS_PER_DAY } from '../base/units.ts';
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import type { Parameters } from './garch.ts';
import * as Garch from './garch.ts';
import type * as Regime from './regime.ts';

export const INPUTS = [
  'ln of 4 h volatility over GARCH',
  'ln of 24 h volatility over GARCH',
  'ln of 7 day volatility over GARCH',
  'ln of 30 day volatility over GARCH',
  'return of 24 h over GARCH',
  'return of the market over 24 h over GARCH',
  'probability of the calmest regime',
  'probability of the wildest regime',
  'ln of 24 h volume over 30 days',
  'hour, cosine',
  'hour, sine',
  'weekend',
] as const;

export type Row = {
  readonly asset: number;
  /** Index of the last bar known. */
  readonly origin: number;
  readonly x: Float64Array;
  /** √ of the variance expected over the horizon, percent. */
  readonly scalePct: number;
  /** NaN where the horizon is not over or has a hole. */
  readonly y: number;
};

export type Request = {
  readonly panel: MarketPanel;
  readonly assets: readonly string[];
  readonly returnsPct: readonly Float64Array[];
  readonly parameters: readonly (Parameters | null)[];
  readonly chain: Regime.Chain;
  readonly horizonSteps: number;
  readonly strideSteps: number;
};

const CLIP = 5;
const FLOOR = 1e-9;

/** Rows by asset and origin, the last origin being the panel's last bar. */
export function rows(request: Request): Row[] {
  const { panel, assets, returnsPct, horizonSteps } = request;
  const day = Math.max(1, Math.round(SECONDS_PER_DAY / panel.stepSeconds));
  const market = returnsPct[0]!.map((_, t) => average(returnsPct, t));
  const marketSum = prefix(market, (value) => value);
  const out: Row[] = [];
  assets.forEach((asset, index) => {
    const parameters = request.parameters[index] ?? null;
    if (parameters === null) return;
    const returns = returnsPct[index]!;
    const { variance, nextVariance } = Garch.filter(returns, parameters, Garch.GJR_T);
    const squares = prefix(returns, (value) => value * value);
    const sums = prefix(returns, (value) => value);
    const volumes = prefix(
      Float64Array.from(panel.bars[asset]!.volume, (value) => value ?? Number.NaN),
      (value) => value,
    );
    for (let origin = panel.length - 1; origin >= 30 * day; origin -= request.strideSteps) {
      const h = origin + 1 < panel.length ? variance[origin + 1]! : nextVariance;
      const scalePct = Math.sqrt(Garch.aggregateVariance(parameters, h, horizonSteps));
      const perStep = (scalePct * scalePct) / horizonSteps;
      const over = (steps: number) => 0.5 * Math.log((FLOOR + window(squares, origin, steps).mean) / perStep);
      const lastDay = window(sums, origin, day);
      if (lastDay.count < day / 2 || window(squares, origin, 30 * day).count < 15 * day) continue;
      const time = barTime(panel, origin + 1);
      const turn = (2 * Math.PI * (time % 86_400_000)) / 86_400_000;
      const weekday = new Date(time).getUTCDay();
      const { states, probability } = request.chain;
      const inputs = [
        over(Math.max(1, Math.round(day / 6))),
        over(day),
        over(7 * day),
        over(30 * day),
        (lastDay.mean * lastDay.count) / scalePct,
        (window(marketSum, origin, day).mean * day) / scalePct,
        probability[origin * states]!,
        probability[origin * states + states - 1]!,
        Math.log((FLOOR + window(volumes, origin, day).mean) / (FLOOR + window(volumes, origin, 30 * day).mean)),
        Math.cos(turn),
        Math.sin(turn),
        weekday === 0 || weekday === 6 ? 1 : 0,
      ];
      const ahead = origin + horizonSteps < panel.length ? window(sums, origin + horizonSteps, horizonSteps) : null;
      const y = ahead !== null && ahead.count === horizonSteps ? (ahead.mean * ahead.count) / scalePct : Number.NaN;
      out.push({ asset: index, origin, x: Float64Array.from(inputs, (value) => Math.max(-CLIP, Math.min(CLIP, value))), scalePct, y });
    }
  });
  return out;
}

type Prefix = { readonly sum: Float64Array; readonly count: Int32Array };

function prefix(values: Float64Array, f: (value: number) => number): Prefix {
  const sum = new Float64Array(values.length + 1);
  const count = new Int32Array(values.length + 1);
  values.forEach((value, t) => {
    const seen = !Number.isNaN(value);
    sum[t + 1] = sum[t]! + (seen ? f(value) : 0);
    count[t + 1] = count[t]! + (seen ? 1 : 0);
  });
  return { sum, count };
}

/** The `steps` bars that end with bar `last`. */
function window({ sum, count }: Prefix, last: number, steps: number): { mean: number; count: number } {
  const from = Math.max(0, last + 1 - steps);
  const seen = count[last + 1]! - count[from]!;
  return { mean: seen === 0 ? 0 : (sum[last + 1]! - sum[from]!) / seen, count: seen };
}

function average(columns: readonly Float64Array[], t: number): number {
  let sum = 0;
  let count = 0;
  for (const column of columns) {
    if (Number.isNaN(column[t]!)) continue;
    sum += column[t]!;
    count += 1;
  }
  return count === 0 ? Number.NaN : sum / count;
}
