/**
 * Paths of the market's law (models/market.ts), as price multiples of today:
 *
 *   r = μ + √h · m_s · z,   h' = ω + (α + γ·1[e<0]) e² + β h,   e = r − μ,   z = margin table at x,   x = √(ν/W) · L_s n
 *
 * n independent normals by (path, step, asset), W chi-square with ν degrees by (path, step), s a Markov chain drawn by
 * (path, step). Every draw is a pure function of its coordinates, so a path does not depend on who makes it.
 *
 * Plainer laws draw less: one regime no chain, ν = ∞ no W (a Gaussian copula), and an asset whose table is empty has z = x. Without all three
 * this is geometric Brownian motion, for which much is known in closed form.
 *
 * Two assets go through the arithmetic at a time (128-bit lanes); rows are padded to an even number of assets with zeros.
 */
import { chiSquareOf } from './distribution';
import { exponentials } from './exponential';
import { toNormals } from './normal';
import * as Tilt from './tilt';
import { fourBlocks, ASSET_SHOCK, MIXING, REGIME } from './stream';

/**
 * Bound on one step's log return, percent (a factor of 10): exponentials of t or Pareto returns have no mean, and one
 * unbounded draw would decide every average. Margins are already tempered at their outer nodes; this binds almost never.
 */
const LARGEST_RETURN_PCT: f64 = 230.0;

/** In the caller's memory; kernel/law.ts writes the same order. Pointers are to f64 unless said; `width` is `assets` made even. */
@unmanaged
export class Law {
  assets: i32;
  regimes: i32;
  steps: i32;
  seedLow: u32;
  seedHigh: u32;
  /** Cumulative probabilities of the first step's regime. */
  initial: usize;
  /** Row-wise cumulative transition probabilities. */
  transition: usize;
  multiplier: usize;
  /** regimes × assets columns of `width` rows, lower triangular. */
  cholesky: usize;
  /** Six rows of `width`: μ, ω, α, γ, β, first h. */
  gjr: usize;
  /** i32, assets + 1: where each asset's nodes begin. */
  marginStart: usize;
  marginX: usize;
  marginZ: usize;
  /** i32, assets × GUIDE: the last node at or below each of the even parts of a table's range. */
  guide: usize;
  /** Parts of the range by unit of x, an asset. */
  guideScale: usize;
  /** Working space: 4 × (width + 8) + 16. */
  work: usize;
  /** By asset: the unit direction of the draws in which paths are pushed (tilt.ts); 0 where none is. */
  direction: usize;
  /** By asset, zeros up to `width`: how often it is the one that is struck. */
  single: usize;
  copulaNu: f64;
  driftShare: f64;
  driftShift: f64;
  shockShare: f64;
  shockShift: f64;
  shockScale: f64;
  singleShare: f64;
  singleShift: f64;
  singleScale: f64;
}

/** Parts of a margin table's range, for finding nodes. */
const GUIDE: i32 = 256;

/** Draws of one a step are made for so many steps at once. */
const AHEAD: i32 = 4;

/** Price multiples for `count` paths from `firstPath`, [path][step][asset], at `out`; the paths' weights at `weights`. */
export function simulate(law: Law, firstPath: u32, count: i32, out: usize, weights: usize): void {
  const assets = law.assets;
  const width = (assets + 3) & ~3;
  const bytes = <usize>(width + 8) << 3;
  const variance = law.work;
  const level = variance + bytes;
  const normal = level + bytes;
  const shock = normal + bytes;
  const regimes = shock + bytes;
  const mixings = regimes + 64;
  const single = law.regimes == 1;
  const nu = law.copulaNu;
  const gaussian = nu == Infinity;
  const none = i32x4.splat(0);
  const plain = load<i32>(law.marginStart + (<usize>assets << 2)) == 0;
  const tilted = law.direction != 0;
  if (tilted) Tilt.begin(law);

  for (let index = 0; index < count; index += 1) {
    const path = firstPath + <u32>index;
    memory.copy(variance, at(law.gjr, 5 * width), <usize>width << 3);
    memory.fill(level, 0, <usize>width << 3);
    if (tilted) Tilt.open(law, path);
    let cumulative = law.initial;
    let regime = 0;
    for (let step = 0; step < law.steps; step += 1) {
      const ahead = (step & (AHEAD - 1)) << 1;
      if (ahead == 0) {
        const four = i32x4.add(i32x4.splat(step), i32x4(0, 1, 2, 3));
        if (!single) fourBlocks(law.seedLow, law.seedHigh, REGIME, path, four, none, regimes);
        if (!gaussian) fourBlocks(law.seedLow, law.seedHigh, MIXING, path, four, none, mixings);
      }
      if (!single) {
        regime = pick(cumulative, law.regimes, load<f64>(at(regimes, ahead)));
        cumulative = at(law.transition, regime * law.regimes);
      }
      let mixing: f64 = 1;
      if (!gaussian) {
        const first = load<f64>(at(mixings, ahead));
        const second = load<f64>(at(mixings, ahead), 8);
        let w = chiSquareOf(first, second, law.seedLow, law.seedHigh, path, step, nu);
        if (tilted) w = Tilt.mixing(law, step, w);
        mixing = Math.sqrt(nu / w);
      }

      for (let pair = 0; pair < width >> 1; pair += 4) {
        const four = i32x4.add(i32x4.splat(pair), i32x4(0, 1, 2, 3));
        fourBlocks(law.seedLow, law.seedHigh, ASSET_SHOCK, path, i32x4.splat(step), four, normal + (<usize>pair << 4));
      }
      toNormals(normal, assets);
      const factor = at(law.cholesky, regime * assets * width);
      if (tilted) Tilt.push(law, step, normal, factor, width);
      correlate(factor, normal, shock, assets, width, mixing);
      if (tilted) Tilt.tally(law, shock, mixing, width);
      if (!plain) margins(law, shock);
      out = advance(law, width, load<f64>(at(law.multiplier, regime)), variance, level, shock, out);
    }
    store<f64>(at(weights, index), tilted ? Tilt.weight(law) : 1);
  }
}

