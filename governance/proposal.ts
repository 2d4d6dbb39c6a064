/**
 * Proposal: the exact calls people are asked to sign, what they say in words, and what was checked about them.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { Address, Hex } from './targets/words.ts';

export const DecodedCall = z.strictObject({ function: z.string(), arguments: z.record(z.string(), z.string()).readonly() }).readonly();

export const Call = z
  .strictObject({
    to: Address,
    data: Hex,
    valueWei: z.string().regex(/^\d+$/),
    decoded: DecodedCall,
    /** One sentence made from the call data, never from the draft. */
    says: z.string(),
  })
  .readonly();
export type Call = z.infer<typeof Call>;

export const Check = z.strictObject({ name: z.string(), verdict: z.enum(['pass', 'warn', 'fail']), says: z.string() }).readonly();
export type Check = z.infer<typeof Check>;

export const Proposal = z
  .strictObject({
    kind: z.literal('proposal'),
    id: Id,
    from: z.strictObject({ recommendation: Id, state: Id }).readonly(),
    target: z.string(),
    chainId: z.int().positive(),
    governor: Address,
    calls: z.array(Call).readonly(),
    /** Markdown; its hash is part of the on-chain proposal id. */
    description: z.string(),
    descriptionHash: Hex,
    /** uint256 as a decimal string. */
    onChainId: z.string().regex(/^\d+$/),
    evidenceRoot: Id,
    checks: z.array(Check).readonly(),
    expiresAt: z.string(),
  })
  .readonly();
export type Proposal = z.infer<typeof Proposal>;

/** A refusal to draft: a value, with the reason a person would want. */
export const NoProposal = z
  .strictObject({
    kind: z.literal('no-proposal'),
    from: z.strictObject({ recommendation: Id, state: Id }).readonly(),
    reason: z.enum([
      'nothing-to-change',
      'state-moved',
      'expired',
      'too-late-to-execute',
      'duplicate',
      'unknown-asset',
      'out-of-bounds',
      'state-out-of-bounds',
      'check-failed',
    ]),
    says: z.string(),
  })
  .readonly();
export type NoProposal = z.infer<typeof NoProposal>;

/** What the chain did. Not part of the evidence: hashes and times differ from run to run. */
export const Execution = z
  .strictObject({
    kind: z.literal('execution'),
    id: Id,
    from: z.strictObject({ proposal: Id }).readonly(),
    chainId: z.int().positive(),
    /** True where the chain is a local node started for this run. */
    rehearsal: z.boolean(),
    steps: z.array(z.strictObject({ step: z.string(), transaction: Hex, block: z.string(), gasUsed: z.string() }).readonly()).readonly(),
    /** Every parameter the registry holds, before and after, including those not asked for. */
    readBack: z
      .array(
        z
          .strictObject({
            asset: z.string(),
            field: z.string(),
            before: z.string(),
            wanted: z.string(),
            after: z.string(),
            matches: z.boolean(),
          })
          .readonly(),
      )
      .readonly(),
    ok: z.boolean(),
  })
  .readonly();
export type Execution = z.infer<typeof Execution>;
