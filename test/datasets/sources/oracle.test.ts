import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Chain from '../../../datasets/sources/chain.ts';
import * as Chainlink from '../../../datasets/sources/chainlink.ts';
import * as Deribit from '../../../datasets/sources/deribit.ts';
import * as Pyth from '../../../datasets/sources/pyth.ts';
import { type Answer, HOUR_MS, host, json, quick, stoppedClock } from './host.ts';
import { artifact, type Contract, GENESIS_SECONDS, type Ledger, ledger } from './ledger.ts';

const NOW_MS = Date.parse('2024-03-01T12:30:00Z');

describe('Chainlink on a chain', () => {
  const Mock = artifact('@chainlink/abi/v0.6/tests/MockV3Aggregator.json');
  let chain: Ledger;
  let proxy: Contract;
  let second: Contract;
  const at = (round: number): number => GENESIS_SECONDS + round * 3600;

  beforeAll(async () => {
    chain = await ledger();
    const first = await chain.deploy(Mock, [8, 1n]);
    proxy = await chain.deploy(artifact('@chainlink/abi/v0.6/EACAggregatorProxy.json'), [
      first.address,
      '0x0000000000000000000000000000000000000000',
    ]);
    // Rounds 1 to 230 in the first phase, 100 never answered; then another aggregator with rounds 1 to 3.
    for (let round = 1; round <= 230; round += 1) {
      if (round !== 100) await chain.send(first, 'updateRoundData', [round, BigInt(2000 + round) * 10n ** 8n, at(round), at(round)]);
    }
    second = await chain.deploy(Mock, [8, 1n]);
    for (let round = 1; round <= 3; round += 1) {
      await chain.send(second, 'updateRoundData', [round, BigInt(3000 + round) * 10n ** 8n, at(230 + round), at(230 + round)]);
    }
    await chain.send(proxy, 'proposeAggregator', [second.address]);
    await chain.send(proxy, 'confirmAggregator', [second.address]);
    await chain.rpc('evm_increaseTime', 400 * 3600);
    await chain.rpc('evm_mine');
  }, 60_000);
  afterAll(() => chain?.stop());

  async function all(block: Chain.At, feed: Hex, fromMs = 0, page = 100) {
    const open = await Chainlink.open(block, 'ETH', feed);
    const pages = await Chainlink.plan(block, open, fromMs, page);
    const read = await Promise.all(pages.map((one) => Chainlink.read(block, open, one)));
    return { pages, rounds: read.flatMap(({ rounds }) => rounds), missing: read.reduce((sum, one) => sum + one.missing, 0) };
  }

  it('reads all rounds of both phases, in order, and counts those never answered', async () => {
    const { pages, rounds, missing } = await all(await Chain.at(chain.url), proxy.address);
    expect(missing).toBe(1);
    expect(pages.map(({ phase, from, to, isWhole }) => [phase, from, to, isWhole])).toEqual([
      [1n, 1n, 100n, true],
      [1n, 101n, 200n, true],
      [1n, 201n, 230n, true],
      [2n, 1n, 3n, false],
    ]);
    const numbers = Array.from({ length: 230 }, (_, k) => k + 1).filter((round) => round !== 100);
    expect(rounds.map(({ atMs }) => atMs)).toEqual([...numbers, 231, 232, 233].map((round) => at(round) * 1000));
    expect(rounds.map(({ priceUsd }) => priceUsd)).toEqual([...numbers.map((round) => 2000 + round), 3001, 3002, 3003]);
  });

  it.each([1, 7, 20, 99, 100])('begins with the first page that holds the beginning asked for, pages of %d', async (page) => {
    for (const first of [1, 100, 101, 225, 230, 231]) {
      const { rounds, pages } = await all(await Chain.at(chain.url), proxy.address, at(first) * 1000, page);
      const inPhase = rounds.filter(({ atMs }) => atMs >= at(first) * 1000);
      const isThere = (round: number) => round !== 100 && round >= first && round <= 233;
      expect(inPhase).toHaveLength(Array.from({ length: 234 }, (_, k) => k).filter(isThere).length);
      // A page that nobody answered is looked into.
      expect(pages.filter(({ phase }) => phase === 1n).length).toBeLessThanOrEqual(Math.ceil((231 - Math.min(first, 100)) / page) + 1);
    }
  });

  it('is blind to what came after its block', async () => {
    const block = await Chain.at(chain.url);
    await chain.send(second, 'updateRoundData', [4, 9999n * 10n ** 8n, at(240), at(240)]);
    expect((await all(block, proxy.address, at(231) * 1000)).rounds.map(({ priceUsd }) => priceUsd)).toEqual([3001, 3002, 3003]);
  });

  it.each([
    ['a price of 0', 0n, 241],
    ['a negative price', -5n, 241],
    ['a price beyond reason', 10n ** 40n, 241],
    ['a time after the block', 3000n * 10n ** 8n, 99_999],
  ])('refuses %s', async (_name, answer, round) => {
    const hostile = await chain.deploy(Mock, [8, 1n]);
    await chain.send(hostile, 'updateRoundData', [2, answer, at(round), at(round)]);
    await expect(all(await Chain.at(chain.url), hostile.address)).rejects.toMatchObject({ name: 'Chainlink.RoundError' });
  });

  it('refuses a feed that says it is in another coin', async () => {
    const word = (hex: string): string => hex.padStart(64, '0');
    // Whatever is asked: the string "stETH / ETH", whose words also pass for decimals and a round.
    const answer = [word('20'), word('b'), '7374455448202f20455448'.padEnd(64, '0'), word('1'), word('20')].join('');
    const address = '0x00000000000000000000000000000000000000bb';
    await chain.rpc('anvil_setCode', address, `0x60a0600c60003960a06000f3${answer}`);
    await expect(all(await Chain.at(chain.url), address)).rejects.toMatchObject({
      name: 'Chainlink.QuoteError',
      message: expect.stringContaining('stETH / ETH'),
    });
  });

  it('tells no contract from no node', async () => {
    const block = await Chain.at(chain.url);
    const nobody = all(block, '0x00000000000000000000000000000000000000aa');
    await expect(nobody).rejects.toMatchObject({ name: 'Chain.ContractError' });
    await expect(Chain.at(chain.url, 10n ** 9n)).rejects.toMatchObject({ name: 'Chain.NodeError' });
    const other = await ledger();
    const gone = await Chain.at(other.url);
    await other.stop();
    const dead = all(gone, proxy.address);
    await expect(dead).rejects.toMatchObject({ name: 'Chain.NodeError' });
  });
});

