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
import * as Call from './call.ts';
import * as Registry from './registry.ts';
import * as Version from './version.ts';
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

/** The Governor as a road for any contract its timelock has a right on. */
export const Road = z
  .strictObject({
    route: z.literal('openzeppelin-governor'),
    governor: Words.Address,
    timelock: Words.Address,
    proposer: Words.Address.nullable().default(null),
    votingDelaySeconds: z.int().nonnegative().default(0),
    votingPeriodSeconds: z.int().nonnegative().default(0),
    timelockDelaySeconds: z.int().nonnegative().default(0),
  })
  .readonly();
export type Road = z.infer<typeof Road>;

export const SIMULATED_ON = 'OpenZeppelin Contracts 5.7.0';

export type Action = Pick<Call.Inner, 'to' | 'data' | 'valueWei'>;

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

const LISTS = 'address[] targets, uint256[] values, bytes[] calldatas';
const inner: NonNullable<Call.Meaning['inner']> = ({ targets, values, calldatas }) =>
  (targets as readonly Words.Address[]).map((to, index) => ({
    to,
    valueWei: (values as readonly string[])[index] ?? '0',
    data: (calldatas as readonly Words.Hex[])[index] ?? '0x',
    operation: 'call',
  }));
const warns: NonNullable<Call.Meaning['warns']> = (row) => {
  const count = (list: string): number => Object.keys(row).filter((name) => name.startsWith(`${list}.`)).length;
  const counts = [count('targets'), count('values'), count('calldatas')];
  return counts.every((one) => one === counts[0]) ? [] : [`${counts.join(', ')} targets, values and calls: the governor will refuse.`];
};

export const TABLE = Call.table('openzeppelin-governor', {
  [`propose(${LISTS}, string description)`]: {
    says: ({ description }) => `Proposes “${description!.split('\n', 1)[0]!.replace(/^#+\s*/, '')}”.`,
    warns,
    inner,
  },
  [`queue(${LISTS}, bytes32 descriptionHash)`]: { says: () => 'Queues a proposal in the timelock.', warns, inner },
  [`execute(${LISTS}, bytes32 descriptionHash)`]: { says: () => 'Executes a queued proposal.', warns, inner },
  [`cancel(${LISTS}, bytes32 descriptionHash)`]: { says: () => 'Cancels a proposal.', warns, inner },
  'castVote(uint256 proposalId, uint8 support)': {},
  'castVoteWithReason(uint256 proposalId, uint8 support, string reason)': {},
  'castVoteBySig(uint256 proposalId, uint8 support, address voter, bytes signature)': {},
});

const ACTIONS = [Words.list(Words.ADDRESS), Words.list(Words.uint(256)), Words.list(Words.BYTES)];
const PROPOSAL = parseAbiParameters('address[], uint256[], bytes[], bytes32');

/** What the registry holds now, every asset. */
export async function read(client: Client, target: GovernorTarget): Promise<Registry.ValuesByAsset> {
  return Registry.fromListings(await readContract(client, { address: target.registry, abi: Registry.ABI, functionName: 'all' }));
}

/** A Governor with the four-list propose; Bravo's five-list form is another contract. */
export async function detect(client: Client, governor: Words.Address): Promise<Version.Found> {
  return await Version.detect(client, governor, [{ version: 'openzeppelin', has: ['0x7d5e81e2', '0xc59057e4'] }]);
}

/** The calls the timelock would make: one update of the registry, all or nothing. */
export function encode(target: GovernorTarget, update: Registry.Update): readonly Action[] {
  return [{ to: target.registry, data: Registry.encode(update), valueWei: '0' }];
}

/** Anybody's call data for the Governor; no target needed. */
export function decode(data: Words.Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

/** Seconds from proposing to the first moment of execution. */
export function leadSeconds(target: Pick<GovernorTarget, 'votingDelaySeconds' | 'votingPeriodSeconds' | 'timelockDelaySeconds'>): number {
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
