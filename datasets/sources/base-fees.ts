/**
 * Base fees of a chain up to one block: how contended its blocks have been, by five minutes.
 *
 * `eth_feeHistory` (EIP-1559) names no times, so blocks are taken to be evenly spaced between the first and the last, whose times are read.
 * An entry is the mean of its blocks.
 */
import { getBlock, getFeeHistory } from 'viem/actions';
import { PlimsollError } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import type { BaseFees, ProtocolState } from '../state.ts';
import { type At, NodeError } from './chain.ts';

export const STEP_SECONDS = 300;
/** What nodes give in one answer, and how many answers are asked for at most: a week of blocks of 12 s, a day of 2 s. */
const MOST_BLOCKS = 1_024;
const MOST_ANSWERS = 50;
/** From so many blocks the time of one is estimated. */
const LOOK_BACK = 1_000n;
const WEI_PER_GWEI = 1e9;

/** At least `seconds` up to `at.block`, unless the chain is younger. */
export async function readBaseFees(at: At, seconds: number): Promise<BaseFees> {
  // 1. How many blocks that is.
  const back = at.block < LOOK_BACK ? at.block : LOOK_BACK;
  const earlier = await timeOf(at, at.block - back);
  const secondsPerBlock = back === 0n ? 0 : (at.timeMs - earlier) / 1000 / Number(back);
  const wanted = secondsPerBlock > 0 ? Math.ceil(seconds / secondsPerBlock) + 1 : Number.POSITIVE_INFINITY;
  if (wanted > MOST_ANSWERS * MOST_BLOCKS) {
    throw new TooManyBlocksError({
      got: `${secondsPerBlock.toFixed(2)} s a block`,
      needed: `at most ${MOST_ANSWERS * MOST_BLOCKS} blocks in ${(seconds / 3600).toFixed(0)} hours`,
      where: `chain ${at.chainId}`,
      fix: 'Ask for fewer hours, at least 24; a chain with faster blocks is not read.',
    });
  }
  // 2. Their fees, oldest first.
  const first = at.block - BigInt(Math.min(wanted, Number(at.block) + 1) - 1);
  const fees: number[] = [];
  for (let from = first; from <= at.block; from += BigInt(MOST_BLOCKS)) {
    const to = from + BigInt(MOST_BLOCKS - 1) < at.block ? from + BigInt(MOST_BLOCKS - 1) : at.block;
    fees.push(...(await answer(at, from, to)));
  }
  // 3. By five minutes, counted back from the block.
  const span = (at.timeMs - (await timeOf(at, first))) / 1000;
  const entries = Math.max(1, Math.floor(span / STEP_SECONDS));
  const blocksPerEntry = fees.length / Math.max(1, span / STEP_SECONDS);
  const baseFeeGwei = Array.from({ length: entries }, (_, index) => {
    const end = fees.length - (entries - 1 - index) * blocksPerEntry;
    const part = fees.slice(Math.max(0, Math.floor(end - blocksPerEntry)), Math.max(1, Math.ceil(end)));
    return part.reduce((sum, fee) => sum + fee, 0) / part.length / WEI_PER_GWEI;
  });
  if (!baseFeeGwei.every((fee) => fee > 0)) {
    throw new NoFeesError({
      got: 'a base fee of 0',
      needed: 'a chain with base fees (EIP-1559)',
      where: `chain ${at.chainId}, block ${at.block}`,
    });
  }
  return { endsAt: new Date(at.timeMs).toISOString(), stepSeconds: STEP_SECONDS, baseFeeGwei };
}

/** The book with the fees of its own chain: a new book, with a note. */
export function attach(state: ProtocolState, fees: BaseFees, { chainId, block }: Pick<At, 'chainId' | 'block'>): ProtocolState {
  if (state.chainId !== chainId)
    throw new OtherChainError({ got: `a node of chain ${chainId}`, needed: `one of the book's chain, ${state.chainId}`, where: '--rpc' });
  const { id: _id, ...rest } = state;
  const hours = ((fees.baseFeeGwei.length * fees.stepSeconds) / 3600).toFixed(0);
  return seal({ ...rest, baseFees: fees, notes: [...state.notes, `base fees of ${hours} hours up to block ${block}, read from a node`] });
}

/** Of blocks `from` to `to`; the fee of the block after them, which nodes add, is left out. */
async function answer(at: At, from: bigint, to: bigint): Promise<number[]> {
  const count = Number(to - from) + 1;
  const needed = `base fees of ${count} blocks up to ${to}`;
  let history: Awaited<ReturnType<typeof getFeeHistory>>;
  try {
    history = await getFeeHistory(at.client, { blockCount: count, blockNumber: to, rewardPercentiles: [] });
  } catch (cause) {
    throw new NodeError({ got: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause), needed, cause });
  }
  // A node may give fewer than it was asked for, from a later block on.
  if (history.oldestBlock !== from || history.baseFeePerGas.length < count)
    throw new NodeError({ got: `${history.baseFeePerGas.length} from block ${history.oldestBlock}`, needed });
  return history.baseFeePerGas.slice(0, count).map(Number);
}

async function timeOf(at: At, blockNumber: bigint): Promise<number> {
  try {
    return Number((await getBlock(at.client, { blockNumber })).timestamp) * 1000;
  } catch (cause) {
    throw new NodeError({
      got: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
      needed: `block ${blockNumber}`,
      cause,
    });
  }
}

export class TooManyBlocksError extends PlimsollError {
  override readonly name = 'BaseFees.TooManyBlocksError';
}

export class NoFeesError extends PlimsollError {
  override readonly name = 'BaseFees.NoFeesError';
}

export class OtherChainError extends PlimsollError {
  override readonly name = 'BaseFees.OtherChainError';
}
