/**
 * The guard contract (`contracts/guard/RiskGuard.sol`) seen from outside: values, updates, what attestors sign, what it answers.
 *
 * An update is signed as EIP-712 typed data. Its digest is computed twice, by viem and by `words.ts`, which share no code; the
 * guard computes it a third time (`digestOf`).
 */
import { type Client, encodeFunctionData, getAddress, hashTypedData, keccak256, toHex } from 'viem';
import { readContract } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import { ABI, MARKET_ABI } from './guard-abi.ts';
import * as Words from './targets/words.ts';

/** In the order of the contract: every list of it has them so. */
export const FIELDS = ['ltvBps', 'thresholdBps', 'bonusBps', 'multiplierPpm', 'supplyCapTokens', 'borrowCapTokens'] as const;
export type GuardField = (typeof FIELDS)[number];

/** What a market holds of one asset, in the guard's units. A field that the market does not have is 0. */
export type Values = Readonly<Record<GuardField, bigint>>;

/** A cap that large means: none. */
export const UNCAPPED = 2n ** 64n - 1n;

export type Update = {
  readonly asset: Words.Hex;
  readonly from: Values;
  /** Equal to `from`: re-affirms what stands. */
  readonly to: Values;
  /** The price that the evidence used, in the unit of the market's oracle (of the feed, where the market has none). */
  readonly price: bigint;
  readonly evidenceRoot: Words.Hex;
  /** Unix seconds. */
  readonly evidenceTime: bigint;
  readonly deadline: bigint;
  readonly nonce: bigint;
  readonly epoch: bigint;
  readonly policyHash: Words.Hex;
  readonly maxNewlyLiquidatable: number;
};
export type Attestation = { readonly signer: Words.Address; readonly signature: Words.Hex };
export type Domain = { readonly chainId: number; readonly guard: Words.Address };

export type Status = {
  readonly nonce: bigint;
  readonly leaseUntil: bigint;
  readonly vetoedUntil: bigint;
  readonly affirmedAt: bigint;
  readonly policyHash: Words.Hex;
  readonly pending: {
    readonly id: Words.Hex;
    readonly executeAt: bigint;
    readonly lastSecond: bigint;
    readonly epoch: bigint;
  };
  readonly ramp: {
    readonly running: boolean;
    readonly decay: boolean;
    readonly thresholdBps: number;
    readonly multiplierPpm: number;
    readonly nextAt: bigint;
    readonly evidenceRoot: Words.Hex;
    readonly last: Values;
  };
  readonly granted: Values;
};

/** What a wallet shows and signs (`eth_signTypedData_v4`); amounts as the wallet's JSON wants them. */
export function typedData(update: Update, { chainId, guard }: Domain) {
  return {
    domain: { name: 'Plimsoll RiskGuard', version: '1', chainId, verifyingContract: getAddress(guard.toLowerCase()) },
    types: TYPES,
    primaryType: 'Update',
    message: toAbi(update),
  } as const;
}

/** The digest by two encoders; they must agree before anybody signs. */
export function digest(update: Update, domain: Domain): Words.Hex {
  const [one, two] = [hashTypedData(typedData(update, domain)), digestTwin(update, domain).digest];
  if (one !== two)
    throw new DigestError({ got: `${one} and ${two}`, needed: 'one digest from two encoders', fix: 'Sign nothing; report this.' });
  return one;
}

/** The same by the project's own words: domain hash and message hash as a hardware wallet shows them. */
export function digestTwin(
  { asset, from, to, price, evidenceRoot, evidenceTime, deadline, nonce, epoch, policyHash, maxNewlyLiquidatable }: Update,
  { chainId, guard }: Domain,
): { readonly domainHash: Words.Hex; readonly messageHash: Words.Hex; readonly digest: Words.Hex } {
  const word = Words.uint(256);
  const domainHash = hashWords(
    [Words.BYTES32, Words.BYTES32, Words.BYTES32, word, Words.ADDRESS],
    [typeHash(DOMAIN_TYPE), hashText('Plimsoll RiskGuard'), hashText('1'), BigInt(chainId), guard.toLowerCase()],
  );
  const values = (v: Values) =>
    hashWords([Words.BYTES32, ...FIELDS.map(() => word)], [typeHash(VALUES_TYPE), ...FIELDS.map((field) => v[field])]);
  const messageHash = hashWords(
    [Words.BYTES32, Words.BYTES32, Words.BYTES32, Words.BYTES32, word, Words.BYTES32, word, word, word, word, Words.BYTES32, word],
    [
      ...[typeHash(`${UPDATE_TYPE}${VALUES_TYPE}`), asset, values(from), values(to), price, evidenceRoot],
      ...[evidenceTime, deadline, nonce, epoch, policyHash, BigInt(maxNewlyLiquidatable)],
    ],
  );
  return { domainHash, messageHash, digest: keccak256(`0x1901${domainHash.slice(2)}${messageHash.slice(2)}`) };
}

