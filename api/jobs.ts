/**
 * The only door to BullMQ. One queue, `plimsoll-runs`, on the embedded store by default, on Postgres by DATABASE_URL, on Redis
 * by REDIS_URL.
 *
 * The queue is a doorbell: it holds run ids that wait for a worker and how far each is; the store holds the truth. Delivery is
 * at least once, so the work must not mind being done twice: results are artifacts named by their content, and a start that
 * was overtaken writes nothing.
 */
import {
  createPostgresBackend,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  QueueEvents,
  runMigrations,
  Worker,
} from 'bullmq';
import { Redis } from 'ioredis';
import { PlimsollError } from '../base/errors.ts';
import type { Step } from './progress.ts';
import type { Pool, Store } from './store/store.ts';

export type JobEvent =
  | { readonly kind: 'progress'; readonly runId: string; readonly steps: readonly Step[] }
  | { readonly kind: 'ended'; readonly runId: string };
export type Process = (runId: string, report: (steps: readonly Step[]) => void, signal: AbortSignal) => Promise<void>;
export type Jobs = {
  readonly on: 'embedded' | 'postgres' | 'redis';
  /** Rings for this run; ringing twice is ringing once. */
  enqueue(runId: string): Promise<void>;
  /** Takes runs one at a time until closed. */
  work(process: Process, timing?: Timing): void;
  counts(): Promise<Readonly<Record<string, number>>>;
  ping(): Promise<void>;
  /** Running work is cancelled; its run stays unfinished in the store and rings again at the next start. */
  close(): Promise<void>;
};
/** Seconds after which a silent worker counts as dead, and between two looks for such; one that does not renew plays dead. */
export type Timing = { readonly lockSeconds: number; readonly stalledSeconds: number; readonly renews?: boolean };

const QUEUE = 'plimsoll-runs';
/** The work runs in threads, so the loop that renews the lock is never busy: ten seconds of silence is a dead process. */
const TIMING: Timing = { lockSeconds: 10, stalledSeconds: 5 };
const MOST_STALLS = 3;
/** The run's row in the store is what is kept; ended jobs stay only long enough to be looked at. */
const KEPT_JOBS = 100;
const REDIS_CONNECT_MS = 3_000;

export async function open(store: Store, redisUrl: string | null, onEvent: (event: JobEvent) => void): Promise<Jobs> {
  const backend = redisUrl === null ? await onDatabase(store) : await onRedis(redisUrl, `plimsoll-${store.identity}`);
  const queue = backend.queue();
  const events = backend.events();
  events.on('progress', ({ jobId, data }) => {
    onEvent({ kind: 'progress', runId: toRunId(jobId), steps: (data as { steps: readonly Step[] }).steps });
  });
  events.on('completed', ({ jobId }) => onEvent({ kind: 'ended', runId: toRunId(jobId) }));
  events.on('failed', ({ jobId }) => onEvent({ kind: 'ended', runId: toRunId(jobId) }));
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  let worker: ReturnType<Backend['worker']> | null = null;
  // Without listeners an error of an idle connection would end the process; each operation reports its own.
  queue.on('error', () => undefined);
  events.on('error', () => undefined);

  return {
    on: redisUrl === null ? store.engine : 'redis',
    async enqueue(runId) {
      const jobId = toJobId(runId);
      const known = await queue.getJob(jobId);
      if (known !== undefined && ((await known.isFailed()) || (await known.isCompleted()))) await known.remove();
      await queue.add('run', { runId }, { jobId, attempts: 1, removeOnComplete: { count: KEPT_JOBS }, removeOnFail: { count: KEPT_JOBS } });
    },
    work(process, timing = TIMING) {
      worker = backend.worker(async (runId, update, signal) => {
        // Progress is for watching: one write at a time, the newest wins, and none may fail the run.
        let writing: Promise<void> | null = null;
        let waiting: readonly Step[] | null = null;
        const write = (steps: readonly Step[]): Promise<void> =>
          update({ steps })
            .catch(() => undefined)
            .then(() => {
              const next = waiting;
              waiting = null;
              writing = next === null ? null : write(next);
            });
        await process(
          runId,
          (steps) => {
            if (writing === null) writing = write(steps);
            else waiting = steps;
          },
          signal,
        );
        while (writing !== null) await writing;
      }, timing);
      worker.on('error', () => undefined);
    },
    counts: () => queue.getJobCounts('waiting', 'active', 'completed', 'failed', 'delayed'),
    ping: backend.ping,
    async close() {
      worker?.cancelAllJobs('shutting down');
      await worker?.close();
      await events.close();
      await queue.close();
      await backend.close();
    },
  };
}

