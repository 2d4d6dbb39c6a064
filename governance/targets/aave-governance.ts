/**
 * Route: Aave Governance V3. Actions become a payload on the chain they act on; a proposal on Ethereum names the payload by its id.
 *
 * An action with a `signature` is sent as its selector and `callData`, as in a Compound timelock; drafts leave it empty. The config
 * engine is delegate-called, everything else is called. The payload's id is known only once it is created, so the proposal is a second
 * step. Source: PayloadsControllerCore.sol, Executor.sol, Governance.sol (aave-governance-v3).
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { z } from 'zod';
import * as Bravo from './bravo.ts';
import * as Call from './call.ts';
import type * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    route: z.literal('aave-governance'),
    payloadsController: Address,
    /** Holds RISK_ADMIN or POOL_ADMIN and executes level 1. */
    executor: Address,
    /** On Ethereum. */
    governance: Address,
    votingPortal: Address,
    accessLevel: z.union([z.literal(1), z.literal(2)]).default(1),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const SIMULATED_ON = null;

const CREATE_PAYLOAD =
  'function createPayload((address target, bool withDelegateCall, uint8 accessLevel, uint256 value, string signature, bytes callData)[] actions)';
const CREATE_PROPOSAL =
  'function createProposal((uint256 chain, uint8 accessLevel, address payloadsController, uint40 payloadId)[] payloads, address votingPortal, bytes32 ipfsHash) payable';
const ABI = parseAbi([CREATE_PAYLOAD, CREATE_PROPOSAL]);
const CANDIDATES = [{ version: 'v3', has: ['0xe8733894', '0x92cdb834'] }];

export const TABLE = Call.table('aave-governance', {
  [CREATE_PAYLOAD]: {
    says: (_, rows) => `Creates a payload of ${rows.length} ${rows.length === 1 ? 'action' : 'actions'}.`,
    warns: (_, rows) =>
      rows.flatMap(({ target, withDelegateCall, signature }, index) => [
        ...(withDelegateCall === 'true' ? [`Action ${index + 1} runs the code of ${target} with all rights of the executor.`] : []),
        ...(signature !== '' && rows[index]!['callData']!.length % 64 === 10
          ? [`Action ${index + 1}: ${signature} and data that begins with a selector.`]
          : []),
      ]),
    inner: ({ actions }) =>
      (actions as readonly Call.Arguments[]).map(({ target, value, signature, callData, withDelegateCall }) => ({
        to: target as Address,
        valueWei: String(value),
        data: Bravo.sentData(String(signature), callData as Hex),
        operation: withDelegateCall === true ? 'delegatecall' : 'call',
      })),
  },
  [CREATE_PROPOSAL]: {
    says: (_, rows) =>
      `Proposes ${rows.map(({ payloadId, chain }) => `payload ${payloadId} of chain ${chain}`).join(', ')}. What it does stands in the payload, not here.`,
  },
  'executePayload(uint40 payloadId)': {},
  'cancelPayload(uint40 payloadId)': {},
});

export async function read(client: Client, venue: Venue): Promise<Version.Found> {
  return await Version.detect(client, venue.payloadsController, CANDIDATES);
}

export function constraints(_venue: Venue, actions: readonly Call.Inner[]): Target.Refusal | null {
  return actions.length === 0 ? { by: 'chain', name: 'INVALID_EMPTY_TARGETS', says: 'A payload needs an action.' } : null;
}

export function encode(venue: Venue, actions: readonly Call.Inner[]): readonly Call.Inner[] {
  const rows = actions.map(({ to, valueWei, data, operation }) => ({
    target: to,
    withDelegateCall: operation === 'delegatecall',
    accessLevel: venue.accessLevel,
    value: BigInt(valueWei),
    signature: '',
    callData: data,
  }));
  const data = encodeFunctionData({ abi: ABI, functionName: 'createPayload', args: [rows] });
  return [{ to: venue.payloadsController, valueWei: '0', data, operation: 'call' }];
}

/** The second step, on Ethereum, with the cancellation fee as its value. */
export function encodeProposal(venue: Venue, chainId: number, payloadId: number, ipfsHash: Hex): Hex {
  const payload = { chain: BigInt(chainId), accessLevel: venue.accessLevel, payloadsController: venue.payloadsController, payloadId };
  return encodeFunctionData({ abi: ABI, functionName: 'createProposal', args: [[payload], venue.votingPortal, ipfsHash] });
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}
