/**
 * VenueProposal: a proposal for a protocol's own contracts: the calls its role's holder makes, what is sent or signed to get there,
 * every value before and after in the protocol's unit, and what was checked.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { Check } from './proposal.ts';
import type { Argument } from './targets/call.ts';
import { SafeTx } from './targets/safe.ts';
import { Held } from './targets/target.ts';
import { Address, Hex } from './targets/words.ts';

const Json: z.ZodType<Argument> = z.lazy(() =>
  z.union([z.string(), z.boolean(), z.number(), z.array(Json), z.record(z.string(), Json)]),
) as z.ZodType<Argument>;

const VenueCall = z
  .strictObject({
    to: Address,
    data: Hex,
    valueWei: z.string().regex(/^\d+$/),
    operation: z.enum(['call', 'delegatecall']),
    decoded: z.strictObject({ target: z.string(), function: z.string(), arguments: z.record(z.string(), Json).readonly() }).readonly(),
    /** One sentence made from the call data. */
    says: z.string(),
  })
  .readonly();
export type VenueCall = z.infer<typeof VenueCall>;

const Signed = z
  .strictObject({
    safe: Address,
    version: z.string(),
    tx: SafeTx,
    /** EIP-712: domain, message and final hash, computed twice. */
    domainHash: Hex,
    messageHash: Hex,
    hash: Hex,
  })
  .readonly();

export const VenueProposal = z
  .strictObject({
    kind: z.literal('venue-proposal'),
    id: Id,
    from: z.strictObject({ recommendation: Id, state: Id }).readonly(),
    target: z.string(),
    route: z.string(),
    chainId: z.int().positive(),
    held: Held,
    /** The same of the road: which Governor, which Safe. */
    road: z.strictObject({ version: z.string(), detectedBy: z.string().nullable() }).readonly(),
    /** What is another value afterwards, in the protocol's own unit. */
    becomes: z.record(z.string(), z.string()).readonly(),
    calls: z.array(VenueCall).readonly(),
    submit: z.array(z.strictObject({ to: Address, data: Hex, valueWei: z.string() }).readonly()).readonly(),
    safe: Signed.nullable(),
    /** What anybody sends once a timelock's delay is over, and the id it has there. */
    later: z
      .strictObject({ id: Hex, delaySeconds: z.int(), submit: z.strictObject({ to: Address, data: Hex, valueWei: z.string() }).readonly() })
      .readonly()
      .nullable(),
    nested: Signed.nullable(),
    /** For a chain without call data. */
    message: Json.nullable(),
    notes: z.array(z.string()).readonly(),
    description: z.string(),
    descriptionHash: Hex,
    onChainId: z.string().regex(/^\d+$/).nullable(),
    evidenceRoot: Id,
    checks: z.array(Check).readonly(),
    /** What the real contracts of target and road were run on; null = not-simulated, which bars the automatic lane. */
    simulatedOn: z.string().nullable(),
    expiresAt: z.string(),
  })
  .readonly();
export type VenueProposal = z.infer<typeof VenueProposal>;

/** Only what has been run on real contracts, on a version the chain itself has shown, may ever be applied without people. */
export function mayBeAutomatic({ simulatedOn, held, road, route, checks }: VenueProposal): boolean {
  const read = held.detectedBy !== null && (road.detectedBy !== null || route === 'direct');
  return simulatedOn !== null && read && checks.every(({ verdict }) => verdict === 'pass');
}
