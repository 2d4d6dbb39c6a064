/**
 * Quality: what is wrong with the bars of one asset, each as a named finding. As-of by construction: it is shown only bars
 * that had ended, so a spike counts as a break until it has reverted, and the death of a coin is not known before it.
 *
 * A real crash trades all the way down: each bar opens where the last one closed (LUNA, 2022-05-12). A redenomination or a new
 * coin under an old symbol does not (LUNA 2.0, 2022-05-31). So a break is a gap between a close and the next open, not a move.
 */
import type { FindingKind, QualityFinding } from './panel.ts';

/** Five columns on an even grid; NaN = not observed. */
export type Grid = {
  readonly asset: string;
  readonly startMs: number;
  readonly stepSeconds: number;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
};

/** Close to next open by more than this factor is no trade but another unit or another coin. */
const BREAK_FACTOR = 3;
/** Where only closes are known, every move looks like that: only the impossible counts. */
const BREAK_FACTOR_CLOSES = 10;
/** A close away by this factor and back within `SPIKE_BARS`. In its last hours LUNA truly traded at a third and back. */
const SPIKE_FACTOR = 5;
/** A spike that lasts longer is a level. */
const SPIKE_BARS = 3;
/** The part of a spike that may remain after it reverted. */
const SPIKE_REMAINS = 0.2;
/** A low or high beyond this factor of both open and close (LINK, low 0.0001, 2020-03-12). */
const WICK_FACTOR = 5;
/** A ratio this near to 100, 1,000, 10,000 … (in logs) is a change of unit. */
const UNIT_TOLERANCE = 0.05;
const STALE_BARS = 12;
const STALE_BARS_FATAL = 168;
/** Share of bars with inconsistent prices above which the asset cannot be trusted. */
const INCONSISTENT_SHARE = 0.01;
const LONG_GAP_SECONDS = 86_400;
/** Volume of the last bar below this share of the median of the week before: it was still running. */
const UNFINISHED_SHARE = 0.02;

/** The findings, and the bars to be taken as not observed because of them. */
export type Inspection = { readonly findings: readonly QualityFinding[]; readonly masked: readonly number[] };

/** `endIndex` is the length of the panel's grid: an asset silent for a day before it has no price to work with. */
export function inspect(grid: Grid, endIndex: number): Inspection {
  const masked: number[] = [];
  const findings = [
    ...nonPositive(grid, masked),
    ...inconsistent(grid, masked),
    ...breaks(grid, masked),
    ...wicks(grid),
    ...gaps(grid, endIndex),
    ...stale(grid),
    ...volumes(grid),
  ];
  return { findings, masked };
}

/** One finding over bars `from` to `to` of a grid. */
export function finding(
  grid: Pick<Grid, 'asset' | 'startMs' | 'stepSeconds'>,
  kind: FindingKind,
  severity: QualityFinding['severity'],
  place: { readonly from: number; readonly to: number; readonly bars: number },
  says: string,
): QualityFinding {
  const at = (index: number): string => new Date(grid.startMs + index * grid.stepSeconds * 1000).toISOString();
  return { asset: grid.asset, kind, severity, from: at(place.from), to: at(place.to), bars: place.bars, says };
}

function nonPositive(grid: Grid, masked: number[]): QualityFinding[] {
  const { open, high, low, close } = grid;
  const at: number[] = [];
  for (let i = 0; i < close.length; i += 1) {
    if (open[i]! <= 0 || high[i]! <= 0 || low[i]! <= 0 || close[i]! <= 0) at.push(i);
  }
  masked.push(...at);
  return collected(grid, at, 'non-positive-price', 'fatal', (bars) => `${bars} with a price of 0 or less`);
}

function inconsistent(grid: Grid, masked: number[]): QualityFinding[] {
  const { open, high, low, close, volume } = grid;
  const at: number[] = [];
  let observed = 0;
  for (let i = 0; i < close.length; i += 1) {
    if (Number.isNaN(close[i]!)) continue;
    observed += 1;
    if (high[i]! < Math.max(open[i]!, close[i]!, low[i]!) || low[i]! > Math.min(open[i]!, close[i]!) || volume[i]! < 0) at.push(i);
  }
  masked.push(...at);
  const severity = at.length > INCONSISTENT_SHARE * observed ? 'fatal' : 'warning';
  return collected(
    grid,
    at,
    'ohlc-inconsistent',
    severity,
    (bars) => `${bars} where high or low does not enclose open and close, or volume is negative: not used`,
  );
}

function breaks(grid: Grid, masked: number[]): QualityFinding[] {
  const { open, close } = grid;
  const hidden = new Set(masked);
  const seen: number[] = [];
  let onlyCloses = true;
  for (let i = 0; i < close.length; i += 1) {
    if (Number.isNaN(close[i]!) || hidden.has(i)) continue;
    seen.push(i);
    onlyCloses &&= open[i] === close[i];
  }
  const limit = onlyCloses ? BREAK_FACTOR_CLOSES : BREAK_FACTOR;
  const found: QualityFinding[] = [];
  // `before` is the last close that stands; `seen[k - 1]` may be part of a spike, and the way back from one is no break.
  let before = close[seen[0] ?? 0]!;
  for (let k = 1; k < seen.length; k += 1) {
    const i = seen[k]!;
    const back = isBeyond(close[i]! / before, SPIKE_FACTOR)
      ? seen.slice(k + 1, k + 1 + SPIKE_BARS).findIndex((at) => hasReverted(close[i]! / before, close[at]! / before))
      : -1;
    if (back >= 0) {
      const last = seen[k + back]!;
      for (let away = k; away <= k + back; away += 1) masked.push(seen[away]!);
      const says = `close ${short(close[i]!)} after ${short(before)}, then ${short(close[seen[k + back + 1]!]!)} again: not used`;
      found.push(finding(grid, 'spike-reverted', 'warning', { from: i, to: last, bars: back + 1 }, says));
      k += back;
      continue;
    }
    const jump = open[i]! / before;
    if (isBeyond(jump, limit) && isBeyond(open[i]! / close[seen[k - 1]!]!, limit)) {
      const kind = isUnit(jump) ? 'unit-change' : 'level-break';
      const means = kind === 'unit-change' ? 'prices in another unit' : 'another coin or another unit under this name';
      found.push(
        finding(
          grid,
          kind,
          'fatal',
          { from: seen[k - 1]!, to: i, bars: 1 },
          `close ${short(before)}, next open ${short(open[i]!)}: ${means}`,
        ),
      );
    }
    before = close[i]!;
  }
  return found;
}

