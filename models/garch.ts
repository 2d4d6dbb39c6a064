/**
 * GARCH(1,1) and GJR(1,1): volatility that clusters.
 *
 *   r_t = μ + e_t,  e_t = √h_t · z_t,  h_{t+1} = ω + (α + γ·1[e_t < 0]) e_t² + β h_t
 *
 * Bollerslev (1986); Glosten, Jagannathan, Runkle (1993). z is normal or Student-t scaled to unit variance (Bollerslev 1987).
 * α ≥ 0, α + γ ≥ 0, β ≥ 0 and persistence φ = α + γ/2 + β ≤ `MAX_PERSISTENCE`; a parameter that ends there is named in `atBound`.
 * A bar that was not observed (NaN) has no likelihood and enters the recursion as its own expectation, e² = h.
 * Presample, for both e² and h: `sample` is the mean squared residual (Fiorentini, Calzolari, Panattoni 1996), `backcast` the
 * exponentially weighted mean of the first 75 (RiskMetrics 0.94, as in the arch package); the sign before the sample is half each.
 * The long-run variance is ω/(1 − φ) where the sample can tell: where half a shock outlives a tenth of it, or where that is
 * many times the mean square, the mean square stands in.
 * Fitted on returns scaled to unit mean square, so that the answer is the same in any unit.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import { uniform } from '../base/random.ts';
import * as Kernel from './garch-recursion.ts';
import { invertPositive } from './math/linear.ts';
import { minimize } from './math/optimize.ts';
import { normalQuantile, tQuantile } from './math/special.ts';
import { mean } from './math/statistics.ts';

export type Spec = {
  readonly mean: 'constant' | 'zero';
  readonly asymmetric: boolean;
  readonly errors: 'normal' | 'student';
  readonly presample: 'sample' | 'backcast';
};

export type Parameters = Kernel.Natural;

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
const MAX_PERSISTENCE = 0.9999;
/** Multiple of the mean square above which a long-run variance is extrapolation. */
const MAX_LONG_RUN = 4;
const MIN_NU = 2.05;
const MAX_NU = 500;
const BOUND_MARGIN = 1e-5;
/** Persistence and its share that reacts to news: where the search starts. The best few are refined. */
const START_PERSISTENCE = [0.9, 0.97, 0.99, 0.998];
const START_NEWS = [0.04, 0.1, 0.2];
const REFINED_STARTS = 2;

/** `near`: parameters of a fit on almost the same data; the only start then. */
export function fit(returns: ArrayLike<number>, spec: Spec, near?: Parameters): GarchFit {
  // 1. Scale to unit mean square.
  const { scaled, scale, observations } = scaleToUnit(returns);
  // 2. Screen the starts by likelihood, refine the best.
  const objective = Kernel.objective(scaled, spec, observations, toNatural, chain);
  const value = (start: Float64Array) => objective(start, new Float64Array(start.length));
  const starts = (near === undefined ? screenedStarts(spec) : [fromNatural(rescaled(near, 1 / scale), spec)])
    .map((start) => ({ start, value: value(start) }))
    .sort((a, b) => a.value - b.value)
    .slice(0, REFINED_STARTS);
  const minima = starts.map(({ start }) => minimize(objective, start));
  const best = minima.reduce((winner, minimum) => (minimum.value < winner.value ? minimum : winner));
  // 3. Back to natural parameters in the caller's unit.
  const natural = toNatural(best.x, spec);
  const atBound = boundsOf(natural, spec);
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
  return Kernel.run(Float64Array.from(returns), parameters, spec, null).logLikelihood;
}

