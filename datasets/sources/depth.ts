/**
 * Depth: how much of an asset can be sold before its price has fallen by so much, from order books and pools, as one ladder; and the
 * state's impact law fitted to it. Pure.
 *
 *   impact(Q) = 1 − proceeds / (tokens · mid) = Y · σ_day · (Q / V_day)^δ,  Q in USD; least squares on logarithms.
 *
 * A seller who uses all venues at once sells on each until their prices have fallen alike, so ladders add rung by rung. A book that
 * ends before a rung says nothing about it: the rung is left out, never counted as empty.
 */
import { PlimsollError } from '../../base/errors.ts';
import type { Depth } from '../state.ts';
import type { OrderBook } from './exchange.ts';

/** Sold in all, and brought in all, when the marginal price has fallen by `drop` (a fraction of mid). */
export type Rung = { readonly drop: number; readonly tokens: number; readonly proceeds: number };
export type Ladder = { readonly source: string; readonly mid: number; readonly rungs: readonly Rung[] };

/** 5 bps to 20 %. */
export const DROPS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2] as const;
const FEWEST_RUNGS = 3;

export function ladderOfBook(book: OrderBook, drops: readonly number[] = DROPS): Ladder {
  const where = `${book.venue} ${book.asset}-${book.quote}`;
  const bids = [...book.bids].sort((a, b) => b.price - a.price);
  const best = bids[0]?.price;
  const ask = book.asks.reduce((lowest, { price }) => Math.min(lowest, price), Number.POSITIVE_INFINITY);
  if (best === undefined || ask === Number.POSITIVE_INFINITY || best >= ask) {
    const got = best === undefined || ask === Number.POSITIVE_INFINITY ? 'one side without orders' : `a bid of ${best} at an ask of ${ask}`;
    throw new BookError({ got, needed: 'bids below asks', where });
  }
  const mid = (best + ask) / 2;
  const rungs: Rung[] = [];
  let tokens = 0;
  let proceeds = 0;
  let next = 0;
  for (const drop of drops) {
    const limit = mid * (1 - drop);
    for (; next < bids.length && bids[next]!.price >= limit; next += 1) {
      tokens += bids[next]!.size;
      proceeds += bids[next]!.size * bids[next]!.price;
    }
    // The last bid given may not be the last there is.
    if (next === bids.length) break;
    if (tokens > 0) rungs.push({ drop, tokens, proceeds });
  }
  return { source: where, mid, rungs };
}

/** Rungs that every ladder has, summed; prices relative to each venue's own middle, in the mean of them weighted by depth. */
export function merge(ladders: readonly Ladder[]): Ladder {
  const drops =
    ladders[0]?.rungs.map(({ drop }) => drop).filter((drop) => ladders.every(({ rungs }) => rungs.some((rung) => rung.drop === drop))) ??
    [];
  const weight = ladders.map(({ rungs }) => rungs.find(({ drop }) => drop === drops[0])?.tokens ?? 0);
  const total = weight.reduce((sum, one) => sum + one, 0);
  if (!(total > 0)) {
    const got = ladders.map(({ source, rungs }) => `${rungs.length} rungs of ${source}`).join(', ') || 'no ladder';
    throw new NoDepthError({ got, needed: 'ladders with a rung in common' });
  }
  const mid = ladders.reduce((sum, ladder, index) => sum + ladder.mid * weight[index]!, 0) / total;
  const rungs = drops.map((drop): Rung => {
    const rung = (ladder: Ladder): Rung => ladder.rungs.find((one) => one.drop === drop)!;
    return {
      drop,
      tokens: ladders.reduce((sum, ladder) => sum + rung(ladder).tokens, 0),
      proceeds: ladders.reduce((sum, ladder) => sum + (rung(ladder).proceeds / ladder.mid) * mid, 0),
    };
  });
  return { source: ladders.map(({ source }) => source).join(' + '), mid, rungs };
}

export type Scale = {
  readonly dailyVolumeUsd: number;
  /** Standard deviation of a day's return, as a fraction. */
  readonly dailyVolatility: number;
  /** Not to be seen in one book: declared. */
  readonly halfLifeSeconds: number;
  readonly takenAt: string;
};

/** `ladder.mid` in USD. The exponent stays within (0, 1]: a book in which selling gets cheaper with size is a book with a hole. */
export function depthOf(ladder: Ladder, { dailyVolumeUsd, dailyVolatility, halfLifeSeconds, takenAt }: Scale): Depth {
  const points = ladder.rungs
    .map(({ tokens, proceeds }) => ({ amountUsd: tokens * ladder.mid, impact: 1 - proceeds / (tokens * ladder.mid) }))
    .filter(({ amountUsd, impact }) => amountUsd > 0 && impact > 0 && impact < 1);
  const x = points.map(({ amountUsd }) => Math.log(amountUsd / dailyVolumeUsd));
  const y = points.map(({ impact }) => Math.log(impact / dailyVolatility));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(x);
  const meanY = mean(y);
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  if (points.length < FEWEST_RUNGS || !(spread > 0)) {
    throw new NoDepthError({
      got: `${points.length} sizes with an impact`,
      needed: `at least ${FEWEST_RUNGS} different ones`,
      where: ladder.source,
    });
  }
  const slope = x.reduce((sum, value, index) => sum + (value - meanX) * (y[index]! - meanY), 0) / spread;
  const impactDelta = Math.min(1, Math.max(SMALLEST_DELTA, slope));
  const intercept = meanY - impactDelta * meanX;
  const worst = Math.max(...y.map((value, index) => Math.abs(value - intercept - impactDelta * x[index]!)));
  return {
    dailyVolumeUsd,
    impactY: Math.exp(intercept),
    impactDelta,
    halfLifeSeconds,
    says: `${ladder.source}, ${takenAt}: ${points.length} sizes up to ${Math.round(points.at(-1)!.amountUsd)} USD, law off by at most ${Math.round(100 * Math.expm1(worst))} %; recovery declared`,
  };
}

const SMALLEST_DELTA = 0.05;

export class BookError extends PlimsollError {
  override readonly name = 'Depth.BookError';
}

export class NoDepthError extends PlimsollError {
  override readonly name = 'Depth.NoDepthError';
}
