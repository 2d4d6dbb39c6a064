/**
 * GARCH(1,1) and GJR(1,1): volatility that clusters.
 *
 *   r_t = μ + e_t,  e_t = √h_t · z_t,  h_{t+1} = ω + (α + γ·1[e_t < 0]) e_t² + β h_t
 *
 * Bollerslev (1986); Glosten, Jagannathan, Runkle (1993). z is normal or Student-t scaled to unit variance (Bollerslev 1987).
 * α ≥ 0, α + γ ≥ 0, β ≥ 0 and persistence φ = α + γ/2 + β ≤ 0.9999; a parameter that ends there is named in `atBound`.
 * A bar that was not observed (NaN) has no likelihood and enters the recursion as its own expectation, e² = h.
 * Presample, for both e² and h: `sample` is the mean squared residual (Fiorentini, Calzolari, Panattoni 1996), `backcast` the
 * exponentially weighted mean of the first 75 (RiskMetrics 0.94, as in the arch package); the sign before the sample is half each.
 * The long-run variance is ω/(1 − φ) where the sample can tell: where half a shock outlives a tenth of it, or where that is
 * many times the mean square, the mean square stands in.
 * Fitted on returns scaled to unit mean square, so that the answer is the same in any unit.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import { uniform } from '../base/random.ts';
import * as Recursion from './garch-recursion.ts';
import * as Search from './garch-search.ts';
import { invertPositive } from './math/linear.ts';
import { minimize } from './math/optimize.ts';
import { normalQuantile, tQuantile } from './math/special.ts';
import { mean } from './math/statistics.ts';

export type Spec = Recursion.Spec;
export type Parameters = Recursion.Natural;

export type GarchFit = {
  readonly spec: Spec;
  readonly parameters: Parameters;
  readonly logLikelihood: number;
  /** From the inverse Hessian, and Bollerslev-Wooldridge robust; no entry for a parameter on its bound. */
  readonly standardErrors: Readonly<Record<string, number>>;
  readonly robustErrors: Readonly<Record<string, number>>;
  readonly unconditionalVariance: number;
  readonly observations: number;
  readonly converged: boolean;
  readonly evaluations: number;
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

export type Filtered = {
  /** h_t, in the unit of the returns squared. */
  readonly variance: Float64Array;
  /** e_t / √h_t, NaN where not observed. */
  readonly standardized: Float64Array;
  readonly nextVariance: number;
};

/** The law of the market model. */
export const GJR_T: Spec = { mean: 'constant', asymmetric: true, errors: 'student', presample: 'backcast' };

export const MIN_OBSERVATIONS = 250;
/** Multiple of the mean square above which a long-run variance is extrapolation. */
const MAX_LONG_RUN = 4;
const REFINED_STARTS = 2;

/** `near`: parameters of a fit on almost the same data; the only start then. */
export function fit(returns: ArrayLike<number>, spec: Spec, near?: Parameters): GarchFit {
  // 1. Scale to unit mean square.
  const { scaled, scale, observations } = scaleToUnit(returns);
  // 2. Screen the starts by likelihood, refine the best.
  const objective = Search.objective(scaled, spec, observations);
  const value = (start: Float64Array) => objective(start, new Float64Array(start.length));
  const starts = (near === undefined ? Search.screenedStarts(spec) : [Search.fromNatural(rescaled(near, 1 / scale), spec)])
    .map((start) => ({ start, value: value(start) }))
    .sort((a, b) => a.value - b.value)
    .slice(0, REFINED_STARTS);
  const minima = starts.map(({ start }) => minimize(objective, start));
  const best = minima.reduce((winner, minimum) => (minimum.value < winner.value ? minimum : winner));
  // 3. Back to natural parameters in the caller's unit.
  const natural = Search.toNatural(best.x, spec);
  const atBound = Search.boundsOf(natural, spec);
  const errors = standardErrors(scaled, natural, spec, atBound);
  const unit: Readonly<Record<string, number>> = { mu: scale, omega: scale * scale };
  const inUnit = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, error]) => [name, error * (unit[name] ?? 1)]));
  const longRun = natural.omega / (1 - persistence(natural));
  const slow = Math.log(0.5) / Math.log(persistence(natural)) > observations / 10 || longRun > MAX_LONG_RUN;
  const warnings = [
    ...(slow
      ? [`persistence ${persistence(natural).toFixed(5)}: the long-run variance is not identified, the sample's mean square stands in`]
      : []),
    ...(natural.nu !== null && natural.nu < 4 ? [`${natural.nu.toFixed(2)} degrees of freedom: the fourth moment does not exist`] : []),
    ...(best.converged ? [] : [`gradient ${best.gradientSize.toExponential(1)} at the end of the search`]),
    ...(errors === null ? ['the Hessian is not negative definite: no standard errors'] : []),
  ];
  return {
    spec,
    parameters: rescaled(natural, scale),
    logLikelihood: -best.value * observations - observations * Math.log(scale),
    standardErrors: inUnit(errors?.hessian ?? {}),
    robustErrors: inUnit(errors?.robust ?? {}),
    unconditionalVariance: scale * scale * (slow ? 1 : longRun),
    observations,
    converged: best.converged,
    evaluations: starts.length + minima.reduce((sum, { evaluations }) => sum + evaluations, 0),
    atBound,
    warnings,
  };
}

/** Log-likelihood at given parameters: the first thing to compare with a reference. */
export function logLikelihood(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): number {
  return Recursion.run(Float64Array.from(returns), parameters, spec, null).logLikelihood;
}

