/**
 * Rehearsal: a venue's proposal executed on a copy of its chain, and everything that changed held against everything that was asked.
 *
 * The copy is a local anvil: the node it is copied from only answers reads. Nobody's key is needed: on the copy, owners of a Safe approve
 * the hash by a transaction of their own (`approveHash`, a real function of the real contract), so its code checks owners, order and
 * threshold as it will in earnest. With signatures at hand the very bytes that will be sent are executed instead. A Governor's or a
 * Bravo's vote is not played: its timelock makes the calls.
 *
 * Refused is whatever was not asked for: a value that is read and is another than wanted, a slot written that no reader looks at, code,
 * ether, or other code behind the same address. A bit that shares a slot with a value that is read and is itself not read is not seen;
 * of Aave v3's pool the whole word is read.
 */
import { type Client, type Hex, numberToHex } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import { startAnvil } from './anvil.ts';
import * as Changes from './changes.ts';
import * as Events from './events.ts';
import * as Node from './node.ts';
import * as RehearsalRoad from './rehearsal-road.ts';
import * as Pool from './targets/aave-v3-pool.ts';
import * as Safe from './targets/safe.ts';
import { type Held, NOW } from './targets/target.ts';
import * as Timelock from './targets/timelock.ts';
import * as Venue from './venue.ts';
import type { VenueExecution } from './venue-execution.ts';
import type { VenueProposal } from './venue-proposal.ts';

export type Rehearsed = {
  readonly proposal: VenueProposal;
  readonly venue: Venue.Venue;
  /** A node of the venue's chain; it is read, nothing is sent to it. */
  readonly rpcUrl: string;
  readonly block: bigint;
  /** For `execTransaction`; without them the owners approve on the copy. */
  readonly signatures?: Hex;
  /** Whose health is asked before and after, where the target is a pool that knows it. */
  readonly accounts?: readonly Hex[];
  readonly signal?: AbortSignal;
  readonly onStep?: (step: string) => void;
};

export async function rehearse({
  proposal,
  venue,
  rpcUrl,
  block,
  signatures,
  accounts = [],
  signal,
  onStep,
}: Rehearsed): Promise<VenueExecution> {
  mustFit(proposal, venue);
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const until = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const anvil = await startAnvil({ forkUrl: rpcUrl, forkBlock: block, signal: until });
  try {
    const node = await Node.open(anvil.url, until, onStep);
    return await play(node, { proposal, venue, block, signatures, accounts });
  } finally {
    await anvil.stop();
  }
}

type Play = Pick<Rehearsed, 'proposal' | 'venue' | 'block'> & { readonly accounts: readonly Hex[]; readonly signatures: Hex | undefined };

async function play(node: Node.Node, { proposal, venue, block, signatures, accounts }: Play): Promise<VenueExecution> {
  const { parameters, route } = venue;
  const target = Venue.targetOf(parameters);
  const pool = 'pool' in parameters ? parameters.pool : null;

  // 1. What is there, and where one looks to see it.
  const before = await Changes.watching(node.client, (client) => target.read(client, parameters));
  mustNotHaveMoved(proposal.held, before.value);
  const safeBefore = route.route === 'safe' ? await Safe.read(node.client, route.safe) : null;
  const marks = proposal.later === null ? null : await Changes.watching(node.client, (client) => markOf(client, proposal.later!));
  let healthBefore: readonly bigint[] = [];
  const measure = async () => {
    if (pool !== null) healthBefore = await Pool.health(node.client, pool, accounts);
  };

  // 2. The road's own contracts, as far as they can be run without anybody's key.
  const receipts = await RehearsalRoad.travel(node, proposal, venue, signatures, measure);

  // 3. What is there now, and what was written to get there.
  const after = await Changes.watching(node.client, (client) => target.read(client, parameters));
  const each: Changes.Changes[] = [];
  // One after another: a copy that traces several at once waits for its own reads of the node it is copied from.
  for (const { transactionHash } of receipts) each.push(await Changes.ofTransaction(node.client, transactionHash));
  const changes = Changes.together(each);
  const readBack = compare(before.value, proposal.becomes, after.value);
  const writes = changes.writes.map((write) => ({
    ...write,
    shows: shownBy(write, [before.touched, after.touched], marks?.touched ?? null, venue),
  }));
  const safeAfter = route.route === 'safe' ? await Safe.read(node.client, route.safe) : null;
  const healthAfter = pool === null ? [] : await Pool.health(node.client, pool, accounts);

  const strays = [
    ...readBack.filter(({ matches }) => !matches).map(({ name, wanted, after: is }) => `${name} is ${is} afterwards, wanted ${wanted}.`),
    ...writes
      .filter(({ shows }) => shows === null)
      .map(({ contract, slot }) => `Slot ${slot} of ${contract} was written; nothing that is read shows it.`),
    ...changes.codes.map((account) => `${account} was created or has other code.`),
    ...changes.balances.map((account) => `${account} has more or less ether than before.`),
    ...otherCode(before, after),
    ...(safeBefore === null || safeAfter === null ? [] : otherSafe(safeBefore, safeAfter)),
  ];
  return seal({
    kind: 'venue-execution' as const,
    from: { proposal: proposal.id },
    chainId: proposal.chainId,
    block: String(block),
    steps: node.steps.map(({ step, gasUsed }) => ({ step, gasUsed })),
    readBack,
    writes,
    events: receipts.flatMap(({ logs }) => logs.map(Events.read)),
    positions: {
      asked: pool === null ? 0 : accounts.length,
      newlyLiquidatable: accounts.flatMap((account, index) => {
        const [was, is] = [healthBefore[index] ?? 0n, healthAfter[index] ?? 0n];
        return was >= ONE && is < ONE ? [{ account, before: String(was), after: String(is) }] : [];
      }),
    },
    strays,
    ok: strays.length === 0,
  });
}

