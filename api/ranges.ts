/**
 * Ranges of paths as jobs on Redis: one run on the threads of several processes and machines.
 *
 * Whoever evaluates puts ranges on the queue and works on them as well, so that a run ends with nobody's help and sooner with it. A range is a pure
 * function of what it is named after, so it may be done twice, by anybody, in any order; parts are put together in path order. A worker that dies
 * loses its lock and another takes the range; an answer that does not hold is thrown away and the range done at home.
 */
import { Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { canonicalJson, digest, type Id } from '../base/id.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { checkPaths, type EvaluateInputs } from '../tuner/stress/evaluate.ts';
import * as Stress from '../tuner/stress/stress.ts';
import { RedisUnreachableError } from './jobs.ts';
import * as Parcel from './parcel.ts';
import { type Crew, RANGE } from './workers.ts';

const QUEUE = 'plimsoll-ranges';
const PREFIX = 'plimsoll';
/** Inputs are forgotten this long after they were last used. */
const KEEP_SECONDS = 3_600;
/** And answers, which are larger. */
const ANSWER_SECONDS = 120;
const INPUTS_HELD = 2;
const CONNECT_MS = 3_000;
const MOST_STALLS = 3;
/** Whoever asked says so again this often; a range that nobody has waited for so long is dropped, not done. */
const WAITS_SECONDS = 30;
const RENEW_MS = 5_000;
/** `answerSeconds`: a range takes seconds; one that takes so long is in the hands of a worker that hangs, and is done at home. */
export type Timing = { readonly lockSeconds: number; readonly stalledSeconds: number; readonly answerSeconds: number };
const TIMING: Timing = { lockSeconds: 10, stalledSeconds: 5, answerSeconds: 300 };

type Hire = (inputs: EvaluateInputs) => Crew;
/** What went wrong far away and was made good here. */
export type Notice = (says: string) => void;

/** A crew whose ranges anybody on this Redis may work on. `home` does the named paths, and ranges while the others do theirs. */
export function spread(
  inputs: EvaluateInputs,
  redisUrl: string,
  { home, hire, threads }: { readonly home: Crew; readonly hire: Hire; readonly threads: number },
  notice: Notice,
  timing: Timing = TIMING,
): Crew {
  const parcel = Parcel.packInputs(inputs);
  const prepared = { standing: prepare(inputs, 'standing'), responsive: prepare(inputs, 'responsive') };
  let opened: ReturnType<typeof open> | null = null;

  async function open() {
    const connection = await connect(redisUrl);
    const queue = new Queue(QUEUE, { connection, prefix: PREFIX });
    const events = new QueueEvents(QUEUE, { connection: connection.duplicate(), prefix: PREFIX });
    queue.on('error', () => undefined);
    events.on('error', () => undefined);
    await events.waitUntilReady();
    await connection.set(inputsKey(parcel.id), parcel.bytes, 'EX', KEEP_SECONDS);
    const own = threads === 0 ? null : lending(connection, hire, threads, timing, new Map([[parcel.id, Promise.resolve(home)]]));
    return { connection, queue, events, own };
  }

  return {
    range: home.range,
    async evaluate({ parameters, borrowers, paths }) {
      checkPaths(paths, inputs.scenarios);
      opened ??= open();
      const { connection, queue, events } = await opened;
      await connection.expire(inputsKey(parcel.id), KEEP_SECONDS);
      const ready = prepared[borrowers];
      const accounts = ready.book.lenders.length + ready.book.traders.length;
      const asks = Array.from({ length: Math.ceil(paths / RANGE) }, (_, index): Parcel.Ask => {
        const from = index * RANGE;
        return {
          inputs: parcel.id,
          kernel: loadKernel().digest,
          borrowers,
          parameters: parameters as Parcel.Ask['parameters'],
          from,
          to: Math.min(paths, from + RANGE),
        };
      });
      const waits = () => connection.set(waitsKey(parcel.id), 1, 'EX', WAITS_SECONDS);
      await waits();
      const renewing = setInterval(() => void waits().catch(() => undefined), RENEW_MS).unref();
      const jobs = await queue.addBulk(
        asks.map((ask) => ({
          name: 'range',
          data: ask,
          // Asking for the same range again, here or elsewhere, is asking once.
          opts: { jobId: nameOf(ask), attempts: 2, removeOnComplete: { age: ANSWER_SECONDS }, removeOnFail: { age: ANSWER_SECONDS } },
        })),
      );
      const named = Stress.stressNamed(loadKernel(), ready, parameters);
      const parts = await Promise.all(
        jobs.map(async (job, index) => {
          const range = { from: asks[index]!.from, to: asks[index]!.to };
          try {
            return Parcel.open(await job.waitUntilFinished(events, 1000 * timing.answerSeconds), range, accounts);
          } catch (error) {
            notice(`paths [${range.from}, ${range.to}): ${(error as Error).message}; done again at home`);
            await job.remove().catch(() => undefined);
            return home.range(borrowers, parameters, range);
          }
        }),
      ).finally(() => clearInterval(renewing));
      return Stress.assemble(ready, parameters, parts, named, inputs.risk);
    },
    async close() {
      const held = await opened?.catch(() => null);
      await held?.own?.close();
      await held?.events.close();
      await held?.queue.close();
      held?.connection.disconnect();
      await home.close();
    },
  };
}

export type Lender = { close(): Promise<void> };

/** Works on anybody's ranges until closed. `hire` makes the crew for a book that was not met before. */
export async function lend(redisUrl: string, threads: number, hire: Hire, timing: Timing = TIMING): Promise<Lender> {
  const connection = await connect(redisUrl);
  const lender = lending(connection, hire, threads, timing, new Map());
  return {
    async close() {
      await lender.close();
      connection.disconnect();
    },
  };
}

/** Whoever takes from the queue takes what comes: also ranges of another run than its own. */
function lending(connection: Redis, hire: Hire, threads: number, timing: Timing, crews: Map<Id, Promise<Crew>>): Lender {
  const own = [...crews.keys()];
  const crewFor = (id: Id): Promise<Crew> => {
    const known = crews.get(id);
    if (known !== undefined) return known;
    const made = inputsOf(connection, id).then(hire);
    made.catch(() => crews.delete(id));
    crews.set(id, made);
    // The book met longest ago leaves; its owner's own stays.
    const guests = [...crews.keys()].filter((key) => !own.includes(key));
    if (guests.length > INPUTS_HELD) {
      const leaving = crews.get(guests[0]!);
      crews.delete(guests[0]!);
      void leaving?.then((crew) => crew.close()).catch(() => undefined);
    }
    return made;
  };
  const working = worker(connection.duplicate(), crewFor, threads, timing);
  return {
    async close() {
      await working.close(true);
      for (const [id, crew] of crews) if (!own.includes(id)) await crew.then((one) => one.close()).catch(() => undefined);
    },
  };
}

function worker(connection: Redis, crewFor: (id: Id) => Promise<Crew>, threads: number, { lockSeconds, stalledSeconds }: Timing): Worker {
  const made = new Worker<unknown, string>(
    QUEUE,
    async ({ data }) => {
      const ask = Parcel.Ask.parse(data);
      // Another kernel makes other bits: that range is for somebody else.
      if (ask.kernel !== loadKernel().digest)
        throw new UnrecoverableError(`kernel ${loadKernel().digest} where ${ask.kernel} was asked for`);
      if ((await connection.exists(waitsKey(ask.inputs))) === 0) throw new UnrecoverableError('nobody waits for this range any more');
      const crew = await crewFor(ask.inputs);
      return Parcel.pack(await crew.range(ask.borrowers, ask.parameters as never, { from: ask.from, to: ask.to }));
    },
    {
      ...{ connection, prefix: PREFIX, concurrency: threads, maxStalledCount: MOST_STALLS },
      ...{ lockDuration: lockSeconds * 1000, stalledInterval: stalledSeconds * 1000 },
    },
  );
  made.on('error', () => undefined);
  return made;
}

async function inputsOf(connection: Redis, id: Id): Promise<EvaluateInputs> {
  const bytes = await connection.getBuffer(inputsKey(id));
  if (bytes === null) throw new UnrecoverableError(`nobody keeps the inputs ${id}`);
  return Parcel.openInputs(bytes, id);
}

async function connect(url: string): Promise<Redis> {
  const connection = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true, connectTimeout: CONNECT_MS });
  const failures: string[] = [];
  connection.on('error', (error: Error) => failures.push(error.message));
  try {
    await connection.connect();
  } catch (error) {
    connection.disconnect();
    throw new RedisUnreachableError({
      got: failures[0] ?? (error as Error).message,
      needed: 'a Redis server that answers',
      where: `REDIS_URL (${new URL(url).host})`,
      fix: 'Start it, or correct REDIS_URL.',
      cause: error,
    });
  }
  return connection;
}

function prepare({ state, model, scenarios }: EvaluateInputs, borrowers: 'standing' | 'responsive'): Stress.Prepared {
  return Stress.prepare(state, model, scenarios, { borrowers });
}

/** BullMQ refuses colons in ids. */
function nameOf(ask: Parcel.Ask): string {
  return digest(canonicalJson(ask)).replace(':', '-');
}

function waitsKey(id: Id): string {
  return `${PREFIX}:waits:${id}`;
}

function inputsKey(id: Id): string {
  return `${PREFIX}:inputs:${id}`;
}
