/**
 * Objective: what the search maximises (borrowing power) and what it must keep (loss inside a budget).
 *
 * Borrowing power = Σ over accounts and collateral of LTV × price × tokens, collateral counted up to its supply cap, eMode
 * at its own LTV. A loss fits its budget where both hold:
 *   expected shortfall at `level` ≤ budget,   95 % upper bound on P(loss > budget) ≤ allowed.
 * Two standard errors of the first separate "fits" from "safe": recommended values must be safe.
 */
import { BPS_ONE } from '../base/units.ts';
import { type DerivativeAccount, margined } from '../datasets/derivatives.ts';
import type { AssetState, LendingAccount, ParametersByAsset, ProtocolState } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Account from './margin/account.ts';
import type { Policy } from './policy.ts';
import * as Summary from './stress/summary.ts';

/** Half-width of the interval kept around every estimate, in standard errors: about 95 %. */
export const STANDARD_ERRORS = 2;

export type Judgement = {
  readonly expectedShortfallUsd: number;
  readonly standardErrorUsd: number;
  readonly overBudgetUpper: number;
  readonly budgetUsd: number;
  /** By the point estimate. */
  readonly fits: boolean;
  /** With two standard errors to spare. */
  readonly safe: boolean;
  /** Could fit, were the estimate two standard errors too high. */
  readonly mightFit: boolean;
  /** The constraint that is broken, or nearest to it. */
  readonly binding: 'expected-shortfall' | 'over-budget-probability';
};

export type Exposure = {
  readonly asset: string;
  /** Collateral judged by the asset's own parameters, USD: outside eMode, up to the supply cap. */
  readonly collateralUsd: number;
  readonly collateralAccounts: number;
  readonly perpNotionalUsd: number;
  readonly perpAccounts: number;
};

/** Judges one loss per path against a budget, by the same estimators as the evidence's own summary. */
export function judge(sample: Summary.Sample, risk: { level: number; budgetUsd: number; overBudgetProbability: number }): Judgement {
  const { expectedShortfallUsd, standardErrorUsd } = Summary.tailOf(sample, risk.level);
  const { upper: overBudgetUpper } = Summary.overBudget(loadKernel(), sample, risk.budgetUsd);
  const proven = overBudgetUpper <= risk.overBudgetProbability;
  const room = risk.budgetUsd - expectedShortfallUsd;
  const margin = STANDARD_ERRORS * standardErrorUsd;
  return {
    expectedShortfallUsd,
    standardErrorUsd,
    overBudgetUpper,
    budgetUsd: risk.budgetUsd,
    fits: room >= 0 && proven,
    safe: room >= margin && proven,
    mightFit: room >= -margin,
    binding: proven || room < 0 ? 'expected-shortfall' : 'over-budget-probability',
  };
}

/** The loss a policy allows on this book: the budget to give to the stress engine. */
export function lossBudgetUsd(policy: Pick<Policy, 'budgetFraction'>, state: ProtocolState): number {
  return policy.budgetFraction * totalDebtUsd(state);
}

export function totalDebtUsd(state: ProtocolState): number {
  const price = prices(state);
  return sum(state.lending.map((account) => sum(account.debt.map(({ asset, amountTokens }) => amountTokens * (price[asset] ?? 0)))));
}

/** What the whole book could borrow, and the part of it that is borrowed. */
export function borrowingPowerUsd(state: ProtocolState, parameters: ParametersByAsset): { readonly power: number; readonly used: number } {
  const price = prices(state);
  const usable = usableShare(state);
  let power = 0;
  let used = 0;
  for (const account of state.lending) {
    const own = sum(
      account.collateral.map(
        ({ asset, amountTokens }) =>
          (amountTokens * (price[asset] ?? 0) * (usable[asset] ?? 0) * ltvBps(state, account, asset, parameters)) / BPS_ONE,
      ),
    );
    const debt = sum(account.debt.map(({ asset, amountTokens }) => amountTokens * (price[asset] ?? 0)));
    power += own;
    used += Math.min(own, debt);
  }
  return { power, used };
}

