/**
 * The hash a Safe's owners sign, computed twice by code that shares nothing: viem's EIP-712 encoder, and the words and the Keccak of
 * this folder. Nobody is shown either unless both agree.
 *
 *   hash = keccak(0x19 01 ‖ domain ‖ message)
 *   domain = keccak(typehash ‖ [chain id, from 1.3.0] ‖ Safe)        message = keccak(typehash ‖ the ten fields, data hashed)
 *
 * Safe 1.0.0 and later share one SafeTx type; the type of versions before (`dataGas`) is not written here. Source: Safe.sol.
 */
import { hashDomain, hashStruct, hashTypedData } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import { keccak256, keccakOfText } from './keccak.ts';
import type { SafeTx } from './targets/safe.ts';
import * as Words from './targets/words.ts';

export type SafeHashes = { readonly domain: Words.Hex; readonly message: Words.Hex; readonly hash: Words.Hex };
export type SafeDomain = { readonly chainId: number; readonly safe: Words.Address; readonly version: string };

/** What `eth_signTypedData_v4` takes; null chain id where the version has none. */
export function typedData(tx: SafeTx, { chainId, safe, version }: SafeDomain) {
  const verifyingContract = safe.toLowerCase() as Words.Address;
  return {
    types: TYPES,
    primaryType: 'SafeTx' as const,
    domain: hasChainId(version) ? { chainId, verifyingContract } : { verifyingContract },
    message: {
      ...{ to: lower(tx.to), value: BigInt(tx.value), data: tx.data, operation: tx.operation },
      ...{ safeTxGas: BigInt(tx.safeTxGas), baseGas: BigInt(tx.baseGas), gasPrice: BigInt(tx.gasPrice) },
      ...{ gasToken: lower(tx.gasToken), refundReceiver: lower(tx.refundReceiver), nonce: BigInt(tx.nonce) },
    },
  };
}

/** Both ways; a difference is an error, never a choice. */
export function hashes(tx: SafeTx, domain: SafeDomain): SafeHashes {
  const [one, two] = [hashesByViem(tx, domain), hashesByWords(tx, domain)];
  for (const key of ['domain', 'message', 'hash'] as const) {
    if (one[key] !== two[key])
      throw new DisagreeError({ got: `${key} ${one[key]} and ${two[key]}`, needed: 'the same from both', fix: 'Sign nothing.' });
  }
  return one;
}

/** The same of a text or of bytes that a Safe signs as a message (ERC-1271 by its fallback handler): what its owners sign. */
export function messageHashes(message: Words.Hex, domain: SafeDomain): SafeHashes {
  const typed = messageTypedData(message, domain);
  const [byWords, ofDomain] = [hashMessageByWords(message, domain), domainByWords(domain)];
  const struct = hashStruct({ data: typed.message, primaryType: 'SafeMessage', types: MESSAGE_TYPES });
  const hash = hashTypedData(typed);
  if (struct !== byWords.message || hash !== byWords.hash)
    throw new DisagreeError({ got: `message hash ${hash} and ${byWords.hash}`, needed: 'the same from both', fix: 'Sign nothing.' });
  return { domain: ofDomain, message: struct, hash };
}

export function messageTypedData(message: Words.Hex, { chainId, safe, version }: SafeDomain) {
  const verifyingContract = safe.toLowerCase() as Words.Address;
  const domain = hasChainId(version) ? { chainId, verifyingContract } : { verifyingContract };
  return { types: MESSAGE_TYPES, primaryType: 'SafeMessage' as const, domain, message: { message } };
}

/** The same for `eth_signTypedData_v4`: the domain's type named, integers as decimal strings. */
export function forWallet(typed: ReturnType<typeof typedData> | ReturnType<typeof messageTypedData>, version: string): unknown {
  const EIP712Domain = hasChainId(version) ? [CHAIN_ID, CONTRACT] : [CONTRACT];
  const text = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return JSON.parse(JSON.stringify({ ...typed, types: { EIP712Domain, ...typed.types } }, text));
}

