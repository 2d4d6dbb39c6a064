/**
 * Market: what it costs to move one. Prices in logarithms, x = ln(price / fair); Q(x) is what must be bought at once to stand at x, USD.
 *
 *   law    x = y·σ·(Q/V)^δ            the square-root law at δ = ½ (Tóth et al. 2011; Donier and Bonart 2015), up to a day's volume;
 *          x = y·σ·Q/V                beyond it, where nobody has measured: pushing is then cheaper and buying back dearer than the law would have it
 *   book   x = Q/K                    a book as deep everywhere as it is near its middle
 *
 * What was pushed comes back with the half-life: standing at x for W seconds takes another Q(x)·W·ln 2/τ, which others sold to him at e^x and which is worth
 * the fair price. What moved the price he sells in the end either where he bought it, down the same curve, as in a pool (Exit `curve`: what is left are fees;
 * a loan of one block does it), or at the fair price (`fair`). No market pays more than the curve did, so costs are bounded from below by `curve`.
 * Fees are paid on both ways.
 * Only + − × ÷ and the kernel's exp and log.
 */
import { z } from 'zod';
import type { Kernel } from '../../kernel/kernel.ts';

const Positive = z.number().positive().max(1e15);
export const Depth = z
  .discriminatedUnion('form', [
    z.strictObject({
      form: z.literal('law'),
      dailyVolumeUsd: Positive,
      /** Standard deviation of a day's log return. */
      dailyVolatility: z.number().positive().max(10),
      y: z.number().positive().max(100).default(1),
      delta: z.number().min(0.1).max(1).default(0.5),
    }),
    z.strictObject({ form: z.literal('book'), usdPerLogPrice: Positive }),
  ])
  .readonly();
export type Depth = z.infer<typeof Depth>;

export const Market = z
  .strictObject({
    depth: Depth,
    /** In which half of a push is arbitraged away. */
    halfLifeSeconds: z.number().positive().max(1e9),
    feeShare: z.number().min(0).max(0.5).default(0.001),
  })
  .readonly();
export type Market = z.infer<typeof Market>;

const LN_TWO = Math.LN2;
/** A price e^20 times the fair one: nobody buys there. */
const FARTHEST = 20;
/** Of Simpson's rule, on what is smooth. */
const PANELS = 128;

/** USD to buy at once to stand at x ≥ 0. */
export function quantityUsd(kernel: Kernel, depth: Depth, x: number): number {
  if (x <= 0) return 0;
  if (depth.form === 'book') return depth.usdPerLogPrice * x;
  const share = x / (depth.y * depth.dailyVolatility);
  return depth.dailyVolumeUsd * (share > 1 ? share : kernel.exp(kernel.log(share) / depth.delta));
}

/** The same turned round: where buying `usd` at once leaves the price. */
export function standing(kernel: Kernel, depth: Depth, usd: number): number {
  if (usd <= 0) return 0;
  if (depth.form === 'book') return usd / depth.usdPerLogPrice;
  const share = usd / depth.dailyVolumeUsd;
  return depth.y * depth.dailyVolatility * (share > 1 ? share : kernel.exp(depth.delta * kernel.log(share)));
}

/** Where the attacker sells what moved the price. */
export type Exit = 'curve' | 'fair';

export type Push = { readonly boughtUsd: number; readonly costUsd: number };

/** Up to x and held there; `share`: of the depth, where only a part of the venues is pushed. */
export function push(
  kernel: Kernel,
  { depth, halfLifeSeconds, feeShare }: Market,
  x: number,
  holdSeconds: number,
  { share = 1, exit = 'curve' }: { readonly share?: number; readonly exit?: Exit } = {},
): Push {
  const atOnce = share * quantityUsd(kernel, depth, x);
  const after = (atOnce * holdSeconds * LN_TWO) / halfLifeSeconds;
  const top = 1 - kernel.exp(-x);
  // On the way up ∫ (1 − e^(−x)) dQ, by parts: Q(x)(1 − e^(−x)) − ∫ Q e^(−x) dx.
  const way = exit === 'curve' ? 0 : atOnce * top - share * integral(depth, (at) => quantityUsd(kernel, depth, at) * kernel.exp(-at), x);
  const bought = atOnce + after;
  return { boughtUsd: bought, costUsd: way + after * top + 2 * feeShare * bought };
}

/** Mean premium over the fair price for whoever must buy `usd` (at fair prices) within `seconds`, as a fraction. */
export function premium(kernel: Kernel, { depth, halfLifeSeconds }: Market, usd: number, seconds: number): number {
  const atOnce = usd / (1 + (seconds * LN_TWO) / halfLifeSeconds);
  const x = standing(kernel, depth, atOnce);
  if (x > FARTHEST) return Number.POSITIVE_INFINITY;
  // Mean of e^x over what is bought: (1/Q) ∫ e^x dQ = e^x − (1/Q) ∫ Q e^x dx.
  return atOnce > 0 ? kernel.exp(x) - integral(depth, (at) => quantityUsd(kernel, depth, at) * kernel.exp(at), x) / atOnce - 1 : 0;
}

/** ∫ from 0, in two parts where the law bends. */
function integral(depth: Depth, of: (at: number) => number, to: number): number {
  const bend = depth.form === 'book' ? 0 : Math.min(to, depth.y * depth.dailyVolatility);
  return simpson(of, 0, bend) + simpson(of, bend, to);
}

function simpson(of: (at: number) => number, from: number, to: number): number {
  const step = (to - from) / PANELS;
  let sum = of(from) + of(to);
  for (let panel = 1; panel < PANELS; panel += 1) sum += (panel % 2 === 1 ? 4 : 2) * of(from + panel * step);
  return (sum * step) / 3;
}
