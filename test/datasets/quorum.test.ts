import { existsSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { uniform } from '../../base/random.ts';
import { align } from '../../datasets/align.ts';
import type { MarketPanel, QualityFinding } from '../../datasets/panel.ts';
import { consensus } from '../../datasets/quorum.ts';
import type { Series } from '../../datasets/series.ts';
import { readSeries } from '../../datasets/sources/files.ts';
import { venues } from '../../datasets/venue.ts';
import { hourly, PLAIN, type Row, seriesOf } from './bars.ts';

const LENGTH = 1500;
const STEP = 3600;
const ACROSS = 900;

/** Hours of about 1 % with a crash of a fifth in the middle. */
const CLOSES: number[] = [];
for (let hour = 0, close = 100; hour < LENGTH; hour += 1) {
  const shock = [0, 1, 2].reduce((sum, lane) => sum + uniform(7, 0, hour, 0, lane) - 0.5, 0);
  close *= 1 + 0.02 * shock + (hour >= 700 && hour < 704 ? -0.05 : 0);
  CLOSES.push(close);
}

/** One venue's view: every price within 5 bps of the truth, its own share of the volume. */
function venue(index: number): Row[] {
  const noise = (hour: number, lane: number): number => 1 + 0.0005 * (2 * uniform(11, index, hour, 0, lane) - 1);
  return hourly(CLOSES.map((close, hour) => close * noise(hour, 0))).map(([ms, open, high, low, close, volume], hour) => [
    ms,
    open,
    high * noise(hour, 1),
    low * noise(hour, 2),
    close,
    volume * (1 + index),
  ]);
}

function source(name: string, rows: readonly Row[]): Series {
  return { ...seriesOf('X', rows), source: name };
}

const HONEST = ['a.csv', 'b.csv', 'c.csv', 'd.csv', 'e.csv'].map((name, index) => source(name, venue(index)));

function times(rows: readonly Row[], from: number, to: number, factor: number): Row[] {
  return rows.map(([ms, open, high, low, close, volume], hour): Row => {
    const f = hour >= from && hour < to ? factor : 1;
    return [ms, open * f, high * f, low * f, close * f, volume];
  });
}

const POISONS: readonly (readonly [name: string, spoil: (rows: readonly Row[]) => Row[]])[] = [
  ['scaled by 1.1', (rows) => times(rows, 0, LENGTH, 1.1)],
  ['scaled by 1,000', (rows) => times(rows, 0, LENGTH, 1000)],
  ['scaled by 1.005', (rows) => times(rows, 0, LENGTH, 1.005)],
  ['scaled by 0.97 from the crash on', (rows) => times(rows, 700, LENGTH, 0.97)],
  ['one hour late', (rows) => rows.map(([ms, ...prices]): Row => [ms + 3_600_000, ...prices])],
  ['eight hours early', (rows) => rows.map(([ms, ...prices]): Row => [ms - 8 * 3_600_000, ...prices])],
  [
    'frozen through the crash',
    (rows) =>
      rows.map(
        (row, hour): Row => (hour >= 690 && hour < 850 ? [row[0], rows[690]![4], rows[690]![4], rows[690]![4], rows[690]![4], 0] : row),
      ),
  ],
  [
    'frozen from there to the end',
    (rows) => rows.map((row, hour): Row => (hour > 900 ? [row[0], rows[900]![4], rows[900]![4], rows[900]![4], rows[900]![4], 0] : row)),
  ],
  ['spiked upwards in ten hours', (rows) => rows.flatMap((row, hour) => times([row], 0, 1, hour % 150 === 60 ? 3 : 1))],
  ['spiked to nothing in one hour', (rows) => times(rows, ACROSS, ACROSS + 1, 0.0001)],
  [
    'without the crash',
    (rows) =>
      rows.map(
        (row, hour): Row =>
          hour >= 700 && hour < 760
            ? [
                row[0],
                rows[699]![4] * (1 + 0.001 * (hour % 3)),
                rows[699]![4] * 1.003,
                rows[699]![4] * 0.997,
                rows[699]![4] * (1 + 0.001 * (hour % 3)),
                row[5],
              ]
            : row,
      ),
  ],
  ['drifting away by 1 % a week', (rows) => rows.flatMap((row, hour) => times([row], 0, 1, 1 + (0.01 * hour) / 168))],
];

function closeAt(series: Series): Map<number, number> {
  return new Map(Array.from(series.timesMs, (ms, row) => [ms, series.close[row]!]));
}

/** Sum of squared hourly moves: what a volatility is made of. */
function activity(series: Series): number {
  let sum = 0;
  for (let row = 1; row < series.close.length; row += 1) sum += (series.close[row]! / series.close[row - 1]! - 1) ** 2;
  return sum;
}

const disagreements = (findings: readonly QualityFinding[]): QualityFinding[] => findings.filter(({ severity }) => severity !== 'note');

describe('venues that agree', () => {
  it.each([2, 3, 4, 5])('%d of them give no finding, all bars, prices among theirs', (count) => {
    const given = HONEST.slice(0, count);
    const { series, findings } = consensus(given, STEP);
    expect(findings).toEqual([]);
    expect(series.timesMs).toEqual(given[0]!.timesMs);
    for (const field of ['open', 'high', 'low', 'close', 'volume'] as const) {
      for (let row = 0; row < LENGTH; row += 1) {
        const seen = given.map((one) => one[field][row]!);
        expect(series[field][row]).toBeGreaterThanOrEqual(Math.min(...seen));
        expect(series[field][row]).toBeLessThanOrEqual(Math.max(...seen));
      }
    }
  });

  it('one alone is left as it is', () => {
    expect(consensus([HONEST[0]!], STEP)).toEqual({ series: HONEST[0], findings: [] });
  });
});

describe.each(POISONS)('one of three %s', (_name, spoil) => {
  const poisoned = source('poisoned.csv', spoil(venue(2)));
  const [a, b] = HONEST as [Series, Series];

  it.each([0, 1, 2])('is named and decides nothing, given at place %d', (place) => {
    const given = [a, b];
    given.splice(place, 0, poisoned);
    const { series, findings } = consensus(given, STEP);
    const named = disagreements(findings);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ severity, says }) => severity !== 'warning' || !/poisoned\.csv|highs or lows/.test(says))).toEqual([]);
    expect(named.some(({ says }) => says.includes('poisoned.csv'))).toBe(true);
    const [ours, theirs] = [closeAt(a), closeAt(b)];
    const honest = consensus([a, b], STEP).series;
    let within = 0;
    for (const [row, ms] of series.timesMs.entries()) {
      const pair = [ours.get(ms), theirs.get(ms)].filter((close) => close !== undefined);
      if (pair.length === 0) continue;
      within += 1;
      expect(series.close[row]).toBeGreaterThanOrEqual(Math.min(...pair));
      expect(series.close[row]).toBeLessThanOrEqual(Math.max(...pair));
    }
    expect(within).toBe(LENGTH);
    expect(activity(series)).toBeGreaterThan(0.99 * activity(honest));
    expect(Math.max(...series.volume)).toBeLessThanOrEqual(Math.max(...b.volume));
  });
});

