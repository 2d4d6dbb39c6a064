/**
 * Dynamic conditional correlation of rows without holes: likelihood and score, two bars at a time. Equations: models/dcc.ts.
 *
 * Q needs no inverse to move on, so it and its derivatives in a and b run ahead, and two bars share the inversion, one a lane:
 * the sweep of a symmetric matrix (Beaton 1964), whose pivots are the determinant. With ω = 1 for normal errors, (ν + n)/(ν − 2 + s) for t:
 *
 *   v = Q⁻¹w, w_i = z_i √q_ii, s = v·w;  2 dl = −⟨Q⁻¹ − ω v vᵀ, dQ⟩ + Σ dq_ii (1/q_ii − ω v_i z_i/√q_ii)
 *
 * Triangles stand row by row, entry (i, j) at i(i + 1)/2 + j.
 */
import { logarithms } from './logarithm';

/** Doubles at `p`. */
const A: usize = 0;
const B: usize = 8;
/** 0: normal errors. */
const NU: usize = 16;
/** Of the density, and its derivative in ν. */
const CONSTANT: usize = 24;
const CONSTANT_BY_NU: usize = 32;

/** Pivots below this share of the diagonal count as zero, as in models/math/linear.ts. */
const PIVOT_FLOOR: f64 = 1e-12;

/** Where things stand in the room: triangles of pairs by bar, triangles of the coming bar, rows. */
let pairQ: usize = 0;
let pairA: usize = 0;
let pairB: usize = 0;
let nowQ: usize = 0;
let nowA: usize = 0;
let nowB: usize = 0;
let column: usize = 0;
let scaled: usize = 0;
let solved: usize = 0;
let root: usize = 0;
let byA: usize = 0;
let byB: usize = 0;

/**
 * `z`: columns of `stride` bars each (even, zeros beyond `rows`). `base`: three triangles, (1 − a − b) S and its derivatives in a and b;
 * `start`: the same of the first Q. At `out` the score in a, b, ν and the Q after the last bar; `byBar`, unless 0, takes likelihood and score a bar: four columns of `stride`.
 * `room`: 9 triangles and 10 rows of doubles. The log-likelihood, −∞ where some Q is not positive definite.
 */
