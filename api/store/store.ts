/**
 * The store: artifacts by id, runs, where proposals stand, idempotency keys, audit log. Same code on the embedded engine
 * and on a Postgres server.
 */
import { join } from 'node:path';
import { and, desc, eq, inArray, lt, or, sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { PlimsollError } from '../../base/errors.ts';
import type { Id } from '../../base/id.ts';
import { type Config, PACKAGE_ROOT } from '../config.ts';
import type { Artifact } from './artifact.ts';
import * as Audit from './audit.ts';
import { type EmbeddedPool, openEmbedded } from './embedded.ts';
import { acquire } from './lock.ts';
import { artifacts, idempotencyKeys, type ProposalStatus, proposalStates, type RunStatus, runs } from './schema.ts';

export type Pool = EmbeddedPool | pg.Pool;
export type Store = {
  readonly engine: 'embedded' | 'postgres';
  readonly pool: Pool;
  readonly database: NodePgDatabase;
  /** Names this very database: two installations that share a Redis must not take each other's runs. */
  readonly identity: string;
  close(): Promise<void>;
};
export type RunRow = typeof runs.$inferSelect;
export type Cursor = { readonly createdAt: string; readonly id: string };
export type Slice<T> = { readonly items: readonly T[]; readonly next: Cursor | null };

const MIGRATIONS = join(PACKAGE_ROOT, 'api', 'store', 'migrations');
/** Serialises concurrent starters; any constant no other program uses on the same database. */
const MIGRATION_LOCK = 7_146_001;

/**
 * 1. take the folder's lock, or connect   2. bring the schema up to date
 */
export async function open(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Promise<Store> {
  const { engine, pool, close } = config.databaseUrl === null ? await embedded(config.dataDir) : await server(config.databaseUrl);
  // The embedded pool has the three methods drizzle uses; its type names the driver's whole class.
  const database = drizzle(pool as pg.Pool);
  try {
    await migrateSchema(pool);
    return { engine, pool, database, identity: await identify(pool), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves where the database answers. */
export async function ping(store: Store): Promise<void> {
  await store.pool.query('SELECT 1');
}

/** Writing the same artifact again changes nothing: the id is its content. */
export async function putArtifacts(store: Store, items: readonly Artifact[]): Promise<void> {
  for (const item of items)
    await store.database
      .insert(artifacts)
      .values({ ...item })
      .onConflictDoNothing();
}

export async function getArtifact(store: Store, kinds: readonly string[], id: string): Promise<Artifact | null> {
  const [row] = await store.database
    .select()
    .from(artifacts)
    .where(and(eq(artifacts.id, id), inArray(artifacts.kind, [...kinds])));
  return row === undefined ? null : { ...row, id: row.id as Id };
}

/** Newest first. */
export async function listArtifacts(store: Store, kind: string, limit: number, after: Cursor | null): Promise<Slice<Artifact & Cursor>> {
  const older = after === null ? undefined : olderThan(artifacts, after);
  const rows = await store.database
    .select()
    .from(artifacts)
    .where(and(eq(artifacts.kind, kind), older))
    .orderBy(desc(artifacts.createdAt), desc(artifacts.id))
    .limit(limit + 1);
  return slice(
    rows.map((row) => ({ ...row, id: row.id as Id })),
    limit,
  );
}

/**
 * The run with this id, made now if it is new. With a key, the key belongs to this request from here on; the same key with
 * another request is refused.
 */
export async function claimRun(
  store: Store,
  request: { id: string; options: unknown; key: string | null; fingerprint: string },
): Promise<{ run: RunRow; isNew: boolean }> {
  return store.database.transaction(async (transaction) => {
    let { id } = request;
    if (request.key !== null) {
      const values = { key: request.key, fingerprint: request.fingerprint, runId: id };
      await transaction.insert(idempotencyKeys).values(values).onConflictDoNothing();
      const [owner] = await transaction.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, request.key));
      if (owner!.fingerprint !== request.fingerprint) {
        throw new IdempotencyKeyReusedError({
          got: 'an Idempotency-Key that came before with another body',
          needed: 'one key a request',
          where: 'Idempotency-Key',
          fix: 'Send a new key, or the first body again.',
        });
      }
      id = owner!.runId;
    }
    const made = await transaction
      .insert(runs)
      .values({ id, status: 'queued', options: request.options })
      .onConflictDoNothing()
      .returning();
    if (made.length > 0) await Audit.append(transaction, { actor: 'service', action: 'run.requested', subject: id });
    const [run] = await transaction.select().from(runs).where(eq(runs.id, id));
    return { run: run!, isNew: made.length > 0 };
  });
}

/** A finished run is not started again: null. Otherwise the number of this start, to be shown when it writes. */
export async function startRun(store: Store, id: string): Promise<number | null> {
  const [row] = await store.database
    .update(runs)
    .set({ status: 'running', attempt: sql`${runs.attempt} + 1`, startedAt: sql`now()`, finishedAt: null, error: null })
    .where(and(eq(runs.id, id), inArray(runs.status, ['queued', 'running', 'failed'])))
    .returning({ attempt: runs.attempt });
  return row?.attempt ?? null;
}

export type Finished = {
  readonly id: string;
  readonly attempt: number;
  readonly summary: unknown;
  readonly recommendationId: string;
  readonly proposal: { readonly id: string; readonly state: ProposalStatus; readonly executionId: string | null } | null;
};

/** False where another start has overtaken this one: nothing is written then. */
export async function finishRun(store: Store, { id, attempt, summary, recommendationId, proposal }: Finished): Promise<boolean> {
  return store.database.transaction(async (transaction) => {
    const done = await transaction
      .update(runs)
      .set({ status: 'done', summary, recommendationId, finishedAt: sql`now()`, error: null })
      .where(and(eq(runs.id, id), eq(runs.attempt, attempt), eq(runs.status, 'running')))
      .returning({ id: runs.id });
    if (done.length === 0) return false;
    if (proposal !== null) {
      const row = { runId: id, state: proposal.state, executionId: proposal.executionId };
      await transaction
        .insert(proposalStates)
        .values({ proposalId: proposal.id, ...row })
        .onConflictDoUpdate({ target: proposalStates.proposalId, set: { ...row, updatedAt: sql`now()` } });
    }
    await Audit.append(transaction, { actor: 'service', action: 'run.done', subject: id, detail: { recommendationId, proposal } });
    return true;
  });
}

export async function failRun(store: Store, id: string, attempt: number, error: unknown): Promise<void> {
  await store.database.transaction(async (transaction) => {
    const failed = await transaction
      .update(runs)
      .set({ status: 'failed', error, finishedAt: sql`now()` })
      .where(and(eq(runs.id, id), eq(runs.attempt, attempt), eq(runs.status, 'running')))
      .returning({ id: runs.id });
    if (failed.length > 0) await Audit.append(transaction, { actor: 'service', action: 'run.failed', subject: id, detail: { error } });
  });
}

export async function getRun(store: Store, id: string): Promise<RunRow | null> {
  const [row] = await store.database.select().from(runs).where(eq(runs.id, id));
  return row ?? null;
}

export async function listRuns(store: Store, limit: number, after: Cursor | null): Promise<Slice<RunRow>> {
  const query = store.database
    .select()
    .from(runs)
    .where(after === null ? undefined : olderThan(runs, after));
  return slice(await query.orderBy(desc(runs.createdAt), desc(runs.id)).limit(limit + 1), limit);
}

/** The newest run with one of these statuses. */
export async function latestRun(store: Store, statuses: readonly RunStatus[]): Promise<RunRow | null> {
  const query = store.database
    .select()
    .from(runs)
    .where(inArray(runs.status, [...statuses]));
  const [row] = await query.orderBy(desc(runs.createdAt), desc(runs.id)).limit(1);
  return row ?? null;
}

/** A finished run without the bulk of its result. */
export type PastRun = {
  readonly id: string;
  readonly asOf: string;
  readonly protocol: string;
  readonly recommendation: unknown;
  /** Seconds of the forecast. */
  readonly horizonSeconds: number;
  /** What the result itself knows of the days after, null or nothing where it knows none. */
  readonly regret: unknown;
};

/** Finished runs, the latest as-of first. */
export async function pastRuns(store: Store, limit: number): Promise<readonly PastRun[]> {
  const summary = runs.summary;
  return store.database
    .select({
      id: runs.id,
      asOf: sql<string>`${summary}->>'asOf'`,
      protocol: sql<string>`${summary}->>'protocol'`,
      recommendation: sql<unknown>`${summary}->'recommendation'`,
      horizonSeconds: sql<number>`((${summary}->'scenarios'->>'steps')::bigint * (${summary}->'scenarios'->>'stepSeconds')::bigint)::float8`,
      regret: sql<unknown>`${summary}->'regret'`,
    })
    .from(runs)
    .where(eq(runs.status, 'done'))
    .orderBy(desc(sql`${summary}->>'asOf'`), desc(runs.id))
    .limit(limit);
}

/** Runs that nobody finished: what the queue must hold. */
export async function unfinishedRuns(store: Store): Promise<readonly RunRow[]> {
  return store.database
    .select()
    .from(runs)
    .where(inArray(runs.status, ['queued', 'running']));
}

export async function proposalState(store: Store, proposalId: string): Promise<typeof proposalStates.$inferSelect | null> {
  const [row] = await store.database.select().from(proposalStates).where(eq(proposalStates.proposalId, proposalId));
  return row ?? null;
}

function olderThan(table: typeof artifacts | typeof runs, { createdAt, id }: Cursor) {
  return or(lt(table.createdAt, createdAt), and(eq(table.createdAt, createdAt), lt(table.id, id)));
}

function slice<T extends Cursor>(rows: readonly T[], limit: number): Slice<T> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit), next: last === undefined ? null : { createdAt: last.createdAt, id: last.id } };
}