async function against<T>(
  answer: Answer,
  ask: (address: string, http: ReturnType<typeof quick>) => Promise<T>,
): Promise<{ value: T; asked: readonly URL[] }> {
  const open = await host(answer);
  try {
    return { value: await ask(open.address, quick(stoppedClock(NOW_MS), { attempts: 1 })), asked: open.asked };
  } finally {
    await open.stop();
  }
}

describe('Pyth', () => {
  const FEED = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
  const update = (price: unknown, published: number) => ({
    binary: { encoding: 'hex', data: [] },
    parsed: [{ id: FEED, price: { price, conf: '1500000', expo: -5, publish_time: published }, ema_price: {}, metadata: { slot: 1 } }],
  });

  it('reads price, confidence and time', async () => {
    const seconds = NOW_MS / 1000 - 2;
    const { value, asked } = await against(
      (_, response) => json(response, update('6140993501', seconds)),
      (address, http) => Pyth.prices(http, address, [`0x${FEED}`]),
    );
    expect(value).toEqual([
      { feed: `0x${FEED}`, priceUsd: 6140993501 * 10 ** -5, confidenceUsd: 1500000 * 10 ** -5, publishedMs: seconds * 1000 },
    ]);
    expect(asked[0]?.pathname).toBe('/v2/updates/price/latest');
  });

  it.each([
    ['Pyth.FeedError', update('0', NOW_MS / 1000)],
    ['Pyth.FeedError', update('-1', NOW_MS / 1000)],
    ['Pyth.FeedError', update('5', NOW_MS / 1000 + 3600)],
    ['Http.ReplyError', update('1e30', NOW_MS / 1000)],
    ['Http.ReplyError', update('1.5', NOW_MS / 1000)],
    ['Http.ReplyError', { parsed: [] }],
    ['Pyth.FeedError', { parsed: [{ ...update('5', NOW_MS / 1000).parsed[0], id: '0'.repeat(64) }] }],
  ])('refuses with %s', async (name, reply) => {
    const refused = against(
      (_, response) => json(response, reply),
      (address, http) => Pyth.prices(http, address, [FEED]),
    );
    await expect(refused).rejects.toMatchObject({ name });
  });
});

