/**
 * The law of standardised errors z: mean 0, variance 1.
 *
 *   normal;  Student-t scaled to unit variance (Bollerslev 1987);  Hansen's skewed t (1994), λ in (−1, 1):
 *   f(z) = b·c·(1 + ((bz + a)/(1 ± λ))²/(ν − 2))^(−(ν+1)/2),  − where bz + a < 0
 *   a = 4λc(ν − 2)/(ν − 1),  b² = 1 + 3λ² − a²,  c = Γ((ν+1)/2) / (Γ(ν/2)·√(π(ν − 2)))
 *
 * λ < 0 means longer losses. λ = 0 is the t. Partial moments are closed forms in the t distributions of ν and ν − 2 degrees;
 * their derivatives in ν and λ, needed once an evaluation, are central differences of those forms.
 */
import { digamma, lgamma, normalQuantile, tCdf, tQuantile } from './math/special.ts';

export type Errors = 'normal' | 'student' | 'skewed';

/** What the density needs at fixed ν and λ. */
export type Law = {
  readonly errors: Errors;
  readonly nu: number;
  readonly lambda: number;
  readonly a: number;
  readonly b: number;
  readonly aNu: number;
  readonly bNu: number;
  readonly aLambda: number;
  readonly bLambda: number;
  /** ln(b·c), or −½ ln 2π. */
  readonly constant: number;
  readonly constantByNu: number;
};

const DIFFERENCE = 1e-5;
/** A factor times this stays far inside the doubles. */
const HUGE = 1e100;

/** ν null: normal. λ null: symmetric. */
export function law(nu: number | null, lambda: number | null): Law {
  const zero = { a: 0, b: 1, aNu: 0, bNu: 0, aLambda: 0, bLambda: 0 };
  if (nu === null) return { errors: 'normal', nu: 0, lambda: 0, ...zero, constant: -0.5 * Math.log(2 * Math.PI), constantByNu: 0 };
  const logC = lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * Math.log(Math.PI * (nu - 2));
  const logCByNu = 0.5 * (digamma((nu + 1) / 2) - digamma(nu / 2)) - 0.5 / (nu - 2);
  if (lambda === null) return { errors: 'student', nu, lambda: 0, ...zero, constant: logC, constantByNu: logCByNu };
  const aLambda = (4 * Math.exp(logC) * (nu - 2)) / (nu - 1);
  const a = lambda * aLambda;
  const b = Math.sqrt(1 + 3 * lambda * lambda - a * a);
  const aNu = a * (logCByNu + 1 / (nu - 2) - 1 / (nu - 1));
  const bNu = (-a * aNu) / b;
  const bLambda = (3 * lambda - a * aLambda) / b;
  return {
    ...{ errors: 'skewed', nu, lambda, a, b, aNu, bNu, aLambda, bLambda },
    constant: logC + Math.log(b),
    constantByNu: logCByNu + bNu / b,
  };
}

/** ln f(z); `out` receives its derivatives in z, ν, λ. */
export function logDensity(z: number, l: Law, out: Float64Array): number {
  if (l.errors === 'normal') {
    out[0] = -z;
    return l.constant - 0.5 * z * z;
  }
  const { nu } = l;
  const y = l.b * z + l.a;
  const side = y < 0 ? -1 : 1;
  const width = 1 + side * l.lambda;
  const u = y / width;
  const q = (u * u) / (nu - 2);
  const logQ = Math.log1p(q);
  const weight = (nu + 1) / (1 + q);
  const pull = (weight * u) / (nu - 2) / width;
  out[0] = -pull * l.b;
  out[1] = l.constantByNu - 0.5 * logQ + (0.5 * weight * q) / (nu - 2) - pull * (l.bNu * z + l.aNu);
  out[2] = l.bLambda / l.b - pull * (l.bLambda * z + l.aLambda - side * u);
  return l.constant - 0.5 * (nu + 1) * logQ;
}

