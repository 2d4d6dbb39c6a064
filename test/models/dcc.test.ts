import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Dcc from '../../models/dcc.ts';
import * as Recursion from '../../models/dcc-recursion.ts';
import * as Garch from '../../models/garch.ts';
import { cholesky, symmetricEigen } from '../../models/math/linear.ts';
import { shrunk } from '../../models/shrinkage.ts';
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

/** DCC, or Aielli's, of equicorrelated series with normal or t errors. */
function simulated(options: { size: number; length: number; seed: number; rho: number; corrected?: boolean; nu?: number }): Float64Array[] {
  const { size, length, seed, rho, corrected = false, nu } = options;
  const columns = Array.from({ length: size }, () => new Float64Array(length));
  const target = Float64Array.from({ length: size * size }, (_, place) => (place % (size + 1) === 0 ? 1 : rho));
  const q = target.slice();
  for (let t = 0; t < length; t += 1) {
    const r = q.map((value, place) => value / Math.sqrt(q[(place % size) * (size + 1)]! * q[Math.floor(place / size) * (size + 1)]!));
    const root = cholesky(r, size);
    const mixing = nu === undefined ? 1 : Math.sqrt((nu - 2) / (2 * gammaDraw(nu / 2, seed, t)));
    const z = Float64Array.from({ length: size }, (_, i) => {
      let sum = 0;
      for (let k = 0; k <= i; k += 1) sum += root[i * size + k]! * normal(seed, 0, t, k);
      return mixing * sum;
    });
    columns.forEach((column, i) => {
      column[t] = z[i]!;
    });
    const entering = z.map((value, i) => (corrected ? value * Math.sqrt(q[i * (size + 1)]!) : value));
    for (let place = 0; place < q.length; place += 1)
      q[place] = 0.03 * target[place]! + 0.05 * entering[Math.floor(place / size)]! * entering[place % size]! + 0.92 * q[place]!;
  }
  return columns;
}

/** Gamma of whole shape, as a sum of exponentials. */
function gammaDraw(shape: number, seed: number, t: number): number {
  let product = 1;
  for (let k = 0; k < shape; k += 1) product *= uniform(seed, PURPOSE.mixing, 0, t, k);
  return -Math.log(product);
}

