/**
 * Exchange: public candles and order books of a trading venue, behind one small interface. Each venue's file says how it is asked
 * and how it writes; paging, order, the running bar and the clocks are the same for all and live here.
 *
 * Pages are windows of fixed length counted from `fromMs`, so a download cut anywhere asks the same questions again. A bar is kept
 * once it has ended by our clock and by the venue's: the running one is left out and counted.
 */
import { PlimsollError } from '../../base/errors.ts';
import type { Series } from '../series.ts';
import type { Http, Reply } from './http.ts';

export type Pair = { readonly asset: string; readonly quote: string };

/** Bars that open in [fromMs, toMs). */
export type CandleRequest = Pair & { readonly stepSeconds: number; readonly fromMs: number; readonly toMs: number };

export type Page = {
  readonly series: Series;
  /** Every bar that opens before this has been asked for. */
  readonly askedToMs: number;
  /** Bars left out because they had not ended. */
  readonly unfinished: number;
  /** The venue's clock minus ours; null where it gives none. */
  readonly skewMs: number | null;
  /** Where the venue has no bars. */
  readonly notes: readonly string[];
};

/** Best first; sizes in whole tokens. */
export type OrderBook = Pair & {
  readonly venue: string;
  readonly bids: readonly Order[];
  readonly asks: readonly Order[];
};
export type Order = { readonly price: number; readonly size: number };

export type Exchange = {
  readonly name: string;
  /** Page by page, oldest first; bars of a page in order of time. */
  candles(http: Http, request: CandleRequest): AsyncGenerator<Page>;
  book(http: Http, pair: Pair): Promise<OrderBook>;
};

export type Candle = {
  readonly opensMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
};

/** How one venue answers for one window. */
export type Window = { readonly fromMs: number; readonly toMs: number };
export type Venue = {
  readonly name: string;
  readonly steps: readonly number[];
  /** Bars in one reply; Infinity where the venue takes no window and answers with what it has. */
  readonly barsAPage: number;
  ask(http: Http, request: CandleRequest, window: Window): Promise<Reply<readonly Candle[]>>;
};

/** The Date header has whole seconds and a reply takes a moment. */
const SKEW_NOTED_MS = 5_000;

/** What to say of a venue's clock: nothing where it agrees with ours. */
export function clockNotes(name: string, skewMs: number): readonly string[] {
  if (Math.abs(skewMs) <= SKEW_NOTED_MS) return [];
  const side = skewMs > 0 ? 'ahead of' : 'behind';
  return [
    `${name}: its clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${side} ours; the earlier of the two decides which bars have ended`,
  ];
}

export async function* pages(venue: Venue, http: Http, request: CandleRequest): AsyncGenerator<Page> {
  const stepMs = request.stepSeconds * 1000;
  if (!venue.steps.includes(request.stepSeconds)) {
    throw new StepError({
      got: `${request.stepSeconds} s`,
      needed: `a bar of ${venue.steps.join(', ')} s`,
      where: venue.name,
      fix: 'Pull finer bars: aligning makes coarser ones of them.',
    });
  }
  const startMs = Math.ceil(request.fromMs / stepMs) * stepMs;
  const length = venue.barsAPage * stepMs;
  for (let fromMs = startMs; fromMs < request.toMs; fromMs += length) {
    const toMs = Math.min(request.toMs, fromMs + length);
    const reply = await venue.ask(http, request, { fromMs, toMs });
    yield page(venue.name, request, { fromMs, toMs }, reply, http.clock.nowMs());
  }
}

/** Distinct by time; two rows of one time with different numbers are refused. */
function page(name: string, request: CandleRequest, { fromMs, toMs }: Window, reply: Reply<readonly Candle[]>, nowMs: number): Page {
  const stepMs = request.stepSeconds * 1000;
  const endedMs = Math.min(nowMs, nowMs + (reply.skewMs ?? 0));
  const byTime = new Map<number, Candle>();
  let unfinished = 0;
  for (const candle of reply.value) {
    if (candle.opensMs % stepMs !== 0) {
      throw new CandleError({
        got: `a bar that opens at ${new Date(candle.opensMs).toISOString()}`,
        needed: `bars on whole steps of ${request.stepSeconds} s`,
        where: `${name} ${request.asset}`,
      });
    }
    if (candle.opensMs < fromMs || candle.opensMs >= toMs) continue;
    if (candle.opensMs + stepMs > endedMs) {
      unfinished += 1;
      continue;
    }
    const before = byTime.get(candle.opensMs);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(candle)) {
      throw new CandleError({
        got: `two different bars at ${new Date(candle.opensMs).toISOString()}`,
        needed: 'one bar a time',
        where: `${name} ${request.asset}`,
      });
    }
    byTime.set(candle.opensMs, candle);
  }
  const candles = [...byTime.values()].sort((a, b) => a.opensMs - b.opensMs);
  const column = (pick: (candle: Candle) => number): Float64Array => Float64Array.from(candles, pick);
  const first = candles[0]?.opensMs;
  const short = `${name} has no bar of ${request.asset} from ${new Date(fromMs).toISOString()} to ${new Date(first ?? toMs).toISOString()}`;
  return {
    series: {
      asset: request.asset,
      source: name,
      timesMs: column(({ opensMs }) => opensMs),
      open: column(({ open }) => open),
      high: column(({ high }) => high),
      low: column(({ low }) => low),
      close: column(({ close }) => close),
      volume: column(({ volume }) => volume),
    },
    askedToMs: toMs,
    unfinished,
    skewMs: reply.skewMs,
    notes: (first ?? toMs) > fromMs ? [short] : [],
  };
}

export class StepError extends PlimsollError {
  override readonly name = 'Exchange.StepError';
}

export class CandleError extends PlimsollError {
  override readonly name = 'Exchange.CandleError';
}
