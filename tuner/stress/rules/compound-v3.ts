/**
 * Compound v3 (`Comet.sol`, `absorb` and `buyCollateral`): an account under its liquidation thresholds is taken over whole, credited at
 * liquidationFactor = 1 − `liquidationBonusBps`, and its collateral sold at a discount of storeFrontPriceFactor · (1 − liquidationFactor).
 * storeFrontPriceFactor 0.6 on mainnet USDC; the protocol keeps the rest. Reserves are taken to be under their target, so that it sells.
 */
import type { LendingRule } from './rule.ts';

export const COMPOUND_V3: LendingRule = {
  protocol: 'compound-v3',
  says: 'the protocol absorbs the account and sells its collateral at 60 % of the penalty off',
  liquidation: 'absorb',
  closeFactor: 1,
  fullCloseHealth: 1,
  smallPositionUsd: 0,
  leftoverUsd: 0,
  bonusFee: 0.4,
  bonus: { kind: 'listed' },
  holds: { collateral: null, debt: 1 },
};
