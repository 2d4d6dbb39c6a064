/**
 * Derivative accounts, cross-margined: perpetuals, options, collateral in coins. (An isolated position is an account of its own.)
 *
 * Equity = start equity + Σ size · (price − start price) − funding + Σ collateral · price + Σ options · value. For the venue's rule
 * collateral counts after its haircut. Requirement = worst loss over the grid's nodes, prices of all assets moving together, each by
 * its shock × multiplier, plus contingencies on gross notional and on options sold. An inverse contract of N USD moves like N / start
 * price tokens while its notional stays N. Below the requirement everything is closed at executable prices or by auction; what equity cannot pay is
 * the shortfall, borne by the insurance fund, then by the winners' profit (auto-deleveraging).
 */
import { dueAfter } from './guard';
import * as Impact from './impact';
import { at, f, i, set, Job } from './job';
import * as Market from './market';
import * as Series from './series';
import * as Trace from './trace';

export const LINEAR: i32 = 0;
export const INVERSE: i32 = 1;
export const COLLATERAL: i32 = 2;

let equity: f64 = 0;
let required: f64 = 0;
/** Largest weight × move up and down of the grid: all that matters to positions without options. */
let up: f64 = 0;
let down: f64 = 0;
/** Is any option held by an account that is still open? */
let optionsOpen: bool = false;

export let shortfallUsd: f64 = 0;
let pathWeight: f64 = 1;

/** Once a job: how far from its requirement each account starts. */
export function measure(job: Job): void {
  up = 0;
  down = 0;
  for (let node = 0; node < job.nodes; node += 1) {
    const move = f(job.nodeWeight, node) * f(job.nodePrice, node);
    up = Math.max(up, move);
    down = Math.max(down, -move);
  }
  clearFunding(job);
  Series.open(job);
  Series.priceAll(job, 0, job.startPrice);
  memory.copy(job.seriesStartValue, job.seriesValue, <usize>job.series << 3);
  for (let trader = 0; trader < job.traders; trader += 1) {
    weigh(job, trader, job.startPrice);
    set(job.startDue, job.lenders + trader, dueOf(job, trader, 0));
  }
}

/** Equity, after haircuts, and requirement of every trader as the book stands, USD. */
export function standing(job: Job, equities: usize, requirements: usize): void {
  measure(job);
  for (let trader = 0; trader < job.traders; trader += 1) {
    weigh(job, trader, job.startPrice);
    set(equities, trader, equity);
    set(requirements, trader, required);
  }
}

/** `weight`: what the path counts in sums by account. */
export function open(job: Job, weight: f64): void {
  pathWeight = weight;
  shortfallUsd = 0;
  clearFunding(job);
  Series.open(job);
  optionsOpen = job.series > 0;
}

/** Funding of the step that has ended; contracts that have expired settle. */
export function accrue(job: Job, step: i32): void {
  for (let asset = 0; asset < job.assets; asset += 1) {
    const rate = f(job.fundingRate, asset);
    if (rate == 0) continue;
    set(job.funding, asset, f(job.funding, asset) + rate * f(job.oracle, asset));
    set(job.inverseFunding, asset, f(job.inverseFunding, asset) + rate * f(job.startPrice, asset));
  }
  Series.settle(job, step);
}

export function liquidateAll(job: Job, step: i32): void {
  const drift = Market.drift;
  const first = job.lenders;
  const traders = job.traders;
  if (optionsOpen) {
    Series.priceAll(job, step, job.oracle);
    optionsOpen = false;
  }
  for (let trader = 0; trader < traders; trader += 1) {
    const account = first + trader;
    if (drift <= f(job.due, account)) continue;
    if (i(job.hit, account) != 0) continue;
    weigh(job, trader, job.oracle);
    if (equity >= required) {
      set(job.due, account, dueOf(job, trader, drift));
      if (holdsOptions(job, trader)) optionsOpen = true;
      continue;
    }
    const missing = Math.max(0, -closedEquity(job, trader, step, true));
    if (Trace.on) Trace.record(Trace.MARGIN_CALL, account, -1, -1, equity, required, missing);
    store<i32>(job.hit + (<usize>account << 2), 1);
    set(job.due, account, Infinity);
    charge(job, trader, missing);
  }
}

