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
  readonly at: (parameters: ParametersByAsset, paths: number, step: string) => Promise<StressEvidence>;
  readonly count: () => number;
};

/** Evaluations a full search takes: for the progress bar only. */
const TYPICAL = 60;

export function open(evaluate: Evaluate, allPaths: number, onStep?: (step: string, share: number) => void): Trials {
  const searchPaths = halfOf(allPaths);
  const known = new Map<string, StressEvidence>();
  let count = 0;
  return {
    searchPaths,
    allPaths,
    count: () => count,
    at: async (parameters, paths, step) => {
      const key = `${paths} ${canonicalJson(parameters)}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      onStep?.(step, count / (count + TYPICAL / 2));
      const evidence = await evaluate({ parameters, borrowers: 'responsive', paths });
      count += 1;
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
