/** What the API refuses, before any store exists, and the document it publishes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../api/errors.ts';
import { type App, build } from '../../api/server.ts';

const OPENAPI = 'api/openapi.json';
const ID = `sha256:${'0'.repeat(64)}`;

describe('without a store', () => {
  let app: App;
  beforeAll(async () => {
    app = await build({ service: () => null, log: false, rateLimit: 1_000, pageDir: 'no-page' });
  });
  afterAll(() => app.close());

  it('is alive but not ready', async () => {
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    const ready = await app.inject('/readyz');
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({ status: 'starting', store: 'starting' });
  });

  it.each(['/v1/runs', '/v1/runs/latest', '/v1/recommendations', `/v1/models/${ID}`, '/v1/audit'])(
    'asks for patience at %s',
    async (url) => {
      const answer = await app.inject(url);
      expect(answer.statusCode).toBe(503);
      expect(Problem.parse(answer.json())).toMatchObject({ type: 'Http.NotReadyError', status: 503 });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    },
  );

  it.each([
    ['an unknown path', { url: '/v2/nothing' }, 404, 'Http.NotFoundError'],
    ['an address that cannot be decoded', { url: '/v1/models/%zz' }, 400, 'Http.BadRequestError'],
    ['an id that is none', { url: '/v1/models/../../etc/passwd' }, 404, 'Http.NotFoundError'],
    ['an id of another form', { url: '/v1/models/latest' }, 400, 'Http.BadRequestError'],
    ['text for a number', { method: 'POST', url: '/v1/runs', payload: { seed: '1' } }, 400, 'Http.BadRequestError'],
    ['an unknown key', { method: 'POST', url: '/v1/runs', payload: { seed: 1, admin: true } }, 400, 'Http.BadRequestError'],
    ['a seed that is no whole number', { method: 'POST', url: '/v1/runs', payload: { seed: 1.5 } }, 400, 'Http.BadRequestError'],
    ['a path out of the inputs', { method: 'POST', url: '/v1/runs', payload: { panel: '../secrets' } }, 400, 'Http.BadRequestError'],
    ['a path from the root', { method: 'POST', url: '/v1/runs', payload: { state: '/etc/passwd' } }, 400, 'Http.BadRequestError'],
    ['a hidden file', { method: 'POST', url: '/v1/runs', payload: { policy: 'a/.env' } }, 400, 'Http.BadRequestError'],
    [
      'a body that is no JSON',
      { method: 'POST', url: '/v1/runs', payload: '{', headers: { 'content-type': 'application/json' } },
      400,
      'Http.BadRequestError',
    ],
    [
      'a body of another kind',
      { method: 'POST', url: '/v1/runs', payload: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'Http.UnsupportedMediaTypeError',
    ],
    ['a body too large', { method: 'POST', url: '/v1/runs', payload: { panel: 'x'.repeat(100_000) } }, 413, 'Http.TooLargeError'],
    ['an unknown query', { url: '/v1/runs?order=asc' }, 400, 'Http.BadRequestError'],
    ['a page of none', { url: '/v1/runs?limit=0' }, 400, 'Http.BadRequestError'],
    ['a page of all', { url: '/v1/runs?limit=1000' }, 400, 'Http.BadRequestError'],
    ['a cursor of its own making', { url: '/v1/runs?cursor=abc' }, 400, 'Http.BadRequestError'],
  ] as const)('refuses %s', async (_what, request, status, type) => {
    const answer = await app.inject(request as never);
    expect([answer.statusCode, Problem.parse(answer.json()).type]).toEqual([status, type]);
  });

  it('names each request, and lets the page talk to this host alone', async () => {
    const answer = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'mine' } });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none';script-src 'self'");
    const docs = await app.inject('/docs');
    expect(docs.statusCode).toBe(200);
    expect(docs.headers['content-security-policy']).not.toMatch(/https?:|\w+\.io/);
  });

  it('publishes the document that is committed', async () => {
    const published = (await app.inject('/openapi.json')).json();
    // `UPDATE_OPENAPI=1 npx vitest run test/api/server.test.ts` writes it.
    if (process.env['UPDATE_OPENAPI'] === '1') writeFileSync(OPENAPI, `${JSON.stringify(published, null, 2)}\n`);
    expect(published).toEqual(JSON.parse(readFileSync(OPENAPI, 'utf8')));
    const { openapi, paths } = published;
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths)).toContain('/v1/recommendations');
  });
});

it('limits the requests of one client', async () => {
  const app = await build({ service: () => null, log: false, rateLimit: 2, pageDir: 'no-page' });
  const codes = [];
  for (let index = 0; index < 3; index += 1) codes.push((await app.inject('/healthz')).statusCode);
  expect(codes).toEqual([200, 200, 429]);
  const answer = await app.inject('/healthz');
  expect(Problem.parse(answer.json()).type).toBe('Http.TooManyRequestsError');
  await app.close();
});
