/**
 * Cells: one line of a text table into cells, one cell into a number, and small published tables held in memory. Pure.
 */
import { PlimsollError, quote } from '../../base/errors.ts';

/** Decimal or exponent; no hex, no thousands separators, no infinities. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const EMPTY = new Set(['', 'null', 'nan', 'na', 'n/a', 'none']);

/** A number, NaN for an empty cell, undefined for what is neither. */
export function parseNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (EMPTY.has(text.toLowerCase())) return Number.NaN;
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Cells of one line: RFC 4180 quoting, without line breaks inside a cell. */
export function split(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const mark = line[at]!;
    if (mark === '"' && quoted && line[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (mark === '"') quoted = !quoted;
    else if (mark === delimiter && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += mark;
  }
  cells.push(cell);
  return cells;
}

/** A whole comma-separated text with the columns it must have; each row by column name, with its line number. */
export function table<Column extends string>(text: string, name: string, columns: readonly Column[]): Row<Column>[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = split(lines[0] ?? '', ',').map((cell) => cell.trim());
  const absent = columns.find((column) => !header.includes(column));
  if (absent !== undefined) {
    throw new MissingColumnError({
      got: `the header ${quote(header.join(','))}`,
      needed: `a column ${quote(absent)}`,
      where: `${name}, line 1`,
    });
  }
  const rows: Row<Column>[] = [];
  for (let index = 1; index < lines.length; index += 1) {
    if (lines[index]!.trim() === '') continue;
    const cells = split(lines[index]!, ',');
    if (cells.length !== header.length) {
      throw new UnreadableCellError({
        got: `${cells.length} cells`,
        needed: `${header.length} cells`,
        where: `${name}, line ${index + 1}`,
      });
    }
    rows.push({
      line: index + 1,
      text: (column) => cells[header.indexOf(column)]!.trim(),
      number: (column) => {
        const cell = cells[header.indexOf(column)]!;
        const value = parseNumber(cell);
        if (value === undefined || !(value >= 0)) {
          throw new UnreadableCellError({
            got: quote(cell),
            needed: 'a number of at least 0',
            where: `${name}, line ${index + 1}, column ${quote(column)}`,
          });
        }
        return value;
      },
    });
  }
  return rows;
}

export type Row<Column extends string> = { readonly line: number; text(column: Column): string; number(column: Column): number };

export class MissingColumnError extends PlimsollError {
  override readonly name = 'Cells.MissingColumnError';
}

export class UnreadableCellError extends PlimsollError {
  override readonly name = 'Cells.UnreadableCellError';
}
