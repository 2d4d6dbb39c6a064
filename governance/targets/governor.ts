/**
 * Target: an OpenZeppelin Governor (5.x) whose timelock owns a RiskParameterRegistry.
 *
 *   proposalId = keccak256(abi.encode(targets, values, calldatas, keccak256(description)))
 *
 * The description ends in `#proposer=0x…`, so that nobody else can propose (and then cancel) the same calls.
 * Source: OpenZeppelin Contracts 5.7, Governor.sol.
 */
import { type Client, encodeAbiParameters, encodeFunctionData, keccak256, parseAbi, parseAbiParameters, toHex } from 'viem';
import { readContract } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Registry from './registry.ts';
import * as Words from './words.ts';

export const GovernorTarget = z
  .strictObject({
    name: z.literal('openzeppelin-governor'),
    chainId: z.int().positive(),
    governor: Words.Address,
    timelock: Words.Address,
    registry: Words.Address,
    /** Who will propose; null leaves it open to anyone with the votes, and to a copier who then cancels. */
    proposer: Words.Address.nullable(),
    votingDelaySeconds: z.int().nonnegative(),
    votingPeriodSeconds: z.int().positive(),
    timelockDelaySeconds: z.int().nonnegative(),
    /** True where the chain is a local node started for one run. */
    rehearsal: z.boolean(),
  })
  .readonly();
export type GovernorTarget = z.infer<typeof GovernorTarget>;

export type Action = { readonly to: Words.Address; readonly data: Words.Hex; readonly valueWei: string };

/** Anything this target's contracts take, decoded without the encoder. */
export type Decoded =
  | { readonly function: 'update'; readonly update: Registry.Update }
  | { readonly function: 'propose'; readonly actions: readonly Action[]; readonly description: string }
  | { readonly function: 'queue' | 'execute' | 'cancel'; readonly actions: readonly Action[]; readonly descriptionHash: Words.Hex };

export const ABI = parseAbi([
  'constructor(address token, address timelock, uint48 votingDelaySeconds, uint32 votingPeriodSeconds, uint256 proposalThresholdVotes, uint256 quorumPercent)',
  'function propose(address[] targets, uint256[] values, bytes[] calldatas, string description) returns (uint256)',
  'function queue(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) returns (uint256)',
  'function execute(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) payable returns (uint256)',
  'function cancel(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) returns (uint256)',
  'function castVoteWithReason(uint256 proposalId, uint8 support, string reason) returns (uint256)',
  'function hashProposal(address[] targets, uint256[] values, bytes[] calldatas, bytes32 descriptionHash) view returns (uint256)',
  'function state(uint256 proposalId) view returns (uint8)',
  'function proposalEta(uint256 proposalId) view returns (uint256)',
]);

export const SELECTORS = { propose: '0x7d5e81e2', queue: '0x160cbed7', execute: '0x2656227d', cancel: '0x452115d6' } as const;

const ACTIONS = [Words.list(Words.ADDRESS), Words.list(Words.uint(256)), Words.list(Words.BYTES)];
const PROPOSAL = parseAbiParameters('address[], uint256[], bytes[], bytes32');

/** What the registry holds now, every asset. */
export async function read(client: Client, target: GovernorTarget): Promise<Registry.ValuesByAsset> {
  return Registry.fromListings(await readContract(client, { address: target.registry, abi: Registry.ABI, functionName: 'all' }));
}

/** The calls the timelock would make: one update of the registry, all or nothing. */
export function encode(target: GovernorTarget, update: Registry.Update): readonly Action[] {
  return [{ to: target.registry, data: Registry.encode(update), valueWei: '0' }];
}

/** Anybody's call data for these contracts; no target needed. */
export function decode(data: Words.Hex): Decoded {
  const selector = data.slice(0, 10);
  if (selector === Registry.UPDATE_SELECTOR) return { function: 'update', update: Registry.decode(data) };
  const name = (Object.keys(SELECTORS) as (keyof typeof SELECTORS)[]).find((key) => SELECTORS[key] === selector);
  if (name === undefined) {
    const known = Object.entries(SELECTORS).map(([key, value]) => `${key} ${value}`);
    throw new UnknownCallError({ got: quote(selector), needed: `update ${Registry.UPDATE_SELECTOR}, ${known.join(', ')}` });
  }
  const shapes = [...ACTIONS, name === 'propose' ? Words.STRING : Words.BYTES32];
  const [to, values, calls, last] = Words.decode(shapes, `0x${data.slice(10)}`) as readonly [
    readonly Words.Address[],
    readonly bigint[],
    readonly Words.Hex[],
    string,
  ];
  if (to.length !== values.length || to.length !== calls.length) {
    throw new UnknownCallError({ got: `${to.length} targets, ${values.length} values, ${calls.length} calls`, needed: 'as many of each' });
  }
  const actions = to.map((address, index) => ({ to: address, data: calls[index]!, valueWei: String(values[index]!) }));
  if (name === 'propose') return { function: name, actions, description: last };
  return { function: name, actions, descriptionHash: last as Words.Hex };
}

/** Seconds from proposing to the first moment of execution. */
export function leadSeconds(target: GovernorTarget): number {
  return target.votingDelaySeconds + target.votingPeriodSeconds + target.timelockDelaySeconds + SLACK_SECONDS;
}

/** What a change must satisfy before this target will take it; null = it may be proposed. */
export function constraints(change: Registry.Change, held: Registry.Values | undefined): string | null {
  return Registry.refusal(change, held);
}

/** The suffix OpenZeppelin reads: exactly the last 52 characters. */
export function restrictTo(proposer: Words.Address | null, description: string): string {
  return proposer === null ? description : `${description}\n#proposer=${proposer.toLowerCase()}`;
}

export function descriptionHash(description: string): Words.Hex {
  return keccak256(toHex(description));
}

export function hashProposal(actions: readonly Action[], description: string): bigint {
  return BigInt(keccak256(encodeAbiParameters(PROPOSAL, [...columns(actions), descriptionHash(description)])));
}

/** The same id from the hand-written encoder: the two must agree before anybody is shown either. */
export function hashProposalTwin(actions: readonly Action[], description: string): bigint {
  const [to, values, calls] = columns(actions);
  return BigInt(keccak256(Words.encode([...ACTIONS, Words.BYTES32], [to, values, calls, descriptionHash(description)])));
}

export function proposeData(actions: readonly Action[], description: string): Words.Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'propose', args: [...columns(actions), description] });
}

/** targets, values, calldatas as the Governor takes them. */
export function columns(actions: readonly Action[]): [Words.Address[], bigint[], Words.Hex[]] {
  return [actions.map(({ to }) => to), actions.map(({ valueWei }) => BigInt(valueWei)), actions.map(({ data }) => data)];
}

/** Blocks between the steps: a vote starts after, not at, the end of the delay. */
const SLACK_SECONDS = 600;

export class UnknownCallError extends PlimsollError {
  override readonly name = 'Governor.UnknownCallError';
}
