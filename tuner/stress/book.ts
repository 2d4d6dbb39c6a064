/** The book as flat arrays: all that does not depend on the parameters under test. `terms.ts` adds what does. */
import { PlimsollError } from '../../base/errors.ts';
import { fromBps } from '../../base/units.ts';
import { margined } from '../../datasets/derivatives.ts';
import type { EMode, Holding, LendingAccount, ProtocolState, RiskParameters } from '../../datasets/state.ts';
import type { BookInput } from '../../kernel/job.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Agents from './agents.ts';
import * as Impact from './impact.ts';
import type { Law } from './law.ts';
import { AAVE_V3 } from './rules/aave-v3.ts';
import { COMPOUND_V3 } from './rules/compound-v3.ts';
import { MORPHO } from './rules/morpho.ts';
import type { LendingRule } from './rules/rule.ts';
import * as Rule from './rules/rule.ts';
import * as Traders from './traders.ts';

/** Who keeps what when parameters change: see terms.ts. */
export type Borrowers = 'standing' | 'responsive';

/** What closing a margin position costs; declared assumptions, the same for every venue until measured. */
export type LiquidatorCosts = {
  /** Largest discount at which a bidder takes over a margin position that the market cannot absorb. */
  readonly auctionDiscount: number;
  /** Closing an option costs this share of its value, and this share of the underlying's price. */
  readonly optionSpread: number;
  readonly optionTick: number;
};
export const LIQUIDATOR: LiquidatorCosts = { auctionDiscount: 0.1, optionSpread: 0.05, optionTick: 0.0005 };

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
  /** By place in `input.rules`. */
  readonly rules: readonly LendingRule[];
  /** By collateral row: place of its account's rule. */
  readonly rowRule: Int32Array;
  /** By collateral row: eMode values as fractions, or −1. */
  readonly eModeLtv: Float64Array;
  readonly eModeThreshold: Float64Array;
  readonly eModeBonus: Float64Array;
  /** Parameters in force: what the book is in equilibrium with. */
  readonly inForce: readonly RiskParameters[];
};

/** Declared, not fitted. */
export type Assumptions = {
  readonly costs: LiquidatorCosts;
  readonly lasting: Impact.Lasting;
  readonly liquidators: readonly Agents.Liquidator[];
  /** One for each protocol that an account names. Close factor and full-close health of Aave are the state's. */
  readonly rules: readonly LendingRule[];
};
export const ASSUMED: Assumptions = {
  costs: LIQUIDATOR,
  lasting: Impact.LASTING,
  liquidators: [Agents.FLASH],
  rules: [AAVE_V3, COMPOUND_V3, MORPHO],
};

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

  const rules = assumed.rules.map((rule) =>
    rule.protocol === 'aave-v3' ? { ...rule, closeFactor: fromBps(state.closeFactorBps), fullCloseHealth: state.fullCloseHealth } : rule,
  );
  const lenderRule = Int32Array.from(lending, (account) => ruleOf(rules, account));
  const collateral = rows(lending, ({ collateral }) => collateral, position);
  const debt = rows(lending, (account) => account.debt, position);
  const traders = Traders.flatten(state, stepSeconds, assumed.costs);
  const eModes = new Map(state.eModes.map((mode) => [mode.category, mode]));
  const isolated = new Set(state.assets.filter(({ isolation }) => isolation === 'isolated').map(({ asset }) => asset));
  const overrides = lending.flatMap((account) => account.collateral.map(({ asset }) => overrideOf(account, asset, eModes, isolated)));
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
    lenderRule,
    rules: Rule.columns(rules),
    agents: Agents.columns(kernel, assumed.liquidators, stepSeconds),
    ...traders.input,
    stepSeconds,
    ...assumed.costs,
  };
  return {
    borrowers,
    assets,
    panelAssets: state.assets.map(({ panelAsset }) => panelAsset),
    lenders: lending.map(({ account }) => account),
    traders: traders.accounts,
    input,
    rules,
    rowRule: Int32Array.from(lending.flatMap(({ collateral: list }, account) => list.map(() => lenderRule[account]!))),
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

/** What replaces the asset's own values in this account: its efficiency mode, or nothing where an isolated asset is not alone. */
function overrideOf(
  account: LendingAccount,
  asset: string,
  eModes: ReadonlyMap<number, EMode>,
  isolated: ReadonlySet<string>,
): Pick<EMode, 'ltvBps' | 'liquidationThresholdBps' | 'liquidationBonusBps'> | null {
  if ((account.protocol ?? 'aave-v3') !== 'aave-v3') return null;
  if (isolated.has(asset) && account.collateral.length > 1) return { ltvBps: 0, liquidationThresholdBps: 0, liquidationBonusBps: 0 };
  const mode = account.eMode === 0 ? undefined : eModes.get(account.eMode);
  return mode?.assets.includes(asset) ? mode : null;
}

function ruleOf(rules: readonly LendingRule[], account: LendingAccount): number {
  const protocol = account.protocol ?? 'aave-v3';
  const place = rules.findIndex((rule) => rule.protocol === protocol);
  if (place < 0) {
    throw new NoRuleError({
      got: protocol,
      needed: `one of ${rules.map((rule) => rule.protocol).join(', ')}`,
      where: `account ${account.account}`,
    });
  }
  Rule.checkHoldings(rules[place]!, account);
  return place;
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

export class NoRuleError extends PlimsollError {
  override readonly name = 'Book.NoRuleError';
}
