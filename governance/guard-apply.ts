/**
 * Apply: one signed update through its gates, a step at a time. A dry run unless told otherwise. What was done is read back; anything on chain that
 * was not expected trips the breaker, and nothing is sent again until a person has removed it. Whoever comes second is expected: the
 * guard's compare-and-swap lets one through, and the other says so.
 */
import type { Client, Hex, TransactionReceipt } from 'viem';
import { PlimsollError, quote } from '../base/errors.ts';
import * as Guard from './guard.ts';
import type { File } from './guard-file.ts';
import * as GuardFile from './guard-file.ts';
import * as Gates from './guard-gates.ts';
import { whyRefused } from './node.ts';
import { receiptOf } from './receipt.ts';
import type { Address } from './targets/words.ts';

/** What keeps the machine from acting: a person's stop, or a breaker that tripped. The same place for both. */
export type Switch = {
  /** Why it is off; null: it is on. */
  readonly off: () => Promise<string | null>;
  readonly trip: (reason: string) => Promise<void>;
};
export type Applied = Gates.Looked & {
  readonly sent: { readonly act: string; readonly transaction: Hex; readonly block: string; readonly gasUsed: string } | null;
  /** Somebody was quicker: by what name the guard refused this one. */
  readonly lost: string | null;
  readonly held: Guard.Values;
};

/** The update that takes it back, unsigned, for the nonce after: drafted before anything is sent. */
export function rollback(file: File, update: Guard.Update, domain: Guard.Domain): File {
  const back = { ...update, from: update.to, to: update.from, nonce: update.nonce + 1n, maxNewlyLiquidatable: 0 };
  return GuardFile.make(back, domain, `back: ${file.says}`, file.bundle);
}

export async function apply(
  client: Client,
  { file, update }: { readonly file: File; readonly update: Guard.Update },
  relayer: Address,
  kill: Switch,
  broadcast: boolean,
): Promise<Applied> {
  const off = await kill.off();
  const looked = await Gates.look(client, file, update, relayer);
  const gates = [{ gate: 'kill switch', open: off === null, says: off ?? 'on' }, ...looked.gates];
  const next = off === null ? looked.next : { act: 'stop' as const };
  const held = () => Guard.readValues(client, file.guard, update.asset);
  if (!broadcast || !('data' in next)) return { gates, next, sent: null, lost: null, held: await held() };

  const quicker = async () => {
    const refusal = await whyRefused(client, relayer, file.guard, next.data);
    return RACES.has(refusal) ? refusal : null;
  };
  const sending = await send(client, relayer, file.guard, next.data).catch(async (error: NotSentError) => {
    const lost = await quicker();
    if (lost === null) throw error;
    return { lost };
  });
  if (typeof sending !== 'string') return { gates, next, sent: null, lost: sending.lost, held: await held() };
  const transaction = sending;
  const receipt = await receiptOf(client, transaction);
  const after = await held();
  const lost = receipt.status === 'success' ? null : await quicker();
  if (lost !== null) return { gates, next, sent: null, lost, held: after };
  const wrong = await unexpected(client, file, update, next.act, receipt, after);
  if (wrong !== null) {
    await kill.trip(wrong);
    throw new UnexpectedError({
      got: wrong,
      needed: `what a ${next.act} leaves`,
      where: transaction,
      fix: 'Find out why before the switch is turned on again.',
    });
  }
  const { blockNumber, gasUsed } = receipt;
  return {
    gates,
    next,
    sent: { act: next.act, transaction, block: String(blockNumber), gasUsed: String(gasUsed) },
    lost: null,
    held: after,
  };
}

/** What the guard says to whoever comes second with the same step, or with another of the same asset. */
const RACES: ReadonlySet<string> = new Set(['BadNonce', 'NotPending', 'StateMoved', 'UpdatePending', 'NoRamp', 'TooEarly']);

/** Signed by the node, or by the wallet behind it: no key is held here. */
async function send(client: Client, from: Address, to: Address, data: Hex): Promise<Hex> {
  const request = client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>;
  try {
    return (await request({ method: 'eth_sendTransaction', params: [{ from, to, data }] })) as Hex;
  } catch (error) {
    throw new NotSentError({
      got: quote((error as Error).message.split('\n')[0] ?? ''),
      needed: `a node that signs for ${from}`,
      where: 'eth_sendTransaction',
      fix: 'Nothing was sent. Unlock the relayer there, or put a signer in front of the node; fund it for gas.',
    });
  }
}

/** Null where the chain is as the step leaves it. */
async function unexpected(
  client: Client,
  { guard, hashes }: File,
  { asset, from, to }: Guard.Update,
  act: 'submit' | 'execute' | 'advance',
  receipt: TransactionReceipt,
  held: Guard.Values,
): Promise<string | null> {
  if (receipt.status !== 'success') return `${act} was mined and reverted`;
  const { pending, ramp } = await Guard.readStatus(client, guard, asset);
  const equal = (one: Guard.Values) => Guard.FIELDS.every((field) => held[field] === one[field]);
  if (equal(to)) return null;
  // A slow update waits and changes nothing; one with a ramp stands somewhere between.
  if (act === 'submit') return pending.id === hashes.digest && equal(from) ? null : 'submitted, and neither waiting nor applied';
  const between = Guard.FIELDS.every((field) => (held[field] - from[field]) * (to[field] - held[field]) >= 0n);
  return ramp.running && between ? null : `${act} left ${Guard.FIELDS.map((field) => `${field} ${held[field]}`).join(', ')}`;
}

export class NotSentError extends PlimsollError {
  override readonly name = 'GuardApply.NotSentError';
}

export class UnexpectedError extends PlimsollError {
  override readonly name = 'GuardApply.UnexpectedError';
}
