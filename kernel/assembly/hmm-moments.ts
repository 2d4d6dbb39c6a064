/**
 * Weighted moments of the rows around a state's present mean, two rows at a time: what the maximising step of EM needs. Deviations from
 * the present mean, because squares of a far-off level would cancel. Columns as in `hmm-density.ts`.
 */
import { byCount } from './hmm-density';
import { logarithms } from './logarithm';

/** Rows worked on at a time: their deviations stay in the processor's nearest memory. */
const BLOCK: usize = 64;
const BLOCK_BYTES: usize = BLOCK << 3;

/**
 * Weights of the rows at `weight`: γ where Gaussian, γ·u with u = (ν + seen)/(ν + δ) for t errors; 0 for rows that say nothing. At
 * `sums` the sum of γ, the sum of γ (ln u − u + offset by number seen), the sum of the weights. `least`: how many a row that counts has.
 */
export function weigh(gamma: usize, distance: usize, seen: usize, stride: i32, least: f64, nu: f64, offsets: usize, weight: usize, sums: usize): void {
  const column = <usize>stride << 3;
  const fewest = f64x2.splat(least);
  const degrees = f64x2.splat(nu);
  let total = f64x2.splat(0);
  let tail = f64x2.splat(0);
  let weights = f64x2.splat(0);
  for (let t: usize = 0; t < column; t += 16) {
    const count = v128.load(seen + t);
    const g = v128.and(v128.load(gamma + t), f64x2.ge(count, fewest));
    let w = g;
    total = f64x2.add(total, g);
    if (nu > 0) {
      const u = f64x2.div(f64x2.add(degrees, count), f64x2.add(degrees, v128.load(distance + t)));
      w = f64x2.mul(g, u);
      tail = f64x2.add(tail, f64x2.mul(g, f64x2.add(f64x2.sub(logarithms(u), u), byCount(offsets, count))));
    }
    v128.store(weight + t, w);
    weights = f64x2.add(weights, w);
  }
  store<f64>(sums, both(total));
  store<f64>(sums, both(tail), 8);
  store<f64>(sums, both(weights), 16);
}

/** By dimension at `out`: Σw, Σγ, Σwe, Σwe² over the rows that show it. */
export function diagonalMoments(columns: usize, stride: i32, dimensions: i32, mean: usize, gamma: usize, weight: usize, out: usize): void {
  const column = <usize>stride << 3;
  for (let d: usize = 0; d < <usize>dimensions; d += 1) {
    const centre = v128.load64_splat(mean + (d << 3));
    let weights = f64x2.splat(0);
    let count = f64x2.splat(0);
    let sum = f64x2.splat(0);
    let squares = f64x2.splat(0);
    for (let t: usize = 0; t < column; t += 16) {
      const x = v128.load(columns + d * column + t);
      const isSeen = f64x2.eq(x, x);
      const e = v128.and(f64x2.sub(x, centre), isSeen);
      const w = v128.load(weight + t);
      const we = f64x2.mul(w, e);
      weights = f64x2.add(weights, v128.and(w, isSeen));
      count = f64x2.add(count, v128.and(v128.load(gamma + t), isSeen));
      sum = f64x2.add(sum, we);
      squares = f64x2.add(squares, f64x2.mul(we, e));
    }
    const at = out + (d << 5);
    store<f64>(at, both(weights));
    store<f64>(at, both(count), 8);
    store<f64>(at, both(sum), 16);
    store<f64>(at, both(squares), 24);
  }
}

/**
 * At `out` Σwe by dimension, then the lower triangle of Σwe eᵀ, row by row of whole rows. `room`: `BLOCK_BYTES` · (dimensions + 4),
 * the last three so that products can be made four at a time.
 */
export function fullMoments(columns: usize, stride: i32, dimensions: i32, mean: usize, weight: usize, out: usize, room: usize): void {
  const column = <usize>stride << 3;
  const size = <usize>dimensions;
  const products = out + (size << 3);
  const weighted = room + (size + 3) * BLOCK_BYTES;
  memory.fill(out, 0, (size * (size + 1)) << 3);
  memory.fill(room, 0, (size + 4) * BLOCK_BYTES);
  for (let from: usize = 0; from < column; from += BLOCK_BYTES) {
    const length = min(BLOCK_BYTES, column - from);
    for (let d: usize = 0; d < size; d += 1) {
      const centre = v128.load64_splat(mean + (d << 3));
      for (let t: usize = 0; t < length; t += 16) {
        const e = f64x2.sub(v128.load(columns + d * column + from + t), centre);
        // A row with a hole weighs 0, and 0 · NaN is not 0.
        v128.store(room + d * BLOCK_BYTES + t, v128.and(e, f64x2.eq(e, e)));
      }
    }
    for (let i: usize = 0; i < size; i += 1) {
      let sum = f64x2.splat(0);
      for (let t: usize = 0; t < length; t += 16) {
        const we = f64x2.mul(v128.load(weight + from + t), v128.load(room + i * BLOCK_BYTES + t));
        v128.store(weighted + t, we);
        sum = f64x2.add(sum, we);
      }
      accumulate(out + (i << 3), sum);
      for (let j: usize = 0; j <= i; j += 4) fourProducts(weighted, room + j * BLOCK_BYTES, length, min(4, i + 1 - j), products + ((i * size + j) << 3));
    }
  }
}

/** Inner products of one block with four neighbours, of which `count` are wanted. */
// @ts-ignore: decorator
@inline
function fourProducts(one: usize, others: usize, length: usize, count: usize, out: usize): void {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  for (let t: usize = 0; t < length; t += 16) {
    const x = v128.load(one + t);
    a = f64x2.add(a, f64x2.mul(x, v128.load(others + t)));
    b = f64x2.add(b, f64x2.mul(x, v128.load(others + t, BLOCK_BYTES)));
    c = f64x2.add(c, f64x2.mul(x, v128.load(others + t, 2 * BLOCK_BYTES)));
    d = f64x2.add(d, f64x2.mul(x, v128.load(others + t, 3 * BLOCK_BYTES)));
  }
  accumulate(out, a);
  if (count > 1) accumulate(out + 8, b);
  if (count > 2) accumulate(out + 16, c);
  if (count > 3) accumulate(out + 24, d);
}

// @ts-ignore: decorator
@inline
function accumulate(at: usize, pair: v128): void {
  store<f64>(at, load<f64>(at) + both(pair));
}

// @ts-ignore: decorator
@inline
function both(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}
