/**
 * Morpho (`Morpho.sol`, `ConstantsLib.sol`): LIQUIDATION_CURSOR 0.3, MAX_LIQUIDATION_INCENTIVE_FACTOR 1.15; any share of the debt may be
 * repaid; no fee. A position is one market: one collateral, one debt, threshold = LLTV.
 */
import type { LendingRule } from './rule.ts';

export const MORPHO: LendingRule = {
  protocol: 'morpho',
  says: 'all of the debt a call; incentive factor min(1.15, 1 / (1 − 0.3 (1 − LLTV)))',
  liquidation: 'repay',
  closeFactor: 1,
  fullCloseHealth: 1,
  smallPositionUsd: 0,
  leftoverUsd: 0,
  bonusFee: 0,
  bonus: { kind: 'from-threshold', cursor: 0.3, most: 0.15 },
  holds: { collateral: 1, debt: 1 },
};
