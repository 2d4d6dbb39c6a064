/** VenueExecution: what a venue's proposal did on a copy of its chain, and what of that nobody had asked for. */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { Address, Hex } from './targets/words.ts';

export const VenueExecution = z
  .strictObject({
    kind: z.literal('venue-execution'),
    id: Id,
    from: z.strictObject({ proposal: Id }).readonly(),
    chainId: z.int().positive(),
    /** Of the chain that was copied. */
    block: z.string().regex(/^\d+$/),
    steps: z.array(z.strictObject({ step: z.string(), gasUsed: z.string() }).readonly()).readonly(),
    /** Every value the target reads, also those nobody asked to move, in the contracts' own unit. */
    readBack: z
      .array(
        z.strictObject({ name: z.string(), before: z.string(), wanted: z.string(), after: z.string(), matches: z.boolean() }).readonly(),
      )
      .readonly(),
    writes: z
      .array(z.strictObject({ contract: Hex, slot: Hex, before: Hex, after: Hex, shows: z.string().nullable() }).readonly())
      .readonly(),
    events: z
      .array(z.strictObject({ contract: z.string(), name: z.string(), arguments: z.record(z.string(), z.string()).readonly() }).readonly())
      .readonly(),
    /** Accounts asked about, and those whose health falls from 1 or more to less, as the pool itself computes it (1e18 = 1). */
    positions: z
      .strictObject({
        asked: z.int().nonnegative(),
        newlyLiquidatable: z.array(z.strictObject({ account: Address, before: z.string(), after: z.string() }).readonly()).readonly(),
      })
      .readonly(),
    /** What nobody asked for, one sentence each. */
    strays: z.array(z.string()).readonly(),
    ok: z.boolean(),
  })
  .readonly();
export type VenueExecution = z.infer<typeof VenueExecution>;
