/** How one protocol liquidates: plain figures that drive the kernel's loop (kernel/assembly/lending.ts). One file a protocol beside this one. */
import { PlimsollError } from '../../../base/errors.ts';
import type { LendingAccount, LendingProtocol } from '../../../datasets/state.ts';
import { LIQUIDATION } from '../../../kernel/job.ts';

export type LendingRule = {
  readonly protocol: LendingProtocol;
  readonly says: string;
  /** A liquidator repays for collateral, or the protocol takes the account over and sells its collateral at a discount. */
  readonly liquidation: keyof typeof LIQUIDATION;
  /** Share of the whole debt one call may repay. All of it below `fullCloseHealth`, or where a side of the pair is under `smallPositionUsd`. */
  readonly closeFactor: number;
  readonly fullCloseHealth: number;
  readonly smallPositionUsd: number;
  /** A call that clears neither debt nor collateral must leave as much of both. */
  readonly leftoverUsd: number;
  /** Share of the bonus that the protocol keeps. */
  readonly bonusFee: number;
  /** Where the bonus comes from: the listed `liquidationBonusBps`, or the threshold, min(most, 1 / (1 − cursor · (1 − threshold)) − 1). */
  readonly bonus: { readonly kind: 'listed' } | { readonly kind: 'from-threshold'; readonly cursor: number; readonly most: number };
  /** What one account may hold, in numbers of assets; null = any. */
  readonly holds: { readonly collateral: number | null; readonly debt: number | null };
};

export function bonusOf(rule: LendingRule, threshold: number, listed: number): number {
  if (rule.bonus.kind === 'listed') return listed;
  return Math.min(rule.bonus.most, 1 / (1 - rule.bonus.cursor * (1 - threshold)) - 1);
}

/** The kernel's columns, one place a rule. */
export function columns(rules: readonly LendingRule[]) {
  const by = (read: (rule: LendingRule) => number) => Float64Array.from(rules, read);
  return {
    kind: Int32Array.from(rules, ({ liquidation }) => LIQUIDATION[liquidation]),
    closeFactor: by(({ closeFactor }) => closeFactor),
    fullCloseHealth: by(({ fullCloseHealth }) => fullCloseHealth),
    smallPositionUsd: by(({ smallPositionUsd }) => smallPositionUsd),
    leftoverUsd: by(({ leftoverUsd }) => leftoverUsd),
    bonusFee: by(({ bonusFee }) => bonusFee),
  };
}

export function checkHoldings({ protocol, holds }: LendingRule, { account, collateral, debt }: LendingAccount): void {
  for (const [side, held, most] of [
    ['collateral', collateral.length, holds.collateral],
    ['debt', debt.length, holds.debt],
  ] as const) {
    if (most === null || held <= most) continue;
    throw new TooManyHoldingsError({
      got: `${held} assets of ${side}`,
      needed: `at most ${most} in a position of ${protocol}`,
      where: `account ${account}`,
      fix: 'Split it: one account a market.',
    });
  }
}

export class TooManyHoldingsError extends PlimsollError {
  override readonly name = 'Rule.TooManyHoldingsError';
}
