/**
 * Doubt: what keeps advice from the guard although every number of it holds. Where the law has lately been wrong about how often, or another model sees much more loss, people
 * decide; a machine waits and says why.
 */
import type { ProtocolState } from '../datasets/state.ts';
import type { ModelCard } from '../models/card.ts';
import { mostDisagreement } from '../tuner/challenger.ts';
import type { Policy } from '../tuner/policy.ts';
import type { Recommendation } from '../tuner/recommendation.ts';

export type Doubt = { readonly reason: 'forecast-failure' | 'models-disagree'; readonly says: string };

/** A quantile broken so much more often than said has a chance of one in a thousand. */
const LEAST_P = 0.001;

/** Of one asset of the book; null: none. An asset without a series has no forecast to doubt, and no advice either. */
export function doubt(
  asset: string,
  {
    card,
    recommendation,
    policy,
    state,
  }: { readonly card: ModelCard; readonly recommendation: Recommendation; readonly policy: Policy; readonly state: ProtocolState },
): Doubt | null {
  const panelAsset = state.assets.find((row) => row.asset === asset)?.panelAsset ?? null;
  const forecasts = card.assets.find((one) => one.asset === panelAsset)?.forecasts;
  if (forecasts !== undefined) {
    const { bars, level, below, above, belowP, aboveP } = forecasts;
    const expected = bars * level;
    const sides = [
      { beyond: below, p: belowP, where: `below the ${100 * level} % quantile` },
      { beyond: above, p: aboveP, where: `above the ${100 * (1 - level)} % quantile` },
    ];
    // Too few is caution; only too many is a law that does not know the market.
    const failed = sides.find(({ beyond, p }) => beyond > expected && p < LEAST_P);
    if (failed !== undefined) {
      const says = `${failed.beyond} of the newest ${bars} steps of ${panelAsset} lie ${failed.where}, ${expected.toFixed(1)} expected (p ${failed.p.toExponential(1)}).`;
      return { reason: 'forecast-failure', says };
    }
  }
  const apart = recommendation.assets.find((one) => one.asset === asset)?.challenge?.index;
  const most = mostDisagreement(policy);
  if (apart === undefined || apart <= most) return null;
  return {
    reason: 'models-disagree',
    says: `Law and history differ by a factor of ${apart.toFixed(2)} on ${asset}; the policy lets a machine act up to ${most}.`,
  };
}
