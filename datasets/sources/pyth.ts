/**
 * Pyth: prices from a Hermes server, `GET /v2/updates/price/latest` and `/v2/updates/price/{second}`. A price is an integer with an
 * exponent and a confidence, both of which stay. Source: Pyth "Hermes REST API". The signed update is not checked here: it is a
 * server's word, one source among several.
 */
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import type { Series } from '../series.ts';
import { decimal, Seconds } from './decimal.ts';
import * as Http from './http.ts';

export type PythPrice = { readonly feed: string; readonly priceUsd: number; readonly confidenceUsd: number; readonly publishedMs: number };

/** 64 hex digits by asset name. */
export type PythRequest = {
  readonly asset: string;
  readonly feed: string;
  readonly stepSeconds: number;
  readonly fromMs: number;
  readonly toMs: number;
};

const Whole = decimal('a whole number within 64 bits', (value) => Number.isInteger(value) && Math.abs(value) <= 2 ** 63);
const Feed = z.string().regex(/^(?:0x)?[0-9a-f]{64}$/);
const Update = z.object({
  parsed: z
    .array(
      z.object({
        id: Feed,
        price: z.object({ price: Whole, conf: Whole, expo: z.int().min(-18).max(2), publish_time: Seconds }),
      }),
    )
    .min(1),
});

/** Of now, or of a second in the past. In the order of `feeds`. */
export async function prices(http: Http.Http, address: string, feeds: readonly string[], second?: number): Promise<readonly PythPrice[]> {
  const url = Http.at(address, `v2/updates/price/${second ?? 'latest'}`, { parsed: 'true', encoding: 'hex' });
  for (const feed of feeds) url.searchParams.append('ids[]', Feed.parse(feed));
  const { value, receivedMs } = await http.get(url, Update);
  return feeds.map((feed) => {
    const found = value.parsed.find(({ id }) => plain(id) === plain(feed));
    if (found === undefined) throw new FeedError({ got: 'no price', needed: `a price of feed ${feed}`, where: url.host });
    const { price, conf, expo, publish_time: published } = found.price;
    const priceUsd = price * 10 ** expo;
    if (!(priceUsd > 0 && priceUsd <= 1e15 && conf >= 0)) {
      throw new FeedError({
        got: `${price} · 10^${expo} ± ${conf}`,
        needed: 'a price above 0 and at most 1e15',
        where: `${url.host}, feed ${feed}`,
      });
    }
    if (published * 1000 > receivedMs + FUTURE_MS) {
      throw new FeedError({
        got: `a price of ${new Date(published * 1000).toISOString()}`,
        needed: 'one that is not from the future',
        where: `${url.host}, feed ${feed}`,
      });
    }
    return { feed, priceUsd, confidenceUsd: conf * 10 ** expo, publishedMs: published * 1000 };
  });
}

const FUTURE_MS = 60_000;

/** One price a step, as of the step; where the feed had stood still the same price comes again and is kept once. */
export async function series(http: Http.Http, address: string, request: PythRequest): Promise<Series> {
  const { asset, feed, stepSeconds, fromMs, toMs } = request;
  const found = new Map<number, number>();
  for (let ms = Math.ceil(fromMs / 1000) * 1000; ms < toMs; ms += stepSeconds * 1000) {
    const [price] = await prices(http, address, [feed], ms / 1000);
    found.set(price!.publishedMs, price!.priceUsd);
  }
  const rows = [...found].sort(([a], [b]) => a - b);
  const column = Float64Array.from(rows, ([, price]) => price);
  const unknown = new Float64Array(rows.length).fill(Number.NaN);
  const timesMs = Float64Array.from(rows, ([ms]) => ms);
  return { asset, source: 'pyth', timesMs, open: column, high: column, low: column, close: column, volume: unknown };
}

function plain(feed: string): string {
  return feed.replace(/^0x/, '');
}

export class FeedError extends PlimsollError {
  override readonly name = 'Pyth.FeedError';
}
