/**
 * How markets give way and recover, as the kernel's arrays: the venue's impact from the state, the market's from a declared law.
 * Equations: kernel/assembly/impact.ts. Only + − × ÷ √ and the kernel's exp and log.
 */
import type { AssetState } from '../../datasets/state.ts';
import type { BookInput } from '../../kernel/job.ts';
import type { Kernel } from '../../kernel/kernel.ts';

/** cost of selling Q in the whole market = y · σ_day · (Q / V_day)^delta. */
export type Lasting = { readonly y: number; readonly delta: number; readonly halfLifeSeconds: number };

/**
 * Declared, the same for every asset: the square-root law with y near 1, found for stocks (Tóth et al. 2011) and for a million bitcoin
 * metaorders (Donier and Bonart 2015, y 0.9). V_day is the state's volume, of one venue where no more is known: too harsh rather than
 * too mild. The half-life is not identified by any data here. Swept in docs/evidence/impact.md.
 */
export const LASTING: Lasting = { y: 1, delta: 0.5, halfLifeSeconds: 4 * 3600 };

/** The price already holds what was sold, as a recorded one does: sales cost their liquidator and move nothing. */
export const CONTAINED: Lasting = { ...LASTING, y: 0 };

type Arrays = Pick<
  BookInput,
  | 'volumeUsd'
  | 'impactScale'
  | 'impactDelta'
  | 'impactDecay'
  | 'impactSpread'
  | 'lastingScale'
  | 'lastingDelta'
  | 'lastingDecay'
  | 'lastingSpread'
>;

/** `markets`: by asset, the member of its pool with the largest market; `dailyVolatility` of an asset, 0 = constant whatever is sold. */
export function arrays(
  kernel: Kernel,
  markets: readonly { readonly depth: AssetState['depth']; readonly dailyVolatility: number }[],
  stepSeconds: number,
  lasting: Lasting,
): Arrays {
  const by = (read: (market: (typeof markets)[number]) => number) => Float64Array.from(markets, read);
  return {
    volumeUsd: by(({ depth }) => depth.dailyVolumeUsd),
    impactScale: by(({ depth, dailyVolatility }) => depth.impactY * dailyVolatility),
    impactDelta: by(({ depth }) => depth.impactDelta),
    impactDecay: by(({ depth }) => left(kernel, stepSeconds / depth.halfLifeSeconds)),
    impactSpread: by(({ depth }) => outstanding(kernel, stepSeconds / depth.halfLifeSeconds)),
    lastingScale: by(({ dailyVolatility }) => lasting.y * dailyVolatility),
    lastingDelta: by(() => lasting.delta),
    lastingDecay: by(() => left(kernel, stepSeconds / lasting.halfLifeSeconds)),
    lastingSpread: by(() => outstanding(kernel, stepSeconds / lasting.halfLifeSeconds)),
  };
}

/** Below this many half-lives 1 − 2^(−x) has lost its digits. */
const SHORT = 1e-6;

/** Share of a flow left after so many half-lives. */
function left(kernel: Kernel, halfLives: number): number {
  return kernel.exp(-kernel.log(2) * halfLives);
}

/** Share of a sale spread evenly over so many half-lives that is outstanding at their end. */
function outstanding(kernel: Kernel, halfLives: number): number {
  const x = kernel.log(2) * halfLives;
  return x < SHORT ? 1 - x / 2 : (1 - left(kernel, halfLives)) / x;
}
