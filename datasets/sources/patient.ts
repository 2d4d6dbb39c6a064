/**
 * Patient: `fetch` for a node of a chain. A bucket of requests, a limit of time to each, and another try after a pause that grows (full
 * jitter, at least what `Retry-After` says) where the node is busy, broken or gone for a moment. Asking again changes nothing: all are reads.
 */
import * as Pace from './pace.ts';

export type PatientOptions = {
  readonly clock?: Pace.Clock;
  readonly signal?: AbortSignal;
  readonly rate?: Pace.Rate;
  readonly attempts?: number;
};
type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** From the request to the last byte. */
const TIMEOUT_MS = 30_000;
const ATTEMPTS = 5;
const BACKOFF = { baseMs: 400, capMs: 20_000 } as const;
const MAX_PAUSE_MS = 120_000;
const UNPACED = { perSecond: 1000, burst: 1000 } as const;

export function fetcher(options: PatientOptions): Fetch {
  const { clock = Pace.SYSTEM, signal, rate = UNPACED, attempts = ATTEMPTS } = options;
  const pauseFor = Pace.bucket(clock, rate);
  return async (input, init) => {
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt + 1 >= attempts;
      const queue = pauseFor('');
      if (queue > 0) await clock.wait(queue, signal);
      const late = AbortSignal.timeout(TIMEOUT_MS);
      let pauseMs = 0;
      try {
        const response = await fetch(input, { ...init, signal: signal === undefined ? late : AbortSignal.any([signal, late]) });
        const { status, headers } = response;
        pauseMs = Pace.retryAfterMs(headers.get('retry-after'), clock.nowMs()) ?? 0;
        if (isLast || pauseMs > MAX_PAUSE_MS || !(status === 429 || status === 408 || status >= 500)) return response;
        await response.body?.cancel();
      } catch (cause) {
        if (isLast || signal?.aborted === true) throw cause;
      }
      await clock.wait(Math.max(pauseMs, Pace.backoffMs(clock, BACKOFF, attempt)), signal);
    }
  };
}
