/**
 * The one job at a time: book, market and where results go, in the caller's memory. kernel/job.ts writes the same order.
 * Pointers are to f64 unless said. "Holdings" are rows [start[account], start[account + 1]).
 */
@unmanaged
export class Job {
  assets: i32;
  steps: i32;
  /** Columns of the price multiples. */
  pathAssets: i32;
  lenders: i32;
  traders: i32;
  frozenSteps: i32;
  /** Nobody can liquidate in the first of the steps. */
  haltedSteps: i32;
  /** Option series, nodes of the margin grid, and places in a row of `optionInputs`: nodes + 2 or more, even. */
  series: i32;
  nodes: i32;
  optionRow: i32;
  /** 1 where any funding rate is not 0. */
  pays: i32;
  agents: i32;

  // Market, by asset.
  startPrice: usize;
  /** i32: column of the price multiples, −1 = constant. */
  pathAsset: usize;
  /** i32: whose flow this asset's trades join; assets of one pool share volume, impact and decay. */
  pool: usize;
  volumeUsd: usize;
  /** Two impacts, see impact.ts. Scale = Y · σ_day: average cost of selling one day's volume, as a fraction. */
  impactScale: usize;
  impactDelta: usize;
  /** Share of a flow left after one step, and share of a sale spread over a step that is outstanding at its end. */
  impactDecay: usize;
  impactSpread: usize;
  lastingScale: usize;
  lastingDelta: usize;
  lastingDecay: usize;
  lastingSpread: usize;
  deviation: usize;
  heartbeatSeconds: usize;
  latencySteps: usize;

  // Lending accounts.
  collateralStart: usize;
  collateralAsset: usize;
  collateralTokens: usize;
  collateralThreshold: usize;
  collateralBonus: usize;
  debtStart: usize;
  debtAsset: usize;
  debtTokens: usize;
  /** i32 by lender: whose rule of liquidation, see lending.ts. */
  lenderRule: usize;
  // By rule. Kind is i32: 0 a liquidator repays and takes collateral, 1 the protocol takes all and sells it.
  ruleKind: usize;
  /** Share of the whole debt that one call may repay; all of it below this health, or where either side is smaller than this. */
  ruleCloseFactor: usize;
  ruleFullCloseHealth: usize;
  ruleSmallUsd: usize;
  /** A call that clears neither side must leave as much on both. */
  ruleLeftoverUsd: usize;
  /** Share of the bonus the protocol keeps. */
  ruleFee: usize;

  // Liquidators.
  agentGasUsd: usize;
  /** Per dollar repaid. */
  agentCapitalCost: usize;
  /** Comes for more than this after gas and capital. */
  agentThresholdUsd: usize;
  agentInventoryUsd: usize;
  /** Share of the inventory in use that is still tied up a step later. */
  agentTied: usize;

  // Derivative accounts.
  positionStart: usize;
  positionAsset: usize;
  /** A perpetual's size, or collateral in coins. Inverse contracts: USD of contracts over the start price. */
  positionTokens: usize;
  /** i32: 0 linear, 1 inverse, 2 collateral. */
  positionKind: usize;
  /** By position, only for collateral: the share that counts, 1 − haircut. */
  positionCredit: usize;
  startEquity: usize;
  /** By asset: shock × multiplier; contingency × multiplier of perpetuals, and of options sold; rate of funding a step. */
  marginShock: usize;
  marginContingency: usize;
  optionContingency: usize;
  fundingRate: usize;
  /** By asset, a share of the volatility. */
  volatilityRange: usize;
  optionStart: usize;
  /** i32. */
  optionSeries: usize;
  optionTokens: usize;
  // By series; seriesAsset i32; years from the start; side 1 call, −1 put.
  seriesAsset: usize;
  seriesStrike: usize;
  seriesYears: usize;
  seriesVolatility: usize;
  seriesSide: usize;
  // By node of the grid, in units of shock and range.
  nodePrice: usize;
  nodeVolatility: usize;
  nodeWeight: usize;

  // Working space.
  reference: usize;
  /** Outstanding sales by pool, USD at reference prices, as the venue and as the whole market feel them; negative after purchases. */
  flowUsd: usize;
  lastingUsd: usize;
  oracle: usize;
  oracleAge: usize;
  /** (2 · steps + 1) × assets market prices. */
  market: usize;
  /** Market prices after a step's trades. */
  marks: usize;
  /** By asset: funding a linear token has paid so far in this path, USD; the same of an inverse token. */
  funding: usize;
  inverseFunding: usize;
  seriesSettled: usize;
  seriesValue: usize;
  seriesStartValue: usize;
  /** Series × nodes. */
  seriesProfit: usize;
  /** By node: an account's options. */
  nodeProfit: usize;
  optionInputs: usize;
  optionOutputs: usize;
  collateralLeft: usize;
  debtLeft: usize;
  /** Lenders to be dealt with in this step, i32, and by what they are ranked. */
  queue: usize;
  queueKey: usize;
  /** By liquidator, USD of inventory in use. */
  agentUsedUsd: usize;
  /** i32 by account, lenders then traders: 1 liquidated in this path, 2 taken over by the protocol. */
  hit: usize;
  // By account, lenders then traders; see guard.ts.
  startDue: usize;
  due: usize;
  span: usize;
  total: usize;
  /** Four a lender: i32 asset (first −1 = too many holdings) and signed weight. */
  slotAsset: usize;
  slotWeight: usize;
  /** Tokens taken from and repaid for borrowers in the last path, by asset: the books must balance. */
  seized: usize;
  repaid: usize;

  // Results by path of the block.
  badDebtUsd: usize;
  liquidatedUsd: usize;
  penaltyUsd: usize;
  liquidatedAccounts: usize;
  needlessAccounts: usize;
  marginShortfallUsd: usize;
  /** Taken from winners where shortfall exceeds the insurance fund. */
  deleveragedUsd: usize;
  // Results by account, lenders then traders, summed over the block's paths in order.
  accountHits: usize;
  accountLossUsd: usize;

  stepSeconds: f64;
  /** A bidder takes a position at most at this discount from its price. */
  auctionDiscount: f64;
  /** Closing an option costs this share of its value and this share of the underlying's price. */
  optionSpread: f64;
  optionTick: f64;
  /** −∂ ln σ / ∂ ln P. */
  volatilityBeta: f64;
  insuranceFundUsd: f64;
  /** Largest weight × move of the grid, at least 1. */
  gridReach: f64;
}

// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + (<usize>index << 3);
}

// @ts-ignore: decorator
@inline
export function f(base: usize, index: i32): f64 {
  return load<f64>(base + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline
export function i(base: usize, index: i32): i32 {
  return load<i32>(base + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
export function set(base: usize, index: i32, value: f64): void {
  store<f64>(base + (<usize>index << 3), value);
}
