/**
 * A Markov-switching GARCH of two regimes, one a lane: likelihood and score. Equations and the loops for any number of regimes:
 * models/msgarch-filter.ts, models/msgarch-recursion.ts.
 *
 * Probabilities are kept in any scale, renormalised where they leave [1/HUGE, HUGE]: a division a bar would stand in the way of the next.
 * NaN: a bar that was not observed.
 */
import { exponentials } from './exponential';
import { logarithms } from './logarithm';

/** Pairs of doubles by regime, as `kernel/msgarch.ts` places them. */
const OMEGA: usize = 0;
const ALPHA: usize = 16;
const HALF_GAMMA: usize = 32;
const BETA: usize = 48;
/** α + γ/2 + β. */
const PHI: usize = 64;
const FIRST_VARIANCE: usize = 80;
/** Of the density; −½ or, with t errors, −(ν + 1)/2; 1/(ν − 2); the derivative of ln constant in ν. */
const CONSTANT: usize = 96;
const POWER: usize = 112;
const SPREAD: usize = 128;
const CONSTANT_BY_NU: usize = 144;
/** To both regimes from the first, then from the second. */
const FROM_FIRST: usize = 160;
const FROM_SECOND: usize = 176;
const STATIONARY: usize = 192;
const MU: usize = 208;

/** Bytes a bar of the trace: h, 1/h, density, probability, ln(1 + e²/(h(ν − 2))), each by regime. */
const BAR: usize = 80;
const PRECISION: usize = 16;
const DENSITY: usize = 32;
const PROBABILITY: usize = 48;
const TAIL: usize = 64;

const HUGE: f64 = 1e100;
/** Of two log densities: the exponential of this is far inside the doubles. */
const FAR_APART: f64 = 200;

/**
 * Bars 0 … n − 1; those before `first` only move the variances. Writes h of the bar after the last at `out`, the trace, a bar after the
 * other, at `trace`; `apart` has room for n + 1 doubles.
 */
export function forward(returns: usize, n: i32, first: i32, p: usize, student: i32, trace: usize, apart: usize, out: usize): f64 {
  // 1. Variances and densities, relative to the first regime's exponential: its logarithms are added up.
  const logs = student ? densities(returns, n, first, p, trace, apart, out, true) : densities(returns, n, first, p, trace, apart, out, false);
  // 2. What the second regime's exponential is times the first's, two bars at a time.
  store<f64>(apart + (<usize>n << 3), 0);
  for (let t = 0; t < n; t += 2) {
    const at = apart + (<usize>t << 3);
    v128.store(at, exponentials(v128.load(at)));
  }
  // 3. The filter.
  return logs + filtered(n, first, p, trace, apart);
}

// @ts-ignore: decorator
@inline
function densities(returns: usize, n: i32, first: i32, p: usize, trace: usize, apart: usize, out: usize, student: bool): f64 {
  const one = f64x2.splat(1.0);
  const omega = v128.load(p, OMEGA);
  const alpha = v128.load(p, ALPHA);
  const halfGamma = v128.load(p, HALF_GAMMA);
  const beta = v128.load(p, BETA);
  const constant = v128.load(p, CONSTANT);
  const power = v128.load(p, POWER);
  const spread = v128.load(p, SPREAD);
  const mu = load<f64>(p, MU);
  let h = v128.load(p, FIRST_VARIANCE);
  let total: f64 = 0;
  for (let t = 0; t < n; t += 1) {
    const bar = trace + <usize>t * BAR;
    const gap = apart + (<usize>t << 3);
    v128.store(bar, h);
    const e = load<f64>(returns + (<usize>t << 3)) - mu;
    if (e != e) {
      v128.store(bar, one, DENSITY);
      store<f64>(gap, 0);
      h = f64x2.add(omega, f64x2.mul(v128.load(p, PHI), h));
      continue;
    }
    const square = f64x2.splat(e * e);
    const precision = f64x2.div(one, h);
    const distance = f64x2.mul(square, precision);
    v128.store(bar, precision, PRECISION);
    v128.store(bar, f64x2.mul(constant, f64x2.sqrt(precision)), DENSITY);
    let log: v128;
    if (student) {
      const tail = logarithms(f64x2.add(one, f64x2.mul(distance, spread)));
      v128.store(bar, tail, TAIL);
      log = f64x2.mul(power, tail);
    } else {
      log = f64x2.mul(power, distance);
    }
    let base = f64x2.extract_lane(log, 0);
    let above = f64x2.extract_lane(log, 1) - base;
    if (above > FAR_APART) {
      // Relative to the second regime instead, where the first has nothing to say.
      v128.store(bar, f64x2.mul(v128.load(bar, DENSITY), exponentials(f64x2(-above, 0))), DENSITY);
      base += above;
      above = 0;
    }
    store<f64>(gap, above);
    if (t >= first) total += base;
    // e² − e|e| is twice the square of a fall: a branch on a coin toss costs more than all the rest.
    const fall = f64x2.splat(e * e - e * Math.abs(e));
    h = f64x2.add(f64x2.add(omega, f64x2.add(f64x2.mul(alpha, square), f64x2.mul(halfGamma, fall))), f64x2.mul(beta, h));
  }
  v128.store(out, h);
  return total;
}

