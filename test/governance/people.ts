/** Test people with keys of their own (anvil's well-known ones), a committee of them, and what they sign. */
import { mnemonicToAccount } from 'viem/accounts';
import { digest, type Id } from '../../base/id.ts';
import * as Committee from '../../governance/committee.ts';
import * as Decision from '../../governance/decision.ts';
import type { Happening, Review } from '../../governance/review.ts';
import type { Asked } from '../../governance/review-desk.ts';

export const people = Array.from({ length: 8 }, (_, addressIndex) =>
  mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex }),
);
export type Person = (typeof people)[number];
export const addressOf = (person: Person) => person.address.toLowerCase() as `0x${string}`;
const [drafter, ann, bob, cai, guardian] = people as [Person, Person, Person, Person, Person];

export const committee = Committee.read(
  {
    chainId: 31_337,
    drafters: [drafter.address],
    reviewers: [drafter, ann, bob, cai].map(({ address }) => address),
    approvals: 2,
    guardians: [guardian.address],
    safe: { address: `0x${'5a'.repeat(20)}`, version: '1.4.1', owners: [ann, bob, cai].map(({ address }) => address), threshold: 2 },
  },
  'test',
);
export const PROPOSAL = digest('a proposal');
export const SHEET = digest('what is read');
export const FINAL = `0x${'07'.repeat(32)}` as const;
export const T0 = Date.parse('2026-01-01T00:00:00.000Z');
export const at = (hours: number) => new Date(T0 + hours * 3_600_000).toISOString();

export function drafted(overrides: Partial<Extract<Happening, { action: 'draft' }>> = {}): Happening {
  const fixed = { action: 'draft', by: 'service', at: at(0), saw: SHEET, why: '', proposal: PROPOSAL, expiresAt: at(100) } as const;
  return { ...fixed, finalHash: FINAL, sheet: SHEET, committee, revises: null, ...overrides };
}

export async function decide(
  person: Person,
  action: Decision.Statement['action'],
  reason: string,
  time: string,
  review: Review,
  log: Id = digest('head'),
): Promise<Happening> {
  const statement: Decision.Statement = {
    ...{ action, proposal: review.proposal, saw: review.sheet, finalHash: review.finalHash as Decision.Statement['finalHash'] },
    ...{ committee: review.committeeId, log, reason, decidedAt: String(Math.floor(Date.parse(time) / 1000)) },
  };
  const signature = await signed(person, { statement, message: Decision.typedData(statement, review.committee.chainId) });
  return { action, by: addressOf(person), at: time, saw: review.sheet, why: reason, statement, signature };
}

/** As a wallet does, from the message alone. */
export function signed(person: Person, { statement, message }: Pick<Asked, 'statement' | 'message'>): Promise<`0x${string}`> {
  return person.signTypedData({
    ...{ domain: message.domain, types: { Decision: message.types.Decision }, primaryType: 'Decision' },
    message: { ...message.message, decidedAt: BigInt(statement.decidedAt) },
  });
}
