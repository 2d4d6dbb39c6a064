/**
 * Align: series as they came → one MarketPanel on an even UTC grid.
 *
 * Recipe: 1 pieces of one asset together; 2 the step; 3 rows before `from` or in a bar that ends after `asOf` away; 4 rows in
 * order, doubles and sources settled; 5 rows into bars; 6 findings, and the bars they make unusable masked; 7 assets with a fatal finding
 * out, unless a waiver names asset and kind; 8 the grid cut to what is left.
 * Nothing is filled in. Nothing after `asOf` is looked at: later rows cannot change the panel.
 */
import { PlimsollError, quote as shown } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import type { Bars, MarketPanel, PanelSource, QualityFinding, Waiver } from './panel.ts';
import * as Quality from './quality.ts';
import * as Quorum from './quorum.ts';
import type { Series } from './series.ts';
import * as Settle from './settle.ts';

export type AlignOptions = {
  /** Default: the commonest distance between rows of the coarsest series. */
  readonly stepSeconds?: number;
  /** ISO 8601. Bars that open earlier are dropped. */
  readonly from?: string;
  /** ISO 8601. Bars that end later are dropped. */
  readonly asOf?: string;
  readonly quote: string;
  readonly sources: readonly PanelSource[];
  readonly simulated: boolean;
  readonly waivers?: readonly Waiver[];
  /** An asset observed for less enters no panel. Default 180 days. */
  readonly minimumHistorySeconds?: number;
};

const MINIMUM_HISTORY_SECONDS = 180 * SECONDS_PER_DAY;
/** A grid longer than this (95 years of hours) comes from a wrong step or a wrong time. */
const MAX_BARS = 5_000_000;
/** Bars of all assets together: a panel is one JSON text, and the host has no longer strings. */
const MAX_PANEL_BARS = 4_000_000;

export function align(series: readonly Series[], options: AlignOptions): MarketPanel {
  const whole = byAsset(series);
  if (whole.length === 0) throw new NoSeriesError({ got: 'no series', needed: 'at least one asset' });
  const stepSeconds = options.stepSeconds ?? Math.max(...whole.map(stepOf));
  if (!Number.isInteger(stepSeconds) || stepSeconds < 1) {
    throw new BadStepError({ got: String(stepSeconds), needed: 'a whole number of seconds of at least 1', where: 'stepSeconds' });
  }
  const fromMs = options.from === undefined ? Number.NEGATIVE_INFINITY : moment(options.from, 'from');
  const asOfMs = options.asOf === undefined ? Number.POSITIVE_INFINITY : moment(options.asOf, 'asOf');

  const gridded = whole.flatMap((one) => toGrid(one, stepSeconds, fromMs, asOfMs) ?? []);
  if (gridded.length === 0) {
    throw new NothingInRangeError({
      got: 'no bar',
      needed: `bars between ${options.from ?? 'the beginning'} and ${options.asOf ?? 'the end'}`,
    });
  }
  const endMs = Math.max(...gridded.map(({ grid }) => grid.startMs + grid.close.length * stepSeconds * 1000));
  const judged = gridded.map(({ grid, findings }) => judge(grid, findings, endMs, options));
  return assemble(judged, stepSeconds, options);
}

type Gridded = { readonly grid: Quality.Grid; readonly findings: readonly QualityFinding[] };
type Judged = {
  readonly grid: Quality.Grid;
  readonly findings: readonly QualityFinding[];
  readonly fatal: QualityFinding | undefined;
  readonly waived: readonly Waiver[];
};

/** Pieces of one asset (a file a month, or several sources) together; assets by name, pieces by source. */
function byAsset(series: readonly Series[]): Series[][] {
  const pieces = new Map<string, Series[]>();
  for (const one of series) pieces.set(one.asset, [...(pieces.get(one.asset) ?? []), one]);
  const order = (a: string, b: string): number => (a < b ? -1 : 1);
  return [...pieces.values()].map((parts) => parts.sort((a, b) => order(a.source, b.source))).sort(([a], [b]) => order(a!.asset, b!.asset));
}

/** The commonest distance between neighbouring rows, in whole seconds; irregular rows go to the unit of time next to their median. */
function stepOf(pieces: readonly Series[]): number {
  return Math.max(...pieces.map(stepOfPiece));
}

