/**
 * Search coordinates of GARCH and GJR: free numbers that always mean an admissible model.
 *
 *   [μ], logit of φ/max, logit of β/φ, [logit of the part of bad news], ln ω, [ln(ν − min)], [artanh of λ/max]     φ = α + γP + β
 *
 * P = E[z²; z < 0], one half for symmetric errors. A bound is approached as a coordinate runs off; the score in that coordinate
 * then vanishes, so a search can end there honestly.
 */
import * as Adjoint from './garch-adjoint.ts';
import { NAMES, type Natural, type Spec } from './garch-recursion.ts';
import * as Innovation from './innovation.ts';

/** Minus the mean log-likelihood; the gradient is written where wanted. */
export type Valued = (x: Float64Array, gradient: Float64Array | null) => number;

const MAX_PERSISTENCE = 0.9999;
const BOUND_MARGIN = 1e-5;
const SMALLEST_OMEGA = 1e-10;
/** Persistence and its share that reacts to news: where the search starts. Short series may have their top at a short memory. */
const START_PERSISTENCE = [0.4, 0.9, 0.97, 0.99, 0.998];
const START_NEWS = [0.05, 0.15];
/** Degrees of freedom from which errors that ended as good as normal are searched again. */
const NEARLY_NORMAL = 40;

/** Coordinates of ν and λ, shared with EGARCH. */
export const MIN_NU = 2.05;
export const MAX_NU = 500;
export const MAX_SKEW = 0.99;

