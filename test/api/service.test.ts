/** One real run of the sample through queue, threads and chain, then everything the API says about it, and verify on its bundle. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read } from '../../api/config.ts';
import { DEFAULT_OPTIONS } from '../../api/options.ts';
import { Page, type Result } from '../../api/page.ts';
import { Run } from '../../api/progress.ts';
import { type App, build } from '../../api/server.ts';
import * as Service from '../../api/service.ts';
import { canonicalJson, digest, isSealed } from '../../base/id.ts';
import { engines, type Opened, REDIS_URL } from './stores.ts';

const MINUTES = 60_000;
const SAMPLE = { ...DEFAULT_OPTIONS, paths: 1_024, forecaster: false };
/** A request may not claim a seed block. */
const { seedBlock: _, ...ASKED } = SAMPLE;
const engine = engines.at(-1)!;

let opened: Opened;
let service: Service.Service;
let app: App;
let result: Result;
let followed: Run[];

beforeAll(async () => {
  opened = await engine.open();
  // The service opens the store itself; what `open` prepared is its place.
  await opened.store.close();
  const config = { ...read({}), ...opened.config, redisUrl: REDIS_URL, workers: 2, logLevel: 'silent' as const };
  service = Service.start({ config, log: pino({ level: 'silent' }), work: true, sample: SAMPLE });
  app = await build({ service: () => service, log: false, rateLimit: 100_000 });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const first = Page.parse(await (await fetch(`${address}/v1/runs/latest`)).json());
  expect(first.result).toBeNull();
  expect(['starting', 'queued', 'running']).toContain(first.run?.status);
  followed = await follow(`${address}/v1/runs/${first.run!.id}/events`);
  result = Page.parse((await app.inject('/v1/runs/latest')).json()).result!;
}, 4 * MINUTES);

afterAll(async () => {
  await app?.close();
  await service?.close();
});

describe('a run through the queue', () => {
  it('was followed from before the store existed to its end', () => {
    expect(followed[0]?.status).toBe('starting');
    expect(followed.at(-1)).toMatchObject({ status: 'done', error: null });
    const running = followed.flatMap(({ steps }) => steps.filter(({ state }) => state === 'running').map(({ step }) => step));
    for (const step of ['store', 'fit', 'tune']) expect(running).toContain(step);
    for (const run of followed) expect(() => Run.parse(run)).not.toThrow();
  });

  it('ends in one page of results that fits its schema and says that it is simulated', async () => {
    expect(result.simulated).toBe(true);
    expect(result.scenarios.paths).toBe(1_024);
    const { before, after } = result.losses;
    for (const side of [before, after]) expect(side.zero + side.counts.reduce((sum, count) => sum + count, 0)).toBe(1_024);
    expect(result.assets.map(({ asset }) => asset)).toEqual(result.recommendation.assets.map(({ asset }) => asset));
    // Half of 1,024 paths prove nothing at 1 %, so no plan is judged; test/tuner/frontier.test.ts has one that is.
    expect(result.frontier?.says).toMatch(/^No plan was traced \(inconclusive\)/);
    expect((await app.inject(`/v1/runs/${result.runId}/frontier`)).json()).toEqual(result.frontier);
    expect(result.caps?.assets.map(({ asset }) => asset)).toEqual(result.assets.map(({ asset }) => asset));
    expect((await app.inject(`/v1/runs/${result.runId}/caps`)).json()).toEqual(result.caps);
    expect((await app.inject(`/v1/runs/${result.runId.replace(/.{8}$/, '00000000')}/frontier`)).statusCode).toBe(404);
    expect(result.proposal === null).toBe(result.noProposal !== null);
    if (result.proposal !== null) expect(result.execution?.ok).toBe(true);
  });

  it('is the same run when asked for again, by options or by key', async () => {
    const again = await post(ASKED);
    expect(again.statusCode).toBe(200);
    expect(again.json()).toMatchObject({ id: result.runId, status: 'done' });
    expect(again.headers.location).toBe(`/v1/runs/${result.runId}`);
    const keyed = await post(ASKED, 'key-1');
    expect(keyed.json()).toMatchObject({ id: result.runId });
    const reused = await post({ ...ASKED, seed: 9 }, 'key-1');
    expect(reused.statusCode).toBe(422);
    expect(reused.json()).toMatchObject({ type: 'Store.IdempotencyKeyReusedError' });
    expect((await app.inject('/v1/runs')).json().items).toHaveLength(1);
  });
});

