/**
 * Desk: what stands around the state machine of a review. `begin` puts a proposal on the desk, `ask` makes what a person signs, `decide` takes it
 * back signed. Nothing here keeps anything: stores and files do.
 */
import type { Client } from 'viem';
import { canonicalJson, digest, type Id } from '../base/id.ts';
import type { Committee } from './committee.ts';
import * as Decision from './decision.ts';
import type { Execution, Proposal } from './proposal.ts';
import * as Report from './report.ts';
import * as Review from './review.ts';
import * as Log from './review-log.ts';
import type { Address, Hex } from './targets/words.ts';

export type Given = { readonly by: Address; readonly statement: Decision.Statement; readonly signature: Hex };
/** `message` is for `eth_signTypedData_v4`; the hashes are what a hardware wallet shows. */
export type Asked = {
  readonly statement: Decision.Statement;
  readonly message: ReturnType<typeof Decision.typedData>;
  readonly hashes: Decision.Hashes;
};

/** Draft, checks and rehearsal, as far as they went: only a proposal that went through all may be opened for review. */
export function begin(
  proposal: Proposal,
  execution: Execution | null,
  committee: Committee,
  at: string,
  revises: Id | null,
): Review.Happening[] {
  const sheet = sheetOf(proposal);
  const finalHash: Hex = `0x${BigInt(proposal.onChainId).toString(16).padStart(64, '0')}`;
  const by = 'service' as const;
  const { id, expiresAt, checks } = proposal;
  const passed = checks.every(({ verdict }) => verdict !== 'fail');
  return [
    { action: 'draft', by, at, saw: id, why: '', proposal: id, expiresAt, finalHash, sheet, committee, revises },
    ...(passed ? [{ action: 'check' as const, by, at, saw: digest(canonicalJson(checks)), why: '' }] : []),
    ...(passed && execution?.ok === true ? [{ action: 'simulate' as const, by, at, saw: execution.id, why: '' }] : []),
  ];
}

/** Name of the page that reviewers read. */
export function sheetOf(proposal: Proposal): Id {
  return digest(Report.render(proposal));
}

/** `head`: of the log that the signer is shown. */
export function ask(review: Review.Review, action: Decision.Statement['action'], reason: string, head: Id, nowMs: number): Asked {
  const statement: Decision.Statement = {
    ...{ action, proposal: review.proposal, saw: review.sheet, finalHash: review.finalHash as Decision.Statement['finalHash'] },
    ...{ committee: review.committeeId, log: head, reason, decidedAt: String(Math.floor(nowMs / 1000)) },
  };
  const { chainId } = review.committee;
  return { statement, message: Decision.typedData(statement, chainId), hashes: Decision.hashes(statement, chainId) };
}

/** The signature is checked before anything moves. Errors: ReviewLog.NotALogError, Decision.BadSignatureError. */
export async function decide(client: Client | null, review: Review.Review, given: Given, at: string): Promise<Review.Outcome> {
  const { statement, signature } = given;
  const by = given.by.toLowerCase() as Address;
  const happening = { action: statement.action, by, at, saw: statement.saw, why: statement.reason, statement, signature } as Review.Signed;
  await Log.signed(client, review, happening, `decision of ${by}`);
  return Review.apply(review, happening);
}

/** Of the last entry: what a next statement names where the log is a file. */
export function headOf(review: Review.Review): Id {
  return digest(canonicalJson(review.log.at(-1)));
}
