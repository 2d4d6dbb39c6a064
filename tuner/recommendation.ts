/**
 * Recommendation: per asset and field change, hold or abstain, with the reasons. No value stands here without evidence.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { Field } from './policy.ts';
import { LossSummary, NamedResult } from './stress/evidence.ts';

export const Verdict = z.enum(['change', 'hold', 'abstain']);
export type Verdict = z.infer<typeof Verdict>;

export const AbstainReason = z.enum([
  'not-converged',
  'too-little-history',
  'stale-data',
  'poisoned-data',
  'models-disagree',
  'inconclusive',
  'no-exposure',
  'policy-contradiction',
  'unreachable',
  'not-in-panel',
]);
export type AbstainReason = z.infer<typeof AbstainReason>;

export const FieldAdvice = z
  .strictObject({
    verdict: Verdict,
    /** Set for abstain; for a change only as `unreachable`: it helps, and is not enough. */
    reason: AbstainReason.nullable(),
    from: z.int(),
    /** What can be applied now, inside every limit. Equal to `from` for hold and abstain. */
    to: z.int(),
    /** Values of the field between which the data cannot tell; `to` is the conservative end. Equal to `to` where not estimated. */
    low: z.int(),
    high: z.int(),
    /** The constraint that stopped the value here; for abstain, what was missing. */
    binding: z.string(),
    /** Values after `to`, each one allowed move from the last, up to the target; empty where `to` is the target. */
    schedule: z.array(z.int()).readonly(),
    /** The earliest moment of each, cooldowns and sliding windows kept, were `to` applied at the time of the advice. Missing in older advice. */
    scheduleAt: z.array(z.string()).readonly().optional(),
  })
  .readonly();
export type FieldAdvice = z.infer<typeof FieldAdvice>;

/** Deepest fall in the horizon as a share of the price, expected shortfall: by the model, by history; index: the larger over the smaller. */
export const Challenge = z
  .strictObject({ lawFall: z.number().min(0).max(1), historyFall: z.number().min(0).max(1), index: z.number().min(1) })
  .readonly();
export type Challenge = z.infer<typeof Challenge>;

/** What the coming hours are expected to ask of the margin multiplier (margin/predictive.ts). */
export const Foreseen = z
  .strictObject({
    targetPpm: z.int().positive(),
    calculatedPpm: z.int().positive(),
    fallFraction: z.number().nonnegative(),
    riseFraction: z.number().nonnegative(),
    side: z.enum(['fall', 'rise']),
    by: z.enum(['law', 'mixture']),
    /** Fees over the usual; null where nothing is known, and `congestion` says why. */
    timesUsualFee: z.number().nonnegative().nullable(),
    congestion: z.string(),
    congestionFactor: z.number().min(1),
    movedBy: z.enum(['quantile', 'congestion', 'buffer', 'stress-weight', 'floor']),
    says: z.string(),
  })
  .readonly();
export type Foreseen = z.infer<typeof Foreseen>;

export const AssetAdvice = z
  .strictObject({
    asset: z.string(),
    verdict: Verdict,
    /** Label of the most probable regime now. */
    regime: z.string(),
    fields: z.record(Field, FieldAdvice).readonly(),
    because: z.string(),
    /** null where the past is too short or no price drives the asset; missing in advice made before there was a challenger. */
    challenge: Challenge.nullable().optional(),
    /** null where the venue has no margin for the asset, or no law; missing where the policy has no predictive margin. */
    foreseen: Foreseen.nullable().optional(),
  })
  .readonly();
export type AssetAdvice = z.infer<typeof AssetAdvice>;

export const Recommendation = z
  .strictObject({
    kind: z.literal('recommendation'),
    id: Id,
    from: z.strictObject({ state: Id, model: Id, scenarios: Id, policy: Id, evidenceBefore: Id, evidenceAfter: Id }).readonly(),
    asOf: z.string(),
    expiresAt: z.string(),
    simulated: z.boolean(),
    verdict: Verdict,
    assets: z.array(AssetAdvice).readonly(),
    before: LossSummary,
    after: LossSummary,
    namedBefore: z.array(NamedResult).readonly(),
    namedAfter: z.array(NamedResult).readonly(),
    /** Time-averaged LTV × usable collateral, USD, and the part really borrowed. */
    borrowingPowerUsd: z.strictObject({ before: z.number(), after: z.number(), used: z.number() }).readonly(),
    evaluations: z.int().nonnegative(),
  })
  .readonly();
export type Recommendation = z.infer<typeof Recommendation>;