function filtered(n: i32, first: i32, p: usize, trace: usize, apart: usize): f64 {
  const fromFirst = v128.load(p, FROM_FIRST);
  const fromSecond = v128.load(p, FROM_SECOND);
  let prior = v128.load(p, STATIONARY);
  let total: f64 = 0;
  let sum: f64 = 1;
  for (let t = 0; t < first; t += 1) v128.store(trace + <usize>t * BAR, prior, PROBABILITY);
  for (let t = first; t < n; t += 1) {
    const bar = trace + <usize>t * BAR;
    const relative = f64x2.replace_lane(f64x2.splat(1.0), 1, load<f64>(apart + (<usize>t << 3)));
    const density = f64x2.mul(v128.load(bar, DENSITY), relative);
    v128.store(bar, density, DENSITY);
    let joint = f64x2.mul(prior, density);
    sum = f64x2.extract_lane(joint, 0) + f64x2.extract_lane(joint, 1);
    if (!(sum < HUGE && sum > 1 / HUGE)) {
      total += NativeMath.log(sum);
      joint = f64x2.div(joint, f64x2.splat(sum));
      sum = 1;
    }
    v128.store(bar, joint, PROBABILITY);
    prior = f64x2.add(f64x2.mul(lowest(joint), fromFirst), f64x2.mul(highest(joint), fromSecond));
  }
  return total + NativeMath.log(sum);
}

/**
 * Back over the trace that `forward` left, where smoothed probabilities take the place of filtered ones. At `out`, pairs by regime:
 * derivatives in ω, α, γ, β, ν, the first h, μ (to be added up), then A_ij n_ij from the first and from the second, and the smoothed
 * probabilities of bar `first`. The first h is taken as fixed.
 */
export function backward(returns: usize, n: i32, first: i32, p: usize, student: i32, trace: usize, out: usize): void {
  if (student) adjoint(returns, n, first, p, trace, out, true);
  else adjoint(returns, n, first, p, trace, out, false);
}