function stepOfPiece({ timesMs }: Series): number {
  const sorted = Float64Array.from(timesMs).sort();
  const distances: number[] = [];
  for (let i = 1; i < sorted.length; i += 1)
    if (sorted[i]! > sorted[i - 1]!) distances.push(Math.round((sorted[i]! - sorted[i - 1]!) / 1000));
  if (distances.length === 0) return 1;
  distances.sort((a, b) => a - b);
  const median = Math.max(1, distances[distances.length >> 1]!);
  const usual = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 86_400, 604_800];
  return usual.find((step) => Math.abs(median / step - 1) < 0.2) ?? median;
}

function toGrid(pieces: readonly Series[], stepSeconds: number, fromMs: number, asOfMs: number): Gridded | undefined {
  const stepMs = stepSeconds * 1000;
  const sources = new Map<string, Series[]>();
  for (const piece of pieces) sources.set(piece.source, [...(sources.get(piece.source) ?? []), piece]);
  const isWanted = (row: Settle.Row): boolean => {
    const { series, at } = row;
    const opens = Math.floor(Settle.timeOf(row) / stepMs) * stepMs;
    const isSeen = !Number.isNaN(series.close[at]! + series.open[at]! + series.high[at]! + series.low[at]!);
    return isSeen && opens >= fromMs && opens + stepMs <= asOfMs;
  };
  const settled = [...sources.values()].flatMap((parts) => Settle.settle(parts, stepSeconds, isWanted) ?? []);
  if (settled.length === 0) return undefined;
  const { series, findings: disagreements } = Quorum.consensus(
    settled.map((one) => one.series),
    stepSeconds,
  );
  const findings = [...settled.flatMap((one) => one.findings), ...disagreements];
  const { asset, timesMs } = series;
  if (timesMs.length === 0) return undefined;
  const startMs = Math.floor(timesMs[0]! / stepMs) * stepMs;
  const length = Math.floor((timesMs.at(-1)! - startMs) / stepMs) + 1;
  if (length > MAX_BARS) {
    const got = `${length} bars of ${stepSeconds} s`;
    throw new GridTooLongError({ got, needed: `at most ${MAX_BARS}`, where: asset, fix: 'Check the times, or give a longer step.' });
  }
  const column = (): Float64Array => new Float64Array(length).fill(Number.NaN);
  const grid = { asset, startMs, stepSeconds, open: column(), high: column(), low: column(), close: column(), volume: column() };
  for (const [row, ms] of timesMs.entries()) add(grid, Math.floor((ms - startMs) / stepMs), series, row);
  return { grid, findings };
}

/** Rows finer than the grid: first open, highest high, lowest low, last close, sum of volumes. */
function add(grid: Quality.Grid, at: number, series: Series, row: number): void {
  const isFirst = Number.isNaN(grid.close[at]!);
  if (isFirst) grid.open[at] = series.open[row]!;
  grid.high[at] = isFirst ? series.high[row]! : Math.max(grid.high[at]!, series.high[row]!);
  grid.low[at] = isFirst ? series.low[row]! : Math.min(grid.low[at]!, series.low[row]!);
  grid.close[at] = series.close[row]!;
  grid.volume[at] = isFirst ? series.volume[row]! : grid.volume[at]! + series.volume[row]!;
}

function judge(grid: Quality.Grid, before: readonly QualityFinding[], endMs: number, options: AlignOptions): Judged {
  const endIndex = Math.round((endMs - grid.startMs) / (grid.stepSeconds * 1000));
  const { findings: found, masked } = Quality.inspect(grid, endIndex);
  for (const at of masked) for (const column of [grid.open, grid.high, grid.low, grid.close, grid.volume]) column[at] = Number.NaN;
  const findings = [...before, ...found];
  const minimum = options.minimumHistorySeconds ?? MINIMUM_HISTORY_SECONDS;
  if (endIndex * grid.stepSeconds < minimum) {
    const span = { from: 0, to: grid.close.length - 1, bars: grid.close.length };
    const says = `${Math.floor((endIndex * grid.stepSeconds) / SECONDS_PER_DAY)} days since the first bar; ${Math.ceil(minimum / SECONDS_PER_DAY)} are needed`;
    findings.push(Quality.finding(grid, 'too-little-history', 'fatal', span, says));
  }
  const waived = (options.waivers ?? []).filter(({ subject, kind }) => findings.some((one) => isAbout(one, subject, kind)));
  const fatal = findings.find((one) => one.severity === 'fatal' && !waived.some(({ subject, kind }) => isAbout(one, subject, kind)));
  return { grid, findings, fatal, waived };
}