/** At the end: accounts that the market, if not yet the oracle, puts below their requirement. */
export function close(job: Job): void {
  Series.priceAll(job, job.steps, job.marks);
  for (let trader = 0; trader < job.traders; trader += 1) {
    if (i(job.hit, job.lenders + trader) != 0) continue;
    weigh(job, trader, job.marks);
    if (equity >= required) continue;
    const missing = Math.max(0, -closedEquity(job, trader, job.steps, false));
    if (Trace.on) Trace.record(Trace.CLOSED, job.lenders + trader, -1, -1, equity, required, missing);
    charge(job, trader, missing);
  }
}

/** After `close`: what winners give up because the fund does not reach, at most their profit at the oracle's prices. */
export function deleveraged(job: Job): f64 {
  const beyond = shortfallUsd - job.insuranceFundUsd;
  if (!(beyond > 0)) return 0;
  Series.priceAll(job, job.steps, job.oracle);
  let profits: f64 = 0;
  for (let trader = 0; trader < job.traders; trader += 1) {
    if (i(job.hit, job.lenders + trader) == 0) profits += Math.max(0, profitOf(job, trader));
  }
  return Math.min(beyond, profits);
}

/** Would the account, untouched, have stood above its requirement at the end? After `Series.priceAll` at the oracle's prices. */
export function recovered(job: Job, trader: i32): bool {
  weigh(job, trader, job.oracle);
  return equity >= required;
}

/** Before the first `recovered`. */
export function lookBack(job: Job): void {
  Series.priceAll(job, job.steps, job.oracle);
}

function charge(job: Job, trader: i32, missingUsd: f64): void {
  shortfallUsd += missingUsd;
  const account = job.lenders + trader;
  set(job.accountLossUsd, account, f(job.accountLossUsd, account) + pathWeight * missingUsd);
}

/**
 * Equity after every position is closed; `moves` says whether the trades stay in the market. A position too large for the
 * market is not thrown at it: a bidder takes it over at the auction's largest discount. Whoever takes an option over hedges it.
 */
function closedEquity(job: Job, trader: i32, step: i32, moves: bool): f64 {
  if (Trace.on) Trace.whose(job.lenders + trader);
  let left = f(job.startEquity, trader);
  let end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const asset = i(job.positionAsset, row);
    const tokens = f(job.positionTokens, row);
    const kind = i(job.positionKind, row);
    left += sell(job, asset, tokens * f(job.reference, asset), moves);
    if (kind != COLLATERAL) left -= tokens * (f(job.startPrice, asset) + f(kind == LINEAR ? job.funding : job.inverseFunding, asset));
  }
  end = i(job.optionStart, trader + 1);
  for (let row = i(job.optionStart, trader); row < end; row += 1) {
    const series = i(job.optionSeries, row);
    const asset = i(job.seriesAsset, series);
    const tokens = f(job.optionTokens, row);
    const price = f(job.reference, asset);
    Series.priceOne(job, step, series, price);
    left += tokens * Series.value;
    if (Series.delta == 0 && !isNaN(f(job.seriesSettled, series))) continue;
    left -= Math.abs(tokens) * (job.optionSpread * Series.value + job.optionTick * price);
    const hedgeUsd = tokens * Series.delta * price;
    left += sell(job, asset, hedgeUsd, moves) - hedgeUsd;
  }
  return left;
}

/** What `sizeUsd` at reference prices brings: from the market, or at the auction's discount where that is more. */
function sell(job: Job, asset: i32, sizeUsd: f64, moves: bool): f64 {
  const sold = Impact.proceeds(job, asset, sizeUsd);
  const auctioned = sizeUsd - job.auctionDiscount * Math.abs(sizeUsd);
  if (Trace.on) Trace.record(Trace.TRADE, Trace.who, asset, sold >= auctioned ? 0 : 1, sizeUsd, Math.max(sold, auctioned));
  if (moves && sold >= auctioned) Impact.trade(job, asset, sizeUsd);
  return Math.max(sold, auctioned);
}

