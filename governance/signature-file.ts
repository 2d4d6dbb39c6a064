/**
 * SignatureFile: what an owner of a Safe hands over, as a file: made outside, by a wallet, a device or another contract.
 *
 *   account   65 bytes (or 64, EIP-2098) over the SafeTx hash, or over it with Ethereum's message prefix
 *   contract  what an owner that is a contract takes as its signature (ERC-1271)
 *   safe      an owner that is a Safe: its own owners' signatures over its SafeMessage of the hash
 *   approval  the owner has approved the hash on chain
 *
 * What the signer says it is of (`safeTxHash`, `chainId`, `safe`, `nonce`) is compared where it stands; the bytes decide in any case.
 */
import { z } from 'zod';
import { PlimsollError, quote } from '../base/errors.ts';
import { Address, Hex } from './targets/words.ts';

/** Whole bytes. */
const Bytes = z.templateLiteral(['0x', z.string().regex(/^(?:[0-9a-f]{2})*$/)]);
const claims = {
  safeTxHash: Hex.optional(),
  chainId: z.int().positive().optional(),
  safe: Address.optional(),
  nonce: z.int().nonnegative().optional(),
};

export type SignatureFile = {
  readonly safeTxHash?: Hex | undefined;
  readonly chainId?: number | undefined;
  readonly safe?: Address | undefined;
  readonly nonce?: number | undefined;
} & (
  | { readonly by: 'account'; readonly owner?: Address | undefined; readonly signature: Hex }
  | { readonly by: 'contract'; readonly owner: Address; readonly signature: Hex }
  | { readonly by: 'safe'; readonly owner: Address; readonly signatures: readonly SignatureFile[] }
  | { readonly by: 'approval'; readonly owner: Address }
);

export const SignatureFile: z.ZodType<SignatureFile> = z.lazy(() =>
  z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('account'), owner: Address.optional(), signature: Bytes, ...claims }).readonly(),
    z.strictObject({ by: z.literal('contract'), owner: Address, signature: Bytes, ...claims }).readonly(),
    z
      .strictObject({ by: z.literal('safe'), owner: Address, signatures: z.array(SignatureFile).max(MOST).readonly(), ...claims })
      .readonly(),
    z.strictObject({ by: z.literal('approval'), owner: Address, ...claims }).readonly(),
  ]),
);

/** JSON as above, or the bare bytes of an account's signature as wallets print them. */
export function read(text: string, where: string): SignatureFile {
  const trimmed = text.trim();
  if (/^0x[0-9a-fA-F]+$/.test(trimmed)) return { by: 'account', signature: trimmed.toLowerCase() as Hex };
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch (cause) {
    throw new BadFileError({ got: quote(trimmed.slice(0, 40)), needed: 'a signature as 0x… or a signature file as JSON', where, cause });
  }
  const found = SignatureFile.safeParse(value);
  if (found.success) return found.data;
  const issue = found.error.issues[0]!;
  throw new BadFileError({
    got: quote(issue.message),
    needed: 'a signature file',
    where: `${where} at ${issue.path.join('.') || 'the top'}`,
  });
}

/** Owners of one Safe that a file may speak for. */
const MOST = 50;

export class BadFileError extends PlimsollError {
  override readonly name = 'SignatureFile.BadFileError';
}