function isAbout(finding: QualityFinding, subject: string, kind: string): boolean {
  return finding.severity === 'fatal' && finding.asset === subject && finding.kind === kind;
}

function assemble(judged: readonly Judged[], stepSeconds: number, options: AlignOptions): MarketPanel {
  const kept = judged.filter(({ fatal, grid }) => fatal === undefined && grid.close.some((close) => !Number.isNaN(close)));
  if (kept.length === 0) {
    const reasons = judged.map(({ grid, fatal }) => `${grid.asset}: ${fatal?.kind ?? 'no usable bar'} (${fatal?.says ?? 'all masked'})`);
    throw new NothingLeftError({
      got: reasons.join('; ').slice(0, 400),
      needed: 'at least one asset without a fatal finding',
      fix: 'Mend the data, or waive a finding by asset and kind: --waive "ASSET:KIND=REASON".',
    });
  }
  const startMs = Math.min(...kept.map(({ grid }) => grid.startMs));
  const endMs = Math.max(...kept.map(({ grid }) => grid.startMs + grid.close.length * stepSeconds * 1000));
  const length = Math.round((endMs - startMs) / (stepSeconds * 1000));
  if (kept.length * length > MAX_PANEL_BARS) {
    const got = `${kept.length} assets of ${length} bars of ${stepSeconds} s`;
    throw new GridTooLongError({ got, needed: `at most ${MAX_PANEL_BARS} bars in all`, fix: 'Give a longer step, or a later beginning.' });
  }
  const bars: Record<string, Bars> = {};
  for (const { grid } of kept) {
    const offset = Math.round((grid.startMs - startMs) / (stepSeconds * 1000));
    const spread = (column: Float64Array): (number | null)[] => {
      const wide = new Array<number | null>(length).fill(null);
      for (let i = 0; i < column.length; i += 1) if (!Number.isNaN(column[i]!)) wide[offset + i] = column[i]!;
      return wide;
    };
    bars[grid.asset] = {
      open: spread(grid.open),
      high: spread(grid.high),
      low: spread(grid.low),
      close: spread(grid.close),
      volume: spread(grid.volume),
    };
  }
  return seal({
    kind: 'market-panel' as const,
    from: {},
    assets: kept.map(({ grid }) => grid.asset),
    quote: options.quote,
    startsAt: new Date(startMs).toISOString(),
    stepSeconds,
    length,
    bars,
    quality: judged.flatMap(({ findings }) => findings),
    excluded: judged.flatMap(({ grid, fatal }) => (fatal === undefined ? [] : [{ asset: grid.asset, kind: fatal.kind, says: fatal.says }])),
    waivers: judged.flatMap(({ waived }) => waived),
    sources: options.sources,
    simulated: options.simulated,
  });
}

function moment(text: string, where: string): number {
  const ms = Date.parse(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text);
  // Date.parse makes a time of nearly anything that holds a number.
  if (Number.isNaN(ms) || !/^\d{4}-\d\d/.test(text))
    throw new BadMomentError({ got: shown(text), needed: 'an ISO 8601 time such as 2022-05-08T00:00:00Z', where });
  return ms;
}

export class NoSeriesError extends PlimsollError {
  override readonly name = 'Align.NoSeriesError';
}

export class BadStepError extends PlimsollError {
  override readonly name = 'Align.BadStepError';
}

export class BadMomentError extends PlimsollError {
  override readonly name = 'Align.BadMomentError';
}

export class NothingInRangeError extends PlimsollError {
  override readonly name = 'Align.NothingInRangeError';
}

export class NothingLeftError extends PlimsollError {
  override readonly name = 'Align.NothingLeftError';
}

export class GridTooLongError extends PlimsollError {
  override readonly name = 'Align.GridTooLongError';
}
