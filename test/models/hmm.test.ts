import { describe, expect, it } from 'vitest';
import { uniform } from '../../base/random.ts';
import * as Hmm from '../../models/hmm.ts';
import { dailyReturns, hasReference } from './reference.ts';
import { normal } from './simulated.ts';

const TWO: Hmm.Parameters = {
  start: Float64Array.of(0.6, 0.4),
  transition: Float64Array.of(0.9, 0.1, 0.2, 0.8),
  mean: Float64Array.of(0.1, -0.3),
  variance: Float64Array.of(1, 6),
};

function sample(p: Hmm.Parameters, length: number, seed: number): { values: Float64Array; state: Int8Array } {
  const states = p.start.length;
  const state = new Int8Array(length);
  const values = Float64Array.from({ length }, (_, t) => {
    const from = t === 0 ? p.start : p.transition.subarray(state[t - 1]! * states, (state[t - 1]! + 1) * states);
    let u = uniform(seed, 1, 0, t, 0);
    let next = 0;
    while (next < states - 1 && u > from[next]!) {
      u -= from[next]!;
      next += 1;
    }
    state[t] = next;
    return p.mean[next]! + Math.sqrt(p.variance[next]!) * normal(seed, 0, t, 0);
  });
  return { values, state };
}

/** Σ over every path of states of its probability: the definition. */
function byEnumeration(values: Float64Array, p: Hmm.Parameters): number {
  const states = p.start.length;
  let total = 0;
  for (let code = 0; code < states ** values.length; code += 1) {
    let probability = 1;
    let rest = code;
    let before = -1;
    for (const y of values) {
      const k = rest % states;
      rest = Math.floor(rest / states);
      probability *= before < 0 ? p.start[k]! : p.transition[before * states + k]!;
      probability *= Math.exp(-((y - p.mean[k]!) ** 2) / (2 * p.variance[k]!)) / Math.sqrt(2 * Math.PI * p.variance[k]!);
      before = k;
    }
    total += probability;
  }
  return Math.log(total);
}

describe('likelihood', () => {
  it('equals the sum over all 2^10 paths', () => {
    const { values } = sample(TWO, 10, 3);
    expect(Math.abs(Hmm.logLikelihood({ values, dimensions: 1 }, TWO) - byEnumeration(values, TWO))).toBeLessThan(1e-12);
  });

  it('survives 10,000 bars and a bar that is all but impossible', () => {
    const { values } = sample(TWO, 10_000, 4);
    values[500] = 400;
    expect(Number.isFinite(Hmm.logLikelihood({ values, dimensions: 1 }, TWO))).toBe(true);
  });
});

describe('filter', () => {
  it('uses nothing later: a changed future leaves it as it was', () => {
    const { values } = sample(TWO, 400, 5);
    const before = Hmm.filter({ values, dimensions: 1 }, TWO).probability.slice(0, 2 * 200);
    const changed = values.map((y, t) => (t >= 200 ? y * 10 + 3 : y));
    expect(Hmm.filter({ values: changed, dimensions: 1 }, TWO).probability.slice(0, 2 * 200)).toEqual(before);
  });

  it('forgets toward the stationary law where nothing is observed', () => {
    const values = new Float64Array(300).fill(Number.NaN);
    const { probability } = Hmm.filter({ values, dimensions: 1 }, TWO);
    const stationary = Hmm.stationary(TWO.transition, 2);
    expect(stationary[0]).toBeCloseTo(2 / 3, 10);
    expect(probability[598]).toBeCloseTo(stationary[0]!, 10);
  });
});

describe('fit', () => {
  it('recovers a known truth', () => {
    const { values } = sample(TWO, 6_000, 6);
    const fit = Hmm.fit({ values, dimensions: 1 }, 2, { seed: 1 });
    const p = Hmm.ordered(fit.parameters, 1, (state) => fit.parameters.variance[state]!);
    expect(fit.converged).toBe(true);
    expect(p.variance[0]).toBeCloseTo(1, 0);
    expect(Math.abs(p.variance[1]! - 6)).toBeLessThan(0.6);
    expect(Math.abs(p.transition[0]! - 0.9)).toBeLessThan(0.03);
    expect(fit.logLikelihood).toBeGreaterThan(Hmm.logLikelihood({ values, dimensions: 1 }, TWO));
  });

  it('finds one optimum of three states from every seed', () => {
    const three: Hmm.Parameters = {
      start: Float64Array.of(0.4, 0.4, 0.2),
      transition: Float64Array.of(0.95, 0.04, 0.01, 0.05, 0.9, 0.05, 0.02, 0.08, 0.9),
      mean: Float64Array.of(0, 1.2, 2.6),
      variance: Float64Array.of(0.4, 0.4, 0.5),
    };
    const { values } = sample(three, 1_500, 8);
    const found = Array.from({ length: 12 }, (_, seed) => Hmm.fit({ values, dimensions: 1 }, 3, { seed }).logLikelihood);
    const best = Math.max(...found);
    expect(found.filter((value) => value > best - 0.01).length).toBe(found.length);
  });

  it('keeps the variance floor where a state would shrink onto a point', () => {
    const { values } = sample(TWO, 300, 9);
    for (let t = 0; t < 40; t += 1) values[t] = 5;
    const fit = Hmm.fit({ values, dimensions: 1 }, 2, { seed: 2 });
    expect(Math.min(...fit.parameters.variance)).toBeGreaterThan(0);
    expect(fit.atBound.length).toBeGreaterThan(0);
  });

  it('says so when it stops at its iteration limit', () => {
    const { values } = sample(TWO, 500, 10);
    expect(Hmm.fit({ values, dimensions: 1 }, 2, { seed: 1, maxIterations: 2 }).converged).toBe(false);
  });

  it('refuses too few rows and rows that do not vary', () => {
    expect(() => Hmm.fit({ values: new Float64Array(10), dimensions: 1 }, 2, { seed: 1 })).toThrow(Hmm.TooFewObservationsError);
    expect(() => Hmm.fit({ values: new Float64Array(100), dimensions: 1 }, 2, { seed: 1 })).toThrow(Hmm.NoVariationError);
  });
});

