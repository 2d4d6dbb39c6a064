import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Regime from '../../models/regime.ts';
import { normal } from './simulated.ts';

const LENGTH = 12_000;
const STATES = 3;
const MOVE = [0.4, 1, 2.2];

/** A sticky chain whose state scales every column; `echo` is what is left of that in the residuals. */
function sample(echo: readonly number[], assets = 6) {
  const state = new Int8Array(LENGTH);
  for (let t = 1; t < LENGTH; t += 1) {
    const u = uniform(41, PURPOSE.regime, 0, t, 0);
    state[t] = u < 0.98 ? state[t - 1]! : Math.floor(STATES * uniform(41, PURPOSE.regime, 0, t, 1));
  }
  const shocks = Array.from({ length: assets }, (_, i) =>
    Float64Array.from({ length: LENGTH }, (_v, t) => 0.6 * normal(41, 0, t, 0) + 0.8 * normal(41, 1, t, i)),
  );
  return {
    state,
    returns: shocks.map((column) => column.map((z, t) => MOVE[state[t]!]! * z)),
    residuals: shocks.map((column) => column.map((z, t) => echo[state[t]!]! * z)),
  };
}

describe('chain', () => {
  const { state, returns } = sample([1, 1, 1]);
  const chain = Regime.fitChain(Regime.statistic(returns), { seed: 1 });

  it('finds the state from how much the market moves, in order of volatility', () => {
    let right = 0;
    for (let t = 0; t < LENGTH; t += 1) {
      const p = chain.probability.subarray(t * STATES, (t + 1) * STATES);
      if (p.indexOf(Math.max(...p)) === state[t]) right += 1;
    }
    expect(right / LENGTH).toBeGreaterThan(0.9);
  });

  it('predicts with the bars before: a shock changes no probability of its own bar', () => {
    const values = Regime.statistic(returns);
    const shocked = values.map((y, t) => (t === 5_000 ? 3 : y));
    const [before, after] = [Regime.filterChain(chain, values), Regime.filterChain(chain, shocked)];
    const at = (probability: Float64Array, t: number) => probability.slice(t * STATES, (t + 1) * STATES);
    expect(at(after.predicted, 5_000)).toEqual(at(before.predicted, 5_000));
    expect(at(after.probability, 5_000)).not.toEqual(at(before.probability, 5_000));
    expect(at(after.predicted, 5_001)).not.toEqual(at(before.predicted, 5_001));
    expect(chain.predicted).toEqual(before.predicted);
    const { transition } = chain.parameters;
    const [p, q] = [at(chain.probability, 5_000), at(chain.predicted, 5_001)];
    for (let j = 0; j < STATES; j += 1)
      expect(q[j]).toBeCloseTo(p[0]! * transition[j]! + p[1]! * transition[3 + j]! + p[2]! * transition[6 + j]!, 12);
  });

  it('has a statistic that no unit, hole or dead asset changes', () => {
    const scaled = returns.map((column, i) => column.map((r) => r * 10 ** (3 * i - 6)));
    const dead = new Float64Array(LENGTH);
    const one = Regime.statistic(returns);
    Regime.statistic([...scaled, dead]).forEach((y, t) => {
      expect(Math.abs(y - one[t]!)).toBeLessThan(1e-9);
    });
    expect(Number.isNaN(Regime.statistic([Float64Array.of(1, Number.NaN, 2, 3)])[1]!)).toBe(true);
  });
});

describe('multipliers', () => {
  it('recover what the regime does to residuals, with Σ π m² = 1', () => {
    const truth = [0.7, 1, 1.5];
    const { returns, residuals } = sample(truth);
    const chain = Regime.fitChain(Regime.statistic(returns), { seed: 1 });
    const found = Regime.multipliers(residuals, chain);
    expect(found.reduce((sum, m, s) => sum + chain.stationary[s]! * m * m, 0)).toBeCloseTo(1, 12);
    expect(Math.abs(found[2]! / found[0]! - truth[2]! / truth[0]!)).toBeLessThan(0.2);
    expect(Math.abs(found[1]! / found[0]! - truth[1]! / truth[0]!)).toBeLessThan(0.15);
  });

  it('are 1 where nothing is left, although large bars make their own regime likelier', () => {
    const { returns, residuals } = sample([1, 1, 1]);
    for (const m of Regime.multipliers(residuals, Regime.fitChain(Regime.statistic(returns), { seed: 1 })))
      expect(Math.abs(m - 1)).toBeLessThan(0.03);
  });

  it('are not set by one bar of one dying coin', () => {
    const { returns, residuals } = sample([1, 1, 1]);
    const chain = Regime.fitChain(Regime.statistic(returns), { seed: 1 });
    const before = Regime.multipliers(residuals, chain);
    residuals[0]![6_000] = 1e4;
    Regime.multipliers(residuals, chain).forEach((m, s) => {
      expect(Math.abs(m - before[s]!)).toBeLessThan(0.02);
    });
  });
});
