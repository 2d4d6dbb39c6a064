/**
 * Signatures: what owners of a Safe handed over, each checked against the hash it has to be of, and packed for `execTransaction`.
 *
 * The hash is computed here, twice and independently (`safe-hash.ts`), and asked of the Safe itself where a chain is at hand: nothing that
 * came with a signature is believed. A signature that is not good is refused by name: of another nonce, chain or operation where it turns
 * out to be an owner's over that, else a stranger's. What this calls complete, the contract takes; a test asks it.
 */
import { type Client, encodeFunctionData, type Hex, parseAbi, zeroAddress } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import * as AccountSignature from './account-signature.ts';
import * as ContractSignature from './contract-signature.ts';
import * as Node from './node.ts';
import * as SafeHash from './safe-hash.ts';
import * as SafeSignature from './safe-signature.ts';
import type { SignatureFile } from './signature-file.ts';
import * as Safe from './targets/safe.ts';
import type { Address } from './targets/words.ts';

/** Of the Safe; read from the chain, or declared where there is none. */
export type Holder = Pick<Safe.Safe, 'owners' | 'threshold' | 'nonce'>;
export type Asked = { readonly tx: Safe.SafeTx; readonly domain: SafeHash.SafeDomain };
/** `from`: the file, for people. */
export type Given = { readonly from: string; readonly file: SignatureFile };
export type Reason =
  | AccountSignature.Elsewhere['reason']
  | 'malformed'
  | 'stranger'
  | 'wrong-signer'
  | 'other-safe'
  | 'other-hash'
  | 'duplicate'
  | 'contract-refuses'
  | 'not-approved'
  | 'incomplete'
  | 'needs-chain';
export type Refused = { readonly from: string; readonly reason: Reason; readonly says: string };
export type Accepted = {
  readonly from: string;
  readonly owner: Address;
  readonly kind: SafeSignature.Part['kind'];
  /** As the Safe takes it; of an approval on chain there is nothing to hand over. */
  readonly bytes: Hex;
};
export type Collected = {
  readonly hash: Hex;
  readonly threshold: number;
  /** By owner, as the contract wants them. */
  readonly accepted: readonly Accepted[];
  readonly refused: readonly Refused[];
  readonly missing: number;
  /** Transactions of the Safe that have to execute before this one. */
  readonly waits: number;
  /** For `execTransaction`; null while signatures are missing. */
  readonly packed: Hex | null;
};

/** `client` null: accounts only, and nobody asks the Safe whether it would compute the same hash. */
export async function collect(client: Client | null, asked: Asked, holder: Holder, given: readonly Given[]): Promise<Collected> {
  const { tx, domain } = asked;
  const hashes = SafeHash.hashes(tx, domain);
  const itself = client === null ? hashes.hash : await Safe.hashOnChain(client, domain.safe, tx);
  if (itself !== hashes.hash)
    throw new OtherHashError({ got: `${itself} from the Safe itself`, needed: hashes.hash, where: domain.safe, fix: 'Sign nothing.' });
  const waits = BigInt(tx.nonce) - holder.nonce;
  if (waits < 0n) {
    throw new NonceUsedError({
      got: `nonce ${tx.nonce}; the Safe is at ${holder.nonce}`,
      needed: 'a nonce that is not used',
      where: domain.safe,
      fix: 'This transaction can never execute. Draft it again and have it signed again.',
    });
  }
  const subject: Subject = {
    ...{ hashes, domain, owners: holder.owners, depth: 0 },
    diagnose: (signature) => AccountSignature.elsewhere(signature, tx, domain, holder.owners),
  };
  const claims = given.map((one) => ({ one, wrong: contradicts(one.file, asked, hashes.hash) }));
  const belied = claims.flatMap(({ one, wrong }) => (wrong === null ? [] : [{ from: one.from, ...wrong }]));
  const rest = claims.flatMap(({ one, wrong }) => (wrong === null ? [one] : []));
  const { parts, refused } = await gather(client, subject, rest);
  const counted = count(parts, [...belied, ...refused], Number(holder.threshold));
  if (client !== null && counted.packed !== null) await mustBeTaken(client, domain, hashes, counted.packed);
  return { hash: hashes.hash, waits: Number(waits), ...counted };
}

