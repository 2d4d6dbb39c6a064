import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Random from '../../base/random.ts';
import { loadKernel } from '../../kernel/kernel.ts';

const kernel = loadKernel();
const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

describe('Philox4x32-10', () => {
  // Random123, kat_vectors.
  it.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as const)('gives the published answer for counter %j, key %j', (counter, key, answer) => {
    expect(hex(kernel.philox(counter, key))).toBe(answer);
    expect(hex(Random.philox4x32(counter, key))).toBe(answer);
  });

  it('draws the uniforms of base/random.ts, bit for bit', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(100), word, word, word, (seed, purpose, path, step, lane) => {
        expect(kernel.uniform(seed, purpose, path, step, lane)).toBe(Random.uniform(seed, purpose, path, step, lane));
      }),
      { numRuns: 2000 },
    );
  });
});
