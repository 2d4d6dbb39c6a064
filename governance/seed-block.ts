/**
 * Seed block: the block whose hash seeds a run, so that nobody picks the seed.
 *
 *   block = the first of the chain at or after as-of, once final          seed = first 48 bits of SHA-256(canonical JSON of chain and hash)
 *
 * As-of decides the block and the block the seed: who would try another draw has to move as-of, which everybody sees. A proposer of that one block could
 * still throw it away; who controls blocks and wants a risk report is outside what this guards against.
 */
import type { Client } from 'viem';
import { getBlock, getChainId } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, digest } from '../base/id.ts';

export const SeedBlock = z
  .strictObject({
    chainId: z.int().positive(),
    number: z.int().nonnegative(),
    hash: z.string().regex(/^0x[0-9a-f]{64}$/),
    timestampSeconds: z.int().nonnegative(),
  })
  .readonly();
export type SeedBlock = z.infer<typeof SeedBlock>;

const HEX_DIGITS = 12;

/** Below 2^48. */
export function seedOf({ chainId, hash }: SeedBlock): number {
  const hex = digest(canonicalJson({ of: 'plimsoll/seed/1', chainId, hash })).slice('sha256:'.length);
  return Number.parseInt(hex.slice(0, HEX_DIGITS), 16);
}

/** The final block that seeds a run as of `asOf` (ISO 8601). Some 25 questions to the node. Throws `NotFinalError` where there is none yet. */
export async function read(client: Client, asOf: string): Promise<SeedBlock> {
  const atSeconds = Math.ceil(Date.parse(asOf) / 1000);
  const chainId = await getChainId(client);
  const last = await getBlock(client, { blockTag: 'finalized' });
  if (Number(last.timestamp) < atSeconds) {
    throw new NotFinalError({
      got: `block ${last.number} of ${new Date(1000 * Number(last.timestamp)).toISOString()} as the last final one`,
      needed: `a final block at or after ${asOf}`,
      where: `chain ${chainId}`,
      fix: 'Wait for one, or use an earlier --as-of.',
    });
  }
  let [low, high] = [0n, last.number];
  while (low < high) {
    const middle = (low + high) / 2n;
    const { timestamp } = await getBlock(client, { blockNumber: middle });
    if (Number(timestamp) < atSeconds) low = middle + 1n;
    else high = middle;
  }
  const { number, hash, timestamp } = await getBlock(client, { blockNumber: low });
  return SeedBlock.parse({ chainId, number: Number(number), hash, timestampSeconds: Number(timestamp) });
}

export class NotFinalError extends PlimsollError {
  override readonly name = 'SeedBlock.NotFinalError';
}
