/**
 * Round: every attested update of a folder looked at once, at most one step for each asset, and one row for each update that says what was done or
 * why not. What a machine does not do waits for people, as a value with its reason.
 *
 * Nothing is remembered between rounds: where an update stands is read from the chain, so a round may be cut off anywhere and begun again, and two
 * machines at once are one that was quicker and one that says so.
 */
import type { Client, Hex } from 'viem';
import { getBlock, getLogs } from 'viem/actions';
import { PlimsollError } from '../base/errors.ts';
import * as Guard from './guard.ts';
import { ABI } from './guard-abi.ts';
import * as Apply from './guard-apply.ts';
import * as GuardEvidence from './guard-evidence.ts';
import type { File } from './guard-file.ts';
import * as Gates from './guard-gates.ts';
import * as Lanes from './guard-lanes.ts';
import * as GuardLimits from './guard-limits.ts';
import * as GuardPolicy from './guard-policy.ts';
import type { Address } from './targets/words.ts';

export type Candidate = {
  /** Of the file. */
  readonly name: string;
  readonly file: File;
  readonly update: Guard.Update;
  readonly evidence: GuardEvidence.Evidence | null;
};
/**
 * off: not switched on. ready: a dry run would act. acted. waits: for its time. applied: in an earlier round. lost: somebody was quicker. void: its
 * nonce is spent and it was never applied. people: a gate is shut. stopped: the kill switch or the breaker. failed: not sent, or the node is gone.
 */
export type State = 'off' | 'ready' | 'acted' | 'waits' | 'applied' | 'lost' | 'void' | 'people' | 'stopped' | 'failed';
export type Row = {
  readonly name: string;
  readonly asset: string;
  readonly digest: Hex;
  readonly changes: readonly Lanes.Change[];
  readonly lane: Lanes.Lane | null;
  readonly state: State;
  readonly why: string;
  readonly sent: Apply.Applied['sent'];
  readonly applied: Applied | null;
};
/** What the chain's own event says of it. */
export type Applied = { readonly transaction: Hex; readonly block: string; readonly from: Guard.Values; readonly to: Guard.Values };
export type Round = {
  readonly lanes: Lanes.Lanes;
  readonly relayer: Address;
  readonly kill: Apply.Switch;
  readonly broadcast: boolean;
  /** Of the market's oracle. */
  readonly priceDecimals: number;
  /** Before anything is sent. */
  readonly onSend: (candidate: Candidate) => Promise<void>;
};

/** Newest evidence first: what it says stands before what older evidence says of the same asset. */
export async function round(client: Client, candidates: readonly Candidate[], how: Round): Promise<readonly Row[]> {
  const ordered = [...candidates].sort(
    (a, b) => Number(b.update.evidenceTime - a.update.evidenceTime) || (a.file.hashes.digest < b.file.hashes.digest ? -1 : 1),
  );
  const rows: Row[] = [];
  const claims: Candidate[] = [];
  const busy = new Set<string>();
  for (const candidate of ordered) {
    const row = await judged(client, candidate, how, ordered, claims, busy).catch((error: Error) => failed(candidate, error));
    if (row.state === 'acted') busy.add(candidate.update.asset);
    rows.push(row);
  }
  return rows;
}

