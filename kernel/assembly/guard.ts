/**
 * Whom to look at: an account that stood well at one drift of the market need not be looked at before the drift has used up
 * its distance. This only saves time; it never changes a result.
 *
 * distance = USD by which the account clears its rule (Σ collateral·price·threshold − debt, or equity − requirement).
 * When no price has moved by more than m start prices since, the distance has fallen by at most m · span, where span is the
 * book value of everything the account holds that can move. (An account with options, or funding to pay, is always looked at.) `total` is all it holds: rounding errors stay below SLACK of it.
 */
import { f, i, set, Job } from './job';
import * as Market from './market';

const SLACK: f64 = 1e-9;
export const SLOTS = 4;

/** Once a job: spans, and the lenders' holdings in slots of fixed number, so that the quick look has no inner loop. */
export function measure(job: Job): void {
  for (let account = 0; account < job.lenders; account += 1) {
    let slot = SLOTS * account;
    const last = slot + SLOTS;
    set(job.span, account, 0);
    set(job.total, account, 0);
    let end = i(job.collateralStart, account + 1);
    for (let row = i(job.collateralStart, account); row < end; row += 1, slot += 1) {
      fill(job, account, slot, last, i(job.collateralAsset, row), f(job.collateralTokens, row) * f(job.collateralThreshold, row));
    }
    end = i(job.debtStart, account + 1);
    for (let row = i(job.debtStart, account); row < end; row += 1, slot += 1) {
      fill(job, account, slot, last, i(job.debtAsset, row), -f(job.debtTokens, row));
    }
    if (slot > last) store<i32>(job.slotAsset + (<usize>(SLOTS * account) << 2), -1);
  }
  for (let trader = 0; trader < job.traders; trader += 1) {
    const account = job.lenders + trader;
    set(job.span, account, 0);
    set(job.total, account, Math.abs(f(job.startEquity, trader)));
    const end = i(job.positionStart, trader + 1);
    for (let row = i(job.positionStart, trader); row < end; row += 1) {
      const asset = i(job.positionAsset, row);
      // Equity and requirement both move.
      const rate = 1 + job.gridReach * f(job.marginShock, asset) + f(job.marginContingency, asset);
      add(job, account, asset, Math.abs(f(job.positionTokens, row)) * rate);
    }
  }
}

/** The drift up to which an account that clears its rule by `distance` now surely clears it. */
export function dueAfter(job: Job, account: i32, distance: f64, drift: f64): f64 {
  const sure = distance - SLACK * (1 + drift) * f(job.total, account);
  if (!(sure > 0)) return -1;
  const span = f(job.span, account);
  return span > 0 ? drift + (1 - SLACK) * (sure / span) : Infinity;
}

/** Distance of a lender nobody has touched, to within rounding; NaN where it has too many holdings for its slots. */
// @ts-ignore: decorator
@inline
export function quickDistance(slotAsset: usize, slotWeight: usize, prices: usize, account: i32): f64 {
  const assets = slotAsset + (<usize>account << 4);
  const weights = slotWeight + (<usize>account << 5);
  if (load<i32>(assets) < 0) return NaN;
  return (
    load<f64>(weights) * f(prices, load<i32>(assets)) +
    load<f64>(weights, 8) * f(prices, load<i32>(assets, 4)) +
    (load<f64>(weights, 16) * f(prices, load<i32>(assets, 8)) + load<f64>(weights, 24) * f(prices, load<i32>(assets, 12)))
  );
}

function fill(job: Job, account: i32, slot: i32, last: i32, asset: i32, weight: f64): void {
  add(job, account, asset, Math.abs(weight));
  if (slot >= last) return;
  store<i32>(job.slotAsset + (<usize>slot << 2), asset);
  set(job.slotWeight, slot, weight);
}

function add(job: Job, account: i32, asset: i32, tokens: f64): void {
  const usd = tokens * f(job.startPrice, asset);
  set(job.total, account, f(job.total, account) + usd);
  if (Market.moves(job, asset)) set(job.span, account, f(job.span, account) + usd);
}