/** Σ ln f(z_t), with `sums` receiving Σ ∂ν, Σ ∂λ and `pull` each ∂z. NaN is not observed: nothing is added, its pull is 0. */
export function total(z: Float64Array, l: Law, pull: Float64Array, sums: Float64Array): number {
  sums.fill(0);
  if (l.errors === 'normal') return normalTotal(z, l, pull);
  const { nu, lambda, a, b, aNu, bNu, aLambda, bLambda } = l;
  const skewed = l.errors === 'skewed';
  const scale = 1 / (nu - 2);
  const [above, below] = [1 / (1 + lambda), 1 / (1 - lambda)];
  // Logarithms cost most of the time: they are taken of products of many factors.
  let product = 1;
  let logs = 0;
  let count = 0;
  let spread = 0;
  let byA = 0;
  let byB = 0;
  let bySide = 0;
  for (let t = 0; t < z.length; t += 1) {
    const value = z[t]!;
    if (Number.isNaN(value)) {
      pull[t] = 0;
      continue;
    }
    count += 1;
    const y = b * value + a;
    // Asked first whether the law has sides: the sign alone would be guessed wrong half the time. λ = 0 has, for its derivative.
    const short = skewed && y < 0;
    const inverse = short ? below : above;
    const u = y * inverse;
    const q = u * u * scale;
    product *= 1 + q;
    if (product > HUGE) {
      logs += Math.log(product);
      product = 1;
    }
    const weight = (nu + 1) / (1 + q);
    const force = weight * u * scale * inverse;
    pull[t] = -force * b;
    spread += weight * q;
    byA += force;
    byB += force * value;
    bySide += short ? -force * u : force * u;
  }
  logs += Math.log(product);
  sums[0] = count * l.constantByNu - 0.5 * logs + 0.5 * spread * scale - bNu * byB - aNu * byA;
  sums[1] = (count * bLambda) / b - bLambda * byB - aLambda * byA + bySide;
  return count * l.constant - 0.5 * (nu + 1) * logs;
}

/** E|z|, its derivatives in ν and λ. */
export function meanAbsolute(l: Law): readonly [number, number, number] {
  if (l.errors === 'normal') return [Math.sqrt(2 / Math.PI), 0, 0];
  return withDerivatives(l, ({ a, b, lambda, nu }) => {
    const { tail, first } = above(a / (1 + lambda), nu);
    return (2 / b) * (1 + lambda) * ((1 + lambda) * first - a * tail);
  });
}

/** E[z²; z < 0], the share of variance that bad news has, and its derivatives in ν and λ. One half where symmetric. */
export function badShare(l: Law): readonly [number, number, number] {
  if (l.errors !== 'skewed') return [0.5, 0, 0];
  const sign = l.lambda < 0 ? -1 : 1;
  const [share, byNu, byLambda] = withDerivatives(l, ({ a, b, lambda, nu }) => {
    const { tail, first, second } = above(a / (1 + lambda), nu);
    const width = 1 + lambda;
    return 1 - (width * (width * width * second - 2 * a * width * first + a * a * tail)) / (b * b);
  });
  return sign > 0 ? [share, byNu, byLambda] : [1 - share, -byNu, -byLambda];
}

/** z with P(Z ≤ z) = p. */
export function quantile(p: number, l: Law): number {
  if (l.errors === 'normal') return normalQuantile(p);
  const unit = Math.sqrt((l.nu - 2) / l.nu);
  const below = (1 - l.lambda) / 2;
  if (p < below) return ((1 - l.lambda) * unit * tQuantile(p / (1 - l.lambda), l.nu) - l.a) / l.b;
  return ((1 + l.lambda) * unit * tQuantile(0.5 + (p - below) / (1 + l.lambda), l.nu) - l.a) / l.b;
}

function normalTotal(z: Float64Array, l: Law, pull: Float64Array): number {
  let squares = 0;
  let count = 0;
  for (let t = 0; t < z.length; t += 1) {
    const value = z[t]!;
    if (Number.isNaN(value)) {
      pull[t] = 0;
      continue;
    }
    count += 1;
    squares += value * value;
    pull[t] = -value;
  }
  return count * l.constant - 0.5 * squares;
}

/** ∫ g, ∫ x·g, ∫ x²·g over x > k ≥ 0, g the unit-variance t. */
function above(k: number, nu: number) {
  const c = Math.exp(lgamma((nu + 1) / 2) - lgamma(nu / 2)) / Math.sqrt(Math.PI * (nu - 2));
  const first = ((c * (nu - 2)) / (nu - 1)) * (1 + (k * k) / (nu - 2)) ** (-(nu - 1) / 2);
  return { tail: 1 - tCdf(k * Math.sqrt(nu / (nu - 2)), nu), first, second: k * first + 1 - tCdf(k, nu - 2) };
}

/** Of a form valid for λ ≥ 0 and even in λ, or turned by the caller: evaluated at |λ|. */
function withDerivatives(l: Law, form: (at: Law) => number): readonly [number, number, number] {
  const size = Math.abs(l.lambda);
  const at = (nu: number, lambda: number) => form(law(nu, lambda));
  const stepNu = DIFFERENCE * (l.nu - 2);
  const byNu = (at(l.nu + stepNu, size) - at(l.nu - stepNu, size)) / (2 * stepNu);
  if (l.errors === 'student') return [at(l.nu, 0), byNu, 0];
  // The form goes on smoothly a little below 0.
  const low = size - DIFFERENCE;
  const high = Math.min(1 - DIFFERENCE, size + DIFFERENCE);
  const byLambda = (at(l.nu, high) - at(l.nu, low)) / (high - low);
  return [at(l.nu, size), byNu, l.lambda < 0 ? -byLambda : byLambda];
}
