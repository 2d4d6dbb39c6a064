/**
 * A contract's signature (ERC-1271), where the contract is an owner of a Safe: what it is asked, and what the owners of an owner that is
 * a Safe itself have to sign so that it says yes.
 *
 * From 1.5.0 a Safe hands over the hash, before that the 66 bytes it is the hash of, to a function of another form and another answer.
 * Source: Safe.sol 1.5.0 and 1.4.1 (checkNSignatures), CompatibilityFallbackHandler.sol.
 */
import { type Client, encodeFunctionData, type Hex, parseAbi } from 'viem';
import { call } from 'viem/actions';
import * as SafeHash from './safe-hash.ts';
import * as Safe from './targets/safe.ts';
import type { Address } from './targets/words.ts';

/** What the owners of an owner that is a Safe have to sign, so that it says yes (ERC-1271) to this hash of the outer Safe. */
export async function ask(client: Client, owner: Address, hashes: SafeHash.SafeHashes, outer: SafeHash.SafeDomain) {
  const inner = await Safe.read(client, owner);
  const domain: SafeHash.SafeDomain = { chainId: outer.chainId, safe: owner, version: inner.version };
  const message = handedOver(hashes, outer.version);
  return { inner, domain, message, typedData: SafeHash.messageTypedData(message, domain), hashes: SafeHash.messageHashes(message, domain) };
}

/** ERC-1271, as the Safe will ask: by the hash from 1.5.0, by the bytes it is the hash of before. */
export async function agrees(
  client: Client,
  owner: Address,
  bytes: Hex,
  hashes: SafeHash.SafeHashes,
  domain: SafeHash.SafeDomain,
): Promise<boolean> {
  const [data, magic] = asksByHash(domain.version)
    ? [encodeFunctionData({ abi: BY_HASH, args: [hashes.hash, bytes] }), '0x1626ba7e']
    : [encodeFunctionData({ abi: BY_BYTES, args: [SafeHash.preimage(hashes), bytes] }), '0x20c13b0b'];
  const answer = await call(client, { to: owner, data }).catch(() => null);
  return answer?.data?.slice(0, 10) === magic;
}

/** What a Safe hands to an owner that is a contract. */
function handedOver(hashes: SafeHash.SafeHashes, version: string): Hex {
  return asksByHash(version) ? hashes.hash : SafeHash.preimage(hashes);
}

function asksByHash(version: string): boolean {
  return SafeHash.isFrom(version, 5);
}

const BY_HASH = parseAbi(['function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)']);
const BY_BYTES = parseAbi(['function isValidSignature(bytes data, bytes signature) view returns (bytes4)']);
