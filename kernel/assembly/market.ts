/**
 * The market as the book meets it: the law's price bent by what liquidations have sold (impact.ts), and the oracle's view of it.
 *
 * Oracles watch all venues: they see the lasting part of impact, never the pool that has just been emptied. They follow the market
 * price of `latency` ago (linear between steps) when it has moved by `deviation` or the heartbeat is due; they start fresh and exact.
 * Assets that follow one price series (a coin, its wrapped and its staked forms) are one pool: selling one to buy the other is no flow.
 */
import * as Impact from './impact';
import { f, i, set, Job } from './job';
import * as Trace from './trace';

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
    set(job.lastingUsd, asset, 0);
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
    if (pool == asset) Impact.decay(job, pool);
    set(job.reference, asset, reference);
    set(job.market, step * assets + asset, reference * (1 - Impact.lasting(job, asset)));

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
    const price = f(job.reference, asset) * (1 - Impact.lasting(job, asset));
    const start = f(job.startPrice, asset);
    set(job.marks, asset, price);
    markMove = Math.max(markMove, Math.abs(price - start) / start);
  }
}

/** Prices and outstanding sales as the step's liquidators find them. */
export function tell(job: Job): void {
  for (let asset = 0; asset < job.assets; asset += 1) {
    const reference = f(job.reference, asset);
    Trace.record(
      Trace.PRICE,
      -1,
      asset,
      i(job.pool, asset),
      reference,
      f(job.oracle, asset),
      reference * (1 - Impact.lasting(job, asset)),
      reference * (1 - Impact.slope(job, asset, 0)),
      f(job.flowUsd, i(job.pool, asset)),
      f(job.lastingUsd, i(job.pool, asset)),
    );
  }
}

/** Can this asset's price move at all? A constant one does when it is sold. */
export function moves(job: Job, asset: i32): bool {
  return i(job.pathAsset, asset) >= 0 || f(job.lastingScale, asset) > 0;
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
