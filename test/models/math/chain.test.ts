import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Chain from '../../../models/math/chain.ts';
import { solve } from '../../../models/math/linear.ts';

const logits = (states: number) =>
  fc.array(fc.double({ min: -4, max: 3, noNaN: true }), { minLength: states * (states - 1), maxLength: states * (states - 1) });

describe('chain', () => {
  it('knows the stationary shares of two states: q/(p+q), p/(p+q)', () => {
    const pi = Chain.stationary(Float64Array.of(0.9, 0.1, 0.3, 0.7), 2);
    expect(pi[0]).toBeCloseTo(0.75, 14);
    expect(pi[1]).toBeCloseTo(0.25, 14);
  });

  it('stays where it is stationary, and returns from logits what it was', () => {
    fc.assert(
      fc.property(logits(4), (x) => {
        const transition = Chain.fromLogits(x, 0, 4);
        const pi = Chain.stationary(transition, 4);
        for (let j = 0; j < 4; j += 1) {
          let next = 0;
          for (let i = 0; i < 4; i += 1) next += pi[i]! * transition[i * 4 + j]!;
          expect(next).toBeCloseTo(pi[j]!, 12);
        }
        Chain.toLogits(transition, 4).forEach((logit, i) => {
          expect(logit).toBeCloseTo(x[i]!, 9);
        });
      }),
    );
  });

  it('has the score of its finite differences, the stationary start included', () => {
    const counts = Float64Array.of(30, 2, 1, 4, 50, 3, 2, 5, 20);
    const first = Float64Array.of(0.2, 0.5, 0.3);
    const value = (x: ArrayLike<number>) => {
      const transition = Chain.fromLogits(x, 0, 3);
      const pi = Chain.stationary(transition, 3);
      return (
        counts.reduce((sum, count, i) => sum + count * Math.log(transition[i]!), 0) +
        first.reduce((sum, weight, k) => sum + weight * Math.log(pi[k]!), 0)
      );
    };
    fc.assert(
      fc.property(logits(3), (x) => {
        const transition = Chain.fromLogits(x, 0, 3);
        const gradient = new Float64Array(6);
        const score = Chain.transitionScore(transition, Chain.stationary(transition, 3), counts, first);
        Chain.logitScore(transition, score, 3, gradient, 0);
        x.forEach((at, i) => {
          const step = 1e-5;
          const numeric = (value(x.with(i, at + step)) - value(x.with(i, at - step))) / (2 * step);
          expect(Math.abs(gradient[i]! - numeric)).toBeLessThan(1e-5 * Math.max(1, Math.abs(numeric)));
        });
      }),
      { numRuns: 50 },
    );
  });

  it('keeps its law when its states are renamed', () => {
    const transition = Float64Array.of(0.8, 0.15, 0.05, 0.2, 0.7, 0.1, 0.3, 0.3, 0.4);
    const renamed = Chain.reordered(transition, [2, 0, 1]);
    expect(renamed[0 * 3 + 1]).toBe(transition[2 * 3 + 0]);
    const [before, after] = [Chain.stationary(transition, 3), Chain.stationary(renamed, 3)];
    [2, 0, 1].forEach((old, i) => {
      expect(after[i]).toBeCloseTo(before[old]!, 14);
    });
    expect(Chain.durations(transition, 3)[2]).toBeCloseTo(1 / 0.6, 14);
  });
});

describe('solve', () => {
  it('needs its pivots: a zero on the diagonal is no singularity', () => {
    expect(solve(Float64Array.of(0, 2, 1, 1), Float64Array.of(4, 3), 2)).toEqual(Float64Array.of(1, 2));
    expect(solve(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 1), 2)).toBeNull();
  });
});
