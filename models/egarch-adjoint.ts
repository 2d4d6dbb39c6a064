/**
 * Likelihood and score of EGARCH in three light passes: what the search calls, many times on the same returns.
 *
 * Forward: ln h_t and z_t. Across: the density of z and its pull ψ = ∂ln f/∂z. Backward: the adjoint A_t = ∂ℓ/∂ln h_t
 *
 *   A_t = −½ − ½ z_t ψ_t + (β − ½ (±α + γ) z_t) A_{t+1}
 *
 * gives the score in all parameters with one recursion where `egarch-recursion.ts`, the plain form, carries one each.
 */
import type * as Egarch from './egarch-recursion.ts';
import * as Garch from './garch-adjoint.ts';
import type * as Recursion from './garch-recursion.ts';
import * as Innovation from './innovation.ts';

export type Problem = Garch.Problem & {
  /** ln h_t; 1/√h_t; z_t; ψ_t. */
  readonly level: Float64Array;
  readonly inverse: Float64Array;
  readonly z: Float64Array;
  readonly pull: Float64Array;
};

/** A factor times this stays far inside the doubles. */
const HUGE = 1e100;
/** Beyond this in ln h every double is lost. */
const FARTHEST = 600;
const lawSums = new Float64Array(2);

export function prepare(returns: Float64Array, spec: Pick<Recursion.Spec, 'mean' | 'presample'>): Problem {
  const empty = () => new Float64Array(returns.length);
  return { ...Garch.prepare(returns, spec), level: empty(), inverse: empty(), z: empty(), pull: empty() };
}

/** Log-likelihood; `gradient` receives the score in (μ, ω, α, γ, β, ν, λ) where given. */
export function run(problem: Problem, p: Egarch.Natural, gradient: Float64Array | null): number {
  const { returns, level, inverse, z, pull } = problem;
  const { mu, omega, alpha, gamma, beta } = p;
  const n = returns.length;
  const law = Innovation.law(p.nu, p.lambda);
  const [size, sizeByNu, sizeByLambda] = Innovation.meanAbsolute(law);
  const before = Garch.before(problem, mu);
  const start = firstLogVariance(problem.presample, omega, beta, Math.log(before.value));
  let logH = start.value;
  let sumLogH = 0;
  let memory = 0;
  let product = 1;
  for (let t = 0; t < n; t += 1) {
    if (!(logH < FARTHEST && logH > -FARTHEST)) return Number.NaN;
    level[t] = logH;
    const e = returns[t]! - mu;
    if (Number.isNaN(e)) {
      z[t] = Number.NaN;
      logH = omega + beta * logH;
      continue;
    }
    sumLogH += logH;
    const over = Math.exp(-0.5 * logH);
    const value = e * over;
    inverse[t] = over;
    z[t] = value;
    const slope = value < 0 ? gamma - alpha : gamma + alpha;
    logH = omega + slope * value - alpha * size + beta * logH;
    product *= Math.abs(beta - 0.5 * slope * value);
    if (product < 1 / HUGE || product > HUGE) {
      memory += Math.log(product);
      product = 1;
    }
  }
  // Not invertible: the variances would not forget where they started, and the likelihood is noise (Wintenberger 2013).
  if (memory + Math.log(product) >= 0) return Number.NaN;
  const density = Innovation.total(z, law, pull, lawSums);
  if (gradient === null) return density - 0.5 * sumLogH;
  let adjoint = 0;
  let gMu = 0;
  let gOmega = 0;
  let gAlpha = 0;
  let gGamma = 0;
  let gBeta = 0;
  let news = 0;
  for (let t = n - 1; t >= 0; t -= 1) {
    const value = z[t]!;
    gOmega += adjoint;
    gBeta += adjoint * level[t]!;
    if (Number.isNaN(value)) {
      adjoint *= beta;
      continue;
    }
    news += adjoint;
    gAlpha += adjoint * Math.abs(value);
    gGamma += adjoint * value;
    const slope = value < 0 ? gamma - alpha : gamma + alpha;
    const force = pull[t]!;
    gMu -= (force + slope * adjoint) * inverse[t]!;
    adjoint = (beta - 0.5 * slope * value) * adjoint - 0.5 * (1 + value * force);
  }
  gradient[0] = gMu + (adjoint * start.byBefore * before.byMu) / before.value;
  gradient[1] = gOmega + adjoint * start.byOmega;
  gradient[2] = gAlpha - news * size;
  gradient[3] = gGamma;
  gradient[4] = gBeta + adjoint * start.byBeta;
  gradient[5] = lawSums[0]! - news * alpha * sizeByNu;
  gradient[6] = lawSums[1]! - news * alpha * sizeByLambda;
  return density - 0.5 * sumLogH;
}

function firstLogVariance(rule: Recursion.Presample, omega: number, beta: number, before: number) {
  if (rule === 'first') return { value: before, byBefore: 1, byOmega: 0, byBeta: 0 };
  if (rule === 'stationary') {
    const value = omega / (1 - beta);
    return { value, byBefore: 0, byOmega: 1 / (1 - beta), byBeta: value / (1 - beta) };
  }
  return { value: omega + beta * before, byBefore: beta, byOmega: 1, byBeta: before };
}
