/**
 * Lane: one field of all assets, judged by one loss against one budget.
 *
 * Margin multipliers answer for what derivative accounts leave unpaid, against the insurance fund. Haircuts and thresholds
 * answer for the whole loss (bad debt + shortfall beyond the fund), against the policy's fraction of total debt; where the
 * shortfall alone is over that budget they answer for bad debt only, because no haircut can mend it.
 */
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../datasets/state.ts';
import { type Knob, least, type Plan, type Settled, settle } from './greedy.ts';
import { settingAt } from './knobs.ts';
import type { PastMove } from './limits.ts';
import * as Objective from './objective.ts';
import { type Field, limitOf, type Policy } from './policy.ts';
import * as Schedule from './schedule.ts';
import type { StressEvidence } from './stress/evidence.ts';
import * as Summary from './stress/summary.ts';
import type { Trials } from './trials.ts';

export type Lane = {
  readonly field: Field;
  readonly knobs: readonly Knob[];
  readonly settled: Settled;
  readonly judge: (plan: Plan) => Promise<Objective.Judgement>;
  /** Judges the paths the search never saw. */
  readonly judgeFresh: (evidence: StressEvidence) => Objective.Judgement;
};

export type Interval = { readonly low: number; readonly high: number };

type ScheduleInput = { readonly policy: Policy; readonly now: string; readonly history: readonly PastMove[] };

type Input = { readonly state: ProtocolState; readonly policy: Policy };

/** Knobs are put in order by the worst tenth of few paths: less noise than the policy's own tail, and only the order hangs on it. */
const SCREEN_LEVEL = 0.9;
/** Over the budget by so many standard errors on few paths is over it. */
const FAR_STANDARD_ERRORS = 4;
/** Intervals are bracketed for the largest movers only, and at so many points: each costs an evaluation. */
const MOST_INTERVALS = 6;
const INTERVAL_POINTS = 4;
/** The optimistic end of a loosening is looked for up to so many times the move itself. */
const INTERVAL_REACH = 4;

export async function run(
  input: Input,
  trials: Trials,
  field: Field,
  knobs: readonly Knob[],
  parameters: ParametersByAsset,
): Promise<Lane> {
  const { state, policy } = input;
  const roughly = (plan: Plan) => trials.at(apply(policy, parameters, field, plan), trials.screenPaths, `order ${field}`);
  const risk = { level: policy.level, overBudgetProbability: policy.overBudgetProbability };
  const debtBudgetUsd = Objective.lossBudgetUsd(policy, state);
  const beyondFund = ({ paths }: StressEvidence) => paths.marginShortfallUsd.map((usd) => Math.max(0, usd - state.insuranceFundUsd));
  const standing = await roughly({});
  const shortfallAlone = Summary.tailOf(
    { lossUsd: beyondFund(standing), weight: standing.paths.weight },
    policy.level,
  ).expectedShortfallUsd;
  const [lossUsdOf, budgetUsd]: [(evidence: StressEvidence) => readonly number[], number] =
    field === 'marginMultiplierPpm'
      ? [({ paths }) => paths.marginShortfallUsd, state.insuranceFundUsd]
      : shortfallAlone <= debtBudgetUsd
        ? [({ paths }) => Summary.losses(paths, state.insuranceFundUsd), debtBudgetUsd]
        : [({ paths }) => paths.badDebtUsd, debtBudgetUsd];
  const sampleOf = (evidence: StressEvidence, from = 0): Summary.Sample => ({
    lossUsd: lossUsdOf(evidence).slice(from),
    weight: evidence.paths.weight.slice(from),
    largestWeight: evidence.largestWeight,
  });
  const judged = async (plan: Plan, paths: number) => {
    const evidence = await trials.at(apply(policy, parameters, field, plan), paths, `search ${field}`);
    return Objective.judge(sampleOf(evidence), { ...risk, budgetUsd });
  };
  // Where only the fresh half shows the trouble, all paths search; a tightening needs none kept back.
  let paths = trials.searchPaths;
  const stand = async (plan: Plan) => {
    const standing = await judged(plan, trials.allPaths);
    if (!standing.fits && (await judged(plan, paths)).fits) paths = trials.allPaths;
    return standing;
  };
  const judge = async (plan: Plan) => {
    // A loss far over the budget shows on few paths; whether one is inside it takes all of them.
    const rough = Objective.judge(sampleOf(await roughly(plan)), { ...risk, budgetUsd });
    const isFar = rough.expectedShortfallUsd - FAR_STANDARD_ERRORS * rough.standardErrorUsd > budgetUsd;
    return isFar ? rough : judged(plan, paths);
  };
  const permits = (plan: Plan) =>
    field === 'haircutBps' ||
    Objective.newlyLiquidatable(state, parametersOf(state), apply(policy, parameters, field, plan)).length <= policy.maxNewlyLiquidatable;
  const screen = async (plan: Plan) =>
    Objective.judge(sampleOf(await roughly(plan)), { ...risk, level: SCREEN_LEVEL, budgetUsd }).expectedShortfallUsd;
  const settled = await settle(knobs, { stand, judge, screen, permits });
  const judgeFresh = (evidence: StressEvidence) => Objective.judge(sampleOf(evidence, trials.searchPaths), { ...risk, budgetUsd });
  return { field, knobs, settled, judge, judgeFresh };
}

