/**
 * Quorum: several venues' bars of one asset → one series, so that one venue that is wrong decides nothing and is named.
 *
 * 1. A venue whose close stands still while the others move is not heard while it does.
 * 2. Week by week, a venue is off that is `BIAS` from the middle of all (another unit, a wrong factor), or whose moves are those of
 *    the others some bars earlier or later (another time zone). Fewer than half off: they are not heard that week. Else nobody is.
 * 3. Bar by bar the middle of those heard: median open, high, low and close, and the lower middle of volumes, as volume is easily
 *    invented. A close further from it than `AGREEMENT` (or half the bar's own range, in a crash) is refused and counted; where that
 *    is not fewer than half, the bar is not used: two that disagree cannot be told apart.
 * Of three venues, one that is poisoned can move no close out of the range of the other two. A factor below `BIAS` passes: it cancels
 * in returns. Fatal where more than `DISPUTED_SHARE` of the bars that several venues have cannot be decided.
 */
import type { QualityFinding } from './panel.ts';
import * as Quality from './quality.ts';
import type { Series } from './series.ts';
import * as Venue from './venue.ts';

export type Consensus = { readonly series: Series; readonly findings: readonly QualityFinding[] };

/** Closes of two venues differ by less in any hour that can be traded in both. */
const AGREEMENT = 0.01;
/** Highs and lows are single trades: they differ by more. */
const WICK_AGREEMENT = 0.05;
/** Venues with the same quote currency differ by less than a third of this for a week (fees of arbitrage). */
const BIAS = 0.003;
const DISPUTED_SHARE = 0.01;
const FROZEN_BARS = 6;
const WINDOW = 168;
const FEWEST_SHARED = 24;
/** Hours of a day: any time zone. */
const MOST_LAG = 24;
/** A lag explains a venue if it leaves less than this share of the differences. */
const LAG_LEAVES = 0.5;

/** Each series in order of time, one row a moment; `stepSeconds` is the grid's. */
export function consensus(pieces: readonly Series[], stepSeconds: number): Consensus {
  const venues = Venue.venues(pieces);
  if (venues.length === 1) return { series: venues[0]!, findings: [] };
  const table = tableOf(venues);
  const shared = count(table.timesMs.length, (t) => heardAt(table, t).length > 1);
  const notes: Note[] = [];
  silenceFrozen(table, notes);
  silenceOff(table, notes);
  const series = middle(table, notes);
  const findings = told(notes, venues, shared, stepSeconds);
  return { series, findings };
}

/** `rows[v][t]`: the row of venue v at moment t, −1 where it has none or is not heard. */
type Table = { readonly venues: readonly Series[]; readonly timesMs: Float64Array; readonly rows: readonly Int32Array[] };
type What = 'frozen' | 'biased' | 'shifted' | 'far' | 'wick' | 'disputed' | 'alone';
type Note = {
  readonly what: What;
  readonly venue: number;
  readonly ms: number;
  readonly size: number;
};

function tableOf(venues: readonly Series[]): Table {
  const all = new Set<number>();
  for (const { timesMs } of venues) for (const ms of timesMs) all.add(ms);
  const timesMs = Float64Array.from(all).sort();
  const rows = venues.map((venue) => {
    const own = new Int32Array(timesMs.length).fill(-1);
    for (let t = 0, row = 0; t < timesMs.length; t += 1) if (venue.timesMs[row] === timesMs[t]) own[t] = row++;
    return own;
  });
  return { venues, timesMs, rows };
}

function heardAt({ rows }: Table, t: number): number[] {
  return rows.flatMap((own, venue) => (own[t]! >= 0 ? [venue] : []));
}

function closeOf({ venues, rows }: Table, venue: number, t: number): number {
  const row = rows[venue]![t]!;
  return row < 0 ? Number.NaN : venues[venue]!.close[row]!;
}

/** Middle close of the venues given that are heard; NaN where none is. */
function middleOf(table: Table, venues: readonly number[], t: number): number {
  return median(venues.map((venue) => closeOf(table, venue, t)).filter((close) => !Number.isNaN(close)));
}

function silenceFrozen(table: Table, notes: Note[]): void {
  const { timesMs, rows } = table;
  const silenced: [number, number][] = [];
  for (const [venue, own] of rows.entries()) {
    const others = rows.map((_, index) => index).filter((index) => index !== venue);
    const moments = [...own.keys()].filter((t) => own[t]! >= 0);
    for (let start = 0, k = 1; k <= moments.length; k += 1) {
      if (k < moments.length && closeOf(table, venue, moments[k]!) === closeOf(table, venue, moments[start]!)) continue;
      const run = moments.slice(start, k);
      start = k;
      if (run.length < FROZEN_BARS) continue;
      const moves = new Set(run.map((t) => middleOf(table, others, t)).filter((close) => !Number.isNaN(close)));
      if (moves.size * 2 > run.length) silenced.push(...run.slice(1).map((t): [number, number] => [venue, t]));
    }
  }
  for (const [venue, t] of silenced) {
    rows[venue]![t] = -1;
    notes.push({ what: 'frozen', venue, ms: timesMs[t]!, size: 0 });
  }
}

