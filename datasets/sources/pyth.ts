/**
 * Pyth: prices from a Hermes server, `GET /v2/updates/price/latest` and `/v2/updates/price/{second}`. A price is an integer with an
 * exponent and a confidence, both of which stay. Source: Pyth "Hermes REST API". The signed update is not checked here: it is a
 * server's word, one source among several.
 */
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { decimal, Seconds } from './decimal.ts';
import * as Http from './http.ts';

export type PythPrice = { readonly feed: string; readonly priceUsd: number; readonly confidenceUsd: number; readonly publishedMs: number };

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

/** Of now, or the first published in or after a second of the past. In the order of `feeds`. */
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
        fix: "Set this machine's clock right; if it is, ask another host.",
      });
    }
    return { feed, priceUsd, confidenceUsd: conf * 10 ** expo, publishedMs: published * 1000 };
  });
}

const FUTURE_MS = 60_000;

function plain(feed: string): string {
  return feed.replace(/^0x/, '');
}

export class FeedError extends PlimsollError {
  override readonly name = 'Pyth.FeedError';
}
