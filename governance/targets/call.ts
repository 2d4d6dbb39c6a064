/**
 * Call: anybody's call data against a table of known functions, by the decoder that shares no code with the encoder.
 *
 * A table is written as people write Solidity, each signature with the sentence it means: the sentence is made from decoded bytes
 * alone. Integers stand as decimal strings, addresses in lower case, tuples as objects, lists as arrays.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Signature from './signature.ts';
import * as Words from './words.ts';

export type Argument = string | boolean | readonly Argument[] | { readonly [name: string]: Argument };
export type Arguments = { readonly [name: string]: Argument };

/** Scalars of a call or of one row of its list, nested names joined by dots. */
export type Row = Readonly<Record<string, string>>;

/** A call inside a call, still as bytes. */
export type Inner = {
  readonly to: Words.Address;
  readonly valueWei: string;
  readonly data: Words.Hex;
  readonly operation: 'call' | 'delegatecall';
};

export type Meaning = {
  /** One sentence; `rows` are the tuples of the first list, empty where there is none. */
  readonly says?: (row: Row, rows: readonly Row[]) => string;
  /** What a reviewer must not overlook. */
  readonly warns?: (row: Row, rows: readonly Row[]) => readonly string[];
  readonly inner?: (arguments_: Arguments) => readonly Inner[];
};
export type Known = { readonly target: string; readonly signature: Signature.Signature; readonly meaning: Meaning };
export type Table = ReadonlyMap<string, Known>;

export type Read = {
  readonly target: string;
  readonly function: string;
  readonly signature: string;
  readonly arguments: Arguments;
  readonly says: string;
  readonly warnings: readonly string[];
  readonly inner: readonly Inner[];
};

/** Signatures and what they mean, by selector. */
export function table(target: string, functions: Readonly<Record<string, Meaning>>): Table {
  return new Map(
    Object.entries(functions).map(([text, meaning]) => {
      const signature = Signature.parse(text);
      return [signature.selector, { target, signature, meaning }];
    }),
  );
}

/** null: none of the table's functions. Throws `Words.BadWordsError` where the bytes are not the one canonical encoding. */
export function decode(known: Table, data: Words.Hex): Read | null {
  const found = known.get(data.slice(0, 10));
  if (found === undefined) return null;
  const { target, signature, meaning } = found;
  const values = Words.decode(
    signature.inputs.map(({ shape }) => shape),
    `0x${data.slice(10)}`,
  );
  const arguments_ = named(signature.inputs, values);
  const row = flat(arguments_);
  const first = signature.inputs.find(({ type, members }) => members.length > 0 && type.endsWith('[]'));
  const rows = first === undefined ? [] : (arguments_[first.name] as readonly Arguments[]).map((item) => flat(item));
  const plain = Object.entries(row).map(([name, value]) => `${name} ${short(value)}`);
  return {
    target,
    function: signature.name,
    signature: signature.canonical,
    arguments: arguments_,
    says: meaning.says?.(row, rows) ?? `${signature.name}: ${plain.join(', ') || 'no arguments'}.`,
    warnings: meaning.warns?.(row, rows) ?? [],
    inner: meaning.inner?.(arguments_) ?? [],
  };
}

/** As `decode`; a call that is none of the table's is an error. */
export function decodeSure(known: Table, data: Words.Hex): Read {
  const read = decode(known, data);
  if (read !== null) return read;
  const names = [...new Set([...known.values()].map(({ signature }) => signature.name))];
  throw new UnknownCallError({ got: quote(data.slice(0, 10)), needed: `a call of ${names.join(', ')}` });
}

/** Every scalar under its path: `updates.0.ltv`. */
export function flat(value: Argument, path = ''): Row {
  if (typeof value === 'string' || typeof value === 'boolean') return { [path]: String(value) };
  const entries = Array.isArray(value) ? value.map((item, index) => [String(index), item] as const) : Object.entries(value);
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return Object.assign({}, ...entries.map(([name, item]) => flat(item as Argument, join(name)))) as Row;
}

/** 8250 → `82.50 %`. */
export function bps(value: string | bigint): string {
  const digits = String(value).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)} %`;
}

/** A fraction of 10^decimals as percent, exact: 825000000000000000 of 18 → `82.5 %`. */
export function percentOf(value: string | bigint, decimals: number): string {
  const digits = String(value).padStart(decimals - 1, '0');
  const rest = digits.slice(-(decimals - 2)).replace(/0+$/, '');
  return `${digits.slice(0, -(decimals - 2)) || '0'}${rest === '' ? '' : `.${rest}`} %`;
}

/** 0x1234…cdef. */
export function short(value: string): string {
  return /^0x[0-9a-f]{20,}$/i.test(value) ? `${value.slice(0, 6)}…${value.slice(-4)}` : value;
}

function named(parameters: readonly Signature.Parameter[], values: readonly Words.Value[]): Arguments {
  return Object.fromEntries(parameters.map((parameter, index) => [parameter.name, argument(parameter, parameter.shape, values[index]!)]));
}

function argument(parameter: Signature.Parameter, shape: Words.Shape, value: Words.Value): Argument {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (shape.of === 'list') return value.map((item) => argument(parameter, shape.item, item));
  return named(parameter.members, value);
}

export class UnknownCallError extends PlimsollError {
  override readonly name = 'Call.UnknownCallError';
}