/** What a hash is of: the 66 bytes before the last Keccak. Safes up to 1.4.1 hand these to a contract that is an owner. */
export function preimage({ domain, message }: SafeHashes): Words.Hex {
  return `0x1901${domain.slice(2)}${message.slice(2)}`;
}

export function hashesByViem(tx: SafeTx, domain: SafeDomain): SafeHashes {
  const data = typedData(tx, domain);
  const fields: readonly { readonly name: string; readonly type: string }[] = hasChainId(domain.version)
    ? [CHAIN_ID, CONTRACT]
    : [CONTRACT];
  return {
    domain: hashDomain({ domain: data.domain, types: { EIP712Domain: fields } } as Parameters<typeof hashDomain>[0]),
    message: hashStruct({ data: data.message, primaryType: 'SafeTx', types: TYPES }),
    hash: hashTypedData(data),
  };
}

export function hashesByWords(tx: SafeTx, of: SafeDomain): SafeHashes {
  const domain = domainByWords(of);
  const { ADDRESS, BYTES32 } = Words;
  const number = Words.uint(256);
  const shapes = [BYTES32, ADDRESS, number, BYTES32, Words.uint(8), number, number, number, ADDRESS, ADDRESS, number];
  const values = [
    ...[keccakOfText(SAFE_TX_TYPE), tx.to, BigInt(tx.value), keccak256(tx.data), BigInt(tx.operation), BigInt(tx.safeTxGas)],
    ...[BigInt(tx.baseGas), BigInt(tx.gasPrice), tx.gasToken, tx.refundReceiver, BigInt(tx.nonce)],
  ];
  const message = keccak256(Words.encode(shapes, values));
  return { domain, message, hash: keccak256(`0x1901${domain.slice(2)}${message.slice(2)}`) };
}

function hashMessageByWords(text: Words.Hex, of: SafeDomain): SafeHashes {
  const domain = domainByWords(of);
  const message = keccak256(Words.encode([Words.BYTES32, Words.BYTES32], [keccakOfText(SAFE_MESSAGE_TYPE), keccak256(text)]));
  return { domain, message, hash: keccak256(`0x1901${domain.slice(2)}${message.slice(2)}`) };
}

function domainByWords({ chainId, safe, version }: SafeDomain): Words.Hex {
  return hasChainId(version)
    ? keccak256(Words.encode([Words.BYTES32, Words.uint(256), Words.ADDRESS], [keccakOfText(DOMAIN_TYPE), BigInt(chainId), safe]))
    : keccak256(Words.encode([Words.BYTES32, Words.ADDRESS], [keccakOfText(OLD_DOMAIN_TYPE), safe]));
}

/** From 1.3.0. */
export function hasChainId(version: string): boolean {
  return isFrom(version, 3);
}

/** 1.`minor` or later. */
export function isFrom(version: string, minor: number): boolean {
  const [major = 0, its = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && its >= minor);
}

const DOMAIN_TYPE = 'EIP712Domain(uint256 chainId,address verifyingContract)';
const OLD_DOMAIN_TYPE = 'EIP712Domain(address verifyingContract)';
const SAFE_TX_TYPE =
  'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)';

const SAFE_MESSAGE_TYPE = 'SafeMessage(bytes message)';

const CHAIN_ID = { name: 'chainId', type: 'uint256' } as const;
const CONTRACT = { name: 'verifyingContract', type: 'address' } as const;
const TYPES = {
  SafeTx: [
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
    { name: 'operation', type: 'uint8' },
    { name: 'safeTxGas', type: 'uint256' },
    { name: 'baseGas', type: 'uint256' },
    { name: 'gasPrice', type: 'uint256' },
    { name: 'gasToken', type: 'address' },
    { name: 'refundReceiver', type: 'address' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const;

const MESSAGE_TYPES = { SafeMessage: [{ name: 'message', type: 'bytes' }] } as const;

function lower(address: Words.Address): Words.Address {
  return address.toLowerCase() as Words.Address;
}

export class DisagreeError extends PlimsollError {
  override readonly name = 'SafeHash.DisagreeError';
}
