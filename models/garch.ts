/**
 * GARCH(1,1) and GJR(1,1): volatility that clusters.
 *
 *   r_t = μ + e_t,  e_t = √h_t · z_t,  h_{t+1} = ω + (α + γ·1[e_t < 0]) e_t² + β h_t
 *
 * Bollerslev (1986); Glosten, Jagannathan, Runkle (1993). z is normal, Student-t or Hansen's skewed t: see `innovation.ts`.
 * α ≥ 0, α + γ ≥ 0, β ≥ 0 and persistence φ = α + γ·E[z²; z < 0] + β ≤ 0.9999; a parameter that ends there is named in `atBound`.
 * A bar that was not observed (NaN) has no likelihood and enters the recursion as its own expectation, e² = h.
 * Presample, for both e² and h: `sample` is the mean squared residual (Fiorentini, Calzolari, Panattoni 1996), `backcast` the
 * exponentially weighted mean of the first 75 (RiskMetrics 0.94, as in the arch package); the sign before the sample is half each.
 * For comparison: `first` takes the mean squared residual as the first h itself, as rugarch does, `stationary` ω/(1 − φ), as MSGARCH does.
 * The long-run variance is ω/(1 − φ) where the sample can tell: where half a shock outlives a tenth of it, or where that is
 * many times the mean square, the mean square stands in.
 * Fitted on returns scaled to unit mean square, so that the answer is the same in any unit.
 */
import { uniform } from '../base/random.ts';
import * as Adjoint from './garch-adjoint.ts';
import * as Estimate from './garch-estimate.ts';
import * as Recursion from './garch-recursion.ts';
import * as Search from './garch-search.ts';
import * as Innovation from './innovation.ts';
import { refine } from './math/whitened.ts';

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

export { MIN_OBSERVATIONS, NotAReturnError, NoVariationError, TooFewObservationsError } from './garch-estimate.ts';

/** Multiple of the mean square above which a long-run variance is extrapolation. */
const MAX_LONG_RUN = 4;

/** `near`: parameters of a fit on almost the same data; the only start then. */
export function fit(returns: ArrayLike<number>, spec: Spec, near?: Parameters): GarchFit {
  // 1. Scale to unit mean square.
  const { scaled, scale, observations } = Estimate.scaleToUnit(returns);
  const problem = Adjoint.prepare(scaled, spec);
  // 2. Screen the starts by likelihood, refine the best, and the others where that leaves a doubt.
  const starts = near === undefined ? Search.starts(spec) : [Search.fromNatural(rescaled(near, 1 / scale), spec)];
  const objective = Search.objective(problem, spec);
  const groups = starts.map((start) => [start]);
  const found = Estimate.search(objective, groups, observations, (x) => Search.isClear(Search.toNatural(x, spec)));
  const inside = Search.offNormal(found.x, spec);
  const best = inside === null ? found : Estimate.better(found, refine(objective, inside));
  // 3. Back to natural parameters in the caller's unit.
  const natural = Search.toNatural(best.x, spec);
  const atBound = Search.boundsOf(natural, spec);
  const errors = standardErrors(problem, natural, spec, atBound, scale);
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
    standardErrors: errors?.hessian ?? {},
    robustErrors: errors?.robust ?? {},
    unconditionalVariance: scale * scale * (slow ? 1 : longRun),
    observations,
    converged: best.converged,
    evaluations: best.evaluations,
    atBound,
    warnings,
  };
}

/** Log-likelihood at given parameters: the first thing to compare with a reference. */
export function logLikelihood(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): number {
  return Recursion.run(Float64Array.from(returns), parameters, spec, null).logLikelihood;
}

/** Score of the log-likelihood in (μ, ω, α, γ, β, ν, λ). */
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

export function persistence({
  alpha,
  gamma,
  beta,
  nu = null,
  lambda = null,
}: Pick<Parameters, 'alpha' | 'gamma' | 'beta'> & Partial<Pick<Parameters, 'nu' | 'lambda'>>): number {
  const part = gamma === 0 || nu === null || lambda === null ? 0.5 : Innovation.badShare(Innovation.law(nu, lambda))[0];
  return alpha + gamma * part + beta;
}

/** Kurtosis of the returns of GARCH(1,1) with normal errors: 3(1 − φ²) / (1 − φ² − 2α²), Bollerslev 1986. */
export function kurtosis(alpha: number, beta: number): number {
  const phi = alpha + beta;
  return (3 * (1 - phi * phi)) / (1 - phi * phi - 2 * alpha * alpha);
}

/** `length` returns from the law, after 500 that are thrown away; `purpose`, `path` name the stream. */
export function simulate(parameters: Parameters, length: number, stream: { seed: number; purpose: number; path: number }): Float64Array {
  const burnIn = 500;
  const law = Innovation.law(parameters.nu, parameters.lambda ?? null);
  const out = new Float64Array(length);
  let h = parameters.omega / (1 - persistence(parameters));
  for (let t = -burnIn; t < length; t += 1) {
    const u = uniform(stream.seed, stream.purpose, stream.path, t + burnIn, 0);
    const e = Math.sqrt(h) * Innovation.quantile(u, law);
    if (t >= 0) out[t] = parameters.mu + e;
    h = parameters.omega + (parameters.alpha + (e < 0 ? parameters.gamma : 0)) * e * e + parameters.beta * h;
  }
  return out;
}

function rescaled(p: Parameters, scale: number): Parameters {
  return { ...p, mu: p.mu * scale, omega: p.omega * scale * scale };
}

function standardErrors(problem: Adjoint.Problem, natural: Parameters, spec: Spec, atBound: readonly string[], scale: number) {
  const free = Recursion.NAMES.filter(
    (name) =>
      !atBound.includes(name) &&
      (name !== 'mu' || spec.mean === 'constant') &&
      (name !== 'gamma' || spec.asymmetric) &&
      (name !== 'nu' || spec.errors !== 'normal') &&
      (name !== 'lambda' || spec.errors === 'skewed'),
  );
  const information = Adjoint.curvature(problem, natural);
  if (information === null) return null;
  const unit: Readonly<Record<string, number>> = { mu: scale, omega: scale * scale };
  return Estimate.standardErrors(information, Recursion.NAMES, free, (name) => ({ [name]: unit[name] ?? 1 }));
}
