/**
 * Knobs: how far each field of each asset may move now, by the policy's limits, by what must hold between fields, and by the
 * accounts that a move itself would hurt.
 *
 * Roles. Haircuts and margin multipliers move with regime and evidence. Liquidation thresholds are through-the-cycle: a lower
 * one liquidates people into the very crash that asked for it, so it moves down only on evidence that today's turbulence did
 * not make (the asset's law now is no more volatile than over its whole sample), or where the bonus no longer fits under it.
 */
import { BPS_ONE, PPM_ONE } from '../base/units.ts';
import { type AssetState, type ParametersByAsset, type ProtocolState, parametersOf } from '../datasets/state.ts';
import type { MarketModel } from '../models/market.ts';
import type { AttackLimit } from './attack/limit.ts';
import type { Knob } from './greedy.ts';
import * as Limits from './limits.ts';
import { type Exposure, newlyLiquidatable } from './objective.ts';
import { type Field, limitOf, type Policy } from './policy.ts';
import type { Foreseen } from './recommendation.ts';
import { expectedMultiplierSquared, type Refusal } from './refusal.ts';

export type Setting = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly policy: Policy;
  readonly now: string;
  readonly history: readonly Limits.PastMove[];
  /** Parameters with the lanes already settled. */
  readonly parameters: ParametersByAsset;
  /** By asset: the multiplier that the coming hours ask for. Missing: nobody asked. */
  readonly foreseen?: ReadonlyMap<string, Foreseen>;
  /** By asset: the haircut from which on no attack pays. Null or missing: nobody asked. */
  readonly attacks?: ReadonlyMap<string, AttackLimit> | null;
};

export type Made = { readonly knob: Knob } | { readonly refusal: Refusal } | { readonly hold: string };

export function make(setting: Setting, asset: AssetState, exposure: Exposure, field: Field): Made {
  const { policy, parameters } = setting;
  const own = parameters[asset.asset]!;
  if (field !== 'marginMultiplierPpm' && own.haircutBps === BPS_ONE) return { hold: 'switched-off' };
  const limit = limitOf(policy, asset.asset, field);
  const from = own[field];
  const position = { asset: asset.asset, field, from, now: setting.now, history: setting.history };
  const looserReach = Limits.reach(limit, position, 'looser');
  const tighterReach = Limits.reach(limit, position, 'tighter');
  const farRoom = field === 'liquidationThresholdBps' ? from - limit.min : limit.max - from;
  const far = Math.max(0, Math.floor(farRoom / limit.step));
  const backRoom = field === 'liquidationThresholdBps' ? limit.max - from : from - limit.min;
  const walled = Math.max(0, Math.floor(backRoom / limit.step));

  // 1. What the other fields demand.
  const demanded = demandedSteps(policy, asset.asset, own, field);
  const forced = Math.max(demanded, tighterReach.low > 1 ? tighterReach.low : 0);
  if (forced > far)
    return { refusal: { reason: 'policy-contradiction', says: `no ${field} inside the walls fits the asset's other fields` } };
  if (forced > tighterReach.high) {
    return {
      refusal: {
        reason: 'unreachable',
        says: `${field} needs ${forced} steps at once; ${tighterReach.binding} allows ${tighterReach.high}`,
      },
    };
  }

  // 2. How far each way.
  const value = (steps: number) => settingAt(policy, asset.asset, field, from, steps);
  let [looser, looserBinding] = [looserReach.low > 1 ? 0 : looserReach.high, looserReach.binding as string];
  let [tighter, tighterBinding] = [tighterReach.high, tighterReach.binding as string];
  if (field === 'haircutBps') {
    const room = Math.max(0, Math.floor((own.liquidationThresholdBps - policy.minGapBps - (BPS_ONE - from)) / limit.step));
    if (room < looser) [looser, looserBinding] = [room, 'gap'];
    const powerUsd = (steps: number) => (exposure.collateralUsd * (BPS_ONE - value(steps))) / BPS_ONE;
    const knob = { asset: asset.asset, forced, looser, tighter, far, looserBinding, tighterBinding, powerUsd };
    const against = setting.attacks?.get(asset.asset);
    const furthestLooser = Math.min(walled, room);
    if (against === undefined) return { knob: { ...knob, furthestLooser } };
    const { leastHaircutBps, says } = against;
    return { knob: atLeast({ ...knob, furthestLooser }, leastHaircutBps, `attack: ${says}`, from, limit.step) };
  }
  if (field === 'liquidationThresholdBps') {
    [looser, looserBinding] = [0, 'through-the-cycle'];
    const room = Math.max(0, Math.floor((from - policy.minGapBps - (BPS_ONE - own.haircutBps)) / limit.step));
    if (room < tighter) [tighter, tighterBinding] = [room, 'gap'];
    if (forced === 0 && severity(setting.model, asset.panelAsset) > 1) return { hold: 'through-the-cycle' };
  }
  const harmless = largest(tighter, (steps) => hurt(setting, asset.asset, field, value(steps)) <= policy.maxNewlyLiquidatable);
  if (harmless < tighter) [tighter, tighterBinding] = [harmless, 'newly-liquidatable'];
  if (forced > tighter)
    return { refusal: { reason: 'unreachable', says: `${field} needs ${forced} steps; ${tighterBinding} allows ${tighter}` } };
  const powerUsd =
    field === 'liquidationThresholdBps'
      ? (steps: number) => (exposure.collateralUsd * value(steps)) / BPS_ONE
      : (steps: number) => (exposure.perpNotionalUsd * PPM_ONE) / value(steps);
  const knob = { asset: asset.asset, forced, looser, tighter, far, furthestLooser: walled, looserBinding, tighterBinding, powerUsd };
  const asked = field === 'marginMultiplierPpm' ? setting.foreseen?.get(asset.asset) : undefined;
  return { knob: asked === undefined ? knob : atLeast(knob, asked.targetPpm, `predictive-margin: ${asked.says}`, from, limit.step) };
}

