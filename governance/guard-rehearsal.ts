/**
 * The guard's way on a copy of its chain: submit, wait, execute, every step of a ramp. Attestors that have not signed yet are played (code at their
 * address takes every signature), and while the clock is moved the guard's feed answers as it last did.
 */
import { type Client, encodeFunctionData, type Hex, pad, parseAbi, toHex } from 'viem';
import { getBlock, readContract } from 'viem/actions';
import * as Guard from './guard.ts';
import { ABI } from './guard-abi.ts';
import type { File } from './guard-file.ts';
import * as GuardPolicy from './guard-policy.ts';
import type * as Node from './node.ts';

export type Signed = { readonly file: File; readonly update: Guard.Update };

/** As a machine would: all are sent first, so that they wait at the same time. */
export async function travel(node: Node.Node, updates: readonly Signed[]): Promise<void> {
  const sender = node.accounts.at(-1)!;
  const policies = await Promise.all(updates.map(({ file, update }) => GuardPolicy.read(node.client, file.guard, update.asset)));
  const feeds = [...new Set(policies.map(({ feed }) => feed))];
  const status = ({ file, update }: Signed) => Guard.readStatus(node.client, file.guard, update.asset);
  for (const { file, update } of updates)
    await node.send(`submit ${file.says}`, sender, file.guard, Guard.submitData(update, await attestations(node.client, file)));
  for (;;) {
    const steps = await Promise.all(updates.map(async (one) => due(one, await status(one))));
    const [first] = steps.flat().sort((a, b) => a.atSeconds - b.atSeconds);
    if (first === undefined) return;
    await pass(node, feeds, first.atSeconds);
    await node.send(first.says, sender, first.to, first.data);
  }
}

type Step = { readonly says: string; readonly atSeconds: number; readonly to: Hex; readonly data: Hex };

/** What is left of an update: its execution, or the next step of its ramp. */
function due({ file, update }: Signed, { pending, ramp }: Guard.Status): readonly Step[] {
  const { guard, says, hashes } = file;
  if (pending.id === hashes.digest)
    return [{ says: `execute ${says}`, atSeconds: Number(pending.executeAt), to: guard, data: Guard.executeData(update) }];
  if (!ramp.running || ramp.decay) return [];
  const data = encodeFunctionData({ abi: ABI, functionName: 'advance', args: [update.asset] });
  return [{ says: `advance ${says}`, atSeconds: Number(ramp.nextAt), to: guard, data }];
}

/** Until a moment; prices stay alive as they are. */
async function pass(node: Node.Node, feeds: readonly Hex[], untilSeconds: number): Promise<void> {
  const rpc = node.client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>;
  for (const feed of feeds) {
    const [, answer] = await readContract(node.client, { address: feed, abi: FEED_ABI, functionName: 'latestRoundData' });
    await rpc({ method: 'anvil_setCode', params: [feed, feedCode(answer)] });
  }
  const { timestamp } = await getBlock(node.client);
  await node.waitSeconds(Math.max(0, untilSeconds - Number(timestamp)));
}

/** Those at hand where they suffice; else attestors of the guard whose code, on the copy, takes every signature. */
async function attestations(client: Client, file: File): Promise<readonly Guard.Attestation[]> {
  const ask = { address: file.guard, abi: ABI } as const;
  const [quorum, attestors] = await Promise.all([
    readContract(client, { ...ask, functionName: 'quorum' }),
    readContract(client, { ...ask, functionName: 'attestors' }),
  ]);
  if (file.attestations.length >= Number(quorum)) return file.attestations;
  const rpc = client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>;
  const played = attestors.slice(0, Number(quorum));
  for (const signer of played) await rpc({ method: 'anvil_setCode', params: [signer, TAKES_ALL] });
  return played.map((signer) => ({ signer, signature: '0x' }));
}

const FEED_ABI = parseAbi(['function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)']);
/** Returns ERC-1271's magic value, whatever it is asked. */
const TAKES_ALL: Hex = `0x7f1626ba7e${'00'.repeat(28)}60005260206000f3`;

/** latestRoundData: round 1, the answer, begun and updated now. Anything else, such as latestAnswer: the answer. */
function feedCode(answer: bigint): Hex {
  const word = pad(toHex(answer), { size: 32 }).slice(2);
  return `0x60003560e01c63feaf968c14603857 7f${word}60005260206000f3 5b6001600052 7f${word}602052 42604052 42606052 6001608052 60a06000f3`.replaceAll(
    ' ',
    '',
  ) as Hex;
}