/** out = mixing · L · n, rows four at a time; L by columns. */
function correlate(column: usize, normal: usize, out: usize, assets: i32, width: i32, mixing: f64): void {
  const stride = <usize>width << 3;
  const scale = f64x2.splat(mixing);
  for (let row = 0; row < width; row += 4) {
    let entry = at(column, row);
    let draw = normal;
    let upper = f64x2.splat(0);
    let lower = f64x2.splat(0);
    const end = at(normal, min(row + 4, assets));
    while (draw < end) {
      const n = v128.load64_splat(draw);
      upper = f64x2.add(upper, f64x2.mul(v128.load(entry), n));
      lower = f64x2.add(lower, f64x2.mul(v128.load(entry, 16), n));
      draw += 8;
      entry += stride;
    }
    v128.store(at(out, row), f64x2.mul(scale, upper));
    v128.store(at(out, row), f64x2.mul(scale, lower), 16);
  }
}

/** One step of every asset, given z; writes the price multiples and returns the place after them. */
function advance(law: Law, width: i32, multiplier: f64, variance: usize, level: usize, shock: usize, out: usize): usize {
  const row = <usize>width << 3;
  const assets = law.assets;
  const scale = f64x2.splat(multiplier);
  const zero = f64x2.splat(0);
  for (let asset = 0; asset < assets; asset += 2) {
    const gjr = at(law.gjr, asset);
    const h = v128.load(at(variance, asset));
    const mu = v128.load(gjr);
    const drawn = f64x2.add(mu, f64x2.mul(f64x2.mul(f64x2.sqrt(h), scale), v128.load(at(shock, asset))));
    const r = f64x2.pmin(f64x2.pmax(drawn, f64x2.splat(-LARGEST_RETURN_PCT)), f64x2.splat(LARGEST_RETURN_PCT));
    const e = f64x2.sub(r, mu);
    const bad = v128.and(f64x2.lt(e, zero), v128.load(gjr + 3 * row));
    const arch = f64x2.mul(f64x2.mul(f64x2.add(v128.load(gjr + 2 * row), bad), e), e);
    const kept = f64x2.mul(v128.load(gjr + 4 * row), h);
    v128.store(at(variance, asset), f64x2.add(f64x2.add(v128.load(gjr + row), arch), kept));
    const sum = f64x2.add(v128.load(at(level, asset)), r);
    v128.store(at(level, asset), sum);
    const factors = exponentials(f64x2.mul(sum, f64x2.splat(0.01)));
    if (asset + 1 < assets) v128.store(at(out, asset), factors);
    else store<f64>(at(out, asset), f64x2.extract_lane(factors, 0));
  }
  return at(out, assets);
}

/** Two at a time, so that what reads them next does not wait for two halves of one store. */
function margins(law: Law, shock: usize): void {
  const assets = law.assets;
  for (let asset = 0; asset < assets; asset += 2) {
    const first = margin(law, asset, load<f64>(at(shock, asset)));
    const second = asset + 1 < assets ? margin(law, asset + 1, load<f64>(at(shock, asset + 1))) : 0;
    v128.store(at(shock, asset), f64x2.replace_lane(f64x2.splat(first), 1, second));
  }
}

/** Linear between nodes, flat outside; x itself where there are none. */
function margin(law: Law, asset: i32, x: f64): f64 {
  const first = load<i32>(law.marginStart + (<usize>asset << 2));
  const last = load<i32>(law.marginStart + (<usize>asset << 2), 4) - 1;
  if (last < first) return x;
  const lowest = load<f64>(at(law.marginX, first));
  if (x <= lowest) return load<f64>(at(law.marginZ, first));
  if (x >= load<f64>(at(law.marginX, last))) return load<f64>(at(law.marginZ, last));
  const part = min(<i32>((x - lowest) * load<f64>(at(law.guideScale, asset))), GUIDE - 1);
  let low = load<i32>(law.guide + (<usize>(asset * GUIDE + part) << 2));
  while (load<f64>(at(law.marginX, low), 8) <= x) low += 1;
  const x0 = load<f64>(at(law.marginX, low));
  const z0 = load<f64>(at(law.marginZ, low));
  const slope = (load<f64>(at(law.marginZ, low), 8) - z0) / (load<f64>(at(law.marginX, low), 8) - x0);
  return z0 + (x - x0) * slope;
}

/** First index whose cumulative probability exceeds u; the last one where rounding left the sum below 1. */
function pick(cumulative: usize, count: i32, u: f64): i32 {
  let index = 0;
  while (index < count - 1 && u >= load<f64>(at(cumulative, index))) index += 1;
  return index;
}

// @ts-ignore: decorator
@inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 3);
}