describe('questions about a finished run', () => {
  const url = (what: string) => `/v1/runs/${result.runId}/${what}`;
  const asked = (payload: unknown) => app.inject({ method: 'POST', url: url('what-if'), payload: payload as object });

  it('are explained in a thread: every number, the worlds it was tried in, once for everybody', async () => {
    const [one, other] = await Promise.all([app.inject(url('explanation')), app.inject(url('explanation'))]);
    expect(one.statusCode, one.body.slice(0, 300)).toBe(200);
    expect(other.body).toBe(one.body);
    const { derivations, sensitivities, attribution, recommendation } = one.json();
    expect(recommendation).toBe(result.recommendation.id);
    expect(derivations).toHaveLength(3 * result.assets.length);
    expect(sensitivities).toHaveLength(9);
    expect(attribution).toBeNull();
    const self = (await app.inject(url(`explanation?against=${result.runId}`))).json();
    expect(new Set(Object.values(self.attribution.byDriver))).toEqual(new Set([0]));
    expect((await app.inject(url('explanation?against=latest'))).statusCode).toBe(400);
    expect((await app.inject(url(`explanation?against=sha256:${'0'.repeat(64)}`))).statusCode).toBe(404);
  }, 90_000);

  it('are judged on the very paths of the run: the advice gets the figures of the evidence', async () => {
    const same = await asked({ changes: [], paths: 1_024 });
    expect(same.statusCode, same.body.slice(0, 300)).toBe(200);
    const { asked: own, advised, today, change } = same.json();
    expect(own).toEqual(advised);
    const { before, after } = result.recommendation;
    expect(advised.expectedShortfallUsd).toBe(after.expectedShortfallUsd);
    expect(advised.expectedShortfallStandardErrorUsd).toBe(after.expectedShortfallStandardErrorUsd);
    expect(today.expectedShortfallUsd).toBe(before.expectedShortfallUsd);
    expect(new Set(Object.values(change))).toEqual(new Set([0]));
    const [first] = result.assets;
    const wild = (await asked({ start: 'today', changes: [{ asset: first!.asset, haircutBps: 0 }] })).json();
    expect(wild.asked.borrowingPowerUsd).toBeGreaterThan(wild.today.borrowingPowerUsd);
    expect(wild.broken.map(({ asset }: { asset: string }) => asset)).toContain(first!.asset);
  }, 60_000);

  it.each([
    ['a change of nothing known', { changes: [{ asset: 'NOPE', haircutBps: 100 }] }, 'Setting.BadSettingError'],
    ['a name that objects have', { changes: [{ asset: 'constructor', haircutBps: 100 }] }, 'Setting.BadSettingError'],
    ['a haircut above all', { changes: [{ asset: 'WETH', haircutBps: 10_001 }] }, 'Http.BadRequestError'],
    ['half a basis point', { changes: [{ asset: 'WETH', haircutBps: 0.5 }] }, 'Http.BadRequestError'],
    ['an unknown field', { changes: [{ asset: 'WETH', bonusBps: 1 }] }, 'Http.BadRequestError'],
    ['paths without end', { changes: [], paths: 1e9 }, 'Http.BadRequestError'],
    ['no changes at all', {}, 'Http.BadRequestError'],
  ])('refuse %s', async (_what, payload, type) => {
    const answer = await asked(payload);
    expect([answer.statusCode, answer.json().type]).toEqual([400, type]);
  });

  it('wait in a queue that ends: the rest is told to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 24 }, () => asked({ changes: [] })));
    const codes = answers.map(({ statusCode }) => statusCode);
    expect(new Set(codes)).toEqual(new Set([200, 503]));
    expect(answers.find(({ statusCode }) => statusCode === 503)!.json()).toMatchObject({ type: 'Answers.CrowdedError' });
  }, 60_000);
});

