/**
 * Walk: forecast, wait, score, move on; one asset through time, every contender beside the others.
 *
 * At an origin t only bars up to t are known. Parameters are estimated on the last 365 days, or 1,000 bars where that is longer (at least `historyBars` after the first bar
 * seen) every `refitBars`, starting where the last estimates were; in between only the state moves. Origins are `horizonBars` apart and
 * start at multiples of it, so no two outcomes overlap. The outcome is the log return in percent from the close of t to that of
 * t + horizon; an origin with either close missing is left out, and counted.
 * Realised variance: the sum of squared bar returns; of one bar, whose return may be 0, Parkinson's (1980) ln(high/low)²/(4 ln 2).
 */
import { PlimsollError } from '../base/errors.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import * as Contenders from './contenders.ts';
import { returnsPct } from './fit.ts';
import * as Garch from './garch.ts';
import { mixture } from './mixture.ts';
import { fz0, pinball, qlike } from './scoring.ts';

export type Options = {
  readonly horizonBars: number;
  readonly levels: readonly number[];
  readonly refitBars: number;
  readonly historyBars: number;
  /** Origins from here on, and outcomes up to there: milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly seed: number;
  readonly onShare?: (share: number) => void;
};

export type Tally = { readonly hits: number[]; readonly fz0: number[]; readonly pinball: number[] };
/** Every list is as long as `origins`; NaN where a variance has nothing to be held against. */
export type Track = { readonly forecaster: string; readonly levels: readonly Tally[]; readonly qlike: number[] };
export type Walked = {
  readonly asset: string;
  readonly horizonBars: number;
  readonly levels: readonly number[];
  /** End of the last bar known, milliseconds since 1970. */
  readonly origins: readonly number[];
  readonly tracks: readonly Track[];
  readonly refits: number;
  /** Refits whose search did not end on an optimum, and those that failed and kept the parameters before. */
  readonly unconverged: number;
  readonly failed: number;
  readonly missing: number;
};

export const MIXTURE = 'mixture';
/** Who is in the mixture. */
export const MEMBERS: readonly string[] = ['gjr-t', 'filtered-historical', 'conditional-evt'];
const WINDOW_DAYS = 365;
/** Coarse bars need a longer window: a tail is a twentieth of it. */
const WINDOW_BARS = 1_000;

export function walk(panel: MarketPanel, asset: string, options: Options): Walked {
  const { horizonBars, levels, historyBars } = options;
  const returns = returnsPct(panel, asset);
  const close = panel.bars[asset]!.close;
  const dayBars = Math.max(1, Math.round(SECONDS_PER_DAY / panel.stepSeconds));
  const contenders = Contenders.all({ horizonBars, dayBars, levels, seed: options.seed });
  const tracks = [...contenders.map(({ name }) => name), MIXTURE].map(
    (forecaster): Track => ({ forecaster, qlike: [], levels: levels.map(() => ({ hits: [], fz0: [], pinball: [] })) }),
  );
  const blend = mixture(levels);
  const origins: number[] = [];
  const counts = { refits: 0, unconverged: 0, failed: 0, missing: 0 };
  let standing: Standing | null = null;
  const first = firstOrigin(panel, close, options);
  const last = Math.min(panel.length, Math.floor((options.toMs - barTime(panel, 0)) / (panel.stepSeconds * 1000))) - 1 - horizonBars;
  for (let t = first; t <= last; t += horizonBars) {
    // 1. Parameters where they are due, else the state of the bars since.
    if (standing === null || t - standing.fittedAt >= options.refitBars) {
      const past = returns.subarray(Math.max(0, t + 1 - Math.max(WINDOW_DAYS * dayBars, WINDOW_BARS)), t + 1);
      const next = refit(contenders, past, t, standing, counts);
      if (next === null) continue;
      standing = next;
    } else for (const tracker of standing.trackers) for (let s = t - horizonBars + 1; s <= t; s += 1) tracker.observe(returns[s]!);
    // 2. Say.
    const said = standing.trackers.map((tracker) => tracker.forecast());
    const members = MEMBERS.map((name) => said[contenders.findIndex((contender) => contender.name === name)]!);
    const combined = blend.combine(members);
    // 3. Wait, and score.
    const outcome = 100 * Math.log((close[t + horizonBars] ?? Number.NaN) / (close[t] ?? Number.NaN));
    if (Number.isNaN(outcome)) {
      counts.missing += 1;
      continue;
    }
    origins.push(barTime(panel, t + 1));
    const realized = realizedVariance(panel, asset, returns, t, horizonBars);
    for (const [at, forecast] of [...said, combined].entries()) score(tracks[at]!, forecast, outcome, realized, levels);
    blend.learn(combined, outcome);
    if (origins.length % 50 === 0) options.onShare?.((t - first) / (last - first));
  }
  if (origins.length === 0) {
    const got = `${Math.max(0, Math.floor(returns.length / dayBars))} days of bars`;
    const needed = `${Math.ceil(historyBars / dayBars)} days of history, then a horizon to score, between from and to`;
    throw new NothingToScoreError({ got, needed, where: asset, fix: 'Give a longer panel or a later --from, or leave the asset out.' });
  }
  return { asset, horizonBars, levels, origins, tracks, ...counts };
}

type Standing = {
  readonly fittedAt: number;
  readonly normal: Garch.GarchFit;
  readonly student: Garch.GarchFit;
  readonly trackers: readonly Contenders.Tracker[];
};

/** Where the fit fails, the parameters before are kept and brought up to date; null where there are none. */
function refit(
  contenders: readonly Contenders.Contender[],
  past: Float64Array,
  fittedAt: number,
  before: Standing | null,
  counts: { refits: number; unconverged: number; failed: number },
): Standing | null {
  counts.refits += 1;
  const standing = (normal: Garch.GarchFit, student: Garch.GarchFit): Standing => {
    const known = { returnsPct: past, normal, student };
    return { fittedAt, normal, student, trackers: contenders.map((contender) => contender.fit(known)) };
  };
  try {
    const normal = Garch.fit(past, Contenders.GARCH_NORMAL, before?.normal.parameters);
    const student = Garch.fit(past, Garch.GJR_T, before?.student.parameters);
    const next = standing(normal, student);
    if (!normal.converged || !student.converged) counts.unconverged += 1;
    return next;
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    counts.failed += 1;
    return before === null ? null : standing(before.normal, before.student);
  }
}

/** The first bar after which history and `from` are behind, at a multiple of the horizon since 1970. */
function firstOrigin(panel: MarketPanel, close: readonly (number | null)[], options: Options): number {
  const stepMs = panel.stepSeconds * 1000;
  const seen = Math.max(
    0,
    close.findIndex((price) => price !== null),
  );
  const from = Math.ceil((options.fromMs - barTime(panel, 0)) / stepMs) - 1;
  const earliest = Math.max(seen + options.historyBars, from, 0);
  const bar = Math.round(barTime(panel, earliest + 1) / stepMs);
  return earliest + ((options.horizonBars - (bar % options.horizonBars)) % options.horizonBars);
}

function realizedVariance(panel: MarketPanel, asset: string, returns: Float64Array, t: number, bars: number): number {
  if (bars === 1) {
    const { high, low } = panel.bars[asset]!;
    const range = 100 * Math.log((high[t + 1] ?? Number.NaN) / (low[t + 1] ?? Number.NaN));
    return (range * range) / (4 * Math.LN2);
  }
  let total = 0;
  for (let s = t + 1; s <= t + bars; s += 1) total += returns[s]! * returns[s]!;
  return total;
}

function score(track: Track, forecast: Contenders.Forecast, outcome: number, realized: number, levels: readonly number[]): void {
  track.qlike.push(realized > 0 ? qlike(realized, forecast.variance) : Number.NaN);
  for (const [at, level] of levels.entries()) {
    const q = forecast.valueAtRisk[at]!;
    const tally = track.levels[at]!;
    tally.hits.push(outcome < q ? 1 : 0);
    tally.fz0.push(fz0(outcome, q, forecast.expectedShortfall[at]!, level));
    tally.pinball.push(pinball(outcome, q, level));
  }
}

export class NothingToScoreError extends PlimsollError {
  override readonly name = 'Walk.NothingToScoreError';
}
