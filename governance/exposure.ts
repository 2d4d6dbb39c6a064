/**
 * Exposure: accounts that a change of thresholds alone, at unchanged prices, takes from above to below a health factor of 1.
 *
 * Health = Σ collateral · price · threshold / Σ debt · price; inside an eMode the category's threshold holds for its assets.
 */
import { BPS_ONE } from '../base/units.ts';
import type { LendingAccount, ProtocolState } from '../datasets/state.ts';

export type Exposed = { readonly account: string; readonly healthBefore: number; readonly healthAfter: number; readonly debtUsd: number };

/** The worst first. `thresholds`: those that change, in basis points. */
export function exposed(state: ProtocolState, thresholds: ReadonlyMap<string, number>): readonly Exposed[] {
  const before = new Map(state.assets.map(({ asset, parameters }) => [asset, parameters.liquidationThresholdBps]));
  const after = new Map([...before, ...thresholds]);
  const prices = new Map(state.assets.map(({ asset, priceUsd }) => [asset, priceUsd]));
  return state.lending
    .map((account): Exposed => {
      const debtUsd = account.debt.reduce((sum, { asset, amountTokens }) => sum + amountTokens * (prices.get(asset) ?? 0), 0);
      const health = (terms: ReadonlyMap<string, number>): number => limitUsd(state, account, prices, terms) / debtUsd;
      return { account: account.account, healthBefore: health(before), healthAfter: health(after), debtUsd };
    })
    .filter(({ healthBefore, healthAfter, debtUsd }) => debtUsd > 0 && healthBefore >= 1 && healthAfter < 1)
    .sort((a, b) => a.healthAfter - b.healthAfter || (a.account < b.account ? -1 : 1));
}

function limitUsd(
  state: ProtocolState,
  account: LendingAccount,
  prices: ReadonlyMap<string, number>,
  thresholds: ReadonlyMap<string, number>,
): number {
  const category = state.eModes.find((eMode) => eMode.category === account.eMode);
  let sum = 0;
  for (const { asset, amountTokens } of account.collateral) {
    const bps = category?.assets.includes(asset) ? category.liquidationThresholdBps : (thresholds.get(asset) ?? 0);
    sum += (amountTokens * (prices.get(asset) ?? 0) * bps) / BPS_ONE;
  }
  return sum;
}
