/**
 * The recursion of dynamic conditional correlation and its likelihood, bar by bar: see `dcc.ts` for the equations, `dcc-score.ts` for who runs it.
 *
 * What was not observed at a bar has no likelihood, and z zᵀ of it enters the recursion as its expectation given the rest, which keeps
 * Q positive definite: ẑ = R_mo R_oo⁻¹ z_o, plus R_mm − R_mo R_oo⁻¹ R_om.
 */
import { tryCholesky } from './math/linear.ts';
import { lgamma } from './math/special.ts';

/** One array a series, NaN where not observed; all of one length. */
export type Columns = readonly Float64Array[];

export type Parameters = {
  readonly a: number;
  readonly b: number;
  /** Aielli's correction: z is stretched by √q before it enters Q. */
  readonly corrected: boolean;
  /** Degrees of freedom of t errors; null: normal. */
  readonly nu: number | null;
};

export type Pass = { readonly logLikelihood: number; readonly next: Float64Array };

/** `byBar`, where given, takes the likelihood of each bar. */
export function run(columns: Columns, target: Float64Array, p: Parameters, byBar?: Float64Array): Pass {
  const { a, b, corrected, nu } = p;
  const size = columns.length;
  const rows = columns[0]!.length;
  const q = target.slice();
  const factor = new Float64Array(size * size);
  const scaled = new Float64Array(size);
  const z = new Float64Array(size);
  const base = target.map((entry) => (1 - a - b) * entry);
  const constant = nu === null ? 0 : logDensityConstant(nu, size);
  let total = 0;
  for (let t = 0; t < rows; t += 1) {
    const before = total;
    let missing = 0;
    for (let i = 0; i < size; i += 1) {
      const value = columns[i]![t]!;
      z[i] = value;
      if (Number.isNaN(value)) missing += 1;
    }
    if (missing > 0) {
      total += partialBar(q, z, size, base, p);
      if (byBar !== undefined) byBar[t] = total - before;
      continue;
    }
    // |R| and zᵀR⁻¹z from the factor of Q itself: R = D^{-1/2} Q D^{-1/2}.
    if (!tryCholesky(q, size, factor)) return { logLikelihood: Number.NEGATIVE_INFINITY, next: target };
    let squares = 0;
    let determinant = 1;
    let sum = 0;
    for (let i = 0; i < size; i += 1) {
      const row = i * size;
      let value = Math.sqrt(q[row + i]!) * z[i]!;
      for (let k = 0; k < i; k += 1) value -= factor[row + k]! * scaled[k]!;
      const pivot = factor[row + i]!;
      value /= pivot;
      scaled[i] = value;
      sum += value * value;
      squares += z[i]! * z[i]!;
      determinant *= (pivot * pivot) / q[row + i]!;
    }
    total +=
      nu === null
        ? -0.5 * (Math.log(determinant) + sum - squares)
        : constant - 0.5 * Math.log(determinant) - 0.5 * (nu + size) * Math.log1p(sum / (nu - 2));
    if (byBar !== undefined) byBar[t] = total - before;
    if (corrected) for (let i = 0; i < size; i += 1) z[i] = z[i]! * Math.sqrt(q[i * size + i]!);
    for (let i = 0; i < size; i += 1) {
      const row = i * size;
      const az = a * z[i]!;
      for (let j = 0; j <= i; j += 1) q[row + j] = base[row + j]! + az * z[j]! + b * q[row + j]!;
    }
  }
  return { logLikelihood: total, next: normalized(q, size) };
}

/** Sum of the likelihoods of neighbouring pairs: each pair its own recursion, nothing inverted. */
export function pairs(columns: Columns, target: Float64Array, p: Parameters, byBar?: Float64Array): number {
  const size = columns.length;
  const one = byBar === undefined ? undefined : new Float64Array(byBar.length);
  let total = 0;
  for (let i = 0; i + 1 < size; i += 1) {
    const rho = target[i * size + i + 1]!;
    const block = Float64Array.of(target[i * (size + 1)]!, rho, rho, target[(i + 1) * (size + 1)]!);
    total += run([columns[i]!, columns[i + 1]!], block, p, one).logLikelihood;
    if (byBar !== undefined && one !== undefined) for (let t = 0; t < one.length; t += 1) byBar[t] = byBar[t]! + one[t]!;
  }
  return total;
}

/** One bar with something missing: its likelihood, and Q moved on in place. */
function partialBar(q: Float64Array, z: Float64Array, size: number, base: Float64Array, { a, b, corrected, nu }: Parameters): number {
  const r = normalized(q, size);
  const seen: number[] = [];
  for (let i = 0; i < size; i += 1) if (!Number.isNaN(z[i]!)) seen.push(i);
  const count = seen.length;
  const block = new Float64Array(count * count);
  seen.forEach((i, k) => {
    seen.forEach((j, l) => {
      block[k * count + l] = r[i * size + j]!;
    });
  });
  const factor = new Float64Array(count * count);
  if (!tryCholesky(block, count, factor)) return Number.NEGATIVE_INFINITY;
  // Columns of L⁻¹ R_o·, so that every product below is an inner product of two of them.
  const forward = (right: (k: number) => number): Float64Array => {
    const y = new Float64Array(count);
    for (let k = 0; k < count; k += 1) {
      let sum = right(k);
      for (let l = 0; l < k; l += 1) sum -= factor[k * count + l]! * y[l]!;
      y[k] = sum / factor[k * count + k]!;
    }
    return y;
  };
  const inner = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, k) => sum + value * y[k]!, 0);
  const observed = forward((k) => z[seen[k]!]!);
  const projected = Array.from({ length: size }, (_, i) => forward((k) => r[seen[k]! * size + i]!));
  const filled = z.map((value, i) => (Number.isNaN(value) ? inner(projected[i]!, observed) : value));
  const deviation = Float64Array.from({ length: size }, (_, i) => q[i * size + i]!);
  let log = 0;
  let squares = 0;
  for (let k = 0; k < count; k += 1) {
    log += 2 * Math.log(factor[k * count + k]!);
    squares += z[seen[k]!]! ** 2;
  }
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const spread = Number.isNaN(z[i]!) && Number.isNaN(z[j]!) ? r[i * size + j]! - inner(projected[i]!, projected[j]!) : 0;
      const stretch = corrected ? Math.sqrt(deviation[i]! * deviation[j]!) : 1;
      q[i * size + j] = base[i * size + j]! + a * stretch * (filled[i]! * filled[j]! + spread) + b * q[i * size + j]!;
    }
  }
  const sum = inner(observed, observed);
  if (nu === null) return -0.5 * (log + sum - squares);
  return count === 0 ? 0 : logDensityConstant(nu, count) - 0.5 * log - 0.5 * (nu + count) * Math.log1p(sum / (nu - 2));
}

/** Correlation of the lower triangle of Q, both triangles filled. */
export function normalized(q: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    out[i * size + i] = 1;
    for (let j = 0; j < i; j += 1) {
      const value = q[i * size + j]! / Math.sqrt(q[i * size + i]! * q[j * size + j]!);
      out[i * size + j] = value;
      out[j * size + i] = value;
    }
  }
  return out;
}

/** Of the multivariate t of unit variance. */
export function logDensityConstant(nu: number, size: number): number {
  return lgamma((nu + size) / 2) - lgamma(nu / 2) - 0.5 * size * Math.log(Math.PI * (nu - 2));
}
