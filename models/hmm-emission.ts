/**
 * What a hidden state says of a row: Gaussian or Student-t, with a variance a dimension or a full covariance, and the step of EM that
 * fits it again. Equations: see `hmm.ts`.
 *
 * The t law as a scale mixture (Liu and Rubin 1995; Peel and McLachlan 2000): a row at Mahalanobis distance δ weighs (ν + d)/(ν + δ).
 * A row with a hole says what its other dimensions say under single variances, and nothing under a full covariance.
 */
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

/** Row by row, state by state: ln density, Mahalanobis distance; by row, dimensions seen. */
export type Densities = { readonly log: Float64Array; readonly distance: Float64Array; readonly seen: Uint16Array };

const MIN_NU = 2.1;
const MAX_NU = 200;
const NU_ROUNDS = 40;

export function isFull(p: Parameters, dimensions: number): boolean {
  return dimensions > 1 && p.variance.length === p.start.length * dimensions * dimensions;
}

export function densities({ values, dimensions }: Observations, p: Parameters): Densities {
  const rows = values.length / dimensions;
  const states = p.start.length;
  const out = { log: new Float64Array(rows * states), distance: new Float64Array(rows * states), seen: new Uint16Array(rows) };
  for (let t = 0; t < rows; t += 1) {
    let seen = 0;
    for (let d = 0; d < dimensions; d += 1) if (!Number.isNaN(values[t * dimensions + d]!)) seen += 1;
    out.seen[t] = seen;
  }
  for (let k = 0; k < states; k += 1) {
    if (isFull(p, dimensions)) fullState(values, dimensions, p, k, out);
    else singleState(values, dimensions, p, k, out);
  }
  return out;
}

