/**
 * What is looked at before anybody is shown a venue's proposal, each with its verdict. Pure. Everything is read from the bytes that would be
 * sent or signed.
 */
import type { Id } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { Recommendation } from '../tuner/recommendation.ts';
import * as Checks from './checks.ts';
import type { Check } from './proposal.ts';
import type * as Road from './road.ts';
import * as SafeReview from './safe-review.ts';
import * as Decode from './targets/decode.ts';
import * as Governor from './targets/governor.ts';
import type { Held, Move, Plan } from './targets/target.ts';
import * as Venue from './venue.ts';
import type { VenueCall } from './venue-proposal.ts';

export type Subject = {
  readonly recommendation: Recommendation;
  readonly state: ProtocolState;
  readonly venue: Venue.Venue;
  readonly held: Held;
  readonly road: Road.RoadState;
  readonly plan: Plan;
  readonly calls: readonly VenueCall[];
  readonly wrapped: Road.Wrapped;
  readonly moves: readonly Move[];
  readonly leftOut: readonly Move[];
  readonly description: string;
  readonly evidenceRoot: Id;
  readonly now: string;
};

export function all(subject: Subject): readonly Check[] {
  const { state, moves } = subject;
  const thresholds = moves.flatMap(({ asset, field, to }) => (field === 'liquidationThresholdBps' ? [[asset, to ?? 0] as const] : []));
  return [
    decodedTwice(subject),
    onlyTheVenue(subject),
    sameInside(subject),
    version(subject),
    evidenceInText(subject),
    complete(subject),
    ...signatures(subject),
    Checks.liquidatable(state, new Map(thresholds)),
    chain(subject),
    simulated(subject),
    Checks.inputs(subject),
  ];
}

/** null where either the target's or the road's real contracts are not run. */
export function simulatedOn(venue: Venue.Venue, { version }: Pick<Road.RoadState, 'version'>): string | null {
  const [target, road] = [Venue.targetOf(venue.parameters).SIMULATED_ON, Venue.roadSimulatedOn(venue.route, version)];
  return target === null || road === null ? null : `${target}; ${venue.route.route}: ${road}`;
}

function decodedTwice({ calls }: Subject): Check {
  const name = 'decoded-twice';
  const warnings = calls.flatMap(({ data }) => Decode.allWarnings(Decode.decode(data)));
  if (warnings.length > 0) return { name, verdict: 'warn', says: warnings.join(' ') };
  return {
    name,
    verdict: 'pass',
    says: `${calls.length} calls, read by a decoder that shares no code with the encoder, without a warning.`,
  };
}

function onlyTheVenue({ calls, venue }: Subject): Check {
  const name = 'only-the-venue';
  const known = Venue.addresses(venue.parameters);
  const stray = calls.find(({ to, valueWei }) => !known.includes(to.toLowerCase()) || valueWei !== '0');
  if (stray !== undefined) return { name, verdict: 'fail', says: `A call goes to ${stray.to} with ${stray.valueWei} wei.` };
  return { name, verdict: 'pass', says: 'Every call goes to a contract the venue names and moves no ether.' };
}

/** What is sent or signed has to hold exactly the calls that were decoded, in their order. */
function sameInside({ calls, wrapped, venue }: Subject): Check {
  const name = 'nothing-else-inside';
  const flat = (item: { readonly to: string; readonly data: string; readonly operation: string }): string =>
    `${item.operation} ${item.to.toLowerCase()} ${item.data}`;
  const wanted = calls.map(flat);
  const outer =
    wrapped.safe === null
      ? wrapped.submit
      : [{ ...wrapped.safe.tx, operation: wrapped.safe.tx.operation === 1 ? ('delegatecall' as const) : ('call' as const) }];
  const isPlain = venue.route.route === 'direct' || (wrapped.safe !== null && wrapped.later === null && calls.length === 1);
  const inside = outer.flatMap((item) => (isPlain ? [flat(item)] : Decode.decode(item.data).calls.map(flat)));
  const later = wrapped.later === null ? wanted : Decode.decode(wrapped.later.submit.data).calls.map(flat);
  const equal = [inside, later].every((found) => found.length === wanted.length && found.every((item, index) => item === wanted[index]));
  const says = equal ? 'What is sent or signed holds exactly these calls.' : 'What is sent or signed does not hold exactly these calls.';
  return { name, verdict: equal ? 'pass' : 'fail', says };
}

