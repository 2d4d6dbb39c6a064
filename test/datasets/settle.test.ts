import { describe, expect, test } from 'vitest';
import { align } from '../../datasets/align.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import type { Series } from '../../datasets/series.ts';
import { hourly, PLAIN, quiet, type Row, seriesOf } from './bars.ts';

const LENGTH = 300;
const ROWS = hourly(quiet(LENGTH));

function source(name: string, rows: readonly Row[]): Series {
  return { ...seriesOf('X', rows), source: name };
}

/** Every `every`-th close moved by a factor. */
function moved(factor: number, every: number): Row[] {
  return ROWS.map((row, hour): Row => (hour % every === 3 ? [row[0], row[1], row[2] * factor, row[3], row[4] * factor, row[5]] : row));
}

function panelOf(...pieces: Series[]): MarketPanel {
  return align([seriesOf('BTC', hourly(quiet(LENGTH))), ...pieces], PLAIN);
}

test('a file a month is one asset', () => {
  const panel = panelOf(source('b.csv', ROWS.slice(120)), source('a.csv', ROWS.slice(0, 120)));
  expect(panel.quality).toEqual([]);
  expect(panel.bars['X']!.close).toEqual(ROWS.map((row) => row[4]));
});

describe('several sources of the same hours', () => {
  test('that agree: the middle one, no finding', () => {
    const panel = panelOf(source('a.csv', ROWS), source('b.csv', moved(1.002, 5)), source('c.csv', moved(1.004, 5)));
    expect(panel.quality).toEqual([]);
    expect(panel.bars['X']!.close[3]).toBeCloseTo(ROWS[3]![4] * 1.002, 9);
    expect(panel.bars['X']!.close[4]).toBe(ROWS[4]![4]);
  });

  test('one far from two others is refused as an outlier', () => {
    const panel = panelOf(source('a.csv', ROWS), source('b.csv', ROWS), source('c.csv', moved(1.5, 100)));
    expect(panel.quality).toMatchObject([{ asset: 'X', kind: 'source-disagreement', severity: 'warning', bars: 3 }]);
    expect(panel.bars['X']!.close).toEqual(ROWS.map((row) => row[4]));
  });

  test('two that disagree: the hour is not used; too many such hours are fatal', () => {
    const few = panelOf(source('a.csv', ROWS), source('b.csv', moved(1.5, 150)));
    expect(few.quality.filter(({ kind }) => kind === 'source-disagreement')).toMatchObject([{ severity: 'warning', bars: 2 }]);
    expect([few.bars['X']!.close[3], few.bars['X']!.close[153], few.bars['X']!.close[4]]).toEqual([null, null, ROWS[4]![4]]);
    const many = panelOf(source('a.csv', ROWS), source('b.csv', moved(1.5, 50)));
    expect(many.excluded).toMatchObject([{ asset: 'X', kind: 'source-disagreement' }]);
  });

  test('which source comes first does not matter', () => {
    const pieces = [source('a.csv', ROWS), source('b.csv', moved(1.002, 3)), source('c.csv', moved(1.5, 70))];
    expect(panelOf(...pieces).id).toBe(panelOf(...[...pieces].reverse()).id);
  });
});
