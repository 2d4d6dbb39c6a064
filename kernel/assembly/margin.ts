/**
 * Cross-margined perpetual accounts.
 *
 * Equity = start equity + Σ size · (oracle − start price). Requirement = worst loss when all prices move together over the
 * venue's grid, each by its shock × multiplier, plus contingency × multiplier of gross notional. Linear positions lose most
 * at an end of the grid, so the worst node is |Σ size · price · shock · multiplier|. Below the requirement everything is
 * closed at executable prices; what equity cannot pay is the shortfall.
 */
import { at, f, i, set, Job } from './job';
import * as Market from './market';

const GUARD: f64 = 0.999999999;

let equity: f64 = 0;
let required: f64 = 0;

export let shortfallUsd: f64 = 0;

export function open(): void {
  shortfallUsd = 0;
}

export function liquidateAll(job: Job): void {
  const move = Math.max(1 - Market.lowestRatio, Market.highestRatio - 1);
  for (let trader = 0; trader < job.traders; trader += 1) {
    if (i(job.hit, job.lenders + trader) != 0 || move <= GUARD * f(job.safeMove, trader)) continue;
    weigh(job, trader, job.oracle);
    if (equity >= required) continue;
    const missing = Math.max(0, -closedEquity(job, trader, true));
    store<i32>(job.hit + (<usize>(job.lenders + trader) << 2), 1);
    charge(job, trader, missing);
  }
}

/** At the end: accounts that the market, if not yet the oracle, puts below their requirement. */
export function close(job: Job): void {
  for (let trader = 0; trader < job.traders; trader += 1) {
    if (i(job.hit, job.lenders + trader) != 0) continue;
    weigh(job, trader, at(job.market, job.steps * job.assets));
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

/** Equity after every position is traded away; `moves` says whether the trades stay in the market. */
function closedEquity(job: Job, trader: i32, moves: bool): f64 {
  let left = f(job.startEquity, trader);
  const end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const asset = i(job.positionAsset, row);
    const tokens = f(job.positionTokens, row);
    const flow = f(job.flowUsd, asset);
    const sizeUsd = tokens * f(job.reference, asset);
    left += Market.proceeds(job, asset, flow, sizeUsd) - tokens * f(job.startPrice, asset);
    if (moves) set(job.flowUsd, asset, flow + sizeUsd);
  }
  return left;
}

function weigh(job: Job, trader: i32, prices: usize): void {
  equity = f(job.startEquity, trader);
  let together: f64 = 0;
  let contingency: f64 = 0;
  const end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const asset = i(job.positionAsset, row);
    const tokens = f(job.positionTokens, row);
    const notional = tokens * f(prices, asset);
    equity += notional - tokens * f(job.startPrice, asset);
    together += notional * f(job.marginShock, asset);
    contingency += Math.abs(notional) * f(job.marginContingency, asset);
  }
  required = Math.abs(together) + contingency;
}
