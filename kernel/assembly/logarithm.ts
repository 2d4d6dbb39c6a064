/**
 * ln x on two lanes, x a positive normal number: x = 2^k·m, m in [√½, √2), s = (m − 1)/(m + 1), ln m = 2s + s·R(s²) with the minimax R of
 * FreeBSD's e_log.c. Within 1 unit in the last place (test/kernel/distribution.test.ts).
 */
const constants = memory.data<f64>(
  [
    0.6931471803691238, 0.6931471803691238, 1.9082149292705877e-10, 1.9082149292705877e-10,
    // 2^52 + 1023: turns a biased exponent under the bits of 2^52 into k.
    4503599627371519.0, 4503599627371519.0, 1.0, 1.0, 2.0, 2.0, 0.5, 0.5,
    // Lg1 … Lg7.
    0.6666666666666735, 0.6666666666666735, 0.3999999999940942, 0.3999999999940942, 0.2857142874366239, 0.2857142874366239,
    0.22222198432149784, 0.22222198432149784, 0.1818357216161805, 0.1818357216161805, 0.15313837699209373, 0.15313837699209373,
    0.14798198605116586, 0.14798198605116586,
  ],
  16,
);
/** 1.0 less √½, as bits: puts the fraction's border at √½. */
const BORDER: u64 = 0x3ff0000000000000 - 0x3fe6a09e667f3bcd;

// @ts-ignore: decorator
@inline
export function logarithms(x: v128): v128 {
  const moved = i64x2.add(x, i64x2.splat(BORDER));
  const biased = i64x2.shr_u(moved, 52);
  const k = f64x2.sub(v128.or(biased, i64x2.splat(0x4330000000000000)), constant(2));
  const m = i64x2.add(v128.and(moved, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3fe6a09e667f3bcd));
  const f = f64x2.sub(m, constant(3));
  const s = f64x2.div(f, f64x2.add(f, constant(4)));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  const even = f64x2.mul(w, f64x2.add(constant(7), f64x2.mul(w, f64x2.add(constant(9), f64x2.mul(w, constant(11))))));
  const odd = f64x2.add(
    constant(6),
    f64x2.mul(w, f64x2.add(constant(8), f64x2.mul(w, f64x2.add(constant(10), f64x2.mul(w, constant(12)))))),
  );
  const rest = f64x2.add(even, f64x2.mul(z, odd));
  const half = f64x2.mul(constant(5), f64x2.mul(f, f));
  const small = f64x2.add(f64x2.mul(s, f64x2.add(half, rest)), f64x2.mul(k, constant(1)));
  return f64x2.add(f64x2.mul(k, constant(0)), f64x2.sub(f, f64x2.sub(half, small)));
}

/** One lane of it, for tests. */
export function logarithmOf(x: f64): f64 {
  return f64x2.extract_lane(logarithms(f64x2.splat(x)), 0);
}

// @ts-ignore: decorator
@inline
function constant(place: usize): v128 {
  return v128.load(constants + (place << 4));
}
