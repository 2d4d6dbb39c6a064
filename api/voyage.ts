/**
 * The eight calls in order, once: from market data to a drafted proposal. Only decides when each is called.
 *
 * Everything that touches the world comes in as a capability: reading, and the evaluation of parameters.
 */
import { readFile } from 'node:fs/promises';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson } from '../base/id.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { align } from '../datasets/align.ts';
import { endsAt, FindingKind, type MarketPanel } from '../datasets/panel.ts';
import { reprice } from '../datasets/reprice.ts';
import { sampleBook } from '../datasets/sample/book.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import { readSeries } from '../datasets/sources/files.ts';
import * as StateFile from '../datasets/sources/state-file.ts';
import { type ProtocolState, parametersOf } from '../datasets/state.ts';
import * as Bundle from '../governance/bundle.ts';
import { draft } from '../governance/draft.ts';
import type { NoProposal, Proposal } from '../governance/proposal.ts';
import { rehearsalTarget } from '../governance/simulate.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Fit from '../models/fit.ts';
import type { MarketModel } from '../models/market.ts';
import { plan, type ScenarioSet } from '../models/scenario.ts';
import { carry } from '../models/training.ts';
import { limitsOf } from '../tuner/attack/limit.ts';
import { type Caps, recommend as recommendCaps } from '../tuner/caps.ts';
import { challenge } from '../tuner/challenger.ts';
import { type Frontier, trace } from '../tuner/frontier.ts';
import { foresee } from '../tuner/margin/foresight.ts';
import { lossBudgetUsd } from '../tuner/objective.ts';
import { type Policy, parsePolicy } from '../tuner/policy.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import * as Regret from '../tuner/regret.ts';
import { tune } from '../tuner/search.ts';
import type { Evaluate, EvaluateInputs } from '../tuner/stress/evaluate.ts';
import type { StressEvidence } from '../tuner/stress/evidence.ts';
import { enough } from '../tuner/stress/precision.ts';
import { type ReplayImpact, type ReplayResult, replay } from '../tuner/stress/replay.ts';
import { tiltOf } from '../tuner/stress/towards.ts';
import { readLaw } from './model-store.ts';
import type { VoyageOptions } from './options.ts';
import type { Report } from './progress.ts';

export type Deps = {
  /** Gives the evaluation for one book, law and scenario set; closed by the voyage. */
  hire(inputs: EvaluateInputs): { readonly evaluate: Evaluate; close(): Promise<void> };
  readonly defaultPolicyPath: string;
  readonly codeVersion: string;
  readonly lockFile: Bundle.Provenance['lockFile'];
};

export type Voyage = {
  readonly panel: MarketPanel;
  readonly state: ProtocolState;
  readonly policy: Policy;
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  /** Null where no precision was asked for. */
  readonly precision: Precision | null;
  readonly before: StressEvidence;
  readonly after: StressEvidence;
  readonly recommendation: Recommendation;
  readonly evidence: Bundle.Evidence;
  readonly proposal: Proposal | NoProposal;
  readonly replayed: Replayed | null;
  /** The advice against what happened; null where the data ends at as-of. */
  readonly regret: Regret.Regret | null;
  readonly frontier: Frontier;
  readonly caps: Caps;
};
/** Standard error of today's expected shortfall: what was asked for, and what the paths gave. */
export type Precision = { readonly wantedUsd: number; readonly standardErrorUsd: number; readonly reached: boolean };
/** The days after as-of, with the old and the new parameters: this book's sales added to recorded prices, and contained in them. */
export type Replayed = {
  readonly before: ReplayResult;
  readonly after: ReplayResult;
  readonly contained: { readonly before: ReplayResult; readonly after: ReplayResult };
};

/** Paths over the policy's, at most, in search of precision. */
const MOST_TIMES = 16;
const REPLAY_SECONDS = 7 * SECONDS_PER_DAY;
/** Bars before as-of that the replay's panel holds, for the price everything is measured from. */
const REPLAY_LEAD_SECONDS = SECONDS_PER_DAY;

