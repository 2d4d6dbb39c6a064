/**
 * Deribit, public: option summaries (`get_book_summary_by_currency`) and the volatility index DVOL (`get_volatility_index_data`).
 *
 * Prices of BTC and ETH options are in the coin (inverse); implied volatility comes in percent and leaves as a fraction. Index data
 * come newest page first, each saying where the page before it ends. Source: Deribit API v2, market data.
 */
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import type { Series } from '../series.ts';
import { Amount, decimal, Milliseconds, Price } from './decimal.ts';
import * as Http from './http.ts';

export type OptionQuote = {
  readonly instrument: string;
  readonly asset: string;
  readonly right: 'call' | 'put';
  readonly strikeUsd: number;
  /** Deribit's options end at 08:00 UTC. */
  readonly expiresMs: number;
  /** Forward of the option's own expiry. */
  readonly underlyingUsd: number;
  /** Fraction a year; null where the venue gives none. */
  readonly markVolatility: number | null;
  /** In the coin; null where nobody bids or asks. */
  readonly markCoins: number;
  readonly bidCoins: number | null;
  readonly askCoins: number | null;
  readonly openInterestCoins: number;
};

export type Options = { readonly asOfMs: number; readonly quotes: readonly OptionQuote[] };
export type DvolRequest = {
  readonly asset: 'BTC' | 'ETH';
  readonly stepSeconds: 60 | 3600 | 43_200 | 86_400;
  readonly fromMs: number;
  readonly toMs: number;
};

/** `unfinished`: bars left out because they had not ended. */
export type Dvol = { readonly series: Series; readonly unfinished: number };

const Volatility = decimal('a volatility from 0 to 10,000 percent', (value) => value >= 0 && value <= 10_000);
const Summary = z.object({
  instrument_name: z.string().max(64),
  underlying_price: Price,
  mark_iv: Volatility.nullish(),
  mark_price: Amount,
  bid_price: Amount.nullish(),
  ask_price: Amount.nullish(),
  open_interest: Amount,
  creation_timestamp: Milliseconds,
});
const Summaries = z.object({ result: z.array(Summary).min(1) });
const DvolReply = z.object({
  result: z.object({
    data: z.array(z.tuple([Milliseconds, Volatility, Volatility, Volatility, Volatility])),
    continuation: Milliseconds.nullish(),
  }),
});

const NAME = /^([A-Z0-9]{2,10})-(\d{1,2})([A-Z]{3})(\d\d)-(\d{1,9}(?:d\d{1,4})?)-([CP])$/;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const EXPIRY_HOUR = 8;

/** All options of a coin that are quoted now. */
export async function options(http: Http.Http, address: string, asset: string): Promise<Options> {
  const url = Http.at(address, 'api/v2/public/get_book_summary_by_currency', { currency: asset, kind: 'option' });
  const { value } = await http.get(url, Summaries);
  const quotes = value.result.map(
    (one): OptionQuote => ({
      ...instrumentOf(one.instrument_name),
      underlyingUsd: one.underlying_price,
      markVolatility: one.mark_iv == null ? null : one.mark_iv / 100,
      markCoins: one.mark_price,
      bidCoins: one.bid_price ?? null,
      askCoins: one.ask_price ?? null,
      openInterestCoins: one.open_interest,
    }),
  );
  const order = (a: OptionQuote, b: OptionQuote): number =>
    a.expiresMs - b.expiresMs || a.strikeUsd - b.strikeUsd || (a.right < b.right ? -1 : 1);
  return { asOfMs: Math.max(...value.result.map((one) => one.creation_timestamp)), quotes: quotes.sort(order) };
}

/** The index as a fraction a year, bars that open in [fromMs, toMs), under the name `BTC-DVOL`. */
export async function dvol(http: Http.Http, address: string, { asset, stepSeconds, fromMs, toMs }: DvolRequest): Promise<Dvol> {
  const rows = new Map<number, readonly number[]>();
  let unfinished = 0;
  const resolution = stepSeconds === 86_400 ? '1D' : stepSeconds;
  let end: number | null = toMs - 1;
  while (end !== null && end >= fromMs) {
    const query: Record<string, string | number> = { currency: asset, start_timestamp: fromMs, end_timestamp: end, resolution };
    const page: Http.Reply<z.infer<typeof DvolReply>> = await http.get(
      Http.at(address, 'api/v2/public/get_volatility_index_data', query),
      DvolReply,
    );
    const { data, continuation } = page.value.result;
    for (const [ms, ...bar] of data) {
      if (ms < fromMs || ms >= toMs) continue;
      // The earlier of the two clocks decides which bars have ended.
      if (ms + stepSeconds * 1000 <= page.receivedMs + Math.min(0, page.skewMs ?? 0)) rows.set(ms, bar);
      else unfinished += 1;
    }
    const next: number | null = continuation ?? null;
    // A page that does not go back would be asked for for ever.
    if (next !== null && next >= end)
      throw new PageError({ got: `a continuation at ${next}`, needed: `one before ${end}`, where: url(address) });
    end = next;
  }
  const sorted = [...rows].sort(([a], [b]) => a - b);
  const column = (index: number): Float64Array => Float64Array.from(sorted, ([, bar]) => bar[index]! / 100);
  const series = {
    asset: `${asset}-DVOL`,
    source: 'deribit',
    timesMs: Float64Array.from(sorted, ([ms]) => ms),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: new Float64Array(sorted.length).fill(Number.NaN),
  };
  return { series, unfinished };
}

/** `BTC-27DEC24-100000-C`; a strike of 0.55 is written 0d55. */
function instrumentOf(name: string): Pick<OptionQuote, 'instrument' | 'asset' | 'right' | 'strikeUsd' | 'expiresMs'> {
  const [, asset, day, month = '', year, strike = '', right] = NAME.exec(name) ?? [];
  const strikeUsd = Number(strike.replace('d', '.'));
  const expires = new Date(Date.UTC(2000 + Number(year), MONTHS.indexOf(month), Number(day), EXPIRY_HOUR));
  if (asset === undefined || !(strikeUsd > 0) || expires.getUTCDate() !== Number(day) || !MONTHS.includes(month)) {
    throw new InstrumentError({ got: quote(name), needed: 'an option such as BTC-27DEC24-100000-C', where: 'deribit' });
  }
  return { instrument: name, asset, right: right === 'C' ? 'call' : 'put', strikeUsd, expiresMs: expires.getTime() };
}

function url(address: string): string {
  return new URL(address).host;
}

export class InstrumentError extends PlimsollError {
  override readonly name = 'Deribit.InstrumentError';
}

export class PageError extends PlimsollError {
  override readonly name = 'Deribit.PageError';
}
