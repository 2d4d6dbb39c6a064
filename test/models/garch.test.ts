import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import * as Garch from '../../models/garch.ts';
import { hasReference, lines, numbers } from './reference.ts';
import { relativeError } from './simulated.ts';

const NORMAL: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' };
const GARCH: Garch.Parameters = { mu: 0.05, omega: 0.05, alpha: 0.05, gamma: 0, beta: 0.9, nu: null };
const GJR: Garch.Parameters = { mu: 0.02, omega: 0.05, alpha: 0.04, gamma: 0.06, beta: 0.89, nu: 6 };
const stream = (path: number) => ({ seed: 7, purpose: PURPOSE.sampleMarket, path });
const specs = (['normal', 'student', 'skewed'] as const).flatMap((errors) =>
  (['sample', 'backcast', 'first', 'stationary'] as const).flatMap((presample) =>
    [true, false].flatMap((asymmetric) =>
      (['constant', 'zero'] as const).map((mean): Garch.Spec => ({ mean, asymmetric, errors, presample })),
    ),
  ),
);

describe('likelihood', () => {
  const returns = Garch.simulate(GJR, 600, stream(0));
  returns[100] = Number.NaN;
  returns[101] = Number.NaN;

  it('equals the obvious loop', () => {
    const spec: Garch.Spec = { mean: 'constant', asymmetric: true, errors: 'normal', presample: 'sample' };
    const seen = [...returns].filter((r) => !Number.isNaN(r));
    const start = seen.reduce((sum, r) => sum + (r - GJR.mu) ** 2, 0) / seen.length;
    let h = GJR.omega + (GJR.alpha + GJR.gamma / 2 + GJR.beta) * start;
    let total = 0;
    for (const r of returns) {
      if (Number.isNaN(r)) {
        h = GJR.omega + (GJR.alpha + GJR.gamma / 2 + GJR.beta) * h;
        continue;
      }
      const e = r - GJR.mu;
      total += -0.5 * Math.log(2 * Math.PI * h) - (e * e) / (2 * h);
      h = GJR.omega + (GJR.alpha + (e < 0 ? GJR.gamma : 0)) * e * e + GJR.beta * h;
    }
    expect(Garch.logLikelihood(returns, { ...GJR, nu: null }, spec)).toBeCloseTo(total, 9);
  });

  it.each(specs)('has the score of its finite differences: %o', (spec) => {
    const p = {
      ...GJR,
      gamma: spec.asymmetric ? GJR.gamma : 0,
      nu: spec.errors === 'normal' ? null : 6,
      lambda: spec.errors === 'skewed' ? -0.2 : null,
    };
    const score = Garch.score(returns, p, spec);
    (['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu', 'lambda'] as const).forEach((name, index) => {
      if ((name === 'nu' || name === 'lambda') && p[name] === null) return;
      const step = 1e-6;
      const at = (shift: number) => Garch.logLikelihood(returns, { ...p, [name]: (p[name] ?? 0) + shift }, spec);
      const numeric = (at(step) - at(-step)) / (2 * step);
      // Cancellation leaves about 1e-16 × 1e3 / 1e-6 in the difference.
      expect(Math.abs(score[index]! - numeric)).toBeLessThan(1e-4 * Math.max(1, Math.abs(numeric)));
    });
  });

  it('changes by −n ln c when the data are scaled by c, and so does the fit', () => {
    const base = Garch.fit(returns, Garch.GJR_T);
    for (const c of [1e-6, 1e-3, 250, 1e6]) {
      const fit = Garch.fit(
        returns.map((r) => r * c),
        Garch.GJR_T,
      );
      expect(fit.logLikelihood - (base.logLikelihood - base.observations * Math.log(c))).toBeCloseTo(0, 6);
      expect(relativeError(fit.parameters.alpha, base.parameters.alpha)).toBeLessThan(1e-6);
      expect(relativeError(fit.parameters.omega, base.parameters.omega * c * c)).toBeLessThan(1e-6);
    }
  });
});