export async function voyage(deps: Deps, options: VoyageOptions, report: Report): Promise<Voyage> {
  // 0. What is short to read is read first: a mistake there should not wait for the market.
  const policy = await readPolicy(options.policy ?? deps.defaultPolicyPath);
  const asOf = options.asOf === null ? null : moment(options.asOf);
  const stored = options.model === null ? null : await readLaw(options.model);
  const book = options.state === null ? null : await readState(options.state);

  // 1. panel = align(series)
  report('align', 0);
  const read =
    options.panel === null
      ? sampleMarket(options.seed)
      : await readSeries(options.panel, { onProgress: (done, all) => report('align', (0.8 * done) / all) });
  const grid = { quote: read.quote, sources: read.sources, simulated: options.panel === null };
  const panel = align(read.series, { ...grid, waivers: options.waivers, ...(asOf === null ? {} : { asOf }) });
  report('align', 1);

  // 2. state = readState(…), joined to the panel: the book as it stood at as-of
  report('state', 0);
  const state =
    book === null ? sampleBook(panel, options.seed) : reprice(book, panel, { asOf: asOf ?? endsAt(panel), waivers: options.waivers });
  report('state', 1);

  // 3. model = fit(panel), or the law in force with the state of this panel
  report('fit', 0);
  const model =
    stored !== null
      ? carry(stored, panel)
      : await Fit.fit(panel, {
          seed: options.seed,
          forecaster: options.forecaster,
          onStep: (_step, share) => report('fit', Math.min(0.99, share)),
        });
  report('fit', 1);

  // 4. scenarios = plan(model, …)
  report('plan', 0);
  const steps = Math.max(1, Math.round(policy.horizonSeconds / panel.stepSeconds));
  const risk = riskOf(policy, state);
  const planned = (paths: number) => plan(model, { seed: options.seed, paths, steps, tilt: tiltOf(state, model) });
  const { paths, precision } = await pathsFor(deps, options, policy, { state, model, risk }, planned, (share) => report('plan', share));
  const scenarios = planned(paths);
  report('plan', 1);

  // 5. evidence = stress(state, parameters, …): today's parameters first, for the search to start from
  report('stress', 0);
  const crew = deps.hire({ state, model, scenarios, risk });
  try {
    const first = { parameters: parametersOf(state), borrowers: 'responsive', paths: scenarios.paths } as const;
    const today = await crew.evaluate(first);
    report('stress', 1);

    // 6. advice = tune(…)
    report('tune', 0);
    // The search asks about today's parameters too; asked in the same words, it gets the same answer at once.
    const asked = canonicalJson(first);
    const evaluate: Evaluate = async (request) => (canonicalJson(request) === asked ? today : crew.evaluate(request));
    const tuned = await tune({
      ...tuneOf({ panel, state, model, scenarios, policy }),
      evaluate,
      onStep: (_step, share) => report('tune', Math.min(0.99, share)),
    });
    report('tune', 1);

    // 7. proposal = draft(advice, state, target), bound to the root of everything above
    report('draft', 0);
    const { recommendation, before, after } = tuned;
    const provenance = {
      codeVersion: deps.codeVersion,
      kernel: loadKernel().digest,
      lockFile: deps.lockFile,
      seed: options.seed,
      ...(options.seedBlock === null ? {} : { seedBlock: options.seedBlock }),
      simulated: panel.simulated || state.simulated,
    };
    const evidence = evidenceOf(provenance, { panel, state, policy, model, scenarios, before, after, recommendation });
    const proposal = draft(recommendation, state, rehearsalTarget(), Bundle.evidenceRoot(evidence));
    report('draft', 1);

    // 8. What more or less power would cost, and how much of each asset its market bears. Not part of the evidence: `plimsoll frontier`
    //    and `plimsoll caps` make them again from a bundle.
    report('frontier', 0);
    const beside = { ...searchOf({ panel, state, model, scenarios, policy }), evaluate, recommended: after.parameters };
    const frontier = await trace({ ...beside, onStep: (_step, share) => report('frontier', Math.min(0.99, share)) });
    report('frontier', 1);
    report('caps', 0);
    const caps = await recommendCaps(beside);
    report('caps', 1);

    // 9. Hindsight, where the data goes on after as-of. Not part of the evidence.
    report('replay', 0);
    const days = asOf === null ? null : daysAfter(read.series, grid, asOf, REPLAY_SECONDS);
    const along = (impact: ReplayImpact) => {
      const one = (parameters: StressEvidence['parameters']) =>
        replay(loadKernel(), state, days!, parameters, { model, borrowers: 'responsive', impact });
      return { before: one(before.parameters), after: one(after.parameters) };
    };
    const replayed = days === null ? null : { ...along('added'), contained: along('contained') };
    const regret = days === null ? null : Regret.reckon(loadKernel(), { state, model, scenarios, recommendation }, days);
    report('replay', 1);
    const made = { panel, state, policy, model, scenarios, precision, before, after, recommendation };
    return { ...made, evidence, proposal, replayed, regret, frontier, caps };
  } finally {
    await crew.close();
  }
}

