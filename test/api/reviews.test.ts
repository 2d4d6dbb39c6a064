/** Reviews as the service keeps them: on every store, with people who decide at the same moment, and with somebody who edits the database. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Reviews from '../../api/reviews.ts';
import { type App, build } from '../../api/server.ts';
import type { Service } from '../../api/service.ts';
import { pack } from '../../api/store/artifact.ts';
import * as Audit from '../../api/store/audit.ts';
import * as Store from '../../api/store/store.ts';
import { canonicalJson, digest, type Id, seal } from '../../base/id.ts';
import type * as Decision from '../../governance/decision.ts';
import { draft } from '../../governance/draft.ts';
import type { Execution, Proposal } from '../../governance/proposal.ts';
import type * as Desk from '../../governance/review-desk.ts';
import { rehearsalTarget } from '../../governance/simulate.ts';
import * as Book from '../governance/book.ts';
import { addressOf, committee, type Person, people, signed } from '../governance/people.ts';
import { engines, type Opened, temporaryFolder } from './stores.ts';

const [drafter, ann, bob, cai, guardian] = people as [Person, Person, Person, Person, Person];
const folder = temporaryFolder();
const file = join(folder, 'committee.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Advice of a past day, good until tomorrow: a draft as the service would hold it. */
function proposal(note: string): Proposal {
  const book = Book.state();
  const drafted = draft(Book.recommendation(book), book, rehearsalTarget(), Book.ROOT);
  if (drafted.kind !== 'proposal') throw new Error(drafted.says);
  const { id: _, ...rest } = drafted;
  return seal({ ...rest, description: `${rest.description}\n${note}`, expiresAt: new Date(Date.now() + 86_400_000).toISOString() });
}

async function sign(person: Person, asked: Desk.Asked): Promise<Desk.Given> {
  return { by: addressOf(person), statement: asked.statement, signature: await signed(person, asked) };
}

