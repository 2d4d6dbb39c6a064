import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Law from '../../tuner/stress/law.ts';
import * as Fixture from '../stress/fixture.ts';

const kernel = loadKernel();
const SEED = 20_240_301;

/** The law of models/market.ts read aloud: no flat arrays, no blocks, lanes one by one. */
function naivePath(model: MarketModel, seed: number, path: number, steps: number): number[][] {
  const { assets, regime, correlation } = model;
  const roots = correlation.byRegime.map(naiveCholesky);
  const variance = assets.map((asset) => model.volatility[asset]!.nextVariance);
  const level = assets.map(() => 0);
  let weights: readonly number[] = regime.transition.map((_, to) =>
    regime.now.reduce((sum, p, from) => sum + p * regime.transition[from]![to]!, 0),
  );
  return Array.from({ length: steps }, (_, step) => {
    let rest = uniform(seed, PURPOSE.regime, path, step, 0);
    let now = 0;
    while (now < weights.length - 1 && rest >= weights[now]!) rest -= weights[now++]!;
    weights = regime.transition[now]!;
    const mixing = Math.sqrt(correlation.copulaNu / kernel.chiSquare(seed, path, step, correlation.copulaNu));
    const normal = assets.map((_asset, lane) => kernel.normalQuantile(uniform(seed, PURPOSE.assetShock, path, step, lane)));
    return assets.map((asset, index) => {
      const x = mixing * roots[now]![index]!.reduce((sum, weight, other) => sum + weight * normal[other]!, 0);
      const { x: xs, z: zs } = model.margins[asset]!;
      const right = xs.findIndex((node) => node > x);
      const z =
        right === 0
          ? zs[0]!
          : right < 0
            ? zs.at(-1)!
            : zs[right - 1]! + ((x - xs[right - 1]!) / (xs[right]! - xs[right - 1]!)) * (zs[right]! - zs[right - 1]!);
      const { muPct, omega, alpha, gamma, beta } = model.volatility[asset]!;
      const r = muPct + Math.sqrt(variance[index]!) * regime.multiplier[now]! * z;
      const e = r - muPct;
      variance[index] = omega + (alpha + (e < 0 ? gamma : 0)) * e * e + beta * variance[index]!;
      level[index]! += r;
      return Math.exp(level[index]! / 100);
    });
  });
}

function naiveCholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower = matrix.map((row) => row.map(() => 0));
  matrix.forEach((row, i) => {
    for (let j = 0; j <= i; j += 1) {
      const dot = lower[i]!.slice(0, j).reduce((sum, value, k) => sum + value * lower[j]![k]!, 0);
      lower[i]![j] = i === j ? Math.sqrt(row[i]! - dot) : (row[j]! - dot) / lower[j]![j]!;
    }
  });
  return lower;
}

