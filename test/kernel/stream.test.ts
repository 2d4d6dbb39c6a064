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

  it('draws the same eight at a time', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(100), word, word, fc.nat(1 << 20), (seed, purpose, path, step, pair) => {
        const lanes = Float64Array.from({ length: 8 }, (_, lane) => Random.uniform(seed, purpose, path, step, 2 * pair + lane));
        expect(kernel.uniforms(seed, purpose, path, step, pair)).toEqual(lanes);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the streams as random numbers', () => {
  // Fixed seeds: these either hold or do not. Bounds are five standard errors of each statistic, so that a right
  // generator fails one of the twenty-odd checks with probability below 1e-5, and a shifted counter fails at once.
  const COUNT = 65_536;
  const at = (path: number, step: number, lane: number, seed = 20_240_101) =>
    kernel.uniform(seed, Random.PURPOSE.assetShock, path, step, lane);
  const series = (draw: (index: number) => number) => Float64Array.from({ length: COUNT }, (_, index) => draw(index));
  const correlation = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let index = 0; index < COUNT; index += 1) sum += (a[index]! - 0.5) * (b[index]! - 0.5);
    return (12 * sum) / COUNT;
  };
  const along = {
    path: (index: number) => at(index, 5, 2),
    step: (index: number) => at(3, index, 2),
    lane: (index: number) => at(3, 5, index),
    'a grid of all three': (index: number) => at(index >> 10, (index >> 4) & 63, index & 15),
  };

  it.each(Object.entries(along))('has the moments of a uniform along %s', (_, draw) => {
    const values = series(draw);
    // Mean and E[(u − ½)^k] = 1/((k+1)2^k) for even k; variance of each by its own next moments.
    const moment = (k: number) => values.reduce((sum, value) => sum + (value - 0.5) ** k, 0) / COUNT;
    for (const k of [1, 2, 3, 4]) {
      const expected = k % 2 === 0 ? 1 / ((k + 1) * 2 ** k) : 0;
      const variance = 1 / ((2 * k + 1) * 2 ** (2 * k)) - expected ** 2;
      expect(Math.abs(moment(k) - expected)).toBeLessThan(5 * Math.sqrt(variance / COUNT));
    }
  });

  it.each(Object.entries(along))('fills 256 bins evenly along %s', (_, draw) => {
    const bins = new Float64Array(256);
    for (const value of series(draw)) bins[Math.floor(value * 256)]! += 1;
    const expected = COUNT / 256;
    const chi2 = bins.reduce((sum, bin) => sum + (bin - expected) ** 2 / expected, 0);
    // Mean 255, variance 510; too even is as wrong as too uneven.
    expect(Math.abs(chi2 - 255)).toBeLessThan(5 * Math.sqrt(510));
  });

  it.each(Object.entries(along))('has no serial correlation along %s', (_, draw) => {
    const values = series(draw);
    for (const lag of [1, 2, 7, 64]) {
      const later = series((index) => values[(index + lag) % COUNT]!);
      expect(Math.abs(correlation(values, later))).toBeLessThan(5 / Math.sqrt(COUNT));
    }
  });

  it('has no correlation between neighbouring paths, steps, lanes, purposes and seeds', () => {
    const base = series((index) => at(index, 5, 2));
    const others = [
      series((index) => at(index, 6, 2)),
      series((index) => at(index, 5, 3)),
      series((index) => at(index, 5, 4)),
      series((index) => at(index, 5, 2, 20_240_102)),
      series((index) => at(index, 5, 2, 20_240_101 + 2 ** 32)),
      series((index) => kernel.uniform(20_240_101, Random.PURPOSE.regime, index, 5, 2)),
      series((index) => kernel.uniform(20_240_101, Random.PURPOSE.mixing, index, 5, 2)),
    ];
    for (const other of others) {
      expect(Math.abs(correlation(base, other))).toBeLessThan(5 / Math.sqrt(COUNT));
      // Squares too: dependence without correlation, as a shared scale would make.
      const squared = (values: Float64Array) => values.map((value) => 0.5 + 6 * Math.sqrt(5 / 12) * ((value - 0.5) ** 2 - 1 / 12));
      expect(Math.abs(correlation(squared(base), squared(other)))).toBeLessThan((5 * 1.2) / Math.sqrt(COUNT));
    }
  });

  it('makes normals with the moments and the correlation of independent normals', () => {
    const normals = [0, 1].map((lane) => series((index) => kernel.normalQuantile(at(index, 9, lane))));
    for (const values of normals) {
      const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / COUNT;
      // Standard errors √(E z^2k − (E z^k)²) / √n.
      for (const [k, expected, deviation] of [
        [1, 0, 1],
        [2, 1, Math.sqrt(2)],
        [3, 0, Math.sqrt(15)],
        [4, 3, Math.sqrt(96)],
      ] as const) {
        expect(Math.abs(moment(k) - expected)).toBeLessThan((5 * deviation) / Math.sqrt(COUNT));
      }
    }
    const product = normals[0]!.reduce((sum, value, index) => sum + value * normals[1]![index]!, 0) / COUNT;
    expect(Math.abs(product)).toBeLessThan(5 / Math.sqrt(COUNT));
  });
});