/** As many as asked for, as the policy says, or as make today's expected shortfall precise enough. */
async function pathsFor(
  deps: Deps,
  { paths, precision }: VoyageOptions,
  policy: Policy,
  inputs: Omit<EvaluateInputs, 'scenarios'>,
  planned: (paths: number) => ScenarioSet,
  onShare: (share: number) => void,
): Promise<{ readonly paths: number; readonly precision: Precision | null }> {
  if (precision === null) return { paths: paths ?? policy.paths, precision: null };
  const mostPaths = paths ?? MOST_TIMES * policy.paths;
  const crew = deps.hire({ ...inputs, scenarios: planned(mostPaths) });
  try {
    const parameters = parametersOf(inputs.state);
    const wanted = { firstPaths: policy.paths, mostPaths, standardErrorUsd: precision * inputs.risk.budgetUsd };
    const found = await enough(
      (count) => crew.evaluate({ parameters, borrowers: 'responsive', paths: count }),
      wanted,
      (round) => onShare(Math.min(0.99, round.paths / mostPaths)),
    );
    const { standardErrorUsd, reached } = found;
    return { paths: found.paths, precision: { wantedUsd: wanted.standardErrorUsd, standardErrorUsd, reached } };
  } finally {
    await crew.close();
  }
}

type Judged = Pick<Voyage, 'panel' | 'state' | 'model' | 'scenarios' | 'policy'>;

/** What is judged, from artifacts alone: the same for the run and for whoever verifies it. */
export function searchOf({ panel, state, model, scenarios, policy }: Judged) {
  return { state, model, scenarios, policy, now: state.asOf, history: [], excluded: panel.excluded };
}

/** The same, with what the challenger says and, where the policy asks, what the law foresees. */
export function tuneOf(judged: Judged) {
  const { panel, state, model, scenarios, policy } = judged;
  const kernel = loadKernel();
  const { predictiveMargin } = policy;
  return {
    ...searchOf(judged),
    challenges: challenge(kernel, panel, model, scenarios, policy.level),
    ...(policy.attack === undefined ? {} : { attacks: limitsOf(kernel, state, model, policy) }),
    ...(predictiveMargin === undefined ? {} : { foresights: foresee(kernel, panel, model, { ...predictiveMargin, seed: scenarios.seed }) }),
  };
}

export function riskOf(policy: Policy, state: ProtocolState): EvaluateInputs['risk'] {
  return { level: policy.level, budgetUsd: lossBudgetUsd(policy, state) };
}

export function evidenceOf(
  provenance: Bundle.Provenance,
  { panel, state, policy, model, scenarios, before, after, recommendation }: Judged & Pick<Voyage, 'before' | 'after' | 'recommendation'>,
): Bundle.Evidence {
  const artifacts = {
    panel: panel.id,
    state: state.id,
    policy: policy.id,
    model: model.id,
    scenarios: scenarios.id,
    evidenceBefore: before.id,
    evidenceAfter: after.id,
    recommendation: recommendation.id,
  };
  return { provenance, artifacts, before, after };
}

/** A book as `plimsoll state import` writes it. */
export async function readState(path: string): Promise<ProtocolState> {
  return StateFile.parse(await readText(path), path);
}

export async function readPolicy(path: string): Promise<Policy> {
  return parsePolicy(await readText(path), path);
}

/** The realised bars around as-of, null where there are none after it. Nothing is judged or left out here: what happened, happened. */
export function daysAfter(
  series: Parameters<typeof align>[0],
  grid: Pick<Parameters<typeof align>[1], 'quote' | 'sources' | 'simulated'>,
  asOf: string,
  seconds: number,
): MarketPanel | null {
  const fromMs = Date.parse(asOf) - REPLAY_LEAD_SECONDS * 1000;
  const toMs = Date.parse(asOf) + seconds * 1000;
  const goesOn = series.some(({ timesMs }) => (timesMs.at(-1) ?? 0) > Date.parse(asOf));
  if (!goesOn) return null;
  const waivers = [...new Set(series.map(({ asset }) => asset))].flatMap((subject) =>
    FindingKind.options.map((kind) => ({ subject, kind, reason: 'replay of what happened' })),
  );
  return align(series, {
    ...grid,
    from: new Date(fromMs).toISOString(),
    asOf: new Date(toMs).toISOString(),
    minimumHistorySeconds: 0,
    waivers,
  });
}

export function moment(text: string, where = 'as-of'): string {
  // Without a zone it is UTC: the same words must mean the same moment on every machine.
  const time = Date.parse(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text);
  if (Number.isNaN(time) || !/^\d{4}-\d\d/.test(text))
    throw new BadTimeError({ got: JSON.stringify(text), needed: 'an ISO 8601 time such as 2022-05-08', where });
  return new Date(time).toISOString();
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new UnreadableFileError({ got: code, needed: 'a readable file', where: path, cause: error });
  }
}

export class BadTimeError extends PlimsollError {
  override readonly name = 'Voyage.BadTimeError';
}

export class UnreadableFileError extends PlimsollError {
  override readonly name = 'Voyage.UnreadableFileError';
}
