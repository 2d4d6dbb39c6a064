/** The commands that pull what oracles said, as a person runs them: a node with Chainlink's own proxy, a Hermes server on this machine. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Hex } from 'viem';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../api/cli/program.ts';
import * as Chain from '../../datasets/sources/chain.ts';
import { readSeries } from '../../datasets/sources/files.ts';
import * as Pyth from '../../datasets/sources/pyth-history.ts';
import * as Rounds from '../../datasets/sources/rounds.ts';
import { HOUR_MS, type Host, host, json, quick, stoppedClock } from '../datasets/sources/host.ts';
import { artifact, type Contract, GENESIS_SECONDS, type Ledger, ledger } from '../datasets/sources/ledger.ts';
import { plimsoll } from './command.ts';

let folder = '';
let open: Host | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-oracle-'));
});
afterEach(async () => {
  await open?.stop();
  open = undefined;
  await rm(folder, { recursive: true, force: true });
});

const COMMAND = ['--import', 'tsx', 'api/plimsoll.ts'];

async function cli(...args: string[]) {
  return promisify(execFile)(process.execPath, [...COMMAND, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

/** Of everything in a folder but what was being written when it ended. */
async function bytesOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(path)).sort()) if (!name.endsWith('.part')) hash.update(name).update(await readFile(join(path, name)));
  return hash.digest('hex');
}

describe('plimsoll data pull-rounds', () => {
  const FIRST = 260;
  const ROUNDS = 264;
  let chain: Ledger;
  let proxy: Contract;
  let second: Contract;
  const at = (round: number): number => GENESIS_SECONDS + round * 3600;
  const post = (feed: Contract, round: number, hour: number) =>
    chain.send(feed, 'updateRoundData', [round, BigInt(2000 + hour) * 10n ** 8n, at(hour), at(hour)]);

  beforeAll(async () => {
    chain = await ledger();
    const Mock = artifact('@chainlink/abi/v0.6/tests/MockV3Aggregator.json');
    const first = await chain.deploy(Mock, [8, 1n]);
    const nobody = '0x0000000000000000000000000000000000000000';
    proxy = await chain.deploy(artifact('@chainlink/abi/v0.6/EACAggregatorProxy.json'), [first.address, nobody]);
    for (let round = 1; round <= FIRST; round += 1) await post(first, round, round);
    second = await chain.deploy(Mock, [8, 1n]);
    for (let round = 1; round <= ROUNDS - FIRST; round += 1) await post(second, round, FIRST + round);
    await chain.send(proxy, 'proposeAggregator', [second.address]);
    await chain.send(proxy, 'confirmAggregator', [second.address]);
    await chain.rpc('evm_increaseTime', 400 * 3600);
    await chain.rpc('evm_mine');
  }, 60_000);
  afterAll(() => chain?.stop());

  const request = () => ({ asset: 'ETH', feed: proxy.address as Hex, fromMs: at(1) * 1000 });

  it('writes what data inspect reads as prices', async () => {
    const pulled = await cli(
      ...['data', 'pull-rounds', '--rpc', chain.url, '--feed', `ETH=${proxy.address}`],
      ...['--from', '2024-01-01', '--out', folder, '--json'],
    );
    expect([pulled.code, pulled.stderr]).toEqual([0, expect.stringContaining('ETH: part 2 of 2')]);
    expect(JSON.parse(pulled.stdout)).toMatchObject({ written: [{ asset: 'ETH', rounds: ROUNDS, missing: 0, phases: 2 }] });
    const { series, quote } = await readSeries(folder);
    expect(quote).toBe('USD');
    const rows = series.flatMap(({ timesMs, close }) => [...timesMs].map((ms, row) => [ms, close[row]]));
    expect(rows).toEqual(Array.from({ length: ROUNDS }, (_, k) => [at(k + 1) * 1000, 2001 + k]));
    const inspected = await cli('data', 'inspect', folder, '--json', '--waive', 'ETH:too-little-history=eleven days of a local chain');
    expect(JSON.parse(inspected.stdout)).toMatchObject({ assets: ['ETH'], length: ROUNDS, stepSeconds: 3600 });
  }, 60_000);

  it('cut anywhere, it goes on at its own block to the same bytes, though rounds have come since', async () => {
    const newest = await Chain.at(chain.url);
    await Rounds.pull(newest, request(), folder, { pageRounds: 40 });
    const whole = await bytesOf(folder);
    for (const cutAfter of [1, 3, 6]) {
      const again = await mkdtemp(join(tmpdir(), 'plimsoll-oracle-'));
      const cut = new AbortController();
      const first = await Chain.at(chain.url, newest.block, { signal: cut.signal });
      const onPart = (done: number): void => {
        if (done === cutAfter) cut.abort();
      };
      await expect(Rounds.pull(first, request(), again, { pageRounds: 40, onPart })).rejects.toMatchObject({ name: 'AbortError' });
      await chain.rpc('evm_mine');
      const begun = await Rounds.begunAt(again, request());
      expect(begun).toBe(newest.block);
      await Rounds.pull(await Chain.at(chain.url, begun), request(), again, { pageRounds: 40 });
      expect(await bytesOf(again)).toBe(whole);
      expect(await Rounds.begunAt(again, request())).toBeUndefined();
      await rm(again, { recursive: true });
    }
  }, 60_000);

  it('takes the newer rounds the next time, and asks for no whole page again', async () => {
    const before = await Rounds.pull(await Chain.at(chain.url), request(), folder, { pageRounds: 40 });
    await post(second, ROUNDS - FIRST + 1, ROUNDS + 1);
    const after = await Rounds.pull(await Chain.at(chain.url), request(), folder, { pageRounds: 40 });
    expect([before.rows, after.rows, after.unfinished]).toEqual([ROUNDS, ROUNDS + 1, ROUNDS - FIRST + 1]);
    expect(after.parts.slice(0, -1)).toEqual(before.parts.slice(0, -1));
  }, 60_000);

  it('outlasts a node that is busy, and names one that stays so', async () => {
    let count = 0;
    open = await host(async (_url, response, incoming) => {
      count += 1;
      if (count % 3 !== 0) {
        response.writeHead(count % 3 === 1 ? 429 : 503, { 'retry-after': '0' }).end();
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const answer = await fetch(chain.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.concat(chunks),
      });
      json(response, await answer.json());
    });
    const clock = stoppedClock(0);
    const { rows } = await Rounds.pull(await Chain.at(open.address, undefined, { clock }), request(), folder);
    expect(rows).toBeGreaterThanOrEqual(ROUNDS);
    expect(clock.waits.some((ms) => ms > 0)).toBe(true);
    await open.stop();
    open = await host((_url, response) => response.writeHead(429).end());
    await expect(Chain.at(open.address, undefined, { clock })).rejects.toMatchObject({ name: 'Chain.NodeError' });
    expect(open.asked.length).toBeLessThanOrEqual(10);
  }, 60_000);

  it('refuses a folder with another beginning, and a node without an answer', async () => {
    await Rounds.pull(await Chain.at(chain.url), request(), folder);
    const args = ['data', 'pull-rounds', '--rpc', chain.url, '--feed', `ETH=${proxy.address}`, '--out', folder];
    const other = await plimsoll([...args, '--from', '2024-01-02']);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('Download.OtherRequestError')]);
    const future = await plimsoll([...args, '--from', '2024-01-01T01:00', '--block', '99999999']);
    expect([future.code, future.stderr]).toEqual([1, expect.stringContaining('Chain.NodeError')]);
  }, 60_000);
});

