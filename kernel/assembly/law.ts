/**
 * Paths of the market's law (models/market.ts), as price multiples of today:
 *
 *   r = μ + √h · m_s · z,   h' = ω + (α + γ·1[e<0]) e² + β h,   e = r − μ,   z = margin table at x,   x = √(ν/W) · L_s n
 *
 * n independent normals by (path, step, asset), W chi-square with ν degrees by (path, step), s a Markov chain drawn by
 * (path, step). Every draw is a pure function of its coordinates, so a path does not depend on who makes it.
 */
import { chiSquare, normalQuantile } from './distribution';
import { block, even, odd, uniform, ASSET_SHOCK, REGIME } from './stream';

/**
 * Bound on one step's log return, percent (a factor of 10): exponentials of t or Pareto returns have no mean, and one
 * unbounded draw would decide every average. Margins are already tempered at their outer nodes; this binds almost never.
 */
const LARGEST_RETURN_PCT: f64 = 230.0;

/** In the caller's memory; kernel/job.ts writes the same order. Pointers are to f64 unless said. */
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
  /** regimes × assets × assets, lower triangular. */
  cholesky: usize;
  /** By asset: μ, ω, α, γ, β, first h. */
  gjr: usize;
  /** i32, assets + 1: where each asset's nodes begin. */
  marginStart: usize;
  marginX: usize;
  marginZ: usize;
  /** Working space: three times `assets`. */
  work: usize;
  copulaNu: f64;
}

/** Price multiples for `count` paths from `firstPath`, [path][step][asset], at `out`. */
export function simulate(law: Law, firstPath: u32, count: i32, out: usize): void {
  const assets = law.assets;
  const bytes = <usize>assets << 3;
  const variance = law.work;
  const level = variance + bytes;
  const normal = level + bytes;
  const nu = law.copulaNu;

  for (let index = 0; index < count; index += 1) {
    const path = firstPath + <u32>index;
    for (let asset = 0; asset < assets; asset += 1) {
      store<f64>(at(variance, asset), load<f64>(at(law.gjr, 6 * asset + 5)));
      store<f64>(at(level, asset), 0);
    }
    let cumulative = law.initial;
    for (let step = 0; step < law.steps; step += 1) {
      const regime = pick(cumulative, law.regimes, uniform(law.seedLow, law.seedHigh, REGIME, path, step, 0));
      cumulative = at(law.transition, regime * law.regimes);
      const multiplier = load<f64>(at(law.multiplier, regime));
      const mixing = Math.sqrt(nu / chiSquare(law.seedLow, law.seedHigh, path, step, nu));

      for (let asset = 0; asset < assets; asset += 2) {
        block(law.seedLow, law.seedHigh, ASSET_SHOCK, path, step, asset >> 1);
        store<f64>(at(normal, asset), normalQuantile(even));
        if (asset + 1 < assets) store<f64>(at(normal, asset + 1), normalQuantile(odd));
      }

      let row = at(law.cholesky, regime * assets * assets);
      for (let asset = 0; asset < assets; asset += 1) {
        let x: f64 = 0;
        for (let other = 0; other <= asset; other += 1) x += load<f64>(at(row, other)) * load<f64>(at(normal, other));
        row += bytes;
        const z = margin(law, asset, mixing * x);

        const gjr = at(law.gjr, 6 * asset);
        const h = load<f64>(at(variance, asset));
        const mu = load<f64>(gjr);
        let r = mu + Math.sqrt(h) * multiplier * z;
        r = Math.min(Math.max(r, -LARGEST_RETURN_PCT), LARGEST_RETURN_PCT);
        const e = r - mu;
        const arch = load<f64>(gjr, 16) + (e < 0 ? load<f64>(gjr, 24) : 0);
        store<f64>(at(variance, asset), load<f64>(gjr, 8) + arch * e * e + load<f64>(gjr, 32) * h);

        const sum = load<f64>(at(level, asset)) + r;
        store<f64>(at(level, asset), sum);
        store<f64>(out, NativeMath.exp(sum / 100.0));
        out += 8;
      }
    }
  }
}

/** Linear between nodes, flat outside. */
function margin(law: Law, asset: i32, x: f64): f64 {
  let low = load<i32>(law.marginStart + (<usize>asset << 2));
  let high = load<i32>(law.marginStart + (<usize>asset << 2), 4) - 1;
  if (x <= load<f64>(at(law.marginX, low))) return load<f64>(at(law.marginZ, low));
  if (x >= load<f64>(at(law.marginX, high))) return load<f64>(at(law.marginZ, high));
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (load<f64>(at(law.marginX, middle)) <= x) low = middle;
    else high = middle;
  }
  const x0 = load<f64>(at(law.marginX, low));
  const z0 = load<f64>(at(law.marginZ, low));
  return z0 + ((x - x0) / (load<f64>(at(law.marginX, high)) - x0)) * (load<f64>(at(law.marginZ, high)) - z0);
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
