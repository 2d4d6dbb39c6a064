/**
 * tune(input): from law, book and policy to a recommendation, as a numbered recipe.
 *
 * Whether the book is inside its budget as it stands is judged on all paths of the scenario set. Their first half searches, on
 * common random numbers: before and after see the same markets. The other half, never seen by the search, confirms; what it
 * does not confirm is not loosened, `inconclusive`. Borrowers respond: an account keeps its utilisation of borrowing power, so a haircut matters to losses. Arithmetic is + − × ÷ and √ only and
 * every order is by name, so the same input gives the same bytes.
 */
import { PlimsollError } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../datasets/state.ts';
import type { MarketModel } from '../models/market.ts';
import type { ScenarioSet } from '../models/scenario.ts';
import type { AttackLimit } from './attack/limit.ts';
import { mostDisagreement } from './challenger.ts';
import { because } from './explain.ts';
import type { Knob } from './greedy.ts';
import * as Knobs from './knobs.ts';
import * as Lane from './lane.ts';
import type { PastMove } from './limits.ts';
import type { Foresight } from './margin/predictive.ts';
import * as Predictive from './margin/predictive.ts';
import * as Objective from './objective.ts';
import { Field, type Policy } from './policy.ts';
import type { AssetAdvice, Challenge, FieldAdvice, Foreseen, Recommendation, Verdict } from './recommendation.ts';
import { refusalOf, refusalOfAll } from './refusal.ts';
import type { Evaluate } from './stress/evaluate.ts';
import type { StressEvidence } from './stress/evidence.ts';
import * as Trials from './trials.ts';

export type TuneInput = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  readonly policy: Policy;
  /** The time of the advice, ISO 8601. */
  readonly now: string;
  /** Changes that took effect before now. */
  readonly history: readonly PastMove[];
  readonly evaluate: Evaluate;
  /** Assets the panel left out: tells `poisoned-data` from `not-in-panel`. */
  readonly excluded?: MarketPanel['excluded'];
  /** How far the challenger is from the model, by panel asset (challenger.ts). */
  readonly challenges?: ReadonlyMap<string, Challenge>;
  /** What the law foresees within the margin period of risk, by panel asset (margin/foresight.ts); used where the policy has a predictive margin. */
  readonly foresights?: ReadonlyMap<string, Foresight>;
  /** Where the policy asks for it (attack/limit.ts). */
  readonly attacks?: ReadonlyMap<string, AttackLimit> | null;
  readonly onStep?: (step: string, share: number) => void;
};

export type Tuned = { readonly recommendation: Recommendation; readonly before: StressEvidence; readonly after: StressEvidence };

/** Assets searched per field: the largest by exposure. The rest hold, `small-exposure`. */
const MOST_KNOBS = 12;

