/**
 * Audit: entries chained by hash, so that nothing in the middle can be changed, removed or reordered unseen.
 *
 *   hash_i = SHA-256(canonical JSON of { previous: hash_{i−1} or null, entry_i })
 *
 * What a chain cannot show is a tail cut off: keep (length, head) outside, in bundles and with the people who sign.
 */
import { canonicalJson, digest, type Id } from '../base/id.ts';

export type Linked<T> = { readonly entry: T; readonly previous: Id | null; readonly hash: Id };
export type ChainVerdict =
  | { readonly ok: true; readonly head: Id | null }
  | { readonly ok: false; readonly brokenAt: number; readonly says: string };

export function link<T>(previous: Id | null, entry: T): Linked<T> {
  return { entry, previous, hash: digest(canonicalJson({ previous, entry })) };
}

/** `anchor` is a head noted earlier: it must still stand somewhere in the chain. */
export function verifyChain(chain: readonly Linked<unknown>[], anchor?: Id): ChainVerdict {
  let head: Id | null = null;
  for (const [index, { entry, previous, hash }] of chain.entries()) {
    if (previous !== head) return { ok: false, brokenAt: index, says: `entry ${index} follows ${previous}, the one before it is ${head}` };
    if (hash !== link(previous, entry).hash) return { ok: false, brokenAt: index, says: `entry ${index} is not what was hashed` };
    head = hash;
  }
  if (anchor !== undefined && !chain.some(({ hash }) => hash === anchor)) {
    return { ok: false, brokenAt: chain.length, says: `the chain ends before ${anchor}, a head that was noted` };
  }
  return { ok: true, head };
}
