import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import { tCdf, tQuantile } from '../../models/math/special.ts';
import * as Tail from '../../models/tail.ts';

const draws = (length: number, f: (u: number) => number, path = 0) =>
  Float64Array.from({ length }, (_, t) => f(uniform(11, PURPOSE.sampleMarket, path, t, 0)));

describe('margin', () => {
  const unit = Math.sqrt(3 / 5);
  const z = draws(8_000, (u) => tQuantile(u, 5) * unit, 2);
  const margin = Tail.margin(z, 4, 'X');

  it('is a rising table, symmetric in x, bounded', () => {
    expect(margin.x.length).toBe(margin.z.length);
    for (let i = 1; i < margin.x.length; i += 1) {
      expect(margin.x[i]!).toBeGreaterThan(margin.x[i - 1]!);
      expect(margin.z[i]!).toBeGreaterThanOrEqual(margin.z[i - 1]!);
    }
    expect(margin.x[0]! + margin.x.at(-1)!).toBe(0);
    const largest = z.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(Math.max(-margin.z[0]!, margin.z.at(-1)!)).toBeLessThanOrEqual(1.5 * largest);
  });

  it('maps copula probabilities to the quantiles of the law it was fitted to', () => {
    for (const u of [0.001, 0.01, 0.25, 0.75, 0.99, 0.999]) {
      const x = tQuantile(u, 4);
      const i = margin.x.findIndex((node) => node >= x);
      const share = (x - margin.x[i - 1]!) / (margin.x[i]! - margin.x[i - 1]!);
      const value = margin.z[i - 1]! + share * (margin.z[i]! - margin.z[i - 1]!);
      const truth = tQuantile(u, 5) * unit;
      expect(Math.abs(value - truth), String(u)).toBeLessThan(Math.max(0.05, 0.2 * Math.abs(truth)));
    }
  });

  it('passes its held-back check where the law holds, and fails it where the law moved', () => {
    expect(margin.fit.warnings).toEqual([]);
    const moved = z.map((value, t) => (t > 6_000 ? 1.8 * value : value));
    expect(Tail.margin(moved, 4, 'X').fit.warnings.join()).toContain('PIT');
  });

  it('turns probabilities to quantiles and back', () => {
    const tails = Tail.fitTails(z);
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (u) => {
        expect(Math.abs(Tail.probability(tails, Tail.quantile(tails, u)) - u)).toBeLessThan(1e-9);
      }),
    );
    expect(tCdf(0, 3)).toBe(0.5);
  });
});
