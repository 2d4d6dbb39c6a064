/**
 * Http: one careful way to ask a stranger for JSON. A reply is believed only after it arrived whole, in time, within a size, from
 * the host that was asked, as JSON, in the shape asked for.
 *
 * Asked again, after a pause that grows: 429, 408 and 5xx (as late as `Retry-After` says), a broken or late reply, text that ends
 * early. Not asked again: any other status, a redirect, a reply of another kind or shape, one that is too large.
 */
import type { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Pace from './pace.ts';

export type Reply<T> = {
  readonly value: T;
  readonly receivedMs: number;
  /** The host's clock minus ours, from its `Date` header (whole seconds); null where it gave none. */
  readonly skewMs: number | null;
};

export type Http = {
  readonly clock: Pace.Clock;
  /** `isBusy`: a well-formed reply that means "too many requests". */
  get<T>(url: URL, shape: z.ZodType<T>, isBusy?: (value: T) => boolean): Promise<Reply<T>>;
};

export type HttpOptions = {
  readonly clock?: Pace.Clock;
  readonly signal?: AbortSignal;
  /** From the request to the last byte. */
  readonly timeoutMs?: number;
  /** After decompression. */
  readonly maxBytes?: number;
  readonly attempts?: number;
  readonly backoff?: Pace.Backoff;
  /** A host that asks for a longer pause is given up. */
  readonly maxPauseMs?: number;
  readonly rate?: Pace.Rate;
  /** Sent as `Authorization: Bearer`, and nowhere else. */
  readonly token?: string;
};

const DEFAULTS = {
  clock: Pace.SYSTEM,
  timeoutMs: 15_000,
  maxBytes: 8 * 1024 * 1024,
  attempts: 6,
  backoff: { baseMs: 500, capMs: 30_000 },
  maxPauseMs: 120_000,
  rate: { perSecond: 4, burst: 4 },
} as const;

export function open(options: HttpOptions = {}): Http {
  const settings = { ...DEFAULTS, ...options };
  const { clock, signal, attempts, backoff, maxPauseMs } = settings;
  const pauseFor = Pace.bucket(clock, settings.rate);
  return {
    clock,
    async get(url, shape, isBusy = () => false) {
      refuseOpenRoads(url);
      for (let attempt = 0; ; attempt += 1) {
        const queue = pauseFor(url.host);
        if (queue > 0) await clock.wait(queue, signal);
        signal?.throwIfAborted();
        const { failure, pauseMs, reply } = await ask(settings, url, shape, isBusy);
        if (reply !== undefined) return reply;
        signal?.throwIfAborted();
        if (pauseMs === NEVER || (pauseMs ?? 0) > maxPauseMs || attempt + 1 >= attempts) throw failure;
        await clock.wait(Math.max(pauseMs ?? 0, Pace.backoffMs(clock, backoff, attempt)), signal);
      }
    },
  };
}

/** An address below the one given, with a query. */
export function at(base: string, path: string, query: Readonly<Record<string, string | number>> = {}): URL {
  const url = new URL(`${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
  return url;
}

type Settings = Required<Omit<HttpOptions, 'signal' | 'token'>> & Pick<HttpOptions, 'signal' | 'token'>;
/** `pauseMs` null: the back-off alone decides. */
type Outcome<T> =
  | { readonly reply: Reply<T>; readonly failure?: never; readonly pauseMs?: never }
  | { readonly failure: PlimsollError; readonly pauseMs: number | null; readonly reply?: never };
const NEVER = Number.POSITIVE_INFINITY;

function refuseOpenRoads(url: URL): void {
  const isLoopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
  if (isSafe && url.username === '' && url.password === '') return;
  throw new AddressError({
    got: `${url.protocol}//${url.username === '' ? '' : '…@'}${url.host}`,
    needed: 'https without a name or password in the address (http only on this machine)',
  });
}

