/**
 * Scores and tests of forecasts. Smaller scores are better; every p-value is one of a null in which nothing is wrong.
 */
import { chiSquareSurvival, normalCdf, tCdf } from './math/special.ts';
import { mean } from './math/statistics.ts';

/** Loss of quantile `forecast` at level p: (p − 1[y < q])(y − q). Koenker and Bassett 1978. */
export function pinball(outcome: number, forecast: number, level: number): number {
  return (level - (outcome < forecast ? 1 : 0)) * (outcome - forecast);
}

/** QLIKE of a variance forecast against a realised variance: RV/h − ln(RV/h) − 1. Patton 2011. */
export function qlike(realized: number, forecast: number): number {
  const ratio = realized / forecast;
  return ratio - Math.log(ratio) - 1;
}

/**
 * Joint loss of value at risk v and expected shortfall e at a level, both negative and e ≤ v: smallest where both are right.
 * FZ0 = −1[y ≤ v]·(v − y)/(level·e) + v/e + ln(−e) − 1. Fissler and Ziegel 2016; Patton, Ziegel, Chen 2019.
 */
export function fz0(outcome: number, valueAtRisk: number, expectedShortfall: number, level: number): number {
  const beyond = outcome <= valueAtRisk ? valueAtRisk - outcome : 0;
  return -beyond / (level * expectedShortfall) + valueAtRisk / expectedShortfall + Math.log(-expectedShortfall) - 1;
}

/** Logarithmic score of the density that was forecast at the outcome. Good 1952. */
export function logScore(density: number): number {
  return -Math.log(density);
}

/** Unconditional coverage: likelihood ratio of `violations` among `observations` at `level`, χ²(1). Kupiec 1995. */
export function kupiec(violations: number, observations: number, level: number): { readonly statistic: number; readonly pValue: number } {
  const part = (count: number, p: number) => (count === 0 ? 0 : count * Math.log(p));
  const share = violations / observations;
  const restricted = part(violations, level) + part(observations - violations, 1 - level);
  const free = part(violations, share) + part(observations - violations, 1 - share);
  const statistic = Math.max(0, -2 * (restricted - free));
  return { statistic, pValue: chiSquareSurvival(statistic, 1) };
}

/**
 * Equal accuracy: t of the mean of `loss A − loss B` with a Bartlett (Newey-West) variance of `lags` lags and the small-sample
 * factor of Harvey, Leybourne, Newbold (1997). `pValue` is one-sided: small where A is better (the mean is negative).
 * Diebold and Mariano 1995. Null where the differences do not vary.
 */
export function dieboldMariano(
  differences: ArrayLike<number>,
  lags: number,
): { readonly statistic: number; readonly pValue: number } | null {
  const n = differences.length;
  const centre = mean(differences);
  const covariance = (lag: number) => {
    let sum = 0;
    for (let t = lag; t < n; t += 1) sum += (differences[t]! - centre) * (differences[t - lag]! - centre);
    return sum / n;
  };
  let variance = covariance(0);
  for (let lag = 1; lag <= lags; lag += 1) variance += 2 * (1 - lag / (lags + 1)) * covariance(lag);
  if (!(variance > 0) || n < 3) return null;
  const horizon = lags + 1;
  const correction = Math.sqrt(Math.max(1e-9, (n + 1 - 2 * horizon + (horizon * (horizon - 1)) / n) / n));
  const statistic = (correction * centre) / Math.sqrt(variance / n);
  return { statistic, pValue: n > 300 ? normalCdf(statistic) : tCdf(statistic, n - 1) };
}

/** Adjusted p-values that control the chance of any false alarm. Holm 1979. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const out = new Array<number>(pValues.length);
  let running = 0;
  order.forEach(({ value, index }, rank) => {
    running = Math.max(running, Math.min(1, value * (pValues.length - rank)));
    out[index] = running;
  });
  return out;
}
