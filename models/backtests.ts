/**
 * Backtests of value at risk and expected shortfall: is what was said of the tail borne out by what came?
 *
 * `hits` are 1 where the outcome fell below the quantile, 0 where not, in time order without gaps. Returns and forecasts share a unit and
 * a sign: value at risk and expected shortfall of a loss are negative returns here. Every p-value is of a null in which the forecast is
 * right. Kupiec's test of the count alone is in `scoring.ts`.
 */
import { PlimsollError } from '../base/errors.ts';
import { PURPOSE, uniform } from '../base/random.ts';
import { solve } from './math/linear.ts';
import { chiSquareSurvival, lgamma } from './math/special.ts';
import { kupiec } from './scoring.ts';

export type Verdict = { readonly statistic: number; readonly pValue: number };

/** Does a hit make another one likelier? Likelihood ratio of a first-order chain against independence, χ²(1). Christoffersen 1998. */
export function independence(hits: ArrayLike<number>): Verdict {
  const count = [0, 0, 0, 0];
  for (let t = 1; t < hits.length; t += 1) {
    const move = 2 * hits[t - 1]! + hits[t]!;
    count[move] = count[move]! + 1;
  }
  const [n00, n01, n10, n11] = count as [number, number, number, number];
  const part = (ones: number, zeros: number) => {
    const share = ones / (ones + zeros);
    return (ones === 0 ? 0 : ones * Math.log(share)) + (zeros === 0 ? 0 : zeros * Math.log(1 - share));
  };
  const statistic = Math.max(0, 2 * (part(n01, n00) + part(n11, n10) - part(n01 + n11, n00 + n10)));
  return { statistic, pValue: chiSquareSurvival(statistic, 1) };
}

/** The count of hits and their independence at once, χ²(2). Christoffersen 1998. */
export function conditionalCoverage(hits: ArrayLike<number>, level: number): Verdict {
  const statistic = kupiec(sum(hits), hits.length, level).statistic + independence(hits).statistic;
  return { statistic, pValue: chiSquareSurvival(statistic, 2) };
}

/**
 * Dynamic quantile: hits less their level must not be foreseen by a constant, `lags` earlier hits, or the forecast itself; χ² of lags + 2
 * (one fewer where the forecast does not vary). Engle and Manganelli 2004. Null where the regressors depend on each other: too few hits.
 */
export function dynamicQuantile(hits: ArrayLike<number>, forecasts: ArrayLike<number>, level: number, lags = 4): Verdict | null {
  const n = hits.length - lags;
  // Centred and scaled, a constant forecast drops out and no unit spoils the normal equations.
  const centre = mean(forecasts, lags);
  let spread = 0;
  for (let t = lags; t < hits.length; t += 1) spread += (forecasts[t]! - centre) ** 2 / n;
  const varies = spread > 1e-24 * centre * centre;
  const size = lags + (varies ? 2 : 1);
  const cross = new Float64Array(size * size);
  const target = new Float64Array(size);
  const row = new Float64Array(size);
  for (let t = lags; t < hits.length; t += 1) {
    row[0] = 1;
    for (let lag = 1; lag <= lags; lag += 1) row[lag] = hits[t - lag]! - level;
    if (varies) row[lags + 1] = (forecasts[t]! - centre) / Math.sqrt(spread);
    for (let i = 0; i < size; i += 1) {
      target[i] = target[i]! + row[i]! * (hits[t]! - level);
      for (let j = 0; j < size; j += 1) cross[i * size + j] = cross[i * size + j]! + row[i]! * row[j]!;
    }
  }
  const slopes = solve(cross, target, size);
  if (slopes === null) return null;
  // β'X'Xβ is β'X'y.
  const statistic = slopes.reduce((total, slope, i) => total + slope * target[i]!, 0) / (level * (1 - level));
  if (!(statistic >= 0)) return null;
  return { statistic, pValue: chiSquareSurvival(statistic, size) };
}

export type Zone = 'green' | 'yellow' | 'red';

/**
 * The supervisors' traffic light: yellow from the count that has cumulative probability 95 %, red from the one with 99.99 %. With 250
 * days at 1 %: green to 4, yellow 5 to 9, red from 10. Basel Committee 1996.
 */
export function baselZone(violations: number, observations: number, level: number): Zone {
  let below = 0;
  for (let k = 0; k <= violations; k += 1) {
    below += Math.exp(
      lgamma(observations + 1) -
        lgamma(k + 1) -
        lgamma(observations - k + 1) +
        k * Math.log(level) +
        (observations - k) * Math.log(1 - level),
    );
  }
  if (below >= 0.9999) return 'red';
  return below >= 0.95 ? 'yellow' : 'green';
}

