/**
 * Desk: what stands around the state machine of a review. `begin` puts a proposal on the desk, `ask` makes what a person signs, `decide` takes it
 * back signed. Nothing here keeps anything: stores and files do.
 */
import type { Client } from 'viem';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, digest, type Id } from '../base/id.ts';
import type { Committee } from './committee.ts';
import * as Decision from './decision.ts';
import type { Execution, Proposal } from './proposal.ts';
import * as Report from './report.ts';
import * as Review from './review.ts';
import * as Log from './review-log.ts';
import type { Address, Hex } from './targets/words.ts';
import type { VenueExecution } from './venue-execution.ts';
import type { VenueProposal } from './venue-proposal.ts';
import * as VenueReport from './venue-report.ts';

/** Of the registry, or of a protocol's own contracts. */
export type Reviewed = Proposal | VenueProposal;
export type Given = { readonly by: Address; readonly statement: Decision.Statement; readonly signature: Hex };
/** `message` is for `eth_signTypedData_v4`; the hashes are what a hardware wallet shows. */
export type Asked = {
  readonly statement: Decision.Statement;
  readonly message: ReturnType<typeof Decision.typedData>;
  readonly hashes: Decision.Hashes;
};

/** Draft, checks and rehearsal, as far as they went: only a proposal that went through all may be opened for review. */
export function begin(
  proposal: Reviewed,
  execution: Execution | VenueExecution | null,
  committee: Committee,
  at: string,
  revises: Id | null,
): Review.Happening[] {
  const sheet = sheetOf(proposal);
  const finalHash = finalHashOf(proposal);
  mustBeTheSafe(proposal, committee);
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
export function sheetOf(proposal: Reviewed): Id {
  return digest(proposal.kind === 'proposal' ? Report.render(proposal) : VenueReport.render(proposal));
}

/** What an approval permits: the id on chain, which has to be known before. */
function finalHashOf({ onChainId, id, kind }: Reviewed): Hex {
  if (onChainId !== null) return `0x${BigInt(onChainId).toString(16).padStart(64, '0')}`;
  throw new NoFinalHashError({
    got: `${kind} ${id}, whose id on chain is not known before it is sent`,
    needed: 'one through a Safe or a Governor',
    fix: 'An approval names what it permits; draft it for a road whose id can be computed.',
  });
}

/** Who signs in the end is part of what the reviewers read. */
function mustBeTheSafe(proposal: Reviewed, { safe }: Committee): void {
  const wanted = proposal.kind === 'venue-proposal' && proposal.safe !== null ? proposal.safe : null;
  if (wanted === null || (safe?.address === wanted.safe.toLowerCase() && safe.version === wanted.version)) return;
  const got = safe === null ? 'a committee without a Safe' : `a committee with the Safe ${safe.address}, version ${safe.version}`;
  throw new OtherSafeError({ got, needed: `the Safe ${wanted.safe}, version ${wanted.version}, which is to sign`, where: 'committee' });
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

export class NoFinalHashError extends PlimsollError {
  override readonly name = 'Desk.NoFinalHashError';
}

export class OtherSafeError extends PlimsollError {
  override readonly name = 'Desk.OtherSafeError';
}
