/**
 * The running service: store, queue and worker behind the verbs the routes call. It exists from the first moment; the store
 * comes seconds later, and until then the newest run is the one that is about to start.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Logger } from 'pino';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, digest, type Id } from '../base/id.ts';
import * as Answers from './answers.ts';
import { type Config, LOCK_FILE, VERSION } from './config.ts';
import { type Problem, toProblem } from './errors.ts';
import type * as Jobs from './jobs.ts';
import type { VoyageOptions } from './options.ts';
import type { Page, Result } from './page.ts';
import { fromRow, type Run, type Step, tracker } from './progress.ts';
import { NotReadyError } from './routes/need.ts';
import * as Store from './store/store.ts';

export type Service = {
  store(): Store.Store | null;
  jobs(): Jobs.Jobs | null;
  readonly config: Pick<Config, 'committee' | 'rpcUrl'>;
  readonly answers: Answers.Answers;
  /** Why the service could not start; null while it starts and after it has. */
  failure(): Problem | null;
  page(): Promise<Page>;
  run(id: string): Promise<Run | null>;
  /** Called with every change of the run until unsubscribed. */
  follow(id: string, listener: (run: Run) => void): () => void;
  submit(options: VoyageOptions, key: string | null): Promise<{ run: Run; isNew: boolean }>;
  /** Resolves once store, queue and worker are up; rejects where they cannot be. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
};

/** What `serve` needs of the world; `work` is off where only the API is wanted. */
export type ServiceOptions = { readonly config: Config; readonly log: Logger; readonly work: boolean; readonly sample: VoyageOptions };

export function start({ config, log, work, sample }: ServiceOptions): Service {
  const opening = tracker(() => performance.now());
  const startedAt = new Date().toISOString();
  const live = new Map<string, Run>();
  const listeners = new Map<string, Set<(run: Run) => void>>();
  let store: Store.Store | null = null;
  let jobs: Jobs.Jobs | null = null;
  let failure: Problem | null = null;
  let closing = false;

  // Until the store can say otherwise, the newest run is the sample's.
  const bootId = runId(sample, {});
  const boot = (): Run => ({
    id: bootId,
    status: failure === null ? 'starting' : 'failed',
    startedAt,
    finishedAt: null,
    steps: opening.steps(),
    error: failure,
  });
  const tell = (id: string, state: Run) => {
    for (const listener of listeners.get(id) ?? []) listener(state);
  };
  const update = (id: string, state: Run) => {
    live.set(id, state);
    tell(id, state);
  };
  const withOpening = (id: string, steps: readonly Step[]) => (id === bootId ? [opening.steps()[0]!, ...steps.slice(1)] : steps);

  const onEvent = (event: Jobs.JobEvent) => {
    const known = live.get(event.runId);
    if (event.kind === 'progress') {
      const begun = known ?? { id: event.runId, startedAt: new Date().toISOString() };
      update(event.runId, { ...begun, status: 'running', finishedAt: null, steps: withOpening(event.runId, event.steps), error: null });
      return;
    }
    void settle(event.runId).catch((error: unknown) => log.error({ error, runId: event.runId }, 'could not read the end of a run'));
  };
  const settle = async (id: string) => {
    const row = store === null || closing ? null : await Store.getRun(store, id);
    if (row === null) return;
    const state = fromRow(row, live.get(id)?.steps);
    if (state.status === 'done' || state.status === 'failed') live.delete(id);
    tell(id, state);
  };

  const process = async (id: string, report: (steps: readonly Step[]) => void, signal: AbortSignal): Promise<void> => {
    const open = opened(store);
    const row = await Store.getRun(open, id);
    const attempt = await Store.startRun(open, id);
    if (row === null || attempt === null) return;
    log.info({ runId: id, attempt }, 'run started');
    try {
      const options = { ...(row.options as VoyageOptions), seedBlock: null };
      const { finished, run } = await import('./run.ts');
      const parent = join(config.dataDir, 'bundles');
      const outcome = await run(
        {
          options: located(options, config.dataDir),
          threads: config.workers,
          redisUrl: config.redisUrl,
          out: null,
          parent,
          rehearse: true,
        },
        report,
        signal,
      );
      await Store.putArtifacts(open, outcome.artifacts);
      const { proposal } = outcome.landed;
      const stands = outcome.execution === null ? 'drafted' : outcome.execution.ok ? 'rehearsed' : 'rehearsal-failed';
      const won = await Store.finishRun(open, {
        id,
        attempt,
        summary: finished(outcome, id),
        recommendationId: outcome.landed.recommendationId,
        proposal: proposal.kind === 'proposal' ? { id: proposal.id, state: stands, executionId: outcome.execution?.id ?? null } : null,
      });
      log.info({ runId: id, attempt, won, milliseconds: outcome.milliseconds, bundle: outcome.path }, 'run done');
    } catch (error) {
      // A run cut short by the end of this process is not a failed run: the next start takes it up again.
      if (signal.aborted) throw error;
      log.error({ err: error, runId: id, attempt }, 'run failed');
      await Store.failRun(open, id, attempt, toProblem(error));
      throw error;
    }
  };

  const submit: Service['submit'] = async (options, key) => {
    const open = opened(store);
    const id = runId(options, await digestsOf(located(options, config.dataDir)));
    const fingerprint = digest(canonicalJson(options));
    const { run: row, isNew } = await Store.claimRun(open, { id, options, key, fingerprint });
    // Also where the row was there: a failed run is tried again, and a ring that was lost is rung again.
    if (row.status !== 'done') {
      await opened(jobs).enqueue(row.id);
      if (row.status !== 'running') update(row.id, { ...fromRow(row, undefined), status: 'queued', error: null });
    }
    return { run: live.get(row.id) ?? fromRow(row, undefined), isNew };
  };

  const current = async (): Promise<Run | null> => {
    if (store === null) return boot();
    const row = await Store.latestRun(store, ['queued', 'running', 'done', 'failed']);
    if (row === null) return config.sampleRun && work ? boot() : null;
    return live.get(row.id) ?? fromRow(row, undefined);
  };

  const answers = Answers.open();
  const ready = (async () => {
    opening.report('store', 0);
    const beat = setInterval(() => tell(bootId, boot()), 500);
    try {
      store = await Store.open(config);
      opening.report('store', 0.7);
      // Loaded here: a page asks within the first second, and these take longer to read than to use.
      const queue = await import('./jobs.ts');
      jobs = await queue.open(store, config.redisUrl, onEvent);
      if (closing) return;
      opening.report('store', 1);
      log.info({ store: store.engine, queue: jobs.on, seconds: opening.seconds()['store'] }, 'store and queue are open');
      if (work) jobs.work(process);
      for (const { id } of await Store.unfinishedRuns(store)) await jobs.enqueue(id);
      const none = (await Store.latestRun(store, ['queued', 'running', 'done', 'failed'])) === null;
      if (config.sampleRun && none) await submit(sample, null);
      // Whoever followed the run that was about to start learns which one is the newest.
      const newest = await current();
      if (newest !== null && newest.id !== bootId) tell(bootId, newest);
    } catch (error) {
      failure = toProblem(error);
      opening.fail();
      tell(bootId, boot());
      throw error;
    } finally {
      clearInterval(beat);
    }
  })();
  ready.catch(() => undefined);

  return {
    config,
    answers,
    store: () => store,
    jobs: () => jobs,
    failure: () => failure,
    ready,
    submit,
    async page() {
      const row = store === null ? null : await Store.latestRun(store, ['done']);
      return { version: VERSION, run: await current(), result: row === null ? null : (row.summary as Result) };
    },
    async run(id) {
      const now = live.get(id);
      if (now !== undefined) return now;
      const row = store === null ? null : await Store.getRun(store, id);
      if (row !== null) return fromRow(row, undefined);
      return id === bootId ? ((await current()) ?? boot()) : null;
    },
    follow(id, listener) {
      const set = listeners.get(id) ?? new Set();
      listeners.set(id, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(id);
      };
    },
    async close() {
      closing = true;
      await ready.catch(() => undefined);
      await answers.close();
      await jobs?.close();
      await store?.close();
    },
  };
}

