/**
 * Objective: what the search maximises (borrowing power) and what it must keep (loss inside a budget).
 *
 * Borrowing power = Σ over accounts and collateral of LTV × price × tokens, collateral counted up to its supply cap, eMode
 * at its own LTV. A loss fits its budget where both hold:
 *   expected shortfall at `level` ≤ budget,   95 % upper bound on P(loss > budget) ≤ allowed.
 * Two standard errors of the first separate "fits" from "safe": recommended values must be safe.
 */
import { BPS_ONE, PPM_ONE } from '../base/units.ts';
import type { AssetState, DerivativeAccount, LendingAccount, ParametersByAsset, ProtocolState } from '../datasets/state.ts';

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

/** Judges one loss per path against a budget. */
export function judge(lossesUsd: readonly number[], risk: { level: number; budgetUsd: number; overBudgetProbability: number }): Judgement {
  const { expectedShortfallUsd, standardErrorUsd } = tail(lossesUsd, risk.level);
  const over = lossesUsd.reduce((count, loss) => (loss > risk.budgetUsd ? count + 1 : count), 0);
  const overBudgetUpper = probabilityUpper(over, lossesUsd.length);
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
    for (const account of state.derivatives) {
      const perps = account.perps.filter((perp) => perp.asset === asset && perp.sizeTokens !== 0);
      if (perps.length === 0) continue;
      found.perpAccounts += 1;
      found.perpNotionalUsd += sum(perps.map(({ sizeTokens }) => Math.abs(sizeTokens))) * price[asset]!;
    }
    return found;
  });
}

/** Accounts healthy under `from` that the standing book would see liquidated at once under `to`. */
export function newlyLiquidatable(state: ProtocolState, from: ParametersByAsset, to: ParametersByAsset): readonly string[] {
  const price = prices(state);
  const lending = state.lending.filter((account) => !isUnderwater(state, account, from, price) && isUnderwater(state, account, to, price));
  const derivatives = state.derivatives.filter(
    (account) =>
      account.equityUsd >= maintenanceUsd(state, account, from, price) && account.equityUsd < maintenanceUsd(state, account, to, price),
  );
  return [...lending, ...derivatives].map(({ account }) => account);
}

/** Mean of the worst (1 − level) of the losses, with its asymptotic standard error: √((s² + level·(ES − VaR)²) / tail count). */
export function tail(
  losses: readonly number[],
  level: number,
): { expectedShortfallUsd: number; valueAtRiskUsd: number; standardErrorUsd: number } {
  const sorted = [...losses].sort((a, b) => b - a);
  // 1e-9: 4,000 × (1 − 0.99) is 40.00000000000004 in binary and means 40.
  const count = Math.max(1, Math.ceil(sorted.length * (1 - level) - 1e-9));
  const worst = sorted.slice(0, count);
  const mean = sum(worst) / count;
  const valueAtRiskUsd = worst[count - 1] ?? 0;
  const spread = count > 1 ? sum(worst.map((loss) => (loss - mean) * (loss - mean))) / (count - 1) : 0;
  const beyond = mean - valueAtRiskUsd;
  return { expectedShortfallUsd: mean, valueAtRiskUsd, standardErrorUsd: Math.sqrt((spread + level * beyond * beyond) / count) };
}

/** One-sided 95 % Clopper-Pearson bound: the p at which `hits` or fewer of `n` has probability 0.05. Bisection, + − × ÷ only. */
export function probabilityUpper(hits: number, n: number): number {
  if (hits >= n) return 1;
  let [low, high] = [hits / n, 1];
  for (let halving = 0; halving < 60; halving += 1) {
    const middle = (low + high) / 2;
    if (binomialAtMost(hits, n, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** P(X ≤ hits) for X ~ Binomial(n, p): terms relative to the mode, so that nothing underflows that matters. */
function binomialAtMost(hits: number, n: number, p: number): number {
  const odds = p / (1 - p);
  const mode = Math.min(n, Math.floor((n + 1) * p));
  let [below, above] = [mode <= hits ? 1 : 0, mode <= hits ? 0 : 1];
  let term = 1;
  for (let k = mode; k > 0 && term > 0; k -= 1) {
    term *= k / ((n - k + 1) * odds);
    if (k - 1 <= hits) below += term;
    else above += term;
  }
  term = 1;
  for (let k = mode + 1; k <= n && term > 0; k += 1) {
    term *= ((n - k + 1) / k) * odds;
    if (k <= hits) below += term;
    else above += term;
  }
  return below / (below + above);
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

/** The kernel's rule (kernel/assembly/margin.ts): the worst joint move of all prices over the grid, plus contingencies on gross notional. */
function maintenanceUsd(
  state: ProtocolState,
  account: DerivativeAccount,
  parameters: ParametersByAsset,
  price: Readonly<Record<string, number>>,
) {
  const rule = state.marginRule;
  if (rule === null) return 0;
  let together = 0;
  let contingency = 0;
  for (const { asset, sizeTokens } of account.perps) {
    const scaled = (sizeTokens * (price[asset] ?? 0) * (parameters[asset]?.marginMultiplierPpm ?? PPM_ONE)) / PPM_ONE;
    together += scaled * (rule.shockByAsset[asset] ?? 0);
    contingency += Math.abs(scaled) * rule.contingencyFraction;
  }
  return Math.abs(together) + contingency;
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
