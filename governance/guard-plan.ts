/** The plan of a guard as a file that people review: whose it is, who may stop it, who attests, and what market it is for. */
import { z } from 'zod';
import { PlimsollError, quote } from '../base/errors.ts';
import type { Plan } from './guard-deploy.ts';
import { Address } from './targets/words.ts';

const MOST_ATTESTORS = 32;

const GuardPlan = z
  .strictObject({
    market: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['aave-v3']), provider: Address }).readonly(),
      z.strictObject({ kind: z.enum(['registry']), registry: Address }).readonly(),
    ]),
    /** Owns the guard: every rule is its to change. */
    timelock: Address,
    /** May pause and veto, never act. */
    guardian: Address,
    attestors: z.array(Address).min(1).max(MOST_ATTESTORS).readonly(),
    quorum: z.int().min(1),
    sequencer: z.strictObject({ feed: Address, graceSeconds: z.int().nonnegative() }).readonly().nullable(),
  })
  .readonly();

/** Refuses what the contract would refuse, before anybody pays for it. */
export function parse(value: unknown, where: string): Plan {
  const read = GuardPlan.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new BadPlanError({
      got: issue?.message ?? 'another shape',
      needed: 'market, timelock, guardian, attestors, quorum and sequencer (or null)',
      where: `${where}, field ${issue?.path.join('.')}`,
      fix: 'docs/governance.md shows one.',
    });
  }
  const plan = read.data;
  const attestors = plan.attestors.map((one) => one.toLowerCase());
  if (new Set(attestors).size < attestors.length) throw bad('an attestor twice', 'each once', `${where}, field attestors`);
  if (plan.quorum > attestors.length)
    throw bad(`quorum ${plan.quorum}`, `at most ${attestors.length}, the attestors`, `${where}, field quorum`);
  const roles = [plan.timelock, plan.guardian].map((one) => one.toLowerCase());
  const both = roles.find((one, index) => attestors.includes(one) || roles.indexOf(one) !== index);
  // The contract allows it; a plan in which one key does two things is not two of anything.
  if (both !== undefined) throw bad(`${quote(both)} in two roles`, 'timelock, guardian and attestors apart', where);
  return plan;
}

function bad(got: string, needed: string, where: string): BadPlanError {
  return new BadPlanError({ got, needed, where, fix: 'Mend the plan.' });
}

export class BadPlanError extends PlimsollError {
  override readonly name = 'GuardPlan.BadPlanError';
}