// @ts-ignore: decorator
@inline
function adjoint(returns: usize, n: i32, first: i32, p: usize, trace: usize, out: usize, student: bool): void {
  const zero = f64x2.splat(0.0);
  const one = f64x2.splat(1.0);
  const half = f64x2.splat(0.5);
  const alpha = v128.load(p, ALPHA);
  const halfGamma = v128.load(p, HALF_GAMMA);
  const beta = v128.load(p, BETA);
  const phi = v128.load(p, PHI);
  const spread = v128.load(p, SPREAD);
  const constantByNu = v128.load(p, CONSTANT_BY_NU);
  // −2·power: ν + 1 with t errors.
  const pullScale = f64x2.mul(f64x2.splat(-2.0), v128.load(p, POWER));
  const fromFirst = v128.load(p, FROM_FIRST);
  const fromSecond = v128.load(p, FROM_SECOND);
  const toFirst = v128.shuffle<f64>(fromFirst, fromSecond, 0, 2);
  const toSecond = v128.shuffle<f64>(fromFirst, fromSecond, 1, 3);
  const mu = load<f64>(p, MU);
  let gMu = zero;
  let gOmega = zero;
  let gAlpha = zero;
  let gHalfGamma = zero;
  let gBeta = zero;
  let gNu = zero;
  let countFirst = zero;
  let countSecond = zero;
  let byNext = zero;
  // Likelihood of all later bars given the state, in any scale.
  let later = one;
  let weight = zero;
  if (n > first) {
    const joint = v128.load(trace + <usize>(n - 1) * BAR, PROBABILITY);
    weight = f64x2.div(joint, f64x2.splat(f64x2.extract_lane(joint, 0) + f64x2.extract_lane(joint, 1)));
  }
  for (let t = n - 1; t >= 0; t -= 1) {
    const bar = trace + <usize>t * BAR;
    const h = v128.load(bar);
    // 1. Weights of this bar are known; those of the bar before from what came after it.
    const now = weight;
    if (t >= first) v128.store(bar, now, PROBABILITY);
    if (t > first) {
      const through = f64x2.mul(v128.load(bar, DENSITY), later);
      later = f64x2.add(f64x2.mul(toFirst, lowest(through)), f64x2.mul(toSecond, highest(through)));
      const before = v128.load(bar - BAR, PROBABILITY);
      const joint = f64x2.mul(before, later);
      const scale = f64x2.splat(1.0 / (f64x2.extract_lane(joint, 0) + f64x2.extract_lane(joint, 1)));
      weight = f64x2.mul(joint, scale);
      const moved = f64x2.mul(through, scale);
      countFirst = f64x2.add(countFirst, f64x2.mul(lowest(before), moved));
      countSecond = f64x2.add(countSecond, f64x2.mul(highest(before), moved));
      const size = f64x2.extract_lane(later, 0) + f64x2.extract_lane(later, 1);
      if (!(size < HUGE && size > 1 / HUGE)) later = f64x2.div(later, f64x2.splat(size));
    } else if (t == first) {
      v128.store(out, now, 144);
      weight = zero;
    }
    // 2. The adjoint of the recursion of h.
    const e = load<f64>(returns + (<usize>t << 3)) - mu;
    gOmega = f64x2.add(gOmega, byNext);
    gBeta = f64x2.add(gBeta, f64x2.mul(byNext, h));
    if (e != e) {
      const expected = f64x2.mul(byNext, h);
      gAlpha = f64x2.add(gAlpha, expected);
      gHalfGamma = f64x2.add(gHalfGamma, expected);
      byNext = f64x2.mul(phi, byNext);
      continue;
    }
    const size = Math.abs(e);
    const square = f64x2.splat(e * e);
    gAlpha = f64x2.add(gAlpha, f64x2.mul(byNext, square));
    gHalfGamma = f64x2.add(gHalfGamma, f64x2.mul(byNext, f64x2.splat(e * e - e * size)));
    const precision = v128.load(bar, PRECISION);
    const distance = f64x2.mul(square, precision);
    let byE: v128;
    let byH: v128;
    if (student) {
      const q = f64x2.mul(distance, spread);
      const pull = f64x2.div(pullScale, f64x2.add(one, q));
      const halfPull = f64x2.mul(half, f64x2.mul(pull, q));
      byE = f64x2.mul(f64x2.mul(f64x2.mul(pull, spread), precision), f64x2.splat(e));
      byH = f64x2.mul(f64x2.sub(halfPull, half), precision);
      const byNu = f64x2.add(constantByNu, f64x2.sub(f64x2.mul(halfPull, spread), f64x2.mul(half, v128.load(bar, TAIL))));
      gNu = f64x2.add(gNu, f64x2.mul(now, byNu));
    } else {
      byE = f64x2.mul(precision, f64x2.splat(e));
      byH = f64x2.mul(f64x2.sub(f64x2.mul(half, distance), half), precision);
    }
    const drift = f64x2.add(f64x2.mul(alpha, f64x2.splat(2.0 * e)), f64x2.mul(halfGamma, f64x2.splat(2.0 * (e - size))));
    gMu = f64x2.add(gMu, f64x2.sub(f64x2.mul(now, byE), f64x2.mul(byNext, drift)));
    byNext = f64x2.add(f64x2.mul(now, byH), f64x2.mul(beta, byNext));
  }
  v128.store(out, gOmega);
  v128.store(out, gAlpha, 16);
  v128.store(out, f64x2.mul(half, gHalfGamma), 32);
  v128.store(out, gBeta, 48);
  v128.store(out, gNu, 64);
  v128.store(out, byNext, 80);
  v128.store(out, gMu, 96);
  v128.store(out, f64x2.mul(countFirst, fromFirst), 112);
  v128.store(out, f64x2.mul(countSecond, fromSecond), 128);
}

// @ts-ignore: decorator
@inline
function lowest(x: v128): v128 {
  return v128.shuffle<f64>(x, x, 0, 0);
}

// @ts-ignore: decorator
@inline
function highest(x: v128): v128 {
  return v128.shuffle<f64>(x, x, 1, 1);
}
