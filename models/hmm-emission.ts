/**
 * What a hidden state says of a row: Gaussian or Student-t, with a variance a dimension or a full covariance, and the step of EM that
 * fits it again. Equations: see `hmm.ts`. The sums over rows are the kernel's.
 *
 * The t law as a scale mixture (Liu and Rubin 1995; Peel and McLachlan 2000): a row at Mahalanobis distance δ weighs (ν + d)/(ν + δ).
 * A row with a hole says what its other dimensions say under single variances, and nothing under a full covariance.
 */
import * as Kernel from '../kernel/hmm.ts';
import { symmetricEigen, tryCholesky } from './math/linear.ts';
import { digamma, lgamma } from './math/special.ts';

export type Parameters = {
  readonly start: Float64Array;
  /** Flat, from row to column. */
  readonly transition: Float64Array;
  /** Flat, state by state. */
  readonly mean: Float64Array;
  /** Flat, state by state: a variance a dimension, or a full covariance. With t errors the scale, of which ν/(ν − 2) is the variance. */
  readonly variance: Float64Array;
  /** Degrees of freedom by state; none: Gaussian. */
  readonly nu?: Float64Array;
};

/**
 * `rows` of `dimensions` numbers, flat. `power`, 1 if not given, is the share of an independent row that each row is worth: emission
 * densities are raised to it.
 */
export type Observations = { readonly values: Float64Array; readonly dimensions: number; readonly power?: number };

const MIN_NU = 2.1;
const MAX_NU = 200;
const NU_ROUNDS = 40;

export function isFull(p: Parameters, dimensions: number): boolean {
  return dimensions > 1 && p.variance.length === p.start.length * dimensions * dimensions;
}

/** As the kernel takes them. A covariance that is not positive definite gives its state no density. */
export function placed(p: Parameters, dimensions: number, power: number): Kernel.Input {
  const states = p.start.length;
  const full = isFull(p, dimensions);
  const block = full ? dimensions * dimensions : dimensions;
  const counts = dimensions + 1;
  const precision = new Float64Array(states * block);
  const constants = new Float64Array(states * counts);
  const offsets = new Float64Array(states * counts);
  for (let k = 0; k < states; k += 1) {
    const nu = p.nu?.[k];
    for (let seen = 0; seen < counts; seen += 1) {
      const half = ((nu ?? 1) + seen) / 2;
      offsets[k * counts + seen] = digamma(half) - Math.log(half);
      constants[k * counts + seen] = constant(nu, seen);
    }
    if (full) {
      const own = precision.subarray(k * block, (k + 1) * block);
      constants[k * counts + dimensions] =
        constants[k * counts + dimensions]! - whiten(p.variance.subarray(k * block, (k + 1) * block), dimensions, own);
    } else {
      for (let place = k * block; place < (k + 1) * block; place += 1) precision[place] = 1 / p.variance[place]!;
    }
  }
  return {
    start: p.start,
    transition: p.transition,
    mean: p.mean,
    power,
    precision,
    isFull: full,
    halfLog: full ? new Float64Array(0) : p.variance.map((value) => 0.5 * Math.log(value)),
    constants,
    nu: p.nu ?? new Float64Array(states),
    offsets,
  };
}

/** Means, variances and ν that maximise the expectation, from the kernel's moments by state. A state that nothing visits stays. */
export function maximize(p: Parameters, moments: readonly Float64Array[], floor: Float64Array) {
  const dimensions = floor.length;
  const full = isFull(p, dimensions);
  const mean = p.mean.slice();
  const variance = p.variance.slice();
  const nu = p.nu?.slice();
  moments.forEach((found, k) => {
    const [total, tail, weight] = [found[0]!, found[1]!, found[2]!];
    const at = k * dimensions;
    if (full) {
      if (!(weight > 0)) return;
      const sum = found.subarray(Kernel.SUMS, Kernel.SUMS + dimensions);
      const squares = found.subarray(Kernel.SUMS + dimensions);
      const block = new Float64Array(dimensions * dimensions);
      for (let i = 0; i < dimensions; i += 1) {
        mean[at + i] = mean[at + i]! + sum[i]! / weight;
        for (let j = 0; j <= i; j += 1) {
          const value = (squares[i * dimensions + j]! - (sum[i]! / weight) * sum[j]!) / total;
          block[i * dimensions + j] = value;
          block[j * dimensions + i] = value;
        }
      }
      variance.set(floored(block, floor), k * dimensions * dimensions);
    } else {
      const by = (d: number, which: number) => found[Kernel.SUMS + 4 * d + which]!;
      if (!floor.every((_, d) => by(d, 0) > 0)) return;
      for (let d = 0; d < dimensions; d += 1) {
        const shift = by(d, 2) / by(d, 0);
        mean[at + d] = mean[at + d]! + shift;
        variance[at + d] = Math.max(floor[d]!, (by(d, 3) - shift * by(d, 2)) / by(d, 1));
      }
    }
    if (nu !== undefined && total > 0) nu[k] = degrees(tail / total);
  });
  return { mean, variance, ...(nu === undefined ? {} : { nu }) };
}

/** Eigenvalues, each dimension in units of √floor, held at 1 or more. */
export function floored(covariance: Float64Array, floor: Float64Array): Float64Array {
  const size = floor.length;
  const scaled = covariance.map((value, place) => value / Math.sqrt(floor[place % size]! * floor[Math.floor(place / size)]!));
  const above = scaled.map((value, place) => (place % (size + 1) === 0 ? value - 1 : value));
  if (tryCholesky(above, size, new Float64Array(size * size))) return covariance;
  const { values, vectors } = symmetricEigen(scaled, size);
  return scaled.map((_, place) => {
    const [i, j] = [Math.floor(place / size), place % size];
    let sum = 0;
    for (let k = 0; k < size; k += 1) sum += Math.max(1, values[k]!) * vectors[i * size + k]! * vectors[j * size + k]!;
    return sum * Math.sqrt(floor[i]! * floor[j]!);
  });
}

/** Writes the inverse of the lower Cholesky factor; half the logarithm of the determinant, ∞ where there is no factor. */
function whiten(covariance: Float64Array, size: number, out: Float64Array): number {
  const factor = new Float64Array(size * size);
  if (!tryCholesky(covariance, size, factor)) return Number.POSITIVE_INFINITY;
  let half = 0;
  for (let i = 0; i < size; i += 1) {
    const pivot = factor[i * (size + 1)]!;
    half += Math.log(pivot);
    out[i * (size + 1)] = 1 / pivot;
    for (let j = 0; j < i; j += 1) {
      let sum = 0;
      for (let k = j; k < i; k += 1) sum += factor[i * size + k]! * out[k * size + j]!;
      out[i * size + j] = -sum / pivot;
    }
  }
  return half;
}

function constant(nu: number | undefined, seen: number): number {
  if (nu === undefined) return -0.5 * seen * Math.log(2 * Math.PI);
  return lgamma((nu + seen) / 2) - lgamma(nu / 2) - 0.5 * seen * Math.log(nu * Math.PI);
}

/** The root of ln(ν/2) − ψ(ν/2) + 1 + tail in ν: falling, so bisected. */
function degrees(tail: number): number {
  let [low, high] = [Math.log(MIN_NU), Math.log(MAX_NU)];
  for (let round = 0; round < NU_ROUNDS; round += 1) {
    const half = Math.exp((low + high) / 2) / 2;
    if (Math.log(half) - digamma(half) + 1 + tail > 0) low = (low + high) / 2;
    else high = (low + high) / 2;
  }
  return Math.exp((low + high) / 2);
}
