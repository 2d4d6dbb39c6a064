/**
 * Setting: somebody's own parameters, judged on the run's own paths: what they would lose, how much could be borrowed, and every
 * constraint they break, by name. Nothing is refused for being unwise; what no engine could read is refused by the schema.
 *
 * Paths 0 to n − 1 of the run, so differences to the advice are paired and carry far smaller errors than the figures themselves.
 */
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import { Id } from '../../base/id.ts';
import { BPS_ONE } from '../../base/units.ts';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import { usd } from '../explain.ts';
import { paired } from '../frontier.ts';
import * as Limits from '../limits.ts';
import * as Objective from '../objective.ts';
import { Field, limitOf, type Policy } from '../policy.ts';
import type { Recommendation } from '../recommendation.ts';
import * as Stress from '../stress/stress.ts';
import * as Summary from '../stress/summary.ts';
import { advisedOf } from './explanation.ts';

const LARGEST_MULTIPLIER_PPM = 100_000_000;
const MOST_PATHS = 65_536;
const USUAL_PATHS = 2_048;

const Bps = z.int().min(0).max(BPS_ONE);
const Change = z.strictObject({
  asset: z.string().min(1).max(64),
  haircutBps: Bps.optional(),
  liquidationThresholdBps: Bps.optional(),
  marginMultiplierPpm: z.int().min(1).max(LARGEST_MULTIPLIER_PPM).optional(),
});

/** What somebody asks for: changes on top of the advice, or of today's parameters. */
export const Setting = z
  .strictObject({
    start: z.enum(['advised', 'today']).default('advised'),
    changes: z.array(Change).max(100).readonly(),
    paths: z
      .int()
      .min(Stress.BLOCK)
      .max(MOST_PATHS)
      .default(USUAL_PATHS)
      .describe('Paths of the run, at most as many as it has; fewer answer sooner'),
  })
  .readonly();
export type Setting = z.infer<typeof Setting>;

/** Standard errors are of sampling paths alone; the power of a book at given prices has none. USD. */
export const Judged = z
  .strictObject({
    badDebtUsd: z.number(),
    badDebtStandardErrorUsd: z.number(),
    expectedShortfallUsd: z.number(),
    expectedShortfallStandardErrorUsd: z.number(),
    overBudgetProbability: z.number(),
    overBudgetProbabilityUpper: z.number(),
    liquidatedUsd: z.number(),
    penaltyUsd: z.number(),
    borrowingPowerUsd: z.number(),
  })
  .readonly();
export type Judged = z.infer<typeof Judged>;

export const Broken = z
  .strictObject({ asset: z.string().nullable(), field: Field.nullable(), binding: z.string(), says: z.string() })
  .readonly();
export type Broken = z.infer<typeof Broken>;

export const Judgement = z
  .strictObject({
    recommendation: Id,
    paths: z.int().positive(),
    level: z.number(),
    budgetUsd: z.number(),
    asked: Judged,
    advised: Judged,
    today: Judged,
    /** Asked less advised, with the error that their sharing of paths leaves. */
    change: z
      .strictObject({
        badDebtUsd: z.number(),
        badDebtStandardErrorUsd: z.number(),
        expectedShortfallUsd: z.number(),
        expectedShortfallStandardErrorUsd: z.number(),
        borrowingPowerUsd: z.number(),
      })
      .readonly(),
    newlyLiquidatable: z.int().nonnegative(),
    /** Every constraint that the setting breaks; empty where it could be proposed. */
    broken: z.array(Broken).readonly(),
  })
  .readonly();
export type Judgement = z.infer<typeof Judgement>;

export type Parts = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  readonly policy: Policy;
  readonly recommendation: Recommendation;
};

type Measured = { readonly sample: Summary.Sample; readonly badDebtUsd: readonly number[]; readonly judged: Judged };

