import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack, unpack } from '../../api/store/artifact.ts';
import * as Audit from '../../api/store/audit.ts';
import * as Store from '../../api/store/store.ts';
import { canonicalJson, seal } from '../../base/id.ts';
import { engines, type Opened } from './stores.ts';

const artifact = (kind: string, content: object) => {
  const body = seal({ kind, ...content });
  return pack(kind, body.id, canonicalJson(body));
};

describe.each(engines)('the store on $name', (engine) => {
  let opened: Opened;
  let store: Store.Store;
  beforeAll(async () => {
    opened = await engine.open();
    store = opened.store;
  });
  afterAll(() => opened?.close());

  it('gives back the bytes it was given, by id and kind', async () => {
    const item = artifact('policy', { text: 'Ünï ×', big: 2 ** 53 - 1, nested: [1, null, { a: -0.1 }] });
    await Store.putArtifacts(store, [item, item]);
    const found = await Store.getArtifact(store, ['policy'], item.id);
    expect(unpack(found!)).toBe(unpack(item));
    expect(await Store.getArtifact(store, ['recommendation'], item.id)).toBeNull();
  });

  it('never changes or forgets an artifact', async () => {
    const item = artifact('policy', { kept: true });
    await Store.putArtifacts(store, [item]);
    await expect(store.pool.query(`UPDATE plimsoll.artifacts SET kind = 'x'`)).rejects.toThrow(/append-only/);
    await expect(store.pool.query('DELETE FROM plimsoll.artifacts')).rejects.toThrow(/append-only/);
    await expect(store.pool.query('TRUNCATE plimsoll.artifacts')).rejects.toThrow(/append-only/);
    expect(await Store.getArtifact(store, ['policy'], item.id)).not.toBeNull();
  });

  it('lists newest first, page by page, each entry once', async () => {
    const items = Array.from({ length: 7 }, (_, index) => artifact('recommendation', { index }));
    for (const item of items) await Store.putArtifacts(store, [item]);
    const seen: string[] = [];
    let cursor: Store.Cursor | null = null;
    do {
      const page: Store.Slice<Store.Cursor> = await Store.listArtifacts(store, 'recommendation', 3, cursor);
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(items.map(({ id }) => id).toSorted());
    const times = await store.pool.query(
      `SELECT id FROM plimsoll.artifacts WHERE kind = 'recommendation' ORDER BY created_at DESC, id DESC`,
    );
    expect(seen).toEqual((times.rows as { id: string }[]).map(({ id }) => id));
  });

  it('makes one run of one request, however many ask at once', async () => {
    const ask = { id: 'run-once', options: { seed: 1 }, key: null, fingerprint: 'f' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => Store.claimRun(store, ask)));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it('gives one answer a key, and refuses the key with another body', async () => {
    const first = { id: 'keyed', options: {}, key: 'key-1', fingerprint: 'body-1' };
    await Store.claimRun(store, first);
    expect((await Store.claimRun(store, { ...first, id: 'other' })).run.id).toBe('keyed');
    await expect(Store.claimRun(store, { ...first, fingerprint: 'body-2' })).rejects.toThrow(Store.IdempotencyKeyReusedError);
  });

  it('lets only the newest start of a run write its end', async () => {
    await Store.claimRun(store, { id: 'fenced', options: {}, key: null, fingerprint: 'f' });
    const first = await Store.startRun(store, 'fenced');
    const second = await Store.startRun(store, 'fenced');
    expect([first, second]).toEqual([1, 2]);
    const end = { id: 'fenced', summary: { by: 'x' }, recommendationId: 'r', proposal: null };
    expect(await Store.finishRun(store, { ...end, attempt: 1 })).toBe(false);
    await Store.failRun(store, 'fenced', 1, { type: 'late' });
    expect((await Store.getRun(store, 'fenced'))?.status).toBe('running');
    expect(await Store.finishRun(store, { ...end, attempt: 2 })).toBe(true);
    expect(await Store.startRun(store, 'fenced')).toBeNull();
  });

  it('keeps where a proposal stands', async () => {
    await Store.claimRun(store, { id: 'proposing', options: {}, key: null, fingerprint: 'f' });
    const attempt = (await Store.startRun(store, 'proposing'))!;
    const proposal = { id: 'p1', state: 'rehearsed', executionId: 'e1' } as const;
    await Store.finishRun(store, { id: 'proposing', attempt, summary: {}, recommendationId: 'r', proposal });
    expect(await Store.proposalState(store, 'p1')).toMatchObject({ state: 'rehearsed', executionId: 'e1', runId: 'proposing' });
  });

  it('reads numbers, times and text as a Postgres server gives them', async () => {
    const { rows } = await store.pool.query(
      `SELECT 9007199254740993::bigint AS big, 1.50::numeric(78,2) AS exact, '{"a":[1]}'::jsonb AS json, true AS yes,
              ARRAY['x','y,"z'] AS list, NULL::text AS nothing, $1::int + 1 AS sum, $2::text[] AS given, $3::bytea AS bytes`,
      [41, ['a', 'b"c\\', null], Buffer.from([0, 255])],
    );
    expect(rows[0]).toEqual({
      big: '9007199254740993',
      exact: '1.50',
      json: { a: [1] },
      yes: true,
      list: ['x', 'y,"z'],
      nothing: null,
      sum: 42,
      given: ['a', 'b"c\\', null],
      bytes: Buffer.from([0, 255]),
    });
  });

  it('undoes a transaction that fails, and serves others meanwhile', async () => {
    const failing = store.database.transaction(async (transaction) => {
      await transaction.execute(sql`INSERT INTO plimsoll.idempotency_keys (key, fingerprint, run_id) VALUES ('undone', 'f', 'r')`);
      throw new Error('no');
    });
    const others = Promise.all(Array.from({ length: 5 }, () => store.pool.query('SELECT 1')));
    await expect(failing).rejects.toThrow('no');
    await others;
    const { rows } = await store.pool.query(`SELECT * FROM plimsoll.idempotency_keys WHERE key = 'undone'`);
    expect(rows).toEqual([]);
  });

  it('chains the audit log, and says where somebody broke it', async () => {
    await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        store.database.transaction((transaction) => Audit.append(transaction, { actor: 'test', action: 'noted', subject: String(index) })),
      ),
    );
    const whole = await Audit.verify(store.database);
    expect(whole.brokenAt).toBeNull();
    expect(whole.entries).toBeGreaterThanOrEqual(6);
    await expect(store.pool.query(`UPDATE plimsoll.audit_log SET entry = 'x'`)).rejects.toThrow(/append-only/);
    // Somebody with every right switches the guard off: the chain still tells.
    await store.pool.query('ALTER TABLE plimsoll.audit_log DISABLE TRIGGER ALL');
    await store.pool.query(`UPDATE plimsoll.audit_log SET entry = replace(entry, 'action', 'acted') WHERE seq = 4`);
    await store.pool.query('ALTER TABLE plimsoll.audit_log ENABLE TRIGGER ALL');
    expect((await Audit.verify(store.database)).brokenAt).toBe(4);
  });

  if (engine.name === 'embedded') {
    it('has one owner a folder', async () => {
      await expect(Store.open(opened.config)).rejects.toThrow(/another Plimsoll process/);
    });
  }
});

it('names a database that does not answer', async () => {
  await expect(Store.open({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', dataDir: '.' })).rejects.toThrow(
    Store.DatabaseUnreachableError,
  );
});
