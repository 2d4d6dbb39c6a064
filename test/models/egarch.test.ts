import { describe, expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import * as Egarch from '../../models/egarch.ts';
import { dailyReturns, hasReference } from './reference.ts';

const TRUTH: Egarch.Parameters = { mu: 0.02, omega: 0.01, alpha: 0.18, gamma: -0.08, beta: 0.96, nu: 6, lambda: -0.15 };
const stream = (path: number) => ({ seed: 7, purpose: PURPOSE.sampleMarket, path });
const NORMAL: Egarch.Spec = { mean: 'constant', errors: 'normal', presample: 'sample' };
const SKEWED: Egarch.Spec = { mean: 'constant', errors: 'skewed', presample: 'backcast' };
const specs = (['normal', 'student', 'skewed'] as const).flatMap((errors) =>
  (['sample', 'backcast', 'first', 'stationary'] as const).flatMap((presample) =>
    (['constant', 'zero'] as const).map((mean): Egarch.Spec => ({ mean, errors, presample })),
  ),
);
const lawOf = (spec: Egarch.Spec): Egarch.Parameters => ({
  ...TRUTH,
  nu: spec.errors === 'normal' ? null : TRUTH.nu,
  lambda: spec.errors === 'skewed' ? TRUTH.lambda : null,
});

describe('likelihood', () => {
  const returns = Egarch.simulate(TRUTH, 600, stream(0));
  returns[100] = Number.NaN;
  returns[101] = Number.NaN;

  it('equals the obvious loop', () => {
    const seen = [...returns].filter((r) => !Number.isNaN(r));
    let logH = TRUTH.omega + TRUTH.beta * Math.log(seen.reduce((sum, r) => sum + (r - TRUTH.mu) ** 2, 0) / seen.length);
    let total = 0;
    for (const r of returns) {
      if (Number.isNaN(r)) {
        logH = TRUTH.omega + TRUTH.beta * logH;
        continue;
      }
      const z = (r - TRUTH.mu) / Math.exp(logH / 2);
      total += -0.5 * (Math.log(2 * Math.PI) + logH + z * z);
      logH = TRUTH.omega + TRUTH.alpha * (Math.abs(z) - Math.sqrt(2 / Math.PI)) + TRUTH.gamma * z + TRUTH.beta * logH;
    }
    expect(Egarch.logLikelihood(returns, lawOf(NORMAL), NORMAL)).toBeCloseTo(total, 9);
  });

  it('filters what the likelihood sees', () => {
    const { variance, standardized, nextVariance } = Egarch.filter(returns, lawOf(NORMAL), NORMAL);
    const total = standardized.reduce(
      (sum, z, t) => (Number.isNaN(z) ? sum : sum - 0.5 * (Math.log(2 * Math.PI * variance[t]!) + z * z)),
      0,
    );
    expect(total).toBeCloseTo(Egarch.logLikelihood(returns, lawOf(NORMAL), NORMAL), 9);
    expect(nextVariance).toBeGreaterThan(0);
  });

  it.each(specs)('has the score of its finite differences: %o', (spec) => {
    const p = lawOf(spec);
    const score = Egarch.score(returns, p, spec);
    (['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu', 'lambda'] as const).forEach((name, index) => {
      if (p[name] === null) return;
      const step = 1e-6;
      const at = (shift: number) => Egarch.logLikelihood(returns, { ...p, [name]: (p[name] ?? 0) + shift }, spec);
      const numeric = (at(step) - at(-step)) / (2 * step);
      expect(Math.abs(score[index]! - numeric), name).toBeLessThan(2e-4 * Math.max(1, Math.abs(numeric)));
    });
  });
});

describe('fit', () => {
  it('recovers a known truth within its own standard errors', () => {
    const fit = Egarch.fit(Egarch.simulate(TRUTH, 8_000, stream(1)), SKEWED);
    expect(fit.converged).toBe(true);
    for (const name of ['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu', 'lambda'] as const) {
      expect(Math.abs((fit.parameters[name] ?? 0) - (TRUTH[name] ?? 0)), name).toBeLessThan(4 * fit.standardErrors[name]!);
    }
  });

  it('is the same in any unit, standard errors too', () => {
    const returns = Egarch.simulate(TRUTH, 1_500, stream(2));
    const base = Egarch.fit(returns, NORMAL);
    for (const c of [1e-6, 1e-2, 1e6]) {
      const fit = Egarch.fit(
        returns.map((r) => r * c),
        NORMAL,
      );
      expect(fit.logLikelihood + fit.observations * Math.log(c)).toBeCloseTo(base.logLikelihood, 6);
      expect(fit.parameters.beta).toBeCloseTo(base.parameters.beta, 6);
      expect(fit.standardErrors['beta']).toBeCloseTo(base.standardErrors['beta']!, 6);
      // At its own parameters, in its own unit.
      expect(
        Egarch.logLikelihood(
          returns.map((r) => r * c),
          fit.parameters,
          NORMAL,
        ),
      ).toBeCloseTo(fit.logLikelihood, 6);
    }
  });
});

describe.skipIf(!hasReference)('computed by rugarch', () => {
  const [btc, eth] = hasReference ? dailyReturns(['BTC', 'ETH', 'LINK', 'BNB']) : [];
  it.each([
    {
      asset: 'BTC',
      errors: 'student' as const,
      loglik: -4491.50935,
      p: { mu: 0.090291, omega: 0.0204691, alpha: 0.174347, gamma: 0.0269313, beta: 0.993792, nu: 2.54994, lambda: null },
    },
    {
      asset: 'ETH',
      errors: 'normal' as const,
      loglik: -5128.56079,
      p: { mu: 0.17377, omega: 0.0901073, alpha: 0.182191, gamma: -0.00825196, beta: 0.974854, nu: null, lambda: null },
    },
  ])('EGARCH of $asset', ({ asset, errors, loglik, p }) => {
    const returns = asset === 'BTC' ? btc! : eth!;
    const spec: Egarch.Spec = { mean: 'constant', errors, presample: 'first' };
    // The same likelihood at its parameters first; then a higher one counts.
    expect(Math.abs(Egarch.logLikelihood(returns, p, spec) - loglik)).toBeLessThan(1e-2);
    const fit = Egarch.fit(returns, spec);
    expect(fit.converged).toBe(true);
    expect(fit.logLikelihood).toBeGreaterThan(loglik - 1e-2);
  });
});
