/**
 * Lending accounts: health, liquidation, what is missing at the end.
 *
 * Health = Σ collateral · oracle · threshold / Σ debt · oracle. Below 1 the account's rule acts, the largest collateral first:
 * - repay (Aave, Morpho): anyone may repay up to the close factor of the whole debt, all of it under `fullCloseHealth` or where either
 *   side is small, in the largest debt, and gets 1 + bonus for a dollar;
 * - absorb (Compound): the protocol takes over debt and collateral, credits the borrower with what the collateral is worth less the
 *   penalty beyond his debt, and sells the collateral to whoever pays for it at a discount. Whoever buys absorbs.
 * Within a step liquidators go first where most is to be earned at the prices they find: who has which name decides nothing.
 */
import * as Deal from './deal';
import { dueAfter, quickDistance } from './guard';
import * as Impact from './impact';
import { f, i, set, Job } from './job';
import * as Liquidators from './liquidators';
import * as Market from './market';
import * as Queue from './queue';
import * as Trace from './trace';

/** Calls on one account within one step; enough for close factor, next largest debt and next largest collateral. */
const CALLS_PER_STEP = 4;
/** Less of a holding than this is nothing to wait for. */
const REST: f64 = 1e-6;
const ABSORB = 1;
/** In `job.hit`. */
const LIQUIDATED = 1;
const ABSORBED = 2;
export let liquidatedUsd: f64 = 0;
export let penaltyUsd: f64 = 0;

let weighted: f64 = 0;
let owed: f64 = 0;
/** What `offer` found. */
let debtRow = -1;
let debtUsd: f64 = 0;
let collateralRow = -1;
let collateralUsd: f64 = 0;
/** Most that may be paid, and what a dollar paid takes of the collateral at oracle prices. */
let allowed: f64 = 0;
let perDollar: f64 = 1;

export function open(job: Job): void {
  liquidatedUsd = 0;
  penaltyUsd = 0;
  Liquidators.open(job);
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
  Liquidators.free(job);
  for (let account = 0; account < lenders; account += 1) {
    if (drift <= f(due, account)) continue;
    if (i(hit, account) == 0) {
      const next = dueAfter(job, account, quickDistance(slotAsset, slotWeight, prices, account), drift);
      if (next > drift) {
        set(due, account, next);
        continue;
      }
    }
    if (offer(job, account)) Queue.push(job, account, Deal.worth(job, Liquidators.cheapest));
    else wait(job, account, drift);
  }
  for (let account = Queue.pop(job); account >= 0; account = Queue.pop(job)) {
    let call = 0;
    while (call < CALLS_PER_STEP && liquidate(job, account)) call += 1;
    if (call == CALLS_PER_STEP && i(job.hit, account) != ABSORBED) weigh(job, account, prices, job.collateralLeft, job.debtLeft);
    wait(job, account, drift);
  }
}

/** Of an account just weighed. Holdings only shrink, so the span measured at the start still bounds it. What was absorbed is always for sale. */
function wait(job: Job, account: i32, drift: f64): void {
  if (i(job.hit, account) == ABSORBED) {
    set(job.due, account, -1);
    return;
  }
  set(job.due, account, owed > 0 ? dueAfter(job, account, weighted - owed, drift) : Infinity);
}

/** Does the last oracle price, or the market, put any account below 1, or is anything absorbed still for sale? */
export function anyBelow(job: Job): bool {
  for (let account = 0; account < job.lenders; account += 1) {
    if (i(job.hit, account) == ABSORBED) {
      if (isForSale(job, account)) return true;
      continue;
    }
    if (Market.drift > f(job.due, account)) {
      weigh(job, account, job.oracle, job.collateralLeft, job.debtLeft);
      if (owed > 0 && weighted < owed) return true;
    }
    if (belowByMarket(job, account)) return true;
  }
  return false;
}

