/**
 * Checks: what was looked at before anybody is asked to sign, each with its verdict. Pure; asked again by whoever reviews.
 *
 * Everything is read from the call data and the text as they would be signed, never from the draft's intentions.
 */
import { canonicalJson } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import * as Exposure from './exposure.ts';
import type { Call, Check } from './proposal.ts';
import * as Governor from './targets/governor.ts';
import * as Registry from './targets/registry.ts';

export type Subject = {
  readonly recommendation: Recommendation;
  readonly state: ProtocolState;
  readonly target: Governor.GovernorTarget;
  readonly update: Registry.Update;
  readonly calls: readonly Call[];
  readonly description: string;
};

export function all(subject: Subject): readonly Check[] {
  return [
    sameBytes(subject),
    onlyTheRegistry(subject),
    startsFromState(subject),
    onlyAdvised(subject),
    evidenceInText(subject),
    proposerRestricted(subject),
    idTwice(subject),
    newlyLiquidatable(subject),
    chain(subject),
    inputs(subject),
  ];
}

function sameBytes({ calls, update }: Subject): Check {
  const decoded = calls.map(({ data }) => Registry.decode(data));
  const equal = decoded.length === 1 && canonicalJson(decoded[0]) === canonicalJson(update);
  const says = equal
    ? 'The call data, decoded by a decoder that shares no code with the encoder, is the intended update.'
    : 'The call data does not decode to the intended update.';
  return { name: 'decoded-twice', verdict: equal ? 'pass' : 'fail', says };
}

function onlyTheRegistry({ calls, target }: Subject): Check {
  const stray = calls.find(({ to, valueWei }) => to.toLowerCase() !== target.registry.toLowerCase() || valueWei !== '0');
  if (stray !== undefined)
    return { name: 'only-the-registry', verdict: 'fail', says: `A call goes to ${stray.to} with ${stray.valueWei} wei.` };
  return { name: 'only-the-registry', verdict: 'pass', says: `Every call goes to the registry ${target.registry} and moves no ether.` };
}

function startsFromState({ calls, state }: Subject): Check {
  const held = new Map(state.assets.map(({ asset, parameters }) => [asset, Registry.valuesOf(parameters)]));
  for (const { data } of calls) {
    for (const change of Registry.decode(data).changes) {
      const wall = Registry.refusal(change, held.get(change.asset));
      if (wall !== null) return { name: 'accepted-by-the-rule', verdict: 'fail', says: `${change.asset}: ${wall}.` };
    }
  }
  const says =
    'Each change starts from the values in the state and ends inside the contract’s bounds, threshold × (1 + bonus) ≤ 1 included.';
  return { name: 'accepted-by-the-rule', verdict: 'pass', says };
}

/** Nothing may move that the advice did not move, and nothing may move elsewhere than the advice says. */
function onlyAdvised({ calls, recommendation }: Subject): Check {
  const advised = new Set(
    recommendation.assets.flatMap(({ asset, fields }) =>
      Object.entries(fields).flatMap(([field, { verdict, from, to }]) =>
        verdict === 'change' && from !== to ? [`${asset}.${field}=${to}`] : [],
      ),
    ),
  );
  const moved = calls.flatMap(({ data }) =>
    Registry.decode(data).changes.flatMap(({ asset, from, to }) =>
      Registry.FIELDS.filter((field) => from[field] !== to[field]).map((field) => `${asset}.${field}=${to[field]}`),
    ),
  );
  const stray = moved.find((move) => !advised.has(move)) ?? [...advised].find((move) => !moved.includes(move));
  if (stray !== undefined)
    return { name: 'only-what-was-advised', verdict: 'fail', says: `${stray} stands in only one of advice and call data.` };
  return {
    name: 'only-what-was-advised',
    verdict: 'pass',
    says: `The call data moves the ${moved.length} values the advice moves and no other.`,
  };
}

function evidenceInText({ calls, description, update }: Subject): Check {
  const bound =
    description.includes(update.evidenceRoot) && calls.every(({ data }) => Registry.decode(data).evidenceRoot === update.evidenceRoot);
  const says = bound ? `Text and call data both name ${update.evidenceRoot}.` : 'Text and call data do not name the same evidence root.';
  return { name: 'evidence-root', verdict: bound ? 'pass' : 'fail', says };
}

function proposerRestricted({ description, target }: Subject): Check {
  if (target.proposer === null) {
    return {
      name: 'proposer',
      verdict: 'warn',
      says: 'No proposer is named: anyone with the votes could propose these calls first and cancel them.',
    };
  }
  const bound = description.endsWith(`#proposer=${target.proposer.toLowerCase()}`);
  const says = bound ? `Only ${target.proposer} can propose this text.` : 'The text does not end in the proposer’s suffix.';
  return { name: 'proposer', verdict: bound ? 'pass' : 'fail', says };
}

function idTwice({ calls, description }: Subject): Check {
  const id = Governor.hashProposal(calls, description);
  const equal = id === Governor.hashProposalTwin(calls, description);
  const says = equal ? `Two encoders give the proposal the id ${id}.` : 'Two encoders give the proposal different ids.';
  return { name: 'id-twice', verdict: equal ? 'pass' : 'fail', says };
}

function newlyLiquidatable({ state, calls }: Subject): Check {
  const changes = calls.flatMap(({ data }) => Registry.decode(data).changes);
  return liquidatable(state, new Map(changes.map(({ asset, to }) => [asset, to.liquidationThresholdBps] as const)));
}

/** `thresholds`: those that change, in basis points. */
export function liquidatable(state: ProtocolState, thresholds: ReadonlyMap<string, number>): Check {
  const accounts = Exposure.exposed(state, thresholds).map(({ account }) => account);
  const name = 'newly-liquidatable';
  if (accounts.length === 0) return { name, verdict: 'pass', says: 'At unchanged prices the change makes no account liquidatable.' };
  const shown = accounts.slice(0, 3).join(', ');
  return {
    name,
    verdict: 'warn',
    says: `At unchanged prices the change makes ${accounts.length} accounts liquidatable, among them ${shown}.`,
  };
}

function chain({ target, state }: Subject): Check {
  const name = 'chain';
  if (target.rehearsal) {
    const says = `Drafted for a local node (chain ${target.chainId}); the state is of chain ${state.chainId}. Draft again for the real Governor before signing.`;
    return { name, verdict: 'warn', says };
  }
  const same = target.chainId === state.chainId;
  return { name, verdict: same ? 'pass' : 'fail', says: `Target on chain ${target.chainId}, state of chain ${state.chainId}.` };
}

export function inputs({ recommendation, state }: Pick<Subject, 'recommendation' | 'state'>): Check {
  const simulated = recommendation.simulated || state.simulated;
  const notes = [
    simulated ? 'SIMULATED market or book' : '',
    state.waivers.length === 0 ? '' : `waived: ${state.waivers.map(({ subject, kind }) => `${subject} (${kind})`).join(', ')}`,
    state.setAside.length === 0 ? '' : `${state.setAside.length} accounts set aside`,
    state.notes.length === 0 ? '' : `${state.notes.length} notes on how the book was made, in the text`,
  ].filter((note) => note !== '');
  if (notes.length === 0) return { name: 'inputs', verdict: 'pass', says: 'Market and book are recorded data, without waiver or note.' };
  return { name: 'inputs', verdict: 'warn', says: `${notes.join('; ')}.` };
}
