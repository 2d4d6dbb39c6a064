import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapley } from '../../tuner/explanation/shapley.ts';

describe('Shapley values', () => {
  it('of the glove game: one left glove, two right ones', () => {
    // Players 0 has a left glove, 1 and 2 a right one each; a pair is worth 1. Known: 2/3, 1/6, 1/6.
    const pairs = Array.from({ length: 8 }, (_, mask) => (mask & 1 && mask & 6 ? 1 : 0));
    const values = shapley(pairs);
    for (const [player, expected] of [2 / 3, 1 / 6, 1 / 6].entries()) expect(values[player]).toBeCloseTo(expected, 15);
  });

  it('add up, give a player who changes nothing nothing, equal players the same, and equal the mean over all orders', () => {
    const game = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(game, (values) => {
        const parts = shapley(values);
        const whole = values[15]! - values[0]!;
        expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - whole)).toBeLessThan(1e-8);
        const orders = permutations([0, 1, 2, 3]);
        for (let player = 0; player < 4; player += 1) {
          const mean =
            orders.reduce((sum, order) => {
              const before = order.slice(0, order.indexOf(player)).reduce((mask, other) => mask | (1 << other), 0);
              return sum + values[before | (1 << player)]! - values[before]!;
            }, 0) / orders.length;
          expect(Math.abs(parts[player]! - mean)).toBeLessThan(1e-8);
        }
        // A fifth player who changes nothing.
        const wider = shapley([...values, ...values]);
        expect(Math.abs(wider[4]!)).toBe(0);
        for (const [player, part] of wider.slice(0, 4).entries()) expect(Math.abs(part - parts[player]!)).toBeLessThan(1e-8);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what is no game', () => {
    expect(() => shapley([1, 2, 3])).toThrow('power of two');
  });
});

function permutations(of: number[]): number[][] {
  return of.length < 2 ? [of] : of.flatMap((first) => permutations(of.filter((other) => other !== first)).map((rest) => [first, ...rest]));
}
