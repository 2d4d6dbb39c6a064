/**
 * Options on a forward: Black's (1976) price and greeks, linear and inverse, and one slice of implied variance.
 *
 *   call = D·(F·N(d₁) − K·N(d₂)),  d₁ = ln(F/K)/(σ√T) + σ√T/2,  d₂ = d₁ − σ√T
 *   inverse: paid in the coin, value / F at settlement, so price / F        (as on Deribit)
 *   w(k) = a + b(ρ(k − m) + √((k − m)² + s²)),  k = ln(K/F)                  SVI: Gatheral (2004); w is σ²T
 *   g(k) = (1 − k w′/2w)² − w′²/4·(1/w + 1/4) + w″/2                         ≥ 0: no butterfly (Gatheral and Jacquier 2014)
 *
 * Greeks of an inverse option are of its value in the coin: delta by F, in coin a unit of F. Rates enter through D alone. Assumption:
 * European exercise, one expiry.
 */
import { PlimsollError } from '../base/errors.ts';
import { nelderMead } from './math/optimize.ts';
import { normalCdf } from './math/special.ts';

export type Option = {
  readonly forward: number;
  readonly strike: number;
  readonly years: number;
  /** A year, as a fraction. */
  readonly volatility: number;
  readonly discount: number;
  readonly isCall: boolean;
  /** Paid in the coin. */
  readonly isInverse: boolean;
};

/** By F, by F twice, by σ (1 = 100 points), by time passing (a year), by the rate behind D. */
export type Value = {
  readonly price: number;
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
  readonly rho: number;
};

export type Slice = { readonly a: number; readonly b: number; readonly rho: number; readonly m: number; readonly s: number };

export type Quote = { readonly k: number; readonly totalVariance: number; readonly weight?: number };

export type SliceFit = {
  readonly slice: Slice;
  /** Weighted root mean square error of w. */
  readonly error: number;
  readonly butterfly: Butterfly;
  readonly converged: boolean;
};

/** The least g over a grid, and where. */
export type Butterfly = { readonly free: boolean; readonly least: number; readonly at: number };

const MIN_QUOTES = 5;
/** ln(K/F) beyond the quotes to which a slice must be free of butterflies. */
const WING = 1;
const GRID = 400;
/** While searching. */
const COARSE_GRID = 80;
const PENALTY = 1e3;
const SMALLEST_S = 1e-4;
const ROUNDS = 4;

export function value(option: Option): Value {
  const { forward: F, strike: K, years: T, volatility, discount: D, isCall, isInverse } = option;
  const positive = F > 0 && K > 0 && T > 0 && volatility > 0 && D > 0;
  if (!positive || !Number.isFinite(F * K * T * volatility * D)) {
    throw new BadOptionError({
      got: `forward ${F}, strike ${K}, ${T} years, volatility ${volatility}, discount ${D}`,
      needed: 'finite numbers above 0',
    });
  }
  const root = volatility * Math.sqrt(T);
  const d1 = Math.log(F / K) / root + root / 2;
  const sign = isCall ? 1 : -1;
  const [n1, n2] = [normalCdf(sign * d1), normalCdf(sign * (d1 - root))];
  const density = Math.exp(-0.5 * d1 * d1) / Math.sqrt(2 * Math.PI);
  const price = D * sign * (F * n1 - K * n2);
  const delta = D * sign * n1;
  const gamma = (D * density) / (F * root);
  const vega = D * F * density * Math.sqrt(T);
  // D = e^{−rT}: time passing gives back interest and takes away variance.
  const rate = -Math.log(D) / T;
  const theta = rate * price - (vega * volatility) / (2 * T);
  const rho = -T * price;
  if (!isInverse) return { price, delta, gamma, vega, theta, rho };
  return {
    price: price / F,
    delta: delta / F - price / (F * F),
    gamma: gamma / F - (2 * delta) / (F * F) + (2 * price) / (F * F * F),
    vega: vega / F,
    theta: theta / F,
    rho: rho / F,
  };
}

