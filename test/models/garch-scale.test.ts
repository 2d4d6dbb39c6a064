/** What every volatility model must survive: any unit, and series that say little. A slice of evidence/scale.ts and evidence/recovery.ts. */
import { describe, expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import * as Egarch from '../../models/egarch.ts';
import * as Garch from '../../models/garch.ts';

const stream = (path: number) => ({ seed: 9, purpose: PURPOSE.sampleMarket, path });
const models = (['garch', 'gjr', 'egarch'] as const).flatMap((model) =>
  (['normal', 'student', 'skewed'] as const).map((errors) => ({ model, errors })),
);
type Model = (typeof models)[number];
const TRUTH: Garch.Parameters = { mu: 0.05, omega: 0.04, alpha: 0.06, gamma: 0.06, beta: 0.87, nu: 6 };

function estimate({ model, errors }: Model, returns: ArrayLike<number>) {
  const common = { mean: 'constant', errors, presample: 'backcast' } as const;
  return model === 'egarch' ? Egarch.fit(returns, common) : Garch.fit(returns, { ...common, asymmetric: model === 'gjr' });
}

describe.each(models)('$model $errors', (model) => {
  it('has one likelihood in every unit, or says that it has not converged', () => {
    for (const path of [0, 1]) {
      const returns = Garch.simulate(TRUTH, 600, stream(path));
      const values = [1e-6, 1e-2, 1, 1e4, 1e6].flatMap((c) => {
        const { logLikelihood, converged, observations } = estimate(
          model,
          returns.map((r) => r * c),
        );
        return converged ? [logLikelihood + observations * Math.log(c)] : [];
      });
      if (values.length > 0) expect(Math.max(...values) - Math.min(...values)).toBeLessThan(1e-6);
    }
  });

  it('refuses by name what cannot be fitted', () => {
    expect(() => estimate(model, new Float64Array(249))).toThrow(Garch.TooFewObservationsError);
    expect(() => estimate(model, new Float64Array(900).fill(3))).toThrow(Garch.NoVariationError);
    expect(() => estimate(model, new Float64Array(900).fill(Number.NaN))).toThrow(Garch.TooFewObservationsError);
    expect(() => estimate(model, new Float64Array(900).fill(1).fill(Number.NEGATIVE_INFINITY, 9, 10))).toThrow(Garch.NotAReturnError);
  });

  it.each([
    ['full of holes', (r: number, t: number) => (t % 3 === 0 ? Number.NaN : r)],
    ['huge', (r: number) => r * 1e150],
    ['near-integrated', (r: number, t: number) => r * Math.exp(t / 300)],
    ['one bar a thousand times the rest', (r: number, t: number) => (t === 400 ? 5_000 : r)],
    ['mostly zero', (r: number, t: number) => (t % 4 === 0 ? r : 0)],
  ])('answers with finite numbers or a flag where the series is %s', (_, spoil) => {
    const found = estimate(model, Garch.simulate(TRUTH, 800, stream(2)).map(spoil));
    expect(Number.isFinite(found.logLikelihood)).toBe(true);
    const { nu, lambda, ...rest } = found.parameters;
    expect(Object.values(rest).every(Number.isFinite)).toBe(true);
    // A flag comes with its reason.
    if (!found.converged) expect(found.warnings.length).toBeGreaterThan(0);
    for (const error of Object.values(found.standardErrors)) expect(error).toBeGreaterThanOrEqual(0);
  });
});

it('covers the truth of GARCH (.05, .93) about as often as 95 % intervals should', () => {
  const truth: Garch.Parameters = { mu: 0.05, omega: 0.02, alpha: 0.05, gamma: 0, beta: 0.93, nu: null };
  const runs = 60;
  let covered = 0;
  for (let path = 0; path < runs; path += 1) {
    const found = Garch.fit(Garch.simulate(truth, 3_000, stream(100 + path)), {
      ...{ mean: 'constant', asymmetric: false, errors: 'normal', presample: 'sample' },
    } as const);
    for (const name of ['mu', 'alpha', 'beta'] as const) {
      if (Math.abs(found.parameters[name] - truth[name]) < 1.96 * (found.standardErrors[name] ?? 0)) covered += 1;
    }
  }
  expect(covered / (3 * runs)).toBeGreaterThan(0.89);
});
