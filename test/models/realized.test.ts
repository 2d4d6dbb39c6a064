import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import { normalQuantile } from '../../models/math/special.ts';
import * as Realized from '../../models/realized.ts';

const draw = (path: number, step: number, lane = 0) => normalQuantile(uniform(11, PURPOSE.sampleMarket, path, step, lane));

/** Bars of a Brownian path of `sigma` percent a bar, each of `inside` steps. */
function bars(count: number, inside: number, sigma: number, path: number): Realized.Bars {
  const out = { open: [] as number[], high: [] as number[], low: [] as number[], close: [] as number[] };
  let log = 0;
  for (let bar = 0; bar < count; bar += 1) {
    let [high, low] = [log, log];
    out.open.push(100 * Math.exp(log));
    for (let step = 0; step < inside; step += 1) {
      log += (sigma / 100 / Math.sqrt(inside)) * draw(path, bar * inside + step);
      high = Math.max(high, log);
      low = Math.min(low, log);
    }
    out.high.push(100 * Math.exp(high));
    out.low.push(100 * Math.exp(low));
    out.close.push(100 * Math.exp(log));
  }
  return out;
}

describe('measures', () => {
  const day = bars(24 * 20, 400, 0.5, 0);
  it.each(['squares', 'parkinson', 'garman-klass', 'yang-zhang'] as const)('%s finds the variance of a Brownian path', (measure) => {
    // 480 bars of 0.25 %² each; squares are the noisiest (6 %); a range seen at 400 points is a little narrow.
    expect(Realized.realize(day, measure) / (480 * 0.25)).toBeGreaterThan(0.84);
    expect(Realized.realize(day, measure) / (480 * 0.25)).toBeLessThan(1.16);
  });

  it('agree with the formulas on one hand-made pair of bars', () => {
    const pair = { open: [100, 101], high: [103, 104], low: [99, 100], close: [101, 102] };
    const ln = Math.log;
    expect(Realized.realize(pair, 'squares')).toBeCloseTo(1e4 * (ln(1.01) ** 2 + ln(102 / 101) ** 2), 9);
    expect(Realized.realize(pair, 'parkinson')).toBeCloseTo((1e4 * (ln(103 / 99) ** 2 + ln(1.04) ** 2)) / (4 * Math.LN2), 9);
    expect(Realized.realize(pair, 'garman-klass')).toBeCloseTo(
      1e4 * (0.5 * (ln(103 / 99) ** 2 + ln(1.04) ** 2) - (2 * Math.LN2 - 1) * (ln(1.01) ** 2 + ln(102 / 101) ** 2)),
      9,
    );
  });

  it('leaves incomplete bars out and scales up what is missing', () => {
    const holed = { ...day, close: Array.from(day.close, (price, t) => (t % 4 === 1 ? Number.NaN : price)) };
    expect(Realized.realize(holed, 'garman-klass') / Realized.realize(day, 'garman-klass')).toBeCloseTo(1, 1);
    const none = { open: [Number.NaN], high: [1], low: [1], close: [1] };
    expect(() => Realized.realize(none, 'squares')).toThrow(Realized.TooFewBarsError);
    expect(Realized.series(holed, 24, 'parkinson')).toHaveLength(20);
  });
});

describe('HAR', () => {
  const truth = { constant: 0.2, day: 0.4, week: 0.3, month: 0.2 };
  function simulated(periods: number, path: number): Float64Array {
    const out = new Float64Array(periods).fill(2);
    const average = (t: number, count: number) => out.subarray(t - count, t).reduce((sum, value) => sum + value, 0) / count;
    for (let t = Realized.MONTH; t < periods; t += 1) {
      const expected =
        truth.constant + truth.day * out[t - 1]! + truth.week * average(t, Realized.WEEK) + truth.month * average(t, Realized.MONTH);
      out[t] = expected * Math.exp(0.3 * draw(path, t) - 0.045);
    }
    return out;
  }

  it('recovers a known truth within its own standard errors, in any unit', () => {
    const realized = simulated(4_000, 1);
    const har = Realized.fit(realized);
    [har.constant, har.day, har.week, har.month].forEach((value, i) => {
      expect(Math.abs(value - Object.values(truth)[i]!)).toBeLessThan(4 * har.standardErrors[i]!);
    });
    const small = Realized.fit(realized.map((value) => value * 1e-9));
    expect(small.week).toBeCloseTo(har.week, 9);
    expect(small.constant).toBeCloseTo(har.constant * 1e-9, 15);
  });

  it('forecasts better than the last value, and returns to the mean', () => {
    const realized = simulated(1_500, 2);
    const har = Realized.fit(realized.subarray(0, 1_000));
    let [ours, naive] = [0, 0];
    for (let t = 1_000; t < 1_500; t += 1) {
      const [next] = Realized.forecast(har, realized.subarray(0, t), 1);
      ours += (realized[t]! - next!) ** 2;
      naive += (realized[t]! - realized[t - 1]!) ** 2;
    }
    expect(ours).toBeLessThan(naive);
    const far = Realized.forecast(har, realized, 2_000);
    expect(far[1_999]).toBeCloseTo(har.constant / (1 - har.day - har.week - har.month), 3);
  });

  it('refuses by name what says nothing', () => {
    expect(() => Realized.fit(new Float64Array(50).fill(1))).toThrow(Realized.TooFewPeriodsError);
    expect(() => Realized.fit(new Float64Array(500))).toThrow(Realized.NoVariationError);
    expect(() => Realized.fit(new Float64Array(500).fill(3))).toThrow(Realized.NoVariationError);
  });
});
