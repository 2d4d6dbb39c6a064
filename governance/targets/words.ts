/**
 * The contract ABI's words, written a second time: 32-byte words, offsets and lengths, read and written by hand.
 *
 * Calls are encoded by viem and decoded here, so that a mistake (or a change of a library) in one shows as a difference.
 * Decoding is strict: dirty high bits, gaps, overlaps and trailing bytes are refused, because whatever decodes is
 * encoded again and must give the same bytes. Source: Solidity, "Contract ABI Specification".
 */
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';

export const Hex = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]*$/)]);
export type Hex = `0x${string}`;
export const Address = z.templateLiteral(['0x', z.string().regex(/^[0-9a-fA-F]{40}$/)]);
export type Address = `0x${string}`;

export type Shape =
  | { readonly of: 'uint' | 'int'; readonly bits: number }
  | { readonly of: 'bool' | 'address' | 'bytes32' | 'bytes' | 'string' }
  | { readonly of: 'list'; readonly item: Shape }
  | { readonly of: 'tuple'; readonly items: readonly Shape[] };

/** uint and int: bigint; bool: boolean; address, bytes32, bytes: lower-case 0x-hex; string: string; list and tuple: arrays. */
export type Value = bigint | boolean | string | readonly Value[];

export const uint = (bits: number): Shape => ({ of: 'uint', bits });
export const int = (bits: number): Shape => ({ of: 'int', bits });
export const list = (item: Shape): Shape => ({ of: 'list', item });
export const tuple = (...items: readonly Shape[]): Shape => ({ of: 'tuple', items });
export const BOOL: Shape = { of: 'bool' };
export const ADDRESS: Shape = { of: 'address' };
export const BYTES32: Shape = { of: 'bytes32' };
export const BYTES: Shape = { of: 'bytes' };
export const STRING: Shape = { of: 'string' };

/** Arguments without a selector. */
export function encode(shapes: readonly Shape[], values: readonly Value[]): Hex {
  return `0x${writeTuple(shapes, values)}`;
}

export function decode(shapes: readonly Shape[], data: Hex): readonly Value[] {
  const hex = data.slice(2);
  if (!/^(?:[0-9a-f]{64})*$/.test(hex)) throw new BadWordsError({ got: quote(data), needed: 'whole 32-byte words in lower-case hex' });
  const values = readTuple(hex, shapes, 0).value;
  if (encode(shapes, values) !== data) {
    throw new BadWordsError({ got: quote(data), needed: 'the one canonical encoding: no dirty bits, gaps or trailing bytes' });
  }
  return values;
}

function isDynamic(shape: Shape): boolean {
  if (shape.of === 'tuple') return shape.items.some(isDynamic);
  return shape.of === 'bytes' || shape.of === 'string' || shape.of === 'list';
}

/** Bytes a value takes in the head of its tuple. */
function headBytes(shape: Shape): number {
  if (shape.of === 'tuple' && !isDynamic(shape)) return shape.items.reduce((sum, item) => sum + headBytes(item), 0);
  return 32;
}

function writeTuple(shapes: readonly Shape[], values: readonly Value[]): string {
  if (shapes.length !== values.length) throw new BadWordsError({ got: `${values.length} values`, needed: `${shapes.length}` });
  let offset = shapes.reduce((sum, shape) => sum + headBytes(shape), 0);
  let head = '';
  let tail = '';
  for (const [index, shape] of shapes.entries()) {
    const written = write(shape, values[index]!);
    if (isDynamic(shape)) {
      head += word(BigInt(offset));
      tail += written;
      offset += written.length / 2;
    } else {
      head += written;
    }
  }
  return head + tail;
}

