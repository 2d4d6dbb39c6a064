/** What the module exports. No imports, no garbage collector: the caller owns memory from `heapBase` upwards. */
import * as Stream from './stream';

export { chiSquare, normalQuantile } from './distribution';
export { exponentialOf } from './exponential';
export { simulate } from './law';
export { standing } from './margin';
export { logarithmOf } from './logarithm';
export { millsOf } from './mills';
export { normalOf } from './normal';
export { priceOptions } from './option';
export { uniform } from './stream';
export { stress } from './stress';
export { traced, traceTo } from './trace';

export function heapBase(): usize {
  return __heap_base;
}

/** Four output words of Philox at `out`, for known answers. */
export function philoxTo(out: usize, c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): void {
  Stream.philox(c0, c1, c2, c3, k0, k1);
  store<u32>(out, Stream.word0);
  store<u32>(out, Stream.word1, 4);
  store<u32>(out, Stream.word2, 8);
  store<u32>(out, Stream.word3, 12);
}

/** Eight uniforms at `out`: the blocks of pairs pair … pair + 3. */
export function uniformsTo(out: usize, seedLow: u32, seedHigh: u32, purpose: u32, path: u32, step: u32, pair: u32): void {
  const pairs = i32x4.add(i32x4.splat(pair), i32x4(0, 1, 2, 3));
  Stream.fourBlocks(seedLow, seedHigh, purpose, path, i32x4.splat(step), pairs, out);
}

export function exp(x: f64): f64 {
  return NativeMath.exp(x);
}

export function log(x: f64): f64 {
  return NativeMath.log(x);
}
