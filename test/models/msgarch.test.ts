import { describe, expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import * as Garch from '../../models/garch.ts';
import { lgamma } from '../../models/math/special.ts';
import * as MsGarch from '../../models/msgarch.ts';
import { hasReference, numbers } from './reference.ts';

const stream = (path: number) => ({ seed: 11, purpose: PURPOSE.sampleMarket, path });
const NORMAL: MsGarch.Spec = { states: 2, mean: 'zero', asymmetric: false, errors: 'normal', presample: 'unconditional' };
const specs: MsGarch.Spec[] = (['normal', 'student'] as const).flatMap((errors) =>
  (['unconditional', 'sample'] as const).flatMap((presample) =>
    [2, 3].map((states) => ({ states, mean: 'constant' as const, asymmetric: states === 2, errors, presample })),
  ),
);

function parametersOf({ states, asymmetric, errors }: MsGarch.Spec): MsGarch.Parameters {
  const by = (value: (k: number) => number) => Float64Array.from({ length: states }, (_, k) => value(k));
  return {
    mu: 0.05,
    transition: Float64Array.from({ length: states * states }, (_, i) =>
      i % (states + 1) === 0 ? 0.95 - 0.05 * Math.floor(i / states) : (0.05 + 0.05 * Math.floor(i / states)) / (states - 1),
    ),
    omega: by((k) => 0.05 * 4 ** k),
    alpha: by((k) => 0.04 + 0.05 * k),
    gamma: by((k) => (asymmetric ? 0.06 - 0.03 * k : 0)),
    beta: by((k) => 0.88 - 0.06 * k),
    nu: errors === 'student' ? by((k) => 6 + 2 * k) : null,
  };
}

/** The obvious loop: full densities, normalised at every bar. */
function naive(returns: Float64Array, p: MsGarch.Parameters, spec: MsGarch.Spec): number {
  const { states } = spec;
  const seen = returns.filter((r) => !Number.isNaN(r));
  const square = seen.reduce((sum, r) => sum + (r - p.mu) ** 2, 0) / seen.length;
  let probability = new Array<number>(states).fill(1 / states);
  for (let i = 0; i < 5_000; i += 1) {
    const before = probability;
    probability = before.map((_, j) => before.reduce((sum, share, from) => sum + share * p.transition[from * states + j]!, 0));
  }
  const h = [...p.omega].map((omega, k) => {
    const phi = p.alpha[k]! + p.gamma[k]! / 2 + p.beta[k]!;
    return spec.presample === 'sample' ? omega + phi * square : omega / (1 - phi);
  });
  let total = 0;
  returns.forEach((r, t) => {
    const e = Number.isNaN(r) ? null : r - p.mu;
    if (t > 0 || spec.presample === 'sample') {
      const density = h.map((v, k) => {
        if (e === null) return 1;
        if (p.nu === null) return Math.exp((-0.5 * e * e) / v) / Math.sqrt(2 * Math.PI * v);
        const nu = p.nu[k]!;
        const constant = lgamma((nu + 1) / 2) - lgamma(nu / 2) - 0.5 * Math.log(Math.PI * (nu - 2) * v);
        return Math.exp(constant) * (1 + (e * e) / (v * (nu - 2))) ** (-(nu + 1) / 2);
      });
      const joint = density.map((f, k) => f * probability[k]!);
      const sum = joint.reduce((a, b) => a + b, 0);
      total += Math.log(sum);
      probability = joint.map((_, j) => joint.reduce((a, b, from) => a + (b / sum) * p.transition[from * states + j]!, 0));
    }
    for (let k = 0; k < states; k += 1) {
      const phi = p.alpha[k]! + p.gamma[k]! / 2 + p.beta[k]!;
      h[k] = e === null ? p.omega[k]! + phi * h[k]! : p.omega[k]! + (p.alpha[k]! + (e < 0 ? p.gamma[k]! : 0)) * e * e + p.beta[k]! * h[k]!;
    }
  });
  return total;
}

describe('likelihood', () => {
  const gaps = (spec: MsGarch.Spec) => {
    const returns = MsGarch.simulate(parametersOf(spec), 500, stream(0));
    returns.fill(Number.NaN, 100, 103);
    // One return that no regime expects: densities 400 orders of magnitude apart.
    returns[200] = 60;
    return returns;
  };

  it.each(specs)('equals the obvious loop: %o', (spec) => {
    const returns = gaps({ ...spec, errors: 'student' });
    // Where the obvious loop does not underflow.
    returns[200] = 5;
    expect(MsGarch.logLikelihood(returns, parametersOf(spec), spec)).toBeCloseTo(naive(returns, parametersOf(spec), spec), 9);
  });

  it.each(specs)('has the score of its finite differences: %o', (spec) => {
    const returns = gaps(spec);
    const p = parametersOf(spec);
    const score = MsGarch.score(returns, p, spec);
    const check = (moved: (shift: number) => MsGarch.Parameters, slope: number, name: string) => {
      const step = 1e-6;
      const at = (shift: number) => MsGarch.logLikelihood(returns, moved(shift), spec);
      const numeric = (at(step) - at(-step)) / (2 * step);
      expect(Math.abs(slope - numeric), name).toBeLessThan(1e-4 * Math.max(1, Math.abs(numeric)));
    };
    check((shift) => ({ ...p, mu: p.mu + shift }), score.mu, 'mu');
    for (const name of ['omega', 'alpha', 'gamma', 'beta', 'nu'] as const) {
      p[name]?.forEach((at, k) => {
        check((shift) => ({ ...p, [name]: p[name]!.with(k, at + shift) }), score[name][k]!, `${name} ${k}`);
      });
    }
    // Along a row that keeps its sum.
    const rows = p.transition;
    const slope = score.transition[0]! / rows[0]! - score.transition[1]! / rows[1]!;
    check((shift) => ({ ...p, transition: rows.with(0, rows[0]! + shift).with(1, rows[1]! - shift) }), slope, 'transition');
  });

  it.each([2, 3])('of %i identical regimes is that of plain GARCH', (states) => {
    const spec: MsGarch.Spec = { ...NORMAL, states, presample: 'sample' };
    const plain: Garch.Parameters = { mu: 0, omega: 0.05, alpha: 0.08, gamma: 0, beta: 0.88, nu: null };
    const returns = Garch.simulate(plain, 1_000, stream(1));
    const same = (value: number) => new Float64Array(states).fill(value);
    const p: MsGarch.Parameters = {
      ...parametersOf(spec),
      mu: 0,
      omega: same(0.05),
      alpha: same(0.08),
      beta: same(0.88),
    };
    const garch = Garch.logLikelihood(returns, plain, { mean: 'zero', asymmetric: false, errors: 'normal', presample: 'sample' });
    expect(Math.abs(MsGarch.logLikelihood(returns, p, spec) - garch)).toBeLessThan(1e-10 * Math.abs(garch));
  });
});

describe('fit', () => {
  const truth: MsGarch.Parameters = {
    mu: 0,
    transition: Float64Array.of(0.98, 0.02, 0.06, 0.94),
    omega: Float64Array.of(0.02, 0.5),
    alpha: Float64Array.of(0.03, 0.1),
    gamma: new Float64Array(2),
    beta: Float64Array.of(0.9, 0.8),
    nu: null,
  };
  const returns = MsGarch.simulate(truth, 3_000, stream(2));
  const fit = MsGarch.fit(returns, NORMAL, { seed: 1 });

  it('recovers a known truth within its own standard errors, and beats plain GARCH', () => {
    expect(fit.converged).toBe(true);
    expect(fit.logLikelihood).toBeGreaterThanOrEqual(MsGarch.logLikelihood(returns, truth, NORMAL));
    for (const name of ['transition', 'omega', 'alpha', 'beta'] as const) {
      truth[name].forEach((value, k) => {
        expect(Math.abs(fit.parameters[name][k]! - value), `${name} ${k}`).toBeLessThan(4 * fit.standardErrors![name][k]!);
      });
    }
    const garch = Garch.fit(returns, { mean: 'zero', asymmetric: false, errors: 'normal', presample: 'sample' });
    expect(fit.logLikelihood).toBeGreaterThan(garch.logLikelihood + 20);
  });

  it('is the same in any unit', () => {
    for (const c of [1e-6, 1e-2, 1e6]) {
      const scaled = MsGarch.fit(
        returns.map((r) => r * c),
        NORMAL,
        { seed: 1 },
      );
      expect(scaled.logLikelihood + scaled.observations * Math.log(c)).toBeCloseTo(fit.logLikelihood, 6);
      expect(scaled.parameters.omega[1]! / (c * c)).toBeCloseTo(fit.parameters.omega[1]!, 5);
    }
  });

  it('filters and looks one bar ahead', () => {
    const { probability, variance, nextProbability, nextVariance } = MsGarch.filter(returns, fit.parameters, NORMAL);
    const last = returns.length - 1;
    for (const t of [0, 1, 500, last]) expect(probability[2 * t]! + probability[2 * t + 1]!).toBeCloseTo(1, 12);
    expect(nextProbability[0]! + nextProbability[1]!).toBeCloseTo(1, 12);
    const { omega, alpha, beta } = fit.parameters;
    [0, 1].forEach((k) => {
      expect(nextVariance[k]).toBeCloseTo(omega[k]! + alpha[k]! * returns[last]! ** 2 + beta[k]! * variance[2 * last + k]!, 12);
    });
  });

  it('fits Student errors with asymmetry, and says what it found at its bounds', () => {
    const spec: MsGarch.Spec = { ...NORMAL, errors: 'student', asymmetric: true };
    const heavy = MsGarch.simulate({ ...truth, gamma: Float64Array.of(0.04, 0.06), nu: Float64Array.of(6, 6) }, 3_000, stream(3));
    const found = MsGarch.fit(heavy, spec, { seed: 1 });
    expect(found.converged).toBe(true);
    expect(found.logLikelihood).toBeGreaterThan(
      MsGarch.logLikelihood(heavy, { ...truth, gamma: Float64Array.of(0.04, 0.06), nu: Float64Array.of(6, 6) }, spec),
    );
    for (const name of found.atBound) expect(name).toMatch(/of regime|transition/);
  });

  it('refuses what it cannot fit, by name', () => {
    expect(() => MsGarch.fit(returns.subarray(0, 200), NORMAL, { seed: 1 })).toThrow(MsGarch.TooFewObservationsError);
    expect(() => MsGarch.fit(new Float64Array(500), NORMAL, { seed: 1 })).toThrow(MsGarch.NoVariationError);
    expect(() => MsGarch.fit(returns.with(3, Number.NEGATIVE_INFINITY), NORMAL, { seed: 1 })).toThrow(MsGarch.NotAReturnError);
    expect(() => MsGarch.fit(returns, { ...NORMAL, states: 1 }, { seed: 1 })).toThrow(MsGarch.BadSpecError);
  });
});

describe.skipIf(!hasReference)('published estimates', () => {
  it('reproduces the AIC of MSGARCH on the SMI at its own parameters, and finds a lower one', () => {
    const returns = numbers('smi_msgarch.csv');
    const published: MsGarch.Parameters = {
      mu: 0,
      transition: Float64Array.of(0.97834808674, 1 - 0.97834808674, 0.998703301894, 1 - 0.998703301894),
      omega: Float64Array.of(0.021631876185, 0.020659831566),
      alpha: Float64Array.of(0.087024443479, 0.005396009353),
      gamma: new Float64Array(2),
      beta: Float64Array.of(0.881493722371, 0.994040728662),
      nu: null,
    };
    expect(16 - 2 * MsGarch.logLikelihood(returns, published, NORMAL)).toBeCloseTo(6794.592486182792, 8);
    for (const seed of [1, 2, 3]) {
      const fit = MsGarch.fit(returns, NORMAL, { seed });
      expect(fit.converged).toBe(true);
      expect(fit.aic).toBeLessThan(6794.59);
    }
  }, 30_000);
});
