/**
 * Rows: the slow, exact reading of a text table, used where the fast one met something it could not read: it names the line,
 * the column and the value. Also reads the header.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Cells from './cells.ts';
import type { Layout } from './layout.ts';
import * as Timestamp from './timestamp.ts';

/** First line's cells and the delimiter that made the most of it. */
export async function readHeader(path: string, name: string): Promise<{ header: string[]; delimiter: string }> {
  for await (const line of lines(path, name)) {
    const text = line.replace(/^\uFEFF/, '');
    const delimiter = [',', ';', '\t', '|'].reduce((best, mark) => (text.split(mark).length > text.split(best).length ? mark : best));
    return { header: Cells.split(text, delimiter).map((cell) => cell.trim()), delimiter };
  }
  throw new EmptyFileError({
    got: 'an empty file',
    needed: 'a header and at least one row',
    where: name,
    fix: 'Remove the file, or get it again.',
  });
}

/** The first line that the layout cannot read, as the error to throw; undefined where every line is readable. */
export async function firstFault(
  path: string,
  name: string,
  table: { readonly header: readonly string[]; readonly delimiter: string; readonly layout: Layout },
): Promise<Cells.UnreadableCellError | undefined> {
  let number = 0;
  for await (const line of lines(path, name)) {
    number += 1;
    if (number === 1 || line.trim() === '') continue;
    const fault = faultOf(Cells.split(line, table.delimiter), table.header, table.layout);
    if (fault !== undefined) {
      return new Cells.UnreadableCellError({
        got: quote(fault.value),
        needed: fault.needed,
        where: `${name}, line ${number}, column ${quote(fault.column)}`,
        fix: 'Correct the cell, or leave it empty where nothing was observed.',
      });
    }
  }
  return undefined;
}

type Fault = { readonly column: string; readonly value: string; readonly needed: string };

function faultOf(cells: readonly string[], header: readonly string[], layout: Layout): Fault | undefined {
  if (cells.length !== header.length) {
    const at = Math.min(cells.length, header.length);
    return {
      column: header[at] ?? `${at + 1}`,
      value: cells.slice(-1)[0] ?? '',
      needed: `${header.length} cells in the line, found ${cells.length}`,
    };
  }
  const time = layout.form === 'wide' ? layout.time : layout.columns.time!;
  if (Timestamp.parse(cells[time]!) === undefined)
    return { column: header[time]!, value: cells[time]!, needed: `a time: ${Timestamp.SPELLINGS}` };
  const numeric =
    layout.form === 'wide'
      ? layout.closes.map(({ column }) => column)
      : (['open', 'high', 'low', 'close', 'volume'] as const).flatMap((field) => layout.columns[field] ?? []);
  for (const column of numeric) {
    if (Cells.parseNumber(cells[column]!) === undefined) return { column: header[column]!, value: cells[column]!, needed: 'a number' };
  }
  return undefined;
}

async function* lines(path: string, name: string): AsyncGenerator<string> {
  const isZipped = /\.gz$/i.test(path);
  const file = createReadStream(path);
  const unzipped = createGunzip();
  const bytes: Readable = isZipped ? file.on('error', (cause) => unzipped.destroy(cause)).pipe(unzipped) : file;
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of bytes) {
      rest += decoder.decode(chunk as Buffer, { stream: true });
      const whole = rest.split('\n');
      rest = whole.pop() ?? '';
      for (const line of whole) yield line.replace(/\r$/, '');
    }
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new UnreadableFileError({ got, needed: isZipped ? 'a whole gzip file of text' : 'a readable text file', where: name, cause });
  } finally {
    file.destroy();
    unzipped.destroy();
  }
  if (rest !== '') yield rest;
}

export class EmptyFileError extends PlimsollError {
  override readonly name = 'Rows.EmptyFileError';
}

export class UnreadableFileError extends PlimsollError {
  override readonly name = 'Rows.UnreadableFileError';
}
