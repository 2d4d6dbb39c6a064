/**
 * Predictive margin: which multiplier the coming hours ask for, before they have come.
 *
 *   need(q)    = max(q_fall / base_long, q_rise / base_short)          q: quantiles of the coming move, as fractions of the price
 *   calculated = need(q now) · √stretch                                stretch: how much longer closing out takes under congestion
 *   target     = by one of the options of EMIR RTS 153/2013, article 28(1):
 *     buffer          max(calculated, 1.25 · min(calculated, need(q long-run)))     (a) built in calm, used up while the need rises
 *     stress-weight   0.75 · calculated + 0.25 · max(calculated, need(q stressed))  (b)
 *     floor           max(calculated, need(q long-run))                             (c)
 *
 * How far the target is followed is not decided here: the policy's speed limit is `limits.ts`, as for every other field. A quantile's move
 * scales with the root of time, hence √stretch. The buffer as a formula: Murphy, Vasios, Vause, Bank of England Staff Working Paper 597 (2016).
 */
import { fromPpm, toPpmUp } from '../../base/units.ts';
import { type MarginRule, scenariosOf } from '../../datasets/derivatives.ts';
import type { BaseFees, ProtocolState } from '../../datasets/state.ts';
import type { Policy } from '../policy.ts';
import type { Foreseen } from '../recommendation.ts';

/** Moves within the margin period of risk that are exceeded with probability 1 − level, each way, as fractions of the price from 0. */
export type Quantiles = { readonly fallFraction: number; readonly riseFraction: number };

/** `now`: of the present state of the law; `longRun`: of its usual one; `stressed`: of the most turbulent in the lookback. */
export type Foresight = {
  readonly now: Quantiles;
  readonly longRun: Quantiles;
  readonly stressed: Quantiles;
  /** Who said `now`: the law alone, or with the forecaster where its gate is open. */
  readonly by: 'law' | 'mixture';
};

export type Procyclicality = NonNullable<Policy['predictiveMargin']>['procyclicality'];

/** Present fees as a multiple of the usual; or why nothing is known of them, and then nothing is added. */
export type Congestion =
  | { readonly says: 'known'; readonly timesUsual: number }
  | { readonly says: 'no congestion series' | 'congestion series too short' | 'congestion series out of date' };

export type Base = { readonly longFraction: number; readonly shortFraction: number };

export type Target = {
  readonly targetPpm: number;
  readonly calculatedPpm: number;
  readonly side: 'fall' | 'rise';
  /** Of the calculated margin: √stretch, 1 where nothing is known of congestion or it is usual. */
  readonly congestionFactor: number;
  /** What set the target: the quantile of now, congestion on top of it, or the option against procyclicality. */
  readonly movedBy: 'quantile' | 'congestion' | Procyclicality;
};

const BUFFER = 0.25;
const STRESS_WEIGHT = 0.25;
/** Declared, not estimated: twice the usual fee delays nobody who liquidates for a bonus of some percent. */
const UNDISTURBED = 2;
/** … and closing out takes at most four times as long. Declared too: no series of fees was at hand to measure either on. */
const MOST_STRETCH = 4;
/** "Now" is the last hour, "usual" the median of at least a day. */
const RECENT_SECONDS = 3_600;
const LEAST_SECONDS = 86_400;

/** The venue's margin of one perpetual at multiplier 1, as a share of its notional: the grid's worst node and the contingency. Null without a shock. */
export function baseOf(rule: MarginRule, asset: string): Base | null {
  const shock = rule.shockByAsset[asset];
  if (shock === undefined) return null;
  const worst = (sign: 1 | -1) => scenariosOf(rule).reduce((most, { price, weight }) => Math.max(most, sign * price * weight * shock), 0);
  const base = { longFraction: worst(-1) + rule.contingencyFraction, shortFraction: worst(1) + rule.contingencyFraction };
  return base.longFraction > 0 && base.shortFraction > 0 ? base : null;
}