export async function tune(input: TuneInput): Promise<Tuned> {
  const { state, model, scenarios, policy } = input;

  // 1. The parts belong together.
  if (scenarios.from.model !== model.id) {
    throw new MismatchError({ got: `scenarios of ${scenarios.from.model}`, needed: `scenarios of the model ${model.id}` });
  }
  const start = parametersOf(state);
  const trials = Trials.open(input.evaluate, scenarios.paths, input.onStep);
  const advice: Advice = new Map();
  const foreseen = foreseenOf(input);

  // 2. One lane after the other: margins first, so that haircuts do not pay for them; thresholds last, and only where the
  //    joint constraints demand it or haircuts alone cannot keep the budget. What cannot be judged is refused on the way.
  const lanes: Lane.Lane[] = [];
  let parameters = start;
  for (const field of ['marginMultiplierPpm', 'haircutBps', 'liquidationThresholdBps'] as const) {
    const knobs = knobsOf({ ...input, ...(foreseen === null ? {} : { foreseen }) }, field, parameters, advice).filter(
      ({ asset, forced }) =>
        field !== 'liquidationThresholdBps' ||
        forced > 0 ||
        lanes.some((lane) => lane.field === 'haircutBps' && lane.settled.outcome === 'unreachable') ||
        void note(advice, start, asset, field, { verdict: 'hold', binding: 'through-the-cycle' }),
    );
    if (knobs.length === 0) continue;
    const lane = await Lane.run(input, trials, field, knobs, parameters);
    lanes.push(lane);
    parameters = Lane.apply(policy, parameters, field, lane.settled.plan);
  }

  // 3. Where the data cannot tell: the interval of every value that moved.
  const intervals = new Map<string, ReadonlyMap<string, Lane.Interval>>();
  for (const lane of lanes) intervals.set(lane.field, await Lane.intervals(policy, lane, start));

  // 4. Fresh paths confirm what was loosened, or it is withdrawn.
  const before = await trials.at(start, trials.allPaths, 'confirm the book as it is');
  let after = await trials.at(parameters, trials.allPaths, 'confirm the advice');
  const unconfirmed = lanes.filter((lane) => !Lane.confirms(lane, after)).map(({ field }) => field);
  if (unconfirmed.length > 0) {
    parameters = start;
    for (const lane of lanes) {
      const plan = unconfirmed.includes(lane.field) ? lane.settled.forced : lane.settled.plan;
      parameters = Lane.apply(policy, parameters, lane.field, plan);
    }
    after = await trials.at(parameters, trials.allPaths, 'confirm what is left');
  }

  // 5. Into fields, assets, one verdict.
  for (const lane of lanes) adviseLane(input, advice, start, lane, intervals.get(lane.field)!, !unconfirmed.includes(lane.field));
  const regime = model.regime.labels[largestIndex(model.regime.now)] ?? 'unknown';
  const assets = state.assets.map((row): AssetAdvice => {
    const fields = Object.fromEntries(Field.options.map((field) => [field, advice.get(`${row.asset}.${field}`)!])) as Record<
      Field,
      FieldAdvice
    >;
    const verdict = verdictOf(Object.values(fields).map((one) => one.verdict));
    const challenge = (row.panelAsset === null ? undefined : input.challenges?.get(row.panelAsset)) ?? null;
    const asked = foreseen === null ? {} : { foreseen: foreseen.get(row.asset) ?? null };
    const reasons = { model, row, regime, fields, before: before.summary, after: after.summary, challenge, ...asked };
    return { asset: row.asset, verdict, regime, fields, because: because(reasons), challenge, ...asked };
  });
  const power = Objective.borrowingPowerUsd(state, start);
  const recommendation = seal({
    kind: 'recommendation' as const,
    from: {
      state: state.id,
      model: model.id,
      scenarios: scenarios.id,
      policy: policy.id,
      evidenceBefore: before.id,
      evidenceAfter: after.id,
    },
    asOf: input.now,
    expiresAt: new Date(Date.parse(input.now) + policy.validSeconds * 1000).toISOString(),
    simulated: state.simulated || model.simulated,
    verdict: verdictOf(assets.map((one) => one.verdict)),
    assets,
    before: before.summary,
    after: after.summary,
    namedBefore: before.named,
    namedAfter: after.named,
    borrowingPowerUsd: { before: power.power, after: Objective.borrowingPowerUsd(state, parameters).power, used: power.used },
    evaluations: trials.count(),
  });
  input.onStep?.('done', 1);
  return { recommendation, before, after };
}

type Advice = Map<string, FieldAdvice>;

/** By asset of the book; null where the policy does not ask, or nobody looked ahead. */
function foreseenOf({ state, policy, foresights }: TuneInput): ReadonlyMap<string, Foreseen> | null {
  const { predictiveMargin } = policy;
  if (predictiveMargin === undefined || foresights === undefined) return null;
  const found = new Map<string, Foreseen>();
  for (const { asset, panelAsset } of state.assets) {
    const foresight = panelAsset === null ? undefined : foresights.get(panelAsset);
    const asked = foresight === undefined ? null : Predictive.foreseen(state, asset, foresight, predictiveMargin);
    if (asked !== null) found.set(asset, asked);
  }
  return found;
}

