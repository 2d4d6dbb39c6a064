/** `plimsoll review sign`, `sent`, `verify`: what a Safe's owners signed and what the chain did, as lines of a review's log. */
import { Argument, type Command } from 'commander';
import type { Review } from '../../governance/review.ts';
import type { Hex } from '../../governance/targets/words.ts';
import * as File from './review-file.ts';
import { print, say } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

type Flags = File.At & { readonly rpc: string };

const SENT = ['submit', 'queue', 'execute'] as const;
const REFUSED = 3;
const DIFFERS = 4;

export function add(review: Command, end: (code: number) => void): void {
  const command = (usage: string, says: string): Command =>
    review
      .command(usage)
      .description(says)
      .requiredOption('--rpc <url>', 'a node of the chain; it is read, nothing is sent to it')
      .option('--now <time>', 'the moment it is added (default: now)');
  command('sign <log> <proposal> <files...>', "Add what the Safe's owners signed: files as for `plimsoll signatures`").action(
    async (log: string, proposal: string, files: readonly string[], flags: Flags) => end(await sign(log, proposal, files, flags)),
  );
  command('sent <log>', 'Add a transaction that the chain has: it submits, queues or executes the proposal')
    .addArgument(new Argument('<step>').choices(SENT))
    .argument('<transaction>', 'its hash')
    .action(async (log: string, step: (typeof SENT)[number], transaction: string, flags: Flags) =>
      end(await sent(log, step, VenueFile.hex(transaction, 'transaction'), flags)),
    );
  command('verify <log> <proposal>', 'Read back what the chain holds, and end the review if it is what was advised and nothing else')
    .requiredOption('--venue <file>', 'the venue that the proposal was drafted for')
    .action(async (log: string, proposal: string, flags: Flags & { readonly venue: string }) => end(await verify(log, proposal, flags)));
}

async function sign(log: string, proposalFile: string, files: readonly string[], { rpc, now }: Flags): Promise<number> {
  const [ReviewSigning, Signatures, SignatureFile, Safe] = await Promise.all([
    import('../../governance/review-signing.ts'),
    import('../../governance/signatures.ts'),
    import('../../governance/signature-file.ts'),
    import('../../governance/targets/safe.ts'),
  ]);
  const review = await File.checked(log, rpc);
  const proposal = await about(review, proposalFile);
  const { safe } = proposal;
  if (safe === null)
    throw new VenueFile.BadVenueError({
      got: `a proposal through ${proposal.route}`,
      needed: 'one that a Safe signs',
      where: proposalFile,
    });
  const { client } = await VenueFile.chain(rpc, proposal.chainId);
  const given = await Promise.all(files.map(async (from) => ({ from, file: SignatureFile.read(await VenueFile.text(from), from) })));
  const asked = { tx: safe.tx, domain: { chainId: proposal.chainId, safe: safe.safe, version: safe.version } };
  const collected = await Signatures.collect(client, asked, await Safe.read(client, safe.safe), given);
  for (const { from, reason, says } of collected.refused) say(`refused: ${from}: ${reason}. ${says}`);
  let stands = review;
  for (const happening of ReviewSigning.steps(review, safe.tx, collected, await File.moment({ ...(now === undefined ? {} : { now }) }))) {
    if (stands.state === 'signed') break;
    const outcome = await File.take(log, stands, happening);
    if (outcome.kind === 'refused') return refusal(outcome);
    stands = outcome.review;
  }
  print(`${stands.state}\n`);
  return stands.state === 'signed' ? 0 : REFUSED;
}

async function sent(log: string, action: (typeof SENT)[number], transaction: Hex, flags: Flags): Promise<number> {
  const ReviewChain = await import('../../governance/review-chain.ts');
  const review = await File.checked(log, flags.rpc);
  const { client } = await VenueFile.chain(flags.rpc, review.committee.chainId);
  const happening = await ReviewChain.step(client, action, transaction, review.sheet, await File.moment(flags));
  const outcome = await File.take(log, review, happening);
  if (outcome.kind === 'refused') return refusal(outcome);
  print(`${outcome.review.state}\n`);
  return 0;
}

async function verify(log: string, proposalFile: string, flags: Flags & { readonly venue: string }): Promise<number> {
  const [{ compare, mustFit }, { targetOf }, { canonicalJson, digest }] = await Promise.all([
    import('../../governance/rehearsal.ts'),
    import('../../governance/venue.ts'),
    import('../../base/id.ts'),
  ]);
  const review = await File.checked(log, flags.rpc);
  const proposal = await about(review, proposalFile);
  const venue = await VenueFile.read(flags.venue);
  mustFit(proposal, venue);
  const { parameters } = venue;
  const { client } = await VenueFile.chain(flags.rpc, proposal.chainId);
  const held = await targetOf(parameters).read(client, parameters);
  const readBack = compare(proposal.held, proposal.becomes, held);
  const astray = readBack.filter(({ matches }) => !matches);
  for (const { name, wanted, after } of astray) say(`${name}: wanted ${wanted}, holds ${after}`);
  if (astray.length > 0) return DIFFERS;
  const saw = digest(canonicalJson(held.values));
  const outcome = await File.take(log, review, { action: 'verify', by: 'service', at: await File.moment(flags), saw, why: '' });
  if (outcome.kind === 'refused') return refusal(outcome);
  print(`${outcome.review.state}: ${readBack.length} values read back at block ${held.block}\n`);
  return 0;
}

async function about(review: Review, file: string) {
  const proposal = await VenueFile.proposal(file);
  if (proposal.id === review.proposal) return proposal;
  throw new VenueFile.BadVenueError({ got: proposal.id, needed: `${review.proposal}, which this review is about`, where: file });
}

function refusal({ reason, says }: { readonly reason: string; readonly says: string }): number {
  say(`Refused (${reason}): ${says}`);
  return REFUSED;
}
