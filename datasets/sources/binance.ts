/**
 * Binance spot, public: `GET /api/v3/klines` (at most 1,000 bars a page, oldest first, times in ms, numbers as strings) and
 * `GET /api/v3/depth`. Source: Binance "Spot API", market data endpoints.
 */
import { z } from 'zod';
import { Amount, Milliseconds, Price } from './decimal.ts';
import * as Exchange from './exchange.ts';
import * as Http from './http.ts';

const INTERVALS: Readonly<Record<number, string>> = {
  60: '1m',
  300: '5m',
  900: '15m',
  1800: '30m',
  3600: '1h',
  14400: '4h',
  86400: '1d',
};
const BARS_A_PAGE = 1000;
const BOOK_ORDERS = 1000;

/** Open time, open, high, low, close, volume; then close time, quote volume, trades and taker volumes, which we leave. */
const Kline = z.tuple([Milliseconds, Price, Price, Price, Price, Amount], z.unknown());
const Order = z.tuple([Price, Amount], z.unknown()).transform(([price, size]) => ({ price, size }));
const Depth = z.object({ bids: z.array(Order), asks: z.array(Order) });

/** `address`: where the API answers, such as its host or a mirror. */
export function binance(address: string): Exchange.Exchange {
  const venue: Exchange.Venue = {
    name: 'binance',
    steps: Object.keys(INTERVALS).map(Number),
    barsAPage: BARS_A_PAGE,
    async ask(http, { asset, quote, stepSeconds }, { fromMs, toMs }) {
      const url = Http.at(address, 'api/v3/klines', {
        symbol: `${asset}${quote}`,
        interval: INTERVALS[stepSeconds]!,
        startTime: fromMs,
        // Inclusive there.
        endTime: toMs - 1,
        limit: BARS_A_PAGE,
      });
      const reply = await http.get(url, z.array(Kline));
      return {
        ...reply,
        value: reply.value.map(([opensMs, open, high, low, close, volume]) => ({ opensMs, open, high, low, close, volume })),
      };
    },
  };
  return {
    name: venue.name,
    candles: (http, request) => Exchange.pages(venue, http, request),
    async book(http, { asset, quote }) {
      const { value } = await http.get(Http.at(address, 'api/v3/depth', { symbol: `${asset}${quote}`, limit: BOOK_ORDERS }), Depth);
      return { venue: venue.name, asset, quote, bids: value.bids, asks: value.asks };
    },
  };
}
