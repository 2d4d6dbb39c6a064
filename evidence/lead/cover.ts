/** What margins leave uncovered at equal mean: each rule's margin of each asset is scaled so that its mean over the span is that of the base margin. */
import { resample } from '../../models/math/bootstrap.ts';
import { mean, quantileOfSorted, sorted } from '../../models/math/statistics.ts';
import * as Alarms from '../../tuner/backtest/alarms.ts';
import { follow } from '../../tuner/backtest/follow.ts';
import type { FieldLimit } from '../../tuner/policy.ts';
import { PERIOD_HOURS } from './known.ts';
import { type ByRule, type Event, each, type Span } from './score.ts';
import type { Rule, Walked } from './walk.ts';

export type Cover = {
  readonly origins: number;
  /** Share of origins whose move went beyond the margin. */
  readonly breaches: number;
  /** Basis points of notional: mean over all origins, sum over origins within events, largest. */
  readonly meanBps: number;
  readonly eventBps: number;
  readonly largestBps: number;
  /** Basis points by week, all assets. */
  readonly weekly: readonly number[];
  /** Largest margin over smallest, and the 99 % quantile of its rise over five days as a factor: medians over assets (Murphy, Vasios, Vause 2014). */
  readonly peakToTrough: number;
  readonly fiveDayRise: number;
};

const WEEK_HOURS = 168;
const FIVE_DAYS_HOURS = 120;
const DRAWS = 2_000;
const BLOCK_WEEKS = 4;
const BPS = 1e4;

/** `bare`: the target is met at once; `floored`: and never below the base margin; a limit: that, as fast as the limit lets it. */
export type Way = 'bare' | 'floored' | FieldLimit;

export function cover(walked: readonly Walked[], span: Span, events: readonly Event[], startMs: number, way: Way): ByRule<Cover> {
  return each((rule) => {
    const weekly = new Array<number>(Math.ceil((24 * (span.toDay - span.fromDay)) / WEEK_HOURS)).fill(0);
    const all: number[] = [];
    const inEvents: number[] = [];
    const [ratios, rises]: [number[], number[]] = [[], []];
    for (const asset of walked) {
      const { at, margin, move, hourly } = origins(asset, rule, span, startMs, way);
      if (at.length < WEEK_HOURS) continue;
      const scale = mean(at.map((t) => asset.base[t]!)) / mean(margin);
      Alarms.uncovered(margin, move, scale).forEach((excess, index) => {
        const t = at[index]!;
        all.push(excess);
        weekly[Math.floor((t - 24 * span.fromDay) / WEEK_HOURS)]! += BPS * excess;
        if (events.some(({ first, last }) => t >= 24 * (first - 1) && t < 24 * (last + 1))) inEvents.push(excess);
      });
      const known = sorted(hourly);
      ratios.push(known.at(-1)! / known[0]!);
      rises.push(quantileOfSorted(sorted(hourly.map((value, t) => value / (hourly[t - FIVE_DAYS_HOURS] ?? Number.NaN))), 0.99));
    }
    return {
      origins: all.length,
      breaches: all.filter((excess) => excess > 0).length / all.length,
      meanBps: BPS * mean(all),
      eventBps: BPS * inEvents.reduce((sum, excess) => sum + excess, 0),
      largestBps: BPS * all.reduce((most, excess) => Math.max(most, excess), 0),
      weekly,
      peakToTrough: quantileOfSorted(sorted(ratios), 0.5),
      fiveDayRise: quantileOfSorted(sorted(rises), 0.5),
    };
  });
}

/** 95 % of `a` over `b`, weeks drawn in blocks. */
export function ratioInterval(a: readonly number[], b: readonly number[], seed: number): readonly [number, number] {
  const total = (values: readonly number[], index: Int32Array) => index.reduce((sum, week) => sum + values[week]!, 0);
  const ratios = Float64Array.from({ length: DRAWS }, (_, path) => {
    const index = resample(a.length, BLOCK_WEEKS, seed, path);
    return total(a, index) / total(b, index);
  }).sort();
  return [quantileOfSorted(ratios, 0.025), quantileOfSorted(ratios, 0.975)];
}

function origins(asset: Walked, rule: Rule, { fromDay, toDay }: Span, startMs: number, way: Way) {
  const target = asset.multiplier[rule];
  const multiple =
    way === 'bare' ? target : way === 'floored' ? target.map((value) => Math.max(1, value)) : follow(target, startMs, asset.asset, way);
  const hourly = multiple.map((value, t) => (t >= 24 * fromDay && t < 24 * toDay ? value * asset.base[t]! : Number.NaN));
  const at: number[] = [];
  const [margin, move]: [number[], number[]] = [[], []];
  for (let t = 24 * fromDay - 1; t < 24 * toDay - PERIOD_HOURS; t += PERIOD_HOURS) {
    const { fall, rise } = Alarms.moveFrom(asset.close, t, PERIOD_HOURS);
    const held = multiple[t]! * asset.base[t]!;
    if (Number.isNaN(held) || Number.isNaN(fall) || t < 24 * fromDay) continue;
    at.push(t);
    margin.push(held);
    move.push(Math.max(fall, rise));
  }
  return { at, margin, move, hourly };
}
