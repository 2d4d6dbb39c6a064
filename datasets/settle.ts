/**
 * Settle: the rows of one asset, from one or more sources → one row a moment, in order of time.
 *
 * - Out of order: sorted, a warning.
 * - The same moment twice in one source: a double. The same numbers: a warning, one kept. Other numbers: fatal.
 * - The same moment in several sources: the row with the middle close, if the others are within `AGREEMENT` of it. With three or
 *   more, those further off are refused as outliers; two that disagree cannot be told apart and neither is used. Fatal where that
 *   happens in more than `DISAGREEING_SHARE` of the moments that several sources have.
 */
import type { QualityFinding } from './panel.ts';
import * as Quality from './quality.ts';
import type { Series } from './series.ts';

/** A row: which series, which index in it. */
export type Row = { readonly series: Series; readonly at: number };
export type Settled = { readonly rows: readonly Row[]; readonly findings: readonly QualityFinding[] };

/** Closes of two venues differ by less in any hour that can be traded in both. */
const AGREEMENT = 0.01;
const DISAGREEING_SHARE = 0.01;

/** `isWanted` says which rows are looked at all; `stepSeconds` is the grid's, for findings. */
export function settle(pieces: readonly Series[], stepSeconds: number, isWanted: (row: Row) => boolean): Settled {
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
  if (rows.length === 0) return { rows, findings: [] };
  if (!isSorted || pieces.length > 1)
    rows.sort((a, b) => timeOf(a) - timeOf(b) || compare(a, b) || (a.series.source < b.series.source ? -1 : 1));

  const kept: Row[] = [];
  const doubles = { same: [] as number[], different: [] as number[] };
  const sources = { shared: 0, outliers: [] as number[], open: [] as number[] };
  for (let start = 0; start < rows.length; ) {
    const ms = timeOf(rows[start]!);
    let end = start + 1;
    while (end < rows.length && timeOf(rows[end]!) === ms) end += 1;
    const settled = end === start + 1 ? rows[start] : settleMoment(rows.slice(start, end), ms, doubles, sources);
    if (settled !== undefined) kept.push(settled);
    start = end;
  }
  return { rows: kept, findings: findingsOf(rows, stepSeconds, isSorted, doubles, sources) };
}

export function timeOf({ series, at }: Row): number {
  return series.timesMs[at]!;
}

type Doubles = { readonly same: number[]; readonly different: number[] };
type Sources = { shared: number; readonly outliers: number[]; readonly open: number[] };

function settleMoment(rows: readonly Row[], ms: number, doubles: Doubles, sources: Sources): Row | undefined {
  const bySource = new Map<string, Row>();
  for (const row of rows) {
    const before = bySource.get(row.series.source);
    if (before === undefined) bySource.set(row.series.source, row);
    else (compare(before, row) === 0 ? doubles.same : doubles.different).push(ms);
  }
  const given = [...bySource.values()].sort((a, b) => a.series.close[a.at]! - b.series.close[b.at]! || compare(a, b));
  if (given.length === 1) return given[0];
  sources.shared += 1;
  const middle = given[(given.length - 1) >> 1]!;
  const close = middle.series.close[middle.at]!;
  const far = given.filter(({ series, at }) => !(Math.abs(series.close[at]! / close - 1) <= AGREEMENT));
  if (far.length === 0) return middle;
  if (far.length * 2 < given.length) {
    sources.outliers.push(ms);
    return middle;
  }
  sources.open.push(ms);
  return undefined;
}

function findingsOf(rows: readonly Row[], stepSeconds: number, isSorted: boolean, doubles: Doubles, sources: Sources): QualityFinding[] {
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
  const disagreeing = sources.open.length > DISAGREEING_SHARE * sources.shared ? 'fatal' : 'warning';
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
    ...tell('source-disagreement', 'warning', sources.outliers, 'where one source is far from the middle of the others; refused'),
    ...tell(
      'source-disagreement',
      disagreeing,
      sources.open,
      `where sources differ by over ${100 * AGREEMENT} % and none is the middle; not used`,
    ),
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