/** Score of the log-likelihood in (μ, ω, α, γ, β, ν). */
export function score(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Float64Array {
  const gradient = new Float64Array(Kernel.NAMES.length);
  Kernel.run(Float64Array.from(returns), parameters, spec, gradient);
  return gradient;
}

export function filter(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Filtered {
  const variance = new Float64Array(returns.length);
  const { nextVariance } = Kernel.run(Float64Array.from(returns), parameters, spec, null, null, variance);
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

/** Search coordinates: [μ], logit of φ/max, logit of β/φ, [logit of the share of bad news], ln ω, [ln(ν − min)]. */
function toNatural(x: Float64Array, spec: Spec): Parameters {
  let i = 0;
  const mu = spec.mean === 'constant' ? x[i++]! : 0;
  const phi = MAX_PERSISTENCE * logistic(x[i++]!);
  const share = logistic(x[i++]!);
  const news = phi * (1 - share);
  const bad = spec.asymmetric ? logistic(x[i++]!) : 0.5;
  const omega = Math.exp(x[i++]!);
  const nu = spec.errors === 'student' ? Math.min(MAX_NU, MIN_NU + Math.exp(x[i++]!)) : null;
  return { mu, omega, alpha: 2 * news * (1 - bad), gamma: spec.asymmetric ? 2 * news * (2 * bad - 1) : 0, beta: phi * share, nu };
}

/** Gradient in natural parameters to gradient in search coordinates. */
function chain(x: Float64Array, natural: Float64Array, spec: Spec, out: Float64Array): void {
  const [dMu, dOmega, dAlpha, dGamma, dBeta, dNu] = natural as unknown as [number, number, number, number, number, number];
  let i = 0;
  if (spec.mean === 'constant') out[i++] = dMu;
  const iPhi = i++;
  const iShare = i++;
  const phi01 = logistic(x[iPhi]!);
  const phi = MAX_PERSISTENCE * phi01;
  const share = logistic(x[iShare]!);
  const news = phi * (1 - share);
  let dNews = dAlpha;
  if (spec.asymmetric) {
    const bad = logistic(x[i]!);
    dNews = 2 * (1 - bad) * dAlpha + 2 * (2 * bad - 1) * dGamma;
    out[i++] = (-2 * news * dAlpha + 4 * news * dGamma) * bad * (1 - bad);
  }
  out[iPhi] = (share * dBeta + (1 - share) * dNews) * phi * (1 - phi01);
  out[iShare] = phi * (dBeta - dNews) * share * (1 - share);
  out[i] = dOmega * Math.exp(x[i]!);
  i += 1;
  if (spec.errors === 'student') out[i] = MIN_NU + Math.exp(x[i]!) < MAX_NU ? dNu * Math.exp(x[i]!) : 0;
}

function fromNatural(p: Parameters, spec: Spec): Float64Array {
  const clamp = (share: number) => Math.min(1 - 1e-4, Math.max(1e-4, share));
  const logit = (share: number) => Math.log(clamp(share) / (1 - clamp(share)));
  const phi = persistence(p);
  const news = p.alpha + p.gamma / 2;
  const coordinates = [logit(phi / MAX_PERSISTENCE), logit(p.beta / phi)];
  if (spec.mean === 'constant') coordinates.unshift(p.mu);
  if (spec.asymmetric) coordinates.push(logit((p.alpha + p.gamma) / (2 * news)));
  coordinates.push(Math.log(p.omega));
  if (spec.errors === 'student') coordinates.push(Math.log(Math.max(1e-3, (p.nu ?? 6) - MIN_NU)));
  return Float64Array.from(coordinates);
}

function screenedStarts(spec: Spec): Float64Array[] {
  return START_PERSISTENCE.flatMap((phi) =>
    START_NEWS.map((news) => {
      const beta = phi * (1 - news);
      return fromNatural({ mu: 0, omega: 1 - phi, alpha: phi - beta, gamma: 0, beta, nu: spec.errors === 'student' ? 5 : null }, spec);
    }),
  );
}

function rescaled(p: Parameters, scale: number): Parameters {
  return { ...p, mu: p.mu * scale, omega: p.omega * scale * scale };
}

function boundsOf(p: Parameters, spec: Spec): string[] {
  const names: string[] = [];
  if (p.alpha < BOUND_MARGIN) names.push('alpha');
  if (spec.asymmetric && p.alpha + p.gamma < BOUND_MARGIN) names.push('gamma');
  if (p.beta < BOUND_MARGIN) names.push('beta');
  if (persistence(p) > MAX_PERSISTENCE - BOUND_MARGIN) names.push('persistence');
  if (p.nu !== null && (p.nu < MIN_NU + 1e-3 || p.nu > MAX_NU - 1)) names.push('nu');
  return names;
}

/** Central differences of the analytic score at the optimum, over the parameters that are free. */
function standardErrors(scaled: Float64Array, p: Parameters, spec: Spec, atBound: readonly string[]) {
  const free = Kernel.NAMES.filter(
    (name) =>
      !atBound.includes(name) &&
      (name !== 'mu' || spec.mean === 'constant') &&
      (name !== 'gamma' || spec.asymmetric) &&
      (name !== 'nu' || spec.errors === 'student'),
  );
  const place = free.map((name) => Kernel.NAMES.indexOf(name));
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
  const outer = new Float64Array(Kernel.NAMES.length ** 2);
  Kernel.run(scaled, p, spec, new Float64Array(Kernel.NAMES.length), outer);
  const hessian: Record<string, number> = {};
  const robust: Record<string, number> = {};
  free.forEach((name, i) => {
    let sum = 0;
    for (let k = 0; k < size; k += 1) {
      for (let l = 0; l < size; l += 1) {
        sum += inverse[i * size + k]! * outer[place[k]! * Kernel.NAMES.length + place[l]!]! * inverse[l * size + i]!;
      }
    }
    hessian[name] = Math.sqrt(inverse[i * size + i]!);
    robust[name] = Math.sqrt(Math.max(0, sum));
  });
  return { hessian, robust };
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
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
