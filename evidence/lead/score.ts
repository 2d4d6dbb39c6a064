/** Calm days, events and leads of the walked rules; every choice was written down before a result was seen. */
import { mean, quantileOfSorted, sorted } from '../../models/math/statistics.ts';
import * as Alarms from '../../tuner/backtest/alarms.ts';
import { HOUR_MS, PERIOD_HOURS } from './known.ts';
import { RULES, type Rule, type Walked } from './walk.ts';

export const WINDOW_HOURS = 48;
export const EVENT_SHARE = 0.01;
const APART_DAYS = 3;
const DAY_HOURS = 24;

export type Span = { readonly fromDay: number; readonly toDay: number };
/** One asset in one event; `hour`: the first in which it fell by its base margin within the period. */
export type Hit = { readonly asset: Walked; readonly event: number; readonly hour: number };
export type Event = { readonly first: number; readonly last: number; readonly move: number };
export type ByRule<T> = Readonly<Record<Rule, T>>;

export const each = <T>(of: (rule: Rule) => T): ByRule<T> => Object.fromEntries(RULES.map((rule) => [rule, of(rule)])) as ByRule<T>;

/** Days by the lowest 24-hour move of their hours; of the market, the median of the assets' moves: one coin that dies is not the market. */
export function marketEvents(walked: readonly Walked[], span: Span): Event[] {
  const hours = walked[0]!.close.length;
  const market = Float64Array.from({ length: hours }, (_, t) => {
    const moves = sorted(walked.map(({ close }) => close[t]! / (close[t - DAY_HOURS] ?? Number.NaN) - 1));
    return moves.length === 0 ? Number.NaN : quantileOfSorted(moves, 0.5);
  });
  return eventsIn(market, span);
}

export function ownEvents({ close }: Walked, span: Span): Event[] {
  return eventsIn(
    close.map((now, t) => now / (close[t - DAY_HOURS] ?? Number.NaN) - 1),
    span,
  );
}

/** Of each event that an asset had a margin before and whose fall went beyond it. */
export function hitsOf(asset: Walked, events: readonly Event[]): Hit[] {
  return events.flatMap(({ first, last }, event) => {
    for (let t = Math.max(1, (first - 1) * DAY_HOURS); t < (last + 1) * DAY_HOURS; t += 1) {
      if (Alarms.moveTo(asset.close, t, PERIOD_HOURS).fall >= asset.base[t - 1]!) return [{ asset, event, hour: t }];
    }
    return [];
  });
}

/** The largest multiplier of every calm day, by rule: outside three days around a market event, and no move of the asset beyond its base margin that day or the next. */
export function calmDays(walked: readonly Walked[], events: readonly Event[], { fromDay, toDay }: Span): ByRule<number[]> {
  const out = each((): number[] => []);
  const near = (day: number) => events.some(({ first, last }) => day >= first - APART_DAYS && day <= last + APART_DAYS);
  for (const asset of walked) {
    const most = each((rule) => Alarms.dailyMost(asset.multiplier[rule], DAY_HOURS));
    for (let day = fromDay; day < toDay; day += 1) {
      if (near(day) || RULES.some((rule) => Number.isNaN(most[rule][day] ?? Number.NaN)) || moves(asset, day) || moves(asset, day + 1))
        continue;
      for (const rule of RULES) out[rule].push(most[rule][day]!);
    }
  }
  return out;
}

export type Lead = {
  readonly bar: number;
  readonly falseRate: number;
  readonly leads: readonly number[];
  readonly caught: number;
  readonly median: number;
  readonly mean: number;
};

export function leadOf(rule: Rule, hits: readonly Hit[], bar: number, calm: readonly number[]): Lead {
  const leads = hits.map(({ asset, hour }) => Alarms.leadHours(asset.multiplier[rule], bar, hour, WINDOW_HOURS));
  return {
    bar,
    leads,
    falseRate: calm.filter((value) => value > bar).length / calm.length,
    caught: leads.filter((lead) => lead > 0).length / leads.length,
    median: quantileOfSorted(sorted(leads), 0.5),
    mean: mean(leads),
  };
}

export function dayOf(date: string, startMs: number): number {
  return Math.round((Date.parse(date) - startMs) / (DAY_HOURS * HOUR_MS));
}

function moves({ close, base }: Walked, day: number): boolean {
  for (let t = day * DAY_HOURS; t < (day + 1) * DAY_HOURS; t += 1) {
    const { fall, rise } = Alarms.moveTo(close, t, PERIOD_HOURS);
    if (Math.max(fall, rise) >= base[t - 1]!) return true;
  }
  return false;
}

function eventsIn(hourly: Float64Array, { fromDay, toDay }: Span): Event[] {
  const lowest = Alarms.dailyMost(
    hourly.map((value) => -value),
    DAY_HOURS,
  ).map((value) => -value);
  return Alarms.eventsOf(lowest.slice(fromDay, toDay), EVENT_SHARE, APART_DAYS).map(({ first, last }) => ({
    first: first + fromDay,
    last: last + fromDay,
    move: Math.min(...lowest.slice(first + fromDay, last + fromDay + 1).filter((value) => !Number.isNaN(value))),
  }));
}
