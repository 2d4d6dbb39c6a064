/**
 * Version: which contract answers at an address, asked before anything is encoded for it. Functions with one name and another layout
 * (Aave's `updateCollateralSide` of 3.6 and of 3.7) have other selectors, and a Solidity dispatcher holds each as PUSH4: so the
 * code itself says what it takes. Proxies are followed: EIP-1967 (implementation, beacon) and EIP-1167.
 */
import type { Client, Hex } from 'viem';
import { call, getCode, getStorageAt } from 'viem/actions';
import { PlimsollError, quote } from '../../base/errors.ts';
import { keccak256, keccakOfText } from '../keccak.ts';
import type { Address } from './words.ts';

export type Candidate = { readonly version: string; readonly has: readonly string[]; readonly lacks?: readonly string[] };
export type Found = { readonly version: string; readonly detectedBy: string };

/** The one candidate whose selectors the code has; none or several is an error: nothing is encoded for an unknown contract. */
export async function detect(client: Client, address: Address, candidates: readonly Candidate[]): Promise<Found> {
  const { code, at } = await codeOf(client, address);
  const dispatches = (selector: string): boolean => pushes(code, selector);
  const fitting = candidates.filter(({ has, lacks = [] }) => has.every(dispatches) && !lacks.some(dispatches));
  const [only, second] = fitting;
  if (only !== undefined && second === undefined) {
    return { version: only.version, detectedBy: `selectors ${only.has.join(', ')} in the code ${keccak256(code)} at ${at}` };
  }
  throw new UnknownVersionError({
    got: code === '0x' ? 'no code' : `code ${keccak256(code)}, which fits ${fitting.length} known versions`,
    needed: `one of ${candidates.map(({ version }) => version).join(', ')}`,
    where: at,
    fix: 'Check the address and the chain; nothing is drafted for a contract whose version is not known.',
  });
}

/** Where a venue names a version by hand, it has to be one there is an encoder for. */
export function declared(
  version: string,
  known: readonly string[],
  where: string,
): { readonly version: string; readonly detectedBy: null } {
  if (known.includes(version)) return { version, detectedBy: null };
  throw new UnknownVersionError({ got: quote(version), needed: `one of ${known.join(', ')}`, where });
}

/** Runtime code behind up to three proxies. */
export async function codeOf(client: Client, address: Address): Promise<{ readonly code: Hex; readonly at: Address }> {
  let at: Address = address;
  for (let hops = 0; hops < 3; hops += 1) {
    const code = (await getCode(client, { address: at })) ?? '0x';
    const next = await behind(client, at, code);
    if (next === null) return { code, at };
    at = next;
  }
  throw new UnknownVersionError({ got: 'more than three proxies', needed: 'an implementation', where: address });
}

function pushes(code: Hex, selector: string): boolean {
  const needle = `63${selector.slice(2)}`;
  for (let found = code.indexOf(needle); found >= 0; found = code.indexOf(needle, found + 1)) if (found % 2 === 0) return true;
  return false;
}

async function behind(client: Client, at: Address, code: Hex): Promise<Address | null> {
  const minimal = /^0x363d3d373d3d3d363d73([0-9a-f]{40})5af43d82803e903d91602b57fd5bf3$/.exec(code)?.[1];
  if (minimal !== undefined) return `0x${minimal}`;
  if (code === '0x') return null;
  const implementation = await addressAt(client, at, IMPLEMENTATION_SLOT);
  if (implementation !== null) return implementation;
  const beacon = await addressAt(client, at, BEACON_SLOT);
  if (beacon === null) return null;
  const { data } = await call(client, { to: beacon, data: IMPLEMENTATION_CALL });
  return data === undefined || data.length !== 66 ? null : `0x${data.slice(26)}`;
}

async function addressAt(client: Client, address: Address, slot: Hex): Promise<Address | null> {
  const word = await getStorageAt(client, { address, slot });
  return word === undefined || /^0x0*$/.test(word) ? null : `0x${word.slice(2).padStart(64, '0').slice(24)}`;
}

/** EIP-1967: the hash of the name, less one. */
const IMPLEMENTATION_SLOT = slotOf('eip1967.proxy.implementation');
const BEACON_SLOT = slotOf('eip1967.proxy.beacon');
const IMPLEMENTATION_CALL = keccakOfText('implementation()').slice(0, 10) as Hex;

function slotOf(name: string): Hex {
  return `0x${(BigInt(keccakOfText(name)) - 1n).toString(16).padStart(64, '0')}`;
}

export class UnknownVersionError extends PlimsollError {
  override readonly name = 'Version.UnknownVersionError';
}
