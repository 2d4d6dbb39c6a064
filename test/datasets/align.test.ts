import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSealed } from '../../base/id.ts';
import { align } from '../../datasets/align.ts';
import { barTime, endsAt, MarketPanel } from '../../datasets/panel.ts';
import type { Series } from '../../datasets/series.ts';
import { readSeries } from '../../datasets/sources/files.ts';
import { HOUR_MS, hourly, PLAIN, quiet, type Row, START_MS, seriesOf } from './bars.ts';
import { hasReal, REAL } from './real.ts';

const iso = (hours: number): string => new Date(START_MS + hours * HOUR_MS).toISOString();

describe('the grid', () => {
  test('holes stay holes, late assets begin late, everything is in its bar', () => {
    const btc = hourly(quiet(10)).filter((_, hour) => hour !== 4);
    const eth = hourly(quiet(6), START_MS + 3 * HOUR_MS);
    const panel = align([seriesOf('ETH', eth), seriesOf('BTC', btc)], PLAIN);
    expect(() => MarketPanel.parse(panel)).not.toThrow();
    expect(isSealed(panel)).toBe(true);
    expect([panel.assets, panel.startsAt, panel.stepSeconds, panel.length]).toEqual([['BTC', 'ETH'], iso(0), 3600, 10]);
    expect(panel.bars['BTC']!.close.map((close) => close === null)).toEqual(Array.from({ length: 10 }, (_, i) => i === 4));
    expect(panel.bars['ETH']!.close.findIndex((close) => close !== null)).toBe(3);
    for (const row of btc) {
      const at = (row[0] - START_MS) / HOUR_MS;
      const { open, high, low, close, volume } = panel.bars['BTC']!;
      expect([barTime(panel, at), open[at], high[at], low[at], close[at], volume[at]]).toEqual(row);
    }
  });

  test('rows finer than the grid: first open, highest high, lowest low, last close, sum of volumes', () => {
    const quarter: Row[] = [10, 12, 11, 13, 12, 12.5, 12.2, 12.1].map((close, i) => [
      START_MS + i * HOUR_MS * 0.25,
      close - 0.5,
      close + 1,
      close - 1,
      close,
      2,
    ]);
    const panel = align([seriesOf('BTC', quarter)], { ...PLAIN, stepSeconds: 3600 });
    const { open, high, low, close, volume } = panel.bars['BTC']!;
    expect([open[0], high[0], low[0], close[0], volume[0]]).toEqual([9.5, 14, 9, 13, 8]);
    expect(panel.length).toBe(2);
  });

  test('single prices at irregular times: each in the bar in which it was seen', () => {
    const seen: Row[] = [7, 58, 121, 185, 299].map((minute, i) => {
      const price = 1 + i / 100;
      return [START_MS + minute * 60_000, price, price, price, price, Number.NaN];
    });
    const panel = align([seriesOf('DAI', seen)], PLAIN);
    expect(panel.stepSeconds).toBe(3600);
    expect(panel.bars['DAI']!.close).toEqual([1.01, null, 1.02, 1.03, 1.04]);
    expect(panel.bars['DAI']!.volume).toEqual([null, null, null, null, null]);
  });

  test('from and as-of cut the grid; a time without a zone is UTC', () => {
    const series = [seriesOf('BTC', hourly(quiet(10)))];
    const panel = align(series, { ...PLAIN, from: '2024-01-01T02:00:00Z', asOf: '2024-01-01T07:30' });
    expect([panel.startsAt, endsAt(panel)]).toEqual([iso(2), iso(7)]);
    expect(align(series, { ...PLAIN, from: '2024-01-01T01:30:00Z' }).startsAt).toBe(iso(2));
  });

  test('an asset enters after 180 days', () => {
    const long = seriesOf('BTC', hourly(quiet(181 * 24)));
    const short = seriesOf('NEW', hourly(quiet(179 * 24), START_MS + 2 * 24 * HOUR_MS));
    const { minimumHistorySeconds: _, ...options } = PLAIN;
    const panel = align([long, short], options);
    expect(panel.excluded).toEqual([{ asset: 'NEW', kind: 'too-little-history', says: '179 days since the first bar; 180 are needed' }]);
    const waivers = [{ subject: 'NEW', kind: 'too-little-history', reason: 'listed last summer, watched' }];
    const waived = align([long, short], { ...options, waivers });
    expect([waived.assets, waived.excluded, waived.waivers]).toEqual([['BTC', 'NEW'], [], waivers]);
  });
});

