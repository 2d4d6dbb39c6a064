import { describe, expect, test } from 'vitest';
import { canonicalJson, digest } from '../../../base/id.ts';
import { align } from '../../../datasets/align.ts';
import calibration from '../../../datasets/sample/calibration.json' with { type: 'json' };
import { sampleMarket } from '../../../datasets/sample/market.ts';
import * as Student from '../../../datasets/sample/student.ts';
import type { Series } from '../../../datasets/series.ts';
import { readSeries } from '../../../datasets/sources/files.ts';
import { loadKernel } from '../../../kernel/kernel.ts';
import { tCdf, tQuantile } from '../../../models/math/special.ts';
import * as Statistics from '../../../models/math/statistics.ts';
import { hasReal, REAL } from '../real.ts';

/** First 48 hours of seed 1. Changes when the calibration, the recipe or the kernel's streams do; never with the machine. */
const KNOWN = 'sha256:c92aa5b6704c542fe677af291732af34af90cf2f10d7d0fe7fc80f3ff431a967';

const SEEDS = [1, 2, 3, 4];
const markets = SEEDS.map((seed) => sampleMarket(seed).series);

function plain(series: readonly Series[]): unknown {
  return series.map((one) => ({
    ...one,
    timesMs: [...one.timesMs],
    open: [...one.open],
    high: [...one.high],
    low: [...one.low],
    close: [...one.close],
    volume: [...one.volume],
  }));
}

function returnsPct({ close }: Series): Float64Array {
  return Float64Array.from({ length: close.length - 1 }, (_, i) => 100 * Math.log(close[i + 1]! / close[i]!));
}

/** Mean over seeds of a figure of one asset. */
function overSeeds(lane: number, figure: (series: Series, returns: Float64Array) => number): number {
  return Statistics.mean(markets.map((series) => figure(series[lane]!, returnsPct(series[lane]!))));
}

describe('the stream', () => {
  test('the same seed, the same bits; another seed, another market; a shorter one is the beginning', () => {
    const short = plain(sampleMarket(1, 48).series);
    expect(digest(canonicalJson(short))).toBe(KNOWN);
    expect(plain(markets[0]!.map((one) => ({ ...one, ...firstHours(one, 48) })))).toEqual(short);
    expect(plain(sampleMarket(2, 48).series)).not.toEqual(short);
  });

  test('margins: a t with 7 degrees becomes one of 3.5 at equal probability', () => {
    const margin = Student.margin(loadKernel(), 7, 3.5, 20);
    for (const x of [-6, -3, -1, -0.2, 0, 0.5, 2, 4, 8]) {
      expect(margin(x)).toBeCloseTo(tQuantile(tCdf(x, 7), 3.5) * Math.sqrt(1.5 / 3.5), 3);
    }
    expect(margin(1e9)).toBe(20);
    expect(margin(-1e9)).toBe(-20);
  });
});

describe('the bars', () => {
  test('align without a finding, labelled as simulated', () => {
    const market = sampleMarket(1);
    const panel = align(market.series, { ...market, simulated: true });
    expect([panel.quality, panel.excluded, panel.simulated, panel.assets.length, panel.length]).toEqual([[], [], true, 12, 17_520]);
    expect(panel.sources[0]!.name).toMatch(/simulator, seed 1/);
  });

  test('open is the last close; high and low enclose', () => {
    for (const { open, high, low, close, volume } of markets[1]!) {
      for (let i = 0; i < close.length; i += 1) {
        const sound =
          high[i]! >= Math.max(open[i]!, close[i]!) && low[i]! <= Math.min(open[i]!, close[i]!) && low[i]! > 0 && volume[i]! > 0;
        if (!sound || (i > 0 && open[i] !== close[i - 1])) throw new Error(`bar ${i}`);
      }
    }
  });
});

