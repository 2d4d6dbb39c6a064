/**
 * Option series: the distinct contracts of a book, priced once a step for everybody who holds them.
 *
 * A series is a European option on its asset's price as forward, undiscounted. Its volatility follows the price, σ = σ₀·(P/P₀)^−β within
 * a factor of 4 (declared, not fitted: the surface of one day does not say how it moves). At expiry it settles at the payoff of that moment's
 * oracle price and stays there. P&L by node of the venue's grid, per option: weight · (V(P(1 + p·shock), σ(1 + v·range)) − V(P, σ)).
 */
import { at, f, i, set, Job } from './job';
import { priceOptions } from './option';

const SECONDS_PER_YEAR: f64 = 31_536_000;
const FARTHEST_VOLATILITY: f64 = 4.0;
/** An option on a worthless coin is worth its payoff; logarithms take positive prices. */
const LEAST_PRICE: f64 = 1e-12;
const LEAST_SHIFT: f64 = 0.01;

export let value: f64 = 0;
/** By the price of the asset. */
export let delta: f64 = 0;

/** Once a path: nothing has settled. */
export function open(job: Job): void {
  for (let series = 0; series < job.series; series += 1) set(job.seriesSettled, series, NaN);
}

/** What has expired by the end of `step` settles at the oracle's prices. */
export function settle(job: Job, step: i32): void {
  for (let series = 0; series < job.series; series += 1) {
    if (yearsLeft(job, series, step) > 0 || !isNaN(f(job.seriesSettled, series))) continue;
    set(job.seriesSettled, series, payoff(job, series, f(job.oracle, i(job.seriesAsset, series))));
  }
}

/** Values, and P&L by node, of all series at `prices` at the end of `step`, into the job's arrays. */
export function priceAll(job: Job, step: i32, prices: usize): void {
  const nodes = job.nodes;
  for (let series = 0; series < job.series; series += 1) {
    const settled = f(job.seriesSettled, series);
    const profits = at(job.seriesProfit, series * nodes);
    if (!isNaN(settled)) {
      set(job.seriesValue, series, settled);
      memory.fill(profits, 0, <usize>nodes << 3);
      continue;
    }
    const asset = i(job.seriesAsset, series);
    const price = f(prices, asset);
    const volatility = volatilityAt(job, series, price);
    const shock = f(job.marginShock, asset);
    const range = f(job.volatilityRange, asset);
    place(job, 0, series, step, price, volatility);
    for (let node = 0; node < nodes; node += 1) {
      const moved = price * (1 + f(job.nodePrice, node) * shock);
      place(job, node + 1, series, step, moved, volatility * Math.max(LEAST_SHIFT, 1 + f(job.nodeVolatility, node) * range));
    }
    const outputs = run(job, nodes + 1);
    const now = f(outputs, 0);
    set(job.seriesValue, series, now);
    for (let node = 0; node < nodes; node += 1) set(profits, node, f(job.nodeWeight, node) * (f(outputs, node + 1) - now));
  }
}

/** One series at one price: `value` and `delta`. */
export function priceOne(job: Job, step: i32, series: i32, price: f64): void {
  const settled = f(job.seriesSettled, series);
  if (!isNaN(settled)) {
    value = settled;
    delta = 0;
    return;
  }
  place(job, 0, series, step, price, volatilityAt(job, series, price));
  const outputs = run(job, 1);
  value = f(outputs, 0);
  delta = f(outputs, job.optionRow);
}

function volatilityAt(job: Job, series: i32, price: f64): f64 {
  const relative = Math.max(LEAST_PRICE, price / f(job.startPrice, i(job.seriesAsset, series)));
  const factor = job.volatilityBeta == 0 ? 1 : NativeMath.pow(relative, -job.volatilityBeta);
  return f(job.seriesVolatility, series) * Math.min(FARTHEST_VOLATILITY, Math.max(1 / FARTHEST_VOLATILITY, factor));
}

function yearsLeft(job: Job, series: i32, step: i32): f64 {
  // Run-off happens at the horizon: prices and clocks stand still.
  return f(job.seriesYears, series) - (<f64>min(step, job.steps) * job.stepSeconds) / SECONDS_PER_YEAR;
}

function payoff(job: Job, series: i32, price: f64): f64 {
  return Math.max(0, f(job.seriesSide, series) * (price - f(job.seriesStrike, series)));
}

/** Rows of `optionRow` entries: F, K, T, σ, r, s. */
function place(job: Job, slot: i32, series: i32, step: i32, price: f64, volatility: f64): void {
  const row = job.optionRow;
  const inputs = job.optionInputs;
  const strike = f(job.seriesStrike, series);
  set(inputs, slot, Math.max(price, LEAST_PRICE * strike));
  set(inputs, row + slot, strike);
  set(inputs, 2 * row + slot, yearsLeft(job, series, step));
  set(inputs, 3 * row + slot, volatility);
  set(inputs, 4 * row + slot, 0);
  set(inputs, 5 * row + slot, f(job.seriesSide, series));
}

/** Prices the first `slots` slots, made even by repeating the last one placed. */
function run(job: Job, slots: i32): usize {
  if ((slots & 1) == 1) {
    for (let row = 0; row < 6; row += 1) set(job.optionInputs, row * job.optionRow + slots, f(job.optionInputs, row * job.optionRow + slots - 1));
  }
  priceOptions(job.optionInputs, job.optionOutputs, (slots + 1) & ~1, job.optionRow);
  return job.optionOutputs;
}
