/**
 * EGARCH(1,1): volatility that clusters, in logarithms, so that no coefficient needs a sign.
 *
 *   r_t = μ + e_t,  e_t = √h_t · z_t,  ln h_{t+1} = ω + α(|z_t| − E|z|) + γ z_t + β ln h_t
 *
 * Nelson (1991). α weighs the size of news and γ its sign (γ < 0: losses raise volatility); rugarch names them the other way round.
 * z is normal, Student-t or Hansen's skewed t: see `innovation.ts`. |β| ≤ 0.9999; a parameter that ends there is named in `atBound`.
 * Only invertible models are searched, Σ ln |β − ½(±α + γ)z_t| < 0 on the sample (Wintenberger 2013): elsewhere h_t cannot be known.
 * A bar that was not observed (NaN) has no likelihood and counts as news at its expectation. Presample as in GARCH, in ln h.
 * The likelihood has a kink in μ wherever μ equals a return: a maximum on a kink is one where the two one-sided slopes in μ point
 * to it and every other slope vanishes; that counts as converged.
 * Fitted on returns scaled to unit mean square, so that the answer is the same in any unit: data × c changes ω by (1 − β)·2 ln c.
 */
import { uniform } from '../base/random.ts';
import * as Adjoint from './egarch-adjoint.ts';
import * as Recursion from './egarch-recursion.ts';
import * as Estimate from './garch-estimate.ts';
import { NAMES } from './garch-recursion.ts';
import * as Search from './garch-search.ts';
import * as Innovation from './innovation.ts';
import { type Minimum, minimize } from './math/optimize.ts';
import { refine } from './math/whitened.ts';

export type Spec = Recursion.Spec;
export type Parameters = Recursion.Natural;

