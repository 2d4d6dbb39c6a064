import { afterEach, describe, expect, it } from 'vitest';
import { binance } from '../../../datasets/sources/binance.ts';
import { coinbase } from '../../../datasets/sources/coinbase.ts';
import { type CandleRequest, clockNotes, type Exchange, type Page } from '../../../datasets/sources/exchange.ts';
import { kraken } from '../../../datasets/sources/kraken.ts';
import { type Answer, barOf, binanceAnswer, HOUR_MS, type Host, host, json, quick, stoppedClock } from './host.ts';

const FROM_MS = Date.parse('2024-01-01T00:00:00Z');
const NOW_MS = Date.parse('2024-03-01T12:30:00Z');
const HTTP_DATE = new Date(NOW_MS).toUTCString();

let open: Host | undefined;
afterEach(async () => {
  await open?.stop();
  open = undefined;
});

/** Coinbase's shape: newest first, low before high before open, one row more than asked for at each end. */
const coinbaseAnswer: Answer = (url, response) => {
  const start = Date.parse(url.searchParams.get('start') ?? '');
  const end = Date.parse(url.searchParams.get('end') ?? '');
  const rows: number[][] = [];
  for (let at = end + HOUR_MS; at >= start - HOUR_MS; at -= HOUR_MS) {
    const { open: first, high, low, close, volume } = barOf(at);
    rows.push([at / 1000, low, high, first, close, volume]);
  }
  if (rows.length > 302) response.writeHead(400, { 'content-type': 'application/json' }).end('{"message":"granularity too small"}');
  else json(response, rows, { date: HTTP_DATE });
};

/** Kraken's shape: the latest 720 bars whatever is asked, the running one last, under its own name for the pair. */
const krakenAnswer: Answer = (_, response) => {
  const running = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
  const rows = Array.from({ length: 720 }, (_unused, index) => {
    const at = running - (719 - index) * HOUR_MS;
    const { open: first, high, low, close, volume } = barOf(at);
    return [at / 1000, first.toFixed(1), high.toFixed(1), low.toFixed(1), close.toFixed(1), '20000.0', volume.toFixed(8), 250];
  });
  json(response, { error: [], result: { XXBTZUSD: rows, last: running / 1000 - 3600 } }, { date: HTTP_DATE });
};

const request = (toMs: number, fromMs = FROM_MS): CandleRequest => ({ asset: 'BTC', quote: 'USD', stepSeconds: 3600, fromMs, toMs });

async function all(
  make: (address: string) => Exchange,
  answer: Answer,
  wanted: CandleRequest,
): Promise<{ pages: Page[]; asked: readonly URL[] }> {
  open = await host(answer);
  const pages: Page[] = [];
  for await (const page of make(open.address).candles(quick(stoppedClock(NOW_MS)), wanted)) pages.push(page);
  return { pages, asked: open.asked };
}

function expectBars(pages: readonly Page[], fromMs: number, toMs: number): void {
  const times = pages.flatMap(({ series }) => [...series.timesMs]);
  expect(times).toEqual(Array.from({ length: (toMs - fromMs) / HOUR_MS }, (_, index) => fromMs + index * HOUR_MS));
  for (const { series } of pages) {
    for (const [i, time] of series.timesMs.entries()) {
      const row = { open: series.open[i], high: series.high[i], low: series.low[i], close: series.close[i], volume: series.volume[i] };
      expect(row).toEqual(barOf(time));
    }
  }
}

