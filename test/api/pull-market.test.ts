/** Depth, options and the volatility index, pulled as a person does, and put into a book. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seal } from '../../base/id.ts';
import { readSeries } from '../../datasets/sources/files.ts';
import * as StateFile from '../../datasets/sources/state-file.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import { HOUR_MS, type Host, host, json } from '../datasets/sources/host.ts';
import { ledger } from '../datasets/sources/ledger.ts';
import { uniswap } from '../datasets/sources/uniswap-pool.ts';
import { state as handMade } from '../governance/book.ts';
import { plimsoll } from './command.ts';

let folder = '';
let open: Host | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-market-'));
});
afterEach(async () => {
  await open?.stop();
  open = undefined;
  await rm(folder, { recursive: true, force: true });
});

const NOW_MS = Date.now();
const DAY_MS = 24 * HOUR_MS;

/** Square-root depth: what can be sold down to a fall grows with its square. */
function bids(mid: number): [string, string, string][] {
  return Array.from({ length: 600 }, (_, level) => {
    const fall = (level + 1) * 0.0004;
    return [(mid * (1 - fall)).toFixed(4), (50 * (1 + level)).toFixed(3), '1'];
  });
}

function venues(url: URL, response: ServerResponse): void {
  const book = { bids: bids(2000), asks: [['2000.8', '5', '1']] };
  if (url.pathname === '/api/v3/depth') json(response, { lastUpdateId: 1, ...book });
  else if (url.pathname === '/0/public/Depth') json(response, { error: [], result: { XETHZUSD: book } });
  else if (url.pathname.startsWith('/products/')) json(response, { ...book, sequence: 3 });
  else response.writeHead(404).end();
}

const NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** A smile of 60 % at the money, 5 points more a tenth away from it. */
const smile = (strike: number): number => 60 + 50 * Math.abs(Math.log(strike / 2000));

function deribit(url: URL, response: ServerResponse): void {
  if (url.pathname.endsWith('get_volatility_index_data')) {
    const [start, end] = ['start_timestamp', 'end_timestamp'].map((name) => Number(url.searchParams.get(name)));
    const last = Math.floor(end! / HOUR_MS) * HOUR_MS;
    const data = Array.from({ length: 100 }, (_, back) => last - back * HOUR_MS)
      .filter((ms) => ms >= start!)
      .map((ms) => [ms, 50, 60, 40, 50 + ((ms / HOUR_MS) % 7)])
      .reverse();
    json(response, { jsonrpc: '2.0', result: { data, continuation: last - 100 * HOUR_MS >= start! ? last - 100 * HOUR_MS : null } });
    return;
  }
  const result = [20, 80].flatMap((days) => {
    const day = new Date(NOW_MS + days * DAY_MS);
    const date = `${day.getUTCDate()}${NAMES[day.getUTCMonth()]}${String(day.getUTCFullYear()).slice(2)}`;
    return Array.from({ length: 25 }, (_, index) => 1000 + 100 * index).flatMap((strike) =>
      ['C', 'P'].map((right) => ({
        instrument_name: `ETH-${date}-${strike}-${right}`,
        underlying_price: 2000,
        mark_iv: Number(smile(strike).toFixed(2)),
        mark_price: 0.05,
        bid_price: null,
        ask_price: null,
        open_interest: 10,
        creation_timestamp: NOW_MS - 500,
      })),
    );
  });
  json(response, { jsonrpc: '2.0', result });
}

/** WETH of a book of now, one trader with options on it, and a month of bars with volumes. */
async function bookAndPanel(): Promise<{ book: string; panel: string; state: ProtocolState }> {
  const asOf = new Date(Math.floor(NOW_MS / HOUR_MS) * HOUR_MS).toISOString();
  const { id: _, ...plain } = handMade();
  const option = { asset: 'WETH', type: 'call' as const, strikeUsd: 2400, impliedVolatility: 0.3, sizeTokens: -10 };
  const expiresAt = new Date(NOW_MS + 40 * DAY_MS).toISOString();
  const state = seal({
    ...plain,
    asOf,
    assets: plain.assets.map((one) => (one.asset === 'WETH' ? { ...one, panelAsset: 'ETH', priceUsd: 2000 } : one)),
    derivatives: [{ account: 'trader', equityUsd: 1e6, perps: [], options: [{ ...option, expiresAt }] }],
  });
  const book = join(folder, 'book.json');
  const panel = join(folder, 'ETH-USD_1h.csv');
  await writeFile(book, StateFile.write(state));
  const rows = Array.from({ length: 30 * 24 }, (_, hour) => {
    const close = 2000 * (hour % 2 === 0 ? 1 : 1.006);
    return [Date.parse(asOf) - (30 * 24 - hour) * HOUR_MS, close, close, close, close, 1000].join(',');
  });
  await writeFile(panel, ['open_time_ms,open,high,low,close,volume', ...rows, ''].join('\n'));
  return { book, panel, state };
}