describe('fit', () => {
  it('recovers a known truth within its own standard errors', () => {
    const fit = Garch.fit(Garch.simulate(GJR, 12_000, stream(1)), Garch.GJR_T);
    expect(fit.converged).toBe(true);
    for (const name of ['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu'] as const) {
      expect(Math.abs((fit.parameters[name] ?? 0) - (GJR[name] ?? 0)), name).toBeLessThan(4 * fit.standardErrors[name]!);
    }
  });

  it('recovers a skew, and keeps the variance of skewed errors in its persistence', () => {
    const truth = { ...GJR, lambda: -0.25 };
    const fit = Garch.fit(Garch.simulate(truth, 8_000, stream(6)), { ...Garch.GJR_T, errors: 'skewed' });
    expect(fit.converged).toBe(true);
    for (const name of ['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu', 'lambda'] as const) {
      expect(Math.abs((fit.parameters[name] ?? 0) - (truth[name] ?? 0)), name).toBeLessThan(4 * fit.standardErrors[name]!);
    }
    expect(Garch.persistence(truth)).toBeGreaterThan(Garch.persistence(GJR));
  });

  it('covers the truth about as often as 95 % intervals should', () => {
    let covered = 0;
    const runs = 60;
    for (let path = 0; path < runs; path += 1) {
      const fit = Garch.fit(Garch.simulate({ ...GARCH, alpha: 0.08, beta: 0.88 }, 2_000, stream(100 + path)), NORMAL);
      if (Math.abs(fit.parameters.alpha - 0.08) < 1.96 * (fit.standardErrors['alpha'] ?? 0)) covered += 1;
    }
    // 60 × 0.95 = 57, standard deviation 1.7.
    expect(covered).toBeGreaterThanOrEqual(51);
  }, 60_000);

  it('finds the parameters it starts from when they are the optimum', () => {
    const returns = Garch.simulate(GJR, 3_000, stream(2));
    const wide = Garch.fit(returns, Garch.GJR_T);
    const near = Garch.fit(returns, Garch.GJR_T, wide.parameters);
    expect(near.logLikelihood).toBeCloseTo(wide.logLikelihood, 6);
    expect(near.evaluations).toBeLessThan(wide.evaluations);
  });

  it('misses no top with a short memory', () => {
    const truth: Garch.Parameters = { mu: 0, omega: 0.7, alpha: 0.08, gamma: 0, beta: 0.2, nu: null };
    for (let path = 0; path < 60; path += 1) {
      const returns = Garch.simulate(truth, 500, { seed: 9, purpose: PURPOSE.sampleMarket, path });
      const fromTruth = Garch.fit(returns, NORMAL, truth).logLikelihood;
      expect(Garch.fit(returns, NORMAL).logLikelihood, `path ${path}`).toBeGreaterThan(fromTruth - 1e-6);
    }
  });

  it('reports a parameter that ends on its bound, and gives it no standard error', () => {
    // A large move is always followed by a small one: news lowers volatility, so α is pressed against 0.
    const returns = Garch.simulate({ ...GARCH, mu: 0, alpha: 0, beta: 0, omega: 1 }, 1_500, stream(3)).map((r, t) =>
      t % 2 === 0 ? 3 * r : r,
    );
    const fit = Garch.fit(returns, NORMAL);
    expect(fit.atBound).toContain('alpha');
    expect(fit.standardErrors['alpha']).toBeUndefined();
  });

  it('survives a coin that dies inside the sample', () => {
    const returns = Garch.simulate(GJR, 4_000, stream(4));
    for (let t = 3_980; t < 3_995; t += 1) returns[t] = -95 - t / 100;
    const fit = Garch.fit(returns, Garch.GJR_T);
    expect(Number.isFinite(fit.logLikelihood)).toBe(true);
    expect(fit.parameters.alpha + fit.parameters.gamma / 2 + fit.parameters.beta).toBeLessThan(1);
    expect(Garch.filter(returns, fit.parameters, Garch.GJR_T).nextVariance).toBeGreaterThan(0);
  });

  it('refuses what it cannot fit, by name', () => {
    expect(() => Garch.fit(new Float64Array(100), NORMAL)).toThrow(Garch.TooFewObservationsError);
    expect(() => Garch.fit(new Float64Array(1_000), NORMAL)).toThrow(Garch.NoVariationError);
    expect(() => Garch.fit(new Float64Array(1_000).fill(1).fill(Number.POSITIVE_INFINITY, 3, 4), NORMAL)).toThrow(Garch.NotAReturnError);
  });
});

