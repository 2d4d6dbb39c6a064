/** A review's log as a file: read, checked line by line, written by adding lines. */
import { appendFile } from 'node:fs/promises';
import { PlimsollError, quote } from '../../base/errors.ts';
import type * as Review from '../../governance/review.ts';
import type { Address, Hex } from '../../governance/targets/words.ts';

export type At = { readonly now?: string };

/** Longest line of a log that is read, and longest file handed in. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Every line again by the state machine and by its signature, and the head that each statement names among the heads before it. */
export async function checked(path: string, rpc?: string): Promise<Review.Review> {
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

/** Takes the step if the review allows it, and adds its line; says why not otherwise. */
export async function take(log: string, review: Review.Review, happening: Review.Happening): Promise<Review.Outcome> {
  const { apply } = await import('../../governance/review.ts');
  const outcome = apply(review, happening);
  if (outcome.kind === 'moved') await write(log, outcome.review);
  return outcome;
}

/** The newest entry as the log's next line. */
export async function write(log: string, review: Review.Review): Promise<void> {
  await appendFile(log, `${JSON.stringify(review.log.at(-1)!.happening)}\n`);
}

export async function moment({ now }: At): Promise<string> {
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

export async function json(path: string): Promise<unknown> {
  return parsed(await text(path), path);
}

function parsed(content: string, where: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new UnusableLogError({ got: (error as Error).message, needed: 'JSON', where });
  }
}

export function address(value: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(value)) return value as Address;
  throw new UnusableLogError({ got: quote(value), needed: 'an address: 0x and 40 hexadecimal digits', where: '--by' });
}

export function hex(value: string): Hex {
  if (/^0x([0-9a-fA-F]{2})+$/.test(value)) return value as Hex;
  throw new UnusableLogError({ got: quote(value), needed: '0x and pairs of hexadecimal digits', where: '--signature' });
}

export class UnusableLogError extends PlimsollError {
  override readonly name = 'Review.UnusableLogError';
}