async function pulled(...args: string[]) {
  const said = await plimsoll(['data', ...args, '--json']);
  return {
    ...said,
    ...(said.code === 0 ? (JSON.parse(said.stdout) as { written: { file: string; rows: number; what: string }[] }) : { written: [] }),
  };
}

describe('plimsoll data pull-depth and state measure', () => {
  it('writes the books of three venues and a pool, and a book of the protocol takes them', async () => {
    const chain = await ledger(Math.floor(NOW_MS / 1000) - 60);
    try {
      const { pool } = await uniswap(chain);
      open = await host(venues);
      const { address } = open;
      const at = ['binance', 'coinbase', 'kraken'].flatMap((name) => ['--address', `${name}=${address}`]);
      const depth = join(folder, 'depth');
      const { written, stderr } = await pulled(
        ...['pull-depth', '--venue', 'binance', 'coinbase', 'kraken', '--asset', 'ETH', '--quote', 'USD', ...at],
        ...['--pool', `ETH/USDC=${pool.address}`, '--rpc', chain.url, '--out', depth],
      );
      expect(written.map(({ rows }) => rows)).toEqual([601, 601, 601, 9]);
      expect(stderr).toContain('4 of 4');
      const { book, panel, state } = await bookAndPanel();
      const out = join(folder, 'measured.json');
      const files = written.flatMap(({ file }) => ['--depth', `WETH=${join(depth, file)}`]);
      const measured = await plimsoll(['state', 'measure', book, ...files, '--panel', panel, '--out', out, '--json']);
      expect([measured.code, measured.stderr]).toEqual([0, expect.stringContaining('Wrote')]);
      const found = StateFile.parse(await readFile(out, 'utf8'), out);
      const weth = found.assets.find(({ asset }) => asset === 'WETH')!.depth;
      expect(weth.dailyVolumeUsd).toBeCloseTo(24 * 1000 * 2006, -5);
      expect(weth.says).toMatch(/binance ETH-USD \+ coinbase ETH-USD \+ kraken ETH-USD \+ uniswap 0x/);
      expect(weth.impactDelta).toBeGreaterThan(0.3);
      expect(weth.impactDelta).toBeLessThan(0.7);
      expect(found.assets.filter(({ asset }) => asset !== 'WETH')).toEqual(state.assets.filter(({ asset }) => asset !== 'WETH'));
      expect(found.from.importedFrom).toHaveLength(5);
      const wrong = await pulled('pull-depth', '--pool', `BTC/USDC=${pool.address}`, '--rpc', chain.url, '--out', depth);
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('Uniswap.OtherPairError')]);
    } finally {
      await chain.stop();
    }
  }, 90_000);

  it('goes on with the venues that answer; a book that is none and a changed file are refused', async () => {
    open = await host((url, response) => {
      if (url.pathname === '/api/v3/depth') json(response, { bids: [['2001', '1']], asks: [['2000', '1']] });
      else venues(url, response);
    });
    const at = ['--address', `binance=${open.address}`, '--address', `kraken=${open.address}`];
    const depth = join(folder, 'depth');
    const both = await pulled('pull-depth', '--venue', 'binance', 'kraken', '--asset', 'ETH', '--quote', 'USD', ...at, '--out', depth);
    expect([both.code, both.written.length, both.stderr]).toEqual([0, 1, expect.stringContaining('Depth.BookError')]);
    const path = join(depth, both.written[0]!.file);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"size":50', '"size":5000'));
    const { book, panel } = await bookAndPanel();
    const changed = await plimsoll([
      'state',
      'measure',
      book,
      '--depth',
      `WETH=${path}`,
      '--panel',
      panel,
      '--out',
      join(folder, 'x.json'),
    ]);
    expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining('Snapshot.UnreadableError')]);
    for (const args of [
      ['--venue', 'kraken'],
      ['--pool', `ETH/USDC=0x${'a'.repeat(40)}`],
    ])
      expect((await plimsoll(['data', 'pull-depth', ...args])).stderr).toContain('DataPullMarket.MissingFlagError');
  }, 30_000);
});

