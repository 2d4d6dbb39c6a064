/**
 * Volatility surface: slices of implied variance at the expiries that are quoted, and between them total variance in a straight line of time.
 *
 *   w(K, T) = w₁(ln K/F₁) + (w₂(ln K/F₂) − w₁(ln K/F₁)) · (T − T₁)/(T₂ − T₁),  σ = √(w/T)       w₁, w₂: SVI slices, models/surface.ts
 *
 * Assumptions: before the first and after the last expiry, and beyond the strikes that were quoted, volatility stays what it is at the edge. One
 * quote a strike, the one out of the money. A slice that did not converge to one without butterflies is left out. Calendar spreads are
 * not constrained.
 */
import { PlimsollError } from '../base/errors.ts';
import * as Surface from './surface.ts';

export type Quoted = {
  readonly right: 'call' | 'put';
  readonly strikeUsd: number;
  readonly expiresMs: number;
  readonly forwardUsd: number;
  /** A year, 1 = 100 %. */
  readonly volatility: number;
};

export type Expiry = {
  readonly expiresMs: number;
  readonly years: number;
  readonly forwardUsd: number;
  readonly fit: Surface.SliceFit;
  readonly quotes: number;
  /** Least and greatest ln(K/F) quoted. */
  readonly low: number;
  readonly high: number;
};
/** `leftOut`: expiries with too few quotes, too near, or whose slice is none. */
export type VolatilitySurface = { readonly asOfMs: number; readonly expiries: readonly Expiry[]; readonly leftOut: number };

const MS_PER_YEAR = 365 * 86_400_000;
const NEAREST_YEARS = 1 / 365;
const MIN_QUOTES = 5;

export function fit(quotes: readonly Quoted[], asOfMs: number): VolatilitySurface {
  const dates = [...new Set(quotes.map(({ expiresMs }) => expiresMs))].sort((a, b) => a - b);
  const expiries = dates.flatMap((expiresMs) => expiryOf(quotes, expiresMs, asOfMs) ?? []);
  if (expiries.length === 0) {
    throw new NoSliceError({
      got: `${quotes.length} quotes of ${dates.length} expiries`,
      needed: `an expiry at least a day away with ${MIN_QUOTES} strikes through which a slice without butterflies goes`,
    });
  }
  return { asOfMs, expiries, leftOut: dates.length - expiries.length };
}

export function volatilityAt({ asOfMs, expiries }: VolatilitySurface, strikeUsd: number, expiresMs: number): number {
  const years = (expiresMs - asOfMs) / MS_PER_YEAR;
  if (!(years > 0 && strikeUsd > 0)) {
    throw new ExpiredError({ got: `strike ${strikeUsd}, ${years} years`, needed: 'a strike above 0 and an expiry after the quotes' });
  }
  const after = expiries.findIndex((one) => one.years >= years);
  const before = after < 0 ? expiries.length - 1 : after - 1;
  if (after <= 0) {
    const edge = expiries[after < 0 ? before : 0]!;
    return Math.sqrt(varianceOf(edge, strikeUsd) / edge.years);
  }
  const [first, second] = [expiries[before]!, expiries[after]!];
  const share = (years - first.years) / (second.years - first.years);
  return Math.sqrt(((1 - share) * varianceOf(first, strikeUsd) + share * varianceOf(second, strikeUsd)) / years);
}

function varianceOf({ forwardUsd, fit: { slice }, low, high }: Expiry, strikeUsd: number): number {
  return Surface.totalVariance(slice, Math.min(high, Math.max(low, Math.log(strikeUsd / forwardUsd))));
}

function expiryOf(all: readonly Quoted[], expiresMs: number, asOfMs: number): Expiry | null {
  const years = (expiresMs - asOfMs) / MS_PER_YEAR;
  const outside = all.filter(
    (one) =>
      one.expiresMs === expiresMs &&
      one.volatility > 0 &&
      (one.right === 'call' ? one.strikeUsd >= one.forwardUsd : one.strikeUsd < one.forwardUsd),
  );
  if (!(years >= NEAREST_YEARS) || outside.length < MIN_QUOTES) return null;
  const quotes = outside.map(({ strikeUsd, forwardUsd, volatility }) => ({
    k: Math.log(strikeUsd / forwardUsd),
    totalVariance: volatility * volatility * years,
  }));
  const found = Surface.fitSlice(quotes);
  if (!found.converged) return null;
  const ks = quotes.map(({ k }) => k);
  const forwardUsd = outside.reduce((sum, one) => sum + one.forwardUsd, 0) / outside.length;
  return { expiresMs, years, forwardUsd, fit: found, quotes: quotes.length, low: Math.min(...ks), high: Math.max(...ks) };
}

export class NoSliceError extends PlimsollError {
  override readonly name = 'VolatilitySurface.NoSliceError';
}

export class ExpiredError extends PlimsollError {
  override readonly name = 'VolatilitySurface.ExpiredError';
}
