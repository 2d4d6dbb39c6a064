/** `plimsoll review` as people use it: files, signatures from elsewhere, and logs that somebody has touched. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACTIONS } from '../../api/cli/review.ts';
import { canonicalJson, seal } from '../../base/id.ts';
import * as Decision from '../../governance/decision.ts';
import { draft } from '../../governance/draft.ts';
import type * as Desk from '../../governance/review-desk.ts';
import { rehearsalTarget } from '../../governance/simulate.ts';
import * as Book from '../governance/book.ts';
import { addressOf, committee, type Person, people, signed } from '../governance/people.ts';
import { plimsoll as run } from './command.ts';
import { temporaryFolder } from './stores.ts';

const [drafter, ann, bob] = people as [Person, Person, Person];
let folder: string;
const at = (name: string) => join(folder, name);
const NOW = '2023-10-31T01:00:00.000Z';

beforeAll(() => {
  folder = temporaryFolder();
  const book = Book.state();
  const drafted = draft(Book.recommendation(book), book, rehearsalTarget(), Book.ROOT);
  if (drafted.kind !== 'proposal') throw new Error(drafted.says);
  const execution = seal({
    ...{ kind: 'execution' as const, from: { proposal: drafted.id }, chainId: drafted.chainId, rehearsal: true },
    ...{ steps: [], readBack: [], ok: true },
  });
  mkdirSync(at('bundle'));
  writeFileSync(at('bundle/proposal.json'), canonicalJson(drafted));
  writeFileSync(at('bundle/execution.json'), canonicalJson(execution));
  writeFileSync(at('committee.json'), JSON.stringify(committee));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function plimsoll(...args: string[]) {
  const { code, stdout, stderr } = await run(['review', ...args]);
  return { code, out: () => stdout, err: () => stderr };
}

/** Asks, signs elsewhere, adds. */
async function step(log: string, person: Person, action: Decision.Statement['action'], reason = 'read') {
  const asked = await plimsoll('ask', at(log), action, '--reason', reason, '--now', NOW);
  writeFileSync(at('asked.json'), asked.out());
  const signature = await signed(person, JSON.parse(asked.out()) as Desk.Asked);
  return plimsoll('add', at(log), at('asked.json'), '--by', addressOf(person), '--signature', signature, '--now', NOW);
}

it('goes from a bundle to an approval by two, and anyone can check the file', async () => {
  expect(ACTIONS).toEqual(Decision.ACTIONS);
  expect((await plimsoll('draft', at('bundle'), at('log'), '--committee', at('committee.json'), '--now', NOW)).code).toBe(0);
  expect((await step('log', drafter, 'open')).out()).toBe('in-review\n');
  expect((await step('log', ann, 'approve', 'one\nline\u202e')).out()).toBe('in-review\n');
  const drafters = await step('log', drafter, 'approve');
  expect([drafters.code, drafters.err()]).toEqual([3, expect.stringContaining('(drafter)')]);
  expect((await step('log', bob, 'approve')).out()).toBe('approved\n');
  const shown = await plimsoll('show', at('log'));
  expect(shown.out()).toMatch(/^approved: 2 of 2 approvals, 0 rejections/);
  expect(shown.out()).toMatch(/ one line *$/m);
  expect(JSON.parse((await plimsoll('show', at('log'), '--json')).out())).toMatchObject({ state: 'approved' });
});

it('sees a line taken out, a word changed, a log of another proposal, a signature of somebody else', async () => {
  const lines = readFileSync(at('log'), 'utf8').trim().split('\n');
  const shown = async (changed: string[]) => {
    writeFileSync(at('changed'), `${changed.join('\n')}\n`);
    return plimsoll('show', at('changed'));
  };
  // Ann's line out: Bob signed over a log that ended in it.
  const cut = await shown(lines.toSpliced(4, 1));
  expect([cut.code, cut.err()]).toEqual([1, expect.stringContaining('Review.UnusableLogError')]);
  const reworded = await shown(lines.with(5, lines[5]!.replaceAll('read', 'unread')));
  expect([reworded.code, reworded.err()]).toEqual([1, expect.stringContaining('BadSignature')]);
  expect((await shown(lines.toSpliced(2, 1))).err()).toContain('ReviewLog.NotALogError');
  expect((await shown(['{', ...lines])).err()).toContain('line 1');
  expect((await shown([lines[0]!.replace('"draft"', '"drift"')])).err()).toContain('Review.UnusableLogError');
  const before = readFileSync(at('log'), 'utf8');
  const wrong = await plimsoll(
    'add',
    at('log'),
    at('asked.json'),
    '--by',
    addressOf(ann),
    '--signature',
    `0x${'11'.repeat(65)}`,
    '--now',
    NOW,
  );
  expect([wrong.code, wrong.err()]).toEqual([1, expect.stringContaining('Decision.BadSignatureError')]);
  expect((await plimsoll('add', at('log'), at('asked.json'), '--by', 'ann', '--signature', '0x11')).err()).toContain('--by');
  expect((await plimsoll('add', at('log'), at('committee.json'), '--by', addressOf(ann), '--signature', '0x11')).err()).toContain(
    'review ask',
  );
  expect((await plimsoll('draft', at('bundle'), at('log'), '--committee', at('committee.json'))).err()).toContain('a file that exists');
  expect(readFileSync(at('log'), 'utf8')).toBe(before);
});

it('answers a rejection with a revision that names it', async () => {
  await plimsoll('draft', at('bundle'), at('first'), '--committee', at('committee.json'), '--now', NOW);
  await step('first', drafter, 'open');
  expect((await step('first', ann, 'reject', ' ')).err()).toContain('(no-reason)');
  expect((await step('first', ann, 'reject', 'depth is a year old')).out()).toBe('rejected\n');
  await plimsoll('draft', at('bundle'), at('second'), '--committee', at('committee.json'), '--revises', at('first'), '--now', NOW);
  const second = JSON.parse((await plimsoll('show', at('second'), '--json')).out());
  expect(second.revises).toMatch(/^sha256:/);
  expect(second.state).toBe('simulated');
});
