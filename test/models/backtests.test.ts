import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Backtests from '../../models/backtests.ts';
import { normalQuantile, tCdf, tQuantile } from '../../models/math/special.ts';
import { normal } from './simulated.ts';

/** Of `runs` p-values under the null, how many lie below 5 %. */
function rejections(runs: number, pValue: (run: number) => number): number {
  return Array.from({ length: runs }, (_, run) => pValue(run)).filter((p) => p < 0.05).length;
}

function independentHits(level: number, length: number, run: number): number[] {
  return Array.from({ length }, (_, t) => (uniform(41, PURPOSE.sampleMarket, run, t, 0) < level ? 1 : 0));
}

/** 252 moves, 14 into a hit from none, 6 from a hit into another. */
function morgan1998(): number[] {
  const runs = [2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1];
  const hits = [0, ...runs.flatMap((length) => [...new Array<number>(length).fill(1), 0])];
  return [...hits, ...new Array<number>(253 - hits.length).fill(0)];
}

describe('Christoffersen', () => {
  it('is 9.53 in the textbook case (Jorion 2007: J.P. Morgan in 1998, 20 exceptions, 6 on the heels of another)', () => {
    const { statistic, pValue } = Backtests.independence(morgan1998());
    expect(statistic).toBeCloseTo(9.53, 2);
    expect(pValue).toBeCloseTo(0.00202, 5);
    // 253 days here against 252 moves there: the count's part is 3.85 instead of 3.91.
    expect(Backtests.conditionalCoverage(morgan1998(), 0.05).statistic).toBeCloseTo(3.85 + 9.53, 2);
  });

  it('finds nothing where there is nothing', () => {
    expect(Backtests.independence([0, 0, 0, 0, 0])).toEqual({ statistic: 0, pValue: 1 });
    // 500 days at 5 %: the χ² limit is rough, so the rate may be 2 to 9 %.
    const runs = 300;
    const count = rejections(runs, (run) => Backtests.conditionalCoverage(independentHits(0.05, 500, run), 0.05).pValue);
    expect(count).toBeGreaterThan(0.02 * runs);
    expect(count).toBeLessThan(0.09 * runs);
  });
});

describe('dynamic quantile', () => {
  it('has its size, and no unit', () => {
    const runs = 300;
    const count = rejections(runs, (run) => {
      const forecasts = Array.from({ length: 1_000 }, (_, t) => -1 - uniform(42, PURPOSE.sampleMarket, run, t, 1));
      return Backtests.dynamicQuantile(independentHits(0.05, 1_000, run), forecasts, 0.05)?.pValue ?? 0;
    });
    expect(count).toBeGreaterThan(0.02 * runs);
    expect(count).toBeLessThan(0.1 * runs);
    const hits = independentHits(0.05, 1_000, 1);
    const forecasts = hits.map((_, t) => -1 - uniform(42, PURPOSE.sampleMarket, 1, t, 1));
    const one = Backtests.dynamicQuantile(hits, forecasts, 0.05)!;
    const million = Backtests.dynamicQuantile(
      hits,
      forecasts.map((forecast) => 1e6 * forecast),
      0.05,
    )!;
    expect(million.statistic).toBeCloseTo(one.statistic, 8);
  });

  it('with a constant forecast and no lags is the squared z of the count', () => {
    const hits = independentHits(0.05, 400, 2);
    const count = hits.reduce((sum, hit) => sum + hit, 0);
    const z = (count - 20) / Math.sqrt(400 * 0.05 * 0.95);
    const test = Backtests.dynamicQuantile(hits, new Array<number>(400).fill(-2), 0.05, 0)!;
    expect(test.statistic).toBeCloseTo(z * z, 10);
  });

  it('sees hits that cling together', () => {
    const hits = independentHits(0.05, 800, 3).map((hit, t, all) => (hit === 1 || all[t - 1] === 1 ? 1 : 0));
    const forecasts = hits.map((_, t) => -1 - uniform(43, PURPOSE.sampleMarket, 3, t, 1));
    expect(Backtests.dynamicQuantile(hits, forecasts, 0.09)!.pValue).toBeLessThan(1e-4);
    expect(Backtests.dynamicQuantile(new Array<number>(300).fill(0), new Array<number>(300).fill(-2), 0.01)).toBeNull();
  });
});

it("Basel's zones are those of 250 days at 1 %: 4 green, 5 to 9 yellow, 10 red", () => {
  const zones = [0, 4, 5, 9, 10, 30].map((count) => Backtests.baselZone(count, 250, 0.01));
  expect(zones).toEqual(['green', 'green', 'yellow', 'yellow', 'red', 'red']);
});

