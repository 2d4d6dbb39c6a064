/**
 * Parts: text tables in a folder, downloaded piece by piece, with a cursor that says how far it got.
 *
 * Part and cursor are written beside their place and renamed into it, the cursor last: ended anywhere, the next run starts at the
 * first part that the cursor does not name, asks the same questions and writes the same bytes. One download a folder and stem at a time.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import { canonicalJson, digest, Id } from '../../base/id.ts';

export const Part = z.strictObject({ file: z.string(), sha256: Id, rows: z.int().nonnegative() }).readonly();
export type Part = z.infer<typeof Part>;

/** What was asked for, as plain fields. */
const Request = z.record(z.string(), z.union([z.string(), z.number()])).readonly();
export type Request = z.infer<typeof Request>;
const Cursor = z.strictObject({ request: Request, parts: z.array(Part).readonly() }).readonly();

export type Place = { readonly folder: string; readonly stem: string };

/** Rows of times in [fromMs, toMs) in parts of `partMs`, counted from the request's beginning. */
export type Span = { readonly fromMs: number; readonly toMs: number };
export type Timed = Request & Span & { readonly partMs: number };
export type Filled = { readonly rows: readonly string[]; readonly unfinished: number };

export type Downloaded = {
  readonly parts: readonly Part[];
  readonly rows: number;
  /** Rows at the end that were not final yet: the last part is not complete, and no cursor says it is. */
  readonly unfinished: number;
};

/** `fill`: the lines of one span; `before`: the last line of the part before it, null where there is none. */
export async function inTime(
  place: Place,
  header: string,
  request: Timed,
  fill: (span: Span, before: string | null) => Promise<Filled>,
  onPart?: (done: number, total: number) => void,
): Promise<Downloaded> {
  const { fromMs, toMs, partMs } = request;
  if (!(fromMs < toMs)) {
    const got = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
    throw new EmptyRangeError({ got, needed: 'a beginning before the end, a whole step apart', where: place.stem });
  }
  // Another end: parts that are whole under both ends stand.
  const parts = await begun(place, request, ['toMs'], (_, index, was) => {
    const endMs = fromMs + (index + 1) * partMs;
    return was['toMs'] === toMs || endMs <= Math.min(toMs, Number(was['toMs']));
  });
  const total = Math.ceil((toMs - fromMs) / partMs);
  let unfinished = 0;
  while (parts.length < total && unfinished === 0) {
    const startMs = fromMs + parts.length * partMs;
    const before = await lastLine(place, parts);
    const filled = await fill({ fromMs: startMs, toMs: Math.min(toMs, startMs + partMs) }, before);
    unfinished = filled.unfinished;
    const name = `${new Date(startMs).toISOString().slice(0, 10)}_${String(parts.length).padStart(4, '0')}`;
    parts.push(await write(place, name, header, filled.rows));
    // A part that ends in a running row is written for use, and asked for again next time.
    if (unfinished === 0) await note(place, request, parts);
    onPart?.(parts.length, total);
  }
  return { parts, rows: parts.reduce((sum, { rows }) => sum + rows, 0), unfinished };
}

/** Parts already here that `keeps` wants, each checked against its hash. `free`: fields of the request that may differ. */
export async function begun(
  { folder, stem }: Place,
  request: Request,
  free: readonly string[],
  keeps: (part: Part, index: number, was: Request) => boolean,
): Promise<Part[]> {
  await mkdir(folder, { recursive: true });
  const path = cursorOf({ folder, stem });
  const cursor = await cursorAt(path);
  if (cursor === undefined) return [];
  const fixed = (one: Request): string => canonicalJson(Object.fromEntries(Object.entries(one).filter(([field]) => !free.includes(field))));
  if (fixed(request) !== fixed(cursor.request)) {
    throw new OtherRequestError({
      got: quote(fixed(request)),
      needed: `what was begun here: ${quote(fixed(cursor.request))}`,
      where: path,
      fix: 'Ask for the same again, or name another folder.',
    });
  }
  const kept = cursor.parts.filter((part, index) => keeps(part, index, cursor.request));
  for (const { file, sha256, rows } of kept) {
    if (rows === 0) continue;
    const bytes = await readFile(join(folder, file)).catch(() => undefined);
    if (bytes !== undefined && digest(bytes) === sha256) continue;
    throw new ChangedPartError({
      got: bytes === undefined ? 'no such file' : `other content (${rowsIn(bytes)})`,
      needed: `the bytes downloaded: ${sha256.slice(0, 19)}…`,
      where: join(folder, file),
      fix: `Remove ${path} to download again.`,
    });
  }
  return kept;
}

/** What was asked for the last time, where anything was. */
export async function requestOf(place: Place): Promise<Request | undefined> {
  return (await cursorAt(cursorOf(place)))?.request;
}

/** A part without rows has no file. */
export async function write(place: Place, name: string, header: string, rows: readonly string[]): Promise<Part> {
  const file = fileOf(place, name);
  const bytes = gzipSync([header, ...rows, ''].join('\n'));
  if (rows.length > 0) await put(join(place.folder, file), bytes);
  return { file, sha256: digest(bytes), rows: rows.length };
}

export function fileOf({ stem }: Place, name: string): string {
  return `${stem}_${name}.csv.gz`;
}

export async function note(place: Place, request: Request, parts: readonly Part[]): Promise<void> {
  await put(cursorOf(place), `${canonicalJson({ request, parts })}\n`);
}

/** Whole or not there, also after a power cut. */
async function put(path: string, content: string | Buffer): Promise<void> {
  const beside = `${path}.part`;
  const file = await open(beside, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}

function cursorOf({ folder, stem }: Place): string {
  return join(folder, `${stem}.cursor.json`);
}

async function cursorAt(path: string): Promise<z.infer<typeof Cursor> | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (text === undefined) return undefined;
  try {
    return Cursor.parse(JSON.parse(text));
  } catch (cause) {
    throw new CursorError({
      got: quote(text.slice(0, 60)),
      needed: 'a cursor of a download',
      where: path,
      fix: 'Remove it to start again.',
      cause,
    });
  }
}

async function lastLine({ folder }: Place, parts: readonly Part[]): Promise<string | null> {
  const last = parts.findLast(({ rows }) => rows > 0);
  if (last === undefined) return null;
  return gunzipSync(await readFile(join(folder, last.file)))
    .toString('utf8')
    .split('\n')
    .at(-2)!;
}

function rowsIn(bytes: Buffer): string {
  try {
    return `${gunzipSync(bytes).toString('utf8').split('\n').length - 2} rows`;
  } catch {
    return 'no gzip';
  }
}

export class EmptyRangeError extends PlimsollError {
  override readonly name = 'Download.EmptyRangeError';
}

export class OtherRequestError extends PlimsollError {
  override readonly name = 'Download.OtherRequestError';
}

export class ChangedPartError extends PlimsollError {
  override readonly name = 'Download.ChangedPartError';
}

export class CursorError extends PlimsollError {
  override readonly name = 'Download.CursorError';
}
