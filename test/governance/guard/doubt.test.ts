import { describe, expect, it } from 'vitest';
import { doubt } from '../../../governance/guard-doubt.ts';
import type { ModelCard } from '../../../models/card.ts';
import { mostDisagreement } from '../../../tuner/challenger.ts';
import type { Recommendation } from '../../../tuner/recommendation.ts';
import { card as cardOf } from '../../web/card.ts';
import * as Book from '../book.ts';
import { policy } from './terms.ts';

const plain = Book.state();
const state = Book.state({ assets: plain.assets.map((row) => ({ ...row, panelAsset: `${row.asset}-USD` })) });
const asset = state.assets[0]!;

function card(forecasts: Partial<ModelCard['assets'][number]['forecasts']>): ModelCard {
  const made = cardOf();
  const [first] = made.assets;
  return { ...made, assets: [{ ...first!, asset: asset.panelAsset!, forecasts: { ...first!.forecasts, ...forecasts } }] };
}
function advice(index: number | null): Recommendation {
  const made = Book.recommendation(state);
  const challenge = index === null ? null : { index };
  return { ...made, assets: made.assets.map((one) => ({ ...one, challenge })) as unknown as Recommendation['assets'] };
}
const ask = (forecasts: Parameters<typeof card>[0], index: number | null = null) =>
  doubt(asset.asset, { card: card(forecasts), recommendation: advice(index), policy, state })?.reason ?? null;

describe('a machine leaves to people', () => {
  it('nothing where the law was right and models agree', () => {
    expect(ask({})).toBeNull();
    expect(ask({}, 1)).toBeNull();
    expect(ask({}, mostDisagreement(policy))).toBeNull();
  });

  it('what the law has lately been wrong about, on either side', () => {
    expect(ask({ bars: 500, below: 16, belowP: 0.0001 })).toBe('forecast-failure');
    expect(ask({ bars: 500, above: 16, aboveP: 0.0001 })).toBe('forecast-failure');
    expect(ask({ bars: 500, below: 11, belowP: 0.02 })).toBeNull();
  });

  it('not a quantile that was broken too seldom: that is caution', () => {
    expect(ask({ bars: 500, below: 0, belowP: 0.0001 })).toBeNull();
  });

  it('what another model sees otherwise', () => {
    expect(ask({}, mostDisagreement(policy) + 0.01)).toBe('models-disagree');
  });
});
