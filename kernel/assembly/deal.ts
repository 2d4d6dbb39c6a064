/**
 * A liquidator's deal: pay in one asset, get another below the oracle price, sell it, buy back what was paid.
 *
 *   profit = paid · [gain · (P_market / P_oracle) · (1 − slippage) − cost of the asset paid in − capital cost] − gas
 *
 * gain: what a dollar paid takes, at oracle prices and after the protocol's share. He takes the size at which the last dollar earns
 * nothing, and what the protocol's rule on leftovers allows; he comes only if the whole earns more than gas and his threshold.
 */
import * as Impact from './impact';
import { f, i, Job } from './job';

/** Halvings when sizing: 2^-40 of the allowed payment. */
const HALVINGS = 40;

/** The deal in hand. */
let sold: i32 = 0;
let bought: i32 = 0;
let isOnePool: bool = false;
/** USD at the reference price that is got to sell, and that is to be bought, for one dollar paid at oracle prices. */
let got: f64 = 0;
let paid: f64 = 0;
/** Most that may be paid. */
let allowed: f64 = 0;
/** Debt and collateral of the pair at oracle prices, what a dollar paid takes of the latter, what must be left of both. */
let debtUsd: f64 = 0;
let collateralUsd: f64 = 0;
let perDollar: f64 = 1;
let leftoverUsd: f64 = 0;

export function take(job: Job, collateral: i32, debt: i32, gain: f64, most: f64): void {
  sold = collateral;
  bought = debt;
  isOnePool = i(job.pool, sold) == i(job.pool, bought);
  got = (gain * f(job.reference, sold)) / f(job.oracle, sold);
  paid = f(job.reference, bought) / f(job.oracle, bought);
  allowed = most;
  leftoverUsd = 0;
}

/** A call that clears neither side must leave `leftover` on both. */
export function leave(leftover: f64, debt: f64, collateral: f64, taken: f64): void {
  leftoverUsd = leftover;
  debtUsd = debt;
  collateralUsd = collateral;
  perDollar = taken;
}

/** What is to be earned if nothing the liquidator does moved a price. */
export function worth(job: Job, capitalCost: f64): f64 {
  return allowed * (marginal(job, 0) - capitalCost);
}

/** The payment that is worth most to one with `funds`, USD at oracle prices; 0 where none is. */
export function size(job: Job, funds: f64, capitalCost: f64): f64 {
  const most = Math.min(allowed, funds);
  if (!(most > 0)) return 0;
  let pay = most;
  if (marginal(job, most) < capitalCost) {
    if (marginal(job, 0) <= capitalCost) return 0;
    let low: f64 = 0;
    let high = most;
    for (let halving = 0; halving < HALVINGS; halving += 1) {
      const middle = 0.5 * (low + high);
      if (marginal(job, middle) >= capitalCost) low = middle;
      else high = middle;
    }
    pay = low;
  }
  return leavesDust(pay) ? besideDust(job, pay, most, capitalCost) : pay;
}

/** Before gas. */
export function profit(job: Job, pay: f64, capitalCost: f64): f64 {
  const saleUsd = pay * got;
  const purchaseUsd = pay * paid;
  const brought = isOnePool
    ? Impact.proceeds(job, sold, saleUsd - purchaseUsd)
    : Impact.proceeds(job, sold, saleUsd) + Impact.proceeds(job, bought, -purchaseUsd);
  return brought - pay * capitalCost;
}

export function settle(job: Job, pay: f64): void {
  Impact.trade(job, sold, pay * got);
  Impact.trade(job, bought, -pay * paid);
}

/** What the next dollar earns when `pay` are done, before capital; falls as the payment grows. */
function marginal(job: Job, pay: f64): f64 {
  const saleUsd = pay * got;
  const purchaseUsd = pay * paid;
  if (isOnePool) {
    const net = saleUsd - purchaseUsd;
    return got * (1 - Impact.slope(job, sold, net)) - paid * (1 - Impact.slope(job, bought, net));
  }
  return got * (1 - Impact.slope(job, sold, saleUsd)) - paid * (1 - Impact.slope(job, bought, -purchaseUsd));
}

function leavesDust(pay: f64): bool {
  if (leftoverUsd == 0 || clears(pay)) return false;
  return debtUsd - pay < leftoverUsd || collateralUsd - pay * perDollar < leftoverUsd;
}

/** The same quotient as the caller's, so that a whole side is recognised to the bit. */
function clears(pay: f64): bool {
  return pay >= debtUsd || pay >= collateralUsd / perDollar;
}

/** Less, so that enough stays, or a whole side where that may be had: what earns more. */
function besideDust(job: Job, pay: f64, most: f64, capitalCost: f64): f64 {
  const less = Math.min(pay, Math.min(debtUsd - leftoverUsd, (collateralUsd - leftoverUsd) / perDollar));
  const whole = clears(most) ? most : 0;
  const lessEarns = less > 0 ? profit(job, less, capitalCost) : 0;
  const wholeEarns = whole > 0 ? profit(job, whole, capitalCost) : 0;
  if (wholeEarns > 0 && wholeEarns >= lessEarns) return whole;
  return lessEarns > 0 ? less : 0;
}
