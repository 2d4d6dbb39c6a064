/** A GARCH or GJR model, its way into the module's memory (assembly/garch.ts, same order) and back. */
import type { Arena } from './memory.ts';

export type Input = {
  /** Even in number; NaN where not observed. */
  readonly returns: Float64Array;
  /** Normal, Student-t, Hansen's skewed t. */
  readonly law: 0 | 1 | 2;
  /** μ, ω, α, γ, β, the first variance, then the law's ν, λ, b, a, b_ν, a_ν, b_λ, a_λ and its constant's derivative in ν. */
  readonly parameters: Float64Array;
  /** Derivatives of the first variance in the first five, for the curvature only. */
  readonly moving: Float64Array | null;
};

export type Wanted = 'value' | 'score' | 'curvature';

/** Each part empty where not wanted; null where a variance left the doubles. */
export type Pass = {
  /** See `density` in assembly/garch-density.ts. */
  readonly density: Float64Array;
  /** See `backward` in assembly/garch.ts. */
  readonly adjoint: Float64Array;
  /** See `curvature` in assembly/garch-curvature.ts. */
  readonly curvature: Float64Array;
} | null;

export type Exports = {
  garchValue(returns: number, n: number, p: number, law: number, every: number, room: number, out: number): number;
  garchBackward(returns: number, n: number, p: number, room: number, out: number): void;
  garchCurvature(returns: number, n: number, p: number, law: number, room: number, moving: number, out: number): void;
};

const WORD = 8;
const COLUMNS = 9;
const DENSITY = 7;
const ADJOINT = 8;
/** Places from the sums of the density to those of the adjoint. */
const APART = 8;
const CURVATURE = 68;
const NONE = new Float64Array(0);

export function run(arena: Arena, wasm: Exports, { returns, law, parameters, moving }: Input, wants: Wanted): Pass {
  const bars = returns.length;
  const data = arena.place(returns);
  const p = arena.place(parameters);
  const first = moving === null ? 0 : arena.place(moving);
  const out = arena.room(WORD * (APART + ADJOINT + CURVATURE));
  const room = arena.room(WORD * COLUMNS * bars);
  const curved = wants === 'curvature';
  if (wasm.garchValue(data, bars, p, law, curved ? 1 : 0, room, out) === 0) return null;
  if (wants !== 'value') wasm.garchBackward(data, bars, p, room, out);
  const matrices = out + WORD * (APART + ADJOINT);
  if (curved) wasm.garchCurvature(data, bars, p, law, room, first, matrices);
  return {
    density: arena.read(out, DENSITY),
    adjoint: wants === 'value' ? NONE : arena.read(out + WORD * APART, ADJOINT),
    curvature: curved ? arena.read(matrices, CURVATURE) : NONE,
  };
}