/** Every value wanted against held: what was to become another has, and nothing else did. */
export function compare(before: Held, becomes: VenueProposal['becomes'], after: Held): VenueExecution['readBack'] {
  const names = [...new Set([...Object.keys(before.values), ...Object.keys(becomes), ...Object.keys(after.values)])].sort();
  return names.map((name) => {
    const [was, is] = [before.values[name] ?? 'none', after.values[name] ?? 'none'];
    const wanted = becomes[name] ?? was;
    return { name, before: was, wanted, after: is, matches: wanted === NOW ? is !== was : is === wanted };
  });
}

function shownBy(
  { contract, slot }: Changes.Write,
  read: readonly Changes.Touched[],
  marks: Changes.Touched | null,
  { route }: Venue.Venue,
): string | null {
  if (route.route === 'safe' && contract === route.safe.toLowerCase()) return slot === NONCE_SLOT ? 'nonce of the Safe' : null;
  if (marks?.get(contract)?.has(slot)) return 'mark of this operation in the timelock';
  return read.some((touched) => touched.get(contract)?.has(slot)) ? 'a value that is read' : null;
}

/** Where a timelock keeps when this operation may be executed. */
async function markOf(client: Client, { id, submit }: NonNullable<VenueProposal['later']>): Promise<bigint> {
  return await Timelock.timestamp(client, submit.to, id);
}

type Watched = { readonly value: Held; readonly touched: Changes.Touched };

/** A proxy that leads elsewhere afterwards shows as another contract whose code runs, or as other code at the same place. */
function otherCode(before: Watched, after: Watched): readonly string[] {
  const [was, is] = [before, after].map(({ touched }) => [...touched.keys()]) as [Hex[], Hex[]];
  const strangers = [...is.filter((address) => !was.includes(address)), ...was.filter((address) => !is.includes(address))];
  return [
    ...strangers.map((address) => `Reading the values runs other contracts than before: ${address}.`),
    ...(before.value.detectedBy === after.value.detectedBy ? [] : [`The contract is another: ${after.value.detectedBy}.`]),
  ];
}

function otherSafe(before: Safe.Safe, after: Safe.Safe): readonly string[] {
  const fixed = ({ version, threshold, owners }: Safe.Safe): string => `version ${version}, ${threshold} of ${owners.join(', ')}`;
  return [
    ...(fixed(before) === fixed(after) ? [] : [`The Safe is another: ${fixed(after)}.`]),
    ...(after.nonce === before.nonce + 1n ? [] : [`The Safe's nonce went from ${before.nonce} to ${after.nonce}.`]),
  ];
}

/** What is read and unlocked comes from the venue, what is sent from the proposal: they have to be about the same contracts. */
export function mustFit({ target, route, chainId, safe, later }: VenueProposal, venue: Venue.Venue): void {
  const { parameters } = venue;
  const road = venue.route.route === 'safe' ? [venue.route.safe, venue.route.timelock?.address] : [];
  const name = (by: string, id: number, addresses: readonly (string | undefined)[]): string =>
    `${by} on chain ${id} ${addresses.flatMap((one) => one?.toLowerCase() ?? []).join(' ')}`;
  const wanted = name(`${target} through ${route}`, chainId, [safe?.safe, later?.submit.to]);
  const given = name(`${parameters.target} through ${venue.route.route}`, parameters.chainId, road);
  if (wanted !== given)
    throw new OtherVenueError({ got: `a venue for ${given}`, needed: wanted, fix: 'Give the venue it was drafted for.' });
}

function mustNotHaveMoved(drafted: Held, now: Held): void {
  for (const [name, value] of Object.entries(drafted.values)) {
    const is = now.values[name];
    if (is !== value)
      throw new StateMovedError({
        got: `${name} ${is ?? 'not there'}`,
        needed: `${value}, which the proposal starts from`,
        fix: 'Draft it again.',
      });
  }
}

/** `nonce` of SafeStorage.sol, from 1.0.0 to 1.5.0: the sixth slot. */
const NONCE_SLOT = numberToHex(5, { size: 32 });
const ONE = 10n ** 18n;
const TIMEOUT_MS = 120_000;

export class StateMovedError extends PlimsollError {
  override readonly name = 'Rehearsal.StateMovedError';
}

export class OtherVenueError extends PlimsollError {
  override readonly name = 'Rehearsal.OtherVenueError';
}
