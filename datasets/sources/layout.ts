/**
 * Layout: which column of a price file means what, told by its header and its name.
 *
 * Three forms: long (a time, an asset, prices), one file an asset (the file's name gives it: `BTCUSDT_1h.csv.gz` is BTC in
 * USDT), and wide closes (a time, then one column an asset). Prices are open, high, low, close, or a close alone.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import { AssetName } from '../panel.ts';

export type Field = 'time' | 'asset' | 'open' | 'high' | 'low' | 'close' | 'volume';

export type Layout =
  | { readonly form: 'bars'; readonly columns: Readonly<Partial<Record<Field, number>>>; readonly pair: Pair | null }
  | { readonly form: 'wide'; readonly time: number; readonly closes: readonly { readonly column: number; readonly pair: Pair }[] };

/** An asset and, where its name tells, the currency of its prices. */
export type Pair = { readonly asset: string; readonly quote: string | null };

/** Spellings in the wild, lower case without blanks, dots or underscores. */
const SPELLINGS: Readonly<Record<Field, readonly string[]>> = {
  time: [
    'time',
    'date',
    'datetime',
    'timestamp',
    'ts',
    'opentime',
    'opentimems',
    'opentimeutc',
    'timeutc',
    'timestampms',
    'timestamputc',
    'timems',
    'updatedatms',
    'publishedatms',
    'unix',
    'unixtime',
  ],
  asset: ['asset', 'symbol', 'ticker', 'pair', 'coin', 'instrument'],
  open: ['open', 'o', 'openprice'],
  high: ['high', 'h', 'highprice'],
  low: ['low', 'l', 'lowprice'],
  close: ['close', 'c', 'closeprice', 'price', 'priceusd', 'value', 'usd', 'usdt', 'last'],
  volume: ['volume', 'vol', 'v', 'basevolume', 'volumebase'],
};

const QUOTES = ['USDT', 'USDC', 'FDUSD', 'BUSD', 'TUSD', 'USD', 'EUR', 'DAI'];

/** Coins whose own name ends like a quote currency. */
const NOT_PAIRS = new Set([
  'FDUSD',
  'PYUSD',
  'TUSD',
  'BUSD',
  'GUSD',
  'LUSD',
  'SUSD',
  'CRVUSD',
  'RLUSD',
  'USDT',
  'USDC',
  'EUSD',
  'HUSD',
  'OUSD',
  'ZUSD',
]);

export function recognise(header: readonly string[], fileName: string): Layout {
  const columns = fieldsOf(header, fileName);
  const prices = (['open', 'high', 'low', 'close'] as const).filter((field) => columns[field] !== undefined);
  const time = columns.time;
  if (time === undefined) throw missing('time', header, fileName);
  if (prices.length === 0) {
    if (columns.asset !== undefined) throw missing('close', header, fileName);
    return wide(header, time, fileName);
  }
  if (prices.length !== 4 && !(prices.length === 1 && prices[0] === 'close')) {
    const absent = (['open', 'high', 'low', 'close'] as const).find((field) => columns[field] === undefined)!;
    throw missing(absent, header, fileName);
  }
  if (columns.asset !== undefined) return { form: 'bars', columns, pair: null };
  const pair = pairOfFile(fileName);
  if (pair === null) {
    throw new NoAssetError({
      got: quote(fileName),
      needed: 'an asset column, or a file name that begins with the asset, such as BTCUSDT_1h.csv',
      where: fileName,
    });
  }
  return { form: 'bars', columns, pair };
}

/** `BTCUSDT`, `BTC-USD`, `BTC/USDT`, `BTC` → asset and quote. Null where the text is no asset name. */
export function pairOf(symbol: string): Pair | null {
  const [asset = '', ...rest] = symbol.trim().split(/[-/:_]/);
  const quoted = rest.find((part) => QUOTES.includes(part.toUpperCase()));
  if (rest.length > 0 && quoted !== undefined) return named(asset, quoted.toUpperCase());
  const text = symbol.trim();
  const suffix = NOT_PAIRS.has(text.toUpperCase()) ? undefined : QUOTES.find((end) => text.endsWith(end) && text.length >= end.length + 2);
  return suffix === undefined ? named(text, null) : named(text.slice(0, -suffix.length), suffix);
}

function named(asset: string, quoted: string | null): Pair | null {
  return AssetName.safeParse(asset).success ? { asset, quote: quoted } : null;
}

/** The first part of the name that is written in capitals: `coingecko_DAI_usd_2021.csv.gz` is DAI in USD. */
function pairOfFile(fileName: string): Pair | null {
  const stem = fileName.replace(/\.(csv|tsv|txt|parquet)(\.gz)?$/i, '');
  const parts = stem.split(/[-_.\s]/);
  const index = Math.max(
    0,
    parts.findIndex((part) => /^[A-Z0-9]*[A-Z][A-Z0-9]*$/.test(part)),
  );
  const part = parts[index] ?? '';
  const pair = pairOf(/^[a-z0-9]+$/.test(part) ? part.toUpperCase() : part);
  if (pair === null || pair.quote !== null) return pair;
  const next = parts[index + 1]?.toUpperCase();
  return next !== undefined && QUOTES.includes(next) ? { asset: pair.asset, quote: next } : pair;
}

function fieldsOf(header: readonly string[], fileName: string): Partial<Record<Field, number>> {
  const columns: Partial<Record<Field, number>> = {};
  const seen = new Set<string>();
  for (const [index, cell] of header.entries()) {
    if (seen.has(cell))
      throw new DoubledColumnError({ got: `${quote(cell)} twice`, needed: 'each column once', where: `${fileName}, line 1` });
    seen.add(cell);
    const plain = cell.toLowerCase().replaceAll(/[\s._]/g, '');
    const field = (Object.keys(SPELLINGS) as Field[]).find((name) => SPELLINGS[name].includes(plain));
    if (field !== undefined && columns[field] === undefined) columns[field] = index;
  }
  return columns;
}

function wide(header: readonly string[], time: number, fileName: string): Layout {
  const closes: { column: number; pair: Pair }[] = [];
  for (const [column, cell] of header.entries()) {
    if (column === time) continue;
    const pair = pairOf(cell);
    if (pair === null) {
      throw new NoAssetError({
        got: quote(cell),
        needed: 'an asset name as the header of each column of closes',
        where: `${fileName}, line 1`,
      });
    }
    closes.push({ column, pair });
  }
  if (closes.length === 0) throw missing('close', header, fileName);
  return { form: 'wide', time, closes };
}

function missing(field: Field, header: readonly string[], fileName: string): MissingColumnError {
  return new MissingColumnError({
    got: `the header ${quote(header.join(','))}`,
    needed: `a column ${quote(field)}`,
    where: `${fileName}, line 1`,
    fix: 'Long files need time,asset,open,high,low,close,volume; wide files time and one column of closes an asset.',
  });
}

export class MissingColumnError extends PlimsollError {
  override readonly name = 'Layout.MissingColumnError';
}

export class DoubledColumnError extends PlimsollError {
  override readonly name = 'Layout.DoubledColumnError';
}

export class NoAssetError extends PlimsollError {
  override readonly name = 'Layout.NoAssetError';
}
