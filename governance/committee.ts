/**
 * Committee: who may do what to a proposal, and how many of them it takes. Written by governance, named in every signed decision.
 *
 * The service cannot change it for a review that has begun: the first transition holds it whole, each decision its hash.
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, digest, type Id } from '../base/id.ts';
import { Address } from './targets/words.ts';

const Some = z.array(Address).min(1).readonly();

export const Committee = z
  .strictObject({
    /** In the domain of every signature. */
    chainId: z.int().positive(),
    /** May put a draft to review. Whoever did so for a proposal cannot decide on it. */
    drafters: Some,
    reviewers: Some,
    /** k: distinct reviewers, other than the drafter, who must approve. */
    approvals: z.int().positive(),
    /** Distinct reviewers whose rejection ends it. */
    rejections: z.int().positive().default(1),
    /** May stop it until it is executed, and nothing else. */
    guardians: z.array(Address).readonly().default([]),
    /** The Safe that proposes; null: an account proposes by its own transaction. */
    safe: z
      .strictObject({ address: Address, version: z.string(), owners: Some, threshold: z.int().positive() })
      .readonly()
      .nullable()
      .default(null),
  })
  .readonly();
export type Committee = z.infer<typeof Committee>;

/** Addresses in lower case, lists in order: the same people are the same hash. */
export function read(value: unknown, where: string): Committee {
  const parsed = Committee.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw refused(issues.slice(0, 3).join('; '), where);
  }
  const { safe, ...rest } = parsed.data;
  const committee: Committee = {
    ...rest,
    drafters: people(rest.drafters, 'drafters', where),
    reviewers: people(rest.reviewers, 'reviewers', where),
    guardians: people(rest.guardians, 'guardians', where),
    safe: safe === null ? null : { ...safe, address: lower(safe.address), owners: people(safe.owners, 'safe.owners', where) },
  };
  const { approvals, rejections, reviewers } = committee;
  if (approvals > reviewers.length) throw refused(`approvals ${approvals} of ${reviewers.length} reviewers`, where);
  if (rejections > reviewers.length) throw refused(`rejections ${rejections} of ${reviewers.length} reviewers`, where);
  for (const drafter of committee.drafters) {
    const others = reviewers.filter((reviewer) => reviewer !== drafter).length;
    if (others < approvals) throw refused(`${others} reviewers besides the drafter ${drafter}, ${approvals} approvals`, where);
  }
  if (committee.safe !== null && committee.safe.threshold > committee.safe.owners.length) {
    throw refused(`safe.threshold ${committee.safe.threshold} of ${committee.safe.owners.length} owners`, where);
  }
  return committee;
}

export function idOf(committee: Committee): Id {
  return digest(canonicalJson(committee));
}

function people(addresses: readonly Address[], role: string, where: string): readonly Address[] {
  const sorted = addresses.map(lower).sort();
  const twice = sorted.find((address, index) => address === sorted[index - 1]);
  if (twice !== undefined) throw refused(`${role} with ${twice} twice`, where);
  return sorted;
}

function lower(address: Address): Address {
  return address.toLowerCase() as Address;
}

function refused(got: string, where: string): UnusableError {
  return new UnusableError({
    got,
    needed: 'distinct addresses, and as many approvals, rejections and signatures as there are people to give them',
    where,
    fix: 'See docs/governance.md, “The committee”.',
  });
}

export class UnusableError extends PlimsollError {
  override readonly name = 'Committee.UnusableError';
}
