/** The book as flat arrays: all that does not depend on the parameters under test. `terms.ts` adds what does. */
import { PlimsollError } from '../../base/errors.ts';
import { fromBps } from '../../base/units.ts';
import { margined } from '../../datasets/derivatives.ts';
import type { EMode, Holding, LendingAccount, ProtocolState, RiskParameters } from '../../datasets/state.ts';
import type { BookInput } from '../../kernel/job.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Impact from './impact.ts';
import type { Law } from './law.ts';
import * as Traders from './traders.ts';

/** Who keeps what when parameters change: see terms.ts. */
export type Borrowers = 'standing' | 'responsive';

/** What liquidators pay and take; declared assumptions, the same for every protocol until measured. */
export type LiquidatorCosts = {
  readonly gasUsd: number;
  /** Per dollar repaid: Aave's flash-loan premium. */
  readonly capitalCost: number;
  /** Share of the bonus the protocol keeps. */
  readonly bonusFee: number;
  /** Below this debt or collateral a position may be closed whole (Aave v3.3, MIN_BASE_MAX_CLOSE_FACTOR_THRESHOLD). */
  readonly smallPositionUsd: number;
  /** Largest discount at which a bidder takes over a margin position that the market cannot absorb. */
  readonly auctionDiscount: number;
  /** Closing an option costs this share of its value, and this share of the underlying's price. */
  readonly optionSpread: number;
  readonly optionTick: number;
};
export const LIQUIDATOR: LiquidatorCosts = {
  gasUsd: 30,
  capitalCost: 0.0005,
  bonusFee: 0.1,
  smallPositionUsd: 2_000,
  auctionDiscount: 0.1,
  optionSpread: 0.05,
  optionTick: 0.0005,
};

/** In a row's override: the asset's own parameters apply. */
export const NO_OVERRIDE = -1;

/** Cloneable. `input` holds what is fixed; its parameter-dependent arrays are overwritten by `Terms.apply`. */
export type Book = {
  readonly borrowers: Borrowers;
  readonly assets: readonly string[];
  readonly panelAssets: readonly (string | null)[];
  readonly lenders: readonly string[];
  readonly traders: readonly string[];
  readonly input: BookInput;
  /** By collateral row: eMode values as fractions, or −1. */
  readonly eModeLtv: Float64Array;
  readonly eModeThreshold: Float64Array;
  readonly eModeBonus: Float64Array;
  /** Parameters in force: what the book is in equilibrium with. */
  readonly inForce: readonly RiskParameters[];
};

/** Declared, not fitted. */
export type Assumptions = { readonly costs: LiquidatorCosts; readonly lasting: Impact.Lasting };
export const ASSUMED: Assumptions = { costs: LIQUIDATOR, lasting: Impact.LASTING };

