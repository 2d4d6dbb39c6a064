/**
 * Receipt: what became of a transaction, asked again and again until there is an answer. viem's own waiter waits for the next block once a receipt was
 * missing, and on a node that mines only when asked none comes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, type Hex, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem';
import { getTransactionReceipt } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';

export type Patience = { readonly everyMs: number; readonly longestMs: number };
/** A transaction that was sent is mined within minutes or needs a person. */
const PATIENCE: Patience = { everyMs: 250, longestMs: 600_000 };

export async function receiptOf(client: Client, hash: Hex, { everyMs, longestMs }: Patience = PATIENCE): Promise<TransactionReceipt> {
  for (let waitedMs = 0; waitedMs <= longestMs; waitedMs += everyMs) {
    try {
      return await getTransactionReceipt(client, { hash });
    } catch (error) {
      if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
    }
    await pause(everyMs);
  }
  throw new NotMinedError({
    got: `no receipt in ${longestMs / 1000} s`,
    needed: 'a transaction in a block',
    where: hash,
    fix: 'It may still be mined: look for it on chain before anything is sent again.',
  });
}

export class NotMinedError extends PlimsollError {
  override readonly name = 'Receipt.NotMinedError';
}
