/**
 * Series: the observations of one asset as they came, before any grid: irregular, unsorted, possibly wrong.
 *
 * `timesMs` is when a bar opens (or when a single price was seen), milliseconds since 1970 UTC. The five columns are as
 * long as it. NaN = not given (a file of closes has no volume). Volume in whole tokens.
 */
export type Series = {
  readonly asset: string;
  /** File or place it was read from, for findings. */
  readonly source: string;
  readonly timesMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
};

/** One series from several pieces of the same asset, in the order given (a file a month, say). */
export function concat(pieces: readonly Series[]): Series {
  const first = pieces[0]!;
  if (pieces.length === 1) return first;
  const sources = [...new Set(pieces.map(({ source }) => source))];
  return {
    asset: first.asset,
    source: sources.join(', '),
    timesMs: join(pieces.map(({ timesMs }) => timesMs)),
    open: join(pieces.map(({ open }) => open)),
    high: join(pieces.map(({ high }) => high)),
    low: join(pieces.map(({ low }) => low)),
    close: join(pieces.map(({ close }) => close)),
    volume: join(pieces.map(({ volume }) => volume)),
  };
}

function join(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
