/**
 * Parity: two ways to one parameter, the guard's attested updates and governance's own proposal, each carried out on a copy of the chain from the
 * same snapshot, and every value of every reserve compared to the bit.
 *
 * On the copy attestors that have not signed yet are played (code at their address takes every signature), the clock is moved through the guard's
 * delay, and the guard's feed answers meanwhile as it last did. The node that is copied is only read.
 */
import { type Client, type Hex, pad } from 'viem';
import { getBlock, readContract } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import { startAnvil } from './anvil.ts';
import * as Chain from './chain.ts';
import * as Guard from './guard.ts';
import { ABI } from './guard-abi.ts';
import * as Gates from './guard-gates.ts';
import type { Signed } from './guard-rehearsal.ts';
import * as GuardRehearsal from './guard-rehearsal.ts';
import * as Node from './node.ts';
import * as Rehearsal from './rehearsal.ts';
import * as RehearsalRoad from './rehearsal-road.ts';
import * as Road from './road.ts';
import * as Venue from './venue.ts';
import type { VenueProposal } from './venue-proposal.ts';

export type Asked = {
  readonly updates: readonly Signed[];
  readonly proposal: VenueProposal;
  readonly venue: Venue.Venue;
  readonly rpcUrl: string;
  readonly block: bigint;
  readonly signal?: AbortSignal;
};
export type Row = {
  /** Asset and field as the pool has them. */
  readonly name: string;
  readonly before: string;
  /** What is signed or proposed, in the pool's unit; what stands where nobody asks for another. */
  readonly wanted: Pair;
  /** What the copy held afterwards. */
  readonly held: Pair;
  readonly equal: boolean;
};
export type Pair = { readonly guard: string; readonly governance: string };
export type Way = {
  /** Null: it went through. */
  readonly refused: string | null;
  readonly gates: readonly { readonly gate: string; readonly open: boolean; readonly says: string }[];
  /** From sending to the last write, on the copy's clock. */
  readonly delaySeconds: number;
  readonly transactions: number;
  readonly gasUsed: string;
  readonly stops: readonly string[];
};
export type Parity = {
  readonly chainId: number;
  readonly block: string;
  /** Both went through, and every value of every reserve is the same. */
  readonly agree: boolean;
  /** Values compared, those nobody asked to move included. */
  readonly compared: number;
  /** Those that move by either way, or differ. */
  readonly rows: readonly Row[];
  readonly guard: Way;
  readonly governance: Way;
};

export async function compare({ updates, proposal, venue, rpcUrl, block, signal }: Asked): Promise<Parity> {
  Rehearsal.mustFit(proposal, venue);
  mustMatch(updates, venue);
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const until = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const anvil = await startAnvil({ forkUrl: rpcUrl, forkBlock: block, signal: until });
  try {
    const target = Venue.targetOf(venue.parameters);
    const read = async (client: Client) => (await target.read(client, venue.parameters)).values;
    const before = await read((await Node.open(anvil.url, until)).client);
    const byGuard = await walk(anvil.url, until, read, (node) => GuardRehearsal.travel(node, updates));
    const byGovernance = await walk(anvil.url, until, read, (node) =>
      RehearsalRoad.travel(node, proposal, venue, undefined, async () => {}),
    );
    const wanted = { guard: { ...before, ...wantedBy(updates, venue) }, governance: { ...before, ...proposal.becomes } };
    const names = [...new Set([before, byGuard.values, byGovernance.values].flatMap((values) => Object.keys(values)))].sort();
    const rows = names.map((name): Row => {
      const pair = (guard: Values, governance: Values): Pair => ({ guard: guard[name] ?? 'none', governance: governance[name] ?? 'none' });
      const [asked, held] = [pair(wanted.guard, wanted.governance), pair(byGuard.values, byGovernance.values)];
      return {
        name,
        before: before[name] ?? 'none',
        wanted: asked,
        held,
        equal: held.guard === held.governance && asked.guard === asked.governance,
      };
    });
    const client = Chain.clientAt(rpcUrl);
    const guard = { ...byGuard.way, gates: await guardGates(client, updates), stops: await guardStops(client, updates[0]!.file.guard) };
    const checks = proposal.checks.map(({ name, verdict, says }) => ({ gate: name, open: verdict !== 'fail', says }));
    const governance = {
      ...byGovernance.way,
      gates: checks,
      stops: await roadStops(client, venue),
      delaySeconds: Math.max(byGovernance.way.delaySeconds, Road.leadSeconds(venue.route)),
    };
    const through = guard.refused === null && governance.refused === null;
    return {
      ...{ chainId: proposal.chainId, block: String(block), agree: through && rows.every(({ equal }) => equal), compared: rows.length },
      rows: rows.filter(({ equal, before: was, held }) => !equal || held.guard !== was || held.governance !== was),
      ...{ guard, governance },
    };
  } finally {
    await anvil.stop();
  }
}

type Values = Readonly<Record<string, string>>;