/** `size`: the bias as a fraction, or the lag in bars. */
type Fault = { readonly venue: number; readonly what: 'biased' | 'shifted'; readonly size: number };

function silenceOff(table: Table, notes: Note[]): void {
  const { timesMs, rows } = table;
  for (let from = 0; from < timesMs.length; from += WINDOW) {
    const to = Math.min(timesMs.length, from + WINDOW);
    const moments = Array.from({ length: to - from }, (_, k) => from + k).filter((t) => heardAt(table, t).length > 1);
    const present = rows.flatMap((own, venue) => (moments.filter((t) => own[t]! >= 0).length >= FEWEST_SHARED ? [venue] : []));
    if (present.length < 2) continue;
    const off = present.flatMap((venue): Fault[] => {
      const all = present.length > 2 ? present : present.filter((other) => other !== venue);
      const size = biasOf(table, venue, all, moments);
      if (Math.abs(size) > BIAS) return [{ venue, what: 'biased', size }];
      const lag = lagOf(table, venue, all, from, to);
      return lag === 0 ? [] : [{ venue, what: 'shifted', size: lag }];
    });
    const isDecided = off.length * 2 < present.length;
    // Also where it is alone: nobody vouches for it there.
    for (let t = from; off.length > 0 && t < to; t += 1) {
      for (const { venue, what, size } of off) if (rows[venue]![t]! >= 0) notes.push({ what, venue, ms: timesMs[t]!, size });
      if (!isDecided) notes.push({ what: 'disputed', venue: -1, ms: timesMs[t]!, size: 0 });
      for (const venue of isDecided ? off.map((one) => one.venue) : present) rows[venue]![t] = -1;
    }
  }
}

/** Middle of close / middle close − 1. */
function biasOf(table: Table, venue: number, all: readonly number[], moments: readonly number[]): number {
  const ratios = moments.map((t) => closeOf(table, venue, t) / middleOf(table, all, t) - 1).filter((ratio) => !Number.isNaN(ratio));
  return ratios.length < FEWEST_SHARED ? 0 : median(ratios);
}

/** The lag in bars that explains most of what sets a venue's moves apart from the others'; 0 where none does. */
function lagOf(table: Table, venue: number, all: readonly number[], from: number, to: number): number {
  const low = Math.max(1, from - MOST_LAG);
  const high = Math.min(table.timesMs.length, to + MOST_LAG);
  const own: number[] = [];
  const middle: number[] = [];
  for (let t = low; t < high; t += 1) {
    own.push(closeOf(table, venue, t) / closeOf(table, venue, t - 1) - 1);
    middle.push(middleOf(table, all, t) / middleOf(table, all, t - 1) - 1);
  }
  const apart = (lag: number): number => {
    let sum = 0;
    let pairs = 0;
    for (let t = from; t < to; t += 1) {
      const distance = Math.abs(own[t - low]! - middle[t - lag - low]!);
      // NaN: a gap, or outside.
      if (!(distance >= 0)) continue;
      sum += distance;
      pairs += 1;
    }
    return pairs < FEWEST_SHARED ? Number.NaN : sum / pairs;
  };
  const unshifted = apart(0);
  const moved = middle.filter((move) => !Number.isNaN(move));
  // Apart by less than a quarter of what the market moves: the same hours.
  if (!(unshifted > moved.reduce((sum, move) => sum + Math.abs(move), 0) / moved.length / 4)) return 0;
  let best = 0;
  let least = LAG_LEAVES * unshifted;
  for (let lag = -MOST_LAG; lag <= MOST_LAG; lag += 1) {
    const left = apart(lag);
    if (left < least) {
      least = left;
      best = lag;
    }
  }
  return best;
}