async function judged(
  client: Client,
  candidate: Candidate,
  how: Round,
  all: readonly Candidate[],
  claims: Candidate[],
  busy: ReadonlySet<string>,
): Promise<Row> {
  const { file, update, evidence } = candidate;
  const { lanes } = how;
  const base = {
    name: candidate.name,
    asset: file.says,
    digest: file.hashes.digest,
    changes: Lanes.changes(update),
    sent: null,
    applied: null,
  };
  const row = (state: State, why: string, lane: Lanes.Lane | null, rest: Partial<Row> = {}): Row => ({
    ...base,
    state,
    why,
    lane,
    ...rest,
  });
  if (file.guard.toLowerCase() !== lanes.guard.toLowerCase() || file.chainId !== lanes.chainId)
    return row('off', `of another guard: ${file.guard} on chain ${file.chainId}`, null);
  const named = lanes.assets.find(({ key }) => key.toLowerCase() === update.asset.toLowerCase())?.asset;
  // The name is not signed; the key is.
  if (named !== undefined && named !== file.says) return row('people', `the file calls ${named} ${file.says}`, null);

  // 1. Where does it stand?
  const [status, policy, { timestamp: now }] = await Promise.all([
    Guard.readStatus(client, lanes.guard, update.asset),
    GuardPolicy.read(client, lanes.guard, update.asset),
    getBlock(client),
  ]);
  const past = await GuardPolicy.readPast(client, lanes.guard, update.asset, policy);
  const { lane, refusal } = Lanes.laneOf(policy, past, update, now);
  const looked = await Gates.look(client, file, update, how.relayer);
  const { next } = looked;
  const isPending = status.pending.id === file.hashes.digest && now <= status.pending.lastSecond;
  const isRamping = status.ramp.running && !status.ramp.decay && status.ramp.evidenceRoot === update.evidenceRoot;
  const isUnderWay = isPending || isRamping;
  const spent = status.nonce > update.nonce;
  if (spent && !isUnderWay) {
    const applied = await appliedOf(client, lanes.guard, file.hashes.digest);
    return applied === null
      ? row('void', `nonce ${update.nonce} is spent, the guard is at ${status.nonce}: vetoed, replaced or lapsed`, null)
      : row(
          'applied',
          `in block ${applied.block}; the market ${next.act === 'done' ? 'holds it' : 'has moved on since'}`,
          GuardLimits.laneOf(update.from, update.to),
          { applied },
        );
  }
  if (next.act === 'done') return row('applied', 'the market holds it; this update did not do it', lane);

  // 2. May a machine?
  const shown = isUnderWay ? GuardLimits.laneOf(update.from, update.to) : lane;
  if (isUnderWay || looked.gates.every(({ gate, open }) => open || !VOUCHES.has(gate))) claims.push(candidate);
  const off = Lanes.whyOff(lanes, update, status.policyHash);
  if (off !== null) return row('off', off, shown);
  const killed = await how.kill.off();
  if (killed !== null) return row('stopped', killed, shown);
  if (shown === 'governance') return row('people', `governance only: ${refusal}`, shown);
  const shut = [...looked.gates, ...GuardEvidence.gates(evidence, file, update, how.priceDecimals)].filter(({ open }) => !open);
  const [first] = shut;
  if (first !== undefined)
    return row('people', `${first.gate}: ${first.says}${shut.length === 1 ? '' : ` (and ${shut.length - 1} more)`}`, shown);
  if (next.act === 'stop') return row('people', refusal ?? 'nothing can be done', shown);
  const rival = (one: Candidate) => one !== candidate && one.update.asset === update.asset && !same(one.update.to, update.to);
  // Runners that disagree stop the lane; they are not outvoted.
  const twin = all.find((one) => rival(one) && one.update.evidenceTime === update.evidenceTime && one.file.attestations.length > 0);
  if (twin !== undefined) return row('people', `evidence of the same moment says otherwise: ${twin.name}`, shown);
  const other = claims.find(rival);
  if (other !== undefined) return row('people', `newer evidence says otherwise: ${other.name}`, shown);
  if (next.act === 'wait') return row('waits', `until ${new Date(next.untilSeconds * 1000).toISOString()}`, shown);
  const resting = next.act === 'advance' ? null : Lanes.cooling(policy, past, base.changes, now);
  if (resting !== null)
    return row(
      'people',
      `a second change of ${resting.field} before ${new Date(Number(resting.readySeconds) * 1000).toISOString()}`,
      shown,
    );
  if (busy.has(update.asset)) return row('waits', 'another update of the asset went this round', shown);
  if (!how.broadcast) return row('ready', `${next.act}: not sent, this is a dry run`, shown);

  // 3. One step.
  await how.onSend(candidate);
  const done = await Apply.apply(client, candidate, how.relayer, how.kill, true);
  if (done.lost !== null) return row('lost', `somebody was quicker: ${done.lost}`, shown);
  if (done.sent === null) return row('waits', `${done.next.act}: the chain moved while it was looked at`, shown);
  const { act, block, gasUsed } = done.sent;
  return row('acted', `${act} in block ${block}, ${gasUsed} gas`, shown, { sent: done.sent });
}

/** Gates that say whether people vouch for an update today: one that passes them speaks against older evidence about its asset, even where it cannot go. */
const VOUCHES: ReadonlySet<string> = new Set(['policy', 'attestors', 'attestor set', 'evidence', 'deadline']);

async function appliedOf(client: Client, guard: Address, id: Hex): Promise<Applied | null> {
  const event = ABI.find((item) => item.type === 'event' && item.name === 'Applied');
  if (event?.type !== 'event') return null;
  const [log] = await getLogs(client, { address: guard, event, args: { id }, fromBlock: 0n, toBlock: 'latest', strict: true });
  if (log === undefined) return null;
  const { from, to } = log.args;
  return { transaction: log.transactionHash, block: String(log.blockNumber), from: Guard.fromAbi(from), to: Guard.fromAbi(to) };
}

function failed({ name, file, update }: Candidate, error: Error): Row {
  const tripped = error instanceof Apply.UnexpectedError;
  const says = error instanceof PlimsollError ? `${error.name}: ${error.message}` : (error.message.split('\n')[0] ?? 'no word');
  return {
    ...{ name, asset: file.says, digest: file.hashes.digest, changes: Lanes.changes(update), lane: null, sent: null, applied: null },
    ...{ state: tripped ? 'stopped' : 'failed', why: tripped ? `the breaker tripped: ${says}` : says },
  };
}

function same(one: Guard.Values, other: Guard.Values): boolean {
  return Guard.FIELDS.every((field) => one[field] === other[field]);
}
