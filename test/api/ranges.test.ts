/** Ranges of paths on a real Redis: the same bits by one thread, by several processes, and where one of them dies in the middle. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RedisUnreachableError } from '../../api/jobs.ts';
import * as Parcel from '../../api/parcel.ts';
import * as Ranges from '../../api/ranges.ts';
import { type Crew, hire } from '../../api/workers.ts';
import { canonicalJson } from '../../base/id.ts';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { type EvaluateInputs, singleThread } from '../../tuner/stress/evaluate.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Fixture from '../stress/fixture.ts';
import { REDIS_URL } from './stores.ts';

const kernel = loadKernel();
const model = Fixture.model(3);
const book = Fixture.book(3, 40, 6, Fixture.draws(3));
const inputsOf = (paths: number, seed: number): EvaluateInputs => ({
  ...{ state: book, model, scenarios: Fixture.scenarios(model, paths, 48, [], seed) },
  risk: { level: 0.99, budgetUsd: 1e5 },
});
const request = (paths: number) => ({ parameters: parametersOf(book), borrowers: 'responsive' as const, paths });

/** The evidence is named by the hash of every number in it. */
const idOf = async (evidence: Promise<{ readonly id: string }>) => (await evidence).id;

describe('a parcel', () => {
  const prepared = Stress.prepare(book, model, inputsOf(600, 1).scenarios, { borrowers: 'responsive' });
  const range = { from: 0, to: 600 };
  const part = Stress.stressRange(kernel, prepared, parametersOf(book), range);
  const accounts = prepared.book.lenders.length + prepared.book.traders.length;

  it('gives back every bit', () => {
    expect(Parcel.open(Parcel.pack(part), range, accounts)).toEqual(part);
    const inputs = inputsOf(600, 1);
    const { id, bytes } = Parcel.packInputs(inputs);
    expect(canonicalJson(Parcel.openInputs(bytes, id))).toBe(canonicalJson(inputs));
  });

  it.each([
    ['another range', Parcel.pack({ ...part, from: 256, to: 856 })],
    ['fewer accounts', Parcel.pack({ ...part, accountHits: part.accountHits.subarray(3) })],
    ['a NaN', Parcel.pack({ ...part, accountHits: part.accountHits.with(5, Number.NaN) })],
    ['a negative loss', Parcel.pack({ ...part, accountLossUsd: part.accountLossUsd.with(0, -1) })],
    [
      'an infinite weight',
      Parcel.pack({ ...part, byPath: { ...part.byPath, weight: part.byPath.weight.with(0, Number.POSITIVE_INFINITY) } }),
    ],
    ['text', 'hello'],
    ['nothing', null],
    ['no numbers', JSON.stringify({ from: 0, to: 600, accounts, doubles: 'AAAA' })],
  ])('refuses %s', (_what, text) => {
    expect(() => Parcel.open(text, range, accounts)).toThrow(Parcel.DamagedError);
  });

  it('refuses inputs that are not what their name says', () => {
    const { bytes } = Parcel.packInputs(inputsOf(600, 1));
    expect(() => Parcel.openInputs(bytes, Parcel.packInputs(inputsOf(600, 2)).id)).toThrow(Parcel.DamagedError);
  });
});

it('names a Redis that does not answer', async () => {
  await expect(Ranges.lend('redis://127.0.0.1:1', 1, (one) => hire(one, 1))).rejects.toThrow(RedisUnreachableError);
});

