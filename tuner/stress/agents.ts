/**
 * Liquidators, by what they can do. Declared, not measured.
 *
 * FLASH borrows within the transaction: no inventory, Aave's flash-loan premium (5 bp), and gas of one call (500,000 gas at 20 gwei and
 * 3,000 USD a coin). DESK keeps its own money: cheaper capital, bounded inventory, half of which is free again after half an hour (the time
 * to sell through a venue and bring the proceeds back), and it does not get up for less than 100 USD.
 */
import type { BookInput } from '../../kernel/job.ts';
import type { Kernel } from '../../kernel/kernel.ts';

export type Liquidator = {
  readonly gasUsd: number;
  /** Per dollar repaid. */
  readonly capitalCost: number;
  /** Comes for more than this after gas and capital. */
  readonly thresholdUsd: number;
  /** Infinity: borrowed within the call. */
  readonly inventoryUsd: number;
  /** Time until half of what was spent is free again. */
  readonly recycleSeconds: number;
};

export const FLASH: Liquidator = {
  gasUsd: 30,
  capitalCost: 0.0005,
  thresholdUsd: 0,
  inventoryUsd: Number.POSITIVE_INFINITY,
  recycleSeconds: 1,
};
export const DESK: Liquidator = { gasUsd: 30, capitalCost: 0.0001, thresholdUsd: 100, inventoryUsd: 20e6, recycleSeconds: 1_800 };

/** The kernel's columns, one place a liquidator. */
export function columns(kernel: Kernel, agents: readonly Liquidator[], stepSeconds: number): BookInput['agents'] {
  const by = (read: (agent: Liquidator) => number) => Float64Array.from(agents, read);
  return {
    gasUsd: by(({ gasUsd }) => gasUsd),
    capitalCost: by(({ capitalCost }) => capitalCost),
    thresholdUsd: by(({ thresholdUsd }) => thresholdUsd),
    inventoryUsd: by(({ inventoryUsd }) => inventoryUsd),
    tied: by(({ recycleSeconds }) => kernel.exp((-kernel.log(2) * stepSeconds) / recycleSeconds)),
  };
}
