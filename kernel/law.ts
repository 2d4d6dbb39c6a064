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
};

/** Parts of a margin table's range, as in assembly/law.ts. */
const GUIDE = 256;
const GJR_ROWS = 6;

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
  ];
  return arena.struct(words, [law.copulaNu]);
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
