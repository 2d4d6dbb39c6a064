import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../base/errors.ts';
import { readSeries } from '../../../datasets/sources/files.ts';
import { hasReal, REAL } from '../real.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIDNIGHT = Date.UTC(2024, 0, 1);
const HOUR = 3_600_000;

/** A file in its own folder, so that each test can also read the folder. */
function put(name: string, text: string | Buffer): string {
  const own = mkdtempSync(join(folder, 'file-'));
  const path = join(own, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

function bars(rows: number, bad: Readonly<Record<number, string>> = {}): string {
  const lines = ['open_time_ms,open,high,low,close,volume'];
  for (let i = 0; i < rows; i += 1) lines.push(bad[i + 2] ?? `${MIDNIGHT + i * HOUR},${100 + i},${102 + i},${99 + i},${101 + i},7`);
  return `${lines.join('\n')}\n`;
}

async function refusal(path: string): Promise<PlimsollError> {
  const outcome: unknown = await readSeries(path).catch((error: unknown) => error);
  if (outcome instanceof PlimsollError) return outcome;
  throw new Error(`expected a named error, got ${JSON.stringify(outcome)}`);
}

describe('forms', () => {
  test('one file an asset: the name gives asset and quote', async () => {
    const path = put('BTCUSDT_1h.csv', bars(3));
    const { series, quote, sources } = await readSeries(path);
    expect(quote).toBe('USDT');
    expect(series.map(({ asset }) => asset)).toEqual(['BTC']);
    expect([...series[0]!.timesMs]).toEqual([MIDNIGHT, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR]);
    expect([...series[0]!.high]).toEqual([102, 103, 104]);
    expect([...series[0]!.volume]).toEqual([7, 7, 7]);
    expect(sources).toEqual([
      { name: 'BTCUSDT_1h.csv', rows: 3, sha256: `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}` },
    ]);
  });

  test.each([
    ['ETHUSDT_1h.csv.gz', 'ETH', 'USDT'],
    ['ETH-USD.csv', 'ETH', 'USD'],
    ['coingecko_DAI_usd_2021_2023-02.csv.gz', 'DAI', 'USD'],
    ['ethusdt.csv', 'ETH', 'USDT'],
    ['PYUSD.csv', 'PYUSD', 'USD'],
    ['WBTC.csv', 'WBTC', 'USD'],
    ["it's[1]*.ETHUSDT.csv", 'ETH', 'USDT'],
  ])('the name %s is %s in %s', async (name, asset, quote) => {
    const read = await readSeries(put(name, bars(2)));
    expect([read.series[0]!.asset, read.quote]).toEqual([asset, quote]);
  });

  test.each([
    ['time,asset,open,high,low,close,volume', '2024-01-01,BTC,1,2,0.5,1.5,9'],
    ['date,symbol,open,high,low,close,volume', '2024-01-01T00:00Z,BTCUSDT,1,2,0.5,1.5,9'],
    ['event,open_time_utc,ticker,Open,High,Low,Close,Volume', 'crash,2024-01-01 00:00:00,BTC,1,2,0.5,1.5,9'],
    ['open_time;symbol;o;h;l;c;v', '1704067200;BTC-USDT;1;2;0.5;1.5;9'],
    ['"timestamp"\t"pair"\t"open"\t"high"\t"low"\t"close"\t"volume"', '1704067200000000\tBTC/USDT\t1\t2\t0.5\t1.5\t9'],
    ['\uFEFFunix,Symbol,open,high,low,close,Volume BTC,Volume', '1704067200,"BTC",1,2,0.5,1.5,3,9'],
  ])('long: %s', async (header, row) => {
    const { series } = await readSeries(put('long.csv', `${header}\r\n${row}\r\n\r\n`));
    const [one] = series;
    expect(one!.asset).toBe('BTC');
    expect([one!.timesMs[0], one!.open[0], one!.high[0], one!.low[0], one!.close[0], one!.volume[0]]).toEqual([
      MIDNIGHT,
      1,
      2,
      0.5,
      1.5,
      9,
    ]);
  });

  test('wide closes: a hole is not an observation, volume is not known', async () => {
    const { series } = await readSeries(put('wide.csv', 'time,ETH,BTC\n2024-01-01,10,100\n2024-01-02,,101\n'));
    expect(series.map(({ asset }) => asset)).toEqual(['BTC', 'ETH']);
    expect([...series[1]!.close]).toEqual([10, Number.NaN]);
    expect([...series[1]!.open]).toEqual([10, Number.NaN]);
    expect([...series[1]!.volume]).toEqual([Number.NaN, Number.NaN]);
  });

  test('a folder is a panel; each file of an asset is a piece of it', async () => {
    const own = mkdtempSync(join(folder, 'panel-'));
    writeFileSync(join(own, 'BTCUSDT-2024-01.csv'), bars(2));
    writeFileSync(join(own, 'BTCUSDT-2024-02.csv'), bars(3));
    writeFileSync(join(own, 'ETHUSDT.csv.gz'), gzipSync(bars(4)));
    writeFileSync(join(own, 'README.md'), 'not a price file');
    const seen: string[] = [];
    const { series, sources } = await readSeries(own, { onProgress: (done, total, name) => seen.push(`${done}/${total} ${name}`) });
    expect(series.map(({ asset, timesMs }) => [asset, timesMs.length])).toEqual([
      ['BTC', 2],
      ['BTC', 3],
      ['ETH', 4],
    ]);
    expect(sources).toHaveLength(3);
    expect(seen.at(-1)).toBe('3/3 ETHUSDT.csv.gz');
  });

  test('Parquet, with times as timestamps', async () => {
    const path = put('x.parquet', '');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS time, 'BTCUSDT' AS symbol, 100.5 + i AS open, 102.25 + i AS high, 99.5 + i AS low,
       101.1 + i AS close, 7.25 AS volume FROM range(3) t(i)) TO '${path}' (FORMAT parquet)`,
    );
    connection.closeSync();
    instance.closeSync();
    const { series } = await readSeries(path);
    expect([...series[0]!.timesMs]).toEqual([MIDNIGHT, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR]);
    expect([...series[0]!.close]).toEqual([101.1, 102.1, 103.1]);
  });
});

describe('refusals', () => {
  const text = `${MIDNIGHT + 15 * HOUR},100,oops,99,101,7`;

  test.each(['BTCUSDT.csv', 'BTCUSDT.csv.gz'])('a text price on line 17 of %s is named', async (name) => {
    const error = await refusal(put(name, bars(40, { 17: text })));
    expect(error.name).toBe('Cells.UnreadableCellError');
    expect(error.message).toBe(
      `${name}, line 17, column "high": Got "oops"; needed a number. Correct the cell, or leave it empty where nothing was observed.`,
    );
  });

  test.each(['1_000', '1,000', '0x10', '1e309', 'inf', '=1+1'])('a price written %s is refused, not understood', async (text) => {
    const error = await refusal(put('BTCUSDT.csv', bars(40, { 17: `${MIDNIGHT + 15 * HOUR},100,${text},99,101,7` })));
    expect([error.name, error.message]).toEqual(['Cells.UnreadableCellError', expect.stringContaining('line 17')]);
  });

  test.each([
    ['BTC.csv', bars(30, { 9: `yesterday,1,1,1,1,1` }), 'Cells.UnreadableCellError', /line 9, column "open_time_ms".*"yesterday"/],
    ['BTC.csv', bars(30, { 9: `${MIDNIGHT},1,1,1,1` }), 'Cells.UnreadableCellError', /line 9.*6 cells/],
    ['BTC.csv', bars(30, { 9: `${MIDNIGHT},1,1,1,1,1,1` }), 'Cells.UnreadableCellError', /line 9.*6 cells/],
    ['BTC.csv', bars(30, { 31: `${MIDNIGHT},1,1,1,inf,1` }), 'Cells.UnreadableCellError', /line 31, column "close".*"inf"/],
    ['BTC.csv', 'time,open,high,low,volume\n2024-01-01,1,1,1,1\n', 'Layout.MissingColumnError', /column "close"/],
    ['BTC.csv', 'open,high,low,close\n1,1,1,1\n', 'Layout.MissingColumnError', /column "time"/],
    ['BTC.csv', 'time,open,open,close\n2024-01-01,1,1,1\n', 'Layout.DoubledColumnError', /"open" twice/],
    ['long.csv', 'time,asset,close\n2024-01-01,"BTC AND ETH!",1\n', 'Layout.NoAssetError', /BTC AND ETH!/],
    ['long.csv', 'time,asset,close\n2024-01-01,BTCUSDT,1\n2024-01-01,ETHEUR,1\n', 'Files.MixedQuotesError', /EUR and USDT/],
    ['BTC.csv', '', 'Rows.EmptyFileError', /empty/],
    ['BTC.csv', 'time,close\n', 'Rows.EmptyFileError', /without rows/],
    ['BTC.parquet', 'not parquet', 'Rows.UnreadableFileError', /Parquet/],
    ['BTC.xlsx', 'x', 'Files.UnknownFormError', /xlsx/],
  ])('%s %#', async (name, content, code, says) => {
    const error = await refusal(put(name, content));
    expect(error.name).toBe(code);
    expect(error.message).toMatch(says);
  });

  test('a truncated gzip, an empty folder, a path that is not there', async () => {
    const path = put('BTCUSDT.csv.gz', bars(5000));
    writeFileSync(path, readFileSync(path).subarray(0, 9000));
    expect((await refusal(path)).name).toBe('Rows.UnreadableFileError');
    expect((await refusal(mkdtempSync(join(folder, 'empty-')))).name).toBe('Files.EmptyFolderError');
    expect((await refusal(join(folder, 'nowhere'))).name).toBe('Files.NoSuchPathError');
  });

  test('hostile text: a panel or a named error, never anything else', { timeout: 60_000 }, async () => {
    const cell = fc.oneof(
      fc.constantFrom(
        'time',
        'close',
        'open',
        'high',
        'low',
        'volume',
        'BTC',
        'asset',
        '"',
        '""',
        "'",
        '',
        'nan',
        '-1',
        '1e400',
        '2024-01-01',
        '1704067200',
        '\0',
        '\r',
        '*',
      ),
      fc.string({ maxLength: 6, unit: 'binary' }),
      fc.double().map(String),
    );
    const text = fc
      .array(
        fc.array(cell, { maxLength: 6 }).map((cells) => cells.join(',')),
        { maxLength: 6 },
      )
      .map((lines) => lines.join('\n'));
    const listed = /^(Cells|Rows|Layout|Files)\.\w+Error$/;
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), async (content, headed) => {
        const path = put('BTCUSDT.csv', headed ? `time,close\n${content}` : content);
        const outcome: unknown = await readSeries(path).catch((error: unknown) => error);
        if (outcome instanceof PlimsollError) expect(outcome.name).toMatch(listed);
        else if (outcome instanceof Error) throw outcome;
      }),
      { numRuns: 40 },
    );
  });
});

describe.skipIf(!hasReal)('recorded data', () => {
  test('19 hourly files', async () => {
    const { series, sources, quote } = await readSeries(join(REAL, 'hourly'));
    expect(quote).toBe('USDT');
    expect(series).toHaveLength(19);
    expect(sources.reduce((rows, source) => rows + source.rows, 0)).toBe(546_438);
    expect(series.find(({ asset }) => asset === 'BTC')!.timesMs).toHaveLength(35_003);
    const link = series.find(({ asset }) => asset === 'LINK')!;
    expect(Math.min(...link.low)).toBe(0.0001);
  });

  test.each([
    ['binance_spot_daily_2019_2023.csv', 17],
    ['binance_spot_hourly_crash_windows.csv', 18],
    ['steth_eth_hourly_2022-04_2022-07.csv', 3],
    ['coingecko_UST_usd_2021_2023-02.csv.gz', 1],
  ])('%s holds %i assets', async (name, assets) => {
    expect((await readSeries(join(REAL, name))).series).toHaveLength(assets);
  });
});