/** Where fees stand at `asOf`. A median of all entries is the usual, so that a spike does not call itself usual. */
export function congestionOf(fees: BaseFees | undefined, asOf: string): Congestion {
  if (fees === undefined) return { says: 'no congestion series' };
  const { stepSeconds, baseFeeGwei } = fees;
  if (baseFeeGwei.length * stepSeconds < LEAST_SECONDS) return { says: 'congestion series too short' };
  const ageSeconds = (Date.parse(asOf) - Date.parse(fees.endsAt)) / 1000;
  // A book is re-priced to the panel's last bar, and its block may be a little later.
  if (!(Math.abs(ageSeconds) <= RECENT_SECONDS)) return { says: 'congestion series out of date' };
  const recent = baseFeeGwei.slice(-Math.max(1, Math.floor(RECENT_SECONDS / stepSeconds)));
  return { says: 'known', timesUsual: median(recent) / median(baseFeeGwei) };
}

/** How many times longer than usual closing out takes: 1 up to twice the usual fee, then in proportion, at most 4. */
export function stretchOf(congestion: Congestion): number {
  return congestion.says === 'known' ? Math.min(MOST_STRETCH, Math.max(1, congestion.timesUsual / UNDISTURBED)) : 1;
}

export function target(base: Base, foresight: Foresight, congestion: Congestion, procyclicality: Procyclicality): Target {
  const { now, longRun, stressed } = foresight;
  const congestionFactor = Math.sqrt(stretchOf(congestion));
  const calculated = need(base, now) * congestionFactor;
  const wanted = {
    buffer: () => Math.max(calculated, (1 + BUFFER) * Math.min(calculated, need(base, longRun))),
    'stress-weight': () => (1 - STRESS_WEIGHT) * calculated + STRESS_WEIGHT * Math.max(calculated, need(base, stressed)),
    floor: () => Math.max(calculated, need(base, longRun)),
  }[procyclicality]();
  const plain = congestionFactor > 1 ? 'congestion' : 'quantile';
  return {
    targetPpm: Math.max(1, toPpmUp(wanted)),
    calculatedPpm: Math.max(1, toPpmUp(calculated)),
    side: now.fallFraction / base.longFraction >= now.riseFraction / base.shortFraction ? 'fall' : 'rise',
    congestionFactor,
    movedBy: wanted > calculated ? procyclicality : plain,
  };
}

/** For one asset of a book; null where the venue has no margin for it. */
export function foreseen(
  state: Pick<ProtocolState, 'marginRule' | 'baseFees' | 'asOf'>,
  asset: string,
  foresight: Foresight,
  { level, periodSeconds, procyclicality }: NonNullable<Policy['predictiveMargin']>,
): Foreseen | null {
  const base = state.marginRule === null ? null : baseOf(state.marginRule, asset);
  if (base === null) return null;
  const congestion = congestionOf(state.baseFees, state.asOf);
  const found = target(base, foresight, congestion, procyclicality);
  return {
    ...found,
    ...foresight.now,
    by: foresight.by,
    timesUsualFee: congestion.says === 'known' ? congestion.timesUsual : null,
    congestion: congestion.says,
    says: words(found, foresight, congestion, periodSeconds, level),
  };
}

function words(found: Target, foresight: Foresight, congestion: Congestion, periodSeconds: number, level: number): string {
  const { side, movedBy, targetPpm, congestionFactor } = found;
  const move = side === 'fall' ? foresight.now.fallFraction : foresight.now.riseFraction;
  const fees =
    congestion.says === 'known'
      ? `fees ${congestion.timesUsual.toFixed(1)} times the usual${congestionFactor > 1 ? `, × ${congestionFactor.toFixed(2)}` : ''}`
      : congestion.says;
  const option = movedBy === 'quantile' || movedBy === 'congestion' ? '' : `, ${movedBy} of art. 28`;
  const who = foresight.by === 'law' ? 'law' : 'law and forecaster';
  const hours = (periodSeconds / 3600).toFixed(periodSeconds % 3600 === 0 ? 0 : 1);
  const why = `${side} of ${(100 * move).toFixed(1)} % foreseen in ${hours} h (${who}, ${100 * level} %), ${fees}`;
  return `× ${fromPpm(targetPpm).toFixed(2)} for a ${why}${option}`;
}

function need(base: Base, { fallFraction, riseFraction }: Quantiles): number {
  return Math.max(fallFraction / base.longFraction, riseFraction / base.shortFraction);
}

function median(values: readonly number[]): number {
  const rising = [...values].sort((a, b) => a - b);
  const half = rising.length >> 1;
  return rising.length % 2 === 1 ? rising[half]! : (rising[half - 1]! + rising[half]!) / 2;
}