/** One way from the copy's first state, which is put back afterwards. A refusal is a value. */
async function walk(
  url: string,
  signal: AbortSignal,
  read: (client: Client) => Promise<Values>,
  go: (node: Node.Node) => Promise<unknown>,
): Promise<{ readonly values: Values; readonly way: Pick<Way, 'refused' | 'delaySeconds' | 'transactions' | 'gasUsed'> }> {
  const node = await Node.open(url, signal);
  const rpc = node.client.request as (call: { method: string; params: readonly unknown[] }) => Promise<unknown>;
  const snapshot = await rpc({ method: 'evm_snapshot', params: [] });
  const { timestamp: began } = await getBlock(node.client);
  let refused: string | null = null;
  try {
    await go(node);
  } catch (error) {
    if (!(error instanceof Node.RevertedError)) throw error;
    refused = error.message;
  }
  const values = await read(node.client);
  const { timestamp: ended } = await getBlock(node.client);
  await rpc({ method: 'evm_revert', params: [snapshot] });
  const gasUsed = String(node.steps.reduce((sum, step) => sum + BigInt(step.gasUsed), 0n));
  return { values, way: { refused, delaySeconds: Number(ended - began), transactions: node.steps.length, gasUsed } };
}

async function guardGates(client: Client, updates: readonly Signed[]): Promise<Way['gates']> {
  const gates = await Promise.all(
    updates.map(async ({ file, update }) => {
      const { gates: looked } = await Gates.look(client, file, update, NOBODY);
      return looked.filter(({ gate }) => gate !== 'relayer').map((one) => ({ ...one, gate: `${file.says}: ${one.gate}` }));
    }),
  );
  return gates.flat();
}

async function guardStops(client: Client, guard: Hex): Promise<readonly string[]> {
  const ask = { address: guard, abi: ABI } as const;
  const [guardian, owner, quorum, attestors] = await Promise.all([
    readContract(client, { ...ask, functionName: 'guardian' }),
    readContract(client, { ...ask, functionName: 'owner' }),
    readContract(client, { ...ask, functionName: 'quorum' }),
    readContract(client, { ...ask, functionName: 'attestors' }),
  ]);
  return [
    `the guardian ${guardian}: pause at once, veto of what waits or ramps`,
    `attestors: ${attestors.length - Number(quorum) + 1} of ${attestors.length} who do not sign`,
    `governance ${owner}: another policy, other attestors, an end of the lease, after its own delay`,
  ];
}

async function roadStops(client: Client, { route }: Venue.Venue): Promise<readonly string[]> {
  switch (route.route) {
    case 'direct':
      return [`whoever holds ${route.from ?? 'the role'}, by not sending; nobody afterwards`];
    case 'safe': {
      const { safe } = await Road.read(client, route);
      const [owners, threshold] = [safe?.owners.length ?? 0, Number(safe?.threshold ?? 0)];
      const withheld = `owners of the Safe: ${owners - threshold + 1} of ${owners} who do not sign`;
      return route.timelock === undefined
        ? [withheld]
        : [withheld, `cancellers of the timelock ${route.timelock.address}, for ${route.timelock.delaySeconds} s`];
    }
    default:
      return ['voters, by votes against; cancellers of the timelock until it executes'];
  }
}

/** The updates' values by the pool's names and units. */
function wantedBy(updates: readonly Signed[], venue: Venue.Venue): Values {
  const all = updates.flatMap(({ update }) => {
    const asset = nameOf(update.asset, venue);
    const cap = (tokens: bigint): string => String(tokens === Guard.UNCAPPED ? 0n : tokens);
    const { to } = update;
    return [
      [`${asset}.ltv`, String(to.ltvBps)],
      [`${asset}.liquidationThreshold`, String(to.thresholdBps)],
      [`${asset}.liquidationBonus`, String(to.thresholdBps === 0n ? 0n : to.bonusBps + 10_000n)],
      [`${asset}.supplyCap`, cap(to.supplyCapTokens)],
      [`${asset}.borrowCap`, cap(to.borrowCapTokens)],
    ] as const;
  });
  return Object.fromEntries(all);
}

function mustMatch(updates: readonly Signed[], venue: Venue.Venue): void {
  if (!('pool' in venue.parameters))
    throw no(`a venue for ${venue.parameters.target}`, 'one of Aave v3: the guard has no adapter for others');
  if (updates.length === 0) throw no('no update', 'at least one');
  for (const { file, update } of updates) {
    if (file.chainId !== venue.parameters.chainId)
      throw no(`an update for chain ${file.chainId}`, `chain ${venue.parameters.chainId}, the venue's`);
    if (file.guard !== updates[0]!.file.guard) throw no('updates of two guards', 'one guard');
    nameOf(update.asset, venue);
  }
}

function nameOf(key: Hex, { parameters }: Venue.Venue): string {
  const assets = 'assets' in parameters ? Object.entries(parameters.assets as Readonly<Record<string, Hex>>) : [];
  const found = assets.find(([, address]) => pad(address, { size: 32 }).toLowerCase() === key.toLowerCase());
  if (found === undefined) throw no(`an update of ${key}`, 'an asset that the venue names');
  return found[0];
}

/** Holds no role on any chain. */
const NOBODY: Hex = '0x000000000000000000000000000000000000dEaD';
/** Of both ways; a ramp of a hundred steps takes half a minute. */
const TIMEOUT_MS = 300_000;
function no(got: string, needed: string): NoParityError {
  return new NoParityError({ got, needed, where: 'parity' });
}

export class NoParityError extends PlimsollError {
  override readonly name = 'GuardParity.NoParityError';
}
