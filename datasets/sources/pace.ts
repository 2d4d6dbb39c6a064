/**
 * Pace: when to ask again. A clock that can be replaced, waits that grow (exponential back-off, full jitter), and a bucket of
 * requests a host.
 *
 * Full jitter: wait uniform in [0, min(cap, base · 2^attempt)]: many clients that were refused together do not come back together.
 */
import { setTimeout } from 'node:timers/promises';

export type Clock = {
  nowMs(): number;
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1): jitter only, no result depends on it. */
  random(): number;
};

export const SYSTEM: Clock = {
  nowMs: () => Date.now(),
  wait: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
  random: () => Math.random(),
};

export type Rate = { readonly perSecond: number; readonly burst: number };

/** Milliseconds to wait before a request to `host` may go out. Requests that wait have taken their place already. */
export function bucket(clock: Clock, { perSecond, burst }: Rate): (host: string) => number {
  const hosts = new Map<string, { tokens: number; atMs: number }>();
  return (host) => {
    const now = clock.nowMs();
    const known = hosts.get(host) ?? { tokens: burst, atMs: now };
    const tokens = Math.min(burst, known.tokens + (Math.max(0, now - known.atMs) / 1000) * perSecond) - 1;
    hosts.set(host, { tokens, atMs: now });
    return tokens >= 0 ? 0 : Math.ceil((-tokens / perSecond) * 1000);
  };
}

export type Backoff = { readonly baseMs: number; readonly capMs: number };

export function backoffMs(clock: Clock, { baseMs, capMs }: Backoff, attempt: number): number {
  return Math.floor(clock.random() * Math.min(capMs, baseMs * 2 ** attempt));
}

/** A `Retry-After` header, seconds or an HTTP date; null where it says nothing. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