export function apply(policy: Policy, parameters: ParametersByAsset, field: Field, plan: Plan): ParametersByAsset {
  const moved = Object.entries(plan).filter(([, steps]) => steps !== 0);
  if (moved.length === 0) return parameters;
  const changes = moved.map(([asset, steps]) => {
    const own = parameters[asset]!;
    return [asset, { ...own, [field]: settingAt(policy, asset, field, own[field], steps) }] as const;
  });
  return { ...parameters, ...Object.fromEntries(changes) };
}

/** What was loosened must fit on paths that had no part in choosing it. What was tightened needed no choice to be needed. */
export function confirms(lane: Lane, after: StressEvidence): boolean {
  return lane.settled.outcome !== 'loosened' || lane.judgeFresh(after).fits;
}

/**
 * Between which values of each moved field the data cannot tell: the recommended value is the conservative end (fits with two
 * standard errors to spare), the other end the loosest that would fit were the estimate two standard errors too high, the
 * other fields as recommended.
 */
export async function intervals(policy: Policy, lane: Lane, from: ParametersByAsset): Promise<ReadonlyMap<string, Interval>> {
  const { field, knobs, settled, judge } = lane;
  const found = new Map<string, Interval>();
  if (settled.outcome === 'unreachable' || settled.outcome === 'held') return found;
  const stepsOf = (knob: Knob) => settled.plan[knob.asset] ?? 0;
  const moved = knobs
    .filter((knob) => stepsOf(knob) !== 0 && settled.target[knob.asset] === stepsOf(knob))
    .sort((a, b) => b.powerUsd(0) - a.powerUsd(0) || (a.asset < b.asset ? -1 : 1));
  const bracket = async (knob: Knob): Promise<[string, Interval]> => {
    const steps = stepsOf(knob);
    const might = async (looserBy: number) => (await judge({ ...settled.plan, [knob.asset]: steps - looserBy })).mightFit;
    const room = Math.max(0, steps > 0 ? steps - knob.forced : Math.min(INTERVAL_REACH * -steps, knob.furthestLooser + steps));
    const points = Math.min(INTERVAL_POINTS, room);
    const at = (point: number) => Math.round((room * point) / points);
    let loosest = room;
    if (points > 0 && !(await might(room))) loosest = at((await least(1, points, async (point) => !(await might(at(point))))) - 1);
    const ends = [steps, steps - loosest].map((position) => settingAt(policy, knob.asset, field, from[knob.asset]![field], position));
    return [knob.asset, { low: Math.min(...ends), high: Math.max(...ends) }];
  };
  for (const [asset, interval] of await Promise.all(moved.slice(0, MOST_INTERVALS).map(bracket))) found.set(asset, interval);
  return found;
}

/** The moves after the first, up to the target. Tightening only. */
export function scheduleOf(input: ScheduleInput, lane: Lane, knob: Knob, from: number): readonly Schedule.Planned[] {
  const [first, last] = [lane.settled.plan[knob.asset] ?? 0, lane.settled.target[knob.asset] ?? 0];
  if (last <= first) return [];
  const { policy, now, history } = input;
  const [to, target] = [first, last].map((steps) => settingAt(policy, knob.asset, lane.field, from, steps)) as [number, number];
  const limit = limitOf(policy, knob.asset, lane.field);
  return Schedule.after(limit, { asset: knob.asset, field: lane.field, from, to, now, history }, target);
}
