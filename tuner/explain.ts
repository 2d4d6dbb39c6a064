/**
 * Explain: one sentence per asset, made of the numbers that decided: regime, volatility, depth, loss before and after, what
 * bound each value. Nothing here computes a recommendation.
 */
import { BPS_ONE, PPM_ONE, SECONDS_PER_DAY } from '../base/units.ts';
import type { AssetState } from '../datasets/state.ts';
import type { MarketModel } from '../models/market.ts';
import type { Field } from './policy.ts';
import type { Challenge, FieldAdvice, Foreseen } from './recommendation.ts';
import type { LossSummary } from './stress/evidence.ts';

export type Reasons = {
  readonly model: MarketModel;
  readonly row: AssetState;
  readonly regime: string;
  readonly fields: Readonly<Record<Field, FieldAdvice>>;
  readonly before: LossSummary;
  readonly after: LossSummary;
  readonly challenge?: Challenge | null;
  readonly foreseen?: Foreseen | null;
};

export function because({ model, row, regime, fields, before, after, challenge, foreseen }: Reasons): string {
  const { haircutBps, liquidationThresholdBps, marginMultiplierPpm } = fields;
  const all = Object.values(fields);
  const [first] = all;
  if (first !== undefined && all.every((one) => one.verdict === 'abstain' && one.binding === first.binding)) {
    return `No advice (${first.reason}): ${first.binding}.`;
  }
  // What differs from asset to asset comes first: tables cut sentences short.
  return [
    volatility(model, row.panelAsset),
    `volume ${usd(row.depth.dailyVolumeUsd)} a day`,
    `LTV ${say(haircutBps, (value) => percent((BPS_ONE - value) / BPS_ONE, 2))}`,
    `threshold ${say(liquidationThresholdBps, (value) => percent(value / BPS_ONE, 2))}`,
    `margin × ${say(marginMultiplierPpm, (value) => (value / PPM_ONE).toFixed(2))}`,
    foreseenOf(foreseen, marginMultiplierPpm.binding),
    lossOf(before, after),
    challengeOf(challenge),
    `regime ${regime} (${percent(Math.max(...model.regime.now), 0)})`,
  ]
    .filter((part) => part !== null)
    .join('; ')
    .concat('.');
}

/** $12.4k, $3.21m, $1.08bn. */
export function usd(value: number): string {
  if (value >= 1e9) return `$${(value / 1e9).toFixed(2)}bn`;
  if (value >= 1e6) return `$${(value / 1e6).toFixed(2)}m`;
  if (value >= 1e3) return `$${(value / 1e3).toFixed(1)}k`;
  return `$${value.toFixed(0)}`;
}

/** Said once: where it set the multiplier, it stands there already. */
function foreseenOf(foreseen: Foreseen | null | undefined, binding: string): string | null {
  if (foreseen === undefined || (foreseen !== null && binding.includes(foreseen.says))) return null;
  return foreseen === null ? 'no margin of the venue to foresee' : `foreseen margin: ${foreseen.says}`;
}

function challengeOf(challenge: Challenge | null | undefined): string | null {
  if (challenge === null || challenge === undefined) return null;
  return `deepest fall ${percent(challenge.lawFall, 0)} by the law, ${percent(challenge.historyFall, 0)} by history`;
}

function lossOf(before: LossSummary, after: LossSummary): string {
  const level = percent(before.level, 0);
  const change = before.expectedShortfallUsd === after.expectedShortfallUsd ? '' : ` → ${usd(after.expectedShortfallUsd)}`;
  return `book's expected shortfall at ${level} ${usd(before.expectedShortfallUsd)}${change} of ${usd(before.budgetUsd)} allowed`;
}

/** Expected volatility of the next day against the long run, if variance stayed at its next step. */
function volatility(model: MarketModel, panelAsset: string | null): string | null {
  const law = panelAsset === null ? undefined : model.volatility[panelAsset];
  if (law === undefined) return null;
  const steps = SECONDS_PER_DAY / model.stepSeconds;
  const daily = (variance: number) => `${Math.sqrt(variance * steps).toFixed(1)} %`;
  return `Volatility ${daily(law.nextVariance)} a day, long run ${daily(law.unconditionalVariance)}`;
}

function say(advice: FieldAdvice, show: (value: number) => string): string {
  const { verdict, reason, from, to, low, high, schedule, scheduleAt, binding } = advice;
  if (verdict === 'abstain') return `not judged (${reason}: ${binding})`;
  if (verdict === 'hold') return `${show(from)} holds (${binding})`;
  const range = low === high ? '' : `, [${[low, high].map(show).sort().join(', ')}] cannot be told apart`;
  const later =
    schedule.length === 0 ? '' : `, then ${schedule.map((value, index) => `${show(value)}${onDay(scheduleAt?.[index])}`).join(', ')}`;
  const partial = reason === null ? '' : `, not enough (${reason})`;
  return `${show(from)} → ${show(to)}${later} (${binding}${range}${partial})`;
}

function onDay(at: string | undefined): string {
  return at === undefined ? '' : ` from ${at.slice(0, 10)}`;
}

function percent(fraction: number, digits: number): string {
  return `${(fraction * 100).toFixed(digits)} %`;
}
