/**
 * A liquidator's deal: repay one asset, get another at a bonus over the oracle price, sell it, buy back what was repaid.
 *
 *   profit = repay · [(1 + b(1 − f)) · (P_market / P_oracle) · (1 − slippage) − cost of the debt asset − capital cost] − gas
 *
 * He takes the size at which the last dollar earns nothing and comes only if the whole earns more than gas.
 */
import * as Impact from './impact';
import { f, i, Job } from './job';

/** Halvings when sizing: 2^-40 of the allowed repayment. */
const HALVINGS = 40;

/** The deal in hand. */
let sold: i32 = 0;
let bought: i32 = 0;
let isOnePool: bool = false;
/** USD at the reference price that is got to sell, and that is to be bought, for one dollar repaid at oracle prices. */
let got: f64 = 0;
let paid: f64 = 0;

export function take(job: Job, collateral: i32, debt: i32, bonus: f64): void {
  sold = collateral;
  bought = debt;
  isOnePool = i(job.pool, sold) == i(job.pool, bought);
  got = ((1 + bonus * (1 - job.bonusFee)) * f(job.reference, sold)) / f(job.oracle, sold);
  paid = f(job.reference, bought) / f(job.oracle, bought);
}

/** What the next dollar earns when `repay` are done; falls as the repayment grows. */
export function marginal(job: Job, repay: f64): f64 {
  const saleUsd = repay * got;
  const purchaseUsd = repay * paid;
  if (isOnePool) {
    const net = saleUsd - purchaseUsd;
    return got * (1 - Impact.slope(job, sold, net)) - paid * (1 - Impact.slope(job, bought, net)) - job.capitalCost;
  }
  return got * (1 - Impact.slope(job, sold, saleUsd)) - paid * (1 - Impact.slope(job, bought, -purchaseUsd)) - job.capitalCost;
}

/** The repayment of at most `allowed` that is worth most, USD at oracle prices; 0 where nobody comes. */
export function size(job: Job, allowed: f64): f64 {
  let repay = allowed;
  if (marginal(job, allowed) < 0) {
    if (marginal(job, 0) <= 0) return 0;
    let low: f64 = 0;
    let high = allowed;
    for (let halving = 0; halving < HALVINGS; halving += 1) {
      const middle = 0.5 * (low + high);
      if (marginal(job, middle) >= 0) low = middle;
      else high = middle;
    }
    repay = low;
  }
  return profit(job, repay) > job.gasUsd ? repay : 0;
}

/** Before gas. */
export function profit(job: Job, repay: f64): f64 {
  const saleUsd = repay * got;
  const purchaseUsd = repay * paid;
  const brought = isOnePool
    ? Impact.proceeds(job, sold, saleUsd - purchaseUsd)
    : Impact.proceeds(job, sold, saleUsd) + Impact.proceeds(job, bought, -purchaseUsd);
  return brought - repay * job.capitalCost;
}

export function settle(job: Job, repay: f64): void {
  Impact.trade(job, sold, repay * got);
  Impact.trade(job, bought, -repay * paid);
}
