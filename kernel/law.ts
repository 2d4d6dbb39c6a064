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
  readonly copulaNu: number;
};

export function place(arena: Arena, law: LawInput, seed: number, steps: number): number {
  const words = [
    law.assets,
    law.regimes,
    steps,
    ...seedWords(seed),
    arena.place(law.initial),
    arena.place(law.transition),
    arena.place(law.multiplier),
    arena.place(law.cholesky),
    arena.place(law.gjr),
    arena.place(law.marginStart),
    arena.place(law.marginX),
    arena.place(law.marginZ),
    arena.zeros(3 * 8 * law.assets),
  ];
  return arena.struct(words, [law.copulaNu]);
}