/** Per asset of the state, in its order. */
export function exposures(state: ProtocolState): readonly Exposure[] {
  const price = prices(state);
  const usable = usableShare(state);
  return state.assets.map(({ asset }) => {
    const found = { asset, collateralUsd: 0, collateralAccounts: 0, perpNotionalUsd: 0, perpAccounts: 0 };
    for (const account of state.lending) {
      if (eModeOf(state, account, asset) !== undefined) continue;
      const held = account.collateral.filter((holding) => holding.asset === asset);
      if (held.length === 0) continue;
      found.collateralAccounts += 1;
      found.collateralUsd += sum(held.map(({ amountTokens }) => amountTokens)) * price[asset]! * usable[asset]!;
    }
    for (const account of margined(state.derivatives)) {
      const sizes = [...account.perps, ...(account.options ?? [])].filter((one) => one.asset === asset && one.sizeTokens !== 0);
      if (sizes.length === 0) continue;
      found.perpAccounts += 1;
      found.perpNotionalUsd += sum(sizes.map(({ sizeTokens }) => Math.abs(sizeTokens))) * price[asset]!;
    }
    return found;
  });
}

/** Accounts healthy under `from` that the standing book would see liquidated at once under `to`. */
export function newlyLiquidatable(state: ProtocolState, from: ParametersByAsset, to: ParametersByAsset): readonly string[] {
  const price = prices(state);
  const lending = state.lending.filter((account) => !isUnderwater(state, account, from, price) && isUnderwater(state, account, to, price));
  const { marginRule: rule } = state;
  const kernel = loadKernel();
  const market = rule === null ? null : { asOf: state.asOf, priceUsd: price, rule };
  const stands = (account: DerivativeAccount, parameters: ParametersByAsset) => {
    const { equityUsd, requiredUsd } = Account.standing(kernel, account, market!, parameters);
    return equityUsd >= requiredUsd;
  };
  const derivatives = margined(market === null ? [] : state.derivatives).filter((account) => stands(account, from) && !stands(account, to));
  return [...lending, ...derivatives].map(({ account }) => account);
}

function isUnderwater(
  state: ProtocolState,
  account: LendingAccount,
  parameters: ParametersByAsset,
  price: Readonly<Record<string, number>>,
) {
  const debt = sum(account.debt.map(({ asset, amountTokens }) => amountTokens * (price[asset] ?? 0)));
  const covered = sum(
    account.collateral.map(({ asset, amountTokens }) => {
      const thresholdBps = eModeOf(state, account, asset)?.liquidationThresholdBps ?? parameters[asset]?.liquidationThresholdBps ?? 0;
      return (amountTokens * (price[asset] ?? 0) * thresholdBps) / BPS_ONE;
    }),
  );
  return debt > covered;
}

function ltvBps(state: ProtocolState, account: LendingAccount, asset: string, parameters: ParametersByAsset): number {
  const own = parameters[asset];
  return eModeOf(state, account, asset)?.ltvBps ?? (own === undefined ? 0 : BPS_ONE - own.haircutBps);
}

function eModeOf(state: ProtocolState, account: LendingAccount, asset: string) {
  if (account.eMode === 0) return undefined;
  return state.eModes.find(({ category, assets }) => category === account.eMode && assets.includes(asset));
}

/** Share of each asset's collateral that its supply cap lets count. */
function usableShare(state: ProtocolState): Readonly<Record<string, number>> {
  const supplied: Record<string, number> = {};
  for (const account of state.lending) {
    for (const { asset, amountTokens } of account.collateral) supplied[asset] = (supplied[asset] ?? 0) + amountTokens;
  }
  const share = ({ asset, parameters: { supplyCapTokens: cap } }: AssetState) =>
    cap === null || (supplied[asset] ?? 0) <= cap ? 1 : cap / supplied[asset]!;
  return Object.fromEntries(state.assets.map((row) => [row.asset, share(row)]));
}

function prices(state: ProtocolState): Readonly<Record<string, number>> {
  return Object.fromEntries(state.assets.map(({ asset, priceUsd }) => [asset, priceUsd]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
