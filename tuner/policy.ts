/**
 * Policy: what a protocol's people allow, written once: budgets for loss, and per field a range, a step, a cooldown and
 * rolling budgets by direction. The schema of the YAML file; `limits.ts` is the one function that checks a move against it.
 *
 * A policy that no set of values could satisfy is refused when it is read, not when it is used: an empty range, a gap or
 * a buffer outside the ranges, a probability that the stated number of paths could never prove.
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { Id, seal } from '../base/id.ts';
import { BPS_ONE } from '../base/units.ts';
import * as Document from './document.ts';

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
    /** A model or state older than this gives no advice (`stale-data`). */
    maxDataAgeSeconds: z.int().positive(),
    /** Beyond this factor between the model and the challenger nothing of the asset moves; 2 where left out (challenger.ts). */
    maxDisagreement: z.number().min(1).optional(),
    /** Left out: off. On: margin multipliers follow what the law foresees (margin/predictive.ts), inside their limits. */
    predictiveMargin: z
      .strictObject({
        /** Of the quantile, each way. EMIR RTS 153/2013, article 24: 0.995 for over-the-counter derivatives, 0.99 for others. */
        level: z.number().gt(0.5).max(0.999),
        /** Margin period of risk: from the last margin call that was met to the position closed. */
        periodSeconds: z.int().positive().max(864_000),
        /** Article 28(1): (a), (b), (c). */
        procyclicality: z.enum(['buffer', 'stress-weight', 'floor']),
      })
      .readonly()
      .optional(),
    /** Left out: not asked. On: haircuts keep to where pushing the asset's price does not pay (attack/limit.ts). */
    attack: z
      .strictObject({
        oracle: z.enum(['spot', 'twap']),
        /** How long a push must stand, or the window of the mean. */
        windowSeconds: z.int().positive().max(1e7),
        /** Share of the outlay that every attack must lose. */
        margin: z.number().min(0).lt(1),
      })
      .readonly()
      .optional(),
    fields: z.record(Field, FieldLimit).readonly(),
    /** Overrides by asset. */
    assets: z.record(z.string(), z.partialRecord(Field, FieldLimit)).readonly(),
  })
  .readonly();
export type Policy = z.infer<typeof Policy>;

/** The file's own keys: the artifact without what is computed. `assets` may be left out. */
const PolicyFile = z.strictObject({
  ...Policy.unwrap().omit({ kind: true, id: true, from: true, assets: true }).shape,
  assets: Policy.unwrap().shape.assets.default({}),
});
type PolicyFile = z.infer<typeof PolicyFile>;

/** Chance of error of every bound in the evidence: one-sided 95 %. */
const BOUND_ERROR = 0.05;

/** Reads the text of a policy file. `where` is shown in errors: usually the file's name. */
export function parsePolicy(yaml: string, where: string): Policy {
  // 1. Text to plain values, keeping the line of each.
  const { value, place } = Document.read(yaml, where, (facts) => new YamlError(facts));

  // 2. Shape.
  const read = PolicyFile.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0]!;
    const { path, got } = Document.faultOf(value, issue);
    throw new InvalidPolicyError({
      got,
      needed: issue.code === 'unrecognized_keys' ? 'only the keys of tuner/policies/default.yaml' : issue.message,
      where: place(path),
    });
  }

  // 3. Sense: each range by itself, then all of them together.
  checkRanges(read.data, place);
  checkTogether(read.data, place);
  return seal({ kind: 'policy' as const, from: {}, ...read.data });
}

/** The limit of one field of one asset: the asset's own, else the default. */
export function limitOf(policy: Pick<Policy, 'fields' | 'assets'>, asset: string, field: Field): FieldLimit {
  return policy.assets[asset]?.[field] ?? policy.fields[field];
}

type Place = Document.Read['place'];

