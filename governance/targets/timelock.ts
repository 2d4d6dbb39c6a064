/**
 * OpenZeppelin's TimelockController: decoded wherever it is met, inside a Safe or alone; scheduled through a Safe that is its proposer.
 *
 *   id = keccak256(abi.encode(targets, values, payloads, predecessor, salt))
 *
 * The salt of a draft is the hash of its text: so the operation's id binds text and evidence root, which calls of other contracts
 * have no place for. Source: TimelockController.sol 5.7.
 */
import { type Client, encodeAbiParameters, encodeFunctionData, keccak256 as keccakByViem, parseAbi, parseAbiParameters } from 'viem';
import { readContract } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { keccak256, keccakOfText } from '../keccak.ts';
import * as Call from './call.ts';
import type * as Target from './target.ts';
import * as Version from './version.ts';
import * as Words from './words.ts';
import { Address, type Hex } from './words.ts';

/** Behind a Safe: what the Safe's transaction schedules, anybody may execute after the delay. */
export const Behind = z.strictObject({ address: Address, delaySeconds: z.int().positive() }).readonly();
export type Behind = z.infer<typeof Behind>;

/** As it stands for the one who is to schedule. */
export type Timelock = { readonly minDelaySeconds: bigint; readonly mayPropose: boolean; readonly detectedBy: string };
/** The calls, and what makes their operation another one than the same calls of another day. */
export type Operation = { readonly actions: readonly Call.Inner[]; readonly salt: Hex };

const BATCH = 'address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt';
const ONE = 'address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt';

const many: NonNullable<Call.Meaning['inner']> = ({ targets, values, payloads }) =>
  (targets as readonly Address[]).map((to, index) => ({
    to,
    valueWei: (values as readonly string[])[index] ?? '0',
    data: (payloads as readonly Hex[])[index] ?? '0x',
    operation: 'call',
  }));
const single: NonNullable<Call.Meaning['inner']> = ({ target, value, data }) => [
  { to: target as Address, valueWei: String(value), data: data as Hex, operation: 'call' },
];
const ABI = parseAbi([
  `function scheduleBatch(${BATCH}, uint256 delay)`,
  `function executeBatch(${BATCH}) payable`,
  'function getMinDelay() view returns (uint256)',
  'function getTimestamp(bytes32 id) view returns (uint256)',
  'function hasRole(bytes32 role, address account) view returns (bool)',
]);
const OPERATION = parseAbiParameters(BATCH);
const SHAPES = [Words.list(Words.ADDRESS), Words.list(Words.uint(256)), Words.list(Words.BYTES), Words.BYTES32, Words.BYTES32];
const NOTHING_BEFORE: Hex = `0x${'0'.repeat(64)}`;
const PROPOSER = keccakOfText('PROPOSER_ROLE');

const wait = ({ delay }: Call.Row): string => `not before ${delay} s have passed`;

export const TABLE = Call.table('timelock', {
  [`schedule(${ONE}, uint256 delay)`]: { says: (row) => `Schedules one call, ${wait(row)}.`, inner: single },
  [`scheduleBatch(${BATCH}, uint256 delay)`]: { says: (row) => `Schedules a batch, ${wait(row)}.`, inner: many },
  [`execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt)`]: {
    says: () => 'Executes one scheduled call.',
    inner: ({ target, value, payload }) => [{ to: target as Address, valueWei: String(value), data: payload as Hex, operation: 'call' }],
  },
  [`executeBatch(${BATCH})`]: { says: () => 'Executes a scheduled batch.', inner: many },
  'cancel(bytes32 id)': { says: ({ id }) => `Cancels the scheduled operation ${id}.` },
  'updateDelay(uint256 newDelay)': {
    says: ({ newDelay }) => `Sets the timelock's delay to ${newDelay} s.`,
    warns: () => ['Changes the delay that protects every later operation.'],
  },
});

export async function read(client: Client, timelock: Address, proposer: Address): Promise<Timelock> {
  // scheduleBatch, executeBatch and getMinDelay: a Governor's own timelock has them too.
  const { detectedBy } = await Version.detect(client, timelock, [{ version: '5', has: ['0x8f2a0bb0', '0xe38335e5', '0xf27a0c92'] }]);
  const ask = { address: timelock, abi: ABI } as const;
  return {
    minDelaySeconds: await readContract(client, { ...ask, functionName: 'getMinDelay' }),
    mayPropose: await readContract(client, { ...ask, functionName: 'hasRole', args: [PROPOSER, proposer] }),
    detectedBy,
  };
}

/** The timelock's own refusals; null state: it was not read. */
export function constraints(behind: Behind, state: Timelock | null, actions: readonly Call.Inner[]): Target.Refusal | null {
  if (actions.some(({ operation }) => operation === 'delegatecall'))
    return { by: 'us', name: 'NoDelegateCall', says: 'A timelock only calls: these actions have to be delegate-called.' };
  if (state === null) return null;
  if (BigInt(behind.delaySeconds) < state.minDelaySeconds) {
    const says = `A delay of ${behind.delaySeconds} s; the timelock asks for ${state.minDelaySeconds} s.`;
    return { by: 'chain', name: 'TimelockInsufficientDelay', says };
  }
  if (!state.mayPropose) return { by: 'chain', name: 'AccessControlUnauthorizedAccount', says: 'The Safe is no proposer of the timelock.' };
  return null;
}

export function schedule({ address, delaySeconds }: Behind, operation: Operation): Call.Inner {
  const data = encodeFunctionData({ abi: ABI, functionName: 'scheduleBatch', args: [...batch(operation), BigInt(delaySeconds)] });
  return { to: address, data, valueWei: '0', operation: 'call' };
}

export function execute({ address }: Behind, operation: Operation): Call.Inner {
  const data = encodeFunctionData({ abi: ABI, functionName: 'executeBatch', args: batch(operation) });
  return { to: address, data, valueWei: '0', operation: 'call' };
}

/** Computed by viem and by the words of this folder; a difference is an error. */
export function operationId(operation: Operation): Hex {
  const values = batch(operation);
  const [one, two] = [keccakByViem(encodeAbiParameters(OPERATION, values)), keccak256(Words.encode(SHAPES, values as never))];
  if (one === two) return one;
  throw new DisagreeError({ got: `operation ${one} and ${two}`, needed: 'the same from both', fix: 'Send nothing.' });
}

/** 0: unknown, 1: done, else the second from which it may be executed. */
export async function timestamp(client: Client, timelock: Address, id: Hex): Promise<bigint> {
  return await readContract(client, { address: timelock, abi: ABI, functionName: 'getTimestamp', args: [id] });
}

function batch({ actions, salt }: Operation) {
  return [
    actions.map(({ to }) => to),
    actions.map(({ valueWei }) => BigInt(valueWei)),
    actions.map(({ data }) => data),
    NOTHING_BEFORE,
    salt,
  ] as const;
}

export class DisagreeError extends PlimsollError {
  override readonly name = 'Timelock.DisagreeError';
}