describe('artifacts over HTTP', () => {
  it('are served exactly as they were hashed, each with a tag that never changes', async () => {
    const { from } = result.recommendation;
    const manifest = JSON.parse(bundleFile('manifest.json').toString());
    const paths = [
      `/v1/panels/${manifest.from.artifacts.panel}`,
      `/v1/states/${from.state}`,
      `/v1/policies/${from.policy}`,
      `/v1/cards/${result.cardId}`,
      `/v1/models/${from.model}`,
      `/v1/scenarios/${from.scenarios}`,
      `/v1/evidence/${from.evidenceBefore}`,
      `/v1/evidence/${from.evidenceAfter}`,
      `/v1/recommendations/${result.recommendation.id}`,
      `/v1/bundles/${manifest.id}`,
      ...(result.proposal === null ? [] : [`/v1/proposals/${result.proposal.id}`]),
      ...(result.execution === null ? [] : [`/v1/executions/${result.execution.id}`]),
    ];
    for (const path of paths) {
      const answer = await app.inject(path);
      expect(answer.statusCode, path).toBe(200);
      const artifact = answer.json();
      expect(isSealed(artifact), path).toBe(true);
      expect(answer.body, path).toBe(canonicalJson(artifact));
      expect(answer.headers['cache-control']).toContain('immutable');
      const known = await app.inject({ url: path, headers: { 'if-none-match': String(answer.headers.etag) } });
      expect([known.statusCode, known.body]).toEqual([304, '']);
    }
    const zipped = await app.inject({ url: paths[0]!, headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers['content-encoding']).toBe('gzip');
  });

  it('lists recommendations, and says where the proposal stands', async () => {
    const list = (await app.inject('/v1/recommendations?limit=1')).json();
    expect(list).toMatchObject({ items: [{ id: result.recommendation.id }], next: null });
    if (result.proposal === null) return;
    const standing = await app.inject(`/v1/proposals/${result.proposal.id}/standing`);
    expect(standing.json()).toMatchObject({ state: 'rehearsed', runId: result.runId, executionId: result.execution?.id });
  });

  it('keeps an audit log whose chain holds', async () => {
    const audit = (await app.inject('/v1/audit')).json();
    expect(audit.brokenAt).toBeNull();
    expect(audit.entries).toBeGreaterThanOrEqual(2);
  });

  it('is ready, alive and measured', async () => {
    expect((await app.inject('/readyz')).json()).toMatchObject({ status: 'ok', store: 'ok', queue: 'ok' });
    expect((await app.inject('/healthz')).json()).toMatchObject({ status: 'ok' });
    const metrics = await app.inject('/metrics');
    const nothing = await app.inject(`/v1/models/sha256:${'0'.repeat(64)}`);
    expect([nothing.statusCode, nothing.json().type]).toEqual([404, 'Http.NoSuchIdError']);
    expect(metrics.body).toMatch(/plimsoll_ready 1/);
    expect(metrics.body).toMatch(/plimsoll_queue_jobs\{state="completed"\} 1/);
  });
});

describe(
  'verify',
  () => {
    it('makes the same bytes again in another process with another number of workers', async () => {
      const { code, json } = await cli('verify', result.bundle.path, '--workers', '1', '--json');
      expect(json).toMatchObject({ ok: true, id: result.bundle.id, recomputedId: result.bundle.id, firstDifference: null });
      expect(code).toBe(0);
    });

    it.each([
      ['evidence-before.json', /badDebtUsd|liquidatedUsd|paths/],
      ['state.json', /no longer hashes|not JSON|spelling/],
      ['manifest.json', /./],
    ])('names the file and field where one byte of %s was changed', async (name, field) => {
      const copy = join(opened.config.dataDir, `tampered-${name}`);
      cpSync(result.bundle.path, copy, { recursive: true });
      const bytes = readFileSync(join(copy, name));
      // The last digit of a number well inside the file.
      const at = [...bytes.keys()].find((index) => index > bytes.length / 2 && isDigit(bytes[index]!) && isDigit(bytes[index - 1]!))!;
      bytes[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
      writeFileSync(join(copy, name), bytes);
      const { code, json } = await cli('verify', copy, '--workers', '2', '--json');
      expect(code).toBe(4);
      expect(json).toMatchObject({ ok: false, firstDifference: { file: name } });
      expect((json as { firstDifference: { field: string } }).firstDifference.field).toMatch(field);
    });

    it('refuses a bundle that other code made, and says how to get that code', async () => {
      const copy = join(opened.config.dataDir, 'other-code');
      cpSync(result.bundle.path, copy, { recursive: true });
      const { id: _id, ...manifest } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'));
      const other = { ...manifest, provenance: { ...manifest.provenance, codeVersion: '9.9.9' } };
      writeFileSync(join(copy, 'manifest.json'), canonicalJson({ ...other, id: digest(canonicalJson(other)) }));
      const { code, stderr } = await cli('verify', copy);
      expect(code).toBe(3);
      expect(stderr).toMatch(/Verify\.OtherCodeError.*9\.9\.9.*git checkout v9\.9\.9/s);
    });

    it('left nothing beside the bundles', () => {
      const bundles = join(opened.config.dataDir, 'bundles');
      expect(readdirSync(bundles).filter((name) => name.startsWith('.'))).toEqual([]);
      expect(existsSync(join(result.bundle.path, 'report.md'))).toBe(true);
    });
  },
  2 * MINUTES,
);

describe('a past run', () => {
  it(
    'is held against what happened: by its own data, or by those of a newer run',
    async () => {
      expect((await app.inject(`/v1/runs/${result.runId}/regret`)).json()).toMatchObject({ entries: [], trackRecord: { judged: 0 } });
      const asOf = new Date(Date.parse(result.asOf) - 14 * 86_400_000).toISOString();
      const asked = Run.parse((await post({ ...ASKED, asOf })).json());
      await expect.poll(async () => (await service.run(asked.id))?.status, { timeout: 2 * MINUTES, interval: 500 }).toBe('done');
      const own = (await app.inject(`/v1/runs/${asked.id}/regret`)).json();
      expect(own.entries).toHaveLength(1);
      expect(own.entries[0]).toMatchObject({ complete: true, startsAt: asOf });
      expect(own.trackRecord).toMatchObject({ recommendations: 1, judged: 1 });
      // As stored before results held it: the newer run's panel says the same.
      await service.store()!.pool.query(`UPDATE plimsoll.runs SET summary = summary - 'regret' WHERE id = '${asked.id}'`);
      const byNewer = (await app.inject(`/v1/runs/${result.runId}/regret`)).json();
      expect(byNewer.entries).toHaveLength(1);
      const [one, other] = [own.entries[0], byNewer.entries[0]];
      expect(other.from.panel).not.toBe(one.from.panel);
      expect([other.advised, other.inForce, other.hindsight]).toEqual([one.advised, one.inForce, one.hindsight]);
      const { attribution } = (await app.inject(`/v1/runs/${result.runId}/explanation?against=${asked.id}`)).json();
      const parts = Object.values(attribution.byDriver as Record<string, number>).reduce((sum, part) => sum + part, 0);
      const change = attribution.toUsd.expectedShortfallUsd - attribution.fromUsd.expectedShortfallUsd;
      expect(parts).toBeCloseTo(change, 4);
    },
    5 * MINUTES,
  );
});

function bundleFile(name: string): Buffer {
  return readFileSync(join(result.bundle.path, name));
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function post(body: object, key?: string) {
  return app.inject({ method: 'POST', url: '/v1/runs', payload: body, headers: key === undefined ? {} : { 'idempotency-key': key } });
}

async function follow(url: string): Promise<Run[]> {
  const answer = await fetch(url, { headers: { accept: 'text/event-stream' } });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const runs: Run[] = [];
  let rest = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    const messages = rest.split('\n\n');
    rest = messages.pop()!;
    for (const message of messages) {
      const data = message.split('\n').find((line) => line.startsWith('data:'));
      if (data !== undefined) runs.push(JSON.parse(data.slice('data:'.length)) as Run);
    }
  }
  return runs;
}

async function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string; json: unknown }> {
  const command = ['--import', 'tsx', 'api/plimsoll.ts', ...args];
  const ended = await promisify(execFile)(process.execPath, command).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
  return { ...ended, json: ended.stdout.startsWith('{') ? JSON.parse(ended.stdout) : null };
}
