/** The commands that fetch: candles from venues, a book from a chain. Against a host and a chain on this machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../api/cli/program.ts';
import * as StateFile from '../../datasets/sources/state-file.ts';
import { borrow, market, supply } from '../datasets/sources/aave-market.ts';
import { binanceAnswer, host } from '../datasets/sources/host.ts';
import { ledger } from '../datasets/sources/ledger.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-pull-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function cli(...args: string[]) {
  return promisify(execFile)(process.execPath, ['--import', 'tsx', 'api/plimsoll.ts', ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

describe('plimsoll data pull', () => {
  it('writes what data inspect reads', async () => {
    const open = await host(binanceAnswer);
    const range = ['--from', '2024-01-01', '--to', '2024-09-01', '--out', folder];
    const pulled = await cli('data', 'pull', '--asset', 'BTC', 'ETH', '--address', `binance=${open.address}`, ...range, '--json');
    await open.stop();
    expect([pulled.code, pulled.stderr]).toEqual([0, expect.stringContaining('binance ETH: part 1 of 1')]);
    expect(JSON.parse(pulled.stdout)).toMatchObject({
      written: [
        { asset: 'BTC', bars: 244 * 24 },
        { asset: 'ETH', bars: 244 * 24 },
      ],
      failed: [],
    });
    const inspected = await cli('data', 'inspect', folder, '--json');
    expect(JSON.parse(inspected.stdout)).toMatchObject({ assets: ['BTC', 'ETH'], length: 244 * 24, stepSeconds: 3600 });
  }, 60_000);

  it('goes on with the venues that answer, and fails where none does', async () => {
    const open = await host((url, response) =>
      url.searchParams.get('symbol') === 'XYZUSDT' ? response.writeHead(400).end() : binanceAnswer(url, response),
    );
    const range = ['--from', '2024-01-01', '--to', '2024-02-01', '--out', folder, '--address', `binance=${open.address}`];
    const some = await cli('data', 'pull', '--asset', 'BTC', 'XYZ', ...range);
    expect([some.code, some.stdout]).toEqual([0, expect.stringContaining('binance XYZ: Http.StatusError')]);
    const none = await cli('data', 'pull', '--asset', 'XYZ', ...range);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('Http.StatusError')]);
    await open.stop();
  }, 60_000);

  it.each([
    ['--venue', 'mtgox', '--asset', 'BTC', '--from', '2024-01-01'],
    ['--asset', '../BTC', '--from', '2024-01-01'],
    ['--asset', 'BTC', '--from', 'yesterday'],
    ['--asset', 'BTC', '--from', '2024-01-01', '--address', 'binance'],
  ])(
    'refuses %s %s %s %s',
    async (...args) => {
      expect(await main(['data', 'pull', ...args])).toBe(2);
    },
    60_000,
  );
});

describe('plimsoll state read', () => {
  it('finds the borrowers of a market and writes its book', async () => {
    const chain = await ledger();
    try {
      const terms = { decimals: 18, ltvBps: 8000, thresholdBps: 8300, bonusBps: 500 };
      const aave = await market(chain, [
        { ...terms, symbol: 'WETH', priceUsd: 2000 },
        { ...terms, symbol: 'DAI', priceUsd: 1 },
      ]);
      const [weth, dai] = aave.tokens;
      const [, bank, ann, bob] = chain.accounts;
      await supply(chain, aave, dai!, 1_000_000, bank!);
      for (const user of [ann!, bob!]) await supply(chain, aave, weth!, 10, user);
      for (const user of [bob!, ann!]) await borrow(chain, aave, dai!, 10_000, user);
      const out = join(folder, 'book.json');
      const where = ['--rpc', chain.url, '--provider', aave.provider.address, '--out', out];
      const read = await cli('state', 'read', ...where, '--json');
      expect([read.code, read.stderr]).toEqual([0, expect.stringContaining('2 accounts at block')]);
      const summary = JSON.parse(read.stdout) as { id: string; lendingAccounts: number; debtUsd: number };
      expect(summary).toMatchObject({ lendingAccounts: 2, setAside: 0, simulated: false });
      expect(summary.debtUsd).toBeCloseTo(20_000, 1);
      expect(StateFile.parse(await readFile(out, 'utf8'), out).id).toBe(summary.id);
      const list = join(folder, 'accounts.txt');
      await writeFile(list, `${ann}\n`);
      expect(JSON.parse((await cli('state', 'read', ...where, '--accounts', list, '--json')).stdout)).toMatchObject({ lendingAccounts: 1 });
    } finally {
      await chain.stop();
    }
  }, 90_000);
});
