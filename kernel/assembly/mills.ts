/**
 * Mills' ratio M(x) = (1 − N(x))/φ(x), x ≥ 0, from a table of polynomials. With the density at hand, N(x) = 1 − φ(x)·M(x) and
 * N(−x) = φ(x)·M(x): a distribution function without cancellation in the tail, for one multiplication more.
 *
 * 1 + x names one of 16 stretches an octave by its exponent and four bits of its fraction; a polynomial of degree 9 through Chebyshev
 * nodes stands for M there. M has no singularity in the plane; measured, 4e-16 of its value (test/kernel/distribution.test.ts). Nodes come from the
 * series of N below 1 and from Laplace's continued fraction above, when first asked for.
 */
import * as Polynomial from './polynomial';

const COEFFICIENTS: i32 = 10;
const STRETCHES_PER_OCTAVE: i32 = 16;
/** 1 + x < 64. */
const OCTAVES: i32 = 6;
const LARGEST: f64 = 62.0;
const FIRST_STRETCH: i32 = 1023 * STRETCHES_PER_OCTAVE;
const BYTES_PER_STRETCH: i32 = COEFFICIENTS * 8;
const SERIES_BELOW: f64 = 1.0;
const SERIES_TERMS: i32 = 60;
const FRACTION_TERMS: i32 = 400;
const ROOT_HALF_PI: f64 = 1.2533141373155003;

const table = memory.data(OCTAVES * STRETCHES_PER_OCTAVE * BYTES_PER_STRETCH, 16);
let ready = false;

/** Before the first call of `mills`. */
export function prepareMills(): void {
  if (ready) return;
  for (let stretch = 0; stretch < OCTAVES * STRETCHES_PER_OCTAVE; stretch += 1) {
    const unit = <f64>(1 << (stretch / STRETCHES_PER_OCTAVE));
    const start = 1.0 + <f64>(stretch % STRETCHES_PER_OCTAVE) / 16.0;
    for (let i = 0; i < COEFFICIENTS; i += 1) {
      const y = Polynomial.nodeOf(i, COEFFICIENTS);
      Polynomial.setValue(i, ratio((start + (y + 1.0) / 32.0) * unit - 1.0));
    }
    Polynomial.fit(COEFFICIENTS, table + <usize>(stretch * BYTES_PER_STRETCH));
  }
  ready = true;
}

/** x ≥ 0; beyond 62, where φ is 0 anyway, as at 62. */
// @ts-ignore: decorator
@inline
export function mills(x: f64): f64 {
  const bits = reinterpret<u64>(1.0 + (x < LARGEST ? x : LARGEST));
  const c = table + <usize>((<i32>(bits >> 48) - FIRST_STRETCH) * BYTES_PER_STRETCH);
  const y = reinterpret<f64>((bits & 0x0000ffffffffffff) | 0x3ff0000000000000) * 32.0 - 33.0;
  const y2 = y * y;
  const y4 = y2 * y2;
  const low = load<f64>(c) + load<f64>(c, 8) * y + (load<f64>(c, 16) + load<f64>(c, 24) * y) * y2;
  const high = load<f64>(c, 32) + load<f64>(c, 40) * y + (load<f64>(c, 48) + load<f64>(c, 56) * y) * y2;
  return low + (high + (load<f64>(c, 64) + load<f64>(c, 72) * y) * y4) * y4;
}

export function millsOf(x: f64): f64 {
  prepareMills();
  return mills(x);
}

/** By series or fraction, exact to a few roundings: what the table interpolates. */
function ratio(x: f64): f64 {
  if (x < SERIES_BELOW) {
    // √(π/2)·e^{x²/2} − Σ x^{2k+1}/(2k+1)!!
    let term = x;
    let sum = x;
    for (let k = 1; k < SERIES_TERMS; k += 1) {
      term *= (x * x) / <f64>(2 * k + 1);
      sum += term;
    }
    return ROOT_HALF_PI * NativeMath.exp(0.5 * x * x) - sum;
  }
  let rest = x;
  for (let k = FRACTION_TERMS; k > 0; k -= 1) rest = x + <f64>k / rest;
  return 1.0 / rest;
}