function checkRanges(policy: PolicyFile, place: Place): void {
  const limits: [readonly string[], Field, FieldLimit][] = Field.options.map((field) => [['fields', field], field, policy.fields[field]]);
  for (const [asset, fields] of Object.entries(policy.assets)) {
    for (const field of Field.options) {
      const limit = fields[field];
      if (limit !== undefined) limits.push([['assets', asset, field], field, limit]);
    }
  }
  for (const [path, field, limit] of limits) {
    if (limit.min > limit.max) {
      throw new EmptyRangeError({
        got: `min ${limit.min} above max ${limit.max}`,
        needed: 'min at most max',
        where: place([...path, 'min']),
        fix: 'Swap the two, or make them equal to pin the field.',
      });
    }
    const [floor, ceiling] = field === 'marginMultiplierPpm' ? [1, 100_000_000] : [0, BPS_ONE];
    if (limit.min < floor || limit.max > ceiling) {
      const end = limit.max > ceiling ? 'max' : 'min';
      throw new InvalidPolicyError({
        got: String(limit[end]),
        needed: `a value from ${floor} to ${ceiling}`,
        where: place([...path, end]),
      });
    }
    if (policy.predictiveMargin !== undefined && field === 'marginMultiplierPpm' && limit.maxLoosen > limit.maxTighten) {
      throw new ContradictionError({
        got: `maxLoosen ${limit.maxLoosen} above maxTighten ${limit.maxTighten} with predictiveMargin`,
        needed: 'multipliers that rise at least as fast as they fall',
        where: place([...path, 'maxLoosen']),
        fix: 'Lower maxLoosen, or leave predictiveMargin out.',
      });
    }
    for (const side of ['maxLoosen', 'maxTighten'] as const) {
      if (limit[side] > 0 && limit[side] < limit.step) {
        throw new ContradictionError({
          got: `${side} ${limit[side]} below step ${limit.step}`,
          needed: `0, which forbids the direction, or at least one step`,
          where: place([...path, side]),
        });
      }
    }
  }
}

function checkTogether(policy: PolicyFile, place: Place): void {
  for (const asset of [null, ...Object.keys(policy.assets)]) {
    const haircut = asset === null ? policy.fields.haircutBps : limitOf(policy, asset, 'haircutBps');
    const threshold = asset === null ? policy.fields.liquidationThresholdBps : limitOf(policy, asset, 'liquidationThresholdBps');
    const path = asset === null ? ['minGapBps'] : ['assets', asset];
    const lowestLtvBps = BPS_ONE - haircut.max;
    if (lowestLtvBps + policy.minGapBps > threshold.max) {
      throw new ContradictionError({
        got: `lowest LTV ${lowestLtvBps} + gap ${policy.minGapBps} above the highest threshold ${threshold.max}`,
        needed: 'ranges in which LTV + minGapBps ≤ threshold has a solution',
        where: place(path),
        fix: 'Raise the largest haircut or threshold, or lower minGapBps.',
      });
    }
    if (threshold.min > BPS_ONE - policy.bonusBufferBps) {
      throw new ContradictionError({
        got: `lowest threshold ${threshold.min} above 10000 − buffer ${policy.bonusBufferBps}`,
        needed: 'ranges in which threshold × (1 + bonus) ≤ 1 − bonusBufferBps has a solution',
        where: place(asset === null ? ['bonusBufferBps'] : path),
      });
    }
  }
  // Half of the paths search, so half of them must be able to prove it.
  let chanceOfNone = 1;
  for (let path = 0; path < Math.floor(policy.paths / 2) && chanceOfNone > BOUND_ERROR; path += 1)
    chanceOfNone *= 1 - policy.overBudgetProbability;
  if (chanceOfNone > BOUND_ERROR) {
    throw new ContradictionError({
      got: `${policy.paths} paths to prove a probability of at most ${policy.overBudgetProbability}`,
      needed: 'enough paths that none over budget in half of them would prove it at 95 %: about 6 / overBudgetProbability',
      where: place(['paths']),
    });
  }
}

export class YamlError extends PlimsollError {
  override readonly name = 'Policy.YamlError';
}

export class InvalidPolicyError extends PlimsollError {
  override readonly name = 'Policy.InvalidPolicyError';
}

export class EmptyRangeError extends PlimsollError {
  override readonly name = 'Policy.EmptyRangeError';
}

/** No values could satisfy the policy: the same finding as the refusal `policy-contradiction`. */
export class ContradictionError extends PlimsollError {
  override readonly name = 'Policy.ContradictionError';
}
