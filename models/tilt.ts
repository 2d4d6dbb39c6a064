/**
 * Tilt: which part of the paths is pushed towards falls of which portfolio, so that rare losses are seen often. Every path carries
 * a weight that makes averages the law's again: kernel/assembly/tilt.ts has the mixture and its weights.
 *
 * The recipe belongs to the scenario set, so that a path stays a pure function of (model, scenarios, i). A wrong recipe costs
 * precision, never truth: weights are at most `largestWeight`.
 */
import { z } from 'zod';
import { AssetName } from '../datasets/panel.ts';

const Share = z.number().min(0).max(0.9);
const Shift = z.number().min(0).max(10);
const Jolt = z.strictObject({ share: Share, shift: Shift, scale: z.number().positive().max(1) }).readonly();

export const Tilt = z
  .strictObject({
    /** USD by panel asset: the portfolio whose falls are sought. */
    towards: z.record(AssetName, z.number().nonnegative()).readonly(),
    /** `share` of the paths: all steps moved, by `shift` standard deviations of the whole path. */
    drift: z.strictObject({ share: Share, shift: Shift }).readonly(),
    /** One step moved by `shift` standard deviations of a step, its mixing variable W made `scale`·W. */
    shock: Jolt,
    /** The same for one asset of the portfolio, each as often: the others follow as far as they are correlated with it. */
    single: Jolt,
  })
  .readonly()
  .refine((tilt) => tiltedShare(tilt) <= 0.9, 'at least a tenth of the paths must stay as the law has them')
  .refine(({ towards }) => Object.values(towards).some((usd) => usd > 0), 'a portfolio to push needs an amount above 0');
export type Tilt = z.infer<typeof Tilt>;

/** No path weighs more. 1 where nothing is tilted. */
export function largestWeight(tilt: Tilt | null): number {
  return tilt === null ? 1 : 1 / (1 - tiltedShare(tilt));
}

function tiltedShare({ drift, shock, single }: Record<'drift' | 'shock' | 'single', { readonly share: number }>): number {
  return drift.share + shock.share + single.share;
}