export function score(
  z: usize,
  stride: i32,
  rows: i32,
  size: i32,
  p: usize,
  corrected: i32,
  base: usize,
  start: usize,
  room: usize,
  out: usize,
  byBar: usize,
): f64 {
  const n = <usize>size;
  const triangle = (n * (n + 1)) << 2;
  pairQ = room;
  pairA = pairQ + 2 * triangle;
  pairB = pairA + 2 * triangle;
  nowQ = pairB + 2 * triangle;
  nowA = nowQ + triangle;
  nowB = nowA + triangle;
  column = nowB + triangle;
  scaled = column + (n << 4);
  solved = scaled + (n << 4);
  root = solved + (n << 4);
  byA = root + (n << 4);
  byB = byA + (n << 3);
  memory.copy(nowQ, start, 3 * triangle);
  memory.fill(byA, 0, n << 4);

  const one = f64x2.splat(1.0);
  const nu = load<f64>(p, NU);
  const constant = f64x2.splat(load<f64>(p, CONSTANT));
  const constantByNu = f64x2.splat(load<f64>(p, CONSTANT_BY_NU));
  const below = f64x2.splat(nu > 0 ? 1.0 / (nu - 2.0) : 0);
  const degrees = f64x2.splat(nu + <f64>size);
  let total = f64x2.splat(0);
  let totalA = f64x2.splat(0);
  let totalB = f64x2.splat(0);
  let totalNu = f64x2.splat(0);
  for (let t: usize = 0; t < <usize>rows; t += 2) {
    const at = z + (t << 3);
    // 1. Both bars' Q and derivatives.
    step(at, stride, n, p, corrected, base, triangle, 0);
    if (t + 1 == <usize>rows) memory.copy(out + 24, nowQ, triangle);
    step(at + 8, stride, n, p, corrected, base, triangle, 8);
    // 2. w and Π q_ii, then −Q⁻¹ in the place of Q.
    let diagonals = one;
    let squares = f64x2.splat(0);
    for (let i: usize = 0; i < n; i += 1) {
      const q = v128.load(pairQ + entry(i, i));
      const deviation = f64x2.sqrt(q);
      const value = v128.load(at + i * (<usize>stride << 3));
      v128.store(root + (i << 4), deviation);
      v128.store(scaled + (i << 4), f64x2.mul(deviation, value));
      diagonals = f64x2.mul(diagonals, q);
      squares = f64x2.add(squares, f64x2.mul(value, value));
    }
    const determinant = f64x2.div(swept(n), diagonals);
    if (!(f64x2.extract_lane(determinant, 0) > 0 && f64x2.extract_lane(determinant, 1) > 0)) return -Infinity;
    // 3. v and s.
    let s = f64x2.splat(0);
    for (let i: usize = 0; i < n; i += 1) {
      let sum = f64x2.splat(0);
      for (let j: usize = 0; j < i; j += 1) sum = f64x2.sub(sum, f64x2.mul(v128.load(pairQ + entry(i, j)), v128.load(scaled + (j << 4))));
      for (let j = i; j < n; j += 1) sum = f64x2.sub(sum, f64x2.mul(v128.load(pairQ + entry(j, i)), v128.load(scaled + (j << 4))));
      v128.store(solved + (i << 4), sum);
      s = f64x2.add(s, f64x2.mul(sum, v128.load(scaled + (i << 4))));
    }
    // 4. Likelihood.
    let l = f64x2.mul(f64x2.splat(-0.5), logarithms(determinant));
    let omega = one;
    let byNu = f64x2.splat(0);
    if (nu > 0) {
      const ratio = f64x2.mul(s, below);
      const tail = logarithms(f64x2.add(one, ratio));
      omega = f64x2.div(f64x2.mul(degrees, below), f64x2.add(one, ratio));
      l = f64x2.add(f64x2.add(constant, l), f64x2.mul(f64x2.mul(f64x2.splat(-0.5), degrees), tail));
      byNu = f64x2.add(constantByNu, f64x2.mul(f64x2.splat(0.5), f64x2.sub(f64x2.mul(omega, ratio), tail)));
    } else {
      l = f64x2.add(l, f64x2.mul(f64x2.splat(0.5), f64x2.sub(squares, s)));
    }
    // 5. Score: the triangle twice where it is not the diagonal.
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let place: usize = 0;
    for (let i: usize = 0; i < n; i += 1) {
      const v = f64x2.mul(omega, v128.load(solved + (i << 4)));
      for (let j: usize = 0; j < i; j += 1) {
        const m = f64x2.add(v128.load(pairQ + place), f64x2.mul(v, v128.load(solved + (j << 4))));
        a = f64x2.add(a, f64x2.mul(m, v128.load(pairA + place)));
        b = f64x2.add(b, f64x2.mul(m, v128.load(pairB + place)));
        place += 16;
      }
      const deviation = v128.load(root + (i << 4));
      const value = v128.load(at + i * (<usize>stride << 3));
      const vv = f64x2.mul(v, v128.load(solved + (i << 4)));
      const own = f64x2.div(f64x2.sub(f64x2.div(one, deviation), f64x2.mul(v, value)), deviation);
      const m = f64x2.mul(f64x2.splat(0.5), f64x2.add(f64x2.add(v128.load(pairQ + place), vv), own));
      a = f64x2.add(a, f64x2.mul(m, v128.load(pairA + place)));
      b = f64x2.add(b, f64x2.mul(m, v128.load(pairB + place)));
      place += 16;
    }
    if (t + 1 == <usize>rows) {
      // The second lane is padding.
      const kept = i64x2(-1, 0);
      l = v128.and(l, kept);
      a = v128.and(a, kept);
      b = v128.and(b, kept);
      byNu = v128.and(byNu, kept);
    }
    total = f64x2.add(total, l);
    totalA = f64x2.add(totalA, a);
    totalB = f64x2.add(totalB, b);
    totalNu = f64x2.add(totalNu, byNu);
    if (byBar) {
      const bar = byBar + (t << 3);
      v128.store(bar, l);
      v128.store(bar + (<usize>stride << 3), a);
      v128.store(bar + (<usize>stride << 4), b);
      v128.store(bar + 3 * (<usize>stride << 3), byNu);
    }
  }
  store<f64>(out, both(totalA));
  store<f64>(out, both(totalB), 8);
  store<f64>(out, both(totalNu), 16);
  if ((rows & 1) == 0) memory.copy(out + 24, nowQ, triangle);
  return both(total);
}