function write(shape: Shape, value: Value): string {
  if (shape.of === 'list' && Array.isArray(value))
    return (
      word(BigInt(value.length)) +
      writeTuple(
        value.map(() => shape.item),
        value as Value[],
      )
    );
  if (shape.of === 'tuple' && Array.isArray(value)) return writeTuple(shape.items, value as Value[]);
  if (shape.of === 'uint' && typeof value === 'bigint' && value >= 0n && value < 1n << BigInt(shape.bits)) return word(value);
  if (shape.of === 'int' && typeof value === 'bigint' && BigInt.asIntN(shape.bits, value) === value)
    return word(BigInt.asUintN(256, value));
  if (shape.of === 'bool' && typeof value === 'boolean') return word(value ? 1n : 0n);
  if (shape.of === 'address' && typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value))
    return value.slice(2).toLowerCase().padStart(64, '0');
  if (shape.of === 'bytes32' && typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value)) return value.slice(2);
  if (shape.of === 'bytes' && typeof value === 'string' && /^0x(?:[0-9a-f]{2})*$/.test(value)) return writeBytes(value.slice(2));
  if (shape.of === 'string' && typeof value === 'string') return writeBytes(Buffer.from(value, 'utf8').toString('hex'));
  throw new BadWordsError({
    got: typeof value === 'bigint' ? String(value) : quote(value),
    needed: 'bits' in shape ? `${shape.of}${shape.bits}` : shape.of,
  });
}

function writeBytes(hex: string): string {
  return word(BigInt(hex.length / 2)) + hex.padEnd(Math.ceil(hex.length / 64) * 64, '0');
}

function word(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

type Read<T> = { readonly value: T; readonly end: number };

/** Tails must follow one another without gap or overlap: canonical, and no datum is read twice (a decoder bomb). */
function readTuple(hex: string, shapes: readonly Shape[], base: number): Read<readonly Value[]> {
  let at = base;
  let end = base + shapes.reduce((sum, shape) => sum + headBytes(shape), 0);
  const value = shapes.map((shape) => {
    const dynamic = isDynamic(shape);
    if (dynamic && readCount(hex, at) !== end - base) {
      throw new BadWordsError({ got: `an offset of ${readCount(hex, at)}`, needed: String(end - base) });
    }
    const item = read(hex, shape, dynamic ? end : at);
    if (dynamic) end = item.end;
    at += headBytes(shape);
    return item.value;
  });
  return { value, end };
}

function read(hex: string, shape: Shape, at: number): Read<Value> {
  const end = at + 32;
  switch (shape.of) {
    case 'uint':
      return { value: BigInt(`0x${slice(hex, at, 32)}`), end };
    case 'int':
      return { value: BigInt.asIntN(256, BigInt(`0x${slice(hex, at, 32)}`)), end };
    case 'bool':
      // Any other word than 1 is read as false and fails to encode to the same bytes.
      return { value: /^0{63}1$/.test(slice(hex, at, 32)), end };
    case 'address':
      return { value: `0x${slice(hex, at, 32).slice(24)}`, end };
    case 'bytes32':
      return { value: `0x${slice(hex, at, 32)}`, end };
    case 'bytes':
    case 'string': {
      const bytes = readCount(hex, at);
      const content = slice(hex, end, bytes);
      const value = shape.of === 'bytes' ? `0x${content}` : Buffer.from(content, 'hex').toString('utf8');
      return { value, end: end + Math.ceil(bytes / 32) * 32 };
    }
    case 'tuple':
      return readTuple(hex, shape.items, at);
    case 'list': {
      const count = readCount(hex, at);
      // An item takes at least one word, so a count beyond the data is refused before anything is allocated.
      slice(hex, end, count * 32);
      return readTuple(
        hex,
        Array.from({ length: count }, () => shape.item),
        end,
      );
    }
  }
}

/** An offset or length: anything beyond the data cannot be one. */
function readCount(hex: string, at: number): number {
  const value = BigInt(`0x${slice(hex, at, 32)}`);
  if (value > BigInt(hex.length / 2))
    throw new BadWordsError({ got: `an offset or length of ${value}`, needed: `at most ${hex.length / 2}` });
  return Number(value);
}

function slice(hex: string, at: number, bytes: number): string {
  const part = hex.slice(at * 2, (at + bytes) * 2);
  if (part.length !== bytes * 2) throw new BadWordsError({ got: `${hex.length / 2} bytes`, needed: `at least ${at + bytes}` });
  return part;
}

export class BadWordsError extends PlimsollError {
  override readonly name = 'Words.BadWordsError';
}
