/**
 * The market as the book meets it: the law's price bent by what liquidations have sold, and the oracle's view of it.
 *
 * Impact: c(Q) = Y·σ_day·(|Q|/V)^δ is the average cost of selling Q (Almgren et al. 2005; Tóth et al. 2011), so trading
 * from outstanding flow Q costs C(Q + q) − C(Q) with C(Q) = |Q|·c(Q): split sales pay what one sale pays, and a round
 * trip pays nothing. The next trade happens at reference · (1 − C'(Q)). Flow decays with the pool's half-life. Assets that
 * follow one price series (a coin, its wrapped and its staked forms) are one pool: selling one to buy the other is no flow.
 * Oracle: follows the market price of `latency` ago (linear between steps) when it has moved by `deviation` or the
 * heartbeat is due; starts fresh and exact.
 */
import { f, i, set, Job } from './job';

/** The marginal price never falls below 1 % of the reference: beyond it C goes on as a straight line. */
const LARGEST_IMPACT: f64 = 0.99;

/** Sum over steps of the largest move of any oracle price, in units of its start price: no price has moved by more since. */
export let drift: f64 = 0;
/** Largest distance of any price in `job.marks` from its start price. */
export let markMove: f64 = 0;

export function open(job: Job): void {
  drift = 0;
  for (let asset = 0; asset < job.assets; asset += 1) {
    const price = f(job.startPrice, asset);
    set(job.reference, asset, price);
    set(job.flowUsd, asset, 0);
    set(job.oracle, asset, price);
    set(job.oracleAge, asset, 0);
    set(job.market, asset, price);
  }
}

/** Prices at the end of `step` (1-based) from the row of price multiples at `factors`. */
export function advance(job: Job, step: i32, factors: usize): void {
  const assets = job.assets;
  let move: f64 = 0;
  for (let asset = 0; asset < assets; asset += 1) {
    const column = i(job.pathAsset, asset);
    const start = f(job.startPrice, asset);
    const reference = column < 0 ? start : start * f(factors, column);
    const pool = i(job.pool, asset);
    // A pool is named by its first asset, so its flow has decayed before any other member reads it.
    if (pool == asset) set(job.flowUsd, pool, f(job.flowUsd, pool) * f(job.impactDecay, pool));
    set(job.reference, asset, reference);
    set(job.market, step * assets + asset, reference * (1 - slope(job, asset, flowOf(job, asset))));

    const before = f(job.oracle, asset);
    const oracle = observe(job, step, asset);
    move = Math.max(move, Math.abs(oracle - before) / start);
  }
  drift += move;
}

/** Market prices after the step's trades, into `job.marks`. */
export function mark(job: Job): void {
  markMove = 0;
  for (let asset = 0; asset < job.assets; asset += 1) {
    const price = f(job.reference, asset) * (1 - slope(job, asset, flowOf(job, asset)));
    const start = f(job.startPrice, asset);
    set(job.marks, asset, price);
    markMove = Math.max(markMove, Math.abs(price - start) / start);
  }
}

/** Can this asset's price move at all? A constant one does when it is sold. */
export function moves(job: Job, asset: i32): bool {
  return i(job.pathAsset, asset) >= 0 || f(job.impactScale, asset) > 0;
}

/** Outstanding sales of the asset's pool, USD at reference prices; negative after purchases. */
// @ts-ignore: decorator
@inline
export function flowOf(job: Job, asset: i32): f64 {
  return f(job.flowUsd, i(job.pool, asset));
}

export function trade(job: Job, asset: i32, sizeUsd: f64): void {
  const pool = i(job.pool, asset);
  set(job.flowUsd, pool, f(job.flowUsd, pool) + sizeUsd);
}

/** C(Q) in USD. */
export function cost(job: Job, asset: i32, flow: f64): f64 {
  const scale = f(job.impactScale, asset);
  const size = Math.abs(flow);
  if (scale == 0 || size == 0) return 0;
  const delta = f(job.impactDelta, asset);
  const volume = f(job.volumeUsd, asset);
  const average = scale * power(size / volume, delta);
  if ((1 + delta) * average <= LARGEST_IMPACT) return size * average;
  const edge = volume * NativeMath.pow(LARGEST_IMPACT / ((1 + delta) * scale), 1 / delta);
  return (edge * LARGEST_IMPACT) / (1 + delta) + (size - edge) * LARGEST_IMPACT;
}

/** C'(Q): positive after sales, negative after purchases. */
export function slope(job: Job, asset: i32, flow: f64): f64 {
  const scale = f(job.impactScale, asset);
  if (scale == 0 || flow == 0) return 0;
  const delta = f(job.impactDelta, asset);
  const impact = Math.min(LARGEST_IMPACT, (1 + delta) * scale * power(Math.abs(flow) / f(job.volumeUsd, asset), delta));
  return flow > 0 ? impact : -impact;
}

/** What selling `sizeUsd` at the reference price brings from flow `flow`; a negative size buys and returns minus the price paid. */
export function proceeds(job: Job, asset: i32, flow: f64, sizeUsd: f64): f64 {
  return sizeUsd - (cost(job, asset, flow + sizeUsd) - cost(job, asset, flow));
}

function observe(job: Job, step: i32, asset: i32): f64 {
  const oracle = f(job.oracle, asset);
  const age = f(job.oracleAge, asset) + job.stepSeconds;
  set(job.oracleAge, asset, age);
  if (step <= job.frozenSteps) return oracle;

  const latency = f(job.latencySteps, asset);
  const whole = <i32>Math.min(Math.floor(latency), <f64>step);
  const share = latency - Math.floor(latency);
  const later = f(job.market, (step - whole) * job.assets + asset);
  const earlier = f(job.market, max(step - whole - 1, 0) * job.assets + asset);
  const seen = later + share * (earlier - later);
  if (age < f(job.heartbeatSeconds, asset) && Math.abs(seen - oracle) < f(job.deviation, asset) * oracle) return oracle;
  set(job.oracle, asset, seen);
  set(job.oracleAge, asset, 0);
  return seen;
}

// @ts-ignore: decorator
@inline
function power(x: f64, delta: f64): f64 {
  return delta == 0.5 ? Math.sqrt(x) : NativeMath.pow(x, delta);
}