export function totalVariance({ a, b, rho, m, s }: Slice, k: number): number {
  return a + b * (rho * (k - m) + Math.hypot(k - m, s));
}

/** Where the slice would sell a butterfly for less than nothing, if anywhere in [low, high]. */
export function butterfly(slice: Slice, low: number, high: number, grid = GRID): Butterfly {
  let [least, at] = [Number.POSITIVE_INFINITY, low];
  for (let i = 0; i <= grid; i += 1) {
    const k = low + ((high - low) * i) / grid;
    const g = density(slice, k);
    if (!(g >= least)) [least, at] = [g, k];
  }
  return { free: least >= 0, least, at };
}

/** Least squares on total variance, with butterflies penalised: the slice that is given back has none, or says so. */
export function fitSlice(quotes: readonly Quote[]): SliceFit {
  const bad = quotes.find(({ k, totalVariance: w, weight = 1 }) => !(Number.isFinite(k) && w > 0 && Number.isFinite(w) && weight > 0));
  if (bad !== undefined || quotes.length < MIN_QUOTES) {
    throw new BadQuotesError({
      got: bad === undefined ? `${quotes.length} quotes` : `total variance ${bad.totalVariance} at ln(K/F) ${bad.k}`,
      needed: `at least ${MIN_QUOTES} quotes, each with finite ln(K/F) and total variance above 0`,
    });
  }
  const ks = quotes.map(({ k }) => k);
  const [low, high] = [Math.min(...ks) - WING, Math.max(...ks) + WING];
  const level = quotes.reduce((sum, { totalVariance: w }) => sum + w, 0) / quotes.length;
  const weights = quotes.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const error = (slice: Slice) =>
    Math.sqrt(quotes.reduce((sum, { k, totalVariance: w, weight = 1 }) => sum + weight * (totalVariance(slice, k) - w) ** 2, 0) / weights);
  const objective = (x: Float64Array): number => {
    const slice = natural(x, level);
    return error(slice) / level + PENALTY * Math.max(0, -butterfly(slice, low, high, COARSE_GRID).least) ** 2;
  };
  let best: { readonly x: Float64Array; readonly value: number } = { x: new Float64Array(5), value: Number.POSITIVE_INFINITY };
  for (const skew of [-0.6, 0, 0.6]) {
    let x: Float64Array = Float64Array.of(Math.log(0.5), Math.log(0.3), Math.atanh(skew), 0, Math.log(0.2));
    for (let round = 0; round < ROUNDS; round += 1) {
      const end = nelderMead(objective, x, 0.3 / (1 + round), 400);
      x = end.x;
      if (end.value < best.value) best = end;
    }
  }
  const slice = natural(best.x, level);
  const found = butterfly(slice, low, high);
  return { slice, error: error(slice), butterfly: found, converged: found.free && best.value < Number.POSITIVE_INFINITY };
}

/** Durrleman's g: the density of ln K up to a positive factor. Where w is not above 0 there is none. */
function density(slice: Slice, k: number): number {
  const w = totalVariance(slice, k);
  if (!(w > 0)) return Number.NEGATIVE_INFINITY;
  const { b, rho, m, s } = slice;
  const away = Math.hypot(k - m, s);
  const first = b * (rho + (k - m) / away);
  const second = (b * s * s) / away ** 3;
  return (1 - (k * first) / (2 * w)) ** 2 - (first * first * (1 / w + 0.25)) / 4 + second / 2;
}

/** ln of the least variance over the level, ln b over the level, atanh ρ, m, ln s: w > 0 everywhere. */
function natural(x: Float64Array, level: number): Slice {
  const b = level * Math.exp(x[1]!);
  const rho = Math.tanh(x[2]!);
  const s = SMALLEST_S + Math.exp(x[4]!);
  return { a: level * Math.exp(x[0]!) - b * s * Math.sqrt(1 - rho * rho), b, rho, m: x[3]!, s };
}

export class BadOptionError extends PlimsollError {
  override readonly name = 'Surface.BadOptionError';
}

export class BadQuotesError extends PlimsollError {
  override readonly name = 'Surface.BadQuotesError';
}