type Subject = {
  readonly hashes: SafeHash.SafeHashes;
  /** The Safe whose owners sign. */
  readonly domain: SafeHash.SafeDomain;
  readonly owners: readonly Address[];
  readonly depth: number;
  readonly diagnose: (signature: Hex) => Promise<Verdict | null>;
};
type Verdict = Omit<Refused, 'from'>;
type Kept = { readonly from: string; readonly part: SafeSignature.Part };
type Gathered = { readonly parts: readonly Kept[]; readonly refused: readonly Refused[] };
type Judged = { readonly part: SafeSignature.Part } | { readonly refused: readonly Refused[] };

async function gather(client: Client | null, subject: Subject, given: readonly Given[]): Promise<Gathered> {
  const parts: Kept[] = [];
  const refused: Refused[] = [];
  for (const one of given) {
    const judged = await judge(client, subject, one);
    if ('refused' in judged) {
      refused.push(...judged.refused);
      continue;
    }
    const { owner } = judged.part;
    const twin = parts.find(({ part }) => same(part.owner, owner));
    if (twin === undefined) parts.push({ from: one.from, part: judged.part });
    else refused.push({ from: one.from, reason: 'duplicate', says: `${twin.from} is of ${owner} too, and an owner counts once.` });
  }
  return { parts, refused };
}

async function judge(client: Client | null, subject: Subject, { from, file }: Given): Promise<Judged> {
  const no = (reason: Reason, says: string): Judged => ({ refused: [{ from, reason, says }] });
  const { hash } = subject.hashes;
  if (file.by === 'account') {
    const found = await ofAccount(subject, file.signature, file.owner);
    return 'part' in found ? found : { refused: [{ from, ...found }] };
  }
  const { owner } = file;
  if (!subject.owners.some((one) => same(one, owner))) return no('stranger', `${owner} is no owner.`);
  if (client === null) return no('needs-chain', `Whether ${owner} agrees only the chain can say.`);
  if (file.by === 'approval') {
    const isApproved = await Safe.hasApproved(client, subject.domain.safe, owner, hash);
    return isApproved ? { part: { owner, kind: 'approved' } } : no('not-approved', `${owner} has not approved ${hash} on chain.`);
  }
  const own = file.by === 'contract' ? { bytes: file.signature } : await ofSafe(client, subject, { from, file });
  if ('refused' in own) return own;
  return (await ContractSignature.agrees(client, owner, own.bytes, subject.hashes, subject.domain))
    ? { part: { owner, kind: 'contract', bytes: own.bytes } }
    : no('contract-refuses', `${owner} does not take this as its signature of ${hash}.`);
}

async function ofAccount(
  { hashes, owners, diagnose }: Subject,
  signature: Hex,
  claimed: Address | undefined,
): Promise<{ readonly part: SafeSignature.Part } | Verdict> {
  const readings = await AccountSignature.readings(signature, hashes.hash);
  if (readings.length === 0) return { reason: 'malformed', says: `${(signature.length - 2) / 2} bytes that are no account's signature.` };
  const found = readings.find(({ signer }) => owners.some((one) => same(one, signer)));
  if (found === undefined) {
    const others = readings.map(({ signer }) => signer).join(' or ');
    return (await diagnose(signature)) ?? { reason: 'stranger', says: `Signed by ${others}, who is no owner, or it is of something else.` };
  }
  if (claimed !== undefined && !same(claimed, found.signer)) {
    return { reason: 'wrong-signer', says: `Handed over as ${claimed}'s; it is ${found.signer}'s.` };
  }
  return { part: { owner: found.signer, kind: found.kind, bytes: found.bytes } };
}

