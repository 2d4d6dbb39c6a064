import { describe, expect, test } from 'vitest';
import { align } from '../../datasets/align.ts';
import type { MarketPanel, QualityFinding } from '../../datasets/panel.ts';
import { hourly, PLAIN, quiet, type Row, seriesOf } from './bars.ts';

const LENGTH = 300;

function findings(rows: readonly Row[], kind: string): QualityFinding[] {
  return panelWith(rows).quality.filter((one) => one.asset === 'X' && one.kind === kind);
}

/** X beside a sound asset, so that a fatal finding leaves a panel. */
function panelWith(rows: readonly Row[]): MarketPanel {
  return align([seriesOf('BTC', hourly(quiet(LENGTH))), seriesOf('X', rows)], PLAIN);
}

/** One row changed. */
function change(at: number, by: Partial<Record<0 | 1 | 2 | 3 | 4 | 5, number>>): Row[] {
  return hourly(quiet(LENGTH)).map(
    (row, hour): Row => (hour === at ? (([0, 1, 2, 3, 4, 5] as const).map((column) => by[column] ?? row[column]) as unknown as Row) : row),
  );
}

test('sound bars have no finding', () => {
  expect(panelWith(hourly(quiet(LENGTH))).quality).toEqual([]);
});

describe('doubles', () => {
  test('the same hour twice with the same numbers: a warning, one kept', () => {
    const rows = hourly(quiet(LENGTH));
    const found = findings([...rows.slice(0, 51), rows[50]!, ...rows.slice(51)], 'duplicate');
    expect(found).toMatchObject([{ severity: 'warning', from: '2024-01-03T02:00:00.000Z', bars: 1 }]);
    expect(panelWith([...rows, rows[50]!]).bars['X']).toEqual(panelWith(rows).bars['X']);
  });

  test('the same hour twice with other numbers: the asset is out, the panel stays', () => {
    const rows = hourly(quiet(LENGTH));
    const other = rows[50]!.map((value, column) => (column === 4 ? value * 1.001 : value)) as unknown as Row;
    const panel = panelWith([...rows.slice(0, 51), other, ...rows.slice(51)]);
    expect(panel.assets).toEqual(['BTC']);
    expect(panel.excluded).toEqual([{ asset: 'X', kind: 'duplicate', says: '1 bar given twice with different numbers' }]);
  });
});

test('rows out of order are sorted, and said', () => {
  const rows = hourly(quiet(LENGTH));
  expect(findings([...rows.slice(150), ...rows.slice(0, 150)], 'non-monotone-time')).toMatchObject([{ severity: 'warning' }]);
});

test('a price of 0 or less is fatal', () => {
  expect(findings(change(70, { 3: 0 }), 'non-positive-price')).toMatchObject([{ severity: 'fatal', from: '2024-01-03T22:00:00.000Z' }]);
  expect(findings(change(70, { 4: -1 }), 'non-positive-price')).toMatchObject([{ severity: 'fatal' }]);
});

test('high and low must enclose open and close: few such bars are not used, many are fatal', () => {
  const panel = panelWith(change(70, { 2: 50 }));
  expect(panel.quality).toMatchObject([{ kind: 'ohlc-inconsistent', severity: 'warning', bars: 1 }]);
  expect(panel.bars['X']!.close[70]).toBeNull();
  const many = hourly(quiet(LENGTH)).map((row, hour): Row => (hour % 50 === 0 ? [row[0], row[1], row[2], 1000, row[4], row[5]] : row));
  expect(findings(many, 'ohlc-inconsistent')).toMatchObject([{ severity: 'fatal', bars: 6 }]);
});

