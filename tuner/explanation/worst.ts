/** Worst: the paths that cost most under the advised parameters, each with what moved in it; anyone can simulate it again from its number. */
import { z } from 'zod';
import type { ProtocolState } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import type { StressEvidence } from '../stress/evidence.ts';
import * as Law from '../stress/law.ts';
import { losses } from '../stress/summary.ts';

export const WorstPath = z
  .strictObject({
    path: z.int().nonnegative(),
    lossUsd: z.number(),
    /** What it counts in averages. */
    weight: z.number().nonnegative(),
    beforeUsd: z.number(),
    /** Lowest price on the path as a multiple of today's, the deepest falls first. */
    falls: z.array(z.strictObject({ asset: z.string(), low: z.number() }).readonly()).readonly(),
  })
  .readonly();
export type WorstPath = z.infer<typeof WorstPath>;

const MOST_FALLS = 4;

export function worstPaths(
  { state, model, scenarios }: { readonly state: ProtocolState; readonly model: MarketModel; readonly scenarios: ScenarioSet },
  before: StressEvidence,
  after: StressEvidence,
  count: number,
): readonly WorstPath[] {
  const kernel = loadKernel();
  const law = Law.flatten(model, scenarios.tilt).input;
  const [lossUsd, beforeUsd] = [after, before].map(({ paths }) => losses(paths, state.insuranceFundUsd)) as [number[], number[]];
  const worst = lossUsd
    .map((usd, path) => ({ usd, path }))
    .filter(({ usd }) => usd > 0)
    .sort((a, b) => b.usd - a.usd || a.path - b.path)
    .slice(0, count);
  return worst.map(({ usd, path }) => {
    const { factors } = kernel.simulate(law, scenarios.seed, scenarios.steps, path, 1);
    const falls = model.assets.map((asset, column) => {
      let low = 1;
      for (let step = 0; step < scenarios.steps; step += 1) low = Math.min(low, factors[step * model.assets.length + column]!);
      return { asset, low };
    });
    const deepest = falls.sort((a, b) => a.low - b.low || (a.asset < b.asset ? -1 : 1)).slice(0, MOST_FALLS);
    return { path, lossUsd: usd, weight: after.paths.weight[path]!, beforeUsd: beforeUsd[path]!, falls: deepest };
  });
}
