/**
 * What a Safe's owner must not overlook before signing, from the transaction itself, the Safe as it stands, and what is inside.
 * The display can lie and has (1.46 billion dollars on 2025-02-21): all of this is made from the bytes that are hashed.
 */
import { PlimsollError } from '../base/errors.ts';
import type { SafeHashes } from './safe-hash.ts';
import * as Decode from './targets/decode.ts';
import * as MultiSend from './targets/multisend.ts';
import * as Safe from './targets/safe.ts';
import type { Address } from './targets/words.ts';

export type Reviewed = {
  readonly tx: Safe.SafeTx;
  /** null: the chain was not read. */
  readonly safe: Safe.Safe | null;
  /** Other transactions waiting for signatures, with their hashes. */
  readonly pending: readonly { readonly nonce: string; readonly hash: SafeHashes['hash'] }[];
  readonly hash: SafeHashes['hash'];
  readonly expiresAt: string | null;
  readonly nowMs: number;
  /** MultiSendCallOnly deployments trusted besides the canonical ones, their code checked by whoever names them. */
  readonly multiSends: readonly Address[];
};

export function warnings(reviewed: Reviewed): readonly string[] {
  const { tx, expiresAt, nowMs, multiSends } = reviewed;
  return [
    ...Safe.txWarnings({ ...tx, gasPrice: tx.gasPrice, gasToken: tx.gasToken, refundReceiver: tx.refundReceiver }, multiSends),
    ...nonceWarnings(reviewed),
    ...(expiresAt !== null && nowMs >= Date.parse(expiresAt) ? [`The proposal expired at ${expiresAt}.`] : []),
    ...inside(tx),
  ];
}

function nonceWarnings({ tx, safe, pending, hash }: Reviewed): readonly string[] {
  const twins = pending.filter((other) => other.nonce === tx.nonce && other.hash !== hash);
  const conflict = twins.map((other) => `Nonce ${tx.nonce} is also that of ${other.hash}: only one of the two can ever execute.`);
  if (safe === null) return [...conflict, 'The Safe was not read: its nonce, owners, threshold and version are only declared.'];
  const ahead = BigInt(tx.nonce) - safe.nonce;
  if (ahead < 0n) return [...conflict, `Nonce ${tx.nonce} is used: the Safe is at ${safe.nonce}, and this can never execute.`];
  return ahead === 0n
    ? conflict
    : [...conflict, `${ahead} other transactions have to execute before nonce ${tx.nonce}; the Safe is at ${safe.nonce}.`];
}

function inside({ to, data, operation }: Safe.SafeTx): readonly string[] {
  if (data === '0x') return [];
  try {
    const decoded = Decode.decode(data);
    const isBatch = decoded.function === 'multiSend' && MultiSend.KNOWN[to.toLowerCase() as Address] !== undefined;
    const nested = Decode.allWarnings(decoded);
    return operation === 1 && decoded.function === 'multiSend' && !isBatch
      ? [...nested, `The batch contract ${to} is not a canonical one.`]
      : nested;
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return [`What the call does cannot be said: ${error.message}`];
  }
}