describe.skipIf(REDIS_URL === null)('on Redis', () => {
  // A database of its own: runs of other suites share the first one, and answers are kept for a while.
  const redisUrl = Object.assign(new URL(REDIS_URL ?? 'redis://127.0.0.1'), { pathname: '/7' }).href;
  const timing = { lockSeconds: 2, stalledSeconds: 1, answerSeconds: 300 };
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    const connection = new Redis(redisUrl);
    await connection.flushdb();
    await connection.quit();
  });
  const notices: string[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    notices.length = 0;
  });

  function spread(inputs: EvaluateInputs, threads: number, home: Crew = hire(inputs, 1), within: Ranges.Timing = timing): Crew {
    const own = { home, threads, hire: (others: EvaluateInputs) => hire(others, 1) };
    const crew = Ranges.spread(inputs, redisUrl, own, (says) => notices.push(says), within);
    closing.push(() => crew.close());
    return crew;
  }
  /** A process of its own, as on another machine; it is there when it says so. */
  async function lender(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['--import', 'tsx', 'api/plimsoll.ts', 'work', '--paths'], {
      env: { ...process.env, REDIS_URL: redisUrl, WORKERS: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    closing.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream!.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    await expect.poll(() => said, { timeout: 30_000 }).toContain('working on paths');
    return child;
  }

  it('are the same bits with nobody’s help, with another process, and by others alone', async () => {
    const inputs = inputsOf(5_000, 11);
    const wanted = await idOf(singleThread(kernel, inputs)(request(5_000)));
    expect(await idOf(spread(inputs, 1).evaluate(request(5_000)))).toBe(wanted);
    await lender();
    const far = inputsOf(5_000, 12);
    const wantedFar = await idOf(singleThread(kernel, far)(request(5_000)));
    // Nobody works at home: what is there was done by the other process.
    const nobody: Crew = { ...hire(far, 1), range: () => Promise.reject(new Error('done at home')) };
    expect(await idOf(spread(far, 0, nobody).evaluate(request(5_000)))).toBe(wantedFar);
    expect(notices).toEqual([]);
  }, 60_000);

  it('are not done for nobody, and are done at home where a worker takes one and hangs', async () => {
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const queue = new Queue('plimsoll-ranges', { connection, prefix: 'plimsoll' });
    closing.push(async () => {
      await queue.close();
      connection.disconnect();
    });
    // A run that was killed leaves its ranges on the queue, and nobody who says that he waits.
    const { id } = Parcel.packInputs(inputsOf(600, 41));
    const ask = { inputs: id, kernel: kernel.digest, borrowers: 'responsive', parameters: parametersOf(book), from: 0, to: 600 };
    const left = await queue.add('range', ask, { jobId: 'left-behind' });
    const lent = await Ranges.lend(redisUrl, 1, (one) => hire(one, 1), timing);
    await expect.poll(() => queue.getJob(left.id!).then((job) => job?.failedReason), { timeout: 20_000 }).toContain('nobody waits');
    await lent.close();

    // It keeps its lock alive and never answers.
    const hung = new Worker('plimsoll-ranges', () => new Promise(() => undefined), {
      ...{ connection: connection.duplicate(), prefix: 'plimsoll', concurrency: 50 },
    });
    closing.push(() => hung.close(true));
    const inputs = inputsOf(3_000, 42);
    const wanted = await idOf(singleThread(kernel, inputs)(request(3_000)));
    const impatient = { ...timing, answerSeconds: 2 };
    expect(await idOf(spread(inputs, 0, hire(inputs, 1), impatient).evaluate(request(3_000)))).toBe(wanted);
    expect(notices.length).toBeGreaterThan(0);
  }, 60_000);

  it('are the same bits where a worker is killed in the middle', async () => {
    const inputs = inputsOf(6_000, 21);
    const wanted = await idOf(singleThread(kernel, inputs)(request(6_000)));
    const doomed = await lender();
    // It hangs with a range in its hands, then dies.
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const queue = new Queue('plimsoll-ranges', { connection, prefix: 'plimsoll' });
    closing.push(async () => {
      await queue.close();
      connection.disconnect();
    });
    const working = spread(inputs, 0).evaluate(request(6_000));
    await expect.poll(() => queue.getActiveCount(), { timeout: 20_000, interval: 1 }).toBeGreaterThan(0);
    doomed.kill('SIGSTOP');
    doomed.kill('SIGKILL');
    await lender();
    expect(await idOf(working)).toBe(wanted);
  }, 90_000);

  it('are done at home where an answer does not hold', async () => {
    const inputs = inputsOf(2_048, 31);
    const wanted = await idOf(singleThread(kernel, inputs)(request(2_048)));
    const home = hire(inputs, 1);
    const liar = await Ranges.lend(redisUrl, 1, () => ({
      ...home,
      range: async (borrowers, parameters, range) => {
        const part = await home.range(borrowers, parameters, range);
        return { ...part, byPath: { ...part.byPath, badDebtUsd: part.byPath.badDebtUsd.map(() => Number.NaN) } };
      },
    }));
    closing.push(() => liar.close());
    expect(await idOf(spread(inputs, 0, home).evaluate(request(2_048)))).toBe(wanted);
    expect(notices).toHaveLength(2);
    expect(notices[0]).toContain('Got NaN');
  }, 60_000);

  it('come from nobody who has another kernel', async () => {
    const queue = new Queue('plimsoll-ranges', { connection: { url: redisUrl }, prefix: 'plimsoll' });
    const inputs = inputsOf(256, 41);
    closing.push(() => queue.close());
    const worker = await Ranges.lend(redisUrl, 1, (one) => hire(one, 1));
    closing.push(() => worker.close());
    const ask: Parcel.Ask = {
      inputs: Parcel.packInputs(inputs).id,
      kernel: 'sha256:other',
      borrowers: 'standing',
      parameters: {},
      from: 0,
      to: 256,
    };
    const job = await queue.add('range', ask, { attempts: 2 });
    await expect.poll(async () => (await queue.getJob(job.id!))?.failedReason, { timeout: 20_000 }).toContain('kernel');
  }, 60_000);
});