export type EgarchFit = {
  readonly spec: Spec;
  readonly parameters: Parameters;
  readonly logLikelihood: number;
  /** From the inverse Hessian, and Bollerslev-Wooldridge robust; no entry for a parameter on its bound. */
  readonly standardErrors: Readonly<Record<string, number>>;
  readonly robustErrors: Readonly<Record<string, number>>;
  readonly observations: number;
  readonly converged: boolean;
  readonly evaluations: number;
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

const MAX_BETA = 0.9999;
const BOUND_MARGIN = 1e-5;
const START_BETA = [0.9, 0.97, 0.99];
const START_SIZE = [0.1, 0.25];
/** As the mean log-likelihood's slope: what a search that stalls in double precision is allowed. */
const FLAT = 1e-5;
/** A kink is looked for this near μ, in the unit of the search, and left by this much on either side. */
const KINK_REACH = 1e-3;
const KINK_SIDE = 1e-9;
/** Restarts of μ, in the unit of the search. */
const NEARBY = [-0.03, 0.03];

export function fit(returns: ArrayLike<number>, spec: Spec): EgarchFit {
  // 1. Scale to unit mean square.
  const { scaled, scale, observations } = Estimate.scaleToUnit(returns);
  // 2. Screen the starts by likelihood, refine the best; look for a maximum on a kink where no smooth one was found.
  const problem = Adjoint.prepare(scaled, spec);
  const objective = objectiveOf(problem, spec);
  const found = Estimate.search(objective, starts(spec), observations, () => false);
  const smooth = spec.mean === 'zero' ? found : nearby(objective, found);
  const best = smooth.converged || spec.mean === 'zero' ? smooth : onKink(objective, scaled, smooth);
  // 3. Back to natural parameters in the caller's unit.
  const natural = toNatural(best.x, spec);
  const atBound = boundsOf(natural);
  const errors = standardErrors(problem, natural, spec, atBound, scale);
  const warnings = [
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
    observations,
    converged: best.converged,
    evaluations: best.evaluations,
    atBound,
    warnings,
  };
}

export function logLikelihood(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): number {
  return Recursion.run(Float64Array.from(returns), parameters, spec, null).logLikelihood;
}

/** Score of the log-likelihood in (μ, ω, α, γ, β, ν, λ). */
export function score(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Float64Array {
  const gradient = new Float64Array(NAMES.length);
  Recursion.run(Float64Array.from(returns), parameters, spec, gradient);
  return gradient;
}

/** h_t, in the unit of the returns squared; e_t / √h_t, NaN where not observed; and the h to come. */
export function filter(returns: ArrayLike<number>, parameters: Parameters, spec: Spec) {
  const variance = new Float64Array(returns.length);
  const { nextVariance } = Recursion.run(Float64Array.from(returns), parameters, spec, null, null, variance);
  const standardized = variance.map((h, t) => (returns[t]! - parameters.mu) / Math.sqrt(h));
  return { variance, standardized, nextVariance };
}

/** `length` returns from the law, after 500 that are thrown away; `purpose`, `path` name the stream. */
export function simulate(p: Parameters, length: number, stream: { seed: number; purpose: number; path: number }): Float64Array {
  const burnIn = 500;
  const law = Innovation.law(p.nu, p.lambda);
  const [size] = Innovation.meanAbsolute(law);
  const out = new Float64Array(length);
  let logH = p.omega / (1 - p.beta);
  for (let t = -burnIn; t < length; t += 1) {
    const z = Innovation.quantile(uniform(stream.seed, stream.purpose, stream.path, t + burnIn, 0), law);
    if (t >= 0) out[t] = p.mu + Math.exp(logH / 2) * z;
    logH = p.omega + p.alpha * (Math.abs(z) - size) + p.gamma * z + p.beta * logH;
  }
  return out;
}

/** Search coordinates: [μ], ω, α, γ, artanh of β/max, then ν and λ as in GARCH. */
function objectiveOf(problem: Adjoint.Problem, spec: Spec): Search.Valued {
  const natural = new Float64Array(NAMES.length);
  const offset = spec.mean === 'constant' ? 1 : 0;
  return (x, gradient) => {
    const logLikelihood = Adjoint.run(problem, toNatural(x, spec), gradient === null ? null : natural);
    if (!Number.isFinite(logLikelihood)) return Number.POSITIVE_INFINITY;
    if (gradient !== null) {
      gradient.set(natural.subarray(1 - offset, 4));
      gradient[offset + 3] = natural[4]! * MAX_BETA * (1 - Math.tanh(x[offset + 3]!) ** 2);
      Search.lawChain(x, offset + 4, spec.errors, natural[5]!, natural[6]!, gradient);
      for (let i = 0; i < gradient.length; i += 1) gradient[i] = -gradient[i]! / problem.observations;
    }
    return -logLikelihood / problem.observations;
  };
}

function toNatural(x: Float64Array, spec: Spec): Parameters {
  const offset = spec.mean === 'constant' ? 1 : 0;
  return {
    mu: offset === 1 ? x[0]! : 0,
    omega: x[offset]!,
    alpha: x[offset + 1]!,
    gamma: x[offset + 2]!,
    beta: MAX_BETA * Math.tanh(x[offset + 3]!),
    ...Search.lawAt(x, offset + 4, spec.errors),
  };
}

/** By persistence. */
function starts(spec: Spec): Float64Array[][] {
  const law = Search.lawCoordinates(spec.errors === 'normal' ? null : 5, spec.errors === 'skewed' ? 0 : null, spec.errors);
  return START_BETA.map((beta) =>
    START_SIZE.map((alpha) =>
      Float64Array.from([...(spec.mean === 'constant' ? [0] : []), 0, alpha, 0, Math.atanh(beta / MAX_BETA), ...law]),
    ),
  );
}

/** Every kink may hold a small top of its own: looks on either side. */
function nearby(objective: Search.Valued, found: Minimum): Minimum {
  let best = found;
  for (const shift of NEARBY) {
    const start = found.x.slice();
    start[0] = start[0]! + shift;
    best = Estimate.better(best, refine(objective, start));
  }
  return best;
}

/** Holds μ at the nearest return, searches the rest, and asks both sides. */
function onKink(objective: Search.Valued, scaled: Float64Array, smooth: Minimum): Minimum {
  const mu = smooth.x[0]!;
  const kink = scaled.reduce((nearest, r) => (Math.abs(r - mu) < Math.abs(nearest - mu) ? r : nearest), Number.POSITIVE_INFINITY);
  if (!(Math.abs(kink - mu) < KINK_REACH)) return smooth;
  const full = (rest: ArrayLike<number>, shift: number) => Float64Array.from([kink + shift, ...Array.from(rest)]);
  const held = minimize((rest, out) => {
    const gradient = new Float64Array(smooth.x.length);
    const value = objective(full(rest, 0), gradient);
    out.set(gradient.subarray(1));
    return value;
  }, smooth.x.slice(1));
  const [below, above] = [-KINK_SIDE, KINK_SIDE].map((shift) => {
    const gradient = new Float64Array(smooth.x.length);
    objective(full(held.x, shift), gradient);
    return gradient[0]!;
  });
  const evaluations = smooth.evaluations + held.evaluations + 2;
  const settled = held.converged && below! <= FLAT && above! >= -FLAT;
  if (settled && held.value <= smooth.value + 1e-12) return { ...held, x: full(held.x, 0), evaluations };
  return { ...smooth, evaluations };
}

function boundsOf(p: Parameters): string[] {
  return [...(Math.abs(p.beta) > MAX_BETA - BOUND_MARGIN ? ['beta'] : []), ...Search.lawBounds(p.nu, p.lambda)];
}

function rescaled(p: Parameters, scale: number): Parameters {
  return { ...p, mu: p.mu * scale, omega: p.omega + (1 - p.beta) * 2 * Math.log(scale) };
}

function standardErrors(problem: Adjoint.Problem, natural: Parameters, spec: Spec, atBound: readonly string[], scale: number) {
  const free = NAMES.filter(
    (name) =>
      !atBound.includes(name) &&
      (name !== 'mu' || spec.mean === 'constant') &&
      (name !== 'nu' || spec.errors !== 'normal') &&
      (name !== 'lambda' || spec.errors === 'skewed'),
  );
  const scoreAt: Estimate.Score = (p, outer) => {
    const gradient = new Float64Array(NAMES.length);
    if (outer === null) Adjoint.run(problem, p as Parameters, gradient);
    else Recursion.run(problem.returns, p as Parameters, spec, gradient, outer);
    return gradient;
  };
  const at = natural as Readonly<Record<string, number>>;
  return Estimate.standardErrors(Estimate.information(scoreAt, at, NAMES, free), NAMES, free, (name) => {
    if (name === 'beta') return { beta: 1, omega: -2 * Math.log(scale) };
    return { [name]: name === 'mu' ? scale : 1 };
  });
}