describe('Deribit', () => {
  const summary = (name: string, more: object = {}) => ({
    instrument_name: name,
    underlying_price: 62_345.67,
    underlying_index: 'BTC-27DEC24',
    mark_iv: 61.38,
    mark_price: 0.0512,
    bid_price: 0.0505,
    ask_price: null,
    open_interest: 1234.5,
    creation_timestamp: NOW_MS - 500,
    volume: 12.3,
    interest_rate: 0,
    ...more,
  });
  const options = (...result: unknown[]) =>
    against(
      (_, response) => json(response, { jsonrpc: '2.0', result, usIn: 1, usOut: 2, testnet: false }),
      (address, http) => Deribit.options(http, address, 'BTC'),
    );

  it('reads option summaries, by expiry and strike', async () => {
    const { value, asked } = await options(
      summary('BTC-27DEC24-100000-C'),
      summary('BTC-8MAR24-60000-P', { mark_iv: null, bid_price: null }),
    );
    expect(asked[0]?.search).toBe('?currency=BTC&kind=option');
    expect(value.asOfMs).toBe(NOW_MS - 500);
    expect(value.quotes.map(({ instrument }) => instrument)).toEqual(['BTC-8MAR24-60000-P', 'BTC-27DEC24-100000-C']);
    expect(value.quotes[1]).toEqual({
      instrument: 'BTC-27DEC24-100000-C',
      asset: 'BTC',
      right: 'call',
      strikeUsd: 100_000,
      expiresMs: Date.UTC(2024, 11, 27, 8),
      underlyingUsd: 62_345.67,
      markVolatility: 0.6138,
      markCoins: 0.0512,
      bidCoins: 0.0505,
      askCoins: null,
      openInterestCoins: 1234.5,
    });
    expect(value.quotes[0]?.markVolatility).toBeNull();
  });

  it.each(['BTC-31FEB24-100000-C', 'BTC-27XXX24-1-C', 'BTC-27DEC24-0-C', 'BTC-PERPETUAL', '<script>'])(
    'refuses the instrument %s',
    async (name) => {
      await expect(options(summary(name))).rejects.toMatchObject({ name: 'Deribit.InstrumentError' });
    },
  );

  it.each([{ mark_iv: -1 }, { underlying_price: 0 }, { bid_price: 'NaN' }, { open_interest: -3 }])('refuses %j', async (more) => {
    await expect(options(summary('BTC-27DEC24-100000-C', more))).rejects.toMatchObject({ name: 'Http.ReplyError' });
  });

  /** Two bars a page, newest first. */
  const index: Answer = (url, response) => {
    const start = Number(url.searchParams.get('start_timestamp'));
    const end = Number(url.searchParams.get('end_timestamp'));
    const last = Math.floor(end / HOUR_MS) * HOUR_MS;
    const bar = (ms: number) => [ms, 50 + ((ms / HOUR_MS) % 5), 60, 40, 51.5];
    const data = [last - HOUR_MS, last].filter((ms) => ms >= start).map(bar);
    json(response, { jsonrpc: '2.0', result: { data, continuation: last - 2 * HOUR_MS >= start ? last - HOUR_MS - 1 : null } });
  };
  const fromMs = Date.parse('2024-03-01T00:00:00Z');

  it('pages DVOL back to the beginning and leaves the running hour out', async () => {
    const { value, asked } = await against(index, (address, http) =>
      Deribit.dvol(http, address, { asset: 'BTC', stepSeconds: 3600, fromMs, toMs: NOW_MS }),
    );
    expect([...value.series.timesMs]).toEqual(Array.from({ length: 12 }, (_, hour) => fromMs + hour * HOUR_MS));
    expect([value.series.asset, value.series.close[0], asked.length]).toEqual(['BTC-DVOL', 0.515, 7]);
  });

  it('where the venue is behind our clock, its clock says which hours have ended', async () => {
    const { value } = await against(
      (url, response, request) => {
        response.setHeader('date', new Date(NOW_MS - 2 * HOUR_MS).toUTCString());
        index(url, response, request);
      },
      (address, http) => Deribit.dvol(http, address, { asset: 'BTC', stepSeconds: 3600, fromMs, toMs: NOW_MS }),
    );
    expect([value.series.timesMs.length, value.unfinished]).toEqual([10, 3]);
  });

  it('does not follow a continuation that goes nowhere', async () => {
    const stuck = against(
      (_, response) => json(response, { result: { data: [], continuation: NOW_MS } }),
      (address, http) => Deribit.dvol(http, address, { asset: 'ETH', stepSeconds: 3600, fromMs, toMs: NOW_MS }),
    );
    await expect(stuck).rejects.toMatchObject({ name: 'Deribit.PageError' });
  });
});
