/**
 * Route: a Compound-style governor (Bravo, Alpha and forks): five lists, among them signature strings.
 *
 * Where `signatures[i]` is not empty the timelock puts its selector before `calldatas[i]`, which then has to be arguments only. Drafts
 * leave every signature empty and put the selector into the call data; whatever is decoded shows the bytes the timelock will
 * really send, and warns of a selector that stands twice. At most 10 actions; one live proposal a proposer.
 * Source: GovernorAlpha.sol, GovernorBravoDelegate.sol, Timelock.sol (compound-protocol 2.8.1 and later).
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { z } from 'zod';
import { keccakOfText } from '../keccak.ts';
import * as Call from './call.ts';
import type * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    route: z.literal('governor-bravo'),
    governor: Address,
    timelock: Address,
    /** 10 in Compound's own; Comet's MarketUpdateProposer takes 20. */
    maxActions: z.int().positive().default(10),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const SIMULATED_ON = 'GovernorAlpha and Timelock (@uniswap/governance 1.0.2)';

const PROPOSE = 'function propose(address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, string description)';
const ABI = parseAbi([PROPOSE]);
const CANDIDATES: readonly Version.Candidate[] = [{ version: 'bravo', has: ['0xda95691a'], lacks: ['0x7d5e81e2'] }];

export const TABLE = Call.table('governor-bravo', {
  [PROPOSE]: {
    says: (row) => `Proposes ${lengths(row).targets} calls: “${heading(row['description']!)}”.`,
    warns: (row) => [...arity(row), ...doubles(row)],
    inner: (arguments_) => sent(arguments_),
  },
  'queue(uint256 proposalId)': {},
  'execute(uint256 proposalId)': {},
  'cancel(uint256 proposalId)': {},
  'castVoteBySig(uint256 proposalId, uint8 support, uint8 v, bytes32 r, bytes32 s)': {},
  'queueTransaction(address target, uint256 value, string signature, bytes data, uint256 eta)': { inner: (row) => [one(row)] },
  'executeTransaction(address target, uint256 value, string signature, bytes data, uint256 eta)': { inner: (row) => [one(row)] },
});

export async function read(client: Client, venue: Venue): Promise<Version.Found> {
  return await Version.detect(client, venue.governor, CANDIDATES);
}

export function constraints(venue: Venue, actions: readonly Call.Inner[]): Target.Refusal | null {
  if (actions.length > venue.maxActions) {
    return {
      by: 'chain',
      name: 'too many actions',
      says: `${actions.length} calls; the governor takes ${venue.maxActions}. Send two proposals.`,
    };
  }
  if (actions.some(({ operation }) => operation === 'delegatecall')) {
    return { by: 'us', name: 'NoDelegateCall', says: 'The timelock only calls: these actions have to be delegate-called.' };
  }
  return null;
}

/** One call that proposes: every signature empty, the selector in the call data. */
export function encode(venue: Venue, actions: readonly Call.Inner[], description: string): readonly Call.Inner[] {
  const args = [
    actions.map(({ to }) => to),
    actions.map(({ valueWei }) => BigInt(valueWei)),
    actions.map(() => ''),
    actions.map(({ data }) => data),
    description,
  ] as const;
  return [{ to: venue.governor, valueWei: '0', data: encodeFunctionData({ abi: ABI, functionName: 'propose', args }), operation: 'call' }];
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

/** What the timelock sends: the selector of a signature that is not empty, then the data as given. */
export function sentData(signature: string, data: Hex): Hex {
  return signature === '' ? data : `${keccakOfText(signature).slice(0, 10) as Hex}${data.slice(2)}`;
}

function sent(arguments_: Call.Arguments): readonly Call.Inner[] {
  const list = (name: string): readonly string[] => arguments_[name] as readonly string[];
  return list('targets').map((target, index) =>
    one({
      target,
      value: list('values')[index] ?? '0',
      signature: list('signatures')[index] ?? '',
      data: list('calldatas')[index] ?? '0x',
    }),
  );
}

function one(row: Call.Arguments): Call.Inner {
  const at = (name: string): string => String(row[name]);
  return { to: at('target') as Address, valueWei: at('value'), data: sentData(at('signature'), at('data') as Hex), operation: 'call' };
}

function lengths(row: Call.Row): Readonly<Record<'targets' | 'values' | 'signatures' | 'calldatas', number>> {
  const count = (list: string): number => Object.keys(row).filter((name) => name.startsWith(`${list}.`)).length;
  return { targets: count('targets'), values: count('values'), signatures: count('signatures'), calldatas: count('calldatas') };
}

function arity(row: Call.Row): readonly string[] {
  const counts = Object.values(lengths(row));
  return counts.every((count) => count === counts[0]) ? [] : [`The lists have ${counts.join(', ')} items: the governor will refuse.`];
}

/** The classic failure: a signature, and the same selector again in the data. */
function doubles(row: Call.Row): readonly string[] {
  return Array.from({ length: lengths(row).targets }, (_, index) => {
    const [signature, data] = [row[`signatures.${index}`] ?? '', row[`calldatas.${index}`] ?? '0x'];
    const twice = signature !== '' && data.startsWith(keccakOfText(signature).slice(0, 10)) && (data.length - 2) % 64 === 8;
    return twice ? [`Call ${index + 1}: the selector of ${signature} stands twice, in the signature and in the data.`] : [];
  }).flat();
}

function heading(text: string): string {
  const line = text.split('\n', 1)[0]!.replace(/^#+\s*/, '');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