describe('paths of the law', () => {
  const model = Fixture.model(5, {});
  const { input } = Law.flatten(model);

  it('equal the plain reading of the law', () => {
    const steps = 30;
    const { factors: made } = kernel.simulate(input, SEED, steps, 100, 40);
    for (let path = 0; path < 40; path += 1) {
      naivePath(model, SEED, 100 + path, steps).forEach((row, step) => {
        row.forEach((factor, asset) => {
          const ours = made[(path * steps + step) * 5 + asset]!;
          // Host and kernel exp may differ in the last bit, and the recursion multiplies it.
          expect(Math.abs(ours / factor - 1)).toBeLessThan(1e-12);
        });
      });
    }
  });

  it('do not depend on which paths are made together, how many, or for how many steps', () => {
    const make = (seed: number, steps: number, from: number, count: number) => kernel.simulate(input, seed, steps, from, count).factors;
    const all = make(SEED, 12, 0, 64);
    for (const path of [63, 0, 17, 40]) expect(make(SEED, 12, path, 1)).toEqual(all.slice(path * 60, (path + 1) * 60));
    const longer = make(SEED, 24, 17, 1);
    expect(longer.slice(0, 60)).toEqual(all.slice(17 * 60, 18 * 60));
    expect(make(SEED + 1, 12, 17, 1)).not.toEqual(all.slice(17 * 60, 18 * 60));
  });

  it('have the variance, correlation and regime shares of the law', () => {
    // Constant volatility, one regime, identity margins: r is a multivariate t, so its figures are known.
    const nu = 8;
    const x = Array.from({ length: 2_001 }, (_, node) => (node - 1_000) / 10);
    const flat = Fixture.model(2);
    const plain: MarketModel = {
      ...flat,
      volatility: Object.fromEntries(
        flat.assets.map((asset) => [asset, { ...flat.volatility[asset]!, omega: 1, alpha: 0, gamma: 0, beta: 0, nextVariance: 1 }]),
      ),
      margins: Object.fromEntries(flat.assets.map((asset) => [asset, { ...flat.margins[asset]!, x, z: x }])),
      regime: {
        ...flat.regime,
        transition: [[1]],
        now: [1],
        multiplier: [1],
        stationary: [1],
        labels: ['one'],
        expectedDurationSteps: [1],
      },
      correlation: {
        ...flat.correlation,
        copulaNu: nu,
        byRegime: [
          [
            [1, 0.6],
            [0.6, 1],
          ],
        ],
      },
    };
    const paths = 200_000;
    const { factors: made } = kernel.simulate(Law.flatten(plain).input, SEED, 1, 0, paths);
    let [a2, b2, ab, both, low] = [0, 0, 0, 0, 0];
    for (let path = 0; path < paths; path += 1) {
      const [a, b] = [100 * Math.log(made[2 * path]!), 100 * Math.log(made[2 * path + 1]!)];
      a2 += a * a;
      b2 += b * b;
      ab += a * b;
      if (a < -2.896459) low += 1;
      if (a < -2.896459 && b < -2.896459) both += 1;
    }
    // t(8): variance 8/6, kurtosis 4.5; five standard errors.
    expect(Math.abs(a2 / paths - 8 / 6)).toBeLessThan(5 * (8 / 6) * Math.sqrt(3.5 / paths));
    expect(Math.abs(b2 / paths - 8 / 6)).toBeLessThan(5 * (8 / 6) * Math.sqrt(3.5 / paths));
    expect(Math.abs(ab / Math.sqrt(a2 * b2) - 0.6)).toBeLessThan((5 * 0.64 * Math.sqrt(1.75)) / Math.sqrt(paths));
    // P(t(8) < −2.896459) = 0.01.
    expect(Math.abs(low / paths - 0.01)).toBeLessThan(5 * Math.sqrt(0.0099 / paths));
    // P(b below its 1 % quantile | a is), 4 million draws of numpy: t-copula 0.2777, Gaussian copula 0.1879. The shared
    // mixing draw is the difference; the bound lies four standard errors from either.
    expect(both / low).toBeGreaterThan(0.235);
  });

  it('are geometric Brownian motion where the law has one regime, no mixing and no tables', () => {
    const [assets, steps, paths] = [3, 12, 40];
    const root = Float64Array.of(1, 0, 0, 0.6, 0.8, 0, -0.2, 0.3, 0.9);
    const plain = {
      ...input,
      assets,
      regimes: 1,
      initial: Float64Array.of(1),
      transition: Float64Array.of(1),
      multiplier: Float64Array.of(1),
      cholesky: root,
      gjr: Float64Array.of(0.1, 4, 0, 0, 0, 4, -0.2, 9, 0, 0, 0, 9, 0, 1, 0, 0, 0, 1),
      marginStart: new Int32Array(assets + 1),
      copulaNu: Number.POSITIVE_INFINITY,
    };
    const { factors: made } = kernel.simulate(plain, SEED, steps, 7, paths);
    for (let path = 0; path < paths; path += 1) {
      const level = [0, 0, 0];
      for (let step = 0; step < steps; step += 1) {
        const n = [0, 1, 2].map((lane) => kernel.normalQuantile(uniform(SEED, PURPOSE.assetShock, 7 + path, step, lane)));
        for (let asset = 0; asset < assets; asset += 1) {
          const x = n.reduce((sum, draw, other) => sum + draw * root[asset * assets + other]!, 0);
          level[asset]! += [0.1, -0.2, 0][asset]! + [2, 3, 1][asset]! * x;
          expect(Math.abs(made[(path * steps + step) * assets + asset]! / Math.exp(level[asset]! / 100) - 1)).toBeLessThan(1e-13);
        }
      }
    }
  });

  it('refuse a matrix that is not positive definite and a law with missing parts', () => {
    const bad = (overrides: Partial<MarketModel>) => () => Law.flatten({ ...model, ...overrides });
    const ones = model.assets.map(() => model.assets.map(() => 1));
    expect(bad({ correlation: { ...model.correlation, byRegime: [ones, ones, ones] } })).toThrow(Law.NotPositiveDefiniteError);
    expect(bad({ margins: {} })).toThrow(Law.BadLawError);
    expect(bad({ regime: { ...model.regime, now: [1] } })).toThrow(Law.BadLawError);
  });
});
