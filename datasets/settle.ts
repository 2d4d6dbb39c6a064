/**
 * Settle: the rows of one asset in one source → one row a moment, in order of time.
 *
 * - Out of order: sorted, a warning.
 * - The same moment twice: a double. The same numbers: a warning, one kept. Other numbers: fatal.
 */
import type { QualityFinding } from './panel.ts';
import * as Quality from './quality.ts';
import type { Series } from './series.ts';

/** A row: which series, which index in it. */
export type Row = { readonly series: Series; readonly at: number };
export type Settled = { readonly series: Series; readonly findings: readonly QualityFinding[] };

/** `isWanted` says which rows are looked at all; `stepSeconds` is the grid's, for findings. */
export function settle(pieces: readonly Series[], stepSeconds: number, isWanted: (row: Row) => boolean): Settled | undefined {
  const rows: Row[] = [];
  let isSorted = true;
  for (const series of pieces) {
    let last = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < series.timesMs.length; at += 1) {
      const row = { series, at };
      if (!isWanted(row)) continue;
      if (timeOf(row) < last) isSorted = false;
      last = timeOf(row);
      rows.push(row);
    }
  }
  if (rows.length === 0) return undefined;
  if (!isSorted || pieces.length > 1) rows.sort((a, b) => timeOf(a) - timeOf(b) || compare(a, b));

  const kept: Row[] = [];
  const doubles: Doubles = { same: [], different: [] };
  for (const row of rows) {
    const before = kept.at(-1);
    if (before === undefined || timeOf(before) !== timeOf(row)) kept.push(row);
    else (compare(before, row) === 0 ? doubles.same : doubles.different).push(timeOf(row));
  }
  const column = (field: 'open' | 'high' | 'low' | 'close' | 'volume'): Float64Array =>
    Float64Array.from(kept, ({ series, at }) => series[field][at]!);
  const { asset, source } = rows[0]!.series;
  return {
    series: {
      asset,
      source,
      timesMs: Float64Array.from(kept, timeOf),
      open: column('open'),
      high: column('high'),
      low: column('low'),
      close: column('close'),
      volume: column('volume'),
    },
    findings: findingsOf(rows, stepSeconds, isSorted, doubles),
  };
}

export function timeOf({ series, at }: Row): number {
  return series.timesMs[at]!;
}

type Doubles = { readonly same: number[]; readonly different: number[] };

function findingsOf(rows: readonly Row[], stepSeconds: number, isSorted: boolean, doubles: Doubles): QualityFinding[] {
  const stepMs = stepSeconds * 1000;
  const place = { asset: rows[0]!.series.asset, startMs: 0, stepSeconds };
  const tell = (
    kind: QualityFinding['kind'],
    severity: QualityFinding['severity'],
    moments: readonly number[],
    says: string,
  ): QualityFinding[] => {
    if (moments.length === 0) return [];
    const span = { from: Math.floor(moments[0]! / stepMs), to: Math.floor(moments.at(-1)! / stepMs), bars: moments.length };
    return [Quality.finding(place, kind, severity, span, `${moments.length === 1 ? '1 bar' : `${moments.length} bars`} ${says}`)];
  };
  return [
    ...(isSorted
      ? []
      : tell(
          'non-monotone-time',
          'warning',
          [timeOf(rows[0]!), timeOf(rows.at(-1)!)],
          'at the ends of rows that were not in order of time; sorted',
        )),
    ...tell('duplicate', 'warning', doubles.same, 'given twice with the same numbers; one kept'),
    ...tell('duplicate', 'fatal', doubles.different, 'given twice with different numbers'),
  ];
}

/** 0 where both hold the same numbers; else an order that does not depend on where the rows stood. */
function compare(a: Row, b: Row): number {
  for (const column of ['open', 'high', 'low', 'close', 'volume'] as const) {
    const left = a.series[column][a.at]!;
    const right = b.series[column][b.at]!;
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return 0;
}