describe('variants', () => {
  it('recover what made the series: cDCC, t errors', () => {
    const corrected = Dcc.fit(simulated({ size: 3, length: 5_000, seed: 21, rho: 0.5, corrected: true }), { corrected: true });
    expect(Math.abs(corrected.a - 0.05)).toBeLessThan(0.015);
    expect(Math.abs(corrected.b - 0.92)).toBeLessThan(0.04);
    expect(Math.abs(corrected.target[1]! - 0.5)).toBeLessThan(0.05);
    const student = Dcc.fit(simulated({ size: 3, length: 5_000, seed: 22, rho: 0.5, nu: 6 }), { errors: 'student' });
    expect(Math.abs(student.nu! - 6)).toBeLessThan(1);
    expect(Math.abs(student.a - 0.05)).toBeLessThan(0.02);
  });

  it('have a t likelihood that tends to the normal density, and is that density at zero dynamics', () => {
    const columns = correlated(0.5, 300, 5);
    const target = Float64Array.of(1, 0.5, 0.5, 1);
    const p = { a: 0.04, b: 0.9, corrected: false };
    const squares = columns.reduce((sum, column) => sum + column.reduce((total, z) => total + z * z, 0), 0);
    const density = Recursion.run(columns, target, { ...p, nu: null }).logLikelihood - 0.5 * squares - 300 * Math.log(2 * Math.PI);
    expect(Math.abs(Recursion.run(columns, target, { ...p, nu: 1e7 }).logLikelihood - density)).toBeLessThan(0.01);
    const [x, y] = [columns[0][7]!, columns[1][7]!];
    const form = (x * x + y * y - x * y) / 0.75;
    const byBar = new Float64Array(300);
    const total = Recursion.run(columns, target, { a: 0, b: 0, corrected: false, nu: 5 }, byBar).logLikelihood;
    // Γ(7/2)/(Γ(5/2)·3π) = 5/(6π)
    expect(byBar[7]!).toBeCloseTo(Math.log(5 / (6 * Math.PI)) - 0.5 * Math.log(0.75) - 3.5 * Math.log(1 + form / 3), 10);
    expect(byBar.reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 8);
  });

  it('use pairs where there are many series, near enough to all together', () => {
    const columns = simulated({ size: 6, length: 3_000, seed: 23, rho: 0.4 });
    const [all, pairs] = [Dcc.fit(columns), Dcc.fit(columns, { composite: true })];
    expect(Math.abs(pairs.a - all.a)).toBeLessThan(0.015);
    expect(Math.abs(pairs.b - all.b)).toBeLessThan(0.04);
    expect(pairs.logLikelihood).toBeLessThanOrEqual(all.logLikelihood + 1e-6);
    expect(
      Recursion.pairs(columns.slice(0, 2), Float64Array.of(1, 0.4, 0.4, 1), { a: 0.05, b: 0.9, corrected: false, nu: null }),
    ).toBeCloseTo(Dcc.logLikelihood(columns.slice(0, 2), Float64Array.of(1, 0.4, 0.4, 1), 0.05, 0.9), 8);
  });

  it('have standard errors of the size of the spread over samples', () => {
    const fits = Array.from({ length: 40 }, (_, k) =>
      Dcc.fit(simulated({ size: 2, length: 1_500, seed: 100 + k, rho: 0.5 }), { standardErrors: true }),
    );
    for (const name of ['a', 'b'] as const) {
      const mean = fits.reduce((sum, fit) => sum + fit[name], 0) / fits.length;
      const spread = Math.sqrt(fits.reduce((sum, fit) => sum + (fit[name] - mean) ** 2, 0) / (fits.length - 1));
      for (const key of ['standardErrors', 'robustErrors'] as const) {
        const claimed = fits.flatMap((fit) => (fit[key][name] === undefined ? [] : [fit[key][name]])).sort((x, y) => x - y);
        expect(claimed.length).toBeGreaterThan(30);
        const middle = claimed[Math.floor(claimed.length / 2)]!;
        expect(middle / spread).toBeGreaterThan(0.5);
        expect(middle / spread).toBeLessThan(1.7);
      }
    }
  });
});

describe('shrinkage', () => {
  it('is nearer to the truth than the sample, and fades with more bars', () => {
    const truth = 0.2;
    const size = 30;
    const distance = (matrix: Float64Array) =>
      matrix.reduce((sum, entry, place) => sum + (place % (size + 1) === 0 ? 0 : (entry - truth) ** 2), 0);
    const make = (length: number) => simulated({ size, length, seed: 31, rho: truth });
    const few = make(120).map((column) => column.slice());
    const sample = Dcc.sampleCorrelation(few);
    const { matrix, shrinkage } = shrunk(few, sample);
    expect(distance(matrix)).toBeLessThan(distance(sample));
    const many = make(1_200);
    expect(shrunk(many, Dcc.sampleCorrelation(many)).shrinkage).toBeLessThan(shrinkage / 3);
  });
});

describe.skipIf(!hasReference)('computed reference', () => {
  it('agrees with rmgarch on BTC, ETH, LINK, BNB', () => {
    const spec: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' };
    const columns = dailyReturns(['BTC', 'ETH', 'LINK', 'BNB']).map(
      (returns) => Garch.filter(returns, Garch.fit(returns, spec).parameters, spec).standardized,
    );
    const fit = Dcc.fit(columns);
    // The sum over both stages, which rmgarch reports as −17860.66; its start of the variances is `first`, less 0.05.
    expect(Math.abs(fit.a - 0.050393823)).toBeLessThan(5e-4);
    expect(Math.abs(fit.b - 0.93020538)).toBeLessThan(5e-4);
    const total = (presample: Garch.Spec['presample']) => {
      const both = dailyReturns(['BTC', 'ETH', 'LINK', 'BNB']).map((returns) => ({
        returns,
        garch: Garch.fit(returns, { ...spec, presample }),
      }));
      const z = both.map(({ returns, garch }) => Garch.filter(returns, garch.parameters, garch.spec).standardized);
      return both.reduce((sum, { garch }) => sum + garch.logLikelihood, 0) + Dcc.fit(z).logLikelihood;
    };
    expect(total('first')).toBeCloseTo(-17860.715, 2);
    expect(total('backcast')).toBeGreaterThan(-17860.66);
  });
});
