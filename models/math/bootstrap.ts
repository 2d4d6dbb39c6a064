/**
 * Stationary bootstrap of a dependent series: blocks of random length, their starts uniform, wrapped around the end.
 *
 * Politis and Romano (1994). Lengths are geometric with mean `block`, so that the resampled series is stationary where the series is.
 */
import { PURPOSE, uniform } from '../../base/random.ts';

/** Indices into a series of `length`; draw `path` of the seed. */
export function resample(length: number, block: number, seed: number, path: number): Int32Array {
  const out = new Int32Array(length);
  const breaks = 1 / block;
  for (let t = 0; t < length; t += 1) {
    const isBreak = t === 0 || uniform(seed, PURPOSE.bootstrap, path, t, 0) < breaks;
    out[t] = isBreak ? Math.floor(uniform(seed, PURPOSE.bootstrap, path, t, 1) * length) : (out[t - 1]! + 1) % length;
  }
  return out;
}
