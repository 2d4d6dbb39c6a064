import { expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
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
  expect(Adjoint.egarch(problem, at, fast)).toBeCloseTo(Egarch.run(returns, at, spec, plain).logLikelihood, 9);
  close();
});
