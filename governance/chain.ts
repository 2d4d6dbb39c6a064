/** A chain that is only asked: what it holds, which one it is, whether a contract signed. */
import { BaseError, type Client, createClient, HttpRequestError, http, RpcRequestError, TimeoutError, UrlRequiredError } from 'viem';
import { getChainId } from 'viem/actions';
import { PlimsollError, quote } from '../base/errors.ts';

export type { Client };

const TIMEOUT_MS = 20_000;

/** Null where nobody named a node. */
export function clientAt(url: string): Client;
export function clientAt(url: string | null): Client | null;
export function clientAt(url: string | null): Client | null {
  return url === null ? null : createClient({ transport: http(url, { retryCount: 1, timeout: TIMEOUT_MS }) });
}

export function idOf(client: Client): Promise<number> {
  return getChainId(client);
}

/** A node that does not answer, or refuses, said without its address: that may hold a key. Null for any other error. */
export function noAnswer(error: unknown): NoAnswerError | null {
  if (!(error instanceof BaseError)) return null;
  const found = error.walk((cause) =>
    [HttpRequestError, TimeoutError, RpcRequestError, UrlRequiredError].some((kind) => cause instanceof kind),
  );
  if (found === null) return null;
  const url = (found as { readonly url?: string }).url ?? '';
  return new NoAnswerError({
    got: found instanceof RpcRequestError ? quote(found.details) : 'no answer',
    needed: 'an answer',
    where: URL.canParse(url) ? new URL(url).host : 'the address of the node',
    fix: 'See that it runs and has what was asked of it, or give another --rpc. Nothing here was changed.',
    cause: error,
  });
}

export class NoAnswerError extends PlimsollError {
  override readonly name = 'Chain.NoAnswerError';
}
