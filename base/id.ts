/**
 * Canonical JSON and the name made from it. Every artifact is named by the SHA-256 of its canonical form without `id`.
 *
 * Canonical form: RFC 8785 (JCS): keys sorted by UTF-16 code units, no white space, numbers as ECMAScript prints
 * them (shortest form that reads back to the same double). What JSON cannot hold exactly is refused, not coerced:
 * NaN, infinities, bigint, undefined inside arrays, dates, typed arrays, lone surrogates.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PlimsollError } from './errors.ts';

/** `sha256:` and 64 hex digits. */
export const Id = z
  .templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)], 'sha256: and 64 hexadecimal digits, in lower case')
  .meta({ description: 'SHA-256 of the canonical JSON of the artifact without its id', example: `sha256:${'0'.repeat(64)}` });
export type Id = `sha256:${string}`;

export function canonicalJson(value: unknown): string {
  return write(value, '$');
}

export function digest(bytes: string | Uint8Array): Id {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The artifact with its name: `{...body, id}`. A property whose value is undefined does not exist. */
export function seal<T extends object>(body: T): T & { readonly id: Id } {
  return { ...body, id: digest(canonicalJson(body)) };
}

/** True where the artifact's id is the hash of the rest of it. */
export function isSealed(artifact: { readonly id: string }): boolean {
  const { id, ...body } = artifact;
  return id === digest(canonicalJson(body));
}

/** The 32 bytes of an id as 0x-hex: the form in which contracts and Merkle leaves hold it. */
export function toHex(id: Id): `0x${string}` {
  return `0x${id.slice('sha256:'.length)}`;
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotCanonicalError({ got: String(value), needed: 'a finite number', where: path });
    return Object.is(value, -0) ? '0' : String(value);
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed())
      throw new NotCanonicalError({ got: 'a string with a lone surrogate', needed: 'well-formed Unicode', where: path });
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item, index) => write(item, `${path}[${index}]`)).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${write(field, `${path}.${key}`)}`).join(',')}}`;
  }
  throw new NotCanonicalError({
    got: typeof value === 'object' ? value.constructor.name : typeof value,
    needed: 'null, boolean, finite number, string, array or plain object',
    where: path,
  });
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}

export class NotCanonicalError extends PlimsollError {
  override readonly name = 'Id.NotCanonicalError';
}
