/**
 * The recursion of GARCH(1,1) and GJR(1,1) with its log-likelihood and analytic score: the hot loop of `garch.ts`, in one pass.
 *
 * Derivatives of h follow the same recursion as h itself (Fiorentini, Calzolari, Panattoni 1996). Equations: see `garch.ts`.
 */
import * as Innovation from './innovation.ts';
import { mean } from './math/statistics.ts';

/** See `garch.ts`. */
export type Presample = 'sample' | 'backcast' | 'first' | 'stationary';

export type Spec = {
  readonly mean: 'constant' | 'zero';
  readonly asymmetric: boolean;
  readonly errors: Innovation.Errors;
  readonly presample: Presample;
};

export type Natural = {
  readonly mu: number;
  readonly omega: number;
  readonly alpha: number;
  /** 0 where the model is symmetric. */
  readonly gamma: number;
  readonly beta: number;
  /** null: normal errors. */
  readonly nu: number | null;
  /** Skew of Hansen's t; absent or null: symmetric. */
  readonly lambda?: number | null;
};

/** Order of the score. */
export const NAMES = ['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu', 'lambda'] as const;

/** A factor times this stays far inside the doubles. */
const HUGE = 1e100;
const BACKCAST_BARS = 75;
const BACKCAST_DECAY = 0.94;

/** One pass. `gradient` receives the score, `outer` Σ s_t s_tᵀ, `variances` every h_t, each where given. */
export function run(
  returns: Float64Array,
  p: Natural,
  spec: Spec,
  gradient: Float64Array | null,
  outer: Float64Array | null = null,
  variances: Float64Array | null = null,
): { readonly logLikelihood: number; readonly nextVariance: number } {
  const { mu, omega, alpha, gamma, beta } = p;
  const law = Innovation.law(p.nu, p.lambda ?? null);
  const student = law.errors === 'student';
  const skewed = law.errors === 'skewed';
  const { nu, constantByNu } = law;
  const byLaw = new Float64Array(3);
  const scores = new Float64Array(NAMES.length);
  const phi = alpha + gamma / 2 + beta;
  const before = presample(returns, mu, spec);
  const start = firstVariance(omega, phi, before.value, spec.presample);
  // h and its derivatives in (μ, ω, α, γ, β).
  let h = start.value;
  let hMu = start.byBefore * before.byMu;
  let hOmega = start.byOmega;
  let hAlpha = start.byPhi;
  let hGamma = start.byPhi / 2;
  let hBeta = start.byPhi;
  // Logarithms cost most of the time: they are taken of products of many factors.
  let [count, squares, logH, logQ, productH, productQ] = [0, 0, 0, 0, 1, 1];
  let [gMu, gOmega, gAlpha, gGamma, gBeta, gNu, gLambda, logDensities] = [0, 0, 0, 0, 0, 0, 0, 0];
  const n = returns.length;
  for (let t = 0; t < n; t += 1) {
    if (variances !== null) variances[t] = h;
    const r = returns[t]!;
    // A bar not observed: its square counts as its expectation.
    if (Number.isNaN(r)) {
      hMu *= phi;
      hOmega = 1 + phi * hOmega;
      hAlpha = h + phi * hAlpha;
      hGamma = h / 2 + phi * hGamma;
      hBeta = h + phi * hBeta;
      h = omega + phi * h;
      continue;
    }
    const e = r - mu;
    const square = e * e;
    count += 1;
    productH *= h;
    if (productH > HUGE || productH < 1 / HUGE) {
      logH += Math.log(productH);
      productH = 1;
    }
    let byH: number;
    let byE: number;
    let byNu = 0;
    if (student) {
      const q = square / (h * (nu - 2));
      const weight = (nu + 1) / (1 + q);
      productQ *= 1 + q;
      if (productQ > HUGE) {
        logQ += Math.log(productQ);
        productQ = 1;
      }
      byH = (-0.5 + 0.5 * weight * q) / h;
      byE = (-weight * e) / (h * (nu - 2));
      byNu = (0.5 * weight * q) / (nu - 2);
      if (outer !== null) byNu += constantByNu - 0.5 * Math.log1p(q);
    } else if (skewed) {
      const deviation = Math.sqrt(h);
      const z = e / deviation;
      logDensities += Innovation.logDensity(z, law, byLaw);
      byH = (-0.5 - 0.5 * z * byLaw[0]!) / h;
      byE = byLaw[0]! / deviation;
      byNu = byLaw[1]!;
      gLambda += byLaw[2]!;
    } else {
      squares += square / h;
      byH = (0.5 * (square / h - 1)) / h;
      byE = -e / h;
    }
    if (gradient !== null) {
      const sMu = byH * hMu - byE;
      gMu += sMu;
      gOmega += byH * hOmega;
      gAlpha += byH * hAlpha;
      gGamma += byH * hGamma;
      gBeta += byH * hBeta;
      gNu += byNu;
      if (outer !== null) {
        scores[0] = sMu;
        scores[1] = byH * hOmega;
        scores[2] = byH * hAlpha;
        scores[3] = byH * hGamma;
        scores[4] = byH * hBeta;
        scores[5] = byNu;
        scores[6] = byLaw[2]!;
        accumulate(outer, scores);
      }
    }
    const bad = e < 0 ? 1 : 0;
    const news = alpha + gamma * bad;
    hMu = -2 * news * e + beta * hMu;
    hOmega = 1 + beta * hOmega;
    hAlpha = square + beta * hAlpha;
    hGamma = bad * square + beta * hGamma;
    hBeta = h + beta * hBeta;
    h = omega + news * square + beta * h;
  }
  logH += Math.log(productH);
  logQ += Math.log(productQ);
  // Added per bar already where scores are wanted one by one.
  if (outer === null && student) gNu += count * constantByNu - 0.5 * logQ;
  gradient?.set([gMu, gOmega, gAlpha, gGamma, gBeta, gNu, gLambda]);
  const logLikelihood = -0.5 * logH + (skewed ? logDensities : count * law.constant - (student ? 0.5 * (nu + 1) * logQ : 0.5 * squares));
  return { logLikelihood, nextVariance: h };
}

