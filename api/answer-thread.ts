/**
 * Worker thread: answers questions about finished runs, one at a time. Artifacts come as the store keeps them; the book that was
 * asked about last stays prepared, because whoever moves a slider asks about the same one again.
 */

import { ProtocolState } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { MarketModel } from '../models/market.ts';
import { ScenarioSet } from '../models/scenario.ts';
import { type Explanation, explain } from '../tuner/explanation/explanation.ts';
import * as Setting from '../tuner/explanation/setting.ts';
import { Policy } from '../tuner/policy.ts';
import { Recommendation } from '../tuner/recommendation.ts';
import { StressEvidence } from '../tuner/stress/evidence.ts';
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
  | { readonly ask: 'what-if'; readonly run: string; readonly parts: Packed; readonly setting: Setting.Setting };
export type Answer = { readonly explanation: Explanation } | { readonly judgement: Setting.Judgement } | { readonly failed: ErrorMessage };

let prepared: { readonly run: string; readonly judge: ReturnType<typeof Setting.judge> } | null = null;

export default function work(question: Question): Answer {
  try {
    return question.ask === 'explanation' ? { explanation: explained(question) } : { judgement: judged(question) };
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