/** Attestors ascend by address: the guard takes no other order. */
export function submitData(update: Update, attestations: readonly Attestation[]): Words.Hex {
  const ascending = [...attestations].sort((a, b) => (BigInt(a.signer) < BigInt(b.signer) ? -1 : 1));
  return encodeFunctionData({ abi: ABI, functionName: 'submit', args: [toAbi(update), ascending] });
}

export function executeData(update: Update): Words.Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'execute', args: [toAbi(update)] });
}

/** What the market holds, through the guard's adapter. */
export async function readValues(client: Client, guard: Words.Address, asset: Words.Hex): Promise<Values> {
  const market = await readContract(client, { address: guard, abi: ABI, functionName: 'MARKET' });
  return fromAbi(await readContract(client, { address: market, abi: MARKET_ABI, functionName: 'read', args: [asset] }));
}

export async function readStatus(client: Client, guard: Words.Address, asset: Words.Hex): Promise<Status> {
  const [nonce, leaseUntil, vetoedUntil, affirmedAt, policyHash, pending, ramp, granted] = await readContract(client, {
    address: guard,
    abi: ABI,
    functionName: 'stateOf',
    args: [asset],
  });
  const last = fromAbi(ramp.last);
  return { nonce, leaseUntil, vetoedUntil, affirmedAt, policyHash, pending, ramp: { ...ramp, last }, granted: fromAbi(granted) };
}

/** viem has numbers for what fits, bigints for what does not. */
export function valuesToAbi(values: Values) {
  return {
    ltvBps: Number(values.ltvBps),
    thresholdBps: Number(values.thresholdBps),
    bonusBps: Number(values.bonusBps),
    multiplierPpm: Number(values.multiplierPpm),
    supplyCapTokens: values.supplyCapTokens,
    borrowCapTokens: values.borrowCapTokens,
  };
}

export function toAbi(update: Update) {
  return { ...update, from: valuesToAbi(update.from), to: valuesToAbi(update.to) };
}

export function fromAbi(values: Readonly<Record<GuardField, number | bigint>>): Values {
  return byField((field) => BigInt(values[field]));
}

export function byField<T>(of: (field: GuardField, index: number) => T): Readonly<Record<GuardField, T>> {
  return Object.fromEntries(FIELDS.map((field, index) => [field, of(field, index)])) as Record<GuardField, T>;
}

const VALUES = [
  { name: 'ltvBps', type: 'uint16' },
  { name: 'thresholdBps', type: 'uint16' },
  { name: 'bonusBps', type: 'uint16' },
  { name: 'multiplierPpm', type: 'uint32' },
  { name: 'supplyCapTokens', type: 'uint64' },
  { name: 'borrowCapTokens', type: 'uint64' },
] as const;
const UPDATE = [
  { name: 'asset', type: 'bytes32' },
  { name: 'from', type: 'Values' },
  { name: 'to', type: 'Values' },
  { name: 'price', type: 'uint128' },
  { name: 'evidenceRoot', type: 'bytes32' },
  { name: 'evidenceTime', type: 'uint64' },
  { name: 'deadline', type: 'uint64' },
  { name: 'nonce', type: 'uint64' },
  { name: 'epoch', type: 'uint64' },
  { name: 'policyHash', type: 'bytes32' },
  { name: 'maxNewlyLiquidatable', type: 'uint32' },
] as const;
const TYPES = { Values: VALUES, Update: UPDATE } as const;

/** Written out, not made from TYPES: a mistake in one shows in the other. */
const DOMAIN_TYPE = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';
const VALUES_TYPE =
  'Values(uint16 ltvBps,uint16 thresholdBps,uint16 bonusBps,uint32 multiplierPpm,uint64 supplyCapTokens,uint64 borrowCapTokens)';
const UPDATE_TYPE =
  'Update(bytes32 asset,Values from,Values to,uint128 price,bytes32 evidenceRoot,uint64 evidenceTime,uint64 deadline,uint64 nonce,uint64 epoch,bytes32 policyHash,uint32 maxNewlyLiquidatable)';

function hashWords(shapes: readonly Words.Shape[], values: readonly Words.Value[]): Words.Hex {
  return keccak256(Words.encode(shapes, values));
}

function hashText(text: string): Words.Hex {
  return keccak256(toHex(text));
}

const typeHash = hashText;

export class DigestError extends PlimsollError {
  override readonly name = 'Guard.DigestError';
}
