/**
 * Policy: what a protocol's people allow, written once: budgets for loss, and per field a range, a step, a cooldown and
 * rolling budgets by direction. The schema of the YAML file; `limits.ts` is the one function that checks a move against it.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';

/** Fields a recommendation may move in this version. Haircut and multiplier down, threshold up = looser. */
export const Field = z.enum(['haircutBps', 'liquidationThresholdBps', 'marginMultiplierPpm']);
export type Field = z.infer<typeof Field>;

export const FieldLimit = z
  .strictObject({
    min: z.int().nonnegative(),
    max: z.int().nonnegative(),
    /** Smallest change and grid. */
    step: z.int().positive(),
    /** Largest single change by direction; 0 forbids the direction. */
    maxLoosen: z.int().nonnegative(),
    maxTighten: z.int().nonnegative(),
    cooldownSeconds: z.int().nonnegative(),
    /** Sum of changes allowed over a sliding window, by direction. */
    budgets: z
      .array(
        z.strictObject({ windowSeconds: z.int().positive(), loosen: z.int().nonnegative(), tighten: z.int().nonnegative() }).readonly(),
      )
      .readonly(),
  })
  .readonly();
export type FieldLimit = z.infer<typeof FieldLimit>;

export const Policy = z
  .strictObject({
    kind: z.literal('policy'),
    id: Id,
    from: z.strictObject({}).readonly(),
    name: z.string(),
    says: z.string(),
    /** Expected shortfall of loss at `level` over the horizon must not exceed `budgetUsd` … */
    level: z.number().gt(0.5).lt(1),
    /** … given as a fraction of total debt, so that one policy serves books of any size. */
    budgetFraction: z.number().positive().max(1),
    /** The 95 % upper bound on P(loss > budget) must not exceed this. */
    overBudgetProbability: z.number().gt(0).lt(1),
    horizonSeconds: z.int().positive(),
    paths: z.int().positive(),
    /** LTV + gap ≤ threshold. */
    minGapBps: z.int().nonnegative(),
    /** threshold × (1 + bonus) ≤ 1 − buffer. */
    bonusBufferBps: z.int().nonnegative(),
    /** Accounts a change itself may make liquidatable. */
    maxNewlyLiquidatable: z.int().nonnegative(),
    /** Advice older than this is refused at every later step. */
    validSeconds: z.int().positive(),
    fields: z.record(Field, FieldLimit).readonly(),
    /** Overrides by asset. */
    assets: z.record(z.string(), z.partialRecord(Field, FieldLimit)).readonly(),
  })
  .readonly();
export type Policy = z.infer<typeof Policy>;