/** Two dimensions whose correlation, not their size, tells the state; Student-t with 5 degrees where `mixed`. */
function pairs(length: number, mixed: boolean): { values: Float64Array; state: Int8Array } {
  const { state } = sample(TWO, length, 12);
  const values = new Float64Array(2 * length);
  for (let t = 0; t < length; t += 1) {
    const rho = state[t] === 0 ? 0.8 : -0.5;
    // χ²₄ by exponentials; ν = 4.
    const chi = -2 * Math.log(uniform(12, 1, 3, t, 0) * uniform(12, 1, 3, t, 1));
    const mixing = mixed ? Math.sqrt(4 / chi) : 1;
    const [a, b] = [normal(12, 2, t, 0), normal(12, 2, t, 1)];
    values[2 * t] = mixing * a;
    values[2 * t + 1] = mixing * (rho * a + Math.sqrt(1 - rho * rho) * b);
  }
  return { values, state };
}

describe('emissions', () => {
  const one = (values: Float64Array, variance: Float64Array, nu?: number) =>
    Hmm.logLikelihood(
      { values, dimensions: 2 },
      {
        start: Float64Array.of(1),
        transition: Float64Array.of(1),
        mean: Float64Array.of(0, 0),
        variance,
        ...(nu === undefined ? {} : { nu: Float64Array.of(nu) }),
      },
    );

  it('have the densities of the books, and a full covariance without correlation is a diagonal one', () => {
    const row = Float64Array.of(0.7, -1.1);
    const form = (0.49 + 1.21 - 2 * 0.5 * 0.7 * -1.1) / 0.75;
    const full = Float64Array.of(1, 0.5, 0.5, 1);
    expect(one(row, full)).toBeCloseTo(-Math.log(2 * Math.PI) - 0.5 * Math.log(0.75) - form / 2, 12);
    // Γ(3)/(Γ(2)·4π) = 1/(2π)
    expect(one(row, full, 4)).toBeCloseTo(-Math.log(2 * Math.PI) - 0.5 * Math.log(0.75) - 3 * Math.log(1 + form / 4), 12);
    expect(one(row, Float64Array.of(2, 0, 0, 3), 7)).toBeCloseTo(one(row, Float64Array.of(2, 3), 7), 12);
  });

  it('tell states by correlation alone where the covariance is full', () => {
    const { values, state } = pairs(3_000, false);
    const fit = Hmm.fit({ values, dimensions: 2 }, 2, { seed: 1, covariance: 'full' });
    const p = Hmm.ordered(fit.parameters, 2, (k) => -fit.parameters.variance[4 * k + 1]!);
    expect(Math.abs(p.variance[1]! - 0.8)).toBeLessThan(0.08);
    expect(Math.abs(p.variance[5]! + 0.5)).toBeLessThan(0.12);
    const { probability } = Hmm.filter({ values, dimensions: 2 }, p);
    const right = state.reduce((sum, truth, t) => sum + ((probability[2 * t]! > 0.5 ? 0 : 1) === truth ? 1 : 0), 0);
    expect(right / 3_000).toBeGreaterThan(0.8);
    expect(fit.logLikelihood).toBeGreaterThan(Hmm.fit({ values, dimensions: 2 }, 2, { seed: 1 }).logLikelihood + 100);
  });

  it('find the degrees of freedom', () => {
    const { values } = pairs(3_000, true);
    const fit = Hmm.fit({ values, dimensions: 2 }, 2, { seed: 1, covariance: 'full', errors: 'student' });
    expect(fit.converged).toBe(true);
    for (const nu of fit.parameters.nu!) expect(Math.abs(Math.log(nu / 4))).toBeLessThan(0.35);
    expect(fit.logLikelihood).toBeGreaterThan(Hmm.fit({ values, dimensions: 2 }, 2, { seed: 1, covariance: 'full' }).logLikelihood + 100);
  });

  it('keep a floor under the eigenvalues where two dimensions are one', () => {
    const { values } = pairs(800, false);
    for (let t = 0; t < 800; t += 1) values[2 * t + 1] = values[2 * t]!;
    const fit = Hmm.fit({ values, dimensions: 2 }, 2, { seed: 1, covariance: 'full', starts: 4 });
    expect(Number.isFinite(fit.logLikelihood)).toBe(true);
    expect(fit.atBound).toEqual(['covariance of state 0', 'covariance of state 1']);
  });
});

describe.skipIf(!hasReference)('published estimates', () => {
  it.each([
    { symbol: 'BTC', loglik: -4590.22085 },
    { symbol: 'ETH', loglik: -5063.26342 },
  ])('reaches the likelihood of depmixS4 on $symbol', ({ symbol, loglik }) => {
    const [values] = dailyReturns([symbol, 'BTC', 'ETH', 'LINK', 'BNB']) as [Float64Array];
    const fit = Hmm.fit({ values, dimensions: 1 }, 2, { seed: 1 });
    expect(Math.abs(fit.logLikelihood - loglik)).toBeLessThan(1e-3);
  });
});