describe('plimsoll data pull-prices', () => {
  const FEED = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
  const FROM_MS = Date.parse('2024-01-01T00:00:00Z');
  const HOURS = 60;
  const update = (published: number, price: unknown = String(6_000_000 + (published % 7919))) => ({
    binary: { encoding: 'hex', data: [] },
    parsed: [{ id: FEED, price: { price, conf: '1500', expo: -2, publish_time: published }, metadata: { slot: 1 } }],
  });
  /** The first update published at or after the second asked for: one every two hours and five seconds past. */
  const hermes: Parameters<typeof host>[0] = (url, response) => {
    const asked = Number(url.pathname.split('/').at(-1));
    json(response, update(Math.ceil((asked - 5) / 7200) * 7200 + 5));
  };
  const wanted = { asset: 'BTC', feed: `0x${FEED}`, stepSeconds: 3600, fromMs: FROM_MS, toMs: FROM_MS + HOURS * HOUR_MS };
  const http = () => quick(stoppedClock(FROM_MS + 1000 * HOUR_MS), { attempts: 1 });

  it('writes each update once, and data inspect reads it', async () => {
    open = await host(hermes);
    const pulled = await cli(
      ...['data', 'pull-prices', '--feed', `BTC=0x${FEED}`, '--from', '2024-01-01', '--to', '2024-01-03T12:00', '--address', open.address],
      ...['--per-second', '1000', '--out', folder, '--json'],
    );
    expect([pulled.code, pulled.stderr]).toEqual([0, expect.stringContaining('BTC: part 1 of 1')]);
    expect(JSON.parse(pulled.stdout)).toMatchObject({ written: [{ asset: 'BTC', prices: HOURS / 2 + 1 }] });
    expect(open.asked).toHaveLength(HOURS);
    const inspected = await cli('data', 'inspect', folder, '--json', '--waive', 'BTC:too-little-history=days of a local host');
    expect(JSON.parse(inspected.stdout)).toMatchObject({ assets: ['BTC'], stepSeconds: 7200, length: HOURS / 2 + 1 });
  }, 60_000);

  it('goes on after a failure at any request, to the same bytes', async () => {
    open = await host(hermes);
    await Pyth.pull(http(), open.address, wanted, folder, { partSteps: 7 });
    const whole = await bytesOf(folder);
    for (const failAt of [1, 8, 20, 60]) {
      const again = await mkdtemp(join(tmpdir(), 'plimsoll-oracle-'));
      let count = 0;
      await open.stop();
      open = await host((url, response, incoming) => {
        count += 1;
        if (count === failAt) response.writeHead(500).end();
        else hermes(url, response, incoming);
      });
      const { address } = open;
      await expect(Pyth.pull(http(), address, wanted, again, { partSteps: 7 })).rejects.toMatchObject({ name: 'Http.StatusError' });
      await Pyth.pull(http(), address, wanted, again, { partSteps: 7 });
      expect(open.asked.length).toBeLessThanOrEqual(HOURS + 7);
      expect(await bytesOf(again)).toBe(whole);
      await rm(again, { recursive: true });
    }
  }, 60_000);

  it('interrupted by a person it leaves nothing half written, and the next start finishes it', async () => {
    let answered = 0;
    open = await host((url, response, incoming) => {
      answered += 1;
      setTimeout(() => hermes(url, response, incoming), 5);
    });
    const args = [
      'data',
      'pull-prices',
      '--feed',
      `BTC=0x${FEED}`,
      '--from',
      '2024-01-01',
      '--to',
      '2024-03-01',
      '--address',
      open.address,
    ];
    const running = spawn(process.execPath, [...COMMAND, ...args, '--per-second', '1000', '--out', folder], { stdio: 'pipe' });
    const ended = new Promise<number | null>((resolve) => running.once('exit', resolve));
    while (answered < 600 && running.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    running.kill('SIGINT');
    expect(await ended).toBe(130);
    expect((await readdir(folder)).filter((name) => name.endsWith('.csv.gz'))).toHaveLength(1);
    const cut = answered;
    const more = await plimsoll([...args, '--per-second', '1000', '--out', folder, '--json']);
    expect(JSON.parse(more.stdout)).toMatchObject({ written: [{ prices: (60 * 24) / 2 + 1, parts: 3 }] });
    expect(answered - cut).toBe(60 * 24 - 500);
  }, 60_000);

  it('sends its key where there is one, and says so where it is wanted', async () => {
    const seen: (string | undefined)[] = [];
    open = await host((url, response, incoming) => {
      seen.push(incoming.headers.authorization);
      if (incoming.headers.authorization === undefined) response.writeHead(401).end();
      else hermes(url, response, incoming);
    });
    const args = [
      'data',
      'pull-prices',
      '--feed',
      `BTC=${FEED}`,
      '--from',
      '2024-01-01',
      '--to',
      '2024-01-01T03:00',
      '--address',
      open.address,
    ];
    const without = await plimsoll([...args, '--out', folder], { PYTH_API_KEY: '' });
    expect([without.code, without.stderr]).toEqual([1, expect.stringMatching(/Http\.StatusError.*401.*key/)]);
    expect((await plimsoll([...args, '--out', folder], { PYTH_API_KEY: 'abc' })).code).toBe(0);
    expect(new Set(seen)).toEqual(new Set([undefined, 'Bearer abc']));
  }, 60_000);

  it.each([
    ['Pyth.FeedError', JSON.stringify(update(FROM_MS / 1000, '-5'))],
    ['Http.ReplyError', JSON.stringify(update(FROM_MS / 1000, '1e400'))],
    ['Http.TruncatedError', JSON.stringify(update(FROM_MS / 1000)).slice(0, 60)],
    // A clock ahead of ours by an hour.
    ['Pyth.FeedError', JSON.stringify(update(FROM_MS / 1000 + 1001 * 3600))],
    ['Http.ReplyTooLargeError', JSON.stringify({ ...update(FROM_MS / 1000), more: 'x'.repeat(9 * 1024 * 1024) })],
  ])('refuses with %s, and no cursor names what it refused', async (name, text) => {
    open = await host((_url, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
    await expect(Pyth.pull(http(), open.address, wanted, folder)).rejects.toMatchObject({ name });
    expect(await readdir(folder)).toEqual([]);
  });
});

it.each([
  ['pull-rounds', '--rpc', 'http://127.0.0.1:1', '--from', '2024-01-01', '--feed', 'ETH=0x12'],
  ['pull-rounds', '--rpc', 'http://127.0.0.1:1', '--from', 'yesterday', '--feed', `ETH=0x${'a'.repeat(40)}`],
  ['pull-rounds', '--from', '2024-01-01', '--feed', `ETH=0x${'a'.repeat(40)}`],
  ['pull-prices', '--from', '2024-01-01', '--feed', `ETH=0x${'a'.repeat(40)}`],
  ['pull-prices', '--from', '2024-01-01', '--feed', `../x=0x${'a'.repeat(64)}`],
])('refuses %s %s %s %s %s %s %s', async (...args) => {
  expect(await main(['data', ...args])).toBe(2);
});