/** The knobs worth searching; for every other asset the advice is noted at once. */
function knobsOf(
  input: TuneInput & Pick<Knobs.Setting, 'foreseen'>,
  field: Field,
  parameters: ParametersByAsset,
  advice: Advice,
): readonly Knob[] {
  const { state } = input;
  const start = parametersOf(state);
  const exposures = Objective.exposures(state);
  const ofAll = refusalOfAll(input);
  const knobs: Knob[] = [];
  for (const [index, row] of state.assets.entries()) {
    const exposure = exposures[index]!;
    const refusal = ofAll ?? refusalOf(input, row, exposure, field);
    const made = refusal === null ? Knobs.make({ ...input, parameters }, row, exposure, field) : { refusal };
    const apart = row.panelAsset === null ? undefined : input.challenges?.get(row.panelAsset)?.index;
    // What the joint constraints demand does not hang on either law; what is foreseen does.
    if (
      'knob' in made &&
      (made.knob.forced === 0 || made.knob.forcedBy !== undefined) &&
      apart !== undefined &&
      apart > mostDisagreement(input.policy)
    )
      note(advice, start, row.asset, field, {
        verdict: 'hold',
        binding: `models-disagree: law and history differ by a factor of ${apart.toFixed(2)}`,
      });
    else if ('knob' in made) knobs.push(made.knob);
    else if ('hold' in made) note(advice, start, row.asset, field, { verdict: 'hold', binding: made.hold });
    else note(advice, start, row.asset, field, { verdict: 'abstain', reason: made.refusal.reason, binding: made.refusal.says });
  }
  const ranked = [...knobs].sort((a, b) => b.forced - a.forced || b.powerUsd(0) - a.powerUsd(0) || (a.asset < b.asset ? -1 : 1));
  for (const { asset } of ranked.slice(MOST_KNOBS)) note(advice, start, asset, field, { verdict: 'hold', binding: 'small-exposure' });
  const chosen = new Set(ranked.slice(0, MOST_KNOBS));
  return knobs.filter((knob) => chosen.has(knob));
}

function adviseLane(
  input: TuneInput,
  advice: Advice,
  start: ParametersByAsset,
  lane: Lane.Lane,
  intervals: ReadonlyMap<string, Lane.Interval>,
  confirmed: boolean,
): void {
  const { policy } = input;
  const { field, knobs, settled } = lane;
  const plan = confirmed ? settled.plan : lane.settled.forced;
  for (const knob of knobs) {
    const { asset, forced } = knob;
    const from = start[asset]![field];
    const steps = plan[asset] ?? 0;
    const binding = settled.bindings[asset]!;
    const to = Knobs.settingAt(policy, asset, field, from, steps);
    if (!confirmed && (settled.plan[asset] ?? 0) !== steps) {
      const says = 'fresh-paths: the paths the search had not seen did not confirm the move';
      note(advice, start, asset, field, { verdict: 'abstain', reason: 'inconclusive', binding: says });
    } else if (steps !== 0) {
      const schedule = confirmed ? Lane.scheduleOf(input, lane, knob, from) : [];
      const reason = settled.outcome === 'unreachable' && steps > forced ? ('unreachable' as const) : null;
      const interval = (confirmed ? intervals.get(asset) : undefined) ?? { low: to, high: to };
      note(advice, start, asset, field, {
        verdict: 'change',
        reason,
        to,
        ...interval,
        binding: steps === forced ? (knob.forcedBy ?? 'joint-constraints') : binding,
        schedule: schedule.map((one) => one.to),
        scheduleAt: schedule.map(({ at }) => at),
      });
    } else if (settled.outcome === 'unreachable' && field !== 'liquidationThresholdBps') {
      const says = binding === 'newly-liquidatable' ? binding : 'the budget is out of reach and tightening this does not lower the loss';
      note(advice, start, asset, field, { verdict: 'abstain', reason: 'unreachable', binding: says });
    } else {
      note(advice, start, asset, field, { verdict: 'hold', binding });
    }
  }
}

function note(
  advice: Advice,
  start: ParametersByAsset,
  asset: string,
  field: Field,
  rest: Partial<FieldAdvice> & Pick<FieldAdvice, 'verdict' | 'binding'>,
): void {
  const from = start[asset]![field];
  advice.set(`${asset}.${field}`, { reason: null, from, to: from, low: from, high: from, schedule: [], scheduleAt: [], ...rest });
}

/** One change makes a change; abstain only where everything does. */
function verdictOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('change')) return 'change';
  return verdicts.every((verdict) => verdict === 'abstain') ? 'abstain' : 'hold';
}

function largestIndex(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0);
}

export class MismatchError extends PlimsollError {
  override readonly name = 'Search.MismatchError';
}