describe('plimsoll data pull-options and state measure', () => {
  it('marks the options of a book by what is quoted, not by what was declared', async () => {
    open = await host(deribit);
    const { written } = await pulled('pull-options', '--asset', 'ETH', '--address', open.address, '--out', join(folder, 'options'));
    expect(written).toEqual([expect.objectContaining({ rows: 100 })]);
    const { book, state } = await bookAndPanel();
    const out = join(folder, 'measured.json');
    const file = `WETH=${join(folder, 'options', written[0]!.file)}`;
    const measured = await plimsoll(['state', 'measure', book, '--options', file, '--out', out, '--json']);
    expect(measured.code).toBe(0);
    const found = StateFile.parse(await readFile(out, 'utf8'), out);
    expect(found.derivatives[0]!.options![0]!.impliedVolatility).toBeCloseTo(smile(2400) / 100, 1);
    expect(found.notes.at(-1)).toMatch(/^1 options of WETH at the volatility quoted at .*: 2 expiries, 0 left out/);
    const old = seal({ ...(({ id: _, ...rest }) => rest)(state), asOf: '2023-10-31T00:00:00.000Z' });
    await writeFile(book, StateFile.write(old));
    const late = await plimsoll(['state', 'measure', book, '--options', file, '--out', out]);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('Measure.OtherDayError')]);
  }, 60_000);

  it.each([
    ['Http.StatusError', 404, ''],
    ['Http.TruncatedError', 200, '{"result":[{"instrument_na'],
    ['Http.ReplyError', 200, '{"result":[{"instrument_name":"ETH-27DEC24-2000-C","underlying_price":1e999}]}'],
  ])(
    'leaves no file after %s',
    async (name, status, text) => {
      // Truncated text is asked for again; the pauses are real here, so the host mends itself into another fault only once.
      open = await host((_url, response) => response.writeHead(status, { 'content-type': 'application/json' }).end(text));
      if (name === 'Http.TruncatedError') {
        let count = 0;
        await open.stop();
        open = await host((url, response) => {
          count += 1;
          if (count > 1) deribit(url, response);
          else response.writeHead(200, { 'content-type': 'application/json' }).end(text);
        });
        expect((await pulled('pull-options', '--asset', 'ETH', '--address', open.address, '--out', folder)).code).toBe(0);
        return;
      }
      const said = await pulled('pull-options', '--asset', 'ETH', '--address', open.address, '--out', folder);
      expect([said.code, said.stderr]).toEqual([1, expect.stringContaining(name)]);
      expect(await readdir(folder)).toEqual([]);
    },
    30_000,
  );
});

describe('plimsoll data pull-dvol', () => {
  const args = ['pull-dvol', '--asset', 'BTC', '--from', '2024-01-01', '--to', '2024-12-01', '--per-second', '1000'];
  const HOURS = 335 * 24;

  it('pages back, goes on after a failure to the same bytes, and is read as a series', async () => {
    let count = 0;
    let failAt = 0;
    open = await host((url, response) => {
      count += 1;
      if (count === failAt) response.writeHead(404).end();
      else deribit(url, response);
    });
    const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')];
    const from = ['--address', open.address];
    expect((await pulled(...args, ...from, '--out', whole)).written).toEqual([expect.objectContaining({ bars: HOURS, unfinished: 0 })]);
    failAt = count + 70;
    expect((await pulled(...args, ...from, '--out', cut)).stderr).toContain('Http.StatusError');
    expect((await readdir(cut)).length).toBe(2);
    const before = count;
    await pulled(...args, ...from, '--out', cut);
    expect(count - before).toBe(21);
    for (const name of await readdir(whole)) expect(await readFile(join(cut, name))).toEqual(await readFile(join(whole, name)));
    const { series } = await readSeries(whole);
    expect(new Set(series.map(({ asset }) => asset))).toEqual(new Set(['BTC-DVOL']));
    expect(series.reduce((sum, { timesMs }) => sum + timesMs.length, 0)).toBe(HOURS);
    expect(series[0]!.close[0]).toBeCloseTo(0.5 + ((Date.UTC(2024, 0, 1) / HOUR_MS) % 7) / 100, 12);
  }, 120_000);
});