/** Prepares the book once; each call judges one setting, and the advice and today's parameters are measured once. */
export function judge(kernel: Kernel, parts: Parts): (setting: Setting) => Judgement {
  const { state, model, scenarios, policy, recommendation } = parts;
  const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive' });
  const budgetUsd = Objective.lossBudgetUsd(policy, state);
  const today = parametersOf(state);
  const advised = advisedOf(state, recommendation);
  let known = new Map<string, Measured>();
  let knownPaths = 0;

  const measure = (parameters: ParametersByAsset, count: number): Measured => {
    const { byPath } = Stress.stressRange(kernel, prepared, parameters, { from: 0, to: count });
    const weight = Array.from(byPath.weight);
    const badDebtUsd = Array.from(byPath.badDebtUsd);
    const paths = { badDebtUsd, marginShortfallUsd: Array.from(byPath.marginShortfallUsd) };
    const sample = { lossUsd: Summary.losses(paths, state.insuranceFundUsd), weight, largestWeight: prepared.largestWeight };
    const tail = Summary.tailOf(sample, policy.level);
    const over = Summary.overBudget(kernel, sample, budgetUsd);
    const meanUsd = Summary.mean(badDebtUsd, weight);
    return {
      sample,
      badDebtUsd,
      judged: {
        badDebtUsd: meanUsd,
        badDebtStandardErrorUsd: Summary.standardError(badDebtUsd, weight, meanUsd),
        expectedShortfallUsd: tail.expectedShortfallUsd,
        expectedShortfallStandardErrorUsd: tail.standardErrorUsd,
        overBudgetProbability: over.probability,
        overBudgetProbabilityUpper: over.upper,
        liquidatedUsd: Summary.mean(Array.from(byPath.liquidatedUsd), weight),
        penaltyUsd: Summary.mean(Array.from(byPath.penaltyUsd), weight),
        borrowingPowerUsd: Objective.borrowingPowerUsd(state, parameters).power,
      },
    };
  };
  const fixed = (name: string, parameters: ParametersByAsset, count: number): Measured => {
    if (count !== knownPaths) [known, knownPaths] = [new Map(), count];
    const found = known.get(name) ?? measure(parameters, count);
    known.set(name, found);
    return found;
  };

  return ({ start, changes, paths }) => {
    const count = Math.min(paths, scenarios.paths);
    const asked = changed(start === 'advised' ? advised : today, changes);
    const [one, other] = [measure(asked, count), fixed('advised', advised, count)];
    const { weight } = one.sample;
    const difference = one.badDebtUsd.map((usd, path) => usd - other.badDebtUsd[path]!);
    const meanUsd = Summary.mean(difference, weight);
    const tail = paired(one.sample, other.sample, policy.level);
    const newly = Objective.newlyLiquidatable(state, today, asked).length;
    return {
      recommendation: recommendation.id,
      paths: count,
      level: policy.level,
      budgetUsd,
      asked: one.judged,
      advised: other.judged,
      today: fixed('today', today, count).judged,
      change: {
        badDebtUsd: meanUsd,
        badDebtStandardErrorUsd: Summary.standardError(difference, weight, meanUsd),
        expectedShortfallUsd: tail.changeUsd,
        expectedShortfallStandardErrorUsd: tail.standardErrorUsd,
        borrowingPowerUsd: one.judged.borrowingPowerUsd - other.judged.borrowingPowerUsd,
      },
      newlyLiquidatable: newly,
      broken: [...brokenLimits(parts, today, asked), ...brokenBudgets(policy, one.sample, budgetUsd), ...brokenBooks(policy, newly)],
    };
  };
}

function changed(start: ParametersByAsset, changes: Setting['changes']): ParametersByAsset {
  const result: Record<string, ParametersByAsset[string]> = { ...start };
  const seen = new Set<string>();
  for (const { asset, ...values } of changes) {
    if (!Object.hasOwn(start, asset)) {
      throw new BadSettingError({ got: quote(asset), needed: `one of ${Object.keys(start).join(', ')}`, where: 'changes' });
    }
    if (seen.has(asset)) throw new BadSettingError({ got: `${quote(asset)} twice`, needed: 'one change an asset', where: 'changes' });
    seen.add(asset);
    const given = Object.fromEntries(Field.options.flatMap((field) => (values[field] === undefined ? [] : [[field, values[field]]])));
    result[asset] = { ...result[asset]!, ...given };
  }
  return result;
}

/** Each move from today's value by the limits, each asset that moves by how its fields fit together. */
function brokenLimits({ state, policy }: Parts, today: ParametersByAsset, asked: ParametersByAsset): Broken[] {
  return Object.keys(today).flatMap((asset) => {
    const [from, to] = [today[asset]!, asked[asset]!];
    const moved = Field.options.filter((field) => from[field] !== to[field]);
    const moves = moved.flatMap((field) => {
      const move = { asset, field, from: from[field], to: to[field], now: state.asOf, history: [] };
      const ruling = Limits.check(limitOf(policy, asset, field), move);
      return ruling.ok ? [] : [{ asset, field, binding: ruling.binding as string, says: ruling.refused }];
    });
    const joint = Limits.checkJoint(policy, to);
    const fits = moved.length === 0 || joint.ok ? [] : [{ asset, field: null, binding: joint.binding as string, says: joint.refused }];
    return [...moves, ...fits];
  });
}

function brokenBudgets(policy: Policy, sample: Summary.Sample, budgetUsd: number): Broken[] {
  const { level, overBudgetProbability } = policy;
  const { fits, binding, expectedShortfallUsd, overBudgetUpper } = Objective.judge(sample, { level, budgetUsd, overBudgetProbability });
  if (fits) return [];
  const says =
    binding === 'expected-shortfall'
      ? `expected shortfall of ${usd(expectedShortfallUsd)} is above the budget of ${usd(budgetUsd)}`
      : `${sample.lossUsd.length} paths prove at most ${(100 * overBudgetUpper).toFixed(2)} % of losses above the budget; the policy allows ${100 * overBudgetProbability} %`;
  return [{ asset: null, field: null, binding, says }];
}

function brokenBooks({ maxNewlyLiquidatable }: Policy, newly: number): Broken[] {
  if (newly <= maxNewlyLiquidatable) return [];
  const says = `the change itself makes ${newly} accounts liquidatable; the policy allows ${maxNewlyLiquidatable}`;
  return [{ asset: null, field: null, binding: 'newly-liquidatable', says }];
}

export class BadSettingError extends PlimsollError {
  override readonly name = 'Setting.BadSettingError';
}
