import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import { upperBound } from '../../tuner/stress/bound.ts';

const kernel = loadKernel();
const equal = (hits: number, count: number) => upperBound(kernel, new Array<number>(hits).fill(1), count, 1);

describe('Clopper-Pearson upper bound', () => {
  // scipy.stats.beta.ppf(0.95, x + 1, n - x), scipy 1.17.1.
  it.each([
    [0, 10_000, 0.000299528359777],
    [0, 1, 0.95],
    [3, 10, 0.606624216105],
    [50, 1_000, 0.0628634035124],
    [37, 4_000, 0.0121510900487],
    [3_999, 4_000, 0.999987176759],
    [2_000, 4_000, 0.513125631618],
  ])('%i of %i', (hits, count, expected) => {
    expect(Math.abs(equal(hits, count) / expected - 1)).toBeLessThan(1e-9);
  });

  it('is 1 where every path is over, and rises with the hits', () => {
    expect(equal(7, 7)).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5_000 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (count, share) => {
        const hits = Math.floor(share * (count - 1));
        const bound = equal(hits, count);
        expect(bound).toBeGreaterThan(hits / count);
        expect(equal(hits + 1, count)).toBeGreaterThan(bound);
      }),
    );
  });
});

describe('bound by betting', () => {
  // Three quarters plain, the others made to lose so often that the loss is drawn `LIFT` times as often in all: it weighs 1/LIFT.
  const [P, LIFT, LARGEST] = [0.004, 8, 4 / 3];
  const draw = (sample: number, count: number) =>
    Array.from({ length: count }, (_, path) => kernel.uniform(3, 99, sample, path, 0) < P * LIFT)
      .filter(Boolean)
      .map(() => 1 / LIFT);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('covers the truth at least as often as it says, also where all weigh most', () => {
    const samples = 1_000;
    const allowed = 0.05 + 2 * Math.sqrt((0.05 * 0.95) / samples);
    const missed = (of: (sample: number) => number[], count: number, largest: number) =>
      Array.from({ length: samples }, (_, sample) => upperBound(kernel, of(sample), count, largest)).filter((bound) => bound < P).length /
      samples;
    expect(missed((sample) => draw(sample, 512), 512, LARGEST)).toBeLessThan(allowed);
    const heaviest = (sample: number) =>
      draw(sample, 512)
        .map(() => LARGEST)
        .slice(0, 512);
    // Every loss weighs 4/3, drawn so often that the mean is P.
    const rare = (sample: number) =>
      Array.from({ length: 1_400 }, (_, path) => kernel.uniform(5, 99, sample, path, 0) < P / LARGEST)
        .filter(Boolean)
        .map(() => LARGEST);
    const rarely = missed(rare, 1_400, LARGEST);
    expect(rarely).toBeLessThan(allowed);
    expect(rarely).toBeGreaterThan(0);
    expect(upperBound(kernel, heaviest(0), 512, LARGEST)).toBeGreaterThan(upperBound(kernel, draw(0, 512), 512, LARGEST));
  });

  it('is nearer than counting as many untilted paths', () => {
    const betting = mean(Array.from({ length: 60 }, (_, sample) => upperBound(kernel, draw(sample, 4_096), 4_096, LARGEST)));
    const counted = mean(
      Array.from({ length: 60 }, (_, sample) =>
        equal(Array.from({ length: 4_096 }, (__, path) => kernel.uniform(4, 99, sample, path, 0) < P).filter(Boolean).length, 4_096),
      ),
    );
    expect(betting).toBeGreaterThan(P);
    expect(betting - P).toBeLessThan(0.7 * (counted - P));
  });

  it('without a hit says nearly what counting would say of the plain share', () => {
    expect(upperBound(kernel, [], 4_096, LARGEST) / equal(0, 3_072)).toBeLessThan(1.15);
    expect(upperBound(kernel, [], 1, LARGEST)).toBe(1);
  });
});
