/**
 * The only door to piscina: CPU work off the event loop.
 *
 * A crew holds one thread a worker for one prepared book. Block b of the paths always goes to thread b mod n, because a thread
 * keeps the paths it has simulated and a search asks for the same ones a hundred times. Parts are put together in path order,
 * so the evidence is the same bits for any number of threads.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ParametersByAsset } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import type { Borrowers } from '../tuner/stress/book.ts';
import { checkPaths, type Evaluate, type EvaluateInputs } from '../tuner/stress/evaluate.ts';
import * as Stress from '../tuner/stress/stress.ts';
import type { Answer, Question } from './answer-thread.ts';
import { type ErrorMessage, fromMessage } from './errors.ts';
import type { StepName } from './progress.ts';
import type { StressTask } from './stress-worker.ts';
import * as Thread from './thread.ts';
import type { Landed, VoyageTask } from './voyage-thread.ts';

export type Crew = {
  readonly evaluate: Evaluate;
  /** One range, on the thread that keeps its first block. */
  range(borrowers: Borrowers, parameters: ParametersByAsset, range: Stress.Range): Promise<Stress.RangeResult>;
  close(): Promise<void>;
};

/** Paths of one range on its way to another process: a few hundred milliseconds of a large book, much beside the way there and back. */
export const RANGE = 4 * Stress.BLOCK;

/** Threads that stress one book under one law. */
export function hire(inputs: EvaluateInputs, threads: number): Crew {
  const { state, model, scenarios, risk } = inputs;
  const prepared = {
    standing: Stress.prepare(state, model, scenarios, { borrowers: 'standing' }),
    responsive: Stress.prepare(state, model, scenarios, { borrowers: 'responsive' }),
  };
  const { url, execArgv } = Thread.file('./stress-worker', import.meta.url);
  const options = {
    filename: url.href,
    execArgv,
    workerData: prepared,
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  };
  const pools = Array.from({ length: threads }, () => new Piscina<StressTask, Stress.RangeResult[]>(options));
  return {
    async evaluate({ parameters, borrowers, paths }) {
      checkPaths(paths, scenarios);
      const shares = pools.map((): Stress.Range[] => []);
      for (let from = 0, block = 0; from < paths; from += Stress.BLOCK, block += 1) {
        shares[block % threads]!.push({ from, to: Math.min(paths, from + Stress.BLOCK) });
      }
      const working = pools.map((pool, index) => {
        const ranges = shares[index]!;
        return ranges.length === 0 ? Promise.resolve([]) : pool.run({ parameters, borrowers, ranges });
      });
      // The named paths are few and run here meanwhile.
      const named = Stress.stressNamed(loadKernel(), prepared[borrowers], parameters);
      const parts = (await Promise.all(working)).flat();
      return Stress.assemble(prepared[borrowers], parameters, parts, named, risk);
    },
    async range(borrowers, parameters, range) {
      const pool = pools[Math.floor(range.from / RANGE) % threads]!;
      const [part] = await pool.run({ parameters, borrowers, ranges: [range] });
      return part!;
    },
    close: async () => void (await Promise.all(pools.map((pool) => pool.destroy()))),
  };
}

export type Answerer = {
  run(question: Question): Promise<Answer>;
  close(): Promise<void>;
};

/** Ends after this long without a question: what it keeps is hundreds of megabytes for a large book. */
const IDLE_MS = 120_000;

/** One thread for questions about finished runs, started by the first one. */
export function answerer(): Answerer {
  const { url, execArgv } = Thread.file('./answer-thread', import.meta.url);
  const pool = new Piscina<Question, Answer>({
    filename: url.href,
    execArgv,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
  });
  return { run: (question) => pool.run(question), close: () => pool.destroy() };
}

export type VoyageMessage = { readonly step: StepName; readonly share: number };

/** The computing part of a run in a thread of its own; the caller's loop stays free. Aborting ends the thread and its crew. */
export async function sail(task: VoyageTask, onProgress: (message: VoyageMessage) => void, signal: AbortSignal): Promise<Landed> {
  const { url, execArgv } = Thread.file('./voyage-thread', import.meta.url);
  const pool = new Piscina({ filename: url.href, execArgv, minThreads: 1, maxThreads: 1 });
  const { port1, port2 } = new MessageChannel();
  port1.on('message', onProgress);
  try {
    const answer = (await pool.run({ ...task, port: port2 }, { signal, transferList: [port2] })) as
      | Landed
      | { readonly failed: ErrorMessage };
    if ('failed' in answer) throw fromMessage(answer.failed);
    return answer;
  } finally {
    port1.close();
    await pool.destroy();
  }
}
