/** `plimsoll review`: people decide on a bundle's proposal in a file that anyone can check, without a server. Nothing here signs. */
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import * as File from './review-file.ts';
import * as Steps from './review-steps.ts';
import { print, printJson, say, table, visible } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

/** As in governance/decision.ts (a test asks): help must not load what decisions need. */
export const ACTIONS = ['open', 'approve', 'reject', 'veto'] as const;
const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  const review = program
    .command('review')
    .description("Decide on a bundle's proposal: a log of signed statements, in a file that anyone can check");
  review
    .command('draft <bundle> <log>')
    .description(
      "Begin a log: the proposal, its checks and its rehearsal. In place of a bundle: a venue's proposal, as `propose --json` wrote it",
    )
    .option('--execution <file>', "of a venue's proposal: what `simulate --json` wrote")
    .requiredOption('--committee <file>', 'who drafts, reviews and stops, and how many it takes (docs/governance.md)')
    .option('--revises <log>', 'log of the review that this one answers')
    .option('--now <time>', 'the moment it is drafted (default: now)')
    .action((bundle: string, log: string, flags) => draft(bundle, log, flags));
  review
    .command('ask <log>')
    .description('What a person signs to take a step, as JSON for eth_signTypedData_v4, with the hashes that a wallet shows')
    .addArgument(new Argument('<action>').choices(ACTIONS))
    .option('--reason <text>', 'why; a rejection and a veto need one', '')
    .option('--now <time>', 'the moment of the decision (default: now)')
    .action((log: string, action, flags) => ask(log, action, flags));
  review
    .command('add <log> <asked>')
    .description('Add a signed step to the log: the file that `ask` wrote, who signed, and the signature')
    .requiredOption('--by <address>', 'whose signature it is')
    .requiredOption('--signature <hex>', '65 bytes, or what a contract takes (ERC-1271, with --rpc)')
    .option('--rpc <url>', 'node that is asked whether a contract signed')
    .option('--now <time>', 'the moment it is added (default: now)')
    .action(async (log: string, asked: string, flags) => end(await append(log, asked, flags)));
  Steps.add(review, end);
  review
    .command('show <log>')
    .description('Check every entry and every signature again, and say where the proposal stands')
    .option('--rpc <url>', 'node that is asked whether contracts signed')
    .option('--json', 'the review as JSON on standard output')
    .action((log: string, flags) => show(log, flags));
  review.addHelpText(
    'after',
    [
      '',
      'Example:',
      '  $ plimsoll review draft out/2026-01-01-0123456789ab review.jsonl --committee committee.json',
      '  $ plimsoll review ask review.jsonl approve --reason "Depth was measured again" > asked.json',
      '  $ plimsoll review add review.jsonl asked.json --by 0xf39F… --signature 0x…',
      '  $ plimsoll review show review.jsonl',
      '',
    ].join('\n'),
  );
}

async function draft(
  bundle: string,
  log: string,
  flags: File.At & { readonly committee: string; readonly revises?: string; readonly execution?: string },
): Promise<void> {
  const Desk = await import('../../governance/review-desk.ts');
  const Committee = await import('../../governance/committee.ts');
  if (existsSync(log))
    throw new File.UnusableLogError({
      got: 'a file that exists',
      needed: 'a new name',
      where: log,
      fix: 'A log only ever grows: `review add`.',
    });
  const committee = Committee.read(await File.json(flags.committee), flags.committee);
  const { proposal, execution } = bundle.endsWith('.json') ? await ofVenue(bundle, flags.execution) : await ofBundle(bundle);
  const revises = flags.revises === undefined ? null : (await File.checked(flags.revises)).proposal;
  const happenings = Desk.begin(proposal, execution, committee, await File.moment(flags), revises);
  await appendFile(log, happenings.map((one) => `${JSON.stringify(one)}\n`).join(''), { flag: 'wx' });
  say(
    `${log}: ${happenings.map(({ action }) => action).join(', ')}${execution === null ? '; nothing was rehearsed, so it cannot be opened' : ''}`,
  );
}

async function ofBundle(bundle: string) {
  const { Execution, Proposal } = await import('../../governance/proposal.ts');
  const where = join(bundle, 'proposal.json');
  const proposal = Proposal.safeParse(await File.json(where));
  if (!proposal.success) throw new File.UnusableLogError({ got: 'no proposal', needed: 'a bundle that advises a change', where });
  const rehearsed = join(bundle, 'execution.json');
  return { proposal: proposal.data, execution: existsSync(rehearsed) ? Execution.parse(await File.json(rehearsed)) : null };
}

async function ofVenue(file: string, executionFile: string | undefined) {
  const proposal = await VenueFile.proposal(file);
  return { proposal, execution: executionFile === undefined ? null : await VenueFile.execution(executionFile, proposal) };
}

async function ask(log: string, action: (typeof ACTIONS)[number], flags: File.At & { readonly reason: string }): Promise<void> {
  const Desk = await import('../../governance/review-desk.ts');
  const review = await File.checked(log);
  const asked = Desk.ask(review, action, flags.reason, Desk.headOf(review), Date.parse(await File.moment(flags)));
  printJson(asked);
  say(`Sign only if your wallet shows domain ${asked.hashes.domain} and message ${asked.hashes.message}`);
}

async function append(
  log: string,
  askedPath: string,
  flags: File.At & { readonly by: string; readonly signature: string; readonly rpc?: string },
): Promise<number> {
  const Desk = await import('../../governance/review-desk.ts');
  const { Statement } = await import('../../governance/decision.ts');
  const Chain = await import('../../governance/chain.ts');
  const review = await File.checked(log, flags.rpc);
  const asked = (await File.json(askedPath)) as { readonly statement?: unknown } | null;
  const statement = Statement.safeParse(asked?.statement);
  if (!statement.success)
    throw new File.UnusableLogError({ got: 'another file', needed: 'what `plimsoll review ask` wrote', where: askedPath });
  const given = { by: File.address(flags.by), statement: statement.data, signature: File.hex(flags.signature) };
  const outcome = await Desk.decide(Chain.clientAt(flags.rpc ?? null), review, given, await File.moment(flags));
  if (outcome.kind === 'refused') {
    say(`Refused (${outcome.reason}): ${outcome.says}`);
    return REFUSED;
  }
  if (outcome.kind === 'moved') await File.write(log, outcome.review);
  print(`${outcome.review.state}\n`);
  return 0;
}

async function show(log: string, flags: { readonly rpc?: string; readonly json?: boolean }): Promise<void> {
  const { next } = await import('../../governance/review.ts');
  const review = await File.checked(log, flags.rpc);
  if (flags.json) {
    printJson({ ...review, next: next(review) });
    return;
  }
  const { state, approvals, rejections, committee, expiresAt, proposal } = review;
  print(`${state}: ${approvals.length} of ${committee.approvals} approvals, ${rejections.length} rejections, good until ${expiresAt}\n`);
  print(`proposal ${proposal}\n\n`);
  const rows = review.log.map(({ seq, state: reached, happening: { action, by, at, why } }) => [
    String(seq),
    at,
    action,
    by,
    reached,
    visible(why),
  ]);
  print(table(['', 'at', 'step', 'by', 'stands', 'why'], rows));
  print(`\nnext: ${next(review).join(', ') || 'nothing, it has ended'}\n`);
}
