/**
 * What selling costs, and how long it stays.
 *
 * Every sale moves two prices. The venue it is sold on gives way at once and is refilled by arbitrage from all other venues within
 * minutes: `impact`, fitted to quotes of pools and order books. The market as a whole gives way by the square-root law and recovers over
 * hours: `lasting` (Tóth et al. 2011; Donier and Bonart 2015), the only part that oracles, which watch all venues, ever see.
 *
 * Each is c(Q) = Y·σ_day·(|Q|/V)^δ on average over an outstanding flow Q, C(Q) = |Q|·c(Q). A sale is spread evenly over its step, so of
 * q dollars φ·q are outstanding at the step's end, φ = (1 − 2^(−T/half-life)) · half-life / (T ln 2): dQ/dt = q/T − Q/τ solved exactly, so
 * that long steps and short ones tell the same story. It costs [C(Q + φq) − C(Q)]/φ of each kind: split sales pay what one sale pays, and
 * a round trip pays nothing.
 */
import { f, i, set, Job } from './job';

/** Both together never take the price below 1 % of the reference, nor above 1.99 of it. */
const LARGEST: f64 = 0.99;
/** Halvings when looking for the size at which the bound is met: past the last bit that matters. */
const HALVINGS = 60;

/** What selling `sizeUsd` at the reference price brings; a negative size buys and returns minus the price paid. */
export function proceeds(job: Job, asset: i32, sizeUsd: f64): f64 {
  if (sizeUsd == 0 || isFree(job, asset)) return sizeUsd;
  const now = unbounded(job, asset, 0);
  const then = unbounded(job, asset, sizeUsd);
  if (Math.abs(now) <= LARGEST && Math.abs(then) <= LARGEST) return sizeUsd - cost(job, asset, 0, sizeUsd);

  const from = Math.min(0, sizeUsd);
  const to = Math.max(0, sizeUsd);
  const low = reached(job, asset, from, to, -LARGEST);
  const high = reached(job, asset, from, to, LARGEST);
  const lost = cost(job, asset, low, high) + LARGEST * (to - high) - LARGEST * (low - from);
  return sizeUsd - (sizeUsd > 0 ? lost : -lost);
}

/** Fraction of the reference price that the next dollar loses when `sizeUsd` have been sold; negative after purchases. */
export function slope(job: Job, asset: i32, sizeUsd: f64): f64 {
  return isFree(job, asset) ? 0 : bounded(unbounded(job, asset, sizeUsd));
}

/** The part that the whole market shows. */
export function lasting(job: Job, asset: i32): f64 {
  const flow = f(job.lastingUsd, i(job.pool, asset));
  return bounded(marginal(f(job.lastingScale, asset), f(job.lastingDelta, asset), f(job.volumeUsd, asset), flow));
}

export function trade(job: Job, asset: i32, sizeUsd: f64): void {
  const pool = i(job.pool, asset);
  set(job.flowUsd, pool, f(job.flowUsd, pool) + f(job.impactSpread, pool) * sizeUsd);
  set(job.lastingUsd, pool, f(job.lastingUsd, pool) + f(job.lastingSpread, pool) * sizeUsd);
}

/** One step's recovery. */
export function decay(job: Job, pool: i32): void {
  set(job.flowUsd, pool, f(job.flowUsd, pool) * f(job.impactDecay, pool));
  set(job.lastingUsd, pool, f(job.lastingUsd, pool) * f(job.lastingDecay, pool));
}

// @ts-ignore: decorator
@inline
export function isFree(job: Job, asset: i32): bool {
  return f(job.impactScale, asset) == 0 && f(job.lastingScale, asset) == 0;
}

// @ts-ignore: decorator
@inline
function bounded(impact: f64): f64 {
  return Math.min(LARGEST, Math.max(-LARGEST, impact));
}

/** Rises with the size. */
function unbounded(job: Job, asset: i32, sizeUsd: f64): f64 {
  const pool = i(job.pool, asset);
  const volume = f(job.volumeUsd, asset);
  const flow = f(job.flowUsd, pool) + f(job.impactSpread, asset) * sizeUsd;
  const stays = f(job.lastingUsd, pool) + f(job.lastingSpread, asset) * sizeUsd;
  return (
    marginal(f(job.impactScale, asset), f(job.impactDelta, asset), volume, flow) +
    marginal(f(job.lastingScale, asset), f(job.lastingDelta, asset), volume, stays)
  );
}

/** The integral of `unbounded` between two sizes. */
function cost(job: Job, asset: i32, from: f64, to: f64): f64 {
  const pool = i(job.pool, asset);
  const volume = f(job.volumeUsd, asset);
  return (
    between(
      f(job.impactScale, asset),
      f(job.impactDelta, asset),
      volume,
      f(job.flowUsd, pool),
      f(job.impactSpread, asset),
      from,
      to,
    ) +
    between(
      f(job.lastingScale, asset),
      f(job.lastingDelta, asset),
      volume,
      f(job.lastingUsd, pool),
      f(job.lastingSpread, asset),
      from,
      to,
    )
  );
}

/** Where in [from, to] the unbounded impact reaches `level`; the nearer end where it does not. */
function reached(job: Job, asset: i32, from: f64, to: f64, level: f64): f64 {
  if (unbounded(job, asset, from) >= level) return from;
  if (unbounded(job, asset, to) <= level) return to;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = 0.5 * (from + to);
    if (unbounded(job, asset, middle) < level) from = middle;
    else to = middle;
  }
  return 0.5 * (from + to);
}

/** [C(Q + φ·to) − C(Q + φ·from)] / φ. */
function between(scale: f64, delta: f64, volume: f64, flow: f64, spread: f64, from: f64, to: f64): f64 {
  if (scale == 0 || from == to) return 0;
  return (total(scale, delta, volume, flow + spread * to) - total(scale, delta, volume, flow + spread * from)) / spread;
}

/** C(Q). */
function total(scale: f64, delta: f64, volume: f64, flow: f64): f64 {
  const size = Math.abs(flow);
  return size == 0 ? 0 : size * scale * power(size / volume, delta);
}

/** C'(Q). */
function marginal(scale: f64, delta: f64, volume: f64, flow: f64): f64 {
  if (scale == 0 || flow == 0) return 0;
  const impact = (1 + delta) * scale * power(Math.abs(flow) / volume, delta);
  return flow > 0 ? impact : -impact;
}

// @ts-ignore: decorator
@inline
function power(x: f64, delta: f64): f64 {
  return delta == 0.5 ? Math.sqrt(x) : NativeMath.pow(x, delta);
}