describe.each(POISONS)('one of two %s', (_name, spoil) => {
  it('passes nowhere silently: hours are left out, or the asset is', () => {
    const [a] = HONEST as [Series];
    const { series, findings } = consensus([a, source('poisoned.csv', spoil(venue(2)))], STEP);
    expect(disagreements(findings).length).toBeGreaterThan(0);
    if (findings.some(({ severity }) => severity === 'fatal')) return;
    const ours = closeAt(a);
    for (const [row, ms] of series.timesMs.entries())
      expect(Math.abs(series.close[row]! / (ours.get(ms) ?? Number.NaN) - 1)).toBeLessThan(0.01);
  });
});

describe('a calm market', () => {
  const calm = (index: number): Row[] =>
    hourly(
      Array.from({ length: 400 }, (_, hour) => 100 * (1 + 0.002 * uniform(17, 0, hour, 0, 0) + 0.0003 * uniform(19, index, hour, 0, 0))),
    );
  const stuck = calm(2).map((row, hour): Row => (hour >= 200 && hour < 224 ? [row[0], 100.1, 100.1, 100.1, 100.1, 0] : row));

  it.each([1, 2])('a day without a move beside %d venues that moved a little is noticed, and those venues go on', (others) => {
    const given = [source('a.csv', calm(0)), source('b.csv', calm(1))].slice(0, others);
    const { series, findings } = consensus([...given, source('stuck.csv', stuck)], STEP);
    expect(disagreements(findings)).toMatchObject([
      { severity: 'warning', bars: 23, says: expect.stringMatching(/^stuck\.csv stands still/) },
    ]);
    const honest = consensus(given, STEP).series;
    expect(series.close.subarray(201, 224)).toEqual(honest.close.subarray(201, 224));
  });

  it('that stands still everywhere is not a fault of one', () => {
    const still = calm(0).map((row): Row => [row[0], 1, 1, 1, 1, 5]);
    expect(consensus([source('a.csv', still), source('b.csv', still)], STEP).findings).toEqual([]);
  });
});

