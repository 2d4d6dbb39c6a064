/**
 * The guard's policy of one asset, made from the tuner's policy file and what governance holds safe.
 *
 * Directions change their name on the way: a looser haircut is an LTV that goes up, a looser multiplier goes down. The guard's steps
 * are the policy's largest single changes; its grid (`step`) is the tuner's own matter and stays off chain. Bonus and caps are not in
 * the tuner's policy: they stay still unless somebody gives limits for them.
 */
import { PlimsollError } from '../base/errors.ts';
import { toHex } from '../base/id.ts';
import { BPS_ONE } from '../base/units.ts';
import type * as Tuner from '../tuner/policy.ts';
import { limitOf } from '../tuner/policy.ts';
import { byField, type GuardField } from './guard.ts';
import { type FieldLimit, LONGEST_SECONDS, type Way } from './guard-limits.ts';
import type { GuardPolicy } from './guard-policy.ts';

/** What the tuner's policy does not say. */
export type Terms = Pick<
  GuardPolicy,
  | 'feed'
  | 'heartbeatSeconds'
  | 'maxPriceDeviationBps'
  | 'delaySeconds'
  | 'vetoCooldownSeconds'
  | 'affirmSeconds'
  | 'rampIntervalSeconds'
  | 'rampStepBps'
  | 'rampStepPpm'
  | 'baseline'
> & {
  /** Corridor around the baseline, the same both ways, by field; a field without one may not move. */
  readonly corridor: Readonly<Partial<Record<GuardField, bigint>>>;
  /** Limits of fields the tuner has none for. */
  readonly fields?: Readonly<Partial<Record<GuardField, FieldLimit>>>;
};

/** Nothing may move. */
export const STILL: FieldLimit = { min: 0n, max: 0n, below: 0n, above: 0n, stepUp: 0n, stepDown: 0n, cooldownSeconds: 0n, budgets: [] };

/** The contract holds so many budgets a field. */
export const MOST_BUDGETS = 3;

export function fromTuner(policy: Tuner.Policy, asset: string, { corridor, fields = {}, ...terms }: Terms): GuardPolicy {
  const own: Readonly<Partial<Record<GuardField, FieldLimit>>> = {
    ltvBps: turned(limitOf(policy, asset, 'haircutBps'), corridor.ltvBps),
    thresholdBps: straight(limitOf(policy, asset, 'liquidationThresholdBps'), corridor.thresholdBps),
    multiplierPpm: reversed(limitOf(policy, asset, 'marginMultiplierPpm'), corridor.multiplierPpm),
  };
  const of = (field: GuardField): FieldLimit => {
    const limit = fields[field] ?? (corridor[field] === undefined ? STILL : (own[field] ?? STILL));
    if (limit.budgets.length > MOST_BUDGETS) {
      throw new TooManyBudgetsError({
        got: `${limit.budgets.length} budgets`,
        needed: `at most ${MOST_BUDGETS}`,
        where: `${asset}, ${field}`,
      });
    }
    return limit;
  };
  return {
    ...terms,
    source: toHex(policy.id),
    maxEvidenceAgeSeconds: policy.maxDataAgeSeconds,
    minGapBps: BigInt(policy.minGapBps),
    bufferBps: BigInt(policy.bonusBufferBps),
    maxNewlyLiquidatable: policy.maxNewlyLiquidatable,
    fields: byField(of),
  };
}

type Side = Pick<FieldLimit, 'min' | 'max' | 'stepUp' | 'stepDown'>;

/** Up is looser: the threshold. */
function straight(limit: Tuner.FieldLimit, corridor = 0n): FieldLimit {
  const side = { min: BigInt(limit.min), max: BigInt(limit.max), stepUp: BigInt(limit.maxLoosen), stepDown: BigInt(limit.maxTighten) };
  return made(limit, side, 'up', corridor);
}

/** A haircut as an LTV: the walls change places, up is looser. */
function turned(limit: Tuner.FieldLimit, corridor = 0n): FieldLimit {
  const [min, max] = [BigInt(BPS_ONE - limit.max), BigInt(BPS_ONE - limit.min)];
  return made(limit, { min, max, stepUp: BigInt(limit.maxLoosen), stepDown: BigInt(limit.maxTighten) }, 'up', corridor);
}

/** Down is looser: the multiplier. */
function reversed(limit: Tuner.FieldLimit, corridor = 0n): FieldLimit {
  const side = { min: BigInt(limit.min), max: BigInt(limit.max), stepUp: BigInt(limit.maxTighten), stepDown: BigInt(limit.maxLoosen) };
  return made(limit, side, 'down', corridor);
}

function made(limit: Tuner.FieldLimit, side: Side, looser: Way, corridor: bigint): FieldLimit {
  const budgets = limit.budgets.map(({ windowSeconds, loosen, tighten }) => {
    if (BigInt(windowSeconds) > LONGEST_SECONDS) {
      throw new WindowTooLongError({
        got: `${windowSeconds} seconds`,
        needed: `at most ${LONGEST_SECONDS}`,
        where: 'a budget of the policy',
      });
    }
    const [up, down] = looser === 'up' ? [loosen, tighten] : [tighten, loosen];
    return { windowSeconds: BigInt(windowSeconds), up: BigInt(up), down: BigInt(down) };
  });
  return { ...side, below: corridor, above: corridor, cooldownSeconds: BigInt(limit.cooldownSeconds), budgets };
}

export class TooManyBudgetsError extends PlimsollError {
  override readonly name = 'GuardTerms.TooManyBudgetsError';
}

export class WindowTooLongError extends PlimsollError {
  override readonly name = 'GuardTerms.WindowTooLongError';
}
