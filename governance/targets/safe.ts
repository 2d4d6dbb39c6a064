/**
 * Route: a Safe. One call as it is, several as a batch through MultiSendCallOnly, another Safe's approval by `approveHash` (nested).
 *
 * What owners sign is a SafeTx; `safe-hash.ts` computes its hash twice. The domain has no chain id up to 1.2.0, so `VERSION()` is read
 * before anything is hashed and an unknown version is refused. Source: Safe.sol 1.5.0 and 1.4.1, GnosisSafe.sol 1.3.0 and 1.1.1.
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { getBlockNumber, readContract } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Call from './call.ts';
import * as MultiSend from './multisend.ts';
import type * as Target from './target.ts';
import * as Timelock from './timelock.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    route: z.literal('safe'),
    safe: Address,
    /** `VERSION()`, where the chain is not read. */
    version: z.string().optional(),
    /** The Safe's next nonce, where the chain is not read. */
    nonce: z.int().nonnegative().optional(),
    multiSend: Address.default('0x9641d764fc13c8B624c04430C7356C1C7C8102e2'),
    /** The TimelockController that holds the right and whose proposer the Safe is. */
    timelock: Timelock.Behind.optional(),
    /** An owner of `safe` that is a Safe itself: its owners sign an approval of the outer hash. */
    nested: z
      .strictObject({ safe: Address, version: z.string().optional(), nonce: z.int().nonnegative().optional() })
      .readonly()
      .optional(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const SafeTx = z
  .strictObject({
    to: Address,
    value: z.string().regex(/^\d+$/),
    data: z.templateLiteral(['0x', z.string().regex(/^(?:[0-9a-f]{2})*$/)]),
    operation: z.union([z.literal(0), z.literal(1)]),
    safeTxGas: z.string().regex(/^\d+$/),
    baseGas: z.string().regex(/^\d+$/),
    gasPrice: z.string().regex(/^\d+$/),
    gasToken: Address,
    refundReceiver: Address,
    nonce: z.string().regex(/^\d+$/),
  })
  .readonly();
export type SafeTx = z.infer<typeof SafeTx>;

/** The Safe as it stands. */
export type Safe = {
  readonly version: string;
  readonly nonce: bigint;
  readonly threshold: bigint;
  readonly owners: readonly Address[];
  readonly block: string;
};

/** The version whose real contracts are run in the tests. */
const RUN = '1.5.0';
export const VERSIONS = ['1.5.0', '1.4.1', '1.3.0', '1.2.0', '1.1.1', '1.1.0', '1.0.0'] as const;
export const NOBODY: Address = `0x${'0'.repeat(40)}`;

const EXEC =
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)';
const APPROVE = 'function approveHash(bytes32 hashToApprove)';
export const ABI = parseAbi([
  EXEC,
  APPROVE,
  'function VERSION() view returns (string)',
  'function nonce() view returns (uint256)',
  'function getThreshold() view returns (uint256)',
  'function getOwners() view returns (address[])',
  'function approvedHashes(address owner, bytes32 hash) view returns (uint256)',
  'function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes32)',
]);

const changesTheSafe = (what: string): Call.Meaning => ({ warns: () => [`Changes the Safe itself: ${what}.`] });

export const TABLE = Call.table('safe', {
  [EXEC]: {
    says: ({ to, operation }) => `Executes a Safe transaction: ${operation === '0' ? 'a call' : 'a DELEGATE CALL'} to ${to}.`,
    warns: (row) =>
      txWarnings({
        to: row['to'] as Address,
        operation: Number(row['operation']),
        gasToken: row['gasToken']!,
        refundReceiver: row['refundReceiver']!,
        gasPrice: row['gasPrice']!,
      }),
    inner: ({ to, value, data, operation }) => [
      { to: to as Address, valueWei: String(value), data: data as Hex, operation: operation === '0' ? 'call' : 'delegatecall' },
    ],
  },
  [APPROVE]: {
    says: ({ hashToApprove }) => `Approves the hash ${hashToApprove} of another Safe's transaction. What it does is not in these bytes.`,
  },
  'multiSend(bytes transactions)': {
    says: () => 'Sends a batch.',
    inner: ({ transactions }) => MultiSend.unpack(transactions as Hex),
  },
  'addOwnerWithThreshold(address owner, uint256 _threshold)': changesTheSafe('an owner is added'),
  'removeOwner(address prevOwner, address owner, uint256 _threshold)': changesTheSafe('an owner is removed'),
  'swapOwner(address prevOwner, address oldOwner, address newOwner)': changesTheSafe('an owner is replaced'),
  'changeThreshold(uint256 _threshold)': changesTheSafe('its threshold'),
  'enableModule(address module)': changesTheSafe('a module may act without signatures'),
  'disableModule(address prevModule, address module)': changesTheSafe('a module is removed'),
  'setGuard(address guard)': changesTheSafe('its guard'),
  'setModuleGuard(address moduleGuard)': changesTheSafe('its module guard'),
  'setFallbackHandler(address handler)': changesTheSafe('its fallback handler'),
  'changeMasterCopy(address _masterCopy)': changesTheSafe('its code'),
});

