/**
 * A review's log checked by somebody who trusts nobody: every step again by the state machine, every decision by its signature.
 */
import type { Client } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import * as Decision from './decision.ts';
import * as Review from './review.ts';
import * as ReviewChain from './review-chain.ts';
import * as ReviewSigning from './review-signing.ts';

/** The review that the log tells, or the first entry that does not hold. */
export async function check(client: Client | null, happenings: readonly Review.Happening[]): Promise<Review.Review> {
  let review: Review.Review | null = null;
  for (const [index, happening] of happenings.entries()) {
    const where = `entry ${index + 1} (${happening.action})`;
    if (review !== null && 'statement' in happening) await signed(client, review, happening, where);
    if (review !== null && happening.action === 'sign') await ReviewSigning.check(client, review, happening, where);
    if (client !== null && 'transaction' in happening) await ReviewChain.check(client, happening, where);
    const outcome = Review.apply(review, happening);
    if (outcome.kind !== 'moved') {
      const got = outcome.kind === 'refused' ? outcome.says : 'the same act twice';
      throw new NotALogError({ got, needed: 'a step that the state machine allows', where });
    }
    review = outcome.review;
  }
  if (review === null) throw new NotALogError({ got: 'no entry', needed: 'at least the draft', where: 'log' });
  return review;
}

/** The signature is over this very decision about this very proposal. */
export async function signed(client: Client | null, review: Review.Review, happening: Review.Signed, where: string): Promise<void> {
  const statement = Decision.Statement.parse(happening.statement);
  const pairs = {
    action: [statement.action, happening.action],
    proposal: [statement.proposal, review.proposal],
    saw: [statement.saw, happening.saw],
    finalHash: [statement.finalHash, review.finalHash],
    committee: [statement.committee, review.committeeId],
    reason: [statement.reason, happening.why],
  };
  for (const [name, [got, needed]] of Object.entries(pairs)) {
    if (got !== needed)
      throw new NotALogError({ got: `${name} ${got}`, needed: String(needed), where, fix: 'Read the proposal again and sign that.' });
  }
  const driftSeconds = Number(statement.decidedAt) - Date.parse(happening.at) / 1000;
  if (driftSeconds > AHEAD_SECONDS || driftSeconds < -BEHIND_SECONDS) {
    const got = `decidedAt ${statement.decidedAt}, received ${happening.at}`;
    throw new NotALogError({ got, needed: 'a decision of the last day, not of the future', where, fix: 'Sign again.' });
  }
  await Decision.mustBeSignedBy(client, happening.by, Decision.hashes(statement, review.committee.chainId).hash, happening.signature);
}

/** Clocks differ; a decision signed on a machine without network may arrive a day later. */
const AHEAD_SECONDS = 300;
const BEHIND_SECONDS = 86_400;

export class NotALogError extends PlimsollError {
  override readonly name = 'ReviewLog.NotALogError';
}
