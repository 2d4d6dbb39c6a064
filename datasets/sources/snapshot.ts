/**
 * Snapshot: what a market showed at one moment, as a sealed file: an order book as its venue gave it, a pool's ladder at one block, the options
 * that were quoted. The same content is the same bytes.
 */
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import { canonicalJson, Id, isSealed, seal } from '../../base/id.ts';
import type * as Chain from './chain.ts';
import * as Depth from './depth.ts';
import type { Options } from './deribit.ts';
import type { OrderBook } from './exchange.ts';
import type { Pool } from './uniswap.ts';
import * as Uniswap from './uniswap.ts';

const Order = z.strictObject({ price: z.number().positive(), size: z.number().nonnegative() }).readonly();
const Rung = z.strictObject({ drop: z.number().gt(0).lt(1), tokens: z.number().positive(), proceeds: z.number().positive() }).readonly();

/** Prices in `quote`, sizes in whole tokens. A book has `orders`, a pool the block it was read at and its `ladder`. */
export const DepthSnapshot = z
  .strictObject({
    kind: z.literal('depth-snapshot'),
    id: Id,
    asset: z.string(),
    quote: z.string(),
    source: z.string(),
    takenAt: z.iso.datetime(),
    orders: z
      .strictObject({ bids: z.array(Order).readonly(), asks: z.array(Order).readonly() })
      .readonly()
      .optional(),
    pool: z
      .strictObject({ chainId: z.int(), block: z.string().regex(/^\d+$/), mid: z.number().positive(), rungs: z.array(Rung).readonly() })
      .readonly()
      .optional(),
  })
  .readonly();
export type DepthSnapshot = z.infer<typeof DepthSnapshot>;

export const OptionQuotes = z
  .strictObject({
    kind: z.literal('option-quotes'),
    id: Id,
    asset: z.string(),
    source: z.string(),
    /** The venue's clock. */
    takenAt: z.iso.datetime(),
    quotes: z
      .array(
        z
          .strictObject({
            instrument: z.string(),
            right: z.enum(['call', 'put']),
            strikeUsd: z.number().positive(),
            expiresAt: z.iso.datetime(),
            underlyingUsd: z.number().positive(),
            /** A year, 1 = 100 %. */
            markVolatility: z.number().nonnegative().nullable(),
            markCoins: z.number().nonnegative(),
            bidCoins: z.number().nonnegative().nullable(),
            askCoins: z.number().nonnegative().nullable(),
            openInterestCoins: z.number().nonnegative(),
          })
          .readonly(),
      )
      .min(1)
      .readonly(),
  })
  .readonly();
export type OptionQuotes = z.infer<typeof OptionQuotes>;

export function ofBook({ venue, asset, quote: currency, bids, asks }: OrderBook, nowMs: number): DepthSnapshot {
  const takenAt = new Date(nowMs).toISOString();
  const plain = (orders: OrderBook['bids']) => orders.map(({ price, size }) => ({ price, size }));
  const orders = { bids: plain(bids), asks: plain(asks) };
  return seal({ kind: 'depth-snapshot' as const, asset, quote: currency, source: venue, takenAt, orders });
}

/** `sells`: the token of the pool that is the asset. */
export function ofPool(
  at: Chain.At,
  pool: Pool,
  pair: { readonly asset: string; readonly quote: string },
  sells: 'token0' | 'token1',
): DepthSnapshot {
  const { source, mid, rungs } = Uniswap.ladderOf(pool, sells, Depth.DROPS);
  const place = {
    chainId: at.chainId,
    block: String(at.block),
    mid,
    rungs: rungs.filter(({ tokens, proceeds }) => tokens > 0 && proceeds > 0),
  };
  return seal({ kind: 'depth-snapshot' as const, ...pair, source, takenAt: new Date(at.timeMs).toISOString(), pool: place });
}

export function ofOptions(asset: string, { asOfMs, quotes }: Options): OptionQuotes {
  const rows = quotes.map(({ asset: _, expiresMs, ...one }) => ({ ...one, expiresAt: new Date(expiresMs).toISOString() }));
  return seal({ kind: 'option-quotes' as const, asset, source: 'deribit', takenAt: new Date(asOfMs).toISOString(), quotes: rows });
}

export function ladderOf({ source, asset, quote: currency, orders, pool }: DepthSnapshot): Depth.Ladder {
  if (pool !== undefined) return { source, mid: pool.mid, rungs: pool.rungs };
  return Depth.ladderOfBook({ venue: source, asset, quote: currency, bids: orders?.bids ?? [], asks: orders?.asks ?? [] });
}

export function write(snapshot: DepthSnapshot | OptionQuotes): string {
  return `${canonicalJson(snapshot)}\n`;
}

/** `where` is the file's name, for errors. */
export function parse<T extends { readonly id: Id }>(text: string, shape: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UnreadableError({ got: quote(text.slice(0, 60)), needed: 'JSON', where, fix: PULL, cause });
  }
  const checked = shape.safeParse(value);
  if (checked.success && isSealed(checked.data)) return checked.data;
  const issue = checked.error?.issues[0];
  const got = issue === undefined ? 'an id on other content' : `${issue.message} at ${issue.path.map(String).join('.') || 'the top'}`;
  throw new UnreadableError({ got, needed: 'a snapshot as it was pulled', where, fix: PULL });
}

const PULL = 'Give a file that `plimsoll data pull-depth` or `data pull-options` wrote, unchanged.';

export class UnreadableError extends PlimsollError {
  override readonly name = 'Snapshot.UnreadableError';
}
