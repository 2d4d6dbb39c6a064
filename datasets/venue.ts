/**
 * Venue: files that follow each other in time, end to end, so that what is compared are venues and not files.
 *
 * A file a month from each of two venues makes two series: pieces that overlap in time are rivals and never joined, a piece goes
 * after the one whose name is most like its own.
 */
import type { Series } from './series.ts';

/** Pieces each in order of time, one row a moment. The result does not depend on the order of pieces. */
export function venues(pieces: readonly Series[]): Series[] {
  const first = ({ timesMs }: Series): number => timesMs[0]!;
  const last = ({ timesMs }: Series): number => timesMs.at(-1)!;
  const sorted = pieces
    .filter(({ timesMs }) => timesMs.length > 0)
    .sort((a, b) => first(a) - first(b) || (a.source < b.source ? -1 : a.source > b.source ? 1 : last(a) - last(b)));
  const found: Series[][] = [];
  for (const piece of sorted) {
    const free = found.filter((one) => last(one.at(-1)!) < first(piece));
    const alike = (one: readonly Series[]): number => prefix(one.at(-1)!.source, piece.source).length;
    const [best] = free.sort((a, b) => alike(b) - alike(a));
    if (best === undefined) found.push([piece]);
    else best.push(piece);
  }
  return found.map(joined);
}

function joined(pieces: readonly Series[]): Series {
  const [first] = pieces;
  if (pieces.length === 1) return first!;
  const name = pieces.map(({ source }) => source).reduce(prefix);
  const column = (pick: (piece: Series) => Float64Array): Float64Array => {
    const whole = new Float64Array(pieces.reduce((length, { timesMs }) => length + timesMs.length, 0));
    let offset = 0;
    for (const piece of pieces) {
      whole.set(pick(piece), offset);
      offset += pick(piece).length;
    }
    return whole;
  };
  return {
    asset: first!.asset,
    source: name.length < SHORTEST_NAME ? `${first!.source} and ${pieces.length - 1} more` : `${name}…`,
    timesMs: column(({ timesMs }) => timesMs),
    open: column(({ open }) => open),
    high: column(({ high }) => high),
    low: column(({ low }) => low),
    close: column(({ close }) => close),
    volume: column(({ volume }) => volume),
  };
}

/** A shorter beginning in common names nothing. */
const SHORTEST_NAME = 4;

function prefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
