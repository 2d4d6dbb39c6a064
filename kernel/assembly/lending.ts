/**
 * Lending accounts: health, liquidation, what is missing at the end.
 *
 * Health = Σ collateral · oracle · threshold / Σ debt · oracle. Below 1 anyone may repay up to the close factor of the whole
 * debt (all of it under `fullCloseHealth` or where either side is small, as Aave v3.3), in the largest debt against the
 * largest collateral. Within a step liquidators go first where most is to be earned at the prices they find: who has which name
 * decides nothing.
 */
import * as Deal from './deal';
import { dueAfter, quickDistance } from './guard';
import * as Impact from './impact';
import { f, i, set, Job } from './job';
import * as Market from './market';
import * as Queue from './queue';
import * as Trace from './trace';

/** Calls on one account within one step; enough for close factor, next largest debt and next largest collateral. */
const CALLS_PER_STEP = 4;
export let liquidatedUsd: f64 = 0;
export let penaltyUsd: f64 = 0;

let weighted: f64 = 0;
let owed: f64 = 0;
/** What `offer` found. */
let debtRow = -1;
let debtUsd: f64 = 0;
let collateralRow = -1;
let collateralUsd: f64 = 0;
let allowed: f64 = 0;

export function open(job: Job): void {
  liquidatedUsd = 0;
  penaltyUsd = 0;
  memory.copy(job.collateralLeft, job.collateralTokens, <usize>i(job.collateralStart, job.lenders) << 3);
  memory.copy(job.debtLeft, job.debtTokens, <usize>i(job.debtStart, job.lenders) << 3);
  memory.fill(job.hit, 0, <usize>(job.lenders + job.traders) << 2);
  memory.copy(job.due, job.startDue, <usize>(job.lenders + job.traders) << 3);
  memory.fill(job.seized, 0, <usize>job.assets << 3);
  memory.fill(job.repaid, 0, <usize>job.assets << 3);
}

/** Once a job: how far from its line each account starts. */
export function measure(job: Job): void {
  for (let account = 0; account < job.lenders; account += 1) {
    weigh(job, account, job.startPrice, job.collateralTokens, job.debtTokens);
    set(job.startDue, account, dueAfter(job, account, weighted - owed, 0));
  }
}

export function liquidateAll(job: Job): void {
  const drift = Market.drift;
  const hit = job.hit;
  const due = job.due;
  const prices = job.oracle;
  const slotAsset = job.slotAsset;
  const slotWeight = job.slotWeight;
  const lenders = job.lenders;
  Queue.clear();
  for (let account = 0; account < lenders; account += 1) {
    if (drift <= f(due, account)) continue;
    if (i(hit, account) == 0) {
      const next = dueAfter(job, account, quickDistance(slotAsset, slotWeight, prices, account), drift);
      if (next > drift) {
        set(due, account, next);
        continue;
      }
    }
    if (offer(job, account)) Queue.push(job, account, allowed * Deal.marginal(job, 0));
    else wait(job, account, drift);
  }
  for (let account = Queue.pop(job); account >= 0; account = Queue.pop(job)) {
    let call = 0;
    while (call < CALLS_PER_STEP && liquidate(job, account)) call += 1;
    if (call == CALLS_PER_STEP) weigh(job, account, prices, job.collateralLeft, job.debtLeft);
    wait(job, account, drift);
  }
}

/** Of an account just weighed. Holdings only shrink, so the span measured at the start still bounds it. */
function wait(job: Job, account: i32, drift: f64): void {
  set(job.due, account, owed > 0 ? dueAfter(job, account, weighted - owed, drift) : Infinity);
}

/** Does the last oracle price, or the market, put any account below 1? */
export function anyBelow(job: Job): bool {
  for (let account = 0; account < job.lenders; account += 1) {
    if (Market.drift > f(job.due, account)) {
      weigh(job, account, job.oracle, job.collateralLeft, job.debtLeft);
      if (owed > 0 && weighted < owed) return true;
    }
    if (belowByMarket(job, account)) return true;
  }
  return false;
}

/** Missing when all is done: debt beyond what the collateral would bring, for accounts the market puts below 1. */
export function shortfallUsd(job: Job, account: i32): f64 {
  if (!belowByMarket(job, account)) return 0;
  let value: f64 = 0;
  const end = i(job.collateralStart, account + 1);
  for (let row = i(job.collateralStart, account); row < end; row += 1) {
    if (f(job.collateralThreshold, row) <= 0) continue;
    const asset = i(job.collateralAsset, row);
    const sizeUsd = f(job.collateralLeft, row) * f(job.reference, asset);
    value += Impact.proceeds(job, asset, sizeUsd);
  }
  return Math.max(0, owed - value);
}

/** Would the account, had nobody touched it, stand at 1 or above by the last oracle prices? */
export function recovered(job: Job, account: i32): bool {
  weigh(job, account, job.oracle, job.collateralTokens, job.debtTokens);
  return weighted > owed;
}

