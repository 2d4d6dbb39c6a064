/**
 * Cross-margined perpetual accounts.
 *
 * Equity = start equity + Σ size · (oracle − start price). Requirement = worst loss when all prices move together over the
 * venue's grid, each by its shock × multiplier, plus contingency × multiplier of gross notional. Linear positions lose most
 * at an end of the grid, so the worst node is |Σ size · price · shock · multiplier|. Below the requirement everything is
 * closed at executable prices or by auction; what equity cannot pay is the shortfall.
 */
import { dueAfter } from './guard';
import { f, i, set, Job } from './job';
import * as Market from './market';

let equity: f64 = 0;
let required: f64 = 0;

export let shortfallUsd: f64 = 0;

/** Once a job: how far from its requirement each account starts. */
export function measure(job: Job): void {
  for (let trader = 0; trader < job.traders; trader += 1) {
    weigh(job, trader, job.startPrice);
    set(job.startDue, job.lenders + trader, dueAfter(job, job.lenders + trader, equity - required, 0));
  }
}

export function open(): void {
  shortfallUsd = 0;
}

export function liquidateAll(job: Job): void {
  const drift = Market.drift;
  const first = job.lenders;
  const hit = job.hit;
  const due = job.due;
  const prices = job.oracle;
  const traders = job.traders;
  for (let trader = 0; trader < traders; trader += 1) {
    const account = first + trader;
    if (drift <= f(due, account)) continue;
    if (i(hit, account) != 0) continue;
    weigh(job, trader, prices);
    if (equity >= required) {
      set(due, account, dueAfter(job, account, equity - required, drift));
      continue;
    }
    const missing = Math.max(0, -closedEquity(job, trader, true));
    store<i32>(hit + (<usize>account << 2), 1);
    set(due, account, Infinity);
    charge(job, trader, missing);
  }
}

/** At the end: accounts that the market, if not yet the oracle, puts below their requirement. */
export function close(job: Job): void {
  for (let trader = 0; trader < job.traders; trader += 1) {
    if (i(job.hit, job.lenders + trader) != 0) continue;
    weigh(job, trader, job.marks);
    if (equity < required) charge(job, trader, Math.max(0, -closedEquity(job, trader, false)));
  }
}

export function recovered(job: Job, trader: i32): bool {
  weigh(job, trader, job.oracle);
  return equity >= required;
}

function charge(job: Job, trader: i32, missingUsd: f64): void {
  shortfallUsd += missingUsd;
  const account = job.lenders + trader;
  set(job.accountLossUsd, account, f(job.accountLossUsd, account) + missingUsd);
}

/**
 * Equity after every position is closed; `moves` says whether the trades stay in the market. A position too large for the
 * market is not thrown at it: a bidder takes it over at the auction's largest discount.
 */
function closedEquity(job: Job, trader: i32, moves: bool): f64 {
  let left = f(job.startEquity, trader);
  const end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const asset = i(job.positionAsset, row);
    const tokens = f(job.positionTokens, row);
    const sizeUsd = tokens * f(job.reference, asset);
    const sold = Market.proceeds(job, asset, Market.flowOf(job, asset), sizeUsd);
    const auctioned = sizeUsd - job.auctionDiscount * Math.abs(sizeUsd);
    left += Math.max(sold, auctioned) - tokens * f(job.startPrice, asset);
    if (moves && sold >= auctioned) Market.trade(job, asset, sizeUsd);
  }
  return left;
}

function weigh(job: Job, trader: i32, prices: usize): void {
  const startPrice = job.startPrice;
  const shock = job.marginShock;
  const rate = job.marginContingency;
  const positionAsset = job.positionAsset;
  const positionTokens = job.positionTokens;
  let held = f(job.startEquity, trader);
  let together: f64 = 0;
  let contingency: f64 = 0;
  const end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const asset = i(positionAsset, row);
    const tokens = f(positionTokens, row);
    const notional = tokens * f(prices, asset);
    held += notional - tokens * f(startPrice, asset);
    together += notional * f(shock, asset);
    contingency += Math.abs(notional) * f(rate, asset);
  }
  equity = held;
  required = Math.abs(together) + contingency;
}
