/**
 * One owner's say on a Safe's hash, in the bytes that `execTransaction` takes: 65 for each, sorted by owner, what contracts have to say
 * behind them all.
 *
 *   account   r ‖ s ‖ v            v 27 or 28
 *   eth-sign  r ‖ s ‖ v + 4        over the hash with Ethereum's message prefix
 *   approved  owner ‖ 0 ‖ 1        the owner has approved the hash on chain, or sends the transaction
 *   contract  owner ‖ offset ‖ 0   ERC-1271: the bytes at the offset, with their length before them
 *
 * Source: Safe.sol 1.5.0, checkNSignatures.
 */
import type { Address, Hex } from './targets/words.ts';

export type Part = { readonly owner: Address } & (
  | { readonly kind: 'account' | 'eth-sign' /** 65 bytes, v as the Safe takes it. */; readonly bytes: Hex }
  | { readonly kind: 'approved' }
  | { readonly kind: 'contract'; readonly bytes: Hex }
);

/** Sorted by owner; the contract refuses any other order. Of each owner one part. */
export function pack(parts: readonly Part[]): Hex {
  const sorted = [...parts].sort((a, b) => (a.owner.toLowerCase() < b.owner.toLowerCase() ? -1 : 1));
  let tail = '';
  const heads = sorted.map((part) => {
    const owner = part.owner.slice(2).toLowerCase().padStart(64, '0');
    if (part.kind === 'approved') return `${owner}${uint(0)}01`;
    if (part.kind !== 'contract') return part.bytes.slice(2);
    const offset = 65 * sorted.length + tail.length / 2;
    tail += uint((part.bytes.length - 2) / 2) + part.bytes.slice(2);
    return `${owner}${uint(offset)}00`;
  });
  return `0x${heads.join('')}${tail}`;
}

function uint(value: number): string {
  return value.toString(16).padStart(64, '0');
}
