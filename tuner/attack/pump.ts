/**
 * Pump: push the price that an oracle reads, borrow against what it then says, walk away. As on Mango Markets in October 2022.
 *
 *   profit(u) = L·(1 − 1/(LTV·(1 + u))) − C(u)        L = min(what can be borrowed, LTV·(1 + u)·what may be posted)
 *
 * What is posted is lost with the debt, so nothing is gained before LTV·(1 + u) > 1. The largest safe borrow is the least C(u)/(1 − 1/(LTV·(1 + u))).
 * C is the attacker's best: he sells where he bought (Market.Exit `curve`). It is in proportion to depth, and so is the safe borrow.
 */
import { z } from 'zod';
import type { Kernel } from '../../kernel/kernel.ts';
import * as Market from './market.ts';

export const Oracle = z
  .discriminatedUnion('form', [
    /** Reads the market whenever it is asked; the push has to stand for the window. */
    z.strictObject({ form: z.literal('spot'), windowSeconds: z.number().min(0).max(1e7) }),
    /** Geometric mean over the window. */
    z.strictObject({ form: z.literal('twap'), windowSeconds: z.number().positive().max(1e7) }),
    /** Median of venues that share the depth; more than half of them must be pushed, the thinnest first. */
    z.strictObject({
      form: z.literal('median'),
      windowSeconds: z.number().min(0).max(1e7),
      shares: z.array(z.number().positive().max(1)).min(1).max(100).readonly(),
    }),
  ])
  .readonly();
export type Oracle = z.infer<typeof Oracle>;

export type Target = {
  readonly market: Market.Market;
  readonly oracle: Oracle;
  /** What counts of a collateral's value, fraction below 1 or more (a margin venue may count gains whole). */
  readonly ltv: number;
  /** What all other assets of the protocol have left to lend, USD. */
  readonly liquidityUsd: number;
  /** Most of this asset that may be posted, at the fair price; null: no cap. */
  readonly supplyCapUsd: number | null;
};
export type Pump = {
  /** The best u for the attacker: 0.5 is half as much again. */
  readonly rise: number;
  readonly costUsd: number;
  readonly borrowedUsd: number;
  readonly postedUsd: number;
  readonly profitUsd: number;
  /** The least over all pushes of what is lost, as a share of what the push costs: below 0 one pays. */
  readonly margin: number;
  /** No attack pays while no more than this can be borrowed against the asset; null: none pays at any size. */
  readonly safeBorrowUsd: number | null;
  /** The same if he had to sell what moved the price at the fair price: between the two the model cannot tell. */
  readonly safeIfStrandedUsd: number | null;
};

/** Searched up to a hundredfold: beyond that no law of depth says anything. */
const HIGHEST_LOG = 4.6;
const POINTS = 400;
/** Shares of a TWAP's window that a higher push is held for. */
const HELD = [1, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01] as const;

export function pump(kernel: Kernel, { market, oracle, ltv, liquidityUsd, supplyCapUsd }: Target): Pump {
  const from = Math.max(0, -kernel.log(ltv));
  const rows = Array.from({ length: POINTS }, (_, index) => {
    const x = from + ((index + 1) * (HIGHEST_LOG - from)) / POINTS;
    const factor = kernel.exp(x);
    const costUsd = costOf(kernel, market, oracle, x);
    const kept = 1 - 1 / (ltv * factor);
    const borrowedUsd = Math.min(liquidityUsd, supplyCapUsd === null ? Number.POSITIVE_INFINITY : ltv * factor * supplyCapUsd);
    const gainUsd = borrowedUsd * kept;
    return {
      rise: factor - 1,
      costUsd,
      borrowedUsd,
      postedUsd: borrowedUsd / (ltv * factor),
      profitUsd: gainUsd - costUsd,
      // A market that moves for nothing: any gain is worth it.
      margin: costUsd > 0 ? 1 - gainUsd / costUsd : gainUsd > 0 ? -Number.MAX_VALUE : 1,
      safe: costUsd / kept,
      stranded: costOf(kernel, market, oracle, x, 'fair') / kept,
    };
  });
  const best = rows.reduce((a, b) => (b.profitUsd > a.profitUsd ? b : a));
  const least = (read: (row: (typeof rows)[number]) => number) => {
    const low = rows.reduce((so, row) => Math.min(so, read(row)), Number.POSITIVE_INFINITY);
    return Number.isFinite(low) ? low : null;
  };
  const { safe: _, stranded: __, ...shown } = best;
  const margin = rows.reduce((low, row) => Math.min(low, row.margin), 1);
  return { ...shown, margin, safeBorrowUsd: least(({ safe }) => safe), safeIfStrandedUsd: least(({ stranded }) => stranded) };
}

/** Of making the oracle say e^x times the fair price. */
export function costOf(kernel: Kernel, market: Market.Market, oracle: Oracle, x: number, exit: Market.Exit = 'curve'): number {
  const { windowSeconds } = oracle;
  if (oracle.form === 'spot') return Market.push(kernel, market, x, windowSeconds, { exit }).costUsd;
  if (oracle.form === 'twap') {
    // A mean of logarithms: twice as far for half the time moves it as much.
    return HELD.reduce(
      (low, share) => Math.min(low, Market.push(kernel, market, x / share, share * windowSeconds, { exit }).costUsd),
      Number.POSITIVE_INFINITY,
    );
  }
  const needed = Math.floor(oracle.shares.length / 2) + 1;
  const thinnest = [...oracle.shares].sort((a, b) => a - b).slice(0, needed);
  return thinnest.reduce((sum, share) => sum + Market.push(kernel, market, x, windowSeconds, { share, exit }).costUsd, 0);
}
