import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox4x32, seedWords, uniform, type Words } from '../../base/random.ts';

/** Random123 `kat_vectors`, philox4x32 with 10 rounds: counter, key, result. */
const KNOWN_ANSWERS: readonly { counter: Words; key: [number, number]; result: Words }[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], result: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    result: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    result: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

describe('philox4x32', () => {
  it.each(KNOWN_ANSWERS)('gives the published words for counter $counter', ({ counter, key, result }) => {
    expect(philox4x32(counter, key)).toEqual(result);
  });

  it('equals the same rounds written in 64-bit integers', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        expect(philox4x32(counter, key)).toEqual(philoxByBigint(counter, key));
      }),
      { numRuns: 500 },
    );
  });
});

describe('uniform', () => {
  it('stays inside the open interval even for the extreme words', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.nat(), (path, step, lane, seed) => {
        const draw = uniform(seed, 0, path, step, lane);
        expect(draw).toBeGreaterThan(0);
        expect(draw).toBeLessThan(1);
      }),
    );
    expect((0x3ffffff * 67_108_864 + 0x3ffffff + 0.5) / 4_503_599_627_370_496).toBeLessThan(1);
  });

  it('tells seeds, purposes, paths, steps and lanes apart', () => {
    const draws = new Set<number>();
    for (const seed of [0, 1, 4_294_967_296])
      for (const purpose of [0, 1])
        for (const path of [0, 1])
          for (const step of [0, 1]) for (const lane of [0, 1, 2, 3]) draws.add(uniform(seed, purpose, path, step, lane));
    expect(draws.size).toBe(3 * 2 * 2 * 2 * 4);
  });
});

describe('seedWords', () => {
  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses %s', (seed) => {
    expect(() => seedWords(seed)).toThrow(expect.objectContaining({ name: 'Random.BadSeedError' }));
  });
});

function philoxByBigint(counter: Words, key: readonly [number, number]): Words {
  let c = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const low = (value: bigint) => value & 0xffffffffn;
  for (let round = 0; round < 10; round += 1) {
    const p0 = 0xd2511f53n * c[0];
    const p1 = 0xcd9e8d57n * c[2];
    c = [(p1 >> 32n) ^ c[1] ^ k0, low(p1), (p0 >> 32n) ^ c[3] ^ k1, low(p0)];
    k0 = low(k0 + 0x9e3779b9n);
    k1 = low(k1 + 0xbb67ae85n);
  }
  return c.map(Number) as unknown as Words;
}