/** Means, variances and ν that maximise the expectation under the weights `gamma`, row by row, state by state. */
export function maximize({ values, dimensions }: Observations, p: Parameters, gamma: Float64Array, known: Densities, floor: Float64Array) {
  const states = p.start.length;
  const rows = values.length / dimensions;
  const full = isFull(p, dimensions);
  const mean = p.mean.slice();
  const variance = p.variance.slice();
  const nu = p.nu?.slice();
  const deviation = new Float64Array(dimensions);
  for (let k = 0; k < states; k += 1) {
    const weight = new Float64Array(dimensions);
    const count = new Float64Array(dimensions);
    const sum = new Float64Array(dimensions);
    const squares = new Float64Array(full ? dimensions * dimensions : dimensions);
    const offsets = Float64Array.from({ length: dimensions + 1 }, (_, seen) => {
      const half = ((p.nu?.[k] ?? 1) + seen) / 2;
      return digamma(half) - Math.log(half);
    });
    let tail = 0;
    let total = 0;
    for (let t = 0; t < rows; t += 1) {
      const seen = known.seen[t]!;
      if (seen === 0 || (full && seen < dimensions)) continue;
      const g = gamma[t * states + k]!;
      let w = g;
      if (p.nu !== undefined) {
        const u = (p.nu[k]! + seen) / (p.nu[k]! + known.distance[t * states + k]!);
        w = g * u;
        tail += g * (Math.log(u) - u + offsets[seen]!);
        total += g;
      }
      for (let d = 0; d < dimensions; d += 1) {
        // Deviations from the present mean: squares of a far-off level would cancel.
        const e = values[t * dimensions + d]! - p.mean[k * dimensions + d]!;
        deviation[d] = e;
        if (Number.isNaN(e)) continue;
        weight[d] = weight[d]! + w;
        count[d] = count[d]! + g;
        sum[d] = sum[d]! + w * e;
        if (!full) squares[d] = squares[d]! + w * e * e;
      }
      if (!full) continue;
      for (let i = 0; i < dimensions; i += 1) {
        const we = w * deviation[i]!;
        for (let j = 0; j <= i; j += 1) squares[i * dimensions + j] = squares[i * dimensions + j]! + we * deviation[j]!;
      }
    }
    if (!weight.every((value) => value > 0)) continue;
    const shift = sum.map((value, d) => value / weight[d]!);
    for (let d = 0; d < dimensions; d += 1) {
      mean[k * dimensions + d] = p.mean[k * dimensions + d]! + shift[d]!;
      if (!full) variance[k * dimensions + d] = Math.max(floor[d]!, squares[d]! / count[d]! - (shift[d]! * sum[d]!) / count[d]!);
    }
    if (full) {
      const block = new Float64Array(dimensions * dimensions);
      for (let i = 0; i < dimensions; i += 1) {
        for (let j = 0; j <= i; j += 1) {
          const value = (squares[i * dimensions + j]! - shift[i]! * sum[j]!) / count[0]!;
          block[i * dimensions + j] = value;
          block[j * dimensions + i] = value;
        }
      }
      variance.set(floored(block, floor), k * dimensions * dimensions);
    }
    if (nu !== undefined && total > 0) nu[k] = degrees(tail / total);
  }
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

function singleState(values: Float64Array, dimensions: number, p: Parameters, k: number, out: Densities): void {
  const states = p.start.length;
  const nu = p.nu?.[k];
  const logs = Float64Array.from({ length: dimensions }, (_, d) => Math.log(p.variance[k * dimensions + d]!));
  const precision = Float64Array.from({ length: dimensions }, (_, d) => 1 / p.variance[k * dimensions + d]!);
  const constants = Float64Array.from({ length: dimensions + 1 }, (_, seen) => constant(nu, seen));
  for (let t = 0; t < out.seen.length; t += 1) {
    let log = constants[out.seen[t]!]!;
    let distance = 0;
    for (let d = 0; d < dimensions; d += 1) {
      const e = values[t * dimensions + d]! - p.mean[k * dimensions + d]!;
      if (Number.isNaN(e)) continue;
      log -= 0.5 * logs[d]!;
      distance += e * e * precision[d]!;
    }
    out.distance[t * states + k] = distance;
    out.log[t * states + k] = log + kernel(nu, out.seen[t]!, distance);
  }
}

function fullState(values: Float64Array, dimensions: number, p: Parameters, k: number, out: Densities): void {
  const states = p.start.length;
  const nu = p.nu?.[k];
  const factor = new Float64Array(dimensions * dimensions);
  const block = p.variance.subarray(k * dimensions * dimensions, (k + 1) * dimensions * dimensions);
  const positive = tryCholesky(block, dimensions, factor);
  let log = constant(nu, dimensions);
  for (let d = 0; d < dimensions; d += 1) log -= Math.log(factor[d * (dimensions + 1)]!);
  const inverse = Float64Array.from({ length: dimensions }, (_, d) => 1 / factor[d * (dimensions + 1)]!);
  const y = new Float64Array(dimensions);
  for (let t = 0; t < out.seen.length; t += 1) {
    if (out.seen[t]! < dimensions) continue;
    let distance = 0;
    for (let i = 0; i < dimensions; i += 1) {
      let e = values[t * dimensions + i]! - p.mean[k * dimensions + i]!;
      for (let j = 0; j < i; j += 1) e -= factor[i * dimensions + j]! * y[j]!;
      e *= inverse[i]!;
      y[i] = e;
      distance += e * e;
    }
    out.distance[t * states + k] = distance;
    out.log[t * states + k] = positive ? log + kernel(nu, dimensions, distance) : Number.NEGATIVE_INFINITY;
  }
}

function constant(nu: number | undefined, seen: number): number {
  if (nu === undefined) return -0.5 * seen * Math.log(2 * Math.PI);
  return lgamma((nu + seen) / 2) - lgamma(nu / 2) - 0.5 * seen * Math.log(nu * Math.PI);
}

function kernel(nu: number | undefined, seen: number, distance: number): number {
  return nu === undefined ? -0.5 * distance : -0.5 * (nu + seen) * Math.log1p(distance / nu);
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
