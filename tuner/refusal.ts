/**
 * Refusals: what the tuner will not judge, and why. A refusal is a value; the first reason in this order is given:
 * stale data, too few paths to prove anything, a law that did not converge, an asset without a price law, no exposure, disagreement between models.
 */
import { PlimsollError } from '../base/errors.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import type { AssetState, ProtocolState } from '../datasets/state.ts';
import type { MarketModel } from '../models/market.ts';
import type { ScenarioSet } from '../models/scenario.ts';
import { largestWeight } from '../models/tilt.ts';
import { type Exposure, judge } from './objective.ts';
import type { Field, Policy } from './policy.ts';
import type { AbstainReason } from './recommendation.ts';
import * as Trials from './trials.ts';

export type Refusal = { readonly reason: AbstainReason; readonly says: string };

export type Known = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly policy: Policy;
  readonly scenarios: Pick<ScenarioSet, 'paths' | 'tilt'>;
  readonly now: string;
  /** The panel's list of assets that quality control left out: tells poisoned data from an unknown asset. */
  readonly excluded?: MarketPanel['excluded'];
};

/**
 * Above this factor between two model families' 1 % quantiles nothing is recommended. Two: a loss twice as large needs a
 * haircut about twice as large, more than any single step repairs.
 */
const MOST_DISAGREEMENT = 2;

/** A reason that holds for every asset, or null. */
export function refusalOfAll({ state, model, policy, scenarios, now }: Known): Refusal | null {
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
  const searchPaths = Trials.halfOf(scenarios.paths);
  const each = (value: number) => new Array<number>(searchPaths).fill(value);
  const lossless = { lossUsd: each(0), weight: each(1), largestWeight: largestWeight(scenarios.tilt) };
  if (!judge(lossless, { ...policy, budgetUsd: 0 }).safe) {
    const says = `${searchPaths} paths without a loss would not prove a probability of ${policy.overBudgetProbability}`;
    return { reason: 'inconclusive', says };
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
  const apart = disagreement(model, panelAsset);
  if (apart !== null && apart > MOST_DISAGREEMENT) {
    return {
      reason: 'models-disagree',
      says: `forecaster and law see bad days of ${panelAsset} that differ by a factor of ${apart.toFixed(2)}`,
    };
  }
  if (field === 'marginMultiplierPpm') {
    if (exposure.perpAccounts === 0) return { reason: 'no-exposure', says: `no derivative account holds ${asset}` };
  } else if (exposure.collateralUsd === 0) {
    return { reason: 'no-exposure', says: `no account uses ${asset} as collateral under its own parameters` };
  }
  return null;
}

/**
 * How far the two model families are apart on the bad tail of an asset's coming return, as a factor of at least 1. Null where
 * the forecaster has not earned a weight: a challenger that lost out of sample has no say.
 */
export function disagreement({ forecaster }: MarketModel, panelAsset: string): number | null {
  const ratio = forecaster?.tailRatio[panelAsset];
  if (ratio === undefined || !forecaster?.verdicts.some(({ asset, weight }) => asset === panelAsset && weight > 0)) return null;
  return ratio > 0 ? Math.max(ratio, 1 / ratio) : Number.POSITIVE_INFINITY;
}

/** E[m²] under today's regime probabilities; 1 in the long run. */
export function expectedMultiplierSquared({ regime }: MarketModel): number {
  return regime.now.reduce((total, probability, at) => total + probability * regime.multiplier[at]! * regime.multiplier[at]!, 0);
}

function missing({ model, excluded }: Known, panelAsset: string): Refusal {
  const found = excluded?.find(({ asset }) => asset === panelAsset);
  if (found !== undefined)
    return { reason: found.kind === 'too-little-history' ? 'too-little-history' : 'poisoned-data', says: found.says };
  const left = model.left.find(({ asset }) => asset === panelAsset);
  if (left === undefined) return { reason: 'not-in-panel', says: `the panel has no ${panelAsset}` };
  // What the fit left out begins with its kind: a refusal, a finding of quality control, or the name of the error of a fit.
  const [kind = ''] = left.says.split(':', 1);
  const reason =
    kind === 'too-little-history' || kind === 'stale-data' ? kind : /^[A-Z]\w*\.\w+Error$/.test(kind) ? 'not-converged' : 'poisoned-data';
  return { reason, says: left.says };
}

export class LookAheadError extends PlimsollError {
  override readonly name = 'Refusal.LookAheadError';
}
