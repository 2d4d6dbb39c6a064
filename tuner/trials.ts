/**
 * Trials: the stress engine as the search sees it: the same question is asked once, and questions are counted.
 *
 * The first half of the paths searches, in whole blocks where that costs little; the rest stays fresh for the confirmation.
 */
import { canonicalJson } from '../base/id.ts';
import type { ParametersByAsset } from '../datasets/state.ts';
import type { Evaluate } from './stress/evaluate.ts';
import type { StressEvidence } from './stress/evidence.ts';
import { BLOCK } from './stress/stress.ts';

export type Trials = {
  /** Paths 0 to searchPaths − 1 search. */
  readonly searchPaths: number;
  readonly allPaths: number;
  /** Fewer, for putting candidates in order before judging any. */
  readonly screenPaths: number;
  readonly at: (parameters: ParametersByAsset, paths: number, step: string) => Promise<StressEvidence>;
  readonly count: () => number;
};

/** Evaluations a full search takes: for the progress bar only. */
const TYPICAL = 40;

/** Two blocks: work for two threads. */
const SCREEN_PATHS = 2 * BLOCK;

export function open(evaluate: Evaluate, allPaths: number, onStep?: (step: string, share: number) => void): Trials {
  const searchPaths = halfOf(allPaths);
  const known = new Map<string, Promise<StressEvidence>>();
  let count = 0;
  return {
    searchPaths,
    allPaths,
    screenPaths: Math.min(SCREEN_PATHS, searchPaths),
    count: () => count,
    at: (parameters, paths, step) => {
      const key = `${paths} ${canonicalJson(parameters)}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      count += 1;
      onStep?.(step, count / (count + TYPICAL / 2));
      const evidence = evaluate({ parameters, borrowers: 'responsive', paths });
      known.set(key, evidence);
      return evidence;
    },
  };
}

/** Paths that search. Whole blocks from four on: less than a fifth of the half is lost to rounding. */
export function halfOf(allPaths: number): number {
  const half = Math.max(1, Math.floor(allPaths / 2));
  return half >= 4 * BLOCK ? half - (half % BLOCK) : half;
}
