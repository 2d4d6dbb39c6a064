/**
 * Worker thread: answers questions about finished runs, one at a time. Artifacts come as the store keeps them; the book that was
 * asked about last stays prepared, because whoever moves a slider asks about the same one again.
 */

import { MarketPanel } from '../datasets/panel.ts';
import { ProtocolState } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { MarketModel } from '../models/market.ts';
import { ScenarioSet } from '../models/scenario.ts';
import { type Explanation, explain } from '../tuner/explanation/explanation.ts';
import * as Setting from '../tuner/explanation/setting.ts';
import { Policy } from '../tuner/policy.ts';
import { Recommendation } from '../tuner/recommendation.ts';
import * as Regret from '../tuner/regret.ts';
import { StressEvidence } from '../tuner/stress/evidence.ts';
import { NothingAfterError, NotInPanelError } from '../tuner/stress/replay.ts';
import { type ErrorMessage, toMessage } from './errors.ts';
import { type Artifact, unpack } from './store/artifact.ts';

type Bytes = Pick<Artifact, 'bytes'>;
export type Side = { readonly state: Bytes; readonly model: Bytes };
export type Packed = Side & { readonly scenarios: Bytes; readonly policy: Bytes; readonly recommendation: Bytes };

export type Question =
  | {
      readonly ask: 'explanation';
      readonly parts: Packed & { readonly before: Bytes; readonly after: Bytes };
      readonly against: Side | null;
      readonly paths: number;
    }
  | { readonly ask: 'what-if'; readonly run: string; readonly parts: Packed; readonly setting: Setting.Setting }
  | { readonly ask: 'regret'; readonly panel: Bytes; readonly parts: Packed };
export type Answer =
  | { readonly explanation: Explanation }
  | { readonly judgement: Setting.Judgement }
  /** null where the panel ends before, or lacks an asset. */
  | { readonly regret: Regret.Regret | null }
  | { readonly failed: ErrorMessage };

let prepared: { readonly run: string; readonly judge: ReturnType<typeof Setting.judge> } | null = null;

export default function work(question: Question): Answer {
  try {
    if (question.ask === 'explanation') return { explanation: explained(question) };
    if (question.ask === 'what-if') return { judgement: judged(question) };
    return { regret: regretOf(read(MarketPanel, question.panel), partsOf(question.parts)) };
  } catch (error) {
    return { failed: toMessage(error) };
  }
}

function explained({ parts, against, paths }: Extract<Question, { ask: 'explanation' }>): Explanation {
  const { policy: _, ...bundle } = partsOf(parts);
  const [before, after] = [read(StressEvidence, parts.before), read(StressEvidence, parts.after)];
  return explain({ ...bundle, before, after }, { paths, against: against === null ? null : sideOf(against) });
}

function judged({ run, parts, setting }: Extract<Question, { ask: 'what-if' }>): Setting.Judgement {
  if (prepared?.run !== run) prepared = { run, judge: Setting.judge(loadKernel(), partsOf(parts)) };
  return prepared.judge(setting);
}

function regretOf(panel: MarketPanel, past: Regret.Past): Regret.Regret | null {
  try {
    return Regret.reckon(loadKernel(), past, panel);
  } catch (error) {
    if (error instanceof NothingAfterError || error instanceof NotInPanelError) return null;
    throw error;
  }
}

function partsOf(parts: Packed) {
  return {
    ...sideOf(parts),
    scenarios: read(ScenarioSet, parts.scenarios),
    policy: read(Policy, parts.policy),
    recommendation: read(Recommendation, parts.recommendation),
  };
}

function sideOf({ state, model }: Side) {
  return { state: read(ProtocolState, state), model: read(MarketModel, model) };
}

function read<T>(shape: { parse(value: unknown): T }, bytes: Bytes): T {
  return shape.parse(JSON.parse(unpack(bytes)));
}