/** Writes one bar's Q and derivatives to a lane, then moves them on by its z. */
// @ts-ignore: decorator
@inline
function step(z: usize, stride: i32, n: usize, p: usize, corrected: i32, base: usize, triangle: usize, lane: usize): void {
  const a = load<f64>(p, A);
  const b = load<f64>(p, B);
  const x = column;
  for (let i: usize = 0; i < n; i += 1) {
    let value = load<f64>(z + i * (<usize>stride << 3));
    if (corrected) {
      // z is stretched by √q, whose derivative is that of ½ ln q.
      const place = entry(i, i) >> 1;
      const q = load<f64>(nowQ + place);
      value *= Math.sqrt(q);
      store<f64>(byA + (i << 3), (0.5 * load<f64>(nowA + place)) / q);
      store<f64>(byB + (i << 3), (0.5 * load<f64>(nowB + place)) / q);
    }
    store<f64>(x + (i << 3), value);
  }
  let place: usize = 0;
  for (let i: usize = 0; i < n; i += 1) {
    const xi = load<f64>(x + (i << 3));
    for (let j: usize = 0; j <= i; j += 1) {
      const q = load<f64>(nowQ + place);
      const qa = load<f64>(nowA + place);
      const qb = load<f64>(nowB + place);
      const pair = (place << 1) + lane;
      store<f64>(pairQ + pair, q);
      store<f64>(pairA + pair, qa);
      store<f64>(pairB + pair, qb);
      const xx = xi * load<f64>(x + (j << 3));
      let nextA = load<f64>(base + triangle + place) + xx + b * qa;
      let nextB = load<f64>(base + 2 * triangle + place) + q + b * qb;
      if (corrected) {
        nextA += a * xx * (load<f64>(byA + (i << 3)) + load<f64>(byA + (j << 3)));
        nextB += a * xx * (load<f64>(byB + (i << 3)) + load<f64>(byB + (j << 3)));
      }
      store<f64>(nowQ + place, load<f64>(base + place) + a * xx + b * q);
      store<f64>(nowA + place, nextA);
      store<f64>(nowB + place, nextB);
      place += 8;
    }
  }
}

/** −Q⁻¹ in the place of Q; its determinant, 0 where a pivot is not clearly positive. */
// @ts-ignore: decorator
@inline
function swept(n: usize): v128 {
  let determinant = f64x2.splat(1.0);
  for (let k: usize = 0; k < n; k += 1) {
    const pivot = v128.load(pairQ + entry(k, k));
    const deviation = v128.load(root + (k << 4));
    const clear = f64x2.gt(pivot, f64x2.mul(f64x2.splat(PIVOT_FLOOR), f64x2.mul(deviation, deviation)));
    determinant = v128.and(f64x2.mul(determinant, pivot), clear);
    const inverse = f64x2.div(f64x2.splat(1.0), pivot);
    for (let i: usize = 0; i < k; i += 1) v128.store(column + (i << 4), v128.load(pairQ + entry(k, i)));
    for (let i = k; i < n; i += 1) v128.store(column + (i << 4), v128.load(pairQ + entry(i, k)));
    let place = pairQ;
    for (let i: usize = 0; i < n; i += 1) {
      const factor = f64x2.mul(v128.load(column + (i << 4)), inverse);
      const end = place + (i << 4);
      let other = column;
      for (; place <= end; place += 16) {
        v128.store(place, f64x2.sub(v128.load(place), f64x2.mul(factor, v128.load(other))));
        other += 16;
      }
    }
    for (let i: usize = 0; i < k; i += 1) v128.store(pairQ + entry(k, i), f64x2.mul(v128.load(column + (i << 4)), inverse));
    for (let i = k + 1; i < n; i += 1) v128.store(pairQ + entry(i, k), f64x2.mul(v128.load(column + (i << 4)), inverse));
    v128.store(pairQ + entry(k, k), f64x2.neg(inverse));
  }
  return determinant;
}

/** Bytes to entry (i, j), j ≤ i, of a triangle of pairs. */
// @ts-ignore: decorator
@inline
function entry(i: usize, j: usize): usize {
  return ((i * (i + 1)) << 3) + (j << 4);
}

// @ts-ignore: decorator
@inline
function both(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}