/** Missing when all is done: debt beyond what the collateral would bring, for accounts absorbed or that the market puts below 1. */
export function shortfallUsd(job: Job, account: i32): f64 {
  if (i(job.hit, account) == ABSORBED) weigh(job, account, job.marks, job.collateralLeft, job.debtLeft);
  else if (!belowByMarket(job, account)) return 0;
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

/** Is there something to liquidate or to sell? Then the deal is in hand: which rows, and how much of them. */
function offer(job: Job, account: i32): bool {
  const isAbsorbed = i(job.hit, account) == ABSORBED;
  if (!isAbsorbed) {
    weigh(job, account, job.oracle, job.collateralLeft, job.debtLeft);
    if (owed <= 0 || weighted >= owed) return false;
  }
  collateralRow = largest(job, i(job.collateralStart, account), i(job.collateralStart, account + 1));
  if (collateralRow < 0) return false;
  collateralUsd = f(job.collateralLeft, collateralRow) * f(job.oracle, i(job.collateralAsset, collateralRow));
  debtRow = i(job.debtStart, account);
  debtUsd = 0;
  const end = i(job.debtStart, account + 1);
  for (let row = debtRow; row < end; row += 1) {
    const usd = f(job.debtLeft, row) * f(job.oracle, i(job.debtAsset, row));
    if (usd > debtUsd) {
      debtUsd = usd;
      debtRow = row;
    }
  }

  const rule = i(job.lenderRule, account);
  const bonus = f(job.collateralBonus, collateralRow);
  const kept = f(job.ruleFee, rule);
  const sold = i(job.collateralAsset, collateralRow);
  const bought = i(job.debtAsset, debtRow);
  if (i(job.ruleKind, rule) == ABSORB) {
    perDollar = 1 / (1 - bonus * (1 - kept));
    allowed = collateralUsd / perDollar;
    Deal.take(job, sold, bought, perDollar, allowed);
    return f(job.oracle, bought) > 0;
  }
  if (debtUsd <= 0) return false;
  const smallUsd = f(job.ruleSmallUsd, rule);
  const whole = weighted < f(job.ruleFullCloseHealth, rule) * owed || debtUsd < smallUsd || collateralUsd < smallUsd;
  perDollar = 1 + bonus;
  allowed = Math.min(whole ? debtUsd : Math.min(debtUsd, f(job.ruleCloseFactor, rule) * owed), collateralUsd / perDollar);
  Deal.take(job, sold, bought, 1 + bonus * (1 - kept), allowed);
  Deal.leave(f(job.ruleLeftoverUsd, rule), debtUsd, collateralUsd, perDollar);
  return true;
}

/** The row of collateral worth most by the oracle, of what counts; −1 where nothing is worth anything. */
function largest(job: Job, from: i32, end: i32): i32 {
  let best = -1;
  let most: f64 = 0;
  for (let row = from; row < end; row += 1) {
    const usd = f(job.collateralLeft, row) * f(job.oracle, i(job.collateralAsset, row));
    if (usd > most && f(job.collateralThreshold, row) > 0) {
      most = usd;
      best = row;
    }
  }
  return best;
}

/** One call; false where there is nothing to do or nobody would do it. */
function liquidate(job: Job, account: i32): bool {
  if (!offer(job, account)) return false;
  const pay = Liquidators.best(job);
  if (pay <= 0) {
    if (Trace.on) Trace.record(Trace.UNATTENDED, account, collateralRow, debtRow, allowed, weighted / owed);
    return false;
  }
  const soldAt = Trace.on ? priceOf(job, i(job.collateralAsset, collateralRow)) : 0;
  const boughtAt = Trace.on ? priceOf(job, i(job.debtAsset, debtRow)) : 0;
  const absorbs = i(job.ruleKind, i(job.lenderRule, account)) == ABSORB;
  if (absorbs && i(job.hit, account) != ABSORBED) absorb(job, account);
  Liquidators.settle(job, pay);

  const sold = i(job.collateralAsset, collateralRow);
  const bought = i(job.debtAsset, debtRow);
  const takenTokens = pay == collateralUsd / perDollar ? f(job.collateralLeft, collateralRow) : (pay * perDollar) / f(job.oracle, sold);
  const left = Math.max(0, f(job.collateralLeft, collateralRow) - takenTokens);
  set(job.seized, sold, f(job.seized, sold) + (f(job.collateralLeft, collateralRow) - left));
  set(job.collateralLeft, collateralRow, left);
  // What buyers pay beyond the claim on the account is the protocol's gain.
  const debtLeft = !absorbs && pay == debtUsd ? 0 : Math.max(0, f(job.debtLeft, debtRow) - pay / f(job.oracle, bought));
  const repaidTokens = f(job.debtLeft, debtRow) - debtLeft;
  set(job.repaid, bought, f(job.repaid, bought) + repaidTokens);
  set(job.debtLeft, debtRow, debtLeft);
  if (Trace.on) {
    Trace.record(
      absorbs ? Trace.PURCHASE : Trace.LIQUIDATION,
      account,
      sold,
      bought,
      pay,
      absorbs ? 0 : pay * (perDollar - 1),
      takenTokens,
      repaidTokens,
      weighted / owed,
      soldAt,
      priceOf(job, sold),
      boughtAt,
      priceOf(job, bought),
      Liquidators.earned,
    );
  }
  if (absorbs) return true;
  store<i32>(job.hit + (<usize>account << 2), LIQUIDATED);
  liquidatedUsd += pay;
  penaltyUsd += pay * (perDollar - 1);
  return true;
}

/** The protocol's claim becomes debt + credit, against collateral that is now its own. */
function absorb(job: Job, account: i32): void {
  let value: f64 = 0;
  let credited: f64 = 0;
  const end = i(job.collateralStart, account + 1);
  for (let row = i(job.collateralStart, account); row < end; row += 1) {
    if (f(job.collateralThreshold, row) <= 0) continue;
    const usd = f(job.collateralLeft, row) * f(job.oracle, i(job.collateralAsset, row));
    value += usd;
    credited += usd * (1 - f(job.collateralBonus, row));
  }
  const bought = i(job.debtAsset, debtRow);
  const creditUsd = Math.max(0, credited - owed);
  const creditTokens = creditUsd / f(job.oracle, bought);
  set(job.debtLeft, debtRow, f(job.debtLeft, debtRow) + creditTokens);
  set(job.repaid, bought, f(job.repaid, bought) - creditTokens);
  store<i32>(job.hit + (<usize>account << 2), ABSORBED);
  liquidatedUsd += owed;
  const penalty = Math.max(0, value - owed - creditUsd);
  penaltyUsd += penalty;
  if (Trace.on) Trace.record(Trace.ABSORBED, account, -1, bought, owed, penalty, 0, -creditTokens, weighted / owed);
}

function isForSale(job: Job, account: i32): bool {
  const end = i(job.collateralStart, account + 1);
  for (let row = i(job.collateralStart, account); row < end; row += 1) {
    if (f(job.collateralThreshold, row) <= 0 || f(job.oracle, i(job.collateralAsset, row)) <= 0) continue;
    if (f(job.collateralLeft, row) > REST * f(job.collateralTokens, row)) return true;
  }
  return false;
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
