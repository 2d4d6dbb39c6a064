import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import { align } from '../../datasets/align.ts';
import calibration from '../../datasets/sample/calibration.json' with { type: 'json' };
import { sampleMarket } from '../../datasets/sample/market.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Fit from '../../models/fit.ts';
import * as Regime from '../../models/regime.ts';
import * as Turbulence from '../../models/turbulence.ts';
import { normal } from './simulated.ts';

const BARS = 24;
const DAYS = 720;
const LENGTH = BARS * DAYS;
const STATES = 3;
const MOVE = [0.4, 1, 2.2];
const WHEN: Turbulence.Days = { closes: Int32Array.from({ length: DAYS }, (_, d) => BARS * (d + 1) - 1), barsPerDay: BARS, length: LENGTH };

/** A chain that changes between days and stays 20 of them on average, whose state scales every column; `echo` is what is left of that in the residuals. */
function sample(echo: readonly number[], assets = 6) {
  const state = new Int8Array(LENGTH);
  for (let t = 1; t < LENGTH; t += 1) {
    const stays = t % BARS !== 0 || uniform(41, PURPOSE.regime, 0, t, 0) < 1 - 1.5 / 20;
    state[t] = stays ? state[t - 1]! : Math.floor(STATES * uniform(41, PURPOSE.regime, 0, t, 1));
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

function mostLikely(chain: Regime.Chain, t: number): number {
  const p = chain.probability.subarray(t * chain.states, (t + 1) * chain.states);
  return p.indexOf(Math.max(...p));
}

/** The day's own regime: where most of its hours were. */
function dayState(state: ArrayLike<number>, close: number): number {
  const hours = [0, 0, 0];
  for (let t = close - BARS + 1; t <= close; t += 1) hours[state[t]!]! += 1;
  return hours.indexOf(Math.max(...hours));
}

describe('chain', () => {
  const { state, returns } = sample([1, 1, 1]);
  const values = Turbulence.statistic(returns, WHEN);
  const chain = Regime.fitChain(values, WHEN, { seed: 1 });

  it('finds number, order and durations of the states from how much the market moves', () => {
    expect(chain.states).toBe(STATES);
    const right = WHEN.closes.filter((close) => mostLikely(chain, close) === dayState(state, close)).length;
    expect(right / DAYS).toBeGreaterThan(0.95);
    for (let s = 0; s < STATES; s += 1) {
      const bars = 1 / (1 - chain.transition[s * (STATES + 1)]!);
      expect(bars / (20 * BARS)).toBeGreaterThan(0.5);
      expect(bars / (20 * BARS)).toBeLessThan(2);
    }
  });

  it('is one chain by days and by steps: rows sum to 1 and the stationary law is the same', () => {
    for (let i = 0; i < STATES; i += 1) {
      expect(chain.transition.subarray(i * STATES, (i + 1) * STATES).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      let flow = 0;
      for (let j = 0; j < STATES; j += 1) flow += chain.stationary[j]! * chain.transition[j * STATES + i]!;
      expect(flow).toBeCloseTo(chain.stationary[i]!, 10);
    }
  });

  it('uses a day only when it is over, and nothing later', () => {
    const day = 300;
    const close = WHEN.closes[day]!;
    const after = Regime.filterChain(
      chain,
      values.map((y, d) => (d === day ? y + 3 : y)),
      WHEN,
    );
    const upTo = close * STATES;
    expect(after.probability.slice(0, upTo)).toEqual(chain.probability.slice(0, upTo));
    expect(after.predicted.slice(0, upTo + STATES)).toEqual(chain.predicted.slice(0, upTo + STATES));
    expect(after.probability.slice(upTo, upTo + STATES)).not.toEqual(chain.probability.slice(upTo, upTo + STATES));
    for (let j = 0; j < STATES; j += 1) {
      let sum = 0;
      for (let i = 0; i < STATES; i += 1) sum += chain.probability[upTo + i]! * chain.transition[i * STATES + j]!;
      expect(chain.predicted[upTo + STATES + j]).toBeCloseTo(sum, 12);
    }
  });

  it('says that there is one regime where there are too few days to tell more', () => {
    const few = Turbulence.before(WHEN, 59 * BARS + 5);
    const one = Regime.fitChain(values.subarray(0, few.closes.length), few, { seed: 1 });
    expect([one.states, one.stationary[0], one.probability.length]).toEqual([1, 1, few.length]);
    expect(one.fit.warnings[0]).toContain('59 complete days, 60 needed');
  });
});

describe('on the built-in simulator, whose regimes are known', () => {
  const SEED = 5;
  const hours = 24 * 365 * 4;
  const { series, sources, quote } = sampleMarket(SEED, hours);
  const panel = align(series, { quote, sources, simulated: true });
  const truth = truePath(hours);

  it('finds durations within a factor of two, and at least 85 % of the days', () => {
    const days = Turbulence.days(panel);
    const returns = panel.assets.map((asset) => Fit.returnsPct(panel, asset));
    const chain = Regime.fitChain(Turbulence.statistic(returns, days), days, { seed: 1 });
    expect(chain.states).toBe(3);
    const right = days.closes.filter((close) => mostLikely(chain, close) === dayState(truth, close)).length;
    expect(right / days.closes.length).toBeGreaterThan(0.85);
    calibration.regimes.forEach(({ meanDurationDays }, s) => {
      const ratio = 1 / (1 - chain.transition[s * 4]!) / BARS / meanDurationDays;
      expect(ratio).toBeGreaterThan(0.5);
      expect(ratio).toBeLessThan(2);
    });
  });

  /** A twin of the simulator's own chain. */
  function truePath(length: number): Uint8Array {
    const kernel = loadKernel();
    const path = new Uint8Array(length);
    let state = 1;
    for (let hour = 0; hour < length; hour += 1) {
      path[hour] = state;
      let left = kernel.uniform(SEED, PURPOSE.sampleMarket, 0, hour, 0) * BARS;
      const from = state;
      for (const [to, p] of calibration.transitionDay[from]!.entries()) {
        if (to === from) continue;
        if (left < p) {
          state = to;
          break;
        }
        left -= p;
      }
    }
    return path;
  }
});

describe('turbulence', () => {
  const { returns } = sample([1, 1, 1]);
  const one = Turbulence.statistic(returns, WHEN);

  it('is changed by no unit and no dead asset', () => {
    const scaled = returns.map((column, i) => column.map((r) => r * 10 ** (3 * i - 6)));
    Turbulence.statistic([...scaled, new Float64Array(LENGTH)], WHEN).forEach((y, d) => {
      expect(Math.abs(y - one[d]!)).toBeLessThan(1e-9);
    });
  });

  it('leaves out an asset on a day of which half was not seen, and says nothing of a day that nobody saw', () => {
    const holed = returns.map((column, i) => column.map((r, t) => (t < (i === 0 ? 12 : 24) ? Number.NaN : r)));
    const seen = Turbulence.statistic(holed, WHEN);
    expect(Number.isNaN(seen[0]!)).toBe(true);
    expect(Number.isNaN(seen[1]!)).toBe(false);
  });

  it('knows its scale from the days before a bar only', () => {
    const cut = 24 * 400;
    const changed = returns.map((column) => column.map((r, t) => (t >= cut ? 7 * r : r)));
    const [a, b] = [Turbulence.statistic(returns, WHEN, cut), Turbulence.statistic(changed, WHEN, cut)];
    expect(b.slice(0, 400)).toEqual(a.slice(0, 400));
    expect(b[500]! - a[500]!).toBeCloseTo(Math.log(7), 10);
  });
});

describe('multipliers', () => {
  it('recover what the regime does to residuals, with Σ π m² = 1', () => {
    const truth = [0.7, 1, 1.5];
    const { returns, residuals } = sample(truth);
    const chain = Regime.fitChain(Turbulence.statistic(returns, WHEN), WHEN, { seed: 1 });
    const found = Regime.multipliers(residuals, chain);
    expect(found.reduce((sum, m, s) => sum + chain.stationary[s]! * m * m, 0)).toBeCloseTo(1, 12);
    expect(Math.abs(found[2]! / found[0]! - truth[2]! / truth[0]!)).toBeLessThan(0.2);
    expect(Math.abs(found[1]! / found[0]! - truth[1]! / truth[0]!)).toBeLessThan(0.15);
  });

  it('are 1 where nothing is left, although large bars make their own regime likelier', () => {
    const { returns, residuals } = sample([1, 1, 1]);
    for (const m of Regime.multipliers(residuals, Regime.fitChain(Turbulence.statistic(returns, WHEN), WHEN, { seed: 1 })))
      expect(Math.abs(m - 1)).toBeLessThan(0.03);
  });

  it('are not set by one bar of one dying coin', () => {
    const { returns, residuals } = sample([1, 1, 1]);
    const chain = Regime.fitChain(Turbulence.statistic(returns, WHEN), WHEN, { seed: 1 });
    const before = Regime.multipliers(residuals, chain);
    residuals[0]![6_000] = 1e4;
    Regime.multipliers(residuals, chain).forEach((m, s) => {
      expect(Math.abs(m - before[s]!)).toBeLessThan(0.02);
    });
  });
});
