/** Stores to run a suite on: always the embedded one, Postgres and Redis where the environment names them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import * as Store from '../../api/store/store.ts';

export type Opened = {
  readonly store: Store.Store;
  readonly config: { databaseUrl: string | null; dataDir: string };
  close(): Promise<void>;
};
export type Engine = { readonly name: string; open(): Promise<Opened> };

export const REDIS_URL = process.env['REDIS_URL'] || null;
const DATABASE_URL = process.env['DATABASE_URL'] || null;

export const engines: readonly Engine[] = [
  { name: 'embedded', open: openEmbedded },
  ...(DATABASE_URL === null ? [] : [{ name: 'Postgres', open: () => openServer(DATABASE_URL) }]),
];

if (DATABASE_URL === null) process.stderr.write('Not covered: the store on a Postgres server. Set DATABASE_URL to cover it.\n');
if (REDIS_URL === null) process.stderr.write('Not covered: the queue on Redis. Set REDIS_URL to cover it.\n');

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'plimsoll-test-'));
}

async function openEmbedded(): Promise<Opened> {
  const config = { databaseUrl: null, dataDir: temporaryFolder() };
  const store = await Store.open(config);
  return {
    store,
    config,
    close: async () => {
      await store.close();
      rmSync(config.dataDir, { recursive: true, force: true });
    },
  };
}

/** A database of its own, so that suites neither meet nor leave anything. */
async function openServer(url: string): Promise<Opened> {
  const name = `plimsoll_test_${randomBytes(6).toString('hex')}`;
  await administer(url, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const config = { databaseUrl: own.href, dataDir: temporaryFolder() };
  const store = await Store.open(config);
  return {
    store,
    config,
    close: async () => {
      await store.close();
      await administer(url, `DROP DATABASE ${name} WITH (FORCE)`);
      rmSync(config.dataDir, { recursive: true, force: true });
    },
  };
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
