/**
 * The embedded Postgres behind the face of a `pg.Pool`, for everything that takes one: drizzle and BullMQ.
 *
 * PGlite has one session. Clients handed out here are faces of that session: a client that begins a transaction owns the
 * session until it commits, rolls back or is released; everybody else's statements wait their turn. Notifications reach
 * every client, as each of them has issued LISTEN on the same session.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { PlimsollError } from '../../base/errors.ts';
import * as Thread from '../thread.ts';
import type { Answer, Ask, DatabaseFault, Told } from './pglite-thread.ts';

type TypeParsers = { getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown };
type Statement = { readonly text: string; readonly rowMode?: 'array'; readonly types?: TypeParsers; readonly values?: readonly unknown[] };
type Result = { rows: unknown[]; rowCount: number; fields: readonly { name: string; dataTypeID: number }[] };

/** Opens (or creates, 4 to 12 seconds) the database in `dataDir`. The caller holds the folder's lock. */
export async function openEmbedded(dataDir: string): Promise<EmbeddedPool> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { url, execArgv } = Thread.file('./pglite-thread', import.meta.url);
  const worker = new Worker(url, { workerData: { dataDir }, execArgv });
  const first = await new Promise<Answer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if (first.kind === 'failed') {
    await worker.terminate();
    throw new EmbeddedStoreFailedError({
      got: first.error.message,
      needed: 'a folder that can hold the embedded store',
      where: dataDir,
      fix: 'Free space, choose another DATA_DIR, or set DATABASE_URL.',
    });
  }
  const pool = new EmbeddedPool(worker);
  await pool.query('SET search_path TO bullmq, public');
  return pool;
}

/** The part of `pg.Pool` that drizzle and BullMQ call. */
export class EmbeddedPool extends EventEmitter {
  readonly options = { max: 1 };
  private readonly worker: Worker;
  private readonly pending = new Map<number, { resolve: (result: Told) => void; reject: (error: Error) => void }>();
  private readonly clients = new Set<EmbeddedClient>();
  private readonly queue: (() => void)[] = [];
  private owner: EmbeddedClient | null = null;
  private lastAsk = 0;

  constructor(worker: Worker) {
    super();
    this.worker = worker;
    // Every queue, worker and stream of events listens for errors of the pool it was given.
    this.setMaxListeners(0);
    worker.on('message', (answer: Answer) => this.receive(answer));
    worker.on('error', (error) => this.fail(error));
    worker.on('exit', () => this.fail(new Error('the embedded store is closed')));
  }

  connect(): Promise<EmbeddedClient> {
    const client = new EmbeddedClient(this);
    this.clients.add(client);
    return Promise.resolve(client);
  }

  async query(statement: string | Statement, values?: readonly unknown[]): Promise<Result> {
    const client = await this.connect();
    try {
      return await client.query(statement, values);
    } finally {
      client.release();
    }
  }

  async end(): Promise<void> {
    const gone = new Promise((resolve) => this.worker.once('exit', resolve));
    this.worker.postMessage('close');
    await gone;
  }

  /** Runs one statement for `client`, waiting while another client is in a transaction. */
  async run(client: EmbeddedClient, text: string, values: readonly (string | null)[] | null): Promise<Told> {
    if (this.owner !== client) await this.take(client);
    const begins = /^\s*(begin|start\s+transaction)\b/i.test(text);
    const ends = /^\s*(commit|rollback(?!\s+to)|end)\b/i.test(text);
    try {
      const result = await this.ask(text, values);
      if (begins) client.inTransaction = true;
      return result;
    } finally {
      if (ends) client.inTransaction = false;
      if (!client.inTransaction) this.give(client);
    }
  }

  drop(client: EmbeddedClient): void {
    this.clients.delete(client);
    if (!client.inTransaction) return;
    client.inTransaction = false;
    void this.ask('ROLLBACK', null).finally(() => this.give(client));
  }

  private take(client: EmbeddedClient): Promise<void> {
    if (this.owner === null) {
      this.owner = client;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.queue.push(() => {
        this.owner = client;
        resolve();
      });
    });
  }

  private give(client: EmbeddedClient): void {
    if (this.owner !== client) return;
    this.owner = null;
    this.queue.shift()?.();
  }

  private ask(text: string, values: readonly (string | null)[] | null): Promise<Told> {
    this.lastAsk += 1;
    const ask: Ask = { id: this.lastAsk, text, values };
    return new Promise((resolve, reject) => {
      this.pending.set(ask.id, { resolve, reject });
      this.worker.postMessage(ask);
    });
  }

  private receive(answer: Answer): void {
    if (answer.kind === 'notification') {
      for (const client of this.clients) client.emit('notification', { channel: answer.channel, payload: answer.payload, processId: 0 });
      return;
    }
    if (answer.kind !== 'result' && answer.kind !== 'fault') return;
    const waiting = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if (answer.kind === 'result') waiting?.resolve(answer.result);
    else waiting?.reject(asDatabaseError(answer.error));
  }

  private fail(error: Error): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

/** The part of `pg.PoolClient` that drizzle and BullMQ call. */
export class EmbeddedClient extends EventEmitter {
  inTransaction = false;
  /** A silent loss of the connection is impossible inside one process; BullMQ asks because it polls where it is not. */
  readonly connection = { stream: { setKeepAlive: () => undefined } };
  private readonly pool: EmbeddedPool;

  constructor(pool: EmbeddedPool) {
    super();
    this.setMaxListeners(0);
    this.pool = pool;
  }

  async query(statement: string | Statement, values?: readonly unknown[]): Promise<Result> {
    const { text, rowMode, types, values: own } = typeof statement === 'string' ? ({ text: statement } as Statement) : statement;
    const given = values ?? own;
    const told = await this.pool.run(this, text, given === undefined || given.length === 0 ? null : given.map((value) => toText(value)));
    return shape(told, rowMode, types ?? pg.types);
  }

  release(): void {
    this.pool.drop(this);
  }
}

function shape(told: Told, rowMode: 'array' | undefined, types: TypeParsers): Result {
  const parsers = told.columns.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text'));
  const parsed = told.rows.map((row) => row.map((value, index) => (value === null ? null : parsers[index]!(value))));
  const rows =
    rowMode === 'array' ? parsed : parsed.map((row) => Object.fromEntries(told.columns.map(({ name }, index) => [name, row[index]])));
  return { rows, rowCount: told.rowCount, fields: told.columns };
}

/** A parameter as Postgres text, as `pg` writes it; times in UTC. */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (Array.isArray(value)) return `{${value.map(toElement).join(',')}}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function toElement(value: unknown): string {
  if (Array.isArray(value)) return toText(value) ?? 'NULL';
  const text = toText(value);
  return text === null ? 'NULL' : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function asDatabaseError({ message, ...fields }: DatabaseFault): Error {
  return Object.assign(new Error(message), fields);
}

export class EmbeddedStoreFailedError extends PlimsollError {
  override readonly name = 'Store.EmbeddedStoreFailedError';
}
