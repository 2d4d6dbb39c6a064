/**
 * A server for tests of the page only: web/dist under the strict content policy, and a fixture behind the two routes the
 * page reads. `npx tsx test/web/serve.ts 4300 running` to look at one state in a browser.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Setting } from '../../tuner/explanation/setting.ts';
import type { Page } from '../../web/page.ts';
import { explanation, judgement, regrets } from './answers.ts';
import { card } from './card.ts';
import { donePage, runOf } from './fixture.ts';

export type Scene = 'done' | 'running' | 'rerunning' | 'failed' | 'empty' | 'broken' | 'progress';

const DIST = new URL('../../web/dist/', import.meta.url);
const TYPE: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The policy the real server sends must be at least this strict. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Listens on loopback, any free port when `port` is 0. */
export async function serve(scene: Scene, port = 0): Promise<{ url: string; close: () => Promise<void> }> {
  let progress = 0;
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]!;
    if (path === '/v1/runs/latest') {
      if (scene === 'broken') {
        response.writeHead(503, { 'content-type': 'application/problem+json' });
        response.end(
          JSON.stringify({
            type: 'Store.LockedError',
            title: 'Store.LockedError',
            status: 503,
            detail: 'Got a locked data directory; needed to own it.',
            fix: 'Stop the other process.',
          }),
        );
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(pageOf(scene, progress)));
      return;
    }
    if (path.endsWith('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      const timer = setInterval(() => {
        if (scene === 'progress') progress += 1;
        response.write(`event: run\ndata: ${JSON.stringify(pageOf(scene, progress).run)}\n\n`);
      }, 150);
      request.on('close', () => clearInterval(timer));
      return;
    }
    const answer = answerTo(request.url ?? '/');
    if (answer !== null) {
      let body = '';
      request.on('data', (piece) => {
        body += piece;
      });
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer(body)));
      });
      return;
    }
    if (path.startsWith('/v1/cards/')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(card()));
      return;
    }
    void file(path === '/' ? 'index.html' : path.slice(1)).then((bytes) => {
      response.writeHead(bytes === null ? 404 : 200, {
        'content-type': TYPE[extname(path === '/' ? '.html' : path)] ?? 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
      });
      response.end(bytes ?? 'not found');
    });
  });
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}/`,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}

/** Questions about a finished run; a second run is there to compare with. */
function answerTo(url: string): ((body: string) => unknown) | null {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  if (pathname === '/v1/runs') return () => ({ items: [{ ...runOf('done'), id: 'run-0' }], next: null });
  if (pathname.endsWith('/explanation')) return () => explanation(searchParams.has('against'));
  if (pathname.endsWith('/what-if')) return (body) => judgement(Setting.parse(JSON.parse(body)));
  return pathname.endsWith('/regret') ? () => regrets() : null;
}

function pageOf(scene: Scene, progress: number): Page {
  const done = donePage();
  if (scene === 'done') return done;
  if (scene === 'running') return { ...done, run: runOf('running', 2), result: null };
  if (scene === 'rerunning') return { ...done, run: { ...runOf('running', 5), id: 'run-2' } };
  if (scene === 'failed') return { ...done, run: runOf('failed', 0), result: null };
  if (scene === 'progress') return progress < 8 ? { ...done, run: runOf('running', progress), result: null } : done;
  return { ...done, run: null, result: null };
}

async function file(path: string): Promise<Buffer | null> {
  if (!/^[\w.-]+$/.test(path)) return null;
  return readFile(new URL(path, DIST)).catch(() => null);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve((process.argv[3] ?? 'done') as Scene, Number(process.argv[2] ?? 4300));
  process.stdout.write(`${url}\n`);
}