/** The same options, code and file contents are the same run. */
export function runId(options: VoyageOptions, inputs: Readonly<Record<string, Id>>): Id {
  return digest(canonicalJson({ of: 'plimsoll/run/1', version: VERSION, lockFile: LOCK_FILE, options, inputs }));
}

/** Files of a request lie in DATA_DIR/inputs: what comes over the network names no other place. */
function located(options: VoyageOptions, dataDir: string): VoyageOptions {
  const inside = (name: string | null) => (name === null ? null : join(dataDir, 'inputs', name));
  return {
    ...options,
    panel: inside(options.panel),
    state: inside(options.state),
    policy: inside(options.policy),
    model: inside(options.model),
  };
}

async function digestsOf({ panel, state, policy, model }: VoyageOptions): Promise<Record<string, Id>> {
  const found: Record<string, Id> = {};
  for (const [role, path] of Object.entries({ panel, state, policy, model })) {
    if (path === null) continue;
    for (const file of await filesAt(path)) found[`${role}/${relative(path, file)}`] = await digestFile(file);
  }
  return found;
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    return (await readdir(path)).sort().map((name) => join(path, name));
  } catch (error) {
    throw new NoSuchInputError({
      got: (error as NodeJS.ErrnoException).code ?? 'an error',
      needed: 'a file or folder inside DATA_DIR/inputs',
      where: path,
      fix: 'Put it there on the machine that serves.',
    });
  }
}

async function digestFile(path: string): Promise<Id> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

function opened<T>(part: T | null): T {
  if (part !== null) return part;
  throw new NotReadyError({
    got: 'a request before the store is open',
    needed: 'a few more seconds',
    where: 'service',
    fix: 'Try again; /readyz says when.',
  });
}

export class NoSuchInputError extends PlimsollError {
  override readonly name = 'Service.NoSuchInputError';
}
