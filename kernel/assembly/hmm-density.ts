/**
 * What each hidden state says of the rows, two rows at a time: ln density and Mahalanobis distance. Equations: models/hmm-emission.ts.
 *
 * Columns stand one after the other, `stride` rows each (a multiple of 8; the last may be padding), NaN where not observed, and after them by row
 * how many are. Under single variances a row says what was seen of it; under a full covariance a row with a hole says nothing.
 */
import { logarithms } from './logarithm';

/** Precisions and half the logarithms of the variances by dimension. `constants` by number seen; `nu` 0: Gaussian. */
export function diagonal(
  columns: usize,
  stride: i32,
  dimensions: i32,
  mean: usize,
  precision: usize,
  halfLog: usize,
  constants: usize,
  nu: f64,
  log: usize,
  distance: usize,
): void {
  const column = <usize>stride << 3;
  const seen = columns + <usize>dimensions * column;
  for (let t: usize = 0; t < column; t += 16) {
    let sum = f64x2.splat(0);
    let logs = byCount(constants, v128.load(seen + t));
    for (let d: usize = 0; d < <usize>dimensions; d += 1) {
      const x = v128.load(columns + d * column + t);
      const isSeen = f64x2.eq(x, x);
      const e = v128.and(f64x2.sub(x, v128.load64_splat(mean + (d << 3))), isSeen);
      sum = f64x2.add(sum, f64x2.mul(f64x2.mul(e, e), v128.load64_splat(precision + (d << 3))));
      logs = f64x2.sub(logs, v128.and(v128.load64_splat(halfLog + (d << 3)), isSeen));
    }
    v128.store(distance + t, sum);
    v128.store(log + t, f64x2.add(logs, kernel(nu, v128.load(seen + t), sum)));
  }
}

/** Rows worked on at a time under a full covariance, four pairs, and their bytes in a column. */
const ROWS: usize = 8;
const ROWS_BYTES: usize = ROWS << 3;

/**
 * `whitening`: the inverse of the lower Cholesky factor, row by row. `deviation`: room for `ROWS_BYTES` a dimension. `stride` is a
 * multiple of `ROWS`.
 */
export function full(
  columns: usize,
  stride: i32,
  dimensions: i32,
  mean: usize,
  whitening: usize,
  constant: f64,
  nu: f64,
  log: usize,
  distance: usize,
  deviation: usize,
): void {
  const column = <usize>stride << 3;
  const size = <usize>dimensions;
  const seen = columns + size * column;
  const all = f64x2.splat(<f64>dimensions);
  for (let from: usize = 0; from < column; from += ROWS_BYTES) {
    for (let d: usize = 0; d < size; d += 1) {
      const centre = v128.load64_splat(mean + (d << 3));
      const x = columns + d * column + from;
      const e = deviation + d * ROWS_BYTES;
      v128.store(e, f64x2.sub(v128.load(x), centre));
      v128.store(e, f64x2.sub(v128.load(x, 16), centre), 16);
      v128.store(e, f64x2.sub(v128.load(x, 32), centre), 32);
      v128.store(e, f64x2.sub(v128.load(x, 48), centre), 48);
    }
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let c = f64x2.splat(0);
    let d = f64x2.splat(0);
    let entry = whitening;
    for (let i: usize = 0; i < size; i += 1) {
      let ya = f64x2.splat(0);
      let yb = f64x2.splat(0);
      let yc = f64x2.splat(0);
      let yd = f64x2.splat(0);
      const end = deviation + i * ROWS_BYTES;
      for (let e = deviation; e <= end; e += ROWS_BYTES) {
        const factor = v128.load64_splat(entry);
        ya = f64x2.add(ya, f64x2.mul(factor, v128.load(e)));
        yb = f64x2.add(yb, f64x2.mul(factor, v128.load(e, 16)));
        yc = f64x2.add(yc, f64x2.mul(factor, v128.load(e, 32)));
        yd = f64x2.add(yd, f64x2.mul(factor, v128.load(e, 48)));
        entry += 8;
      }
      entry += (size - 1 - i) << 3;
      a = f64x2.add(a, f64x2.mul(ya, ya));
      b = f64x2.add(b, f64x2.mul(yb, yb));
      c = f64x2.add(c, f64x2.mul(yc, yc));
      d = f64x2.add(d, f64x2.mul(yd, yd));
    }
    v128.store(distance + from, a);
    v128.store(distance + from, b, 16);
    v128.store(distance + from, c, 32);
    v128.store(distance + from, d, 48);
  }
  const base = f64x2.splat(constant);
  for (let t: usize = 0; t < column; t += 16) {
    const isWhole = f64x2.eq(v128.load(seen + t), all);
    const far = v128.and(v128.load(distance + t), isWhole);
    v128.store(distance + t, far);
    v128.store(log + t, v128.and(f64x2.add(base, kernel(nu, all, far)), isWhole));
  }
}

/** The part of ln density that depends on the distance: −δ/2, or −(ν + d)/2 · ln(1 + δ/ν). */
// @ts-ignore: decorator
@inline
function kernel(nu: f64, seen: v128, distance: v128): v128 {
  if (nu == 0) return f64x2.mul(f64x2.splat(-0.5), distance);
  const power = f64x2.mul(f64x2.splat(-0.5), f64x2.add(f64x2.splat(nu), seen));
  return f64x2.mul(power, logarithms(f64x2.add(f64x2.splat(1.0), f64x2.div(distance, f64x2.splat(nu)))));
}

/** Entries of a table at two counts. */
// @ts-ignore: decorator
@inline
export function byCount(table: usize, seen: v128): v128 {
  const low = load<f64>(table + (<usize>f64x2.extract_lane(seen, 0) << 3));
  const high = load<f64>(table + (<usize>f64x2.extract_lane(seen, 1) << 3));
  return f64x2.replace_lane(f64x2.splat(low), 1, high);
}
