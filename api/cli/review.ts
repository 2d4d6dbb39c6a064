/** `plimsoll review`: people decide on a bundle's proposal in a file that anyone can check, without a server. Nothing here signs. */
import { existsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { PlimsollError, quote } from '../../base/errors.ts';
import type * as Review from '../../governance/review.ts';
import type { Address, Hex } from '../../governance/targets/words.ts';
import { print, printJson, say, table, visible } from './terminal.ts';

/** As in governance/decision.ts (a test asks): help must not load what decisions need. */
export const ACTIONS = ['open', 'approve', 'reject', 'veto'] as const;
const REFUSED = 3;
/** Longest line of a log that is read, and longest file handed in. */
const MOST_BYTES = 16 * 1024 * 1024;

export function add(program: Command, end: (code: number) => void): void {
  const review = program
    .command('review')
    .description("Decide on a bundle's proposal: a log of signed statements, in a file that anyone can check");
  review
    .command('draft <bundle> <log>')
    .description('Begin a log: the proposal, its checks and its rehearsal')
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

type At = { readonly now?: string };

async function draft(bundle: string, log: string, flags: At & { readonly committee: string; readonly revises?: string }): Promise<void> {
  const Desk = await import('../../governance/review-desk.ts');
  const Committee = await import('../../governance/committee.ts');
  const { Execution, Proposal } = await import('../../governance/proposal.ts');
  if (existsSync(log))
    throw new UnusableLogError({
      got: 'a file that exists',
      needed: 'a new name',
      where: log,
      fix: 'A log only ever grows: `review add`.',
    });
  const proposal = Proposal.safeParse(await json(join(bundle, 'proposal.json')));
  if (!proposal.success)
    throw new UnusableLogError({ got: 'no proposal', needed: 'a bundle that advises a change', where: join(bundle, 'proposal.json') });
  const committee = Committee.read(await json(flags.committee), flags.committee);
  const rehearsed = join(bundle, 'execution.json');
  const execution = existsSync(rehearsed) ? Execution.parse(await json(rehearsed)) : null;
  const revises = flags.revises === undefined ? null : (await checked(flags.revises)).proposal;
  const happenings = Desk.begin(proposal.data, execution, committee, await moment(flags), revises);
  await appendFile(log, happenings.map((one) => `${JSON.stringify(one)}\n`).join(''), { flag: 'wx' });
  say(
    `${log}: ${happenings.map(({ action }) => action).join(', ')}${execution === null ? '; nothing was rehearsed, so it cannot be opened' : ''}`,
  );
}

async function ask(log: string, action: (typeof ACTIONS)[number], flags: At & { readonly reason: string }): Promise<void> {
  const Desk = await import('../../governance/review-desk.ts');
  const review = await checked(log);
  const asked = Desk.ask(review, action, flags.reason, Desk.headOf(review), Date.parse(await moment(flags)));
  printJson(asked);
  say(`Sign only if your wallet shows domain ${asked.hashes.domain} and message ${asked.hashes.message}`);
}

async function append(
  log: string,
  askedPath: string,
  flags: At & { readonly by: string; readonly signature: string; readonly rpc?: string },
): Promise<number> {
  const Desk = await import('../../governance/review-desk.ts');
  const { Statement } = await import('../../governance/decision.ts');
  const Chain = await import('../../governance/chain.ts');
  const review = await checked(log, flags.rpc);
  const asked = (await json(askedPath)) as { readonly statement?: unknown } | null;
  const statement = Statement.safeParse(asked?.statement);
  if (!statement.success) throw new UnusableLogError({ got: 'another file', needed: 'what `plimsoll review ask` wrote', where: askedPath });
  const given = { by: address(flags.by), statement: statement.data, signature: hex(flags.signature) };
  const outcome = await Desk.decide(Chain.clientAt(flags.rpc ?? null), review, given, await moment(flags));
  if (outcome.kind === 'refused') {
    say(`Refused (${outcome.reason}): ${outcome.says}`);
    return REFUSED;
  }
  if (outcome.kind === 'moved') {
    const { happening } = outcome.review.log.at(-1)!;
    await appendFile(log, `${JSON.stringify(happening)}\n`);
  }
  print(`${outcome.review.state}\n`);
  return 0;
}

async function show(log: string, flags: { readonly rpc?: string; readonly json?: boolean }): Promise<void> {
  const { next } = await import('../../governance/review.ts');
  const review = await checked(log, flags.rpc);
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

/** Every line again by the state machine and by its signature, and the head that each statement names among the heads before it. */
async function checked(path: string, rpc?: string): Promise<Review.Review> {
  const Log = await import('../../governance/review-log.ts');
  const Desk = await import('../../governance/review-desk.ts');
  const Chain = await import('../../governance/chain.ts');
  const { Happening } = await import('../../governance/review.ts');
  const lines = (await text(path)).split('\n').filter((line) => line.trim() !== '');
  const happenings = lines.map((line, index) => {
    const read = Happening.safeParse(parsed(line, `${path}, line ${index + 1}`));
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw new UnusableLogError({
      got: quote(issue?.message ?? ''),
      needed: 'an entry of a review',
      where: `${path}, line ${index + 1}, ${issue?.path.join('.')}`,
    });
  });
  const review = await Log.check(Chain.clientAt(rpc ?? null), happenings);
  const heads = new Set<string>();
  for (const entry of review.log) {
    const head = 'statement' in entry.happening ? entry.happening.statement['log'] : undefined;
    if (head !== undefined && !heads.has(head))
      throw new UnusableLogError({
        got: `a statement over a log that ended in ${head}`,
        needed: 'an entry before it',
        where: `${path}, line ${entry.seq}`,
        fix: 'Lines were taken out, or it was signed over another log.',
      });
    heads.add(Desk.headOf({ ...review, log: review.log.slice(0, entry.seq) }));
  }
  return review;
}

async function moment({ now }: At): Promise<string> {
  const { moment: read } = await import('../voyage.ts');
  return now === undefined ? new Date().toISOString() : read(now, '--now');
}

async function text(path: string): Promise<string> {
  const { readText } = await import('../voyage.ts');
  const content = await readText(path);
  if (content.length > MOST_BYTES)
    throw new UnusableLogError({ got: `${content.length} characters`, needed: `at most ${MOST_BYTES}`, where: path });
  return content;
}

async function json(path: string): Promise<unknown> {
  return parsed(await text(path), path);
}

function parsed(content: string, where: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new UnusableLogError({ got: (error as Error).message, needed: 'JSON', where });
  }
}

function address(value: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(value)) return value as Address;
  throw new UnusableLogError({ got: quote(value), needed: 'an address: 0x and 40 hexadecimal digits', where: '--by' });
}

function hex(value: string): Hex {
  if (/^0x([0-9a-fA-F]{2})+$/.test(value)) return value as Hex;
  throw new UnusableLogError({ got: quote(value), needed: '0x and pairs of hexadecimal digits', where: '--signature' });
}

export class UnusableLogError extends PlimsollError {
  override readonly name = 'Review.UnusableLogError';
}