function middle(table: Table, notes: Note[]): Series {
  const { venues, timesMs, rows } = table;
  const kept: number[] = [];
  const columns = { open: [] as number[], high: [] as number[], low: [] as number[], close: [] as number[], volume: [] as number[] };
  const disputed = new Set(notes.filter(({ what }) => what === 'disputed').map(({ ms }) => ms));
  for (const [t, ms] of timesMs.entries()) {
    const heard = heardAt(table, t);
    if (heard.length === 0 || disputed.has(ms)) continue;
    const of = (field: keyof typeof columns): number[] => heard.map((venue) => venues[venue]![field][rows[venue]![t]!]!);
    const [opens, highs, lows, closes, volumes] = [of('open'), of('high'), of('low'), of('close'), of('volume')];
    const close = median(closes);
    const range = Math.min(...highs.map((high, k) => (high - lows[k]!) / closes[k]!));
    const limit = Math.max(AGREEMENT, Number.isFinite(range) ? range / 2 : 0);
    const far = heard.filter((_, k) => {
      const against = heard.length === 2 ? closes[1 - k]! : close;
      return !(Math.abs(closes[k]! / against - 1) <= limit);
    });
    if (far.length * 2 >= heard.length && far.length > 0) {
      notes.push({ what: 'disputed', venue: -1, ms, size: 0 });
      continue;
    }
    for (const venue of far) notes.push({ what: 'far', venue, ms, size: closeOf(table, venue, t) / close - 1 });
    const spread = (values: readonly number[]): number => Math.max(...values) / Math.min(...values) - 1;
    if (far.length === 0 && !(Math.max(spread(highs), spread(lows)) <= Math.max(WICK_AGREEMENT, limit))) {
      notes.push({ what: 'wick', venue: -1, ms, size: 0 });
    }
    if (heard.length === 1) notes.push({ what: 'alone', venue: heard[0]!, ms, size: 0 });
    kept.push(ms);
    columns.open.push(median(opens));
    // Of two, the wider: a wick that one venue saw may be true.
    columns.high.push(heard.length === 2 ? Math.max(...highs) : median(highs));
    columns.low.push(heard.length === 2 ? Math.min(...lows) : median(lows));
    columns.close.push(close);
    columns.volume.push(lowerMiddle(volumes.filter((volume) => !Number.isNaN(volume))));
  }
  const column = (field: keyof typeof columns): Float64Array => Float64Array.from(columns[field]);
  return {
    asset: venues[0]!.asset,
    source: venues.map(({ source }) => source).join(', '),
    timesMs: Float64Array.from(kept),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
}

function told(notes: readonly Note[], venues: readonly Series[], shared: number, stepSeconds: number): QualityFinding[] {
  const stepMs = stepSeconds * 1000;
  const place = { asset: venues[0]!.asset, startMs: 0, stepSeconds };
  const tell = (chosen: readonly Note[], severity: QualityFinding['severity'], says: (bars: string) => string): QualityFinding[] => {
    if (chosen.length === 0) return [];
    const bars = new Set(chosen.map(({ ms }) => Math.floor(ms / stepMs)));
    const span = { from: Math.min(...bars), to: Math.max(...bars), bars: bars.size };
    return [Quality.finding(place, 'source-disagreement', severity, span, says(bars.size === 1 ? '1 bar' : `${bars.size} bars`))];
  };
  const of = (what: Note['what'], venue?: number): Note[] =>
    notes.filter((note) => note.what === what && (venue === undefined || note.venue === venue));
  const percent = (chosen: readonly Note[]): string => {
    const usual = median(chosen.map(({ size }) => size));
    return `${usual > 0 ? '+' : '−'}${(100 * Math.abs(usual)).toFixed(2)} %`;
  };
  const disputed = of('disputed');
  const overlap = notes.filter(({ what }) => what === 'alone');
  return [
    ...venues.flatMap(({ source }, venue) => [
      ...tell(of('frozen', venue), 'warning', (bars) => `${source} stands still for ${bars} while others move; not heard there`),
      ...tell(of('biased', venue), 'warning', (bars) => `${source} is off by ${percent(of('biased', venue))} for ${bars}; not heard there`),
      ...tell(of('shifted', venue), 'warning', (bars) => {
        const lag = median(of('shifted', venue).map(({ size }) => size));
        return `${source} has for ${bars} the moves that others had ${Math.abs(lag)} bars ${lag > 0 ? 'earlier' : 'later'}; not heard there`;
      }),
      ...tell(of('far', venue), 'warning', (bars) => `${bars} where ${source} is far from the middle of the others; refused`),
    ]),
    ...tell(
      of('wick'),
      'warning',
      (bars) => `${bars} where highs or lows differ by over ${100 * WICK_AGREEMENT} %: the middle taken, of two the wider`,
    ),
    ...tell(
      disputed,
      disputed.length > DISPUTED_SHARE * shared ? 'fatal' : 'warning',
      (bars) => `${bars} where sources differ and fewer than half would have to be wrong; not used`,
    ),
    ...(shared === 0 ? [] : tell(overlap, 'note', (bars) => `${bars} that one source alone vouches for`)),
  ];
}

function count(length: number, isCounted: (t: number) => boolean): number {
  let sum = 0;
  for (let t = 0; t < length; t += 1) sum += Number(isCounted(t));
  return sum;
}

/** NaN of nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length === 0 ? Number.NaN : sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function lowerMiddle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
}
