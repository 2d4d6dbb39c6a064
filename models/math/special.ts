/**
 * Special functions and the distributions made from them: the only door to cephes.
 *
 * Cephes (Moshier 1989) in WebAssembly; its worst relative error here is 2e-15 against 60-digit values. The t distribution goes
 * through the incomplete beta function rather than cephes' own integer-only `stdtr`.
 * Assumption: the module is awaited once, at import, so that every function below is synchronous.
 */
import * as cephes from 'cephes';

await cephes.compiled;

/** Cephes fails below −709.78; e^−702 = 1.3e-305 is no probability that anybody tells from 0. */
const LEAST_LOG = -702;

export function lgamma(x: number): number {
  return cephes.lgam(x);
}

/** ψ(x) = d ln Γ(x) / dx. */
export function digamma(x: number): number {
  return cephes.psi(x);
}

export function normalCdf(x: number): number {
  return cephes.ndtr(x);
}

export function normalQuantile(p: number): number {
  return cephes.ndtri(p);
}

/** P(T ≤ x) for Student's t with any real ν > 0 degrees of freedom (variance ν/(ν−2), not 1). */
export function tCdf(x: number, nu: number): number {
  const tail = 0.5 * cephes.incbet(nu / 2, 0.5, nu / (nu + x * x));
  return x < 0 ? tail : 1 - tail;
}

/** Inverse of `tCdf`. The middle half uses the other incomplete beta, where 1/z − 1 would cancel. */
export function tQuantile(p: number, nu: number): number {
  if (p === 0.5) return 0;
  if (p > 0.25 && p < 0.75) {
    const z = cephes.incbi(0.5, nu / 2, Math.abs(1 - 2 * p));
    const size = Math.sqrt((nu * z) / (1 - z));
    return p < 0.5 ? -size : size;
  }
  const z = cephes.incbi(nu / 2, 0.5, 2 * Math.min(p, 1 - p));
  const size = Math.sqrt(nu * (1 / z - 1));
  return p < 0.5 ? -size : size;
}

/** P(χ²_k > x); 0 where it is below the smallest double, which cephes takes for an error. */
export function chiSquareSurvival(x: number, degrees: number): number {
  if (x <= 0) return 1;
  const [a, half] = [degrees / 2, x / 2];
  const leading = a * Math.log(half) - half - cephes.lgam(a);
  return half > a && leading < LEAST_LOG ? 0 : cephes.igamc(a, half);
}

/** Tail dependence of the t-copula, 2·T_{ν+1}(−√((ν+1)(1−ρ)/(1+ρ))). Embrechts, McNeil, Straumann 2002. */
export function tCopulaTailDependence(nu: number, rho: number): number {
  return 2 * tCdf(-Math.sqrt(((nu + 1) * (1 - rho)) / (1 + rho)), nu + 1);
}
