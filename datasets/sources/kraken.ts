/**
 * Kraken spot, public: `GET /0/public/OHLC` and `GET /0/public/Depth`. Times in seconds, numbers as strings, errors in a list beside
 * status 200. It answers with the latest 720 bars whatever is asked, the running bar last: older history is only in its archives.
 * Source: Kraken "Spot REST API", market data.
 */
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { Amount, Price, Seconds } from './decimal.ts';
import * as Exchange from './exchange.ts';
import * as Http from './http.ts';

const STEPS = [60, 300, 900, 1800, 3600, 14_400, 86_400] as const;
const BOOK_ORDERS = 500;

/** Kraken's own names. */
const NAMES: Readonly<Record<string, string>> = { BTC: 'XBT', DOGE: 'XDG' };

/** Time, open, high, low, close, average, volume, trades. */
const Candle = z.tuple([Seconds, Price, Price, Price, Price, z.unknown(), Amount, z.unknown()]);
const Order = z.tuple([Price, Amount, z.unknown()]).transform(([price, size]) => ({ price, size }));

/** The result has the pair under Kraken's name for it and, for bars, a `last` beside it. */
const envelope = <T>(inner: z.ZodType<T>) =>
  z.object({
    error: z.array(z.string()),
    result: z.record(z.string(), z.union([inner, z.int().transform(() => null)])).optional(),
  });
const Ohlc = envelope(z.array(Candle));
const Depth = envelope(z.object({ bids: z.array(Order), asks: z.array(Order) }));

/** `address`: where the API answers. */
export function kraken(address: string): Exchange.Exchange {
  const venue: Exchange.Venue = {
    name: 'kraken',
    steps: STEPS,
    barsAPage: Number.POSITIVE_INFINITY,
    async ask(http, { asset, quote, stepSeconds }, { fromMs }) {
      // `since` is exclusive.
      const query = { pair: pairOf({ asset, quote }), interval: stepSeconds / 60, since: fromMs / 1000 - 1 };
      const reply = await http.get(Http.at(address, '0/public/OHLC', query), Ohlc, isBusy);
      const rows = onlyResult(reply.value, query.pair);
      return {
        ...reply,
        value: rows.map(([seconds, open, high, low, close, , volume]) => ({ opensMs: seconds * 1000, open, high, low, close, volume })),
      };
    },
  };
  return {
    name: venue.name,
    candles: (http, request) => Exchange.pages(venue, http, request),
    async book(http, { asset, quote }) {
      const pair = pairOf({ asset, quote });
      const { value } = await http.get(Http.at(address, '0/public/Depth', { pair, count: BOOK_ORDERS }), Depth, isBusy);
      return { venue: venue.name, asset, quote, ...onlyResult(value, pair) };
    },
  };
}

function pairOf({ asset, quote }: Exchange.Pair): string {
  return `${NAMES[asset] ?? asset}${NAMES[quote] ?? quote}`;
}

type Envelope<T> = { readonly error: readonly string[]; readonly result?: Readonly<Record<string, T | null>> | undefined };

function isBusy({ error }: Envelope<unknown>): boolean {
  return error.some((text) => /rate limit|too many requests|unavailable|busy/i.test(text));
}

function onlyResult<T>({ error, result }: Envelope<T>, pair: string): T {
  const found = Object.values(result ?? {}).filter((value) => value !== null);
  if (error.length === 0 && found.length === 1) return found[0]!;
  throw new RefusedError({ got: error.join(', ') || `${found.length} results`, needed: 'one result', where: `kraken ${pair}` });
}

export class RefusedError extends PlimsollError {
  override readonly name = 'Kraken.RefusedError';
}
