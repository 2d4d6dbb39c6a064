import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as Jobs from '../../api/jobs.ts';
import { waiting } from '../../api/progress.ts';
import { engines, type Opened, REDIS_URL } from './stores.ts';

const QUEUES = engines.flatMap((engine) => [
  { name: engine.name, engine, redisUrl: null as string | null },
  ...(REDIS_URL === null || engine.name !== 'embedded' ? [] : [{ name: 'Redis', engine, redisUrl: REDIS_URL }]),
]);
const newId = () => `sha256:${randomBytes(32).toString('hex')}`;

describe.each(QUEUES)('the queue on $name', ({ engine, redisUrl }) => {
  let opened: Opened;
  let jobs: Jobs.Jobs;
  let events: Jobs.JobEvent[];
  const start = async () => {
    events = [];
    jobs = await Jobs.open(opened.store, redisUrl, (event) => events.push(event));
  };
  const ended = async (runId: string) => {
    await expect.poll(() => events.some((event) => event.kind === 'ended' && event.runId === runId), { timeout: 20_000 }).toBe(true);
  };
  beforeAll(async () => {
    opened = await engine.open();
  });
  afterEach(() => jobs?.close());
  afterAll(() => opened?.close());

  it('does one thing once, tells how far it is, and says when it has ended', async () => {
    await start();
    const runId = newId();
    const done: string[] = [];
    await jobs.enqueue(runId);
    await jobs.enqueue(runId);
    jobs.work(async (id, report) => {
      report(waiting());
      await wait(50);
      done.push(id);
    });
    await ended(runId);
    expect(done).toEqual([runId]);
    await expect.poll(() => events.filter(({ kind }) => kind === 'progress').length).toBe(1);
    expect(events.find(({ kind }) => kind === 'progress')).toEqual({ kind: 'progress', runId, steps: waiting() });
    await jobs.ping();
  });

  it('tries what failed again when it is asked for again', async () => {
    await start();
    const runId = newId();
    let tries = 0;
    jobs.work(async () => {
      tries += 1;
      if (tries === 1) throw new Error('first time');
    });
    await jobs.enqueue(runId);
    await ended(runId);
    events.length = 0;
    await jobs.enqueue(runId);
    await ended(runId);
    expect(tries).toBe(2);
  });

  it('cancels what runs when it closes', async () => {
    await start();
    const runId = newId();
    let cancelled = false;
    let begun = false;
    jobs.work(async (_id, _report, signal) => {
      begun = true;
      await wait(60_000, undefined, { signal }).catch(() => {
        cancelled = true;
      });
    });
    await jobs.enqueue(runId);
    await expect.poll(() => begun, { timeout: 20_000 }).toBe(true);
    await jobs.close();
    expect(cancelled).toBe(true);
    await start();
  });

  it('gives the work of a worker that went silent to another', async () => {
    await start();
    const runId = newId();
    const by: string[] = [];
    // A worker that loses its lock: as after a kill, nobody renews it and nobody ends the job.
    const silent = await Jobs.open(opened.store, redisUrl, () => undefined);
    silent.work(
      async (_id, _report, signal) => {
        by.push('silent');
        await wait(60_000, undefined, { signal }).catch(() => undefined);
      },
      { lockSeconds: 1, stalledSeconds: 1, renews: false },
    );
    await jobs.enqueue(runId);
    await expect.poll(() => by, { timeout: 20_000 }).toEqual(['silent']);
    jobs.work(
      async () => {
        by.push('other');
      },
      { lockSeconds: 5, stalledSeconds: 1 },
    );
    await ended(runId);
    expect(by).toEqual(['silent', 'other']);
    await silent.close();
  });
});

it('names a Redis that does not answer', async () => {
  await expect(Jobs.pingRedis('redis://127.0.0.1:1')).rejects.toThrow(Jobs.RedisUnreachableError);
});
