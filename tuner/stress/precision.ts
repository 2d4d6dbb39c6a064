/**
 * Precision: how many paths are enough, asked before anything rests on them. Paths are doubled until the standard error of today's expected shortfall
 * is small enough or no more are allowed. Path i does not depend on how many there are, and evidence not on who computed it, so the answer is a
 * function of book, law and seed: nobody can shop for it, and it is the same on every machine.
 */
import type { StressEvidence } from './evidence.ts';

export type Wanted = { readonly firstPaths: number; readonly mostPaths: number; readonly standardErrorUsd: number };
export type Enough = { readonly paths: number; readonly standardErrorUsd: number; readonly reached: boolean };

/** `evaluate`: today's parameters on the first n paths of one scenario set of `mostPaths`. */
export async function enough(
  evaluate: (paths: number) => Promise<StressEvidence>,
  { firstPaths, mostPaths, standardErrorUsd: wantedUsd }: Wanted,
  onRound: (round: Enough) => void = () => {},
): Promise<Enough> {
  let paths = Math.min(firstPaths, mostPaths);
  for (;;) {
    const { expectedShortfallStandardErrorUsd: standardErrorUsd } = (await evaluate(paths)).summary;
    const round = { paths, standardErrorUsd, reached: standardErrorUsd <= wantedUsd };
    onRound(round);
    if (round.reached || paths >= mostPaths) return round;
    paths = Math.min(2 * paths, mostPaths);
  }
}
