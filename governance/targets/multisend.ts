/**
 * MultiSend: several calls in one, packed without padding: operation (1 byte), to (20), value (32), length (32), data.
 *
 * Only MultiSendCallOnly may be delegate-called by a Safe: it refuses inner delegate calls. Addresses: safe-deployments.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import type * as Call from './call.ts';
import * as Words from './words.ts';

/** Canonical deployments, lower case. */
export const KNOWN: Readonly<Record<Words.Address, string>> = {
  '0x40a2accbd92bca938b02010e17a5b8929b49130d': 'MultiSendCallOnly 1.3.0',
  '0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b': 'MultiSendCallOnly 1.3.0 (eip155)',
  '0x9641d764fc13c8b624c04430c7356c1c7c8102e2': 'MultiSendCallOnly 1.4.1',
  '0xa83c336b20401af773b6219ba5027174338d1836': 'MultiSendCallOnly 1.5.0',
};

export const SELECTOR = '0x8d80ff0a';

/** `multiSend(bytes)` of a batch; only plain calls can stand in one. */
export function encode(actions: readonly Call.Inner[]): Words.Hex {
  const packed = actions.map(({ to, valueWei, data, operation }) => {
    if (operation === 'delegatecall')
      throw new BadBatchError({ got: `a delegate call to ${to}`, needed: 'plain calls: MultiSendCallOnly refuses others' });
    const length = (data.length - 2) / 2;
    return `00${to.slice(2).toLowerCase()}${BigInt(valueWei).toString(16).padStart(64, '0')}${length.toString(16).padStart(64, '0')}${data.slice(2)}`;
  });
  return `${SELECTOR}${Words.encode([Words.BYTES], [`0x${packed.join('')}`]).slice(2)}`;
}

/** The packed bytes back to calls; anything left over, cut short or of an unknown operation is refused. */
export function unpack(packed: Words.Hex): readonly Call.Inner[] {
  const hex = packed.slice(2);
  const calls: Call.Inner[] = [];
  for (let at = 0; at < hex.length; ) {
    const head = hex.slice(at, at + 170);
    if (head.length < 170) throw new BadBatchError({ got: `${head.length / 2} bytes of a call`, needed: 'at least 85' });
    const operation = head.slice(0, 2);
    if (operation !== '00' && operation !== '01')
      throw new BadBatchError({ got: `operation ${quote(operation)}`, needed: '00 (call) or 01 (delegate call)' });
    const length = BigInt(`0x${head.slice(106)}`);
    const left = BigInt((hex.length - at - 170) / 2);
    if (length > left) throw new BadBatchError({ got: `a length of ${length}`, needed: `at most the ${left} bytes that are left` });
    const end = at + 170 + 2 * Number(length);
    calls.push({
      to: `0x${head.slice(2, 42)}`,
      valueWei: String(BigInt(`0x${head.slice(42, 106)}`)),
      data: `0x${hex.slice(at + 170, end)}`,
      operation: operation === '00' ? 'call' : 'delegatecall',
    });
    at = end;
  }
  return calls;
}

export class BadBatchError extends PlimsollError {
  override readonly name = 'MultiSend.BadBatchError';
}
