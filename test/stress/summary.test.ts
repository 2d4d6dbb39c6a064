import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import type { PathResults } from '../../tuner/stress/evidence.ts';
import * as Summary from '../../tuner/stress/summary.ts';

const kernel = loadKernel();

function paths(badDebtUsd: readonly number[], marginShortfallUsd: readonly number[] = badDebtUsd.map(() => 0)): PathResults {
  const none = badDebtUsd.map(() => 0);
  return {
    weight: badDebtUsd.map(() => 1),
    badDebtUsd,
    liquidatedUsd: none,
    penaltyUsd: none,
    liquidatedAccounts: none,
    needlessAccounts: none,
    marginShortfallUsd,
    deleveragedUsd: none,
  };
}
const summarise = (losses: readonly number[], level = 0.9, budgetUsd = 5) =>
  Summary.summarise(kernel, paths(losses), { insuranceFundUsd: 0, largestWeight: 1 }, { level, budgetUsd });

describe('summary', () => {
  it('gives VaR, expected shortfall and worst of ten losses by hand', () => {
    const ten = [3, 0, 9, 1, 0, 7, 2, 0, 5, 4];
    // Sorted 0 0 0 1 2 3 4 5 7 9; level 0.8: eighth = 5, mean of the worst two = 8.
    const figures = summarise(ten, 0.8, 4);
    expect(figures).toMatchObject({ valueAtRiskUsd: 5, meanUsd: 3.1, worstUsd: 9, overBudgetPaths: 3 });
    expect(figures.expectedShortfallUsd).toBeCloseTo(8, 12);
    // Level 0.85: 1.5 paths beyond: 9 and half of the ninth, 7.
    expect(summarise(ten, 0.85).valueAtRiskUsd).toBe(7);
    expect(summarise(ten, 0.85).expectedShortfallUsd).toBeCloseTo((9 + 0.5 * 7) / 1.5, 12);
    expect(figures.meanStandardErrorUsd).toBeCloseTo(Math.sqrt(88.9 / 9 / 10), 12);
  });

  it('keeps expected shortfall between VaR and the worst, and scales with the losses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 2, maxLength: 300 }),
        fc.double({ min: 0.5, max: 0.999, noNaN: true }),
        (losses, level) => {
          const figures = summarise(losses, level);
          expect(figures.expectedShortfallUsd).toBeGreaterThanOrEqual(figures.valueAtRiskUsd);
          expect(figures.expectedShortfallUsd).toBeLessThanOrEqual(figures.worstUsd * (1 + 1e-9));
          expect(figures.expectedShortfallUsd).toBeGreaterThanOrEqual(figures.meanUsd * (1 - 1e-9));
          expect(
            summarise(
              losses.map((usd) => 4 * usd),
              level,
            ).expectedShortfallUsd,
          ).toBe(4 * figures.expectedShortfallUsd);
        },
      ),
    );
  });

  it('has standard errors that are the spread of repeated samples', () => {
    // Exponential losses by inverse transform: VaR −ln(1 − level), ES one more.
    const samples = Array.from({ length: 300 }, (_, sample) =>
      summarise(
        Array.from({ length: 1_000 }, (__, index) => -kernel.log(kernel.uniform(1, 99, sample, index, 0))),
        0.95,
      ),
    );
    const spread = (values: number[]) => {
      const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { centre, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1)) };
    };
    const shortfall = spread(samples.map(({ expectedShortfallUsd }) => expectedShortfallUsd));
    expect(Math.abs(shortfall.centre - (1 - Math.log(0.05)))).toBeLessThan(0.05);
    const stated =
      samples.reduce((sum, { expectedShortfallStandardErrorUsd }) => sum + expectedShortfallStandardErrorUsd, 0) / samples.length;
    expect(stated / shortfall.deviation).toBeGreaterThan(0.85);
    expect(stated / shortfall.deviation).toBeLessThan(1.15);
    const mean = spread(samples.map(({ meanUsd }) => meanUsd));
    expect(mean.deviation * Math.sqrt(1_000)).toBeGreaterThan(0.85);
    expect(samples[0]!.meanStandardErrorUsd / mean.deviation).toBeGreaterThan(0.8);
    expect(samples[0]!.meanStandardErrorUsd / mean.deviation).toBeLessThan(1.25);
  });

  it('lets the insurance fund pay margin shortfall, path by path, and never bad debt', () => {
    expect(Summary.losses(paths([10, 0, 4], [100, 30, 0]), 50)).toEqual([60, 0, 4]);
  });
});
