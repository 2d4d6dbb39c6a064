/**
 * Counter-based random streams, bit for bit those of base/random.ts.
 *
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011). Counter words [path, step, lane >> 1, purpose], key = seed.
 * A block is 128 bits = two uniforms of 52 bits: even lane first, odd lane second.
 */

// Purposes of base/random.ts that are drawn inside the kernel.
export const ASSET_SHOCK: u32 = 0;
export const REGIME: u32 = 1;
export const MIXING: u32 = 2;
export const TILT: u32 = 3;

/** Output words of the last call of `philox`. */
export let word0: u32 = 0;
export let word1: u32 = 0;
export let word2: u32 = 0;
export let word3: u32 = 0;

/** Uniforms of the last call of `block`. */
export let even: f64 = 0;
export let odd: f64 = 0;

export function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  for (let round = 0; round < 10; round += 1) {
    const product0 = <u64>0xd2511f53 * <u64>c0;
    const product1 = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(product1 >> 32) ^ c1 ^ k0;
    c1 = <u32>product1;
    c2 = <u32>(product0 >> 32) ^ c3 ^ k1;
    c3 = <u32>product0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  word0 = c0;
  word1 = c1;
  word2 = c2;
  word3 = c3;
}

/** Both uniforms of the block that holds lanes 2·pair and 2·pair + 1. */
export function block(seedLow: u32, seedHigh: u32, purpose: u32, path: u32, step: u32, pair: u32): void {
  philox(path, step, pair, purpose, seedLow, seedHigh);
  even = unit(word0, word1);
  odd = unit(word2, word3);
}

export function uniform(seedLow: u32, seedHigh: u32, purpose: u32, path: u32, step: u32, lane: u32): f64 {
  block(seedLow, seedHigh, purpose, path, step, lane >> 1);
  return (lane & 1) == 0 ? even : odd;
}

/** Eight uniforms of four blocks at once, even then odd of each, to `out`: the bits of `block`. Lane j of `steps` and `pairs` is block j's. */
export function fourBlocks(seedLow: u32, seedHigh: u32, purpose: u32, path: u32, steps: v128, pairs: v128, out: usize): void {
  const m0 = i32x4.splat(0xd2511f53);
  const m1 = i32x4.splat(0xcd9e8d57);
  const w0 = i32x4.splat(0x9e3779b9);
  const w1 = i32x4.splat(0xbb67ae85);
  let k0 = i32x4.splat(seedLow);
  let k1 = i32x4.splat(seedHigh);
  let c0 = i32x4.splat(path);
  let c1 = steps;
  let c2 = pairs;
  let c3 = i32x4.splat(purpose);
  let d0 = c0;
  let d1 = c1;
  let d2 = c2;
  let d3 = c3;
  // Ten rounds written out, c to d and d to c: the loop would take a quarter of their time for itself.
  d0 = mixed(c2, m1, c1, k0);
  d1 = i32x4.mul(c2, m1);
  d2 = mixed(c0, m0, c3, k1);
  d3 = i32x4.mul(c0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  c0 = mixed(d2, m1, d1, k0);
  c1 = i32x4.mul(d2, m1);
  c2 = mixed(d0, m0, d3, k1);
  c3 = i32x4.mul(d0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  d0 = mixed(c2, m1, c1, k0);
  d1 = i32x4.mul(c2, m1);
  d2 = mixed(c0, m0, c3, k1);
  d3 = i32x4.mul(c0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  c0 = mixed(d2, m1, d1, k0);
  c1 = i32x4.mul(d2, m1);
  c2 = mixed(d0, m0, d3, k1);
  c3 = i32x4.mul(d0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  d0 = mixed(c2, m1, c1, k0);
  d1 = i32x4.mul(c2, m1);
  d2 = mixed(c0, m0, c3, k1);
  d3 = i32x4.mul(c0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  c0 = mixed(d2, m1, d1, k0);
  c1 = i32x4.mul(d2, m1);
  c2 = mixed(d0, m0, d3, k1);
  c3 = i32x4.mul(d0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  d0 = mixed(c2, m1, c1, k0);
  d1 = i32x4.mul(c2, m1);
  d2 = mixed(c0, m0, c3, k1);
  d3 = i32x4.mul(c0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  c0 = mixed(d2, m1, d1, k0);
  c1 = i32x4.mul(d2, m1);
  c2 = mixed(d0, m0, d3, k1);
  c3 = i32x4.mul(d0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  d0 = mixed(c2, m1, c1, k0);
  d1 = i32x4.mul(c2, m1);
  d2 = mixed(c0, m0, c3, k1);
  d3 = i32x4.mul(c0, m0);
  k0 = i32x4.add(k0, w0);
  k1 = i32x4.add(k1, w1);
  c0 = mixed(d2, m1, d1, k0);
  c1 = i32x4.mul(d2, m1);
  c2 = mixed(d0, m0, d3, k1);
  c3 = i32x4.mul(d0, m0);
  c0 = i32x4.shr_u(c0, 6);
  c1 = i32x4.shr_u(c1, 6);
  c2 = i32x4.shr_u(c2, 6);
  c3 = i32x4.shr_u(c3, 6);
  const evens0 = units(i64x2.extend_low_i32x4_u(c0), i64x2.extend_low_i32x4_u(c1));
  const odds0 = units(i64x2.extend_low_i32x4_u(c2), i64x2.extend_low_i32x4_u(c3));
  const evens1 = units(i64x2.extend_high_i32x4_u(c0), i64x2.extend_high_i32x4_u(c1));
  const odds1 = units(i64x2.extend_high_i32x4_u(c2), i64x2.extend_high_i32x4_u(c3));
  v128.store(out, i64x2.shuffle(evens0, odds0, 0, 2));
  v128.store(out, i64x2.shuffle(evens0, odds0, 1, 3), 16);
  v128.store(out, i64x2.shuffle(evens1, odds1, 0, 2), 32);
  v128.store(out, i64x2.shuffle(evens1, odds1, 1, 3), 48);
}

/** The high halves of the products, with the other word and the key in them. */
// @ts-ignore: decorator
@inline
function mixed(word: v128, multiplier: v128, other: v128, key: v128): v128 {
  const near = i64x2.extmul_low_i32x4_u(word, multiplier);
  const far = i64x2.extmul_high_i32x4_u(word, multiplier);
  return v128.xor(v128.xor(i32x4.shuffle(near, far, 1, 3, 5, 7), other), key);
}

/** `unit` on two lanes: k beside the exponent of 1 reads 1 + k/2^52, and every step from there is exact. */
// @ts-ignore: decorator
@inline
function units(high: v128, low: v128): v128 {
  const k = v128.or(i64x2.shl(high, 26), low);
  return f64x2.sub(v128.or(k, i64x2.splat(0x3ff0000000000000)), f64x2.splat(1.0 - 1.1102230246251565e-16));
}

/** (k + 1/2) / 2^52 with k of 52 bits: never 0, never 1. */
// @ts-ignore: decorator
@inline
function unit(high: u32, low: u32): f64 {
  return (<f64>(high >>> 6) * 67108864.0 + <f64>(low >>> 6) + 0.5) / 4503599627370496.0;
}
