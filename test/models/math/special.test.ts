import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Special from '../../../models/math/special.ts';

/** Closed forms: ν = 1 is Cauchy, ν = 2 is algebraic, ν = 4 likewise. */
const cauchy = (x: number) => 0.5 + Math.atan(x) / Math.PI;
const two = (x: number) => 0.5 + x / (2 * Math.sqrt(2 + x * x));
const four = (x: number) => 0.5 + (3 / 8) * (x / Math.sqrt(1 + (x * x) / 4)) * (1 - (x * x) / (12 * (1 + (x * x) / 4)));

describe('Student t', () => {
  it('equals its closed forms', () => {
    for (const x of [-30, -2.5, -0.3, 0, 0.01, 1.7, 8]) {
      expect(Special.tCdf(x, 1)).toBeCloseTo(cauchy(x), 13);
      expect(Special.tCdf(x, 2)).toBeCloseTo(two(x), 13);
      expect(Special.tCdf(x, 4)).toBeCloseTo(four(x), 13);
    }
  });

  it('is the inverse of its quantile, far into the tails', () => {
    fc.assert(
      fc.property(fc.double({ min: -14, max: -0.302, noNaN: true }), fc.double({ min: 2.05, max: 200, noNaN: true }), (exponent, nu) => {
        const p = 10 ** exponent;
        expect(Math.abs(Special.tCdf(Special.tQuantile(p, nu), nu) / p - 1)).toBeLessThan(1e-9);
        expect(Special.tQuantile(1 - 0.25, nu)).toBeCloseTo(-Special.tQuantile(0.25, nu), 10);
      }),
    );
  });

  it('has the quantiles in every table', () => {
    expect(Special.tQuantile(0.975, 10)).toBeCloseTo(2.228139, 6);
    expect(Special.tQuantile(0.99, 5)).toBeCloseTo(3.36493, 5);
    expect(Special.normalQuantile(0.975)).toBeCloseTo(1.959963985, 9);
  });
});

describe('gamma', () => {
  it('knows ln Γ(1/2), ψ(1) and the 95 % point of χ²(1)', () => {
    expect(Special.lgamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 14);
    expect(Special.digamma(1)).toBeCloseTo(-0.5772156649015329, 14);
    expect(Special.chiSquareSurvival(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
  });

  it('gives 0 for a tail below the smallest double, down to which it falls', () => {
    for (const degrees of [1, 2, 19, 20, 200]) {
      const tails = Array.from({ length: 400 }, (_, index) => Special.chiSquareSurvival(10 * index, degrees));
      expect(tails.every((value, index) => value >= 0 && (index === 0 || value <= tails[index - 1]!))).toBe(true);
      expect(tails.at(-1)).toBe(0);
    }
    expect(Special.chiSquareSurvival(1e300, 19)).toBe(0);
    expect(Special.chiSquareSurvival(1_000, 19)).toBeGreaterThan(0);
  });
});
