/**
 * Series: the observations of one asset in one source as they came, before any grid: irregular, unsorted, possibly wrong.
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
