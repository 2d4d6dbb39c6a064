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

/** (k + 1/2) / 2^52 with k of 52 bits: never 0, never 1. */
// @ts-ignore: decorator
@inline
function unit(high: u32, low: u32): f64 {
  return (<f64>(high >>> 6) * 67108864.0 + <f64>(low >>> 6) + 0.5) / 4503599627370496.0;
}
