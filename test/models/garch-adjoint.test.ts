import { expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import * as EgarchAdjoint from '../../models/egarch-adjoint.ts';
import * as Egarch from '../../models/egarch-recursion.ts';
import * as Garch from '../../models/garch.ts';
import * as Adjoint from '../../models/garch-adjoint.ts';
import * as Recursion from '../../models/garch-recursion.ts';

const p = { mu: 0.02, omega: 0.05, alpha: 0.04, gamma: 0.06, beta: 0.89 };
const returns = Garch.simulate({ ...p, nu: 6 }, 400, { seed: 7, purpose: PURPOSE.sampleMarket, path: 0 });
returns[50] = Number.NaN;
returns[51] = Number.NaN;
const cases = (['sample', 'backcast', 'first', 'stationary'] as const).flatMap((presample) =>
  [
    { nu: null, lambda: null, errors: 'normal' as const },
    { nu: 5, lambda: null, errors: 'student' as const },
    { nu: 5, lambda: -0.3, errors: 'skewed' as const },
  ].map((law) => ({ presample, ...law })),
);

it.each(cases)('three passes equal the plain recursion: %o', ({ presample, errors, ...law }) => {
  const spec = { mean: 'constant', asymmetric: true, errors, presample } as const;
  const problem = Adjoint.prepare(returns, spec);
  const [fast, plain] = [new Float64Array(7), new Float64Array(7)];
  const at = { ...p, ...law };
  const close = () => {
    const used = law.lambda === null ? 6 : 7;
    for (let i = 0; i < used; i += 1) expect(Math.abs(fast[i]! - plain[i]!), `${i}`).toBeLessThan(1e-9 * Math.max(1, Math.abs(plain[i]!)));
  };
  expect(Adjoint.garch(problem, at, fast)).toBeCloseTo(Recursion.run(returns, at, spec, plain).logLikelihood, 9);
  close();
  expect(EgarchAdjoint.run(EgarchAdjoint.prepare(returns, spec), at, fast)).toBeCloseTo(
    Egarch.run(returns, at, spec, plain).logLikelihood,
    9,
  );
  close();
});

it.each([...cases.map((one) => ({ ...one, bars: 399 })), ...cases.map((one) => ({ ...one, bars: 400 }))])(
  'curvature equals differences of the plain score, and outer products the plain ones: %o',
  ({ presample, errors, bars, ...law }) => {
    const spec = { mean: 'constant', asymmetric: true, errors, presample } as const;
    const some = returns.subarray(0, bars);
    const at: Recursion.Natural = { ...p, ...law };
    const { hessian, outer } = Adjoint.curvature(Adjoint.prepare(some, spec), at)!;
    const plain = new Float64Array(49);
    Recursion.run(some, at, spec, new Float64Array(7), plain);
    const used = Recursion.NAMES.filter((name) => at[name] !== null);
    used.forEach((name, i) => {
      const step = 1e-6;
      const [up, down] = [1, -1].map((side) => {
        const score = new Float64Array(7);
        Recursion.run(some, { ...at, [name]: at[name]! + side * step }, spec, score);
        return score;
      });
      used.forEach((other, j) => {
        const numeric = (up![j]! - down![j]!) / (2 * step);
        // Scores of about 1e3 leave 1e-7 in the difference, and a kink that the step crosses more.
        expect(Math.abs(hessian[i * 7 + j]! - numeric), `${name} ${other}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(numeric)));
        const product = plain[i * 7 + j]!;
        expect(Math.abs(outer[i * 7 + j]! - product), `outer ${name} ${other}`).toBeLessThan(1e-9 * Math.max(1, Math.abs(product)));
      });
    });
  },
);
