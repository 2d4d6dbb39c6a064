/** A host on this machine that answers as told: recorded shapes, and everything that goes wrong with them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as Http from '../../../datasets/sources/http.ts';
import type { Clock } from '../../../datasets/sources/pace.ts';

export type Answer = (url: URL, response: ServerResponse, request: IncomingMessage) => void;
export type Host = { readonly address: string; readonly asked: readonly URL[]; stop(): Promise<void> };

export async function host(answer: Answer): Promise<Host> {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    asked.push(url);
    answer(url, response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop };
}

export function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(value));
}

/** Time stands still but for waits, which are written down and over at once. */
export function stoppedClock(startMs: number, random = 0.5): Clock & { readonly waits: number[] } {
  let nowMs = startMs;
  const waits: number[] = [];
  return {
    waits,
    nowMs: () => nowMs,
    wait: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      nowMs += ms;
    },
    random: () => random,
  };
}

/** Quick enough for tests: no pace but back-off, on a stopped clock. */
export function quick(clock: Clock, options: Http.HttpOptions = {}): Http.Http {
  return Http.open({ clock, rate: { perSecond: 1e6, burst: 1e6 }, timeoutMs: 2000, ...options });
}

export const HOUR_MS = 3_600_000;

/** The price of an hour: any figure that tells bars apart. */
export function barOf(opensMs: number): { open: number; high: number; low: number; close: number; volume: number } {
  const k = (opensMs / HOUR_MS) % 977;
  return { open: 20_000 + k, high: 20_010 + k, low: 19_990 + k, close: 20_005 + k, volume: 100 + (k % 7) };
}

/** Binance's shape: numbers as strings, oldest first, twelve columns. */
export function binanceAnswer(url: URL, response: ServerResponse): void {
  const start = Number(url.searchParams.get('startTime'));
  const end = Number(url.searchParams.get('endTime'));
  const rows: unknown[] = [];
  for (let at = Math.ceil(start / HOUR_MS) * HOUR_MS; at <= end && rows.length < Number(url.searchParams.get('limit')); at += HOUR_MS) {
    const { open, high, low, close, volume } = barOf(at);
    rows.push([
      at,
      open.toFixed(8),
      high.toFixed(8),
      low.toFixed(8),
      close.toFixed(8),
      volume.toFixed(8),
      at + HOUR_MS - 1,
      '2434.19055334',
      308,
      '1756.87402397',
      '28.46694368',
      '0',
    ]);
  }
  json(response, rows);
}