describe('closed forms', () => {
  it('knows the kurtosis of GARCH-normal (.05, .90): 3.1622', () => {
    expect(Garch.kurtosis(0.05, 0.9)).toBeCloseTo(3.1622, 4);
  });

  it('has that kurtosis when simulated', () => {
    const returns = Garch.simulate({ ...GARCH, mu: 0, alpha: 0.2, beta: 0.5 }, 150_000, stream(5));
    const second = returns.reduce((sum, r) => sum + r * r, 0) / returns.length;
    const fourth = returns.reduce((sum, r) => sum + r ** 4, 0) / returns.length;
    expect(relativeError(fourth / second ** 2, Garch.kurtosis(0.2, 0.5))).toBeLessThan(0.05);
  });

  it('adds up expected variances as the recursion does', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 9, noNaN: true }), fc.integer({ min: 1, max: 80 }), (start, steps) => {
        let h = start;
        let total = 0;
        for (let step = 0; step < steps; step += 1) {
          total += h;
          h = GJR.omega + Garch.persistence(GJR) * h;
        }
        expect(relativeError(Garch.aggregateVariance(GJR, start, steps), total)).toBeLessThan(1e-9);
      }),
    );
  });
});

describe.skipIf(!hasReference)('published estimates', () => {
  it('reproduces Fiorentini, Calzolari, Panattoni on DEM/GBP to six digits', () => {
    const returns = numbers('dem2gbp.csv');
    const published = { mu: -0.00619041, omega: 0.0107613, alpha: 0.153134, gamma: 0, beta: 0.805974, nu: null };
    expect(Garch.logLikelihood(returns, published, NORMAL)).toBeCloseTo(-1106.607882, 4);
    const fit = Garch.fit(returns, NORMAL);
    expect(fit.converged).toBe(true);
    expect(fit.logLikelihood).toBeCloseTo(-1106.607882, 4);
    expect(relativeError(fit.parameters.mu, published.mu)).toBeLessThan(1e-6);
    expect(relativeError(fit.parameters.alpha, published.alpha)).toBeLessThan(1e-6);
    expect(relativeError(fit.parameters.beta, published.beta)).toBeLessThan(1e-6);
    // The printed reference holds five digits of ω.
    expect(relativeError(fit.parameters.omega, published.omega)).toBeLessThan(2e-5);
    const hessian = { mu: 0.00846212, omega: 0.00285271, alpha: 0.0265228, beta: 0.0335527 };
    for (const [name, error] of Object.entries(hessian)) expect(relativeError(fit.standardErrors[name]!, error), name).toBeLessThan(1e-5);
  });

  const prices = hasReference ? lines('sp500_arch.csv').map((line) => Number(line.split(',')[1])) : [];
  const sp500 = prices.slice(1).map((price, index) => 100 * (price / prices[index]! - 1));
  it.each([
    { model: 'GARCH-normal', loglik: -6936.721, p: { mu: 0.05635, omega: 0.01751, alpha: 0.10215, gamma: 0, beta: 0.88521, nu: null } },
    { model: 'GJR-normal', loglik: -6822.882, p: { mu: 0.01749, omega: 0.01957, alpha: 0, gamma: 0.18307, beta: 0.89224, nu: null } },
    { model: 'GARCH-t', loglik: -6834.741, p: { mu: 0.06612, omega: 0.00866, alpha: 0.0996, gamma: 0, beta: 0.89993, nu: 6.60724 } },
  ])('agrees with the arch package on the S&P 500: $model', ({ loglik, p }) => {
    const spec: Garch.Spec = {
      mean: 'constant',
      asymmetric: p.gamma !== 0,
      errors: p.nu === null ? 'normal' : 'student',
      presample: 'backcast',
    };
    // The printed likelihoods differ from ours by at most 0.006 at the printed parameters.
    expect(Math.abs(Garch.logLikelihood(sp500, p, spec) - loglik)).toBeLessThan(1e-2);
    const fit = Garch.fit(sp500, spec);
    expect(fit.logLikelihood).toBeGreaterThan(loglik - 1e-2);
    expect(Math.abs(fit.parameters.beta - p.beta)).toBeLessThan(1e-3);
    expect(Math.abs(fit.parameters.alpha - p.alpha)).toBeLessThan(1e-3);
    expect(Math.abs(fit.parameters.gamma - p.gamma)).toBeLessThan(1e-3);
  });
});
