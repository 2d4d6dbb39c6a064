/** What the chain did, as steps of a review: made from a receipt, and checked again by whoever reads the log with a node at hand. */
import { type Client, type Hex, TransactionReceiptNotFoundError } from 'viem';
import { getBlock, getTransactionReceipt } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import type { Id } from '../base/id.ts';
import type * as Review from './review.ts';

type Sent = Extract<Review.Happening, { transaction: Hex }>;

/** `saw`: what it was about, the review's sheet or a read-back. A transaction that was reverted is no step. */
export async function step(client: Client, action: Sent['action'], transaction: Hex, saw: Id, at: string): Promise<Sent> {
  const { block, blockAt } = await mined(client, transaction, action);
  return { action, by: 'service', at, saw, why: '', transaction, block, blockAt };
}

export async function check(client: Client, happening: Sent, where: string): Promise<void> {
  const found = await mined(client, happening.transaction, where);
  const [got, needed] = [`block ${happening.block} at ${happening.blockAt}`, `block ${found.block} at ${found.blockAt}`];
  if (got !== needed) throw new NotOnChainError({ got, needed, where });
}

async function mined(client: Client, transaction: Hex, where: string): Promise<{ readonly block: string; readonly blockAt: string }> {
  const receipt = await getTransactionReceipt(client, { hash: transaction }).catch((error: unknown) => {
    if (error instanceof TransactionReceiptNotFoundError) return null;
    throw error;
  });
  if (receipt === null || receipt.status !== 'success') {
    const got = receipt === null ? `no transaction ${transaction}` : `${transaction}, which was reverted`;
    throw new NotOnChainError({ got, needed: 'a transaction that succeeded', where });
  }
  const { timestamp } = await getBlock(client, { blockHash: receipt.blockHash });
  return { block: String(receipt.blockNumber), blockAt: new Date(Number(timestamp) * 1000).toISOString() };
}

export class NotOnChainError extends PlimsollError {
  override readonly name = 'ReviewChain.NotOnChainError';
}
