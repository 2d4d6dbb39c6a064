/**
 * Search coordinates of GARCH and GJR: free numbers that always mean an admissible model.
 *
 *   [μ], logit of φ/max, logit of β/φ, [logit of the share of bad news], ln ω, [ln(ν − min)]       φ = α + γ/2 + β
 *
 * A bound is approached as a coordinate runs off; the score in that coordinate then vanishes, so a search can end there honestly.
 */
import { NAMES, type Natural, run, type Spec } from './garch-recursion.ts';
import type { Objective } from './math/optimize.ts';

const MAX_PERSISTENCE = 0.9999;
const MIN_NU = 2.05;
const MAX_NU = 500;
const BOUND_MARGIN = 1e-5;
/** Persistence and its share that reacts to news: where the search starts. The best few are refined. */
const START_PERSISTENCE = [0.9, 0.97, 0.99, 0.998];
const START_NEWS = [0.04, 0.1, 0.2];

/** Minus the mean log-likelihood in search coordinates, with its gradient. */
export function objective(returns: Float64Array, spec: Spec, observations: number): Objective {
  const natural = new Float64Array(NAMES.length);
  return (x, gradient) => {
    const { logLikelihood } = run(returns, toNatural(x, spec), spec, natural);
    if (!Number.isFinite(logLikelihood)) return Number.POSITIVE_INFINITY;
    chain(x, natural, spec, gradient);
    for (let i = 0; i < gradient.length; i += 1) gradient[i] = -gradient[i]! / observations;
    return -logLikelihood / observations;
  };
}

export function toNatural(x: Float64Array, spec: Spec): Natural {
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

export function fromNatural(p: Natural, spec: Spec): Float64Array {
  const clamp = (share: number) => Math.min(1 - 1e-4, Math.max(1e-4, share));
  const logit = (share: number) => Math.log(clamp(share) / (1 - clamp(share)));
  const phi = p.alpha + p.gamma / 2 + p.beta;
  const news = p.alpha + p.gamma / 2;
  const coordinates = [logit(phi / MAX_PERSISTENCE), logit(p.beta / phi)];
  if (spec.mean === 'constant') coordinates.unshift(p.mu);
  if (spec.asymmetric) coordinates.push(logit((p.alpha + p.gamma) / (2 * news)));
  coordinates.push(Math.log(p.omega));
  if (spec.errors === 'student') coordinates.push(Math.log(Math.max(1e-3, (p.nu ?? 6) - MIN_NU)));
  return Float64Array.from(coordinates);
}

export function screenedStarts(spec: Spec): Float64Array[] {
  return START_PERSISTENCE.flatMap((phi) =>
    START_NEWS.map((news) => {
      const beta = phi * (1 - news);
      return fromNatural({ mu: 0, omega: 1 - phi, alpha: phi - beta, gamma: 0, beta, nu: spec.errors === 'student' ? 5 : null }, spec);
    }),
  );
}

export function boundsOf(p: Natural, spec: Spec): string[] {
  const names: string[] = [];
  if (p.alpha < BOUND_MARGIN) names.push('alpha');
  if (spec.asymmetric && p.alpha + p.gamma < BOUND_MARGIN) names.push('gamma');
  if (p.beta < BOUND_MARGIN) names.push('beta');
  if (p.alpha + p.gamma / 2 + p.beta > MAX_PERSISTENCE - BOUND_MARGIN) names.push('persistence');
  if (p.nu !== null && (p.nu < MIN_NU + 1e-3 || p.nu > MAX_NU - 1)) names.push('nu');
  return names;
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