async function ask<T>(settings: Settings, url: URL, shape: z.ZodType<T>, isBusy: (value: T) => boolean): Promise<Outcome<T>> {
  const { clock, signal, timeoutMs, maxBytes, token } = settings;
  const headers = { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const where = `${url.host}${url.pathname}`;
  const late = AbortSignal.timeout(timeoutMs);
  const both = signal === undefined ? late : AbortSignal.any([signal, late]);
  const askedMs = clock.nowMs();
  try {
    const response = await fetch(url, { redirect: 'manual', signal: both, headers });
    const refused = await refusal(response, where, clock.nowMs());
    if (refused !== null) return refused;
    const text = await bodyOf(response, maxBytes, where);
    const value = parse(text, shape, where);
    if (isBusy(value))
      return { failure: new StatusError({ got: `a reply that says it is busy: ${quote(text)}`, needed: 'data', where }), pauseMs: null };
    const receivedMs = clock.nowMs();
    const date = Date.parse(response.headers.get('date') ?? '');
    return { reply: { value, receivedMs, skewMs: Number.isNaN(date) ? null : date - (askedMs + receivedMs) / 2 } };
  } catch (cause) {
    if (cause instanceof TruncatedError) return { failure: cause, pauseMs: null };
    if (cause instanceof PlimsollError) return { failure: cause, pauseMs: NEVER };
    if (late.aborted) {
      return {
        failure: new TimeoutError({ got: `no whole reply within ${timeoutMs} ms`, needed: 'a reply', where, cause }),
        pauseMs: null,
      };
    }
    return { failure: new UnreachableError({ got: reasonOf(cause), needed: 'a whole reply', where, cause }), pauseMs: null };
  }
}

async function refusal(response: Response, where: string, nowMs: number): Promise<Outcome<never> | null> {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  if (status === 200 && /^application\/(?:[\w.-]+\+)?json\b/i.test(type)) return null;
  await response.body?.cancel();
  if (status === 200) {
    return { failure: new ContentTypeError({ got: quote(type), needed: 'application/json', where }), pauseMs: NEVER };
  }
  if (status >= 300 && status < 400) {
    const got = `${status} to ${quote(headers.get('location') ?? '')}`;
    return { failure: new RedirectError({ got, needed: 'a reply from the address that was asked', where }), pauseMs: NEVER };
  }
  const pauseMs = Pace.retryAfterMs(headers.get('retry-after'), nowMs);
  const again =
    pauseMs !== null
      ? { fix: `It asks to be left alone for ${Math.ceil(pauseMs / 1000)} s.` }
      : status === 401 || status === 403
        ? { fix: 'It wants a key, or does not serve this place: `--help` of the command names what it takes.' }
        : {};
  const failure = new StatusError({ got: `status ${status}`, needed: '200', where, ...again });
  return { failure, pauseMs: status === 429 || status === 408 || status >= 500 ? pauseMs : NEVER };
}

async function bodyOf(response: Response, maxBytes: number, where: string): Promise<string> {
  const tooLarge = (got: string): TooLargeError => new TooLargeError({ got, needed: `at most ${maxBytes} bytes`, where });
  const promised = Number(response.headers.get('content-length') ?? 0);
  if (promised > maxBytes) {
    await response.body?.cancel();
    throw tooLarge(`a promise of ${promised} bytes`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse<T>(text: string, shape: z.ZodType<T>, where: string): T {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    const got = `text that is no whole JSON: …${quote(text.slice(-40))}`;
    throw new TruncatedError({ got, needed: 'JSON', where, cause });
  }
  const checked = shape.safeParse(raw);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0]!;
  const path = issue.path.map(String).join('.');
  throw new ReplyError({
    got: quote(valueAt(raw, issue.path)),
    needed: issue.message,
    where: path === '' ? where : `${where}, ${path}`,
    fix: 'The host may have changed its format, or the reply is not its own.',
  });
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], raw) ?? null;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof Error ? cause.cause.message : '';
  return quote(inner === '' ? cause.message : `${cause.message}: ${inner}`);
}

export class AddressError extends PlimsollError {
  override readonly name = 'Http.AddressError';
}

export class RedirectError extends PlimsollError {
  override readonly name = 'Http.RedirectError';
}

export class StatusError extends PlimsollError {
  override readonly name = 'Http.StatusError';
}

export class TimeoutError extends PlimsollError {
  override readonly name = 'Http.TimeoutError';
}

export class UnreachableError extends PlimsollError {
  override readonly name = 'Http.UnreachableError';
}

export class TooLargeError extends PlimsollError {
  override readonly name = 'Http.ReplyTooLargeError';
}

export class ContentTypeError extends PlimsollError {
  override readonly name = 'Http.ContentTypeError';
}

export class TruncatedError extends PlimsollError {
  override readonly name = 'Http.TruncatedError';
}

export class ReplyError extends PlimsollError {
  override readonly name = 'Http.ReplyError';
}
