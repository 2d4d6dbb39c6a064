/**
 * The page's one way to the server. The shapes are in page.ts and answers.ts.
 *
 * Nothing of the server's code is imported: the page would work against any server that answers in these shapes.
 *
 *   GET /v1/runs/latest        -> Page           application/json; problem details on failure
 *   GET /v1/cards/:id          -> ModelCard      immutable: the browser keeps it
 *   GET /v1/runs               -> { items: Run[] }
 *   GET /v1/runs/:id/explanation, /regret; POST /v1/runs/:id/what-if: seconds of the server's time
 *   GET /v1/runs/:id/events    -> text/event-stream of `event: run`, data: Run (the whole run each time, last state first)
 */

import type { Explanation, Judgement, ModelCard, Regrets, Setting } from './answers.ts';
import type { Page, Problem, Run } from './page.ts';

const RETRY_MILLISECONDS = 2_000;

/** The whole page's data. Throws a Problem: the server's own, or one that says that it does not answer. */
export function latest(signal?: AbortSignal): Promise<Page> {
  return ask('/v1/runs/latest', signal);
}

export function card(id: string, signal?: AbortSignal): Promise<ModelCard> {
  return ask(`/v1/cards/${encodeURIComponent(id)}`, signal);
}

export async function finishedRuns(signal?: AbortSignal): Promise<readonly Run[]> {
  const { items } = await ask<{ items: readonly Run[] }>('/v1/runs?limit=100', signal);
  return items.filter(({ status }) => status === 'done');
}

export function explanation(runId: string, against: string | null, signal?: AbortSignal): Promise<Explanation> {
  const query = against === null ? '' : `?against=${encodeURIComponent(against)}`;
  return ask(`/v1/runs/${encodeURIComponent(runId)}/explanation${query}`, signal);
}

export function whatIf(runId: string, setting: Setting, signal?: AbortSignal): Promise<Judgement> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return ask(`/v1/runs/${encodeURIComponent(runId)}/what-if`, signal, { method: 'POST', headers, body: JSON.stringify(setting) });
}

export function regrets(runId: string, signal?: AbortSignal): Promise<Regrets> {
  return ask(`/v1/runs/${encodeURIComponent(runId)}/regret`, signal);
}

async function ask<T>(path: string, signal?: AbortSignal, init: RequestInit = { headers: { accept: 'application/json' } }): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, ...(signal === undefined ? {} : { signal }) });
  } catch (cause) {
    throw unreachable(cause);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(path, response.status, body);
  return body as T;
}

/**
 * Follow one run until it ends: events while the stream lives, polling where it does not (a proxy that buffers, a lost
 * connection). Returns the function that stops following.
 */
export function follow(run: Run, onRun: (run: Run) => void, onProblem: (problem: Problem | null) => void): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const source = new EventSource(`/v1/runs/${encodeURIComponent(run.id)}/events`);
  const stop = (): void => {
    stopped = true;
    source.close();
    clearTimeout(timer);
  };
  const take = (next: Run): void => {
    if (stopped) return;
    onProblem(null);
    onRun(next);
    if (hasEnded(next)) stop();
  };
  const poll = async (): Promise<void> => {
    try {
      const page = await latest();
      if (page.run !== null) take(page.run);
    } catch (problem) {
      if (!stopped) onProblem(problem as Problem);
    }
    if (!stopped && source.readyState !== EventSource.OPEN) timer = setTimeout(() => void poll(), RETRY_MILLISECONDS);
    else timer = undefined;
  };
  source.addEventListener('run', (event) => {
    clearTimeout(timer);
    timer = undefined;
    take(JSON.parse((event as MessageEvent<string>).data) as Run);
  });
  source.addEventListener('error', () => {
    // EventSource reconnects by itself while readyState is CONNECTING; polling bridges the gap and covers a closed stream.
    if (stopped || timer !== undefined) return;
    timer = setTimeout(() => void poll(), RETRY_MILLISECONDS);
  });
  return stop;
}

export function hasEnded(run: Run): boolean {
  return run.status === 'done' || run.status === 'failed' || run.status === 'cancelled';
}

function problemFrom(path: string, status: number, body: unknown): Problem {
  if (typeof body === 'object' && body !== null && 'detail' in body) return body as Problem;
  return {
    type: 'Http.UnexpectedAnswer',
    title: 'The server answered with something else',
    status,
    detail: `Got status ${status} without problem details from ${path}.`,
    fix: 'Look at the log of the process that serves this page.',
  };
}

function unreachable(cause: unknown): Problem {
  return {
    type: 'Http.NoAnswer',
    title: 'The server does not answer',
    detail: `No answer from ${location.host}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    fix: 'Start it with `npm start`; this page retries by itself.',
  };
}
