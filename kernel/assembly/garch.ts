/**
 * GARCH(1,1) and GJR(1,1): variances forward, densities across, adjoints backward. Equations: models/garch.ts, models/garch-adjoint.ts;
 * the plain loop: models/garch-recursion.ts.
 *
 * NaN: a bar that was not observed; an odd number of bars is made even by one.
 */
import { density, NORMAL, SKEWED, STUDENT } from './garch-density';

/** Doubles by place, as `kernel/garch.ts` writes them; those of the law stand in `garch-density.ts`. */
const OMEGA: usize = 8;
const ALPHA: usize = 16;
const GAMMA: usize = 24;
const BETA: usize = 32;
const FIRST_VARIANCE: usize = 40;

/** Columns of the room: h, ∂l/∂h, what `garch-density.ts` adds, and here A of the bar after. */
const ADJOINT: usize = 8;
/** Where the sums of `backward` stand after those of the density. */
const SUMS: usize = 64;

/** Variances, and sums of their densities at `out`; every derivative by bar where wanted. 0 where a variance leaves the doubles. */
export function value(returns: usize, n: i32, p: usize, law: i32, every: i32, room: usize, out: usize): i32 {
  variances(returns, n, p, room);
  if (law == NORMAL) return every ? density(returns, n, p, room, out, NORMAL, true) : density(returns, n, p, room, out, NORMAL, false);
  if (law == STUDENT) return every ? density(returns, n, p, room, out, STUDENT, true) : density(returns, n, p, room, out, STUDENT, false);
  return every ? density(returns, n, p, room, out, SKEWED, true) : density(returns, n, p, room, out, SKEWED, false);
}

/** After `value`: Σ A·(1, h, e, e⁻, e², e⁻²), Σ A·h where not observed, and A of the first h. */
export function backward(returns: usize, n: i32, p: usize, room: usize, out: usize): void {
  const beta = load<f64>(p, BETA);
  const phi = load<f64>(p, ALPHA) + 0.5 * load<f64>(p, GAMMA) + beta;
  const stride = <usize>n << 3;
  const mu = f64x2.splat(load<f64>(p));
  let sum = f64x2.splat(0);
  let byH = f64x2.splat(0);
  let byHole = f64x2.splat(0);
  let byE = f64x2.splat(0);
  let byLower = f64x2.splat(0);
  let bySquare = f64x2.splat(0);
  let byFall = f64x2.splat(0);
  let adjoint: f64 = 0;
  for (let t = stride; t > 0; ) {
    t -= 16;
    const pair = v128.load(returns + t);
    const force = room + stride + t;
    const later = adjoint;
    adjoint = step(f64x2.extract_lane(pair, 1), adjoint, beta, phi) + load<f64>(force, 8);
    const a = f64x2(adjoint, later);
    adjoint = step(f64x2.extract_lane(pair, 0), adjoint, beta, phi) + load<f64>(force);
    v128.store(room + ADJOINT * stride + t, a);
    const seen = f64x2.eq(pair, pair);
    const e = v128.and(f64x2.sub(pair, mu), seen);
    const lower = f64x2.mul(f64x2.splat(0.5), f64x2.sub(e, f64x2.abs(e)));
    const ah = f64x2.mul(a, v128.load(room + t));
    const ae = f64x2.mul(a, e);
    const al = f64x2.mul(a, lower);
    sum = f64x2.add(sum, a);
    byH = f64x2.add(byH, ah);
    byHole = f64x2.add(byHole, v128.andnot(ah, seen));
    byE = f64x2.add(byE, ae);
    byLower = f64x2.add(byLower, al);
    bySquare = f64x2.add(bySquare, f64x2.mul(ae, e));
    byFall = f64x2.add(byFall, f64x2.mul(al, lower));
  }
  const at = out + SUMS;
  store<f64>(at, both(sum));
  store<f64>(at, both(byH), 8);
  store<f64>(at, both(byE), 16);
  store<f64>(at, both(byLower), 24);
  store<f64>(at, both(bySquare), 32);
  store<f64>(at, both(byFall), 40);
  store<f64>(at, both(byHole), 48);
  store<f64>(at, adjoint, 56);
}

function variances(returns: usize, n: i32, p: usize, room: usize): void {
  const mu = load<f64>(p);
  const omega = load<f64>(p, OMEGA);
  const alpha = load<f64>(p, ALPHA);
  const gamma = load<f64>(p, GAMMA);
  const beta = load<f64>(p, BETA);
  const phi = alpha + 0.5 * gamma + beta;
  let h = load<f64>(p, FIRST_VARIANCE);
  const end = <usize>n << 3;
  for (let t: usize = 0; t < end; t += 8) {
    store<f64>(room + t, h);
    const e = load<f64>(returns + t) - mu;
    if (e != e) {
      h = omega + phi * h;
      continue;
    }
    // No branch on the sign: half of them would be guessed wrong.
    const lower = 0.5 * (e - Math.abs(e));
    h = omega + alpha * e * e + gamma * lower * lower + beta * h;
  }
}

/** A less the bar's own part. */
// @ts-ignore: decorator
@inline
function step(r: f64, adjoint: f64, beta: f64, phi: f64): f64 {
  return (r != r ? phi : beta) * adjoint;
}

// @ts-ignore: decorator
@inline
function both(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}
