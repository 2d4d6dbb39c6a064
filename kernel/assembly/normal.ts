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
let ready = false;

/** Turns `count` uniforms of the streams at `place` into standard normals, in place. */
export function toNormals(place: usize, count: i32): void {
  if (!ready) makeTable();
  for (let index = 0; index < count; index += 1) {
    store<f64>(place, quantile(load<f64>(place)));
    place += 8;
  }
}

/** One draw; u must be a uniform of the streams. */
export function normalOf(u: f64): f64 {
  if (!ready) makeTable();
  return quantile(u);
}

// @ts-ignore: decorator
@inline
function quantile(u: f64): f64 {
  const centred = u - 0.5;
  const q = 0.5 - Math.abs(centred);
  const bits = reinterpret<u64>(q);
  const stretch = <i32>(bits >> 48) - FIRST_STRETCH;
  const x = reinterpret<f64>((bits & 0x0000ffffffffffff) | 0x3ff0000000000000) * 32.0 - 33.0;
  const c = table + <usize>(stretch * BYTES_PER_STRETCH);
  const x2 = x * x;
  const x4 = x2 * x2;
  // Estrin's order: short chains.
  const low = load<f64>(c) + load<f64>(c, 8) * x + (load<f64>(c, 16) + load<f64>(c, 24) * x) * x2;
  const high = load<f64>(c, 32) + load<f64>(c, 40) * x + (load<f64>(c, 48) + load<f64>(c, 56) * x) * x2;
  return copysign<f64>(low + high * x4, centred);
}

function makeTable(): void {
  for (let stretch = 0; stretch < OCTAVES * STRETCHES_PER_OCTAVE; stretch += 1) {
    const unit = power(stretch / STRETCHES_PER_OCTAVE + SMALLEST_EXPONENT);
    const start = 1.0 + <f64>(stretch % STRETCHES_PER_OCTAVE) / 16.0;
    for (let i = 0; i < COEFFICIENTS; i += 1) {
      const q = (start + (Polynomial.nodeOf(i, COEFFICIENTS) + 1.0) / 32.0) * unit;
      Polynomial.setValue(i, Math.abs(normalQuantile(Math.min(q, 0.5))));
    }
    Polynomial.fit(COEFFICIENTS, table + <usize>(stretch * BYTES_PER_STRETCH));
  }
  ready = true;
}

function power(exponent: i32): f64 {
  return reinterpret<f64>(<u64>(1023 + exponent) << 52);
}