describe('Acerbi and Szekely', () => {
  const level = 0.025;
  const length = 500;
  const valueAtRisk = new Float64Array(length).fill(normalQuantile(level));
  // φ(z)/p of the normal law at 2.5 %: 2.338.
  const shortfall = -Math.exp(-0.5 * normalQuantile(level) ** 2) / Math.sqrt(2 * Math.PI) / level;
  const forecasts = { valueAtRisk, expectedShortfall: new Float64Array(length).fill(shortfall), level };
  const law = (p: number) => normalQuantile(p);

  it('counts losses against those said: by hand', () => {
    const small = { valueAtRisk: [-2, -2, -2, -2], expectedShortfall: [-3, -3, -3, -3], level: 0.25 };
    // −3 and −6 are hits: 1 − (1 + 2)/(4 · 0.25) = −2.
    expect(Backtests.acerbiSzekely([1, -3, -6, 0], small)).toBeCloseTo(-2, 12);
    expect(Backtests.acerbiSzekely([1, 1, 1, 1], small)).toBe(1);
    expect(() => Backtests.acerbiSzekely([1], { valueAtRisk: [-1], expectedShortfall: [0.1], level })).toThrow(Backtests.NotALossError);
  });

  it('has its size under the normal law, with the published critical value near −0.70', () => {
    const runs = 150;
    const statistics: number[] = [];
    const count = rejections(runs, (run) => {
      const returns = Float64Array.from({ length }, (_, t) => normal(44, run, t, 0));
      const { statistic, pValue } = Backtests.acerbiSzekelyTest(returns, forecasts, law, { seed: 1, histories: 200 });
      statistics.push(statistic);
      return pValue;
    });
    // 150 × 5 % = 7.5, standard deviation 2.7.
    expect(count).toBeLessThan(16);
    // 250 days: −0.70 at 5 % (Acerbi and Szekely); with 500 days the spread shrinks by √2.
    statistics.sort((a, b) => a - b);
    expect(statistics[Math.floor(0.05 * runs)]!).toBeGreaterThan(-0.75);
    expect(statistics[Math.floor(0.05 * runs)]!).toBeLessThan(-0.3);
  });

  it('finds a normal law too mild for Student returns', () => {
    const returns = Float64Array.from({ length }, (_, t) => tQuantile(uniform(45, PURPOSE.sampleMarket, 0, t, 0), 3));
    expect(tCdf(normalQuantile(level), 3)).toBeGreaterThan(2 * level);
    expect(Backtests.acerbiSzekelyTest(returns, forecasts, law, { seed: 1, histories: 200 }).pValue).toBeLessThan(0.01);
  });
});

it('a PIT histogram is even where the law is right, and is not where it is too narrow', () => {
  const even = Array.from({ length: 2_000 }, (_, t) => uniform(46, PURPOSE.sampleMarket, 0, t, 0));
  const right = Backtests.pitHistogram(even, 20);
  expect(right.counts.reduce((sum, count) => sum + count, 0)).toBe(2_000);
  expect(right.pValue).toBeGreaterThan(0.01);
  const narrow = even.map((u) => (u < 0.5 ? u ** 1.3 : 1 - (1 - u) ** 1.3));
  expect(Backtests.pitHistogram(narrow, 20).pValue).toBeLessThan(1e-4);
});

describe('Ljung and Box', () => {
  it('gives the statistic of its formula on a short series', () => {
    // 1, 2, 3, 4: ρ₁ = 0.25, ρ₂ = −0.3; 4·6·(0.0625/3 + 0.09/2).
    expect(Backtests.ljungBox([1, 2, 3, 4], 2).statistic).toBeCloseTo(24 * (0.0625 / 3 + 0.09 / 2), 12);
  });

  it('rejects as often as it says where nothing is left, and finds what is', () => {
    const white = (run: number) => Array.from({ length: 400 }, (_, t) => normalQuantile(uniform(43, PURPOSE.sampleMarket, run, t, 0)));
    const rejected = rejections(400, (run) => Backtests.ljungBox(white(run), 10).pValue);
    // 5 % of 400, four standard deviations.
    expect(Math.abs(rejected - 20)).toBeLessThan(18);
    const echoed = (run: number) => white(run).map((value, t, all) => value + 0.4 * (all[t - 1] ?? 0));
    expect(rejections(50, (run) => Backtests.ljungBox(echoed(run), 10).pValue)).toBe(50);
  });

  it('leaves holes out', () => {
    const whole = Array.from({ length: 300 }, (_, t) => normalQuantile(uniform(44, PURPOSE.sampleMarket, 1, t, 0)));
    const holed = [...whole, Number.NaN, Number.NaN];
    expect(Backtests.ljungBox(holed, 5).statistic).toBeCloseTo(Backtests.ljungBox(whole, 5).statistic, 10);
  });
});