describe('refusals', () => {
  test.each([
    [() => align([], PLAIN), 'Align.NoSeriesError'],
    [() => align([seriesOf('BTC', hourly(quiet(5)))], { ...PLAIN, asOf: '2020-01-01T00:00:00Z' }), 'Align.NothingInRangeError'],
    [() => align([seriesOf('BTC', hourly(quiet(5)))], { ...PLAIN, asOf: 'noon' }), 'Align.BadMomentError'],
    [() => align([seriesOf('BTC', hourly(quiet(5)))], { ...PLAIN, stepSeconds: 0.5 }), 'Align.BadStepError'],
    [() => align([seriesOf('BTC', hourly(quiet(5)))], { ...PLAIN, minimumHistorySeconds: 1e6 }), 'Align.NothingLeftError'],
    [
      () => align([seriesOf('BTC', [...hourly([1]), ...hourly([1], START_MS + 9e11)])], { ...PLAIN, stepSeconds: 60 }),
      'Align.GridTooLongError',
    ],
    [
      // Two assets of 2.1 million seconds each: no bar too many for one, too many for one panel.
      () =>
        align(
          ['BTC', 'ETH'].map((asset) => seriesOf(asset, [...hourly([1, 1]), ...hourly([1], START_MS + 2.1e9)])),
          { ...PLAIN, stepSeconds: 1 },
        ),
      'Align.GridTooLongError',
    ],
  ])('%#', (call, name) => {
    expect(call).toThrowError(expect.objectContaining({ name }));
  });
});