export type ShortfallForecasts = {
  readonly valueAtRisk: ArrayLike<number>;
  readonly expectedShortfall: ArrayLike<number>;
  readonly level: number;
};

/**
 * Z₂ = 1 − Σ r_t·1[r_t < VaR_t] / (n·level·ES_t): 0 expected where shortfalls are right, negative where they are too mild (−1: twice the
 * losses said). Acerbi and Szekely 2014.
 */
export function acerbiSzekely(returns: ArrayLike<number>, { valueAtRisk, expectedShortfall, level }: ShortfallForecasts): number {
  let total = 0;
  for (let t = 0; t < returns.length; t += 1) {
    if (!(expectedShortfall[t]! < 0)) {
      throw new NotALossError({ got: `expected shortfall ${expectedShortfall[t]}`, needed: 'a negative return', where: `bar ${t}` });
    }
    if (returns[t]! < valueAtRisk[t]!) total += returns[t]! / expectedShortfall[t]!;
  }
  return 1 - total / (returns.length * level);
}

/**
 * Z₂ with the share of simulated histories at or below it. `quantile(p, t)` is the law that was forecast for bar t: the null is that
 * the returns are draws from it, one after the other.
 */
export function acerbiSzekelyTest(
  returns: ArrayLike<number>,
  forecasts: ShortfallForecasts,
  quantile: (p: number, bar: number) => number,
  options: { readonly seed: number; readonly histories?: number },
): Verdict {
  const statistic = acerbiSzekely(returns, forecasts);
  const histories = options.histories ?? 1_000;
  const { valueAtRisk, expectedShortfall, level } = forecasts;
  // Where the law's quantile at twice the level lies above the value at risk, most draws are known to be no hit.
  const reach = Float64Array.from({ length: returns.length }, (_, t) => (quantile(2 * level, t) > valueAtRisk[t]! ? 2 * level : 1));
  let worse = 0;
  for (let path = 0; path < histories; path += 1) {
    let total = 0;
    for (let t = 0; t < returns.length; t += 1) {
      const u = uniform(options.seed, PURPOSE.bootstrap, path, t, 2);
      if (u > reach[t]!) continue;
      const r = quantile(u, t);
      if (r < valueAtRisk[t]!) total += r / expectedShortfall[t]!;
    }
    if (1 - total / (returns.length * level) <= statistic) worse += 1;
  }
  // The observed history counts among them, so that no p-value is 0.
  return { statistic, pValue: (worse + 1) / (histories + 1) };
}

/**
 * No autocorrelation up to `lags`: n(n + 2) Σ ρ_k² / (n − k), χ²(lags). NaN entries are left out of sums and counts. Of squares of residuals it is a test for what volatility
 * the model left behind (McLeod and Li 1983). Ljung and Box 1978.
 */
export function ljungBox(values: ArrayLike<number>, lags: number): Verdict {
  const seen = Array.from(values).filter((value) => !Number.isNaN(value));
  const centre = sum(seen) / seen.length;
  const squares = seen.reduce((total, value) => total + (value - centre) ** 2, 0);
  let statistic = 0;
  for (let lag = 1; lag <= lags; lag += 1) {
    let product = 0;
    for (let t = lag; t < values.length; t += 1) {
      const pair = (values[t]! - centre) * (values[t - lag]! - centre);
      if (!Number.isNaN(pair)) product += pair;
    }
    statistic += (product / squares) ** 2 / (seen.length - lag);
  }
  statistic *= seen.length * (seen.length + 2);
  return { statistic, pValue: chiSquareSurvival(statistic, lags) };
}

/** Counts of probability integral transforms in equal bins, and Pearson's χ² of their evenness. */
export function pitHistogram(transforms: ArrayLike<number>, bins: number): Verdict & { readonly counts: readonly number[] } {
  const counts = new Array<number>(bins).fill(0);
  let n = 0;
  for (let t = 0; t < transforms.length; t += 1) {
    if (Number.isNaN(transforms[t]!)) continue;
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(transforms[t]! * bins)));
    counts[bin] = counts[bin]! + 1;
    n += 1;
  }
  const expected = n / bins;
  const statistic = counts.reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
  return { counts, statistic, pValue: chiSquareSurvival(statistic, bins - 1) };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let t = 0; t < values.length; t += 1) total += values[t]!;
  return total;
}

function mean(values: ArrayLike<number>, from: number): number {
  let total = 0;
  for (let t = from; t < values.length; t += 1) total += values[t]!;
  return total / (values.length - from);
}

export class NotALossError extends PlimsollError {
  override readonly name = 'Backtests.NotALossError';
}