function version({ held, road, venue }: Subject): Check {
  const name = 'known-version';
  const open = [
    ...(held.detectedBy === null ? [`${venue.parameters.target} ${held.version}`] : []),
    ...(road.detectedBy === null && venue.route.route !== 'direct' ? [`${venue.route.route} ${road.version}`] : []),
  ];
  if (open.length === 0) return { name, verdict: 'pass', says: `${held.detectedBy}, at block ${held.block}.` };
  return { name, verdict: 'warn', says: `Declared, not read: ${open.join(', ')}. Draft again with --rpc before anybody signs.` };
}

function evidenceInText({ description, evidenceRoot, venue }: Subject): Check {
  const name = 'evidence-root';
  const bound = description.includes(evidenceRoot);
  const where =
    (venue.route.route === 'safe' && venue.route.timelock === undefined) || venue.route.route === 'direct'
      ? ' It stands in the text only: these bytes have no place for it.'
      : '';
  return {
    name,
    verdict: bound ? 'pass' : 'fail',
    says: bound ? `The text names ${evidenceRoot}.${where}` : 'The text does not name the evidence root.',
  };
}

function complete({ leftOut, venue }: Subject): Check {
  const name = 'whole-advice';
  if (leftOut.length === 0) return { name, verdict: 'pass', says: 'Every value the advice moves is in the calls.' };
  const names = leftOut.map(({ asset, field }) => `${asset} ${field}`).join(', ');
  return {
    name,
    verdict: 'warn',
    says: `${venue.parameters.target} has no place for ${names}: the evidence is about all of them together.`,
  };
}

function signatures({ wrapped, road, venue, recommendation, now, description, calls }: Subject): readonly Check[] {
  if (venue.route.route === 'openzeppelin-governor') {
    const same = Governor.hashProposal(calls, description) === Governor.hashProposalTwin(calls, description);
    return [
      {
        name: 'id-twice',
        verdict: same ? 'pass' : 'fail',
        says: same ? `Two encoders give the id ${wrapped.onChainId}.` : 'Two encoders give different ids.',
      },
    ];
  }
  if (wrapped.safe === null || venue.route.route !== 'safe') return [];
  const { tx, hashes } = wrapped.safe;
  const reviewed = {
    tx,
    safe: road.safe,
    pending: [],
    hash: hashes.hash,
    expiresAt: recommendation.expiresAt,
    nowMs: Date.parse(now),
    multiSends: [],
  };
  const warnings = SafeReview.warnings(reviewed);
  return [
    {
      name: 'safe-hash-twice',
      verdict: 'pass',
      says: `Two independent codes give ${hashes.hash} (domain ${hashes.domain}, message ${hashes.message}).`,
    },
    {
      name: 'safe-warnings',
      verdict: warnings.length === 0 ? 'pass' : 'warn',
      says: warnings.join(' ') || 'No delegate call to a stranger, no refund, no change of the Safe itself.',
    },
  ];
}

function chain({ venue, state }: Subject): Check {
  const { chainId } = venue.parameters;
  const same = chainId === state.chainId;
  if (!same && state.simulated) {
    return {
      name: 'chain',
      verdict: 'warn',
      says: `The book is simulated (chain ${state.chainId}): for chain ${chainId} these calls are an exercise.`,
    };
  }
  return { name: 'chain', verdict: same ? 'pass' : 'fail', says: `Target on chain ${chainId}, state of chain ${state.chainId}.` };
}

function simulated({ venue, road }: Subject): Check {
  const on = simulatedOn(venue, road);
  if (on !== null) return { name: 'simulated', verdict: 'pass', says: `The real contracts are run in the tests: ${on}.` };
  return {
    name: 'simulated',
    verdict: 'warn',
    says: 'not-simulated: these contracts are not run in the tests. No automatic application; simulate on a fork first.',
  };
}