function wicks(grid: Grid): QualityFinding[] {
  const { open, high, low, close } = grid;
  const found: QualityFinding[] = [];
  for (let i = 0; i < close.length; i += 1) {
    if (Number.isNaN(close[i]!) || low[i]! <= 0) continue;
    const isLow = low[i]! * WICK_FACTOR < Math.min(open[i]!, close[i]!);
    if (!isLow && high[i]! <= WICK_FACTOR * Math.max(open[i]!, close[i]!)) continue;
    const says = isLow ? `low ${short(low[i]!)}` : `high ${short(high[i]!)}`;
    found.push(finding(grid, 'spike-reverted', 'warning', one(i), `${says} inside a bar from ${short(open[i]!)} to ${short(close[i]!)}`));
  }
  return found;
}

function gaps(grid: Grid, endIndex: number): QualityFinding[] {
  const { close, stepSeconds } = grid;
  const found: QualityFinding[] = [];
  const small: number[] = [];
  let last = -1;
  for (let i = 0; i < close.length; i += 1) {
    if (Number.isNaN(close[i]!)) continue;
    const bars = i - last - 1;
    if (last >= 0 && bars * stepSeconds > LONG_GAP_SECONDS) {
      found.push(finding(grid, 'gap', 'warning', { from: last + 1, to: i - 1, bars }, `${bars} bars in a row are missing`));
    } else if (last >= 0) for (let j = last + 1; j < i; j += 1) small.push(j);
    last = i;
  }
  found.push(...collected(grid, small, 'gap', 'note', (bars) => `${bars} missing, in holes of at most a day`));
  const silent = endIndex - 1 - last;
  if (last < 0 || silent === 0) return found;
  const severity = silent * stepSeconds > LONG_GAP_SECONDS ? 'fatal' : 'note';
  found.push(finding(grid, 'gap', severity, { from: last + 1, to: endIndex - 1, bars: silent }, `no bar in the last ${silent}`));
  return found;
}

function stale(grid: Grid): QualityFinding[] {
  const { high, low, close } = grid;
  const found: QualityFinding[] = [];
  let start = 0;
  for (let i = 1; i <= close.length; i += 1) {
    if (i < close.length && close[i] === close[i - 1] && high[i] === low[i]) continue;
    const bars = i - start;
    if (bars >= STALE_BARS && !Number.isNaN(close[start]!)) {
      const severity = bars >= STALE_BARS_FATAL ? 'fatal' : 'warning';
      found.push(
        finding(grid, 'stale-run', severity, { from: start, to: i - 1, bars }, `the same price ${short(close[start]!)} for ${bars} bars`),
      );
    }
    start = i;
  }
  return found;
}

function volumes(grid: Grid): QualityFinding[] {
  const { close, volume } = grid;
  const zero: number[] = [];
  const week: number[] = [];
  let last = -1;
  for (let i = 0; i < close.length; i += 1) {
    if (volume[i] === 0 && !Number.isNaN(close[i]!)) zero.push(i);
    if (!Number.isNaN(close[i]!)) last = i;
  }
  const found = collected(grid, zero, 'zero-volume', 'note', (bars) => `${bars} with a price and no volume`);
  for (let i = Math.max(0, last - 168); i < last; i += 1) if (volume[i]! >= 0) week.push(volume[i]!);
  week.sort((a, b) => a - b);
  const usual = week[week.length >> 1] ?? 0;
  if (last >= 0 && week.length >= 24 && volume[last]! < UNFINISHED_SHARE * usual) {
    found.push(
      finding(
        grid,
        'unfinished-bar',
        'warning',
        one(last),
        `volume ${short(volume[last]!)} where ${short(usual)} is usual: it may still have been running`,
      ),
    );
  }
  return found;
}

function collected(
  grid: Grid,
  at: readonly number[],
  kind: FindingKind,
  severity: QualityFinding['severity'],
  says: (bars: string) => string,
): QualityFinding[] {
  if (at.length === 0) return [];
  const count = at.length === 1 ? '1 bar' : `${at.length} bars`;
  return [finding(grid, kind, severity, { from: at[0]!, to: at.at(-1)!, bars: at.length }, says(count))];
}

function one(index: number): { from: number; to: number; bars: number } {
  return { from: index, to: index, bars: 1 };
}

function isBeyond(ratio: number, factor: number): boolean {
  return ratio > factor || ratio < 1 / factor;
}

function hasReverted(move: number, after: number): boolean {
  return Math.abs(Math.log(after)) < SPIKE_REMAINS * Math.abs(Math.log(move));
}

function isUnit(ratio: number): boolean {
  const power = Math.log10(ratio);
  return Math.abs(Math.round(power)) >= 2 && Math.abs(power - Math.round(power)) * Math.LN10 < UNIT_TOLERANCE;
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