type Handler = (runId: string, update: (progress: { steps: readonly Step[] }) => Promise<void>, signal: AbortSignal) => Promise<void>;
type Backend = {
  queue(): Queue;
  events(): QueueEvents;
  worker(handler: Handler, timing: Timing): Worker;
  ping(): Promise<void>;
  close(): Promise<void>;
};

async function onDatabase({ pool }: Store): Promise<Backend> {
  const client = await pool.connect();
  try {
    await runMigrations(client as unknown as Parameters<typeof runMigrations>[0]);
  } finally {
    client.release();
  }
  const connection = pool as unknown as PostgresConnectionOptions;
  return {
    queue: () => new Queue(QUEUE, { connection }, createPostgresBackend) as unknown as Queue,
    events: () => new QueueEvents(QUEUE, { connection }, createPostgresBackend) as unknown as QueueEvents,
    worker: (handler, timing) =>
      new Worker<Data, void, string, PostgresQueueBackend, object, PostgresConnectionOptions>(
        QUEUE,
        processor(handler),
        { connection, ...workerOptions(timing) },
        createPostgresBackend,
      ) as unknown as Worker,
    ping: () => pingPool(pool),
    close: () => Promise.resolve(),
  };
}

/** Resolves where the server answers. */
export async function pingRedis(url: string): Promise<void> {
  const { ping, close } = await onRedis(url, QUEUE);
  await ping();
  await close();
}

async function onRedis(url: string, prefix: string): Promise<Backend> {
  const connection = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, connectTimeout: REDIS_CONNECT_MS });
  const failures: string[] = [];
  connection.on('error', (error: Error) => failures.push(error.message));
  try {
    await within(connection.connect(), REDIS_CONNECT_MS);
    await within(connection.ping(), REDIS_CONNECT_MS);
  } catch (error) {
    connection.disconnect();
    throw new RedisUnreachableError({
      got: failures[0] ?? (error instanceof Error ? error.message : String(error)),
      needed: 'a Redis server that answers',
      where: `REDIS_URL (${new URL(url).host})`,
      fix: 'Start it, correct REDIS_URL, or unset it to queue in the database.',
      cause: error,
    });
  }
  return {
    queue: () => new Queue(QUEUE, { connection, prefix }),
    events: () => new QueueEvents(QUEUE, { connection, prefix }),
    worker: (handler, timing) => new Worker<Data>(QUEUE, processor(handler), { connection, prefix, ...workerOptions(timing) }),
    ping: async () => void (await within(connection.ping(), REDIS_CONNECT_MS)),
    close: async () => void (await connection.quit().catch(() => connection.disconnect())),
  };
}

type Data = { readonly runId: string };

/** Three parameters without defaults: BullMQ counts them, and hands the signal only to who names it. */
function processor(handler: Handler) {
  return async (
    job: { data: Data; updateProgress(progress: object): Promise<void> },
    _token?: string,
    signal?: AbortSignal,
  ): Promise<void> => handler(job.data.runId, (progress) => job.updateProgress(progress), signal!);
}

function workerOptions({ lockSeconds, stalledSeconds, renews = true }: Timing) {
  return {
    skipLockRenewal: !renews,
    concurrency: 1,
    lockDuration: lockSeconds * 1000,
    stalledInterval: stalledSeconds * 1000,
    maxStalledCount: MOST_STALLS,
  };
}

async function pingPool(pool: Pool): Promise<void> {
  await pool.query('SELECT 1');
}

/** BullMQ refuses colons in ids. */
function toJobId(runId: string): string {
  return runId.replace(':', '-');
}

function toRunId(jobId: string): string {
  return jobId.replace('-', ':');
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class RedisUnreachableError extends PlimsollError {
  override readonly name = 'Jobs.RedisUnreachableError';
}
