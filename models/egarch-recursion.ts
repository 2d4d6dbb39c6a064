/**
 * The recursion of EGARCH(1,1) with its log-likelihood and analytic score. Equations: see `egarch.ts`.
 *
 * z depends on h, so every derivative of ln h feeds back through z; those of E|z| in ν and λ enter with each bar.
 */
import * as Garch from './garch-recursion.ts';
import * as Innovation from './innovation.ts';

export type Spec = {
  readonly mean: 'constant' | 'zero';
  readonly errors: Innovation.Errors;
  readonly presample: Garch.Presample;
};

export type Natural = {
  readonly mu: number;
  readonly omega: number;
  /** On the size of news. */
  readonly alpha: number;
  /** On its sign. */
  readonly gamma: number;
  readonly beta: number;
  /** null: normal errors. */
  readonly nu: number | null;
  /** null: symmetric errors. */
  readonly lambda: number | null;
};

/** Beyond this in ln h every double is lost. */
const FARTHEST = 600;
const SIZE = Garch.NAMES.length;

/** One pass. `gradient` receives the score in the order of GARCH's names, `outer` Σ s_t s_tᵀ, `variances` every h_t, where given. */
export function run(
  returns: Float64Array,
  p: Natural,
  spec: Spec,
  gradient: Float64Array | null,
  outer: Float64Array | null = null,
  variances: Float64Array | null = null,
): { readonly logLikelihood: number; readonly nextVariance: number } {
  const { mu, omega, alpha, gamma, beta } = p;
  const law = Innovation.law(p.nu, p.lambda);
  const [size, sizeByNu, sizeByLambda] = Innovation.meanAbsolute(law);
  const before = Garch.presample(returns, mu, spec);
  const logBefore = Math.log(before.value);
  const stationary = spec.presample === 'stationary';
  const held = stationary ? 0 : spec.presample === 'first' ? 1 : beta;
  let logH = stationary ? omega / (1 - beta) : spec.presample === 'first' ? logBefore : omega + beta * logBefore;
  // Derivatives of ln h in μ, ω, α, γ, β, ν, λ.
  const d = new Float64Array(SIZE);
  d[0] = (held * before.byMu) / before.value;
  if (spec.presample !== 'first') {
    d[1] = stationary ? 1 / (1 - beta) : 1;
    d[4] = stationary ? logH / (1 - beta) : logBefore;
  }
  const byLaw = new Float64Array(3);
  const s = new Float64Array(SIZE);
  let logLikelihood = 0;
  gradient?.fill(0);
  for (let t = 0; t < returns.length; t += 1) {
    if (!(Math.abs(logH) < FARTHEST)) return { logLikelihood: Number.NaN, nextVariance: Number.NaN };
    const h = Math.exp(logH);
    if (variances !== null) variances[t] = h;
    const r = returns[t]!;
    // A bar not observed: news at its expectation.
    const observed = !Number.isNaN(r);
    const deviation = Math.sqrt(h);
    const z = observed ? (r - mu) / deviation : 0;
    const slope = observed ? alpha * (z < 0 ? -1 : 1) + gamma : 0;
    if (observed) logLikelihood += Innovation.logDensity(z, law, byLaw) - 0.5 * logH;
    if (gradient !== null) {
      if (observed) {
        const byLogH = -0.5 - 0.5 * z * byLaw[0]!;
        for (let i = 0; i < SIZE; i += 1) s[i] = byLogH * d[i]!;
        s[0] = s[0]! - byLaw[0]! / deviation;
        s[5] = s[5]! + byLaw[1]!;
        s[6] = s[6]! + byLaw[2]!;
        for (let i = 0; i < SIZE; i += 1) gradient[i] = gradient[i]! + s[i]!;
        if (outer !== null) Garch.accumulate(outer, s);
      }
      const keep = beta - 0.5 * slope * z;
      for (let i = 0; i < SIZE; i += 1) d[i] = keep * d[i]!;
      d[1] = d[1]! + 1;
      d[4] = d[4]! + logH;
      if (observed) {
        d[0] = d[0]! - slope / deviation;
        d[2] = d[2]! + Math.abs(z) - size;
        d[3] = d[3]! + z;
        d[5] = d[5]! - alpha * sizeByNu;
        d[6] = d[6]! - alpha * sizeByLambda;
      }
    }
    logH = omega + (observed ? alpha * (Math.abs(z) - size) + gamma * z : 0) + beta * logH;
  }
  return { logLikelihood, nextVariance: Math.exp(logH) };
}
