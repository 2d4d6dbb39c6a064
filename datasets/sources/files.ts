/**
 * Files: price files and folders of them, read by DuckDB (CSV, gzip, Parquet), with the hash of each as provenance.
 *
 * A file is read whole and exact or refused: where the fast reading meets a cell it cannot read, the text is read again line
 * by line to name it. An empty price is an observation that is not there; anything else that is no number is a fault.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PlimsollError, quote } from '../../base/errors.ts';
import type { Id } from '../../base/id.ts';
import type { PanelSource } from '../panel.ts';
import type { Series } from '../series.ts';
import * as Cells from './cells.ts';
import { type Column, column } from './column.ts';
import * as Layout from './layout.ts';
import * as Rows from './rows.ts';
import * as Timestamp from './timestamp.ts';

export type ReadOptions = { readonly onProgress?: (done: number, total: number, name: string) => void };

export type Read = {
  readonly series: readonly Series[];
  readonly sources: readonly PanelSource[];
  /** Currency of all prices, by the names of assets and files; USD where none says. */
  readonly quote: string;
};

const READABLE = /\.(csv|tsv|txt|parquet)(\.gz)?$/i;
const PRICES = ['open', 'high', 'low', 'close', 'volume'] as const;

/** A file, or a folder of files: one series an asset and file, sorted by asset; `align` puts the pieces of an asset together. */
export async function readSeries(path: string, options: ReadOptions = {}): Promise<Read> {
  const paths = await filesAt(path);
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  const pieces: Piece[] = [];
  const sources: PanelSource[] = [];
  try {
    for (const [index, file] of paths.entries()) {
      const name = basename(file);
      const found = await readFile(connection, file, name);
      pieces.push(...found.pieces);
      sources.push({ name, sha256: await hashOf(file), rows: found.rows });
      options.onProgress?.(index + 1, paths.length, name);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  const series = pieces.map((piece) => piece.series).sort((a, b) => (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0));
  return { series, sources, quote: quoteOf(pieces, path) };
}

type Piece = { readonly series: Series; readonly quote: string | null };
type Table = { readonly header: readonly string[]; readonly delimiter: string; readonly layout: Layout.Layout };

async function filesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new NoSuchPathError({ got: quote(path), needed: 'a file or a folder that exists', where: path, fix: 'Correct the path.' });
  if (found.isFile()) {
    if (READABLE.test(path)) return [path];
    throw new UnknownFormError({ got: quote(basename(path)), needed: '.csv, .csv.gz, .tsv, .txt or .parquet', where: path });
  }
  const names = (await readdir(path)).filter((name) => READABLE.test(name) && !name.startsWith('.')).sort();
  if (names.length === 0) {
    throw new EmptyFolderError({
      got: 'a folder without price files',
      needed: 'at least one .csv, .csv.gz or .parquet file',
      where: path,
      fix: 'Put price files there, or give their folder: folders inside it are not looked into.',
    });
  }
  return names.map((name) => join(path, name));
}

async function readFile(connection: DuckDBConnection, path: string, name: string): Promise<{ pieces: Piece[]; rows: number }> {
  const isParquet = /\.parquet$/i.test(path);
  const table = isParquet ? await parquetTable(connection, path, name) : await textTable(path, name);
  const groups = await groupsOf(connection, path, name, table, isParquet);
  const rows = groups.reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  if (rows === 0) throw new Rows.EmptyFileError({ got: 'a header without rows', needed: 'at least one row', where: name });
  const { layout } = table;
  const pieces = groups.flatMap((group) => (layout.form === 'wide' ? widePieces(layout, group, name) : [barPiece(layout, group, name)]));
  return { pieces, rows };
}

async function textTable(path: string, name: string): Promise<Table> {
  const { header, delimiter } = await Rows.readHeader(path, name);
  return { header, delimiter, layout: Layout.recognise(header, name) };
}

async function parquetTable(connection: DuckDBConnection, path: string, name: string): Promise<Table> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${literal(glob(path))})`).catch((cause: unknown) => {
    throw new Rows.UnreadableFileError({ got: firstLine(cause), needed: 'a Parquet file', where: name, cause });
  });
  const header = reader.getRowsJson().map((row) => String(row[0]));
  return { header, delimiter: ',', layout: Layout.recognise(header, name) };
}

/** Rows of one asset where the file has a column of assets, else all rows. */
type Group = {
  readonly symbol: string;
  readonly firstRow: number;
  readonly timesMs: Float64Array;
  readonly numbers: readonly Float64Array[];
};

/** Column numbers of the layout's numbers, −1 where the file has none. */
function numericColumns(layout: Layout.Layout): readonly number[] {
  return layout.form === 'wide' ? layout.closes.map(({ column }) => column) : PRICES.map((field) => layout.columns[field] ?? -1);
}

async function groupsOf(
  connection: DuckDBConnection,
  path: string,
  name: string,
  table: Table,
  isParquet: boolean,
): Promise<readonly Group[]> {
  const { layout } = table;
  const time = layout.form === 'wide' ? layout.time : layout.columns.time!;
  const asset = layout.form === 'wide' ? undefined : layout.columns.asset;
  const numeric = numericColumns(layout);
  const text = (column: number): string => (isParquet ? `CAST(${identifier(table.header[column]!)} AS VARCHAR)` : `c${column}`);
  // DuckDB reads 1_000 as a thousand; here it is no number.
  const select = [
    `TRY_CAST(${text(time)} AS DOUBLE)`,
    `CASE WHEN TRY_CAST(${text(time)} AS DOUBLE) IS NULL THEN ${text(time)} END`,
    asset === undefined ? 'NULL' : text(asset),
    ...numeric.flatMap((column) =>
      column < 0
        ? []
        : [
            `CASE WHEN lower(trim(coalesce(${text(column)}, ''))) IN ('', 'null', 'nan', 'na', 'n/a', 'none') THEN 'nan' WHEN contains(${text(column)}, '_') THEN NULL ELSE TRY_CAST(${text(column)} AS DOUBLE) END`,
          ],
    ),
  ];
  const from = isParquet ? `read_parquet(${literal(glob(path))})` : csv(path, table);
  try {
    return await collect(connection, `SELECT ${select.join(', ')} FROM ${from}`, asset !== undefined, numeric);
  } catch (cause) {
    const fault = isParquet ? undefined : await Rows.firstFault(path, name, table);
    if (fault !== undefined) throw fault;
    if (cause instanceof RowFault) {
      throw new Cells.UnreadableCellError({
        got: cause.message,
        needed: `numbers, and a time: ${Timestamp.SPELLINGS}`,
        where: `${name}, row ${cause.row}`,
      });
    }
    throw new Rows.UnreadableFileError({ got: firstLine(cause), needed: 'a table with a header, in UTF-8', where: name, cause });
  }
}

type Growing = { readonly firstRow: number; readonly times: Column; readonly numbers: readonly Column[] };

/** Row by row into columns of each asset: what is held beyond the result does not grow with the file. */
async function collect(
  connection: DuckDBConnection,
  sql: string,
  hasAsset: boolean,
  numeric: readonly number[],
): Promise<readonly Group[]> {
  const result = await connection.stream(sql);
  const groups = new Map<string, Growing>();
  const given = numeric.flatMap((index, field) => (index < 0 ? [] : [field]));
  let total = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const counts = chunk.getColumnValues(0);
    const spelt = chunk.getColumnValues(1);
    const symbols = hasAsset ? chunk.getColumnValues(2) : [];
    const values = given.map((_, index) => chunk!.getColumnValues(3 + index));
    for (let row = 0; row < chunk.rowCount; row += 1) {
      total += 1;
      const count = counts[row];
      const ms = typeof count === 'number' ? Timestamp.fromCount(count) : Timestamp.parse(String(spelt[row] ?? ''));
      if (ms === undefined) throw new RowFault(total, quote(spelt[row] ?? count ?? ''));
      const symbol = String(symbols[row] ?? '');
      let group = groups.get(symbol);
      if (group === undefined) {
        group = { firstRow: total, times: column(), numbers: given.map(column) };
        groups.set(symbol, group);
      }
      group.times.push(ms);
      for (let index = 0; index < given.length; index += 1) {
        const value = values[index]![row];
        if (typeof value !== 'number' || Math.abs(value) === Number.POSITIVE_INFINITY)
          throw new RowFault(total, 'a cell that is no number');
        group.numbers[index]!.push(value);
      }
    }
  }
  return [...groups].map(([symbol, { firstRow, times, numbers }]) => {
    const timesMs = times.finish();
    const found = numbers.map((one) => one.finish());
    const absent = new Float64Array(numeric.includes(-1) ? timesMs.length : 0).fill(Number.NaN);
    return { symbol, firstRow, timesMs, numbers: numeric.map((index, field) => (index < 0 ? absent : found[given.indexOf(field)]!)) };
  });
}

function widePieces(layout: Extract<Layout.Layout, { form: 'wide' }>, { timesMs, numbers }: Group, source: string): Piece[] {
  const unknown = new Float64Array(timesMs.length).fill(Number.NaN);
  return layout.closes.map(({ pair }, index) => {
    const close = numbers[index]!;
    return {
      series: { asset: pair.asset, source, timesMs, open: close, high: close, low: close, close, volume: unknown },
      quote: pair.quote,
    };
  });
}

function barPiece(layout: Extract<Layout.Layout, { form: 'bars' }>, { symbol, firstRow, timesMs, numbers }: Group, source: string): Piece {
  const [open, high, low, close, volume] = numbers as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const hasBars = layout.columns.open !== undefined;
  const prices = hasBars ? { open, high, low, close, volume } : { open: close, high: close, low: close, close, volume };
  const pair = layout.columns.asset === undefined ? layout.pair : Layout.pairOf(symbol);
  if (pair === null) {
    throw new Layout.NoAssetError({
      got: quote(symbol),
      needed: 'an asset name: 1 to 32 letters, digits, . _ + -',
      where: `${source}, row ${firstRow}`,
    });
  }
  return { series: { asset: pair.asset, source, timesMs, ...prices }, quote: pair.quote };
}

function quoteOf(pieces: readonly Piece[], where: string): string {
  const quotes = [...new Set(pieces.flatMap(({ quote: found }) => found ?? []))].sort();
  if (quotes.length > 1) {
    throw new MixedQuotesError({
      got: `prices in ${quotes.join(' and ')}`,
      needed: 'one quote currency for all assets',
      where,
      fix: 'Put each currency in its own folder.',
    });
  }
  return quotes[0] ?? 'USD';
}

function csv(path: string, { header, delimiter }: Table): string {
  const columns = header.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
  return `read_csv(${literal(glob(path))}, header = true, auto_detect = false, delim = ${literal(delimiter)}, quote = '"', columns = {${columns}})`;
}

async function hashOf(path: string): Promise<Id> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** DuckDB reads a path as a pattern: its marks stand for themselves inside a class. */
function glob(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '';
}

/** Only from `collect` to `groupsOf`, which knows the file. */
class RowFault extends Error {
  readonly row: number;
  constructor(row: number, value: string) {
    super(value);
    this.row = row;
  }
}

export class NoSuchPathError extends PlimsollError {
  override readonly name = 'Files.NoSuchPathError';
}

export class UnknownFormError extends PlimsollError {
  override readonly name = 'Files.UnknownFormError';
}

export class EmptyFolderError extends PlimsollError {
  override readonly name = 'Files.EmptyFolderError';
}

export class MixedQuotesError extends PlimsollError {
  override readonly name = 'Files.MixedQuotesError';
}
