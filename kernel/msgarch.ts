/** A Markov-switching GARCH of two regimes, its way into the module's memory (assembly/msgarch.ts, same order) and back. */
import type { Arena } from './memory.ts';

/** Two numbers by regime, except μ. */
export type Input = {
  readonly returns: Float64Array;
  /** The first bar that has a likelihood. */
  readonly first: number;
  readonly isStudent: boolean;
  /** In the order of `assembly/msgarch.ts`: `PARAMETERS` numbers. */
  readonly parameters: Float64Array;
};

/** What is wanted beside the likelihood: nothing, the score, or the bars. */
export type Wanted = 'value' | 'score' | 'bars';

export type Pass = {
  readonly logLikelihood: number;
  /** Pairs by regime in the order of `assembly/msgarch.ts`; empty where not wanted. */
  readonly score: Float64Array;
  /** `PER_BAR` numbers a bar, h by regime first; empty where not wanted. */
  readonly bars: Float64Array;
  readonly nextVariance: Float64Array;
};

export type Exports = {
  msgarchForward(returns: number, n: number, first: number, p: number, student: number, trace: number, apart: number, out: number): number;
  msgarchBackward(returns: number, n: number, first: number, p: number, student: number, trace: number, out: number): void;
};

export const PARAMETERS = 27;
export const PER_BAR = 10;
/** Where in a bar the joint probability stands. */
export const PROBABILITY = 6;
const SCORES = 20;
const NONE = new Float64Array(0);

export function run(arena: Arena, wasm: Exports, { returns, first, isStudent, parameters }: Input, wants: Wanted): Pass {
  const bars = returns.length;
  const data = arena.place(returns);
  const p = arena.place(parameters);
  const next = arena.room(16);
  const out = arena.room(8 * SCORES);
  const trace = arena.room(8 * PER_BAR * bars);
  const apart = arena.room(8 * (bars + 1));
  const student = isStudent ? 1 : 0;
  const logLikelihood = wasm.msgarchForward(data, bars, first, p, student, trace, apart, next);
  if (wants === 'score') wasm.msgarchBackward(data, bars, first, p, student, trace, out);
  return {
    logLikelihood,
    score: wants === 'score' ? arena.read(out, SCORES) : NONE,
    bars: wants === 'bars' ? arena.read(trace, PER_BAR * bars) : NONE,
    nextVariance: arena.read(next, 2),
  };
}
