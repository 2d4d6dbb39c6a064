/** A chain that is only asked: what it holds, which one it is, whether a contract signed. */
import { type Client, createClient, http } from 'viem';
import { getChainId } from 'viem/actions';

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
