/**
 * Target: Sky's SP-BEAM: rates in basis points by id, inside min, max and step each.
 *
 * It is the one batch here whose contract refuses duplicates itself: ids strictly increase. No field of an advice is a stability fee,
 * so nothing is drafted from one; calls are encoded, judged and decoded. Source: SPBEAM.sol (sky-ecosystem/sp-beam).
 */
import { encodeFunctionData, parseAbi } from 'viem';
import * as Call from './call.ts';
import type { Refusal } from './target.ts';
import type { Hex } from './words.ts';

export type Change = { readonly id: string; readonly bps: bigint };
export type Bound = { readonly min: bigint; readonly max: bigint; readonly step: bigint };

const SET = 'function set((bytes32 id, uint256 bps)[] updates)';
const ABI = parseAbi([SET]);

export const TABLE = Call.table('sky-sp-beam', {
  [SET]: { says: (_, rows) => rows.map(({ id, bps }) => `Sets the rate ${fromKey(id!)} to ${Call.bps(bps!)}.`).join(' ') },
  'file(bytes32 id, bytes32 what, uint256 data)': {},
  'file(bytes32 what, uint256 data)': {},
  'exec(address asset)': {},
});

export function constraints(
  changes: readonly Change[],
  held: Readonly<Record<string, bigint>>,
  bounds: Readonly<Record<string, Bound>>,
): Refusal | null {
  if (changes.length === 0) return { by: 'chain', name: 'SPBEAM/empty-batch', says: 'There is nothing to set.' };
  let last = '';
  for (const { id, bps } of changes) {
    if (toKey(id) <= last) return { by: 'chain', name: 'SPBEAM/updates-out-of-order', says: `${id} does not come after the id before it.` };
    last = toKey(id);
    const [bound, from] = [bounds[id], held[id]];
    if (bound === undefined || from === undefined || bound.step === 0n)
      return { by: 'chain', name: 'SPBEAM/rate-not-configured', says: `${id} has no step.` };
    if (bps < bound.min) return { by: 'chain', name: 'SPBEAM/below-min', says: `${id}: ${bps} is below ${bound.min}.` };
    if (bps > bound.max) return { by: 'chain', name: 'SPBEAM/above-max', says: `${id}: ${bps} is above ${bound.max}.` };
    // A rate outside its range is first brought to its edge, and steps from there.
    const base = from < bound.min ? bound.min : from > bound.max ? bound.max : from;
    const step = bps > base ? bps - base : base - bps;
    if (step > bound.step)
      return { by: 'chain', name: 'SPBEAM/delta-above-step', says: `${id}: a change of ${step}; ${bound.step} is allowed.` };
  }
  return null;
}

export function encode(changes: readonly Change[]): Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'set', args: [changes.map(({ id, bps }) => ({ id: toKey(id), bps }))] });
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

/** The id as left-aligned ASCII in 32 bytes. */
export function toKey(id: string): Hex {
  return `0x${Buffer.from(id, 'ascii').toString('hex').padEnd(64, '0').slice(0, 64)}`;
}

function fromKey(key: string): string {
  const text = Buffer.from(key.slice(2).replace(/(?:00)+$/, ''), 'hex').toString('latin1');
  return /^[\x21-\x7e]+$/.test(text) ? text : key;
}
