/**
 * Aave v3.3 (`LiquidationLogic.sol`): DEFAULT_LIQUIDATION_CLOSE_FACTOR 5000, CLOSE_FACTOR_HF_THRESHOLD 0.95e18,
 * MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD 2000e8, MIN_LEFTOVER_BASE half of it; protocol fee 10 % of the bonus on most reserves. Efficiency
 * modes replace threshold and bonus, an isolated asset counts only where it is alone: both by book.ts.
 */
import type { LendingRule } from './rule.ts';

/** Close factor and full-close health are the state's where a state is read. */
export const AAVE_V3: LendingRule = {
  protocol: 'aave-v3',
  says: 'half of the debt a call; all below health 0.95 or under 2,000 USD; 1,000 USD must stay or nothing',
  liquidation: 'repay',
  closeFactor: 0.5,
  fullCloseHealth: 0.95,
  smallPositionUsd: 2_000,
  leftoverUsd: 1_000,
  bonusFee: 0.1,
  bonus: { kind: 'listed' },
  holds: { collateral: null, debt: null },
};
