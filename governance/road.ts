/**
 * Road: how calls reach the contracts: through a Governor, a payload of Aave's, a Safe, or directly. `read` asks the chain which
 * version answers and, of a Safe, at which nonce it is; `wrap` makes what people send or sign.
 */
import type { Client } from 'viem';
import { keccakOfText } from './keccak.ts';
import * as SafeHash from './safe-hash.ts';
import * as AaveGovernance from './targets/aave-governance.ts';
import * as Bravo from './targets/bravo.ts';
import type * as Call from './targets/call.ts';
import * as Governor from './targets/governor.ts';
import * as Safe from './targets/safe.ts';
import type { Refusal } from './targets/target.ts';
import * as Timelock from './targets/timelock.ts';
import type { Hex } from './targets/words.ts';
import type { Route } from './venue.ts';

export type RoadState = {
  readonly version: string;
  /** null: declared in the venue, not read. */
  readonly detectedBy: string | null;
  /** Of a Safe, and of the Safe that owns it. */
  readonly safe: Safe.Safe | null;
  readonly nested: Safe.Safe | null;
  /** Of the timelock that the Safe proposes to. */
  readonly timelock: Timelock.Timelock | null;
};

export type SignedPart = { readonly tx: Safe.SafeTx; readonly domain: SafeHash.SafeDomain; readonly hashes: SafeHash.SafeHashes };
export type Wrapped = {
  /** What somebody sends to begin; empty where owners sign instead. */
  readonly submit: readonly Call.Inner[];
  /** The id the contract will give, where it can be known before; a decimal string. */
  readonly onChainId: string | null;
  readonly safe: SignedPart | null;
  readonly nested: SignedPart | null;
  /** What anybody sends once a timelock's delay is over. */
  readonly later: { readonly id: Hex; readonly delaySeconds: number; readonly submit: Call.Inner } | null;
  readonly notes: readonly string[];
};

export async function read(client: Client, route: Route): Promise<RoadState> {
  switch (route.route) {
    case 'direct':
      return plain('none', null);
    case 'openzeppelin-governor':
      return plain('openzeppelin-5', (await Governor.detect(client, route.governor)).detectedBy);
    case 'governor-bravo':
      return plain('bravo', (await Bravo.read(client, route)).detectedBy);
    case 'aave-governance':
      return plain('v3', (await AaveGovernance.read(client, route)).detectedBy);
    case 'safe': {
      const safe = await Safe.read(client, route.safe);
      const nested = route.nested === undefined ? null : await Safe.read(client, route.nested.safe);
      const timelock = route.timelock === undefined ? null : await Timelock.read(client, route.timelock.address, route.safe);
      return { version: safe.version, detectedBy: `VERSION() of ${route.safe}`, safe, nested, timelock };
    }
  }
}

export function declare(route: Route): RoadState {
  const version = route.route === 'safe' ? Safe.known(route.version ?? '', route.safe) : route.route;
  return plain(version, null);
}

/** Why the road does not take these calls; null where it does. */
export function constraints(route: Route, actions: readonly Call.Inner[], state: RoadState): Refusal | null {
  switch (route.route) {
    case 'direct':
    case 'openzeppelin-governor': {
      const delegated = actions.some(({ operation }) => operation === 'delegatecall');
      return delegated
        ? { by: 'us', name: 'NoDelegateCall', says: 'These actions have to be delegate-called by an executor; this road only calls.' }
        : null;
    }
    case 'governor-bravo':
      return Bravo.constraints(route, actions);
    case 'aave-governance':
      return AaveGovernance.constraints(route, actions);
    case 'safe':
      if (nonceOf(state.safe, route.nonce) === null) {
        return { by: 'us', name: 'UnknownNonce', says: 'The Safe’s nonce is not known: read the chain, or name it in the venue.' };
      }
      return route.timelock === undefined
        ? Safe.constraints(route, actions)
        : Timelock.constraints(route.timelock, state.timelock, actions);
  }
}

export function wrap(route: Route, chainId: number, state: RoadState, actions: readonly Call.Inner[], description: string): Wrapped {
  const nothing = { submit: [], onChainId: null, safe: null, nested: null, later: null, notes: [] };
  switch (route.route) {
    case 'direct':
      return { ...nothing, submit: actions };
    case 'openzeppelin-governor': {
      const data = Governor.proposeData(actions, description);
      const submit: Call.Inner = { to: route.governor, valueWei: '0', data, operation: 'call' };
      return { ...nothing, submit: [submit], onChainId: String(Governor.hashProposal(actions, description)) };
    }
    case 'governor-bravo':
      return { ...nothing, submit: Bravo.encode(route, actions, description), notes: ['The governor numbers proposals as they come.'] };
    case 'aave-governance': {
      const then = `Then, on Ethereum, createProposal of ${route.governance} with the payload's id and the hash of this text on IPFS.`;
      return { ...nothing, submit: AaveGovernance.encode(route, actions), notes: [then] };
    }
    case 'safe': {
      const { timelock } = route;
      const operation = { actions, salt: descriptionHash(description) };
      const scheduled = timelock === undefined ? actions : [Timelock.schedule(timelock, operation)];
      const tx = Safe.encode(route, scheduled, nonceOf(state.safe, route.nonce)!);
      const safe = signed(tx, { chainId, safe: route.safe, version: state.version });
      const nested = route.nested === undefined ? null : approvalBy(route, chainId, state, safe.hashes.hash);
      const later =
        timelock === undefined
          ? null
          : { id: Timelock.operationId(operation), delaySeconds: timelock.delaySeconds, submit: Timelock.execute(timelock, operation) };
      return { ...nothing, safe, nested, later, onChainId: String(BigInt(safe.hashes.hash)) };
    }
  }
}

/** Seconds from sending to the first moment of execution, where the road names them. */
export function leadSeconds(route: Route): number {
  if (route.route === 'safe') return route.timelock?.delaySeconds ?? 0;
  return route.route === 'openzeppelin-governor' ? Governor.leadSeconds(route) : 0;
}

/** Of the text, as a Governor hashes it. */
export function descriptionHash(description: string): Hex {
  return keccakOfText(description);
}

function signed(tx: Safe.SafeTx, domain: SafeHash.SafeDomain): SignedPart {
  return { tx, domain, hashes: SafeHash.hashes(tx, domain) };
}

/** The owner that is a Safe approves the outer hash by a transaction of its own. */
function approvalBy(route: Extract<Route, { readonly route: 'safe' }>, chainId: number, state: RoadState, outer: Hex): SignedPart | null {
  const { nested } = route;
  const nonce = nonceOf(state.nested, nested?.nonce);
  if (nested === undefined || nonce === null) return null;
  const version = state.nested?.version ?? Safe.known(nested.version ?? '', nested.safe);
  return signed(Safe.approval(route.safe, outer, nonce), { chainId, safe: nested.safe, version });
}

function nonceOf(state: Safe.Safe | null, declared: number | undefined): bigint | null {
  if (state !== null) return state.nonce;
  return declared === undefined ? null : BigInt(declared);
}

function plain(version: string, detectedBy: string | null): RoadState {
  return { version, detectedBy, safe: null, nested: null, timelock: null };
}
