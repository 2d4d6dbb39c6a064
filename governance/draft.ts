/**
 * draft: advice into the exact calls people are asked to sign, or a refusal that says why not.
 *
 * Pure: `now` is an argument and defaults to the moment the advice was made for, so that a re-run drafts the same bytes.
 */
import { type Id, seal } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import * as Checks from './checks.ts';
import type { Call, NoProposal, Proposal } from './proposal.ts';
import * as Report from './report.ts';
import * as Governor from './targets/governor.ts';
import * as Registry from './targets/registry.ts';
import type { Move } from './targets/target.ts';

export function draft(
  recommendation: Recommendation,
  state: ProtocolState,
  target: Governor.GovernorTarget,
  evidenceRoot: Id,
  now: string = recommendation.asOf,
): Proposal | NoProposal {
  const from = { recommendation: recommendation.id, state: state.id };
  const refuse = (reason: NoProposal['reason'], says: string): NoProposal => ({ kind: 'no-proposal', from, reason, says });

  // 1. Is the advice about this state, and still fresh when the timelock would execute it?
  const late = stale(recommendation, state, Governor.leadSeconds(target), now);
  if (late !== null) return refuse(late.reason, late.says);

  // 2. Which values change, from what the state really holds?
  const found = moves(recommendation, state);
  if ('reason' in found) return refuse(found.reason, found.says);
  const held = new Map(state.assets.map(({ asset, parameters }) => [asset, Registry.valuesOf(parameters)]));
  const changes = [...held].flatMap(([asset, from]): Registry.Change[] => {
    const moved = found.moves.filter((move) => move.asset === asset).map(({ field, to }) => [field, to] as const);
    return moved.length === 0 ? [] : [{ asset, from, to: { ...from, ...Object.fromEntries(moved) } }];
  });
  if (changes.length === 0) return refuse('nothing-to-change', `The advice is ${recommendation.verdict}: no value moves.`);
  changes.sort((a, b) => (a.asset < b.asset ? -1 : 1));

  // 3. Would the contract take them? Asked of what it holds today first: a registry that cannot hold today cannot be rehearsed.
  for (const [asset, values] of held) {
    const wall = Registry.outOfBounds(values);
    if (wall !== null) return refuse('state-out-of-bounds', `${asset} as it stands could not be held by the registry: ${wall}.`);
  }
  for (const change of changes) {
    const wall = Governor.constraints(change, held.get(change.asset));
    if (wall !== null) return refuse('out-of-bounds', `${change.asset}: the registry would refuse with ${wall}.`);
  }

  // 4. Encode, read back with the other decoder, and let the words come from the bytes.
  const update: Registry.Update = { changes, evidenceRoot, validUntilSeconds: Math.floor(Date.parse(recommendation.expiresAt) / 1000) };
  const calls: readonly Call[] = Governor.encode(target, update).map((action) => {
    const decoded = Registry.decode(action.data);
    return { ...action, decoded: { function: 'update', arguments: Registry.argumentsOf(decoded) }, says: Registry.says(decoded) };
  });
  const description = Governor.restrictTo(
    target.proposer,
    Report.describe({ recommendation, state, rehearsal: target.rehearsal, evidenceRoot, ...Report.ofRegistry(changes) }),
  );

  // 5. Check everything once more from the outside.
  const checks = Checks.all({ recommendation, state, target, update, calls, description });
  const failed = checks.find(({ verdict }) => verdict === 'fail');
  if (failed !== undefined) return refuse('check-failed', `${failed.name}: ${failed.says}`);
  return seal({
    kind: 'proposal' as const,
    from,
    target: target.name,
    chainId: target.chainId,
    governor: target.governor,
    calls,
    description,
    descriptionHash: Governor.descriptionHash(description),
    onChainId: String(Governor.hashProposal(calls, description)),
    evidenceRoot,
    checks,
    expiresAt: recommendation.expiresAt,
  });
}

type Reason = Pick<NoProposal, 'reason' | 'says'>;

/** Why the advice is not for this state or this moment; null where it is. `leadSeconds`: from drafting to execution. */
export function stale(recommendation: Recommendation, state: ProtocolState, leadSeconds: number, now: string): Reason | null {
  if (recommendation.from.state !== state.id) {
    return { reason: 'state-moved', says: `The advice was made for state ${recommendation.from.state}; this one is ${state.id}.` };
  }
  const expiresMs = Date.parse(recommendation.expiresAt);
  if (Date.parse(now) >= expiresMs) return { reason: 'expired', says: `The advice expired at ${recommendation.expiresAt}; it is ${now}.` };
  if (Date.parse(now) + leadSeconds * 1000 <= expiresMs) return null;
  const says = `Voting and the timelock take ${leadSeconds} s from ${now}; the advice expires at ${recommendation.expiresAt}.`;
  return { reason: 'too-late-to-execute', says };
}

/** Every value the advice moves, from what the state really holds. */
export function moves(recommendation: Recommendation, state: ProtocolState): { readonly moves: readonly Move[] } | Reason {
  const held = new Map(state.assets.map(({ asset, parameters }) => [asset, parameters]));
  const names = recommendation.assets.map(({ asset }) => asset);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return { reason: 'duplicate', says: `${twice} stands twice in the advice; which of the two was reviewed?` };
  const found: Move[] = [];
  for (const { asset, fields } of recommendation.assets) {
    const values = held.get(asset);
    if (values === undefined) return { reason: 'unknown-asset', says: `The advice names ${asset}, which the state does not hold.` };
    for (const [field, advice] of Object.entries(fields) as [keyof typeof fields, (typeof fields)[keyof typeof fields]][]) {
      if (advice.from !== values[field]) {
        const says = `${asset} ${field}: the advice starts from ${advice.from}, the state holds ${values[field]}.`;
        return { reason: 'state-moved', says };
      }
      if (advice.verdict === 'change' && advice.to !== advice.from) found.push({ asset, field, from: advice.from, to: advice.to });
    }
  }
  return { moves: found };
}
