/**
 * Normal draws by inversion, from a table of polynomials: the quantile function without a logarithm, a division or a branch that
 * half of the draws would guess wrong.
 *
 * q = min(u, 1 − u) lies in (0, 1/2]; its exponent and the first four bits of its fraction name one of 16 × 53 stretches, on which a
 * polynomial of degree 7 through Chebyshev nodes of Wichura's AS 241 (`distribution.ts`) stands for it. The nearest singularity, q = 0, is
 * 33 half-widths from the middle of a stretch, so the interpolation is off by less than 66^-8, about 3e-15 of the function's range there;
 * measured, 2e-15 (test/kernel/distribution.test.ts). The table is computed when first asked for, by this module's own arithmetic.
 */
import { normalQuantile } from './distribution';
import * as Polynomial from './polynomial';

const COEFFICIENTS: i32 = 8;
const STRETCHES_PER_OCTAVE: i32 = 16;
/** Uniforms are odd multiples of 2^-53. */
const SMALLEST_EXPONENT: i32 = -53;
const OCTAVES: i32 = 53;
/** Biased exponent and four bits of fraction of 2^-53. */
const FIRST_STRETCH: i32 = (1023 + SMALLEST_EXPONENT) * STRETCHES_PER_OCTAVE;
const BYTES_PER_STRETCH: i32 = COEFFICIENTS * 8;

const table = memory.data(OCTAVES * STRETCHES_PER_OCTAVE * BYTES_PER_STRETCH, 16);
const fitted = memory.data(COEFFICIENTS * 8, 16);
let ready = false;

/** Turns `count` uniforms of the streams at `place` into standard normals, in place. */
export function toNormals(place: usize, count: i32): void {
  if (!ready) makeTable();
  for (let pair = 0; pair < count >> 1; pair += 1) {
    v128.store(place, quantiles(v128.load(place)));
    place += 16;
  }
  if ((count & 1) == 1) store<f64>(place, f64x2.extract_lane(quantiles(v128.load64_splat(place)), 0));
}

/** One draw; u must be a uniform of the streams. */
export function normalOf(u: f64): f64 {
  if (!ready) makeTable();
  return f64x2.extract_lane(quantiles(f64x2.splat(u)), 0);
}

/** Two draws. Each one's polynomial runs as two halves side by side, in Estrin's order: short chains. */
// @ts-ignore: decorator
@inline
function quantiles(u: v128): v128 {
  const centred = f64x2.sub(u, f64x2.splat(0.5));
  const q = f64x2.sub(f64x2.splat(0.5), f64x2.abs(centred));
  const stretch = i64x2.shr_u(q, 48);
  const fraction = v128.or(v128.and(q, i64x2.splat(0x0000ffffffffffff)), i64x2.splat(0x3ff0000000000000));
  const x = f64x2.sub(f64x2.mul(fraction, f64x2.splat(32.0)), f64x2.splat(33.0));
  const x2 = f64x2.mul(x, x);
  const x4 = f64x2.mul(x2, x2);
  const first = halves(i64x2.extract_lane(stretch, 0), i64x2.shuffle(x, x, 0, 0), i64x2.shuffle(x2, x2, 0, 0));
  const second = halves(i64x2.extract_lane(stretch, 1), i64x2.shuffle(x, x, 1, 1), i64x2.shuffle(x2, x2, 1, 1));
  const low = i64x2.shuffle(first, second, 0, 2);
  const high = i64x2.shuffle(first, second, 1, 3);
  const size = f64x2.add(low, f64x2.mul(high, x4));
  const sign = i64x2.splat(0x8000000000000000);
  return v128.or(v128.andnot(size, sign), v128.and(centred, sign));
}

/** c0 + c1·x + c2·x² + c3·x³, and c4 + … beside it. */
// @ts-ignore: decorator
@inline
function halves(stretch: i64, x: v128, x2: v128): v128 {
  const c = table + <usize>((<i32>stretch - FIRST_STRETCH) * BYTES_PER_STRETCH);
  const front = f64x2.add(v128.load(c), f64x2.mul(v128.load(c, 16), x));
  const back = f64x2.add(v128.load(c, 32), f64x2.mul(v128.load(c, 48), x));
  return f64x2.add(front, f64x2.mul(back, x2));
}

function makeTable(): void {
  for (let stretch = 0; stretch < OCTAVES * STRETCHES_PER_OCTAVE; stretch += 1) {
    const unit = power(stretch / STRETCHES_PER_OCTAVE + SMALLEST_EXPONENT);
    const start = 1.0 + <f64>(stretch % STRETCHES_PER_OCTAVE) / 16.0;
    for (let i = 0; i < COEFFICIENTS; i += 1) {
      const q = (start + (Polynomial.nodeOf(i, COEFFICIENTS) + 1.0) / 32.0) * unit;
      Polynomial.setValue(i, Math.abs(normalQuantile(Math.min(q, 0.5))));
    }
    Polynomial.fit(COEFFICIENTS, fitted);
    const out = table + <usize>(stretch * BYTES_PER_STRETCH);
    for (let i = 0; i < COEFFICIENTS; i += 1) {
      // c0, c4, c1, c5, …: what is multiplied together lies together.
      const place = ((i & 3) << 1) + (i >> 2);
      store<f64>(out + (<usize>place << 3), load<f64>(fitted + (<usize>i << 3)));
    }
  }
  ready = true;
}

function power(exponent: i32): f64 {
  return reinterpret<f64>(<u64>(1023 + exponent) << 52);
}
