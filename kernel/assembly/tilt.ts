/**
 * Importance sampling of paths: some are pushed towards falls of a portfolio, and all are weighted so that averages stay the law's.
 *
 * A path is of one of four kinds, drawn by itself:
 *   plain    as the law has it
 *   drift    every step's normals are moved by (shift/√steps)·d, d the unit direction in which the portfolio falls fastest
 *   shock    one step, drawn evenly, is moved by shift·d and its mixing variable W becomes scale·W: fatter for all assets at once
 *   single   one step and one asset i, drawn: the step is moved by −shift·Lᵢ (row i of the regime's factor), W as before
 *
 * Weight = law's density over the mixture's (balance heuristic: Veach and Guibas 1995; defensive mixture: Hesterberg 1995),
 *   1 / (plain + drift·D + shock·mean over t of e^{shift·s_t − shift²/2}·F_t + single·mean over t of Σᵢ pᵢ e^{−shift·x_ti − shift²/2}·F_t),
 *   D = e^{δS − shift²/2}, δ = shift/√steps, s_t = d·n_t, S their sum, x_t = L n_t, F_t = scale^{−ν/2} e^{−(1/scale − 1)·W_t/2}.
 * It never exceeds 1/plain, however wrong the directions.
 */
import { exponentials } from './exponential';
import { Law } from './law';
import { block, even, odd, TILT } from './stream';

const PLAIN: i32 = 0;
const DRIFT: i32 = 1;
const SHOCK: i32 = 2;
const SINGLE: i32 = 3;

let kind: i32 = PLAIN;
/** Step and asset that are hit. */
let shocked: i32 = 0;
let struck: i32 = 0;
/** S so far. */
let along: f64 = 0;
/** Sums over steps of the density ratios. */
let shocks: f64 = 0;
let singles: f64 = 0;
/** s_t and W_t of the step; W is 0 under a Gaussian copula. */
let dot: f64 = 0;
let mixed: f64 = 0;
/** ½ν·ln scale of shock and single; 0 under a Gaussian copula. */
let shockLog: f64 = 0;
let singleLog: f64 = 0;

/** Before the first path of a law. */
export function begin(law: Law): void {
  const half = law.copulaNu == Infinity ? 0 : 0.5 * law.copulaNu;
  shockLog = half == 0 ? 0 : half * NativeMath.log(law.shockScale);
  singleLog = half == 0 ? 0 : half * NativeMath.log(law.singleScale);
  mixed = 0;
}

export function open(law: Law, path: u32): void {
  block(law.seedLow, law.seedHigh, TILT, path, 0, 0);
  shocked = <i32>(odd * <f64>law.steps);
  const u = even;
  kind = PLAIN;
  if (u < law.driftShare) kind = DRIFT;
  else if (u < law.driftShare + law.shockShare) kind = SHOCK;
  else if (u < law.driftShare + law.shockShare + law.singleShare) {
    kind = SINGLE;
    block(law.seedLow, law.seedHigh, TILT, path, 0, 1);
    struck = 0;
    let rest = even - load<f64>(law.single);
    while (rest >= 0 && struck < law.assets - 1) {
      struck += 1;
      rest -= load<f64>(law.single + (<usize>struck << 3));
    }
  }
  along = 0;
  shocks = 0;
  singles = 0;
}

/** The step's mixing variable, given the one drawn. */
export function mixing(law: Law, step: i32, drawn: f64): f64 {
  mixed = drawn;
  if (step == shocked) {
    if (kind == SHOCK) mixed = drawn * law.shockScale;
    else if (kind == SINGLE) mixed = drawn * law.singleScale;
  }
  return mixed;
}

/** Moves the step's normals where the path's kind says so. `column`: the regime's factor by columns of `width`. */
export function push(law: Law, step: i32, normal: usize, column: usize, width: i32): void {
  let shift: f64 = 0;
  if (kind == DRIFT) shift = law.driftShift / Math.sqrt(<f64>law.steps);
  else if (step == shocked) {
    if (kind == SHOCK) shift = law.shockShift;
    else if (kind == SINGLE) {
      for (let asset = 0; asset <= struck; asset += 1) {
        const draw = normal + (<usize>asset << 3);
        store<f64>(draw, load<f64>(draw) - law.singleShift * load<f64>(column + (<usize>(asset * width + struck) << 3)));
      }
    }
  }
  dot = 0;
  for (let asset = 0; asset < law.assets; asset += 1) {
    const draw = normal + (<usize>asset << 3);
    const direction = load<f64>(law.direction + (<usize>asset << 3));
    const moved = load<f64>(draw) + shift * direction;
    store<f64>(draw, moved);
    dot += moved * direction;
  }
}

/** Takes the step into the weight; `shock` holds mixing·L·n of every asset, zeros up to `width`. */
export function tally(law: Law, shock: usize, mixing: f64, width: i32): void {
  along += dot;
  shocks += NativeMath.exp(law.shockShift * dot - 0.5 * law.shockShift * law.shockShift - shockLog - 0.5 * (1 / law.shockScale - 1) * mixed);
  if (law.singleShare == 0) return;
  const fatter = -0.5 * law.singleShift * law.singleShift - singleLog - 0.5 * (1 / law.singleScale - 1) * mixed;
  const slope = f64x2.splat(-law.singleShift / mixing);
  let sum = f64x2.splat(0);
  for (let asset: usize = 0; asset < <usize>width << 3; asset += 16) {
    const ratio = exponentials(f64x2.add(f64x2.mul(slope, v128.load(shock + asset)), f64x2.splat(fatter)));
    sum = f64x2.add(sum, f64x2.mul(v128.load(law.single + asset), ratio));
  }
  singles += f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

export function weight(law: Law): f64 {
  const steps = <f64>law.steps;
  const drift = NativeMath.exp((law.driftShift / Math.sqrt(steps)) * along - 0.5 * law.driftShift * law.driftShift);
  const plain = 1 - law.driftShare - law.shockShare - law.singleShare;
  return 1 / (plain + law.driftShare * drift + (law.shockShare * shocks + law.singleShare * singles) / steps);
}