export async function read(client: Client, safe: Address): Promise<Safe> {
  const blockNumber = await getBlockNumber(client);
  const ask = { address: safe, abi: ABI, blockNumber } as const;
  const version = await readContract(client, { ...ask, functionName: 'VERSION' });
  return {
    version: known(version, safe),
    nonce: await readContract(client, { ...ask, functionName: 'nonce' }),
    threshold: await readContract(client, { ...ask, functionName: 'getThreshold' }),
    owners: await readContract(client, { ...ask, functionName: 'getOwners' }),
    block: String(blockNumber),
  };
}

/** `1.3.0+L2` is 1.3.0 with more events. */
export function known(version: string, where: string): string {
  const plain = version.replace(/\+L2$/, '');
  if ((VERSIONS as readonly string[]).includes(plain)) return plain;
  throw new UnknownVersionError({
    got: quote(version),
    needed: VERSIONS.join(', '),
    where,
    fix: 'Nothing is hashed for a Safe whose domain is not known.',
  });
}

/** null: no test runs this version's contracts. */
export function simulatedOn(version: string): string | null {
  return version === RUN ? `Safe ${version}` : null;
}

export function constraints(_venue: Venue, actions: readonly Call.Inner[]): Target.Refusal | null {
  if (actions.length === 0) return { by: 'us', name: 'NothingToSend', says: 'There is no call to send.' };
  if (actions.length > 1 && actions.some(({ operation }) => operation === 'delegatecall')) {
    return { by: 'chain', name: 'MultiSendCallOnly', says: 'A delegate call cannot stand in a batch of calls.' };
  }
  return null;
}

/** The one transaction owners sign: a single call as it is, several through MultiSendCallOnly. No gas is refunded to anybody. */
export function encode(venue: Venue, actions: readonly Call.Inner[], nonce: bigint): SafeTx {
  const [first, second] = actions;
  const one = second === undefined ? first! : null;
  return {
    to: one?.to ?? venue.multiSend,
    value: one?.valueWei ?? '0',
    data: one?.data ?? MultiSend.encode(actions),
    operation: one === null || one.operation === 'delegatecall' ? 1 : 0,
    safeTxGas: '0',
    baseGas: '0',
    gasPrice: '0',
    gasToken: NOBODY,
    refundReceiver: NOBODY,
    nonce: String(nonce),
  };
}

/** What an owner that is a Safe signs: its own transaction, which approves the hash of the outer one. */
export function approval(outer: Address, hash: Hex, nonce: bigint): SafeTx {
  const data = encodeFunctionData({ abi: ABI, functionName: 'approveHash', args: [hash] });
  return { ...encode({ route: 'safe', safe: outer, multiSend: NOBODY }, [{ to: outer, valueWei: '0', data, operation: 'call' }], nonce) };
}

export function execData(tx: SafeTx, signatures: Hex): Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'execTransaction', args: [...fields(tx), signatures] });
}

/** Whether an owner has approved this hash by a transaction of its own. */
export async function hasApproved(client: Client, safe: Address, owner: Address, hash: Hex): Promise<boolean> {
  return (await readContract(client, { address: safe, abi: ABI, functionName: 'approvedHashes', args: [owner, hash] })) !== 0n;
}

/** The Safe's own opinion of the hash. */
export async function hashOnChain(client: Client, safe: Address, tx: SafeTx): Promise<Hex> {
  const args = [...fields(tx), BigInt(tx.nonce)] as const;
  return await readContract(client, { address: safe, abi: ABI, functionName: 'getTransactionHash', args });
}

/** The file Safe{Wallet}'s Transaction Builder imports. */
export function builderFile(chainId: number, actions: readonly Call.Inner[], name: string, createdAtMs: number) {
  return {
    version: '1.0',
    chainId: String(chainId),
    createdAt: createdAtMs,
    meta: { name, description: '', txBuilderVersion: '1.16.5' },
    transactions: actions.map(({ to, valueWei, data }) => ({
      to,
      value: valueWei,
      data,
      contractMethod: null,
      contractInputsValues: null,
    })),
  };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

function fields({ to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver }: SafeTx) {
  const costs = [BigInt(safeTxGas), BigInt(baseGas), BigInt(gasPrice)] as const;
  return [to, BigInt(value), data, operation, ...costs, gasToken, refundReceiver] as const;
}

type Warned = {
  readonly to: Address;
  readonly operation: number;
  readonly gasToken: string;
  readonly refundReceiver: string;
  readonly gasPrice: string;
};

/** What in the transaction's own fields a signer must not overlook. */
export function txWarnings(
  { to, operation, gasToken, refundReceiver, gasPrice }: Warned,
  multiSends: readonly Address[] = [],
): readonly string[] {
  const trusted = MultiSend.KNOWN[to.toLowerCase() as Address] ?? multiSends.find((address) => address.toLowerCase() === to.toLowerCase());
  return [
    ...(operation === 1 && trusted === undefined
      ? [`DELEGATE CALL to ${to}, which is no known MultiSendCallOnly: its code acts as the Safe and can take everything.`]
      : []),
    ...(operation > 1 ? [`Operation ${operation} does not exist.`] : []),
    ...(gasToken !== NOBODY || refundReceiver !== NOBODY || gasPrice !== '0'
      ? [`Whoever executes is refunded: gas token ${gasToken}, receiver ${refundReceiver}, price ${gasPrice}.`]
      : []),
  ];
}

export class UnknownVersionError extends PlimsollError {
  override readonly name = 'Safe.UnknownVersionError';
}