/** Score of the log-likelihood in (μ, ω, α, γ, β, ν). */
export function score(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Float64Array {
  const gradient = new Float64Array(Recursion.NAMES.length);
  Recursion.run(Float64Array.from(returns), parameters, spec, gradient);
  return gradient;
}

export function filter(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Filtered {
  const variance = new Float64Array(returns.length);
  const { nextVariance } = Recursion.run(Float64Array.from(returns), parameters, spec, null, null, variance);
  const standardized = variance.map((h, t) => (returns[t]! - parameters.mu) / Math.sqrt(h));
  return { variance, standardized, nextVariance };
}

/** Σ of the expected variances of the coming `steps` steps, h being the first. */
export function aggregateVariance(parameters: Parameters, h: number, steps: number): number {
  const phi = persistence(parameters);
  const longRun = parameters.omega / (1 - phi);
  return steps * longRun + ((h - longRun) * (1 - phi ** steps)) / (1 - phi);
}

export function persistence({ alpha, gamma, beta }: Pick<Parameters, 'alpha' | 'gamma' | 'beta'>): number {
  return alpha + gamma / 2 + beta;
}

/** Kurtosis of the returns of GARCH(1,1) with normal errors: 3(1 − φ²) / (1 − φ² − 2α²), Bollerslev 1986. */
export function kurtosis(alpha: number, beta: number): number {
  const phi = alpha + beta;
  return (3 * (1 - phi * phi)) / (1 - phi * phi - 2 * alpha * alpha);
}

/** `length` returns from the law, after 500 that are thrown away; `purpose`, `path` name the stream. */
export function simulate(parameters: Parameters, length: number, stream: { seed: number; purpose: number; path: number }): Float64Array {
  const burnIn = 500;
  const out = new Float64Array(length);
  let h = parameters.omega / (1 - persistence(parameters));
  for (let t = -burnIn; t < length; t += 1) {
    const u = uniform(stream.seed, stream.purpose, stream.path, t + burnIn, 0);
    const z = parameters.nu === null ? normalQuantile(u) : tQuantile(u, parameters.nu) * Math.sqrt((parameters.nu - 2) / parameters.nu);
    const e = Math.sqrt(h) * z;
    if (t >= 0) out[t] = parameters.mu + e;
    h = parameters.omega + (parameters.alpha + (e < 0 ? parameters.gamma : 0)) * e * e + parameters.beta * h;
  }
  return out;
}

function scaleToUnit(returns: ArrayLike<number>): { scaled: Float64Array; scale: number; observations: number } {
  const values = Float64Array.from(returns);
  const observed = values.filter((value) => !Number.isNaN(value));
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw new NotAReturnError({ got: quote(String(values[infinite])), needed: 'a finite return or NaN', where: `return ${infinite}` });
  if (observed.length < MIN_OBSERVATIONS) {
    throw new TooFewObservationsError({
      got: `${observed.length} observations`,
      needed: `at least ${MIN_OBSERVATIONS}`,
      fix: 'Give a longer history or leave the asset out.',
    });
  }
  // Divide by the largest first: squares of 1e-200 would vanish.
  const largest = observed.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = largest === 0 ? 0 : largest * Math.sqrt(mean(observed.map((value) => (value / largest) ** 2)));
  if (!(scale > 0)) throw new NoVariationError({ got: `${observed.length} returns, all zero`, needed: 'returns that vary' });
  return { scaled: values.map((value) => value / scale), scale, observations: observed.length };
}

function rescaled(p: Parameters, scale: number): Parameters {
  return { ...p, mu: p.mu * scale, omega: p.omega * scale * scale };
}

/** Central differences of the analytic score at the optimum, over the parameters that are free. */
function standardErrors(scaled: Float64Array, p: Parameters, spec: Spec, atBound: readonly string[]) {
  const free = Recursion.NAMES.filter(
    (name) =>
      !atBound.includes(name) &&
      (name !== 'mu' || spec.mean === 'constant') &&
      (name !== 'gamma' || spec.asymmetric) &&
      (name !== 'nu' || spec.errors === 'student'),
  );
  const place = free.map((name) => Recursion.NAMES.indexOf(name));
  const size = free.length;
  const information = new Float64Array(size * size);
  free.forEach((name, i) => {
    const at = p[name] ?? 0;
    const step = 1e-4 * Math.max(Math.abs(at), name === 'omega' ? 0 : 1e-2);
    const up = score(scaled, { ...p, [name]: at + step }, spec);
    const down = score(scaled, { ...p, [name]: at - step }, spec);
    free.forEach((_, j) => {
      information[i * size + j] = -(up[place[j]!]! - down[place[j]!]!) / (2 * step);
    });
  });
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = (information[i * size + j]! + information[j * size + i]!) / 2;
      information[i * size + j] = value;
      information[j * size + i] = value;
    }
  }
  const inverse = invertPositive(information, size);
  if (inverse === null) return null;
  const outer = new Float64Array(Recursion.NAMES.length ** 2);
  Recursion.run(scaled, p, spec, new Float64Array(Recursion.NAMES.length), outer);
  const hessian: Record<string, number> = {};
  const robust: Record<string, number> = {};
  free.forEach((name, i) => {
    let sum = 0;
    for (let k = 0; k < size; k += 1) {
      for (let l = 0; l < size; l += 1) {
        sum += inverse[i * size + k]! * outer[place[k]! * Recursion.NAMES.length + place[l]!]! * inverse[l * size + i]!;
      }
    }
    hessian[name] = Math.sqrt(inverse[i * size + i]!);
    robust[name] = Math.sqrt(Math.max(0, sum));
  });
  return { hessian, robust };
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Garch.TooFewObservationsError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Garch.NoVariationError';
}

export class NotAReturnError extends PlimsollError {
  override readonly name = 'Garch.NotAReturnError';
}