async function embedded(dataDir: string) {
  const lock = await acquire(dataDir);
  try {
    const pool = await openEmbedded(join(dataDir, 'database'));
    const close = async () => {
      await pool.end();
      await lock.release();
    };
    return { engine: 'embedded' as const, pool, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function server(databaseUrl: string) {
  const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c search_path=bullmq,public', keepAlive: true, max: 10 });
  pool.setMaxListeners(0);
  // An idle connection that drops must not end the process; the next query opens another or fails with its own error.
  pool.on('error', () => undefined);
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw new DatabaseUnreachableError({
      got: error instanceof Error ? error.message || error.name : String(error),
      needed: 'a Postgres server that answers',
      where: `DATABASE_URL (${new URL(databaseUrl).host})`,
      fix: 'Start it, correct DATABASE_URL, or unset it for the embedded store.',
      cause: error,
    });
  }
  return { engine: 'postgres' as const, pool, close: () => pool.end() };
}

async function identify(pool: Pool): Promise<string> {
  const { rows } = await pool.query(
    'SELECT system_identifier::text AS cluster, oid::text AS database FROM pg_control_system(), pg_database WHERE datname = current_database()',
  );
  const { cluster, database } = rows[0] as { cluster: string; database: string };
  return `${cluster}-${database}`;
}

async function migrateSchema(pool: Pool): Promise<void> {
  const client = (await pool.connect()) as pg.PoolClient;
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    client.release();
  }
}

export class IdempotencyKeyReusedError extends PlimsollError {
  override readonly name = 'Store.IdempotencyKeyReusedError';
}

export class DatabaseUnreachableError extends PlimsollError {
  override readonly name = 'Store.DatabaseUnreachableError';
}