/** The owner's own owners sign its SafeMessage; what they signed, packed, is its signature. */
async function ofSafe(
  client: Client,
  subject: Subject,
  { from, file }: Given,
): Promise<{ readonly bytes: Hex } | { readonly refused: readonly Refused[] }> {
  if (file.by !== 'safe') return { refused: [] };
  const { owner } = file;
  if (subject.depth >= DEEPEST) return { refused: [{ from, reason: 'malformed', says: `Safes in Safes, more than ${DEEPEST} deep.` }] };
  const { inner, domain, hashes } = await ContractSignature.ask(client, owner, subject.hashes, subject.domain);
  const below: Subject = { hashes, domain, owners: inner.owners, depth: subject.depth + 1, diagnose: async () => null };
  const given = file.signatures.map((one, index) => ({ from: `${from}#${index + 1}`, file: one }));
  const { parts, refused } = await gather(client, below, given);
  const { packed, accepted, threshold } = count(parts, refused, Number(inner.threshold));
  if (packed !== null) return { bytes: packed };
  const says = `${owner} is a Safe and has ${accepted.length} of the ${threshold} signatures it asks for.`;
  return { refused: [...refused, { from, reason: 'incomplete', says }] };
}

/** The Safe's own check of the very bytes, where it can be asked: `checkSignatures` is internal before 1.3.0. */
async function mustBeTaken(
  client: Client,
  { safe, version }: SafeHash.SafeDomain,
  hashes: SafeHash.SafeHashes,
  packed: Hex,
): Promise<void> {
  if (!SafeHash.hasChainId(version)) return;
  const data = encodeFunctionData({ abi: CHECK, args: [hashes.hash, SafeHash.preimage(hashes), packed] });
  const reason = await Node.whyRefused(client, zeroAddress, safe, data);
  if (reason === Node.NO_REVERT) return;
  throw new ContractRefusesError({
    got: reason,
    needed: 'signatures that the Safe itself takes',
    where: safe,
    fix: 'Report it: ours and its check differ.',
  });
}

function count(
  parts: readonly Kept[],
  refused: readonly Refused[],
  threshold: number,
): Pick<Collected, 'threshold' | 'accepted' | 'refused' | 'missing' | 'packed'> {
  const sorted = [...parts].sort((a, b) => (a.part.owner.toLowerCase() < b.part.owner.toLowerCase() ? -1 : 1));
  const missing = Math.max(0, threshold - parts.length);
  return {
    threshold,
    accepted: sorted.map(({ from, part }) => ({
      from,
      owner: part.owner,
      kind: part.kind,
      bytes: part.kind === 'approved' ? '0x' : part.bytes,
    })),
    refused,
    missing,
    // More than it asks for costs gas and is not looked at.
    packed: missing > 0 ? null : SafeSignature.pack(sorted.slice(0, threshold).map(({ part }) => part)),
  };
}

/** What the signer says it is of, where that is not this. */
function contradicts({ safeTxHash, safe, chainId, nonce }: SignatureFile, { tx, domain }: Asked, hash: Hex): Verdict | null {
  if (chainId !== undefined && chainId !== domain.chainId)
    return { reason: 'other-chain', says: `It is for chain ${chainId}, not ${domain.chainId}.` };
  if (safe !== undefined && !same(safe, domain.safe))
    return { reason: 'other-safe', says: `It is for the Safe ${safe}, not ${domain.safe}.` };
  if (nonce !== undefined && String(nonce) !== tx.nonce)
    return { reason: 'other-nonce', says: `It is for nonce ${nonce}, not ${tx.nonce}.` };
  if (safeTxHash !== undefined && safeTxHash !== hash) return { reason: 'other-hash', says: `It is of ${safeTxHash}, not ${hash}.` };
  return null;
}

function same(one: Address, other: Address): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

const DEEPEST = 3;

const CHECK = parseAbi(['function checkSignatures(bytes32 dataHash, bytes data, bytes signatures) view']);

export class OtherHashError extends PlimsollError {
  override readonly name = 'Signatures.OtherHashError';
}

export class NonceUsedError extends PlimsollError {
  override readonly name = 'Signatures.NonceUsedError';
}

export class ContractRefusesError extends PlimsollError {
  override readonly name = 'Signatures.ContractRefusesError';
}