/** A few assets with holes, doubles, shuffles and odd numbers in them. */
const messy = fc
  .array(
    fc.array(
      fc.record({
        hour: fc.integer({ min: 0, max: 400 }),
        minute: fc.constantFrom(0, 0, 0, 17),
        close: fc.oneof(
          { weight: 9, arbitrary: fc.double({ min: 90, max: 110, noNaN: true }) },
          { weight: 1, arbitrary: fc.constantFrom(0, 1e-4, 1e5, Number.NaN) },
        ),
        volume: fc.constantFrom(0, 5, 9, Number.NaN),
      }),
      { minLength: 1, maxLength: 60 },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((assets) =>
    assets.map((rows, index) =>
      seriesOf(
        `A${index}`,
        rows.map(
          ({ hour, minute, close, volume }): Row => [
            START_MS + hour * HOUR_MS + minute * 60_000,
            close,
            close * 1.01,
            close * 0.99,
            close,
            volume,
          ],
        ),
      ),
    ),
  );

function alignOrName(series: readonly Series[], asOf: string | undefined): MarketPanel | string {
  try {
    return align(series, { ...PLAIN, stepSeconds: 3600, ...(asOf === undefined ? {} : { asOf }) });
  } catch (error) {
    return (error as Error).name;
  }
}

describe('laws', () => {
  test('no row in a bar that ends after as-of changes the panel', () => {
    fc.assert(
      fc.property(messy, fc.integer({ min: 1, max: 400 }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (series, hours, factor) => {
        const cut = START_MS + hours * HOUR_MS;
        const later = series.map((one) => {
          const isLater = (row: number): boolean => Math.floor(one.timesMs[row]! / HOUR_MS) * HOUR_MS + HOUR_MS > cut;
          const change = (column: Float64Array): Float64Array => column.map((value, row) => (isLater(row) ? value * factor : value));
          return {
            ...one,
            open: change(one.open),
            high: change(one.high),
            low: change(one.low),
            close: change(one.close),
            volume: change(one.volume),
          };
        });
        expect(alignOrName(later, iso(hours))).toEqual(alignOrName(series, iso(hours)));
      }),
    );
  });

  test('the order of rows and of assets does not matter, but for the finding that says so', () => {
    fc.assert(
      fc.property(messy, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (series, noise) => {
        const shuffled = series.map((one) => {
          const order = Array.from(one.timesMs.keys(), (row) => [noise.next().value as number, row] as const).sort((a, b) => a[0] - b[0]);
          const pick = (column: Float64Array): Float64Array => Float64Array.from(order, ([, row]) => column[row]!);
          return {
            ...one,
            timesMs: pick(one.timesMs),
            open: pick(one.open),
            high: pick(one.high),
            low: pick(one.low),
            close: pick(one.close),
            volume: pick(one.volume),
          };
        });
        const plain = (panel: MarketPanel | string): unknown =>
          typeof panel === 'string'
            ? panel
            : { ...panel, id: '', quality: panel.quality.filter(({ kind }) => kind !== 'non-monotone-time') };
        expect(plain(alignOrName(shuffled.reverse(), undefined))).toEqual(plain(alignOrName(series, undefined)));
      }),
    );
  });

  test('aligning an aligned panel changes no bar', () => {
    fc.assert(
      fc.property(messy, (series) => {
        const panel = alignOrName(series, undefined);
        if (typeof panel === 'string') return;
        const back = panel.assets.map((asset) => {
          const bars = panel.bars[asset]!;
          const column = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? Number.NaN);
          const timesMs = Float64Array.from({ length: panel.length }, (_, i) => barTime(panel, i));
          return {
            asset,
            source: '',
            timesMs,
            open: column(bars.open),
            high: column(bars.high),
            low: column(bars.low),
            close: column(bars.close),
            volume: column(bars.volume),
          };
        });
        const again = alignOrName(back, undefined);
        if (typeof again === 'string') throw new Error(again);
        expect([again.startsAt, again.bars]).toEqual([panel.startsAt, panel.bars]);
      }),
    );
  });
});

describe.skipIf(!hasReal)('recorded data', async () => {
  const read = hasReal ? await readSeries(join(REAL, 'hourly')) : undefined;
  const options = { ...PLAIN, quote: 'USDT', minimumHistorySeconds: 180 * 86_400 };

  test('the whole of it: LUNA is out, everything else stays, the traps are named', { timeout: 60_000 }, () => {
    const panel = align(read!.series, options);
    expect([panel.startsAt, endsAt(panel), panel.assets.length]).toEqual(['2020-01-01T00:00:00.000Z', '2023-12-30T20:00:00.000Z', 18]);
    expect(panel.excluded).toEqual([
      { asset: 'LUNA', kind: 'level-break', says: 'close 0.00005, next open 1: another coin or another unit under this name' },
    ]);
    const told = (asset: string, kind: string) =>
      panel.quality.filter((one) => one.asset === asset && one.kind === kind && one.severity !== 'note');
    expect(told('LINK', 'spike-reverted')).toMatchObject([
      { from: '2020-03-12T10:00:00.000Z', says: expect.stringMatching(/low 0\.0001/) },
    ]);
    expect(told('LUNA', 'level-break')).toMatchObject([{ to: '2022-05-31T06:00:00.000Z', severity: 'fatal' }]);
    expect(told('FTT', 'gap')).toMatchObject([{ from: expect.stringMatching(/^2022-11-15/), to: expect.stringMatching(/^2023-09-22/) }]);
    expect(told('USDC', 'gap')).toMatchObject([{ from: expect.stringMatching(/^2022-09-26/), to: expect.stringMatching(/^2023-03-11/) }]);
    for (const asset of panel.assets) {
      const missing = panel.quality.filter((one) => one.asset === asset && one.kind === 'gap' && /in holes/.test(one.says));
      expect(missing.reduce((sum, { bars }) => sum + bars, 0)).toBeGreaterThanOrEqual(5);
    }
    const excludedNothingElse = panel.quality.filter(({ severity }) => severity === 'fatal');
    expect(excludedNothingElse).toHaveLength(1);
  });

  test('as of the day before LUNA broke it is in, and nothing is out; in its last hour too; later its silence takes it out', {
    timeout: 60_000,
  }, () => {
    const luna = read!.series.filter(({ asset }) => asset === 'LUNA' || asset === 'ETH');
    for (const asOf of ['2022-05-08T00:00:00Z', '2022-05-13T00:00:00Z']) {
      const panel = align(luna, { ...options, asOf });
      expect([panel.assets, panel.excluded]).toEqual([['ETH', 'LUNA'], []]);
    }
    expect(align(luna, { ...options, asOf: '2022-05-20T00:00:00Z' }).excluded).toMatchObject([{ asset: 'LUNA', kind: 'gap' }]);
    const waivers = [{ subject: 'LUNA', kind: 'level-break', reason: 'to see what it does' }];
    const waived = align(luna, { ...options, waivers });
    expect([waived.assets, waived.waivers]).toEqual([['ETH', 'LUNA'], waivers]);
  });

  test('crash windows, daily bars and irregular depegs align', { timeout: 60_000 }, async () => {
    const daily = await readSeries(join(REAL, 'binance_spot_daily_2019_2023.csv'));
    const panel = align(daily.series, { ...options, ...daily, simulated: false });
    expect([panel.stepSeconds, panel.excluded.map(({ asset }) => asset)]).toEqual([86_400, ['LUNA']]);
    const ust = await readSeries(join(REAL, 'coingecko_UST_usd_2021_2023-02.csv.gz'));
    expect(align(ust.series, { ...options, asOf: '2022-05-08T00:00:00Z', minimumHistorySeconds: 0 }).stepSeconds).toBe(3600);
  });
});
