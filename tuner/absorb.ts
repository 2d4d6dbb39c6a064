/**
 * Absorb: how much a market takes within one step at what cost, by the engine's own law of impact (kernel/assembly/impact.ts).
 *
 *   c(q) = s·(φ q / V)^δ  +  s'·(φ' q / V)^δ'       venue and whole market, nothing outstanding before; φ: outstanding share at the step's end
 *
 * `depth` scales the volume: a tenth of it in a crash is depth 0.1.
 */
import type { BookInput } from '../kernel/job.ts';
import type { Kernel } from '../kernel/kernel.ts';

export type Market = {
  readonly volumeUsd: number;
  readonly impact: { readonly scale: number; readonly delta: number; readonly spread: number };
  readonly lasting: { readonly scale: number; readonly delta: number; readonly spread: number };
};

const HALVINGS = 60;

/** The market of the asset at this place of the book: its pool's. */
export function marketOf(input: BookInput, asset: number): Market {
  return {
    volumeUsd: input.volumeUsd[asset]!,
    impact: { scale: input.impactScale[asset]!, delta: input.impactDelta[asset]!, spread: input.impactSpread[asset]! },
    lasting: { scale: input.lastingScale[asset]!, delta: input.lastingDelta[asset]!, spread: input.lastingSpread[asset]! },
  };
}

/** Fraction of the price that a sale of so many dollars loses on average; may exceed 1, where nobody takes it. */
export function cost(kernel: Kernel, { volumeUsd, impact, lasting }: Market, sizeUsd: number, depth: number): number {
  const part = ({ scale, delta, spread }: Market['impact']) =>
    scale === 0 || sizeUsd === 0 ? 0 : scale * kernel.exp(delta * kernel.log((spread * sizeUsd) / (volumeUsd * depth)));
  return part(impact) + part(lasting);
}

/** The largest sale that loses no more than so much, USD; Infinity where nothing costs anything. */
export function most(kernel: Kernel, market: Market, largestCost: number, depth: number): number {
  if (largestCost <= 0) return 0;
  if (market.impact.scale === 0 && market.lasting.scale === 0) return Number.POSITIVE_INFINITY;
  let high = market.volumeUsd * depth;
  while (cost(kernel, market, high, depth) <= largestCost) high *= 2;
  let low = 0;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (cost(kernel, market, middle, depth) <= largestCost) low = middle;
    else high = middle;
  }
  return low;
}
