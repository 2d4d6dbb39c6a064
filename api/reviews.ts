/**
 * Reviews as the service keeps them. It opens a review of a proposal it holds with the committee it was started with, hands out what is to be
 * signed, and takes signed decisions from anybody who brings them: who may decide is the committee's to say, not the network's.
 */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { PlimsollError } from '../base/errors.ts';
import type { Id } from '../base/id.ts';
import * as Chain from '../governance/chain.ts';
import * as Committee from '../governance/committee.ts';
import { Execution, Proposal } from '../governance/proposal.ts';
import * as Review from '../governance/review.ts';
import * as Desk from '../governance/review-desk.ts';
import type { Config } from './config.ts';
import { found } from './routes/need.ts';
import * as Audit from './store/audit.ts';
import * as Kept from './store/reviews.ts';
import * as Store from './store/store.ts';

/** So many others may come first before a decision is given up; each of them has moved the review. */
const TRIES = 20;

/** Begun now, or as it stands where it was begun before. */
export async function open(
  store: Store.Store,
  config: Pick<Config, 'committee'>,
  proposalId: Id,
  revises: Id | null,
): Promise<Review.Review> {
  const held = await Kept.read(store, proposalId);
  if (held.length > 0) return replayed(held, proposalId);
  const committee = await committeeOf(config.committee);
  const proposal = Proposal.parse(await content(store, ['proposal'], proposalId));
  const standing = await Store.proposalState(store, proposalId);
  const execution = standing?.executionId == null ? null : Execution.parse(await content(store, ['execution'], standing.executionId));
  if (revises !== null) await read(store, revises);
  const happenings = Desk.begin(proposal, execution, committee, new Date().toISOString(), revises);
  const review = Review.replay(happenings)!;
  await Kept.append(store, proposalId, review.log);
  return read(store, proposalId);
}

export async function read(store: Store.Store, proposalId: Id): Promise<Review.Review> {
  const log = await Kept.read(store, proposalId);
  return replayed(found(log.length === 0 ? null : log, proposalId), proposalId);
}

/** What is to be signed now, over the audit log as it stands. */
export async function ask(
  store: Store.Store,
  proposalId: Id,
  action: Desk.Asked['statement']['action'],
  reason: string,
): Promise<Desk.Asked> {
  const review = await read(store, proposalId);
  const { head } = await Audit.verify(store.database);
  return Desk.ask(review, action, reason, head as Id, Date.now());
}

export async function decide(
  store: Store.Store,
  config: Pick<Config, 'rpcUrl'>,
  proposalId: Id,
  given: Desk.Given,
): Promise<Review.Review> {
  if (!(await Kept.knows(store, given.statement.log)))
    throw new UnknownLogError({
      got: given.statement.log,
      needed: 'a head that this audit log has had',
      where: 'statement.log',
      fix: 'Ask for the statement again; if it was asked for here, the log has lost entries since: see docs/governance.md, “Review”.',
    });
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const review = await read(store, proposalId);
    const outcome = await Desk.decide(Chain.clientAt(config.rpcUrl), review, given, new Date().toISOString());
    if (outcome.kind === 'refused')
      throw new RefusedError({ got: outcome.says, needed: 'a step that the review allows now', where: outcome.reason });
    if (outcome.kind === 'unchanged') return outcome.review;
    if (await Kept.append(store, proposalId, outcome.review.log.slice(-1))) return outcome.review;
  }
  throw new CrowdedError({ got: `${TRIES} others who were faster`, needed: 'a free moment', where: proposalId, fix: 'Send it again.' });
}

async function committeeOf(path: string | null): Promise<Committee.Committee> {
  if (path === null)
    throw new NoCommitteeError({
      got: 'no committee',
      needed: 'a file that names drafters, reviewers and guardians',
      where: 'COMMITTEE',
      fix: 'Write one (docs/governance.md, “Review”), name it in COMMITTEE and start again.',
    });
  try {
    return Committee.read(JSON.parse(await readFile(path, 'utf8')), path);
  } catch (error) {
    if (error instanceof PlimsollError) throw error;
    throw new NoCommitteeError({ got: (error as Error).message, needed: 'a JSON file', where: path, fix: 'Correct it.' });
  }
}

async function content(store: Store.Store, kinds: readonly string[], id: string): Promise<unknown> {
  const artifact = found(await Store.getArtifact(store, kinds, id), id);
  return JSON.parse(gunzipSync(artifact.bytes).toString('utf8'));
}

/** The log by the machine, entry for entry: one that was edited in the database is not what the machine would have written. */
function replayed(log: readonly Review.Transition[], proposalId: string): Review.Review {
  const review = Review.replay(log.map(({ happening }) => happening));
  if (
    review === null ||
    JSON.stringify(review.log.map(({ previous, state }) => [previous, state])) !==
      JSON.stringify(log.map(({ previous, state }) => [previous, state]))
  )
    throw new DamagedError({ got: 'a log that the state machine does not write', needed: 'every entry as it was made', where: proposalId });
  return review;
}

export class NoCommitteeError extends PlimsollError {
  override readonly name = 'Reviews.NoCommitteeError';
}

export class RefusedError extends PlimsollError {
  override readonly name = 'Reviews.RefusedError';
}

export class UnknownLogError extends PlimsollError {
  override readonly name = 'Reviews.UnknownLogError';
}

export class CrowdedError extends PlimsollError {
  override readonly name = 'Reviews.CrowdedError';
}

export class DamagedError extends PlimsollError {
  override readonly name = 'Reviews.DamagedError';
}
