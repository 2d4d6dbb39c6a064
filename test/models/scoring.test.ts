import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalQuantile } from '../../models/math/special.ts';
import * as Scoring from '../../models/scoring.ts';
import { normal } from './simulated.ts';

describe('scoring', () => {
  it('Kupiec: 20 of 1,000 at 1 % is 7.8272, p .0051', () => {
    const { statistic, pValue } = Scoring.kupiec(20, 1_000, 0.01);
    expect(statistic).toBeCloseTo(7.8272, 4);
    expect(pValue).toBeCloseTo(0.00515, 4);
    expect(Scoring.kupiec(10, 1_000, 0.01).statistic).toBeCloseTo(0, 12);
    expect(Scoring.kupiec(0, 100, 0.01).statistic).toBeCloseTo(-200 * Math.log(0.99), 12);
  });

  it('pinball is smallest at the quantile', () => {
    const sample = Array.from({ length: 999 }, (_, i) => (i + 1) / 1_000);
    const loss = (q: number) => sample.reduce((sum, y) => sum + Scoring.pinball(y, q, 0.1), 0);
    for (const q of [0.02, 0.08, 0.12, 0.5]) expect(loss(0.1)).toBeLessThan(loss(q));
  });

  it('qlike is zero at the truth and positive elsewhere', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (realized, forecast) => {
          expect(Scoring.qlike(realized, forecast)).toBeGreaterThanOrEqual(-1e-12);
          expect(Scoring.qlike(realized, realized)).toBeCloseTo(0, 12);
        },
      ),
    );
  });

  it('FZ0 is smallest at the true quantile and shortfall, and known by hand', () => {
    // y = −4 below v = −2, e = −3, level ½: 2/(½·3) + ⅔ + ln 3 − 1.
    expect(Scoring.fz0(-4, -2, -3, 0.5)).toBeCloseTo(4 / 3 + 2 / 3 + Math.log(3) - 1, 12);
    expect(Scoring.fz0(1, -2, -3, 0.5)).toBeCloseTo(2 / 3 + Math.log(3) - 1, 12);
    const sample = Array.from({ length: 2_000 }, (_, i) => normalQuantile((i + 0.5) / 2_000));
    const loss = (v: number, e: number) => sample.reduce((sum, y) => sum + Scoring.fz0(y, v, e, 0.05), 0) / 2_000;
    const [v, e] = [normalQuantile(0.05), -2.0627];
    for (const [dv, de] of [
      [0.2, 0],
      [-0.2, 0],
      [0, 0.2],
      [0, -0.2],
      [0.2, 0.2],
    ] as const) {
      expect(loss(v, e)).toBeLessThan(loss(v + dv, e + de));
    }
  });

  it('the logarithmic score is that of the density at the outcome', () => {
    expect(Scoring.logScore(1 / Math.sqrt(2 * Math.PI))).toBeCloseTo(0.5 * Math.log(2 * Math.PI), 12);
  });

  it('Diebold-Mariano is the t of the mean without lags, one-sided, and null where nothing varies', () => {
    const differences = Float64Array.from({ length: 200 }, (_, t) => normal(31, 0, t, 0) - 0.3);
    const centre = differences.reduce((sum, d) => sum + d, 0) / 200;
    const spread = Math.sqrt(differences.reduce((sum, d) => sum + (d - centre) ** 2, 0) / 199 / 200);
    const test = Scoring.dieboldMariano(differences, 0);
    expect(test?.statistic).toBeCloseTo(centre / spread, 9);
    expect(test?.pValue).toBeLessThan(0.001);
    expect(
      Scoring.dieboldMariano(
        differences.map((d) => -d),
        0,
      )?.pValue,
    ).toBeGreaterThan(0.999);
    expect(Scoring.dieboldMariano(new Float64Array(50), 1)).toBeNull();
  });

  it('Diebold-Mariano is less sure of itself where differences cling together', () => {
    const clinging = new Float64Array(400);
    for (let t = 1; t < 400; t += 1) clinging[t] = 0.7 * clinging[t - 1]! + normal(32, 0, t, 0) - 0.05;
    const size = (lags: number) => Math.abs(Scoring.dieboldMariano(clinging, lags)?.statistic ?? 0);
    expect(size(8)).toBeLessThan(size(0));
  });

  it('Holm: never below the raw value, in its order, at most 1', () => {
    expect(Scoring.holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(Scoring.holm([0.5, 0.9])).toEqual([1, 1]);
  });
});