/**
 * A value that is not to be loosened past, and that is tightened towards whatever the search says: as far as the field's limits go today; the rest is for the
 * next run, which will know more. Null: none would do, so nothing is loosened, and nothing tightened for it.
 */
function atLeast(knob: Knob, floor: number | null, binding: string, from: number, step: number): Knob {
  const wanted = floor === null ? 0 : Math.ceil((floor - from) / step);
  const room = Math.max(0, -wanted);
  const bounded = room < knob.looser ? { looser: room, looserBinding: binding } : {};
  const stopped = wanted > knob.tighter ? `, stopped by ${knob.tighterBinding}` : '';
  const followed = Math.min(wanted, knob.tighter);
  const tightened = followed > knob.forced ? { forced: followed, forcedBy: `${binding}${stopped}` } : {};
  return { ...knob, ...bounded, ...tightened, furthestLooser: Math.min(knob.furthestLooser, room) };
}

/** The field's value so many steps from `from`; positive is tighter. */
export function settingAt(policy: Pick<Policy, 'fields' | 'assets'>, asset: string, field: Field, from: number, steps: number): number {
  return Limits.valueAt(field, from, limitOf(policy, asset, field), steps < 0 ? 'looser' : 'tighter', Math.abs(steps));
}

/**
 * Variance expected now over variance through the cycle: E[m²] under today's regime probabilities (1 in the long run) times
 * the GARCH variance over its long-run level. Above 1 the present is turbulent.
 */
export function severity(model: MarketModel, panelAsset: string | null): number {
  const law = panelAsset === null ? undefined : model.volatility[panelAsset];
  if (law === undefined) return 1;
  return (expectedMultiplierSquared(model) * law.nextVariance) / law.unconditionalVariance;
}

/** Steps towards tighter that bring the asset's fields together again: for the gap the haircut, for the bonus the threshold. */
function demandedSteps(policy: Policy, asset: string, own: AssetState['parameters'], field: Field): number {
  // The highest threshold under which the bonus still fits; where today's is above it, the haircut must make room too.
  const highest = Math.floor((BPS_ONE * (BPS_ONE - policy.bonusBufferBps)) / (BPS_ONE + own.liquidationBonusBps));
  const excess = Math.max(0, own.liquidationThresholdBps - highest);
  const step = limitOf(policy, asset, field).step;
  if (field === 'liquidationThresholdBps') return Math.ceil(excess / step);
  if (field === 'haircutBps') {
    const stepDown = limitOf(policy, asset, 'liquidationThresholdBps').step;
    const thresholdBps = own.liquidationThresholdBps - Math.ceil(excess / stepDown) * stepDown;
    return Math.max(0, Math.ceil((BPS_ONE - own.haircutBps + policy.minGapBps - thresholdBps) / step));
  }
  return 0;
}

function hurt({ state, parameters }: Setting, asset: string, field: Field, value: number): number {
  return newlyLiquidatable(state, parametersOf(state), { ...parameters, [asset]: { ...parameters[asset]!, [field]: value } }).length;
}

function largest(high: number, holds: (n: number) => boolean): number {
  let [below, above] = [0, high];
  while (below < above) {
    const middle = Math.ceil((below + above) / 2);
    if (holds(middle)) below = middle;
    else above = middle - 1;
  }
  return below;
}
