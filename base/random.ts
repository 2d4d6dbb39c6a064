/**
 * Counter-based random streams: the draw at (seed, purpose, path, step, lane) is a pure function of those numbers, so any
 * worker makes any path and gets the same bits. This is the plain twin of the kernel's generator: same words, same uniforms.
 *
 * Generator: Philox4x32-10. Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011;
 * constants and known answers from Random123.
 * Counter words: [path, step, lane >> 1, purpose]; key: the seed's low and high 32 bits. A block is 128 bits: two
 * uniforms of 52 bits, the first for the even lane, the second for the odd one. A lane is usually an asset.
 */
import { PlimsollError } from './errors.ts';

export type Words = readonly [number, number, number, number];

/** Who is drawing. Streams of different purposes never overlap. */
export const PURPOSE = {
  assetShock: 0,
  regime: 1,
  mixing: 2,
  tilt: 3,
  sampleMarket: 16,
  sampleBook: 17,
  imputation: 32,
  multiStart: 48,
  bootstrap: 49,
  forecaster: 50,
  contender: 51,
  search: 64,
  reverse: 65,
  surrogate: 66,
} as const;

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Ten rounds of Philox on four 32-bit counter words under a 64-bit key. */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Uniform on the open interval (0, 1): (k + 1/2) / 2^52. A 53rd bit would round the last value up to 1. */
export function uniform(seed: number, purpose: number, path: number, step: number, lane: number): number {
  const words = philox4x32([path >>> 0, step >>> 0, lane >>> 1, purpose >>> 0], seedWords(seed));
  const [high, low] = (lane & 1) === 0 ? [words[0], words[1]] : [words[2], words[3]];
  return ((high >>> 6) * 67_108_864 + (low >>> 6) + 0.5) / 4_503_599_627_370_496;
}

/** A seed is a safe integer of at least 0: [low 32 bits, high 21 bits]. */
export function seedWords(seed: number): readonly [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new BadSeedError({ got: String(seed), needed: 'an integer from 0 to 9007199254740991' });
  }
  return [seed >>> 0, Math.floor(seed / 4_294_967_296) >>> 0];
}

function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle % 65_536);
  return (aHigh * bHigh + Math.floor(middle / 65_536) + Math.floor(carry / 65_536)) >>> 0;
}

export class BadSeedError extends PlimsollError {
  override readonly name = 'Random.BadSeedError';
}
