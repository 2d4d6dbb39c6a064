/**
 * The road of a rehearsal: the transactions that lead to the changed parameters, sent on a copy of the chain by accounts that are
 * unlocked there.
 *
 * Of a Safe the real contract runs: its owners approve the hash by a transaction of their own, or the signatures at hand are used. Of a
 * Governor or a Bravo the vote is not played: its timelock makes the calls.
 */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import type * as Node from './node.ts';
import * as SafeSignature from './safe-signature.ts';
import type { Inner } from './targets/call.ts';
import * as Safe from './targets/safe.ts';
import type * as Venue from './venue.ts';
import type { VenueProposal } from './venue-proposal.ts';

/** The transactions that change parameters: of a Safe the one that executes, of a timelock or an account one for each call. */
export async function travel(
  node: Node.Node,
  proposal: VenueProposal,
  { route }: Venue.Venue,
  signatures: Hex | undefined,
  beforeTheChange: () => Promise<void>,
): Promise<readonly TransactionReceipt[]> {
  if (proposal.later === null) await beforeTheChange();
  switch (route.route) {
    case 'direct':
      if (route.from === null) throw noRoad('nobody named in `from`', 'The venue has to say which account holds the right.');
      return await calls(
        node,
        route.from,
        proposal.submit.map((inner) => ({ ...inner, operation: 'call' })),
        'the holder of the right',
      );
    case 'openzeppelin-governor':
    case 'governor-bravo':
      return await calls(node, route.timelock, proposal.calls, 'the timelock, after the vote');
    case 'aave-governance':
      throw noRoad('a payload that an executor delegate-calls', 'This road is drafted and decoded, and not simulated.');
    case 'safe':
      if (proposal.safe === null) throw noRoad('no Safe transaction', 'Draft the proposal again for this venue.');
      if (proposal.nested !== null && signatures === undefined) await executed(node, proposal.nested, [], undefined);
      return [
        await executed(node, proposal.safe, proposal.nested === null ? [] : [proposal.nested.safe], signatures),
        ...(proposal.later === null ? [] : [await afterTheDelay(node, proposal.later, beforeTheChange)]),
      ];
  }
}

/** Too early is refused by the timelock itself; then anybody executes. */
async function afterTheDelay(
  node: Node.Node,
  { submit, delaySeconds }: NonNullable<VenueProposal['later']>,
  beforeTheChange: () => Promise<void>,
): Promise<TransactionReceipt> {
  const outsider = node.accounts.at(-1)!;
  await node.send('execution before the delay is over, refused', outsider, submit.to, submit.data, 'refused');
  await node.waitSeconds(delaySeconds);
  await beforeTheChange();
  return await node.send('execution by anybody after the delay', outsider, submit.to, submit.data);
}

async function calls(
  node: Node.Node,
  from: Hex,
  inner: readonly Omit<Inner, 'operation'>[],
  who: string,
): Promise<readonly TransactionReceipt[]> {
  await node.unlock(from);
  const receipts: TransactionReceipt[] = [];
  for (const [index, { to, data }] of inner.entries()) receipts.push(await node.send(`call ${index + 1} by ${who}`, from, to, data));
  return receipts;
}

/** `approved`: owners whose approval already stands on chain. */
async function executed(
  node: Node.Node,
  { safe, tx, hash }: NonNullable<VenueProposal['safe']>,
  approved: readonly Hex[],
  signatures: Hex | undefined,
): Promise<TransactionReceipt> {
  const itself = await Safe.hashOnChain(node.client, safe, tx);
  if (itself !== hash) {
    throw new TamperedError({
      got: `the Safe's own hash ${itself}`,
      needed: hash,
      where: safe,
      fix: 'Sign nothing. Draft the proposal again.',
    });
  }
  const packed = signatures ?? (await approvals(node, safe, hash, approved));
  return await node.send(`execTransaction of ${safe}`, node.accounts.at(-1)!, safe, Safe.execData(tx, packed));
}

/** As many owners as the threshold asks for approve by their own transaction; a signature of kind 1 says that they have. */
async function approvals(node: Node.Node, safe: Hex, hash: Hex, approved: readonly Hex[]): Promise<Hex> {
  const { owners, threshold } = await Safe.read(node.client, safe);
  const known = approved.map((owner) => owner.toLowerCase());
  const first = owners.filter((owner) => known.includes(owner.toLowerCase()));
  const others = owners.filter((owner) => !known.includes(owner.toLowerCase()));
  const chosen = [...first, ...others].slice(0, Number(threshold));
  for (const owner of chosen.filter((one) => !first.includes(one))) {
    await node.unlock(owner);
    const data = encodeFunctionData({ abi: Safe.ABI, functionName: 'approveHash', args: [hash] });
    await node.send(`approval by the owner ${owner}`, owner, safe, data);
  }
  return SafeSignature.pack(chosen.map((owner) => ({ owner, kind: 'approved' })));
}

function noRoad(got: string, fix: string): NoRoadError {
  return new NoRoadError({ got, needed: 'a road that can be rehearsed', where: 'route of the venue', fix });
}

export class TamperedError extends PlimsollError {
  override readonly name = 'RehearsalRoad.TamperedError';
}

export class NoRoadError extends PlimsollError {
  override readonly name = 'RehearsalRoad.NoRoadError';
}
