/**
 * Squeeze: owe so much of an asset that buying it back costs more than the collateral behind it. As with CRV on Aave in November 2022.
 *
 * A position that becomes liquidatable has collateral worth debt/threshold. Whoever liquidates buys the debt back and is paid its price and the bonus:
 * nobody does while the premium of buying is above the bonus, and the protocol loses debt·(1 + premium) − collateral once all is bought.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import * as Market from './market.ts';

export type Debt = {
  readonly market: Market.Market;
  /** Of the collateral behind it; the highest in the protocol is the attacker's choice. */
  readonly threshold: number;
  readonly bonus: number;
  /** In which it has to be bought back. */
  readonly seconds: number;
};
export type Squeeze = {
  /** Of buying back `debtUsd`, fraction over the fair price. */
  readonly premium: number;
  readonly lossUsd: number;
  /** Largest debt that liquidators still buy back for their bonus. */
  readonly safeBorrowUsd: number;
};

/** Debts are searched up to this, USD. */
const LARGEST_USD = 1e13;
const HALVINGS = 200;

export function squeeze(kernel: Kernel, debt: Debt, debtUsd: number): Squeeze {
  const premium = Market.premium(kernel, debt.market, debtUsd, debt.seconds);
  return {
    premium,
    lossUsd: Math.max(0, debtUsd * (1 + premium) - debtUsd / debt.threshold),
    safeBorrowUsd: largest(kernel, debt),
  };
}

function largest(kernel: Kernel, { market, threshold, bonus, seconds }: Debt): number {
  const most = Math.min(bonus, 1 / threshold - 1);
  let [low, high] = [0, 1];
  while (high < LARGEST_USD && Market.premium(kernel, market, high, seconds) <= most) high *= 2;
  for (let halving = 0; halving < HALVINGS && high - low > 1e-9 * high; halving += 1) {
    const middle = (low + high) / 2;
    if (Market.premium(kernel, market, middle, seconds) <= most) low = middle;
    else high = middle;
  }
  return low;
}