/** `equity` and `required` at `prices`; options at what `Series.priceAll` last made of the same prices. */
function weigh(job: Job, trader: i32, prices: usize): void {
  let held = f(job.startEquity, trader);
  let together: f64 = 0;
  let contingency: f64 = 0;
  let end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const asset = i(job.positionAsset, row);
    const tokens = f(job.positionTokens, row);
    const kind = i(job.positionKind, row);
    const value = tokens * f(prices, asset);
    const start = tokens * f(job.startPrice, asset);
    if (kind == COLLATERAL) {
      const credit = f(job.positionCredit, row) * value;
      held += credit;
      together += credit * f(job.marginShock, asset);
      continue;
    }
    const notional = kind == LINEAR ? value : start;
    held += value - start - tokens * f(kind == LINEAR ? job.funding : job.inverseFunding, asset);
    together += notional * f(job.marginShock, asset);
    contingency += Math.abs(notional) * f(job.marginContingency, asset);
  }
  const first = i(job.optionStart, trader);
  end = i(job.optionStart, trader + 1);
  if (first == end) {
    equity = held;
    required = Math.max(together * down, -together * up) + contingency;
    return;
  }
  const nodes = job.nodes;
  for (let node = 0; node < nodes; node += 1) set(job.nodeProfit, node, f(job.nodeWeight, node) * f(job.nodePrice, node) * together);
  for (let row = first; row < end; row += 1) {
    const series = i(job.optionSeries, row);
    const tokens = f(job.optionTokens, row);
    held += tokens * f(job.seriesValue, series);
    const asset = i(job.seriesAsset, series);
    if (tokens < 0 && isNaN(f(job.seriesSettled, series))) contingency -= tokens * f(prices, asset) * f(job.optionContingency, asset);
    const profits = at(job.seriesProfit, series * nodes);
    for (let node = 0; node < nodes; node += 1) set(job.nodeProfit, node, f(job.nodeProfit, node) + tokens * f(profits, node));
  }
  let worst: f64 = 0;
  for (let node = 0; node < nodes; node += 1) worst = Math.max(worst, -f(job.nodeProfit, node));
  equity = held;
  required = worst + contingency;
}

/** Profit of an open account since the start, USD, at the oracle's prices; collateral is its own and no profit. */
function profitOf(job: Job, trader: i32): f64 {
  let profit: f64 = 0;
  let end = i(job.positionStart, trader + 1);
  for (let row = i(job.positionStart, trader); row < end; row += 1) {
    const kind = i(job.positionKind, row);
    if (kind == COLLATERAL) continue;
    const asset = i(job.positionAsset, row);
    const moved = f(job.oracle, asset) - f(job.startPrice, asset) - f(kind == LINEAR ? job.funding : job.inverseFunding, asset);
    profit += f(job.positionTokens, row) * moved;
  }
  end = i(job.optionStart, trader + 1);
  for (let row = i(job.optionStart, trader); row < end; row += 1) {
    const series = i(job.optionSeries, row);
    profit += f(job.optionTokens, row) * (f(job.seriesValue, series) - f(job.seriesStartValue, series));
  }
  return profit;
}

/** The drift from which the account has to be looked at again: at once where it holds options, whose values move with time too. */
function dueOf(job: Job, trader: i32, drift: f64): f64 {
  return holdsOptions(job, trader) || job.pays != 0 ? -1 : dueAfter(job, job.lenders + trader, equity - required, drift);
}

// @ts-ignore: decorator
@inline
function holdsOptions(job: Job, trader: i32): bool {
  return i(job.optionStart, trader) < i(job.optionStart, trader + 1);
}

function clearFunding(job: Job): void {
  memory.fill(job.funding, 0, <usize>job.assets << 3);
  memory.fill(job.inverseFunding, 0, <usize>job.assets << 3);
}
