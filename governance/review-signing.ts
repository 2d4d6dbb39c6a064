/**
 * A Safe's signatures as steps of a review: made from what was collected, and checked again by whoever reads the log.
 *
 * What is signed has to be what was approved: the SafeTx hash is the approved hash itself, or the transaction proposes to a Governor
 * exactly what has the approved id there.
 */
import type { Client } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import * as AccountSignature from './account-signature.ts';
import * as ContractSignature from './contract-signature.ts';
import type * as Review from './review.ts';
import * as SafeHash from './safe-hash.ts';
import type { Collected } from './signatures.ts';
import * as Decode from './targets/decode.ts';
import * as Governor from './targets/governor.ts';
import * as Safe from './targets/safe.ts';
import type { Hex } from './targets/words.ts';

type Sign = Extract<Review.Happening, { action: 'sign' }>;

/** One step an owner, as many as the Safe asks for. */
export function steps(review: Review.Review, tx: Safe.SafeTx, { accepted, hash, threshold }: Collected, at: string): readonly Sign[] {
  return accepted.slice(0, threshold).map(({ owner, bytes }) => ({
    ...{ action: 'sign', by: owner.toLowerCase() as Hex, at, saw: review.sheet, why: '', safeTx: tx, hash, signature: bytes },
  }));
}

/** By the bytes of an account, else by what the chain says of a contract or of an approval. */
export async function check(client: Client | null, review: Review.Review, happening: Sign, where: string): Promise<void> {
  const { committee, finalHash } = review;
  const fail = (got: string, needed: string): never => {
    throw new NotSignedError({ got, needed, where, fix: 'Collect the signatures again: `plimsoll signatures`.' });
  };
  if (committee.safe === null) return fail('a signature of a Safe', 'a committee that has one');
  const tx = Safe.SafeTx.safeParse(happening.safeTx);
  if (!tx.success) return fail('no SafeTx', 'the transaction that was signed');
  const domain = { chainId: committee.chainId, safe: committee.safe.address, version: committee.safe.version };
  const hashes = SafeHash.hashes(tx.data, domain);
  if (hashes.hash !== happening.hash) return fail(`a transaction with the hash ${hashes.hash}`, happening.hash);
  if (!isApproved(tx.data, hashes.hash, finalHash)) return fail(`a transaction that is not ${finalHash}`, 'the one that was approved');
  const readings = await AccountSignature.readings(happening.signature, hashes.hash);
  if (readings.some(({ signer }) => signer.toLowerCase() === happening.by)) return;
  if (client === null)
    return fail(`a signature that no account ${happening.by} made`, 'an account’s, or a node that is asked what a contract says');
  const says =
    happening.signature === '0x'
      ? await Safe.hasApproved(client, domain.safe, happening.by as Hex, hashes.hash)
      : await ContractSignature.agrees(client, happening.by as Hex, happening.signature, hashes, domain);
  if (!says) fail(`no signature of ${happening.by}`, `one over ${hashes.hash}`);
}

function isApproved(tx: Safe.SafeTx, hash: Hex, finalHash: Hex): boolean {
  if (hash === finalHash) return true;
  if (tx.operation !== 0) return false;
  try {
    const { target, function: name, arguments: arguments_ } = Decode.decode(tx.data);
    if (target !== 'openzeppelin-governor' || name !== 'propose') return false;
    const id = Governor.hashProposal(Governor.decode(tx.data).inner, String(arguments_['description']));
    return id === BigInt(finalHash);
  } catch (error) {
    if (error instanceof PlimsollError) return false;
    throw error;
  }
}

export class NotSignedError extends PlimsollError {
  override readonly name = 'ReviewSigning.NotSignedError';
}
