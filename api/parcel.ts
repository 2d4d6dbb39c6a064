/**
 * Parcel: a range of paths on its way between processes. Inputs travel once, named by their hash; results as the doubles themselves, so that not a
 * bit is lost. What comes back is opened as a stranger's: another shape, another range or a number that is none is refused.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { PlimsollError, quote } from '../base/errors.ts';
import { canonicalJson, digest, Id } from '../base/id.ts';
import type { EvaluateInputs } from '../tuner/stress/evaluate.ts';
import * as Stress from '../tuner/stress/stress.ts';

const GZIP_LEVEL = 1;
/** A book of a hundred thousand accounts and its law stay below. */
const MOST_BYTES = 512 * 1024 * 1024;

/** What a worker is asked; parameters are judged by the engine itself. */
export const Ask = z
  .strictObject({
    inputs: Id,
    kernel: z.string(),
    borrowers: z.enum(['standing', 'responsive']),
    parameters: z.record(z.string(), z.record(z.string(), z.union([z.number(), z.null()]))),
    from: z.int().nonnegative(),
    to: z.int().positive(),
  })
  .readonly();
export type Ask = z.infer<typeof Ask>;

const Answer = z.strictObject({ from: z.int(), to: z.int(), accounts: z.int().nonnegative(), doubles: z.string() });

export function packInputs(inputs: EvaluateInputs): { readonly id: Id; readonly bytes: Buffer } {
  const json = canonicalJson(inputs);
  return { id: digest(json), bytes: gzipSync(json, { level: GZIP_LEVEL }) };
}

export function openInputs(bytes: Buffer, id: Id): EvaluateInputs {
  const json = gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString('utf8');
  const got = digest(json);
  if (got !== id) throw new DamagedError({ got, needed: id, where: 'inputs' });
  return JSON.parse(json) as EvaluateInputs;
}

export function pack({ from, to, byPath, accountHits, accountLossUsd }: Stress.RangeResult): string {
  const blocks = Math.ceil((to - from) / Stress.BLOCK);
  const columns = [byPath.weight, ...Stress.FIELDS.map((field) => byPath[field]), accountHits, accountLossUsd];
  const bytes = Buffer.concat(columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength)));
  const doubles = gzipSync(bytes, { level: GZIP_LEVEL }).toString('base64');
  return JSON.stringify({ from, to, accounts: accountHits.length / blocks, doubles });
}

export function open(text: unknown, range: Stress.Range, accounts: number): Stress.RangeResult {
  const read = Answer.safeParse(parsed(text));
  if (!read.success)
    throw new DamagedError({ got: quote(read.error.issues[0]?.message ?? ''), needed: 'a range of paths', where: 'answer' });
  const { from, to } = read.data;
  if (from !== range.from || to !== range.to || read.data.accounts !== accounts)
    throw new DamagedError({
      got: `paths [${from}, ${to}) of ${read.data.accounts} accounts`,
      needed: `[${range.from}, ${range.to}) of ${accounts}`,
      where: 'answer',
    });
  const paths = to - from;
  const cells = Math.ceil(paths / Stress.BLOCK) * accounts;
  const needed = 8 * ((1 + Stress.FIELDS.length) * paths + 2 * cells);
  let bytes: Buffer;
  try {
    bytes = gunzipSync(Buffer.from(read.data.doubles, 'base64'), { maxOutputLength: needed });
  } catch (error) {
    throw new DamagedError({ got: (error as Error).message, needed: `${needed} bytes`, where: 'answer' });
  }
  if (bytes.length !== needed) throw new DamagedError({ got: `${bytes.length} bytes`, needed: `${needed}`, where: 'answer' });
  const doubles = new Float64Array(Uint8Array.from(bytes).buffer);
  const wrong = doubles.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
  if (wrong >= 0)
    throw new DamagedError({ got: String(doubles[wrong]), needed: 'a finite number of at least 0', where: `answer, number ${wrong}` });
  let at = 0;
  const take = (length: number) => {
    at += length;
    return doubles.slice(at - length, at);
  };
  const weight = take(paths);
  const fields = Object.fromEntries(Stress.FIELDS.map((field) => [field, take(paths)]));
  return { from, to, byPath: { weight, ...fields } as Stress.RangeResult['byPath'], accountHits: take(cells), accountLossUsd: take(cells) };
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return null;
  }
}

export class DamagedError extends PlimsollError {
  override readonly name = 'Parcel.DamagedError';
}
