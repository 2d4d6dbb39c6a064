/** What the module exports. No imports, no garbage collector: the caller owns memory from `heapBase` upwards. */
import * as Stream from './stream';

export { chiSquare, normalQuantile } from './distribution';
export { simulate } from './law';
export { uniform } from './stream';
export { stress } from './stress';

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

export function exp(x: f64): f64 {
  return NativeMath.exp(x);
}

export function log(x: f64): f64 {
  return NativeMath.log(x);
}
