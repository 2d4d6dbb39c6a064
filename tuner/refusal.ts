/**
 * Refusals: what the tuner will not judge, and why. A refusal is a value; the first reason in this order is given:
 * stale data, a law that did not converge, an asset without a price law, no exposure, disagreement between models.
 */
import { PlimsollError } from '../base/errors.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import type { AssetState, ProtocolState } from '../datasets/state.ts';
import type { MarketModel } from '../models/market.ts';
import type { Exposure } from './objective.ts';
import type { Field, Policy } from './policy.ts';
import type { AbstainReason } from './recommendation.ts';

export type Refusal = { readonly reason: AbstainReason; readonly says: string };

export type Known = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly policy: Policy;
  readonly now: string;
  /** The panel's list of assets that quality control left out: tells poisoned data from an unknown asset. */
  readonly excluded?: MarketPanel['excluded'];
};

/** A reason that holds for every asset, or null. */
export function refusalOfAll({ state, model, policy, now }: Known): Refusal | null {
  for (const [what, asOf] of [
    ['model', model.asOf],
    ['state', state.asOf],
  ] as const) {
    const ageSeconds = (Date.parse(now) - Date.parse(asOf)) / 1000;
    if (!(ageSeconds >= 0)) {
      throw new LookAheadError({
        got: `a ${what} as of ${asOf}`,
        needed: `one not later than now (${now})`,
        fix: 'Pass the time of the advice as now.',
      });
    }
    if (ageSeconds > policy.maxDataAgeSeconds) {
      return { reason: 'stale-data', says: `the ${what} is ${ageSeconds} s old; the policy allows ${policy.maxDataAgeSeconds} s` };
    }
  }
  for (const { fit } of [model.regime, model.correlation]) {
    if (!fit.converged) return { reason: 'not-converged', says: `${fit.model} of ${fit.subject} did not converge` };
  }
  return null;
}

/** A reason not to judge one field of one asset, or null. */
export function refusalOf(known: Known, { asset, panelAsset }: AssetState, exposure: Exposure, field: Field): Refusal | null {
  const { model } = known;
  if (panelAsset === null) return { reason: 'not-in-panel', says: `no price series drives ${asset}` };
  if (!model.assets.includes(panelAsset)) return missing(known, panelAsset);
  const law = model.volatility[panelAsset];
  const margin = model.margins[panelAsset];
  if (law === undefined || margin === undefined) return missing(known, panelAsset);
  for (const { fit } of [law, margin]) {
    if (!fit.converged) return { reason: 'not-converged', says: `${fit.model} of ${panelAsset} did not converge` };
  }
  if (field === 'marginMultiplierPpm') {
    if (exposure.perpAccounts === 0) return { reason: 'no-exposure', says: `no derivative account holds ${asset}` };
  } else if (exposure.collateralUsd === 0) {
    return { reason: 'no-exposure', says: `no account uses ${asset} as collateral under its own parameters` };
  }
  return null;
}

function missing({ model, excluded }: Known, panelAsset: string): Refusal {
  const found = excluded?.find(({ asset }) => asset === panelAsset);
  if (found !== undefined)
    return { reason: found.kind === 'too-little-history' ? 'too-little-history' : 'poisoned-data', says: found.says };
  const left = model.left.find(({ asset }) => asset === panelAsset);
  return left === undefined
    ? { reason: 'not-in-panel', says: `the panel has no ${panelAsset}` }
    : { reason: 'too-little-history', says: left.says };
}

export class LookAheadError extends PlimsollError {
  override readonly name = 'Refusal.LookAheadError';
}