/** Leaves what is owed in `owed`. An account nobody touched is weighed only where the market has come near it. */
function belowByMarket(job: Job, account: i32): bool {
  if (i(job.hit, account) == 0 && Market.markMove <= f(job.startDue, account)) return false;
  weigh(job, account, job.marks, job.collateralLeft, job.debtLeft);
  return owed > 0 && weighted < owed;
}

/** Is there something to liquidate? Then the deal is in hand: which rows, and how much of them. */
function offer(job: Job, account: i32): bool {
  weigh(job, account, job.oracle, job.collateralLeft, job.debtLeft);
  if (owed <= 0 || weighted >= owed) return false;

  debtRow = -1;
  debtUsd = 0;
  let end = i(job.debtStart, account + 1);
  for (let row = i(job.debtStart, account); row < end; row += 1) {
    const usd = f(job.debtLeft, row) * f(job.oracle, i(job.debtAsset, row));
    if (usd > debtUsd) {
      debtUsd = usd;
      debtRow = row;
    }
  }
  collateralRow = -1;
  collateralUsd = 0;
  end = i(job.collateralStart, account + 1);
  for (let row = i(job.collateralStart, account); row < end; row += 1) {
    const usd = f(job.collateralLeft, row) * f(job.oracle, i(job.collateralAsset, row));
    if (usd > collateralUsd && f(job.collateralThreshold, row) > 0) {
      collateralUsd = usd;
      collateralRow = row;
    }
  }
  if (debtRow < 0 || collateralRow < 0) return false;

  const whole = weighted < job.fullCloseHealth * owed || debtUsd < job.smallPositionUsd || collateralUsd < job.smallPositionUsd;
  const bonus = f(job.collateralBonus, collateralRow);
  const byDebt = whole ? debtUsd : Math.min(debtUsd, job.closeFactor * owed);
  allowed = Math.min(byDebt, collateralUsd / (1 + bonus));
  Deal.take(job, i(job.collateralAsset, collateralRow), i(job.debtAsset, debtRow), bonus);
  return true;
}

/** One liquidation call; false where there is nothing to do or nobody would do it. */
function liquidate(job: Job, account: i32): bool {
  if (!offer(job, account)) return false;
  const repay = Deal.size(job, allowed);
  if (repay <= 0) {
    if (Trace.on) Trace.record(Trace.UNATTENDED, account, collateralRow, debtRow, allowed, weighted / owed);
    return false;
  }
  const soldAt = Trace.on ? priceOf(job, i(job.collateralAsset, collateralRow)) : 0;
  const boughtAt = Trace.on ? priceOf(job, i(job.debtAsset, debtRow)) : 0;
  const earned = Trace.on ? Deal.profit(job, repay) - job.gasUsd : 0;

  Deal.settle(job, repay);
  const bonus = f(job.collateralBonus, collateralRow);
  const sold = i(job.collateralAsset, collateralRow);
  const bought = i(job.debtAsset, debtRow);
  const seizedTokens =
    repay == collateralUsd / (1 + bonus) ? f(job.collateralLeft, collateralRow) : (repay * (1 + bonus)) / f(job.oracle, sold);
  const repaidTokens = repay == debtUsd ? f(job.debtLeft, debtRow) : repay / f(job.oracle, bought);
  const left = Math.max(0, f(job.collateralLeft, collateralRow) - seizedTokens);
  set(job.seized, sold, f(job.seized, sold) + (f(job.collateralLeft, collateralRow) - left));
  set(job.collateralLeft, collateralRow, left);
  set(job.debtLeft, debtRow, Math.max(0, f(job.debtLeft, debtRow) - repaidTokens));
  set(job.repaid, bought, f(job.repaid, bought) + repaidTokens);
  store<i32>(job.hit + (<usize>account << 2), 1);
  liquidatedUsd += repay;
  penaltyUsd += repay * bonus;
  if (Trace.on) {
    Trace.record(
      Trace.LIQUIDATION,
      account,
      sold,
      bought,
      repay,
      repay * bonus,
      seizedTokens,
      repaidTokens,
      weighted / owed,
      soldAt,
      priceOf(job, sold),
      boughtAt,
      priceOf(job, bought),
      earned,
    );
  }
  return true;
}

function weigh(job: Job, account: i32, prices: usize, collateral: usize, debt: usize): void {
  owed = 0;
  weighted = 0;
  let end = i(job.debtStart, account + 1);
  for (let row = i(job.debtStart, account); row < end; row += 1) owed += f(debt, row) * f(prices, i(job.debtAsset, row));
  end = i(job.collateralStart, account + 1);
  for (let row = i(job.collateralStart, account); row < end; row += 1) {
    weighted += f(collateral, row) * f(prices, i(job.collateralAsset, row)) * f(job.collateralThreshold, row);
  }
}

/** Of the next dollar sold. */
function priceOf(job: Job, asset: i32): f64 {
  return f(job.reference, asset) * (1 - Impact.slope(job, asset, 0));
}