export function objective(problem: Adjoint.Problem, spec: Spec): Valued {
  const natural = new Float64Array(NAMES.length);
  const { observations } = problem;
  return (x, gradient) => {
    const logLikelihood = Adjoint.garch(problem, toNatural(x, spec), gradient === null ? null : natural);
    if (!Number.isFinite(logLikelihood)) return Number.POSITIVE_INFINITY;
    if (gradient !== null) {
      chain(x, natural, spec, gradient);
      for (let i = 0; i < gradient.length; i += 1) gradient[i] = -gradient[i]! / observations;
    }
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
  const { nu, lambda } = lawAt(x, i, spec.errors);
  const beta = phi * share;
  if (!spec.asymmetric) return { mu, omega, alpha: news, gamma: 0, beta, nu, lambda };
  const [part] = Innovation.badShare(Innovation.law(nu, lambda));
  const alpha = (news * (1 - bad)) / (1 - part);
  return { mu, omega, alpha, gamma: (news * bad) / part - alpha, beta, nu, lambda };
}

export function fromNatural(p: Natural, spec: Spec): Float64Array {
  const clamp = (share: number) => Math.min(1 - 1e-4, Math.max(1e-4, share));
  const logit = (share: number) => Math.log(clamp(share) / (1 - clamp(share)));
  const [part] = Innovation.badShare(Innovation.law(p.nu, p.lambda ?? null));
  const news = p.alpha + p.gamma * part;
  const phi = news + p.beta;
  const coordinates = [logit(phi / MAX_PERSISTENCE), logit(p.beta / phi)];
  if (spec.mean === 'constant') coordinates.unshift(p.mu);
  if (spec.asymmetric) coordinates.push(logit(((p.alpha + p.gamma) * part) / news));
  coordinates.push(Math.log(Math.max(SMALLEST_OMEGA, p.omega)));
  return Float64Array.from([...coordinates, ...lawCoordinates(p.nu, p.lambda ?? null, spec.errors)]);
}

export function starts(spec: Spec): Float64Array[] {
  const law = { nu: spec.errors === 'normal' ? null : 5, lambda: spec.errors === 'skewed' ? 0 : null };
  return START_PERSISTENCE.flatMap((phi) =>
    START_NEWS.map((news) => {
      const beta = phi * (1 - news);
      return fromNatural({ mu: 0, omega: 1 - phi, alpha: phi - beta, gamma: 0, beta, ...law }, spec);
    }),
  );
}

/** News that counts, and a persistence that is neither short nor a unit root: such a likelihood has one top. */
export function isClear({ alpha, gamma, beta }: Natural): boolean {
  const news = alpha + gamma / 2;
  return news > 0.04 && news + beta > 0.9 && news + beta < 0.999;
}

/** Beyond the largest ν the likelihood is flat and its score says nothing: the place with a ν to search from again, null where not needed. */
export function offNormal(x: Float64Array, spec: Spec): Float64Array | null {
  const { nu } = toNatural(x, spec);
  if (nu === null || nu < MAX_NU) return null;
  const inside = x.slice();
  inside[x.length - (spec.errors === 'skewed' ? 2 : 1)] = Math.log(NEARLY_NORMAL - MIN_NU);
  return inside;
}

export function boundsOf(p: Natural, spec: Spec): string[] {
  const [part] = Innovation.badShare(Innovation.law(p.nu, p.lambda ?? null));
  const names: string[] = [];
  if (p.omega < SMALLEST_OMEGA) names.push('omega');
  if (p.alpha < BOUND_MARGIN) names.push('alpha');
  if (spec.asymmetric && p.alpha + p.gamma < BOUND_MARGIN) names.push('gamma');
  if (p.beta < BOUND_MARGIN) names.push('beta');
  if (p.alpha + p.gamma * part + p.beta > MAX_PERSISTENCE - BOUND_MARGIN) names.push('persistence');
  return [...names, ...lawBounds(p.nu, p.lambda ?? null)];
}

/** ν and λ from their coordinates, which stand at `place`. */
export function lawAt(x: Float64Array, place: number, errors: Innovation.Errors): { nu: number | null; lambda: number | null } {
  return {
    nu: errors === 'normal' ? null : Math.min(MAX_NU, MIN_NU + Math.exp(x[place]!)),
    lambda: errors === 'skewed' ? MAX_SKEW * Math.tanh(x[place + 1]!) : null,
  };
}

export function lawCoordinates(nu: number | null, lambda: number | null, errors: Innovation.Errors): number[] {
  return [
    ...(errors === 'normal' ? [] : [Math.log(Math.max(1e-3, (nu ?? 6) - MIN_NU))]),
    ...(errors === 'skewed' ? [Math.atanh((lambda ?? 0) / MAX_SKEW)] : []),
  ];
}

/** Scores in ν and λ to those in their coordinates. */
export function lawChain(x: Float64Array, place: number, errors: Innovation.Errors, dNu: number, dLambda: number, out: Float64Array): void {
  if (errors === 'normal') return;
  const excess = Math.exp(x[place]!);
  out[place] = MIN_NU + excess < MAX_NU ? dNu * excess : 0;
  if (errors === 'skewed') out[place + 1] = dLambda * MAX_SKEW * (1 - Math.tanh(x[place + 1]!) ** 2);
}

export function lawBounds(nu: number | null, lambda: number | null): string[] {
  return [
    ...(nu !== null && (nu < MIN_NU + 1e-3 || nu > MAX_NU - 1) ? ['nu'] : []),
    ...(lambda !== null && Math.abs(lambda) > MAX_SKEW - 1e-3 ? ['lambda'] : []),
  ];
}

/** Gradient in natural parameters to gradient in search coordinates. */
function chain(x: Float64Array, natural: Float64Array, spec: Spec, out: Float64Array): void {
  const [dMu, dOmega, dAlpha, dGamma, dBeta, dNu, dLambda] = natural as unknown as [number, number, number, number, number, number, number];
  let i = 0;
  if (spec.mean === 'constant') out[i++] = dMu;
  const iPhi = i++;
  const iShare = i++;
  const phi01 = logistic(x[iPhi]!);
  const phi = MAX_PERSISTENCE * phi01;
  const share = logistic(x[iShare]!);
  const news = phi * (1 - share);
  let dNews = dAlpha;
  let [byNu, byLambda] = [dNu, dLambda];
  if (spec.asymmetric) {
    const bad = logistic(x[i]!);
    const { nu, lambda } = lawAt(x, i + 2, spec.errors);
    const [part, partNu, partLambda] = Innovation.badShare(Innovation.law(nu, lambda));
    // α = news·(1 − bad)/(1 − P), α + γ = news·bad/P.
    const onAlpha = dAlpha - dGamma;
    dNews = (onAlpha * (1 - bad)) / (1 - part) + (dGamma * bad) / part;
    out[i] = news * (dGamma / part - onAlpha / (1 - part)) * bad * (1 - bad);
    const byPart = news * ((onAlpha * (1 - bad)) / (1 - part) ** 2 - (dGamma * bad) / part ** 2);
    byNu += byPart * partNu;
    byLambda += byPart * partLambda;
    i += 1;
  }
  out[iPhi] = (share * dBeta + (1 - share) * dNews) * phi * (1 - phi01);
  out[iShare] = phi * (dBeta - dNews) * share * (1 - share);
  out[i] = dOmega * Math.exp(x[i]!);
  lawChain(x, i + 1, spec.errors, byNu, byLambda, out);
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
