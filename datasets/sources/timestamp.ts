/**
 * Timestamp: the spellings of time found in price files, to milliseconds since 1970.
 *
 * ISO 8601 (a date, or date and time with `T` or a space); no zone means UTC. Or a count since 1970, its unit told by its
 * size: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds. Row by row: Binance's own
 * archives change from milliseconds to microseconds within one year.
 */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?$/;
const COUNT = /^\d+(?:\.\d+)?(?:[eE]\+?\d+)?$/;

/** Nothing traded on the venues we read before 1990; a later century is a wrong unit. */
const EARLIEST_MS = Date.UTC(1990, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

export const SPELLINGS = 'ISO 8601 (no zone = UTC), or seconds, milliseconds or microseconds since 1970';

/** Undefined where the text is no time between 1990 and 2100. */
export function parse(text: string): number | undefined {
  const trimmed = text.trim();
  return COUNT.test(trimmed) ? fromCount(Number(trimmed)) : fromIso(trimmed);
}

/** A count since 1970 in the unit its size tells. */
export function fromCount(count: number): number | undefined {
  const ms = count < 1e11 ? count * 1000 : count < 1e14 ? count : count < 1e17 ? count / 1000 : count / 1e6;
  return inRange(Math.round(ms));
}

function fromIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isRealDay = new Date(date).getUTCDate() === Number(day) && Number(month) <= 12 && Number(month) >= 1;
  if (!isRealDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const clockMs = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + Math.floor(Number(`0.${fraction || '0'}`) * 1000);
  return inRange(date + clockMs - zoneMs(zone));
}

function zoneMs(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

function inRange(ms: number): number | undefined {
  return ms >= EARLIEST_MS && ms < LATEST_MS ? ms : undefined;
}