describe('jumps', () => {
  test('a close far off and back by the next bar is not used', () => {
    const panel = panelWith(hourly(quiet(LENGTH).map((close, hour) => (hour === 90 ? close * 9 : close))));
    expect(panel.quality.map(({ kind, severity }) => [kind, severity])).toEqual([['spike-reverted', 'warning']]);
    expect(panel.bars['X']!.close[90]).toBeNull();
    expect(panel.bars['X']!.close[91]).not.toBeNull();
  });

  test('until it has reverted it counts: as of that bar the level has broken', () => {
    const rows = change(90, { 1: 900, 2: 910, 3: 890, 4: 900 });
    const series = [seriesOf('BTC', hourly(quiet(LENGTH))), seriesOf('X', rows)];
    expect(align(series, { ...PLAIN, asOf: '2024-01-04T19:00:00Z' }).excluded).toMatchObject([{ asset: 'X', kind: 'level-break' }]);
    expect(align(series, { ...PLAIN, asOf: '2024-01-04T20:00:00Z' }).excluded).toEqual([]);
  });

  test('a low of next to nothing inside a bar is told and kept', () => {
    const panel = panelWith(change(90, { 3: 0.0001 }));
    expect(panel.quality).toMatchObject([{ kind: 'spike-reverted', severity: 'warning', says: expect.stringMatching(/^low 0\.0001/) }]);
    expect(panel.bars['X']!.low[90]).toBe(0.0001);
  });

  test('a crash that trades all the way down is no break', () => {
    const crash = quiet(LENGTH).map((close, hour) => (hour < 200 ? close : close * 0.5 ** Math.min(hour - 199, 14)));
    expect(panelWith(hourly(crash)).excluded).toEqual([]);
  });

  test('another coin under the same name is a break; a power of ten is another unit', () => {
    const rows = (factor: number): Row[] => {
      const before = hourly(quiet(150));
      return [
        ...before,
        ...hourly(
          quiet(LENGTH - 150).map((close) => close * factor),
          before.at(-1)![0] + 3_600_000,
        ),
      ];
    };
    const last = hourly(quiet(150)).at(-1)![4];
    expect(panelWith(rows(7)).excluded).toMatchObject([{ asset: 'X', kind: 'level-break' }]);
    expect(panelWith(rows((last / 100) * 1000)).excluded).toMatchObject([{ asset: 'X', kind: 'unit-change' }]);
    expect(panelWith(rows(2)).excluded).toEqual([]);
  });
});

describe('silence', () => {
  test('short holes are counted together, a long one stands alone, silence at the end is fatal', () => {
    const rows = hourly(quiet(LENGTH));
    expect(
      findings(
        rows.filter((_, hour) => hour !== 30 && hour !== 31 && hour !== 80),
        'gap',
      ),
    ).toMatchObject([{ severity: 'note', bars: 3 }]);
    expect(
      findings(
        rows.filter((_, hour) => hour < 100 || hour > 130),
        'gap',
      ),
    ).toMatchObject([{ severity: 'warning', bars: 31, from: '2024-01-05T04:00:00.000Z' }]);
    expect(panelWith(rows.slice(0, -25)).excluded).toMatchObject([{ asset: 'X', kind: 'gap' }]);
    expect(panelWith(rows.slice(0, -24)).excluded).toEqual([]);
  });

  test('the same price for half a day is a warning, for a week fatal', () => {
    const still = (bars: number): Row[] => {
      const rows = hourly(quiet(LENGTH));
      return rows.map(
        (row, hour): Row => (hour > 20 && hour < 20 + bars ? [row[0], rows[20]![4], rows[20]![4], rows[20]![4], rows[20]![4], 1] : row),
      );
    };
    expect(findings(still(11), 'stale-run')).toEqual([]);
    expect(findings(still(12), 'stale-run')).toMatchObject([{ severity: 'warning', bars: 12 }]);
    expect(findings(still(168), 'stale-run')).toMatchObject([{ severity: 'fatal', bars: 168 }]);
  });

  test('a price without volume is noted; a last bar with hardly any may still be running', () => {
    expect(findings(change(40, { 5: 0 }), 'zero-volume')).toMatchObject([{ severity: 'note', bars: 1 }]);
    expect(findings(change(LENGTH - 1, { 5: 0.01 }), 'unfinished-bar')).toMatchObject([{ severity: 'warning' }]);
  });
});
