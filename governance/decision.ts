/**
 * Decision: what a person signs to put a draft to review, to approve, reject or veto it. An EIP-712 message, so that anyone can check the
 * log without trusting whoever keeps it. Hashed twice, by viem and by the words of this folder; nobody is shown either unless both agree.
 *
 *   hash = keccak(0x19 01 ‖ domain ‖ message)      domain = keccak(typehash ‖ name ‖ version ‖ chain id)
 *
 * `log` is the head of the audit log that the signer was shown: a log whose tail was cut later no longer holds it.
 */
import { type Client, encodeFunctionData, hashDomain, hashStruct, hashTypedData, keccak256, parseAbi, recoverAddress, toHex } from 'viem';
import { call, getCode } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError, quote } from '../base/errors.ts';
import { Id } from '../base/id.ts';
import type { Hex } from './targets/words.ts';
import * as Words from './targets/words.ts';

export const ACTIONS = ['open', 'approve', 'reject', 'veto'] as const;
const Bytes32 = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{64}$/)]);

export const Statement = z
  .strictObject({
    action: z.enum(ACTIONS),
    proposal: Id,
    /** The sheet that was read. */
    saw: Id,
    /** What an approval permits to be signed and sent: the proposal's id on chain. */
    finalHash: Bytes32,
    committee: Id,
    /** Head of the audit log. */
    log: Id,
    reason: z.string().max(4_000),
    /** Unix seconds. */
    decidedAt: z.string().regex(/^\d{1,12}$/),
  })
  .readonly();
export type Statement = z.infer<typeof Statement>;
export type Hashes = { readonly domain: Hex; readonly message: Hex; readonly hash: Hex };

/** What `eth_signTypedData_v4` takes. */
export function typedData(statement: Statement, chainId: number) {
  const { action, finalHash, reason, decidedAt } = statement;
  const message = {
    ...{ action, proposal: bytes32(statement.proposal), saw: bytes32(statement.saw), finalHash, committee: bytes32(statement.committee) },
    ...{ log: bytes32(statement.log), reason, decidedAt },
  };
  return { domain: { ...NAMED, chainId }, types: TYPES, primaryType: 'Decision' as const, message };
}

/** Both ways; a difference is an error, never a choice. */
export function hashes(statement: Statement, chainId: number): Hashes {
  const [one, two] = [hashesByViem(statement, chainId), hashesByWords(statement, chainId)];
  for (const key of ['domain', 'message', 'hash'] as const) {
    if (one[key] !== two[key])
      throw new DisagreeError({ got: `${key} ${one[key]} and ${two[key]}`, needed: 'the same from both', fix: 'Sign nothing.' });
  }
  return one;
}

export function hashesByViem(statement: Statement, chainId: number): Hashes {
  const data = typedData(statement, chainId);
  const message = { ...data.message, decidedAt: BigInt(data.message.decidedAt) };
  return {
    domain: hashDomain({ domain: { ...data.domain, chainId: BigInt(chainId) }, types: { EIP712Domain: DOMAIN } }),
    message: hashStruct({ data: message, primaryType: 'Decision', types: { Decision: TYPES.Decision } }),
    hash: hashTypedData({ domain: data.domain, types: { Decision: TYPES.Decision }, primaryType: 'Decision', message }),
  };
}

export function hashesByWords(statement: Statement, chainId: number): Hashes {
  const text = (value: string) => keccak256(toHex(value));
  const { BYTES32 } = Words;
  const number = Words.uint(256);
  const domain = keccak256(
    Words.encode([BYTES32, BYTES32, BYTES32, number], [text(DOMAIN_TYPE), text(NAMED.name), text(NAMED.version), BigInt(chainId)]),
  );
  const fields = [statement.proposal, statement.saw].map(bytes32);
  const message = keccak256(
    Words.encode(
      [BYTES32, BYTES32, BYTES32, BYTES32, BYTES32, BYTES32, BYTES32, BYTES32, number],
      [
        ...[text(DECISION_TYPE), text(statement.action), ...fields, statement.finalHash, bytes32(statement.committee)],
        ...[bytes32(statement.log), text(statement.reason), BigInt(statement.decidedAt)],
      ],
    ),
  );
  return { domain, message, hash: keccak256(`0x1901${domain.slice(2)}${message.slice(2)}`) };
}

/**
 * Did `signer` sign this hash? An account by its key; a contract (ERC-1271) by its own answer, where a chain is at hand. One answer for
 * both: a contract that says no is not asked a second way.
 */
export async function isSignedBy(client: Client | null, signer: Words.Address, hash: Hex, signature: Hex): Promise<boolean> {
  if (client !== null && ((await getCode(client, { address: signer })) ?? '0x') !== '0x') {
    const data = encodeFunctionData({ abi: ERC1271, functionName: 'isValidSignature', args: [hash, signature] });
    const answer = await call(client, { to: signer, data }).catch(() => null);
    return answer?.data === MAGIC;
  }
  try {
    return (await recoverAddress({ hash, signature })).toLowerCase() === signer.toLowerCase();
  } catch {
    return false;
  }
}

export async function mustBeSignedBy(client: Client | null, signer: Words.Address, hash: Hex, signature: Hex): Promise<void> {
  if (await isSignedBy(client, signer, hash, signature)) return;
  const contract = client === null ? ' A contract’s signature (ERC-1271) can be checked only with RPC_URL set.' : '';
  throw new BadSignatureError({
    got: quote(signature),
    needed: `the signature of ${signer} over ${hash}`,
    where: 'signature',
    fix: `Sign the message as it is shown now, with the account that is named.${contract}`,
  });
}

/** `sha256:…` as 32 bytes. */
export function bytes32(id: Id): Hex {
  return `0x${id.slice('sha256:'.length)}`;
}

const NAMED = { name: 'Plimsoll review', version: '1' } as const;
const DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
] as const;
const TYPES = {
  EIP712Domain: DOMAIN,
  Decision: [
    { name: 'action', type: 'string' },
    { name: 'proposal', type: 'bytes32' },
    { name: 'saw', type: 'bytes32' },
    { name: 'finalHash', type: 'bytes32' },
    { name: 'committee', type: 'bytes32' },
    { name: 'log', type: 'bytes32' },
    { name: 'reason', type: 'string' },
    { name: 'decidedAt', type: 'uint256' },
  ],
} as const;
const DOMAIN_TYPE = 'EIP712Domain(string name,string version,uint256 chainId)';
const DECISION_TYPE =
  'Decision(string action,bytes32 proposal,bytes32 saw,bytes32 finalHash,bytes32 committee,bytes32 log,string reason,uint256 decidedAt)';

/** ERC-1271: the answer that means yes, in a whole word. */
const ERC1271 = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)']);
const MAGIC = `0x1626ba7e${'0'.repeat(56)}`;

export class DisagreeError extends PlimsollError {
  override readonly name = 'Decision.DisagreeError';
}

export class BadSignatureError extends PlimsollError {
  override readonly name = 'Decision.BadSignatureError';
}