/** The first h and its derivatives. */
export function firstVariance(omega: number, phi: number, before: number, rule: Presample) {
  if (rule === 'first') return { value: before, byBefore: 1, byOmega: 0, byPhi: 0 };
  if (rule === 'stationary') {
    const value = omega / (1 - phi);
    return { value, byBefore: 0, byOmega: 1 / (1 - phi), byPhi: value / (1 - phi) };
  }
  return { value: omega + phi * before, byBefore: phi, byOmega: 1, byPhi: before };
}

/** Second derivatives of the first h: in φ and the variance before it, in φ and ω, in φ twice. */
export function firstCurvature(omega: number, phi: number, rule: Presample) {
  if (rule === 'first') return { byBeforePhi: 0, byOmegaPhi: 0, byPhiTwice: 0 };
  if (rule === 'stationary') return { byBeforePhi: 0, byOmegaPhi: 1 / (1 - phi) ** 2, byPhiTwice: (2 * omega) / (1 - phi) ** 3 };
  return { byBeforePhi: 1, byOmegaPhi: 0, byPhiTwice: 0 };
}

/** The variance that stands before the first observation, and its derivative in μ. */
export function presample(
  returns: Float64Array,
  mu: number,
  spec: Pick<Spec, 'mean' | 'presample'>,
): { readonly value: number; readonly byMu: number } {
  if (spec.presample !== 'backcast') {
    let [sum, squares, count] = [0, 0, 0];
    for (const r of returns) {
      if (Number.isNaN(r)) continue;
      sum += r - mu;
      squares += (r - mu) * (r - mu);
      count += 1;
    }
    return { value: squares / count, byMu: (-2 * sum) / count };
  }
  // The backcast is taken around the sample mean and held while μ is searched.
  const centre = spec.mean === 'constant' ? mean(returns) : 0;
  let [sum, weights, weight, count] = [0, 0, 1, 0];
  for (let t = 0; t < returns.length && count < BACKCAST_BARS; t += 1) {
    const r = returns[t]!;
    if (Number.isNaN(r)) continue;
    sum += weight * (r - centre) * (r - centre);
    weights += weight;
    weight *= BACKCAST_DECAY;
    count += 1;
  }
  return { value: sum / weights, byMu: 0 };
}

/** outer += s·sᵀ. */
export function accumulate(outer: Float64Array, s: Float64Array): void {
  const size = s.length;
  for (let i = 0; i < size; i += 1) {
    const value = s[i]!;
    if (value === 0) continue;
    for (let j = 0; j < size; j += 1) outer[i * size + j] = outer[i * size + j]! + value * s[j]!;
  }
}
