/** Decay: looseness that attestors granted goes back to the baseline unless it is re-affirmed in time. Reported, so that nobody is surprised; anyone may carry it out. */
import type { Client } from 'viem';
import { getBlock } from 'viem/actions';
import * as Guard from './guard.ts';
import type { Lanes } from './guard-lanes.ts';
import * as GuardPolicy from './guard-policy.ts';

export type Decay = {
  readonly asset: string;
  readonly granted: readonly Guard.GuardField[];
  /** Unix seconds. */
  readonly untilSeconds: number;
  readonly state: 'affirmed' | 'due' | 'running';
};

/** Of every asset in the file that holds something granted. */
export async function read(client: Client, { guard, assets }: Lanes): Promise<readonly Decay[]> {
  const { timestamp } = await getBlock(client);
  const found = assets.map(async ({ asset, key }): Promise<readonly Decay[]> => {
    const [{ granted, affirmedAt, ramp }, { affirmSeconds }] = await Promise.all([
      Guard.readStatus(client, guard, key),
      GuardPolicy.read(client, guard, key),
    ]);
    const fields = Guard.FIELDS.filter((field) => granted[field] !== 0n);
    const until = affirmedAt + BigInt(affirmSeconds);
    const running = ramp.running && ramp.decay;
    if (fields.length === 0 && !running) return [];
    return [{ asset, granted: fields, untilSeconds: Number(until), state: running ? 'running' : timestamp > until ? 'due' : 'affirmed' }];
  });
  return (await Promise.all(found)).flat();
}