describe('candles', () => {
  it('Binance: pages of 1,000 in order, each bar once', async () => {
    const toMs = FROM_MS + 1234 * HOUR_MS;
    const { pages, asked } = await all(binance, binanceAnswer, request(toMs));
    expectBars(pages, FROM_MS, toMs);
    expect(asked.map((url) => url.search)).toEqual([
      `?symbol=BTCUSD&interval=1h&startTime=${FROM_MS}&endTime=${FROM_MS + 1000 * HOUR_MS - 1}&limit=1000`,
      `?symbol=BTCUSD&interval=1h&startTime=${FROM_MS + 1000 * HOUR_MS}&endTime=${toMs - 1}&limit=1000`,
    ]);
  });

  it('Coinbase: newest first and one row too many at each end becomes the same bars', async () => {
    const toMs = FROM_MS + 700 * HOUR_MS;
    const { pages, asked } = await all(coinbase, coinbaseAnswer, request(toMs));
    expectBars(pages, FROM_MS, toMs);
    expect(asked).toHaveLength(3);
  });

  it('Kraken: the running bar is left out and counted, missing history is said', async () => {
    const { pages } = await all(kraken, krakenAnswer, request(NOW_MS + 5 * HOUR_MS));
    const runningMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS;
    expectBars(pages, runningMs - 719 * HOUR_MS, runningMs);
    expect(pages.map(({ unfinished }) => unfinished)).toEqual([1]);
    expect(pages[0]?.notes[0]).toMatch(/^kraken has no bar of BTC from 2024-01-01T00:00:00.000Z to 2024-01-31/);
  });

  it('asks Kraken for XBT, since a second earlier, and again when it says in status 200 that it is busy', async () => {
    let count = 0;
    const { asked, pages } = await all(
      kraken,
      (url, response, incoming) => {
        count += 1;
        if (count < 3) json(response, { error: ['EGeneral:Too many requests'] });
        else krakenAnswer(url, response, incoming);
      },
      request(NOW_MS, NOW_MS - 24 * HOUR_MS),
    );
    expect(asked).toHaveLength(3);
    expect(asked[0]?.searchParams.get('pair')).toBe('XBTUSD');
    expect(Number(asked[0]?.searchParams.get('since')) % 3600).toBe(3599);
    expect(pages[0]?.series.timesMs).toHaveLength(23);
  });

  it('names what Kraken refuses', async () => {
    const refused = all(kraken, (_, response) => json(response, { error: ['EQuery:Unknown asset pair'] }), request(NOW_MS));
    await expect(refused).rejects.toMatchObject({ name: 'Kraken.RefusedError', message: expect.stringContaining('Unknown asset pair') });
  });

  it('takes the earlier of two clocks and says that they differ', async () => {
    const fromMs = Math.floor(NOW_MS / HOUR_MS) * HOUR_MS - 5 * HOUR_MS;
    const late: Answer = (url, response) => {
      response.setHeader('date', new Date(NOW_MS - 2 * HOUR_MS).toUTCString());
      binanceAnswer(url, response);
    };
    const { pages } = await all(binance, late, request(NOW_MS, fromMs));
    expect(pages[0]?.series.timesMs).toHaveLength(3);
    expect(pages[0]?.unfinished).toBe(3);
    expect(clockNotes('binance', pages[0]?.skewMs ?? 0)[0]).toMatch(/clock is 7200 s behind ours/);
    expect(clockNotes('binance', 4000)).toEqual([]);
    await open?.stop();
    const ahead: Answer = (url, response) => {
      response.setHeader('date', new Date(NOW_MS + 2 * HOUR_MS).toUTCString());
      binanceAnswer(url, response);
    };
    const { pages: fast } = await all(binance, ahead, request(NOW_MS + 9 * HOUR_MS, fromMs));
    expect(fast[0]?.series.timesMs).toHaveLength(5);
  });

  it.each([
    ['a price of 0', (row: unknown[]) => row.splice(4, 1, '0.00000000'), 'Http.ReplyError'],
    ['a negative price', (row: unknown[]) => row.splice(1, 1, '-5'), 'Http.ReplyError'],
    ['a price beyond reason', (row: unknown[]) => row.splice(2, 1, '1e300'), 'Http.ReplyError'],
    ['no number', (row: unknown[]) => row.splice(3, 1, 'NaN'), 'Http.ReplyError'],
    ['a negative volume', (row: unknown[]) => row.splice(5, 1, '-0.1'), 'Http.ReplyError'],
    ['a time in seconds', (row: unknown[]) => row.splice(0, 1, FROM_MS / 1000), 'Http.ReplyError'],
    ['a row cut short', (row: unknown[]) => row.splice(4, 8), 'Http.ReplyError'],
    ['a time off the grid', (row: unknown[]) => row.splice(0, 1, FROM_MS + 1), 'Exchange.CandleError'],
    ['one time with two prices', (row: unknown[]) => row.splice(0, 1, FROM_MS + HOUR_MS), 'Exchange.CandleError'],
  ])('refuses a page with %s', async (_name, spoil, error) => {
    const answer: Answer = (_, response) => {
      const row = (at: number): unknown[] => [at, '1.5', '2', '1', '1.8', '10', at + HOUR_MS - 1, '15', 3, '1', '1', '0'];
      const rows = [row(FROM_MS), row(FROM_MS + HOUR_MS)];
      rows[0]![4] = '1.7';
      spoil(rows[0]!);
      json(response, rows);
    };
    await expect(all(binance, answer, request(FROM_MS + 2 * HOUR_MS))).rejects.toMatchObject({ name: error });
  });

  it.each([binance, coinbase, kraken])('refuses a step the venue does not have (%o)', async (make) => {
    const odd = all(make, () => {}, { ...request(NOW_MS), stepSeconds: 7 });
    await expect(odd).rejects.toMatchObject({ name: 'Exchange.StepError' });
  });
});

describe('order books', () => {
  const orders = {
    bids: [
      ['99.5', '2', 1],
      ['99', '1.5', 2],
    ],
    asks: [['100.5', '1', 1]],
  };
  const read = {
    bids: [
      { price: 99.5, size: 2 },
      { price: 99, size: 1.5 },
    ],
    asks: [{ price: 100.5, size: 1 }],
  };

  it.each([
    ['binance', binance, { lastUpdateId: 1, ...orders }],
    ['coinbase', coinbase, { ...orders, sequence: 3, auction_mode: false }],
    ['kraken', kraken, { error: [], result: { XXBTZUSD: orders } }],
  ] as const)('%s', async (venue, make, reply) => {
    open = await host((_, response) => json(response, reply));
    const book = await make(open.address).book(quick(stoppedClock(NOW_MS)), { asset: 'BTC', quote: 'USD' });
    expect(book).toEqual({ venue, asset: 'BTC', quote: 'USD', ...read });
  });
});
