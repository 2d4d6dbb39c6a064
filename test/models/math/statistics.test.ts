import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Statistics from '../../../models/math/statistics.ts';

const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 4, maxLength: 40 });

describe('statistics', () => {
  it('skips what was not observed', () => {
    fc.assert(
      fc.property(values, (sample) => {
        const holed = [Number.NaN, ...sample.flatMap((value) => [value, Number.NaN])];
        expect(Statistics.mean(holed)).toBe(Statistics.mean(sample));
        expect(Statistics.variance(holed)).toBe(Statistics.variance(sample));
        expect(Statistics.sorted(holed)).toEqual(Statistics.sorted(sample));
      }),
    );
  });

  it('has quantiles that rise from the smallest to the largest', () => {
    expect(Statistics.quantileOfSorted([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(Statistics.quantileOfSorted([1, 2, 3, 4], 0)).toBe(1);
    expect(Statistics.quantileOfSorted([1, 2, 3, 4], 1)).toBe(4);
  });

  it('gives scores by rank, whatever the values', () => {
    expect([...Statistics.uniformScores([10, Number.NaN, -3, 1e9])]).toEqual([0.5, Number.NaN, 0.25, 0.75]);
  });

  it('correlates: 1 with itself, −1 with its mirror, the same in any unit, and as the definition says under weights', () => {
    fc.assert(
      fc.property(values, (sample) => {
        if (Statistics.variance(sample) < 1e-6) return;
        expect(Statistics.correlation(sample, sample)).toBeCloseTo(1, 9);
        expect(
          Statistics.correlation(
            sample,
            sample.map((value) => 5 - 2 * value),
          ),
        ).toBeCloseTo(-1, 9);
      }),
    );
    expect(Statistics.correlation([1, 2, 3, 4], [1, 3, 2, 9], [1, 1, 1, 0])).toBeCloseTo(0.5, 12);
  });

  it('measures the distance from the uniform law', () => {
    expect(Statistics.uniformDistance([0.25, 0.5, 0.75])).toBeCloseTo(0.25, 12);
    expect(Statistics.uniformDistance([0.99, 0.99])).toBeCloseTo(0.99, 12);
  });
});
