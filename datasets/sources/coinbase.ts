/**
 * Coinbase Exchange, public: `GET /products/{pair}/candles` (at most 300 bars a page, newest first, times in seconds, the low
 * before the high before the open, numbers as JSON numbers; minutes without a trade are left out) and `GET /products/{pair}/book`.
 * Source: Coinbase "Exchange REST API", products.
 */
import { z } from 'zod';
import { Amount, Price, Seconds } from './decimal.ts';
import * as Exchange from './exchange.ts';
import * as Http from './http.ts';

const STEPS = [60, 300, 900, 3600, 21_600, 86_400] as const;
const BARS_A_PAGE = 300;

/** Time, low, high, open, close, volume. */
const Candle = z.tuple([Seconds, Price, Price, Price, Price, Amount]);
const Order = z.tuple([Price, Amount], z.unknown()).transform(([price, size]) => ({ price, size }));
const Book = z.object({ bids: z.array(Order), asks: z.array(Order) });

/** `address`: where the API answers. */
export function coinbase(address: string): Exchange.Exchange {
  const venue: Exchange.Venue = {
    name: 'coinbase',
    steps: STEPS,
    barsAPage: BARS_A_PAGE,
    async ask(http, { asset, quote, stepSeconds }, { fromMs, toMs }) {
      const url = Http.at(address, `products/${encodeURIComponent(`${asset}-${quote}`)}/candles`, {
        granularity: stepSeconds,
        start: new Date(fromMs).toISOString(),
        // Inclusive there: the last bar's own open.
        end: new Date(toMs - stepSeconds * 1000).toISOString(),
      });
      const reply = await http.get(url, z.array(Candle));
      return {
        ...reply,
        value: reply.value.map(([seconds, low, high, open, close, volume]) => ({
          opensMs: seconds * 1000,
          open,
          high,
          low,
          close,
          volume,
        })),
      };
    },
  };
  return {
    name: venue.name,
    candles: (http, request) => Exchange.pages(venue, http, request),
    async book(http, { asset, quote }) {
      const path = `products/${encodeURIComponent(`${asset}-${quote}`)}/book`;
      const { value } = await http.get(Http.at(address, path, { level: 2 }), Book);
      return { venue: venue.name, asset, quote, bids: value.bids, asks: value.asks };
    },
  };
}
