/** The law of models/market.ts as flat arrays, and its way into the module's memory (assembly/law.ts, same order). */
import { seedWords } from '../base/random.ts';
import type { Arena } from './memory.ts';

export type LawInput = {
  readonly assets: number;
  readonly regimes: number;
  /** Cumulative probabilities of the first step's regime. */
  readonly initial: Float64Array;
  /** Row-wise cumulative transition probabilities. */
  readonly transition: Float64Array;
  readonly multiplier: Float64Array;
  /** regimes × assets × assets, lower triangular. */
  readonly cholesky: Float64Array;
  /** By asset: μ, ω, α, γ, β, first h. */
  readonly gjr: Float64Array;
  /** assets + 1: where each asset's nodes begin. */
  readonly marginStart: Int32Array;
  readonly marginX: Float64Array;
  readonly marginZ: Float64Array;
  /** Infinity: a Gaussian copula. */
  readonly copulaNu: number;
  readonly tilt?: TiltInput;
};

/** Importance sampling, as in assembly/tilt.ts. */
export type TiltInput = {
  /** By asset, of length 1: where in the space of normal draws the portfolio falls fastest. */
  readonly direction: Float64Array;
  /** How often each asset is the one that is struck; sums to 1. */
  readonly single: Float64Array;
  /** Parts of all paths. */
  readonly share: { readonly drift: number; readonly shock: number; readonly single: number };
  /** Standard deviations of the draws: a whole path's, one step's, one asset's at one step. */
  readonly shift: { readonly drift: number; readonly shock: number; readonly single: number };
  /** Of the mixing variable at the step. */
  readonly scale: { readonly shock: number; readonly single: number };
};

export type Simulated = {
  /** Price multiples of today, [path][step][asset]. */
  readonly factors: Float64Array;
  /** Density under the law over that under the mixture drawn from; 1 where nothing is tilted. */
  readonly weights: Float64Array;
};

export function room(law: Pick<LawInput, 'assets'>, steps: number, count: number): Simulated {
  return { factors: new Float64Array(count * steps * law.assets), weights: new Float64Array(count) };
}

/** Parts of a margin table's range, as in assembly/law.ts. */
const GUIDE = 256;
const GJR_ROWS = 6;
const UNTILTED = {
  share: { drift: 0, shock: 0, single: 0 },
  shift: { drift: 0, shock: 0, single: 0 },
  scale: { shock: 1, single: 1 },
};

export function place(arena: Arena, law: LawInput, seed: number, steps: number): number {
  const { assets } = law;
  const width = 4 * Math.ceil(assets / 4);
  const gjr = new Float64Array(GJR_ROWS * width);
  for (let asset = 0; asset < assets; asset += 1) {
    for (let row = 0; row < GJR_ROWS; row += 1) gjr[row * width + asset] = law.gjr[GJR_ROWS * asset + row]!;
  }
  const columns = new Float64Array(law.regimes * assets * width);
  for (let regime = 0; regime < law.regimes; regime += 1) {
    for (let row = 0; row < assets; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        columns[(regime * assets + column) * width + row] = law.cholesky[(regime * assets + row) * assets + column]!;
      }
    }
  }
  const { guide, scale } = guideOf(law);
  const { share, shift, scale: thinner } = law.tilt ?? UNTILTED;
  const words = [
    assets,
    law.regimes,
    steps,
    ...seedWords(seed),
    arena.place(law.initial),
    arena.place(law.transition),
    arena.place(law.multiplier),
    arena.place(columns),
    arena.place(gjr),
    arena.place(law.marginStart),
    arena.place(law.marginX),
    arena.place(law.marginZ),
    arena.place(guide),
    arena.place(scale),
    arena.room(8 * (4 * (width + 8) + 16)),
    law.tilt === undefined ? 0 : arena.place(law.tilt.direction),
    law.tilt === undefined ? 0 : arena.place(padded(law.tilt.single, width)),
  ];
  const tilt = [share.drift, shift.drift, share.shock, shift.shock, thinner.shock, share.single, shift.single, thinner.single];
  return arena.struct(words, [law.copulaNu, ...tilt]);
}

function padded(values: Float64Array, length: number): Float64Array {
  const wide = new Float64Array(length);
  wide.set(values);
  return wide;
}

/**
 * Where to begin looking for a node: for part p of an asset's range, the last node that lies in an earlier part. The part of a number is
 * computed as the kernel computes it, so that rounding cannot put a node before the number that it comes after.
 */
function guideOf({ assets, marginStart, marginX }: LawInput): { guide: Int32Array; scale: Float64Array } {
  const guide = new Int32Array(assets * GUIDE);
  const scale = new Float64Array(assets);
  for (let asset = 0; asset < assets; asset += 1) {
    const [first, end] = [marginStart[asset]!, marginStart[asset + 1]!];
    if (end === first) continue;
    const lowest = marginX[first]!;
    scale[asset] = GUIDE / (marginX[end - 1]! - lowest);
    let node = first;
    for (let part = 0; part < GUIDE; part += 1) {
      while (node + 1 < end && Math.trunc((marginX[node + 1]! - lowest) * scale[asset]!) < part) node += 1;
      guide[asset * GUIDE + part] = node;
    }
  }
  return { guide, scale };
}