describe.each(engines)('reviews on the $name store', ({ open }) => {
  let opened: Opened;
  let app: App;
  const config = { committee: file, rpcUrl: null };
  beforeAll(async () => {
    writeFileSync(file, JSON.stringify(committee));
    opened = await open();
    const service = { store: () => opened.store, config } as unknown as Service;
    app = await build({ service: () => service, log: false, rateLimit: 10_000, pageDir: 'no-page' });
  });
  afterAll(async () => {
    await app.close();
    await opened.close();
  });

  /** A finished run with a rehearsed proposal, put on the desk. */
  async function held(note: string): Promise<Id> {
    const drafted = proposal(note);
    const execution: Execution = seal({
      ...{ kind: 'execution' as const, from: { proposal: drafted.id }, chainId: drafted.chainId, rehearsal: true },
      ...{ steps: [], readBack: [], ok: true },
    });
    for (const one of [drafted, execution]) await Store.putArtifacts(opened.store, [pack(one.kind, one.id, canonicalJson(one))]);
    const id = digest(`run of ${note}`);
    await Store.claimRun(opened.store, { id, options: {}, key: null, fingerprint: id });
    const attempt = (await Store.startRun(opened.store, id))!;
    const stands = { id: drafted.id, state: 'rehearsed' as const, executionId: execution.id };
    await Store.finishRun(opened.store, { id, attempt, summary: {}, recommendationId: 'r', proposal: stands });
    const answer = await app.inject({ method: 'POST', url: `/v1/proposals/${drafted.id}/review`, payload: {} });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ state: 'simulated', next: expect.arrayContaining(['open']), approvals: [] });
    return drafted.id;
  }
  const ask = async (id: Id, action: Decision.Statement['action'], reason = 'as it should be') => {
    const answer = await app.inject({ url: `/v1/reviews/${id}/statement`, query: { action, reason } });
    expect(answer.statusCode).toBe(200);
    return answer.json<Desk.Asked>();
  };
  const bring = (id: Id, given: Desk.Given) => app.inject({ method: 'POST', url: `/v1/reviews/${id}/decisions`, payload: given });
  const step = async (id: Id, person: Person, action: Decision.Statement['action'], reason?: string) =>
    bring(id, await sign(person, await ask(id, action, reason)));

  it('go from desk to approval by two who are not the drafter; the same decision twice is one', async () => {
    const id = await held('plain');
    expect((await step(id, drafter, 'open', 'please read')).json()).toMatchObject({ state: 'in-review', drafter: addressOf(drafter) });
    const yes = await sign(ann, await ask(id, 'approve'));
    expect((await bring(id, yes)).json()).toMatchObject({ state: 'in-review', approvals: [addressOf(ann)] });
    expect((await bring(id, yes)).json()).toMatchObject({ state: 'in-review', approvals: [addressOf(ann)] });
    expect((await step(id, bob, 'approve')).json()).toMatchObject({ state: 'approved' });
    const [first] = (await app.inject('/v1/reviews')).json();
    expect(first).toMatchObject({ proposalId: id, state: 'approved', entries: 6 });
    expect(await Audit.verify(opened.store.database)).toMatchObject({ brokenAt: null });
  });

  it('lose nobody who decides at the same moment', async () => {
    const id = await held('together');
    await step(id, drafter, 'open');
    const three = await Promise.all(
      [ann, bob, cai].map(async (person) => sign(person, await ask(id, person === cai ? 'reject' : 'approve'))),
    );
    const answers = await Promise.all(three.map((given) => bring(id, given)));
    const review = await Reviews.read(opened.store, id);
    // One rejection ends it: who came after that was told so, and everybody before is in the log.
    expect(review.state).toBe('rejected');
    const taken = answers.filter(({ statusCode }) => statusCode === 200).length;
    expect(review.log).toHaveLength(4 + taken);
    for (const answer of answers)
      if (answer.statusCode !== 200) expect(answer.json()).toMatchObject({ status: 409, type: 'Reviews.RefusedError', where: 'ended' });
    expect(await Audit.verify(opened.store.database)).toMatchObject({ brokenAt: null });
  });

  it('refuse who may not, and say why', async () => {
    const id = await held('refusals');
    await step(id, drafter, 'open');
    expect((await step(id, drafter, 'approve')).json()).toMatchObject({ type: 'Reviews.RefusedError', where: 'drafter' });
    expect((await step(id, ann, 'veto')).json()).toMatchObject({ where: 'not-entitled' });
    expect((await step(id, ann, 'reject', '  ')).json()).toMatchObject({ where: 'no-reason' });
    const asked = await ask(id, 'approve');
    const forged = { ...(await sign(bob, asked)), by: addressOf(ann) };
    expect((await bring(id, forged)).json()).toMatchObject({ type: 'Decision.BadSignatureError' });
    const other = { ...asked.statement, reason: 'other words' };
    expect((await bring(id, { ...(await sign(ann, asked)), statement: other })).json()).toMatchObject({
      type: 'Decision.BadSignatureError',
    });
    const cut = { ...asked.statement, log: digest('a log that was never here') };
    expect((await bring(id, { ...(await sign(ann, asked)), statement: cut })).json()).toMatchObject({ type: 'Reviews.UnknownLogError' });
    expect((await app.inject(`/v1/reviews/${digest('nobody')}`)).statusCode).toBe(404);
    expect((await bring(id, { by: 'ann' } as unknown as Desk.Given)).statusCode).toBe(400);
    expect((await Reviews.read(opened.store, id)).state).toBe('in-review');
    expect((await step(id, guardian, 'veto', 'the feed is frozen')).json()).toMatchObject({ state: 'vetoed' });
  });

  it('cannot be opened without a committee, and a revision names what it revises', async () => {
    const id = await held('first');
    await step(id, drafter, 'open');
    await step(id, ann, 'reject', 'depth of CRV is a year old');
    const drafted = proposal('second');
    await Store.putArtifacts(opened.store, [pack(drafted.kind, drafted.id, canonicalJson(drafted))]);
    await expect(Reviews.open(opened.store, { committee: null }, drafted.id, null)).rejects.toThrow(/COMMITTEE/);
    await expect(Reviews.open(opened.store, { committee: '/nowhere/committee.json' }, drafted.id, null)).rejects.toThrow(/ENOENT/);
    const revision = await Reviews.open(opened.store, config, drafted.id, id);
    // Nothing was rehearsed: it is on the desk, and cannot be opened.
    expect(revision).toMatchObject({ state: 'checked', revises: id });
    expect((await step(drafted.id, drafter, 'open')).json()).toMatchObject({ where: 'wrong-state' });
  });

  it('see that somebody edited an entry, and that the audit log lost its tail', async () => {
    const id = await held('edited');
    await step(id, drafter, 'open');
    await expect(opened.store.pool.query(`DELETE FROM plimsoll.review_log`)).rejects.toThrow(/append-only/);
    await opened.store.pool.query('ALTER TABLE plimsoll.review_log DISABLE TRIGGER ALL');
    await opened.store.pool.query(
      `UPDATE plimsoll.review_log SET entry = replace(entry, '"why":""', '"why":"x"') WHERE proposal_id = '${id}' AND seq = 2`,
    );
    await opened.store.pool.query('ALTER TABLE plimsoll.review_log ENABLE TRIGGER ALL');
    await expect(Reviews.read(opened.store, id)).rejects.toThrow(Reviews.DamagedError);

    const other = await held('cut');
    const asked = await ask(other, 'open');
    await opened.store.pool.query('ALTER TABLE plimsoll.audit_log DISABLE TRIGGER ALL');
    await opened.store.pool.query('DELETE FROM plimsoll.audit_log WHERE seq = (SELECT max(seq) FROM plimsoll.audit_log)');
    await opened.store.pool.query('ALTER TABLE plimsoll.audit_log ENABLE TRIGGER ALL');
    // The chain itself still holds; who signed over the head that was cut away is the witness.
    expect(await Audit.verify(opened.store.database)).toMatchObject({ brokenAt: null });
    expect((await bring(other, await sign(drafter, asked))).json()).toMatchObject({ type: 'Reviews.UnknownLogError' });
  });
});