/** Four samples of two years: heavy tails and regimes of weeks leave these differences between a sample and its law. */
describe('measured as the real markets were', () => {
  const ratios = (
    figure: (series: Series, returns: Float64Array) => number,
    target: (law: (typeof calibration.assets)[number]) => number,
  ): number[] => calibration.assets.map((law, lane) => overSeeds(lane, figure) / target(law));
  const within = (values: readonly number[], low: number, high: number): void => {
    for (const [lane, value] of values.entries()) expect(value, calibration.assets[lane]!.asset).toBeGreaterThan(low);
    for (const [lane, value] of values.entries()) expect(value, calibration.assets[lane]!.asset).toBeLessThan(high);
  };

  test('volatility', () => {
    const found = ratios(
      (_, returns) => Math.sqrt(24 * Statistics.mean(returns.map((r) => r * r))),
      (law) => law.volatilityDayPct,
    );
    within(found, 0.7, 1.4);
    expect(Statistics.mean(found)).toBeGreaterThan(0.85);
    expect(Statistics.mean(found)).toBeLessThan(1.2);
  });

  test('tails: the 0.1 % quantile and the worst hour', () => {
    const quantile = ratios(
      (_, returns) => Statistics.quantileOfSorted(Statistics.sorted(returns), 0.001),
      (law) => law.quantile01Pct,
    );
    within(quantile, 0.7, 1.5);
    const worst = ratios(
      (_, returns) => Math.min(...returns),
      (law) => law.worstHourPct,
    );
    within(worst, 0.35, 1.8);
  });

  test('clustering: absolute returns a day apart', () => {
    const found = calibration.assets.map(
      (law, lane) =>
        overSeeds(lane, (_, returns) =>
          Statistics.correlation(returns.map(Math.abs).subarray(24), returns.map(Math.abs).subarray(0, -24)),
        ) - law.absoluteAutocorrelation24,
    );
    expect(Math.abs(Statistics.mean(found))).toBeLessThan(0.08);
  });

  test('correlation of hours', () => {
    const differences: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const found = Statistics.mean(markets.map((series) => Statistics.correlation(returnsPct(series[i]!), returnsPct(series[j]!))));
        differences.push(found - calibration.correlationHour[i]![j]!);
      }
    }
    expect(Math.max(...differences.map(Math.abs))).toBeLessThan(0.12);
    expect(Math.abs(Statistics.mean(differences))).toBeLessThan(0.06);
  });

  test('volume of a day', () => {
    const median = ({ close, volume }: Series): number => {
      const days = Array.from({ length: Math.floor(close.length / 24) }, (_, day) => {
        let usd = 0;
        for (let i = day * 24; i < (day + 1) * 24; i += 1) usd += close[i]! * volume[i]!;
        return usd;
      });
      return Statistics.quantileOfSorted(Statistics.sorted(days), 0.5);
    };
    within(
      ratios(median, (law) => law.volumeDayUsd),
      0.4,
      1.4,
    );
  });
});

function firstHours(one: Series, hours: number): Pick<Series, 'timesMs' | 'open' | 'high' | 'low' | 'close' | 'volume'> {
  const cut = (column: Float64Array): Float64Array => column.subarray(0, hours);
  return {
    timesMs: cut(one.timesMs),
    open: cut(one.open),
    high: cut(one.high),
    low: cut(one.low),
    close: cut(one.close),
    volume: cut(one.volume),
  };
}

describe.skipIf(!hasReal)('the table is what the data says', () => {
  test('volatility, worst hour, volume and correlation by the obvious loops', async () => {
    const { series } = await readSeries(`${REAL}/hourly`);
    const from = Date.parse('2021-04-05T00:00:00Z');
    const closes = (asset: string): Map<number, number> => {
      const one = series.find((each) => each.asset === asset)!;
      return new Map(Array.from(one.timesMs, (ms, i) => [ms, one.close[i]!] as const).filter(([ms]) => ms >= from));
    };
    const hours = (asset: string): Map<number, number> => {
      const price = closes(asset);
      return new Map(
        [...price].flatMap(([ms, close]) =>
          price.has(ms - 3_600_000) ? [[ms, 100 * Math.log(close / price.get(ms - 3_600_000)!)] as const] : [],
        ),
      );
    };
    for (const asset of ['AAVE', 'BTC', 'ETH', 'SNX']) {
      const law = calibration.assets.find((one) => one.asset === asset)!;
      const returns = [...hours(asset).values()];
      expect(Math.sqrt((24 * returns.reduce((sum, r) => sum + r * r, 0)) / returns.length)).toBeCloseTo(law.volatilityDayPct, 2);
      expect(Math.min(...returns)).toBeCloseTo(law.worstHourPct, 1);
      expect([...closes(asset).values()].at(-1)! / law.lastPrice).toBeCloseTo(1, 3);
    }
    const [btc, eth] = [hours('BTC'), hours('ETH')];
    const both = [...btc.keys()].filter((ms) => eth.has(ms));
    const found = Statistics.correlation(
      both.map((ms) => btc.get(ms)!),
      both.map((ms) => eth.get(ms)!),
    );
    const lane = (asset: string): number => calibration.assets.findIndex((one) => one.asset === asset);
    expect(found).toBeCloseTo(calibration.correlationHour[lane('BTC')]![lane('ETH')]!, 2);
  });
});
