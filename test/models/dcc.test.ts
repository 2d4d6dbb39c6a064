import { describe, expect, it } from 'vitest';
import * as Dcc from '../../models/dcc.ts';
import * as Garch from '../../models/garch.ts';
import { symmetricEigen } from '../../models/math/linear.ts';
import { dailyReturns, hasReference } from './reference.ts';
import { correlated, normal } from './simulated.ts';

/** The definition, with R inverted by hand for two series. */
function naive(a: Float64Array, b: Float64Array, target: number, alpha: number, beta: number): number {
  let [q11, q22, q12] = [1, 1, target];
  let total = 0;
  for (let t = 0; t < a.length; t += 1) {
    const r = q12 / Math.sqrt(q11 * q22);
    const [x, y] = [a[t]!, b[t]!];
    total -= 0.5 * (Math.log(1 - r * r) + (x * x + y * y - 2 * r * x * y) / (1 - r * r) - x * x - y * y);
    q11 = 1 - alpha - beta + alpha * x * x + beta * q11;
    q22 = 1 - alpha - beta + alpha * y * y + beta * q22;
    q12 = (1 - alpha - beta) * target + alpha * x * y + beta * q12;
  }
  return total;
}

describe('likelihood', () => {
  const columns = correlated(0.5, 800, 1);
  const target = Float64Array.of(1, 0.5, 0.5, 1);

  it('equals the definition for two series', () => {
    expect(Dcc.logLikelihood(columns, target, 0.04, 0.9)).toBeCloseTo(naive(columns[0], columns[1], 0.5, 0.04, 0.9), 8);
  });

  it('is constant correlation where a = b = 0', () => {
    const constant = columns[0].reduce((sum, x, t) => {
      const y = columns[1][t]!;
      return sum - 0.5 * (Math.log(0.75) + (x * x + y * y - x * y) / 0.75 - x * x - y * y);
    }, 0);
    expect(Dcc.logLikelihood(columns, target, 0, 0)).toBeCloseTo(constant, 8);
  });

  it('does not know a series that was never observed', () => {
    const third = new Float64Array(800).fill(Number.NaN);
    const wide = Float64Array.of(1, 0.5, 0.3, 0.5, 1, 0.4, 0.3, 0.4, 1);
    expect(Dcc.logLikelihood([...columns, third], wide, 0.04, 0.9)).toBeCloseTo(Dcc.logLikelihood(columns, target, 0.04, 0.9), 6);
  });
});

describe('fit', () => {
  it('recovers a, b and the last correlation of a simulated DCC', () => {
    const length = 6_000;
    const a = new Float64Array(length);
    const b = new Float64Array(length);
    let [q11, q22, q12] = [1, 1, 0.4];
    for (let t = 0; t < length; t += 1) {
      const r = q12 / Math.sqrt(q11 * q22);
      a[t] = normal(2, 0, t, 0);
      b[t] = r * a[t]! + Math.sqrt(1 - r * r) * normal(2, 1, t, 0);
      q11 = 0.02 + 0.05 * a[t]! ** 2 + 0.93 * q11;
      q22 = 0.02 + 0.05 * b[t]! ** 2 + 0.93 * q22;
      q12 = 0.02 * 0.4 + 0.05 * a[t]! * b[t]! + 0.93 * q12;
    }
    const fit = Dcc.fit([a, b]);
    expect(fit.converged).toBe(true);
    expect(Math.abs(fit.a - 0.05)).toBeLessThan(0.015);
    expect(Math.abs(fit.b - 0.93)).toBeLessThan(0.03);
    expect(Math.abs(fit.next[1]! - q12 / Math.sqrt(q11 * q22))).toBeLessThan(0.08);
  });

  it('stays positive definite with holes, late starts and an early end', () => {
    const [x, y] = correlated(0.8, 1_200, 3);
    const z = Float64Array.from({ length: 1_200 }, (_, t) => 0.7 * x[t]! + 0.5 * normal(3, 5, t, 0));
    x.fill(Number.NaN, 300, 340);
    y.fill(Number.NaN, 0, 500);
    z.fill(Number.NaN, 1_000);
    x[700] = y[700] = z[700] = Number.NaN;
    const fit = Dcc.fit([x, y, z]);
    expect(Number.isFinite(fit.logLikelihood)).toBe(true);
    expect(symmetricEigen(fit.next, 3).values[0]).toBeGreaterThan(0);
  });

  it('has nothing to say of one asset, and refuses a short sample', () => {
    expect(Dcc.fit([correlated(0, 200, 1)[0]]).next).toEqual(Float64Array.of(1));
    expect(() => Dcc.fit(correlated(0, 50, 1))).toThrow(Dcc.TooFewObservationsError);
  });
});

describe.skipIf(!hasReference)('computed reference', () => {
  it('agrees with rmgarch on BTC, ETH, LINK, BNB', () => {
    const spec: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' };
    const columns = dailyReturns(['BTC', 'ETH', 'LINK', 'BNB']).map(
      (returns) => Garch.filter(returns, Garch.fit(returns, spec).parameters, spec).standardized,
    );
    const fit = Dcc.fit(columns);
    // rmgarch starts the variances differently and targets the covariance of z: a .050394, b .930205.
    expect(Math.abs(fit.a - 0.050393823)).toBeLessThan(5e-4);
    expect(Math.abs(fit.b - 0.93020538)).toBeLessThan(5e-4);
  });
});
