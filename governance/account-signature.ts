/**
 * An account's signature of a hash, in whichever form its wallet writes it: 65 bytes with v of 27 or 28, 0 or 1 (some devices), 31 or 32 (a
 * Safe's form of `eth_sign`), or the 64 bytes of EIP-2098. A v of 0 or 1 must never reach a Safe: there it means a contract.
 */
import { type Hex, hashMessage, recoverAddress } from 'viem';
import type { SafeDomain } from './safe-hash.ts';
import * as SafeHash from './safe-hash.ts';
import type { SafeTx } from './targets/safe.ts';
import type { Address } from './targets/words.ts';

export type Signed = { readonly signer: Address; readonly kind: 'account' | 'eth-sign' /** As a Safe takes it. */; readonly bytes: Hex };
export type Elsewhere = { readonly reason: 'other-nonce' | 'other-chain' | 'other-operation'; readonly says: string };

/** Every reading the bytes admit, who signs by it, and how a Safe has to be given it; none: they are no signature. */
export async function readings(signature: Hex, hash: Hex): Promise<readonly Signed[]> {
  const split = parts(signature);
  if (split === null) return [];
  const { rs, v } = split;
  const kinds = v > 30 ? (['eth-sign'] as const) : (['account', 'eth-sign'] as const);
  const plain = v > 30 ? v - 4 : v;
  const found: Signed[] = [];
  for (const kind of kinds) {
    const of = kind === 'account' ? hash : hashMessage({ raw: hash });
    const bytes = (last: number): Hex => `0x${rs}${last.toString(16).padStart(2, '0')}`;
    try {
      const signer = await recoverAddress({ hash: of, signature: bytes(plain) });
      found.push({ signer, kind, bytes: bytes(kind === 'account' ? plain : plain + 4) });
    } catch {
      // r or s is no number of the curve.
    }
  }
  return found;
}

/** Where an owner did sign, but not this: another nonce, chain or operation of the same transaction. null: none of these. */
export async function elsewhere(signature: Hex, tx: SafeTx, domain: SafeDomain, owners: readonly Address[]): Promise<Elsewhere | null> {
  const known = new Set(owners.map((owner) => owner.toLowerCase()));
  const signedBy = async (otherTx: SafeTx, otherDomain: SafeDomain): Promise<Address | null> => {
    const found = await readings(signature, SafeHash.hashesByViem(otherTx, otherDomain).hash);
    return found.find(({ signer }) => known.has(signer.toLowerCase()))?.signer ?? null;
  };
  const here = BigInt(tx.nonce);
  for (let away = 1n; away <= NONCES; away += 1n) {
    for (const nonce of [here - away, here + away].filter((one) => one >= 0n)) {
      const signer = await signedBy({ ...tx, nonce: String(nonce) }, domain);
      if (signer !== null) return { reason: 'other-nonce', says: `${signer} signed this for nonce ${nonce}, not ${tx.nonce}.` };
    }
  }
  for (const chainId of CHAINS.filter((id) => id !== domain.chainId)) {
    const signer = await signedBy(tx, { ...domain, chainId });
    if (signer !== null) return { reason: 'other-chain', says: `${signer} signed this for chain ${chainId}, not ${domain.chainId}.` };
  }
  const operation = tx.operation === 0 ? 1 : 0;
  const signer = await signedBy({ ...tx, operation }, domain);
  const named = operation === 1 ? 'a DELEGATE CALL' : 'a plain call';
  return signer === null
    ? null
    : { reason: 'other-operation', says: `${signer} signed ${named} with these bytes: find out who asked for that.` };
}

/** A few transactions may be waiting before or after. */
const NONCES = 5n;
/** Where Safes of one address stand most: Ethereum, Optimism, BNB, Gnosis, Polygon, Base, Arbitrum, Avalanche, Linea, Scroll, Sepolia, anvil. */
const CHAINS = [1, 10, 56, 100, 137, 8_453, 42_161, 43_114, 59_144, 534_352, 11_155_111, 31_337];

function parts(signature: Hex): { readonly rs: string; readonly v: number } | null {
  const hex = signature.slice(2).toLowerCase();
  if (!/^[0-9a-f]*$/.test(hex)) return null;
  if (hex.length === 128) {
    // EIP-2098: the parity is the top bit of s.
    const high = Number.parseInt(hex.slice(64, 66), 16);
    const s = (high & 0x7f).toString(16).padStart(2, '0') + hex.slice(66);
    return { rs: hex.slice(0, 64) + s, v: high > 0x7f ? 28 : 27 };
  }
  if (hex.length !== 130) return null;
  const v = Number.parseInt(hex.slice(128), 16);
  if (v === 0 || v === 1) return { rs: hex.slice(0, 128), v: v + 27 };
  return [27, 28, 31, 32].includes(v) ? { rs: hex.slice(0, 128), v } : null;
}