export function flatten(state: ProtocolState, law: Law, stepSeconds: number, borrowers: Borrowers, assumed: Assumptions): Book {
  const assets = state.assets.map(({ asset }) => asset);
  const position = new Map(assets.map((asset, index) => [asset, index]));
  const column = new Map(law.assets.map((asset, index) => [asset, index]));
  const lending = state.lending.filter(({ debt }) => debt.length > 0);
  const held = new Set([
    ...lending.flatMap(({ collateral, debt }) => [...collateral, ...debt].map(({ asset }) => asset)),
    ...margined(state.derivatives).flatMap(Traders.assetsOf),
  ]);
  for (const { asset, panelAsset } of state.assets) {
    if (panelAsset !== null && !column.has(panelAsset) && held.has(asset)) {
      throw new NotModelledError({
        got: `${asset}, driven by ${panelAsset}`,
        needed: `a panel asset the model knows: ${law.assets.join(', ')}`,
        where: 'state.assets',
        fix: 'Add its bars to the panel, or set panelAsset to null with a waiver to hold it constant in USD.',
      });
    }
  }

  const collateral = rows(lending, ({ collateral }) => collateral, position);
  const debt = rows(lending, (account) => account.debt, position);
  const traders = Traders.flatten(state, stepSeconds, assumed.costs);
  const eModes = new Map(state.eModes.map((mode) => [mode.category, mode]));
  const overrides = lending.flatMap((account) => account.collateral.map(({ asset }) => overrideOf(account, asset, eModes)));
  const by = (read: (asset: ProtocolState['assets'][number], index: number) => number) => Float64Array.from(state.assets, read);
  const kernel = loadKernel();
  const columns = Int32Array.from(state.assets, ({ panelAsset }) => (panelAsset === null ? -1 : (column.get(panelAsset) ?? -1)));

  const pool = poolsOf(state);
  // An asset no panel series drives is constant in USD, whatever is sold of it.
  const markets = Array.from(pool.deepest, (member) => ({
    depth: state.assets[member]!.depth,
    dailyVolatility: columns[member]! < 0 ? 0 : law.dailyVolatility[columns[member]!]!,
  }));

  const input: BookInput = {
    assets: assets.length,
    lenders: lending.length,
    startPrice: by(({ priceUsd }) => priceUsd),
    pathAsset: columns,
    pool: pool.first,
    ...Impact.arrays(kernel, markets, stepSeconds, assumed.lasting),
    deviation: by(({ feed }) => fromBps(feed.deviationBps)),
    heartbeatSeconds: by(({ feed }) => feed.heartbeatSeconds),
    latencySteps: by(({ feed }) => feed.latencySeconds / stepSeconds),
    collateralStart: collateral.start,
    collateralAsset: collateral.asset,
    collateralTokens: collateral.tokens,
    collateralThreshold: new Float64Array(collateral.tokens.length),
    collateralBonus: new Float64Array(collateral.tokens.length),
    debtStart: debt.start,
    debtAsset: debt.asset,
    debtTokens: debt.tokens,
    ...traders.input,
    stepSeconds,
    closeFactor: fromBps(state.closeFactorBps),
    fullCloseHealth: state.fullCloseHealth,
    ...assumed.costs,
  };
  return {
    borrowers,
    assets,
    panelAssets: state.assets.map(({ panelAsset }) => panelAsset),
    lenders: lending.map(({ account }) => account),
    traders: traders.accounts,
    input,
    eModeLtv: Float64Array.from(overrides, (mode) => (mode === null ? NO_OVERRIDE : fromBps(mode.ltvBps))),
    eModeThreshold: Float64Array.from(overrides, (mode) => (mode === null ? NO_OVERRIDE : fromBps(mode.liquidationThresholdBps))),
    eModeBonus: Float64Array.from(overrides, (mode) => (mode === null ? NO_OVERRIDE : fromBps(mode.liquidationBonusBps))),
    inForce: state.assets.map(({ parameters }) => parameters),
  };
}

function rows<T>(accounts: readonly T[], read: (account: T) => readonly Holding[], position: ReadonlyMap<string, number>) {
  const holdings = accounts.map(read);
  const start = new Int32Array(accounts.length + 1);
  holdings.forEach((list, index) => {
    start[index + 1] = start[index]! + list.length;
  });
  const flat = holdings.flat();
  const asset = Int32Array.from(flat, ({ asset: name }) => {
    const index = position.get(name);
    if (index === undefined)
      throw new UnknownAssetError({ got: name, needed: `one of ${[...position.keys()].join(', ')}`, where: 'holding' });
    return index;
  });
  return { start, asset, tokens: Float64Array.from(flat, ({ amountTokens }) => amountTokens) };
}

/**
 * Assets that follow one panel series trade as one pool with the depth of its largest market: arbitrage and redemption
 * route a derivative's sale through its coin. That they may come apart is the business of the named scenarios.
 */
function poolsOf(state: ProtocolState): { first: Int32Array; deepest: Int32Array } {
  const { assets } = state;
  const members = (index: number) => {
    const { panelAsset } = assets[index]!;
    return panelAsset === null ? [index] : [...assets.keys()].filter((other) => assets[other]!.panelAsset === panelAsset);
  };
  const volume = (index: number) => assets[index]!.depth.dailyVolumeUsd;
  return {
    first: Int32Array.from(assets.keys(), (index) => members(index)[0]!),
    deepest: Int32Array.from(assets.keys(), (index) =>
      members(index).reduce((best, other) => (volume(other) > volume(best) ? other : best)),
    ),
  };
}

function overrideOf(account: LendingAccount, asset: string, eModes: ReadonlyMap<number, EMode>): EMode | null {
  const mode = account.eMode === 0 ? undefined : eModes.get(account.eMode);
  return mode?.assets.includes(asset) ? mode : null;
}

export class NotModelledError extends PlimsollError {
  override readonly name = 'Book.NotModelledError';
}

export class MissingParametersError extends PlimsollError {
  override readonly name = 'Book.MissingParametersError';
}

export class UnknownAssetError extends PlimsollError {
  override readonly name = 'Book.UnknownAssetError';
}
