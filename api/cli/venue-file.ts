/** Files of the governance commands: a venue written by hand, a proposal that `propose --json` wrote, and the node of their chain. */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import type { Place } from '../../governance/draft-venue.ts';
import { Address, Hex } from '../../governance/targets/words.ts';
import type { Venue } from '../../governance/venue.ts';
import type { VenueExecution } from '../../governance/venue-execution.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';

/** `target`: of the parameters or of the road; the file has to be for one of the two. */
export async function forTarget(target: string, file: string | undefined): Promise<Venue> {
  if (file === undefined) {
    throw new BadVenueError({
      got: `--target ${target} without --venue`,
      needed: 'a file with the addresses of its contracts',
      fix: `Begin with docs/venues/${target}.json, put in your own addresses, and give it with --venue.`,
    });
  }
  const venue = await read(file, target);
  const { parameters, route } = venue;
  if (target === parameters.target || target === route.route) return venue;
  throw new BadVenueError({
    got: `a venue for ${parameters.target} through ${route.route}`,
    needed: `one of the two to be --target ${target}`,
    where: file,
  });
}

export async function read(file: string, like = 'safe'): Promise<Venue> {
  const { Venue } = await import('../../governance/venue.ts');
  return parsed(await text(file), Venue, file, `a venue as in docs/venues/${like}.json`);
}

/** The whole proposal, as sealed when it was drafted. */
export async function proposal(file: string): Promise<VenueProposal> {
  const { VenueProposal } = await import('../../governance/venue-proposal.ts');
  const { isSealed } = await import('../../base/id.ts');
  const found = parsed(await text(file), VenueProposal, file, 'a venue-proposal, as `plimsoll propose --venue … --json` writes it');
  if (isSealed(found)) return found;
  throw new BadVenueError({
    got: 'content that does not hash to its id',
    needed: found.id,
    where: file,
    fix: 'Somebody changed it. Draft it again.',
  });
}

/** What `simulate` found, of this very proposal. */
export async function execution(file: string, { id }: VenueProposal): Promise<VenueExecution> {
  const { VenueExecution } = await import('../../governance/venue-execution.ts');
  const { isSealed } = await import('../../base/id.ts');
  const found = parsed(await text(file), VenueExecution, file, 'a venue-execution, as `plimsoll simulate --json` writes it');
  if (isSealed(found) && found.from.proposal === id) return found;
  throw new BadVenueError({ got: `an execution of ${found.from.proposal}, or one that was changed`, needed: `one of ${id}`, where: file });
}

/** The node has to be one of the venue's chain. */
export async function chain(rpc: string, chainId: number) {
  const Chain = await import('../../datasets/sources/chain.ts');
  const at = await Chain.at(rpc);
  if (at.chainId === chainId) return at;
  throw new BadVenueError({ got: `a node of chain ${at.chainId}`, needed: `chain ${chainId}, which the venue names`, where: '--rpc' });
}

/** What the chain holds there now. */
export async function place(rpc: string, venue: Venue): Promise<Place> {
  const Road = await import('../../governance/road.ts');
  const { targetOf } = await import('../../governance/venue.ts');
  const { client } = await chain(rpc, venue.parameters.chainId);
  const held = await targetOf(venue.parameters).read(client, venue.parameters);
  return { venue, held, road: await Road.read(client, venue.route) };
}

export async function text(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: Error) => {
    throw new BadVenueError({ got: cause.message, needed: 'a readable file', where: file, cause });
  });
}

export function parsed<T>(content: string, schema: z.ZodType<T>, file: string, needed: string): T {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new BadVenueError({ got: `no JSON: ${(cause as Error).message}`, needed, where: file, cause });
  }
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const issue = found.error.issues[0]!;
  throw new BadVenueError({ got: quote(issue.message), needed, where: `${file} at ${issue.path.join('.') || 'the top'}` });
}

export function hex(given: string, where: string): Hex {
  const found = Hex.safeParse(given.trim().toLowerCase());
  if (found.success && found.data.length % 2 === 0) return found.data;
  throw new BadVenueError({ got: quote(given), needed: 'whole bytes as 0x…', where });
}

export function address(given: string, where: string): Address {
  const found = Address.safeParse(given);
  if (found.success) return found.data;
  throw new BadVenueError({ got: quote(given), needed: 'an address as 0x…', where });
}

export class BadVenueError extends PlimsollError {
  override readonly name = 'VenueFile.BadVenueError';
}
