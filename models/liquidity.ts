/**
 * Liquidity: how much trades in a day, and what selling costs.
 *
 *   impact(Q) = Y · σ_day · (Q / V_day)^δ          square-root law, δ near 1/2 (Almgren et al. 2005; Tóth et al. 2011)
 *
 * Y and δ are fitted to quotes by least squares on logarithms, with heteroskedasticity-robust intervals (White 1980). Quotes of one
 * day say nothing of decay, resilience or of other days: those stay declared assumptions.
 */
import { PlimsollError } from '../base/errors.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import type { Bars } from '../datasets/panel.ts';

/** One quoted sale. */
export type Quote = {
  readonly amountUsd: number;
  readonly dailyVolumeUsd: number;
  /** Standard deviation of a day's return, as a fraction. */
  readonly dailyVolatility: number;
  /** Fraction of the price lost. */
  readonly impact: number;
};

export type Impact = {
  readonly y: number;
  readonly delta: number;
  /** 95 %. */
  readonly yInterval: readonly [number, number];
  readonly deltaInterval: readonly [number, number];
  readonly observations: number;
  /** Quotes at or below `MIN_IMPACT`, which have no logarithm worth fitting. */
  readonly leftOut: number;
  readonly rSquared: number;
};

const TRAILING_DAYS = 30;
/** One basis point: below it a quote is rounding and fee, not impact. */
const MIN_IMPACT = 1e-4;
const MIN_QUOTES = 30;
const NORMAL_975 = 1.959963984540054;

/** Mean traded value a day over the last 30 days, in quote currency; bars not observed count neither as volume nor as time. */
export function trailingDailyVolume(bars: Bars, stepSeconds: number): number {
  const window = Math.ceil((TRAILING_DAYS * SECONDS_PER_DAY) / stepSeconds);
  let value = 0;
  let observed = 0;
  for (let t = Math.max(0, bars.close.length - window); t < bars.close.length; t += 1) {
    const close = bars.close[t] ?? null;
    const volume = bars.volume[t] ?? null;
    if (close === null || volume === null) continue;
    value += close * volume;
    observed += 1;
  }
  return observed === 0 ? 0 : (value / observed) * (SECONDS_PER_DAY / stepSeconds);
}

/** Standard deviation of a day's return over the last 30 days, from squared returns of bars that follow each other; 0 where there are none. */
export function trailingVolatility(bars: Bars, stepSeconds: number): number {
  const window = Math.ceil((TRAILING_DAYS * SECONDS_PER_DAY) / stepSeconds);
  let sum = 0;
  let count = 0;
  for (let t = Math.max(1, bars.close.length - window); t < bars.close.length; t += 1) {
    const [before, now] = [bars.close[t - 1] ?? null, bars.close[t] ?? null];
    if (before === null || now === null) continue;
    sum += Math.log(now / before) ** 2;
    count += 1;
  }
  return count === 0 ? 0 : Math.sqrt((sum / count) * (SECONDS_PER_DAY / stepSeconds));
}

export function fitImpact(quotes: readonly Quote[]): Impact {
  const used = quotes.filter(
    ({ amountUsd, dailyVolumeUsd, dailyVolatility, impact }) =>
      impact > MIN_IMPACT && impact < 1 && amountUsd > 0 && dailyVolumeUsd > 0 && dailyVolatility > 0,
  );
  if (used.length < MIN_QUOTES) {
    throw new TooFewQuotesError({ got: `${used.length} quotes with an impact above ${MIN_IMPACT}`, needed: `at least ${MIN_QUOTES}` });
  }
  const x = used.map((quote) => Math.log(quote.amountUsd / quote.dailyVolumeUsd));
  const y = used.map((quote) => Math.log(quote.impact / quote.dailyVolatility));
  const n = used.length;
  const meanX = x.reduce((sum, value) => sum + value, 0) / n;
  const meanY = y.reduce((sum, value) => sum + value, 0) / n;
  const sxx = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const syy = y.reduce((sum, value) => sum + (value - meanY) ** 2, 0);
  if (!(sxx > 0)) throw new TooFewQuotesError({ got: 'quotes of one size only', needed: 'quotes of several sizes' });
  const delta = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i]! - meanY), 0) / sxx;
  const intercept = meanY - delta * meanX;
  const residual = y.map((value, i) => value - intercept - delta * x[i]!);
  // Weights of y in either estimate: their squares times squared residuals are White's variances.
  const deltaError = Math.sqrt(residual.reduce((sum, e, i) => sum + ((x[i]! - meanX) / sxx) ** 2 * e * e, 0));
  const interceptError = Math.sqrt(residual.reduce((sum, e, i) => sum + (1 / n - (meanX * (x[i]! - meanX)) / sxx) ** 2 * e * e, 0));
  return {
    y: Math.exp(intercept),
    delta,
    yInterval: [Math.exp(intercept - NORMAL_975 * interceptError), Math.exp(intercept + NORMAL_975 * interceptError)],
    deltaInterval: [delta - NORMAL_975 * deltaError, delta + NORMAL_975 * deltaError],
    observations: n,
    leftOut: quotes.length - n,
    rSquared: syy > 0 ? 1 - residual.reduce((sum, e) => sum + e * e, 0) / syy : 0,
  };
}

export class TooFewQuotesError extends PlimsollError {
  override readonly name = 'Liquidity.TooFewQuotesError';
}