describe('what a venue invents', () => {
  it('volume: neither of two nor of three makes the depth larger', () => {
    const [a, b] = HONEST as [Series, Series];
    const invented = source(
      'c.csv',
      venue(2).map((row): Row => [row[0], row[1], row[2], row[3], row[4], row[5] * 1000]),
    );
    for (const given of [
      [a, invented],
      [a, b, invented],
    ]) {
      const { series } = consensus(given, STEP);
      for (let row = 0; row < LENGTH; row += 1) expect(series.volume[row]).toBeLessThanOrEqual(b.volume[row]!);
    }
  });

  it('a wick: of three it is not believed, of two it is, and both are said', () => {
    const [a, b] = HONEST as [Series, Series];
    const wick = source(
      'c.csv',
      venue(2).map((row, hour): Row => (hour === 500 ? [row[0], row[1], row[2], 0.0001, row[4], row[5]] : row)),
    );
    const three = consensus([a, b, wick], STEP);
    expect(three.series.low[500]).toBeGreaterThan(0.9 * a.low[500]!);
    const two = consensus([a, wick], STEP);
    expect(two.series.low[500]).toBe(0.0001);
    for (const { findings } of [two, three])
      expect(findings).toMatchObject([{ kind: 'source-disagreement', severity: 'warning', bars: 1 }]);
  });

  it('two of three that agree on a lie are believed: a quorum is no proof', () => {
    const [a] = HONEST as [Series];
    const lie = (name: string, index: number): Series => source(name, times(venue(index), 0, LENGTH, 1.5));
    const { series, findings } = consensus([a, lie('b.csv', 1), lie('c.csv', 2)], STEP);
    expect(series.close[10]! / a.close[10]!).toBeCloseTo(1.5, 2);
    expect(findings[0]?.says).toMatch(/^a\.csv is off by −33/);
  });
});

describe('through align', () => {
  const panelOf = (...pieces: Series[]): MarketPanel => align(pieces, PLAIN);

  test('a poisoned third venue changes no close by more than venues differ', () => {
    const clean = panelOf(HONEST[0]!, HONEST[1]!);
    for (const [, spoil] of POISONS) {
      const panel = panelOf(HONEST[0]!, HONEST[1]!, source('p.csv', spoil(venue(2))));
      expect(panel.assets).toEqual(['X']);
      expect(panel.quality.some(({ kind }) => kind === 'source-disagreement')).toBe(true);
      const offset = (Date.parse(clean.startsAt) - Date.parse(panel.startsAt)) / 3_600_000;
      for (const [row, close] of clean.bars['X']!.close.entries()) {
        expect(Math.abs(panel.bars['X']!.close[row + offset]! / close! - 1)).toBeLessThan(0.001);
      }
    }
  });

  test('a month a file from each of three venues is three venues', () => {
    const monthly = HONEST.slice(0, 3).flatMap(({ source: name }, index) =>
      [0, 500, 1000].map((from) => source(`${name.replace('.csv', '')}-venue-${from}.csv`, venue(index).slice(from, from + 500))),
    );
    expect(venues([...monthly].reverse()).map(({ source: name, timesMs }) => [name, timesMs.length])).toEqual([
      ['a-venue-…', LENGTH],
      ['b-venue-…', LENGTH],
      ['c-venue-…', LENGTH],
    ]);
    expect(panelOf(...monthly).bars).toEqual(panelOf(...HONEST.slice(0, 3)).bars);
    expect(panelOf(...monthly).id).toBe(panelOf(...[...monthly].reverse()).id);
  });
});

const HOURLY = '../shared/data/hourly';
describe.skipIf(!existsSync(HOURLY))('on recorded hours, seen by three venues within 10 bps', () => {
  it.each(['BTCUSDT', 'LINKUSDT', 'LUNAUSDT'])('%s gives no alarm in four years of crashes', async (pair) => {
    const { series } = await readSeries(`${HOURLY}/${pair}_1h.csv.gz`);
    const truth = series[0]!;
    const seen = [0, 1, 2].map((index): Series => {
      const noise = (column: Float64Array, lane: number): Float64Array =>
        column.map((price, row) => price * (1 + 0.001 * (2 * uniform(13, index, row, 0, lane) - 1)));
      return {
        ...truth,
        source: `${index}.csv`,
        open: noise(truth.open, 0),
        high: noise(truth.high, 1),
        low: noise(truth.low, 2),
        close: noise(truth.close, 3),
      };
    });
    expect(disagreements(consensus(seen, STEP).findings)).toEqual([]);
  });
});
