/**
 * Alarms: who sees a move coming, at the same rate of false alarms, and what a margin leaves uncovered, at the same mean margin.
 *
 * A rule gives one multiplier an hour, known at the hour's end (NaN: none). It warns while its multiplier is above its bar. Bars are set so that
 * every rule warns on the same number of calm days; a rule that warns often, or long, has to have a higher one. Lead is counted in hours from
 * the first warning in the window before an event to the event; a warning in the hour of the event itself is too late, and is 0.
 */

/** One more than this many of `values` would have been above any lower bar: exactly `count` are above it, fewer only where values tie. */
export function barFor(values: readonly number[], count: number): number {
  const falling = values.filter((value) => !Number.isNaN(value)).sort((a, b) => b - a);
  return falling[count] ?? Number.NEGATIVE_INFINITY;
}

/** Largest value of each stretch of `perDay` entries; NaN where none is known. */
export function dailyMost(hourly: ArrayLike<number>, perDay: number): number[] {
  return Array.from({ length: Math.floor(hourly.length / perDay) }, (_, day) => {
    let most = Number.NaN;
    for (let hour = day * perDay; hour < (day + 1) * perDay; hour += 1) {
      const value = hourly[hour]!;
      if (!Number.isNaN(value) && !(value <= most)) most = value;
    }
    return most;
  });
}

/** Hours from the first warning among the `window` hours before `event` to it; 0 where there was none. */
export function leadHours(multiplier: ArrayLike<number>, bar: number, event: number, window: number): number {
  for (let hour = Math.max(0, event - window); hour < event; hour += 1) if (multiplier[hour]! > bar) return event - hour;
  return 0;
}

/** Deepest fall and highest rise of closes over at most `period` hours that end with hour t, as fractions from 0; NaN without a close. */
export function moveTo(close: ArrayLike<number>, t: number, period: number): { readonly fall: number; readonly rise: number } {
  const now = close[t]!;
  let [fall, rise] = [0, 0];
  for (let back = 1; back <= period && t - back >= 0; back += 1) {
    const change = now / close[t - back]! - 1;
    if (-change > fall) fall = -change;
    if (change > rise) rise = change;
  }
  return Number.isNaN(now) ? { fall: now, rise: now } : { fall, rise };
}

/** The same, of the hours after t. */
export function moveFrom(close: ArrayLike<number>, t: number, period: number): { readonly fall: number; readonly rise: number } {
  const now = close[t]!;
  let [fall, rise] = [0, 0];
  for (let ahead = 1; ahead <= period && t + ahead < close.length; ahead += 1) {
    const change = close[t + ahead]! / now - 1;
    if (-change > fall) fall = -change;
    if (change > rise) rise = change;
  }
  return Number.isNaN(now) ? { fall: now, rise: now } : { fall, rise };
}

/** Days whose value is among the lowest `share`, at least one, those at most `apart` days from each other as one event: first and last day. */
export function eventsOf(daily: readonly number[], share: number, apart: number): { readonly first: number; readonly last: number }[] {
  const known = daily.map((value, day) => ({ value, day })).filter(({ value }) => !Number.isNaN(value));
  const worst = [...known].sort((a, b) => a.value - b.value || a.day - b.day).slice(0, Math.max(1, Math.round(share * known.length)));
  const events: { first: number; last: number }[] = [];
  for (const { day } of worst.sort((a, b) => a.day - b.day)) {
    const before = events.at(-1);
    if (before !== undefined && day - before.last <= apart) before.last = day;
    else events.push({ first: day, last: day });
  }
  return events;
}

/** What a margin of `scale` × `margin` does not cover of each move: the excess, 0 where it covers it. All are fractions of the notional. */
export function uncovered(margin: readonly number[], move: readonly number[], scale: number): number[] {
  return move.map((size, at) => Math.max(0, size - scale * margin[at]!));
}
