/**
 * e^x on two lanes, for prices. x = k·ln 2 + r, |r| ≤ ln 2 / 2; e^r by its Taylor series to r^13 (rest below 5e-18), e^x = 2^k · e^r.
 * Within 1 unit in the last place (test/kernel/distribution.test.ts). Beyond ±700 x is held there, where e^x is still a normal number.
 *
 * Constants stand twice in memory: one load is cheaper than making both lanes anew.
 */
const constants = memory.data<f64>(
  [
    700.0, 700.0, -700.0, -700.0,
    // log2 e; 1.5·2^52, which leaves a rounded integer in the low bits of a sum; ln 2 in two parts, k times the first exact.
    1.4426950408889634, 1.4426950408889634, 6755399441055744.0, 6755399441055744.0,
    0.6931471803691238, 0.6931471803691238, 1.9082149292705877e-10, 1.9082149292705877e-10,
    // 1/i! for i = 1 … 13.
    1.0, 1.0, 0.5, 0.5, 0.16666666666666666, 0.16666666666666666, 0.041666666666666664, 0.041666666666666664,
    0.008333333333333333, 0.008333333333333333, 0.001388888888888889, 0.001388888888888889,
    0.0001984126984126984, 0.0001984126984126984, 2.48015873015873e-5, 2.48015873015873e-5,
    2.7557319223985893e-6, 2.7557319223985893e-6, 2.755731922398589e-7, 2.755731922398589e-7,
    2.505210838544172e-8, 2.505210838544172e-8, 2.08767569878681e-9, 2.08767569878681e-9,
    1.6059043836821613e-10, 1.6059043836821613e-10,
  ],
  16,
);
const LARGEST: usize = 0;
const SMALLEST: usize = 1;
const LOG2_E: usize = 2;
const ROUNDER: usize = 3;
const LN2_HIGH: usize = 4;
const LN2_LOW: usize = 5;
/** Place of 1/0!, had it been listed. */
const FACTORIAL: usize = 5;

// @ts-ignore: decorator
@inline
export function exponentials(x: v128): v128 {
  const held = f64x2.pmin(f64x2.pmax(x, constant(SMALLEST)), constant(LARGEST));
  const shifted = f64x2.add(f64x2.mul(held, constant(LOG2_E)), constant(ROUNDER));
  const k = f64x2.sub(shifted, constant(ROUNDER));
  const r = f64x2.sub(f64x2.sub(held, f64x2.mul(k, constant(LN2_HIGH))), f64x2.mul(k, constant(LN2_LOW)));
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  // Estrin's order: short chains. 1 + r comes last, where it loses least.
  const low = f64x2.add(pair(2, r), f64x2.mul(pair(4, r), r2));
  const middle = f64x2.add(pair(6, r), f64x2.mul(pair(8, r), r2));
  const high = f64x2.add(pair(10, r), f64x2.mul(pair(12, r), r2));
  const tail = f64x2.add(low, f64x2.mul(r4, f64x2.add(middle, f64x2.mul(r4, high))));
  const value = f64x2.add(constant(FACTORIAL + 1), f64x2.add(r, f64x2.mul(r2, tail)));
  return i64x2.add(value, i64x2.shl(shifted, 52));
}

/** One lane of it, for tests. */
export function exponentialOf(x: f64): f64 {
  return f64x2.extract_lane(exponentials(f64x2.splat(x)), 0);
}

/** 1/i! + r/(i + 1)!. */
// @ts-ignore: decorator
@inline
function pair(i: usize, r: v128): v128 {
  return f64x2.add(constant(FACTORIAL + i), f64x2.mul(constant(FACTORIAL + i + 1), r));
}

// @ts-ignore: decorator
@inline
function constant(place: usize): v128 {
  return v128.load(constants + (place << 4));
}
