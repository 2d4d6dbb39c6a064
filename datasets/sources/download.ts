/**
 * Download: candles of one pair from one venue into a folder, in parts that a price-file reader takes as they are, with a cursor.
 *
 * A part covers a fixed span counted from the request's beginning. Part and cursor are written beside their place and renamed into
 * it, the cursor last: ended anywhere, the next run starts at the first part that the cursor does not name, asks the same questions
 * and writes the same bytes. One download a folder and pair at a time.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { PlimsollError, quote } from '../../base/errors.ts';
import { canonicalJson, digest, Id } from '../../base/id.ts';
import * as Exchange from './exchange.ts';
import type { Http } from './http.ts';

export type Downloaded = {
  readonly parts: readonly Part[];
  readonly bars: number;
  /** Bars at the end that had not ended yet: the last part is not complete, and no cursor says it is. */
  readonly unfinished: number;
  readonly notes: readonly string[];
};

export type DownloadOptions = {
  /** Bars in one part. */
  readonly partBars?: number;
  readonly onPart?: (done: number, total: number) => void;
};

const Part = z.strictObject({ file: z.string(), sha256: Id, bars: z.int().nonnegative() }).readonly();
type Part = z.infer<typeof Part>;

const Request = z
  .strictObject({
    venue: z.string(),
    asset: z.string(),
    quote: z.string(),
    stepSeconds: z.int().positive(),
    fromMs: z.int(),
    toMs: z.int(),
    partBars: z.int().positive(),
  })
  .readonly();
type Request = z.infer<typeof Request>;
const Cursor = z.strictObject({ request: Request, parts: z.array(Part).readonly() }).readonly();
type Cursor = z.infer<typeof Cursor>;

/** 250 days of hours: a dozen pages of Binance, forty of Coinbase. */
const PART_BARS = 6000;
const HEADER = 'open_time_ms,open,high,low,close,volume';

export async function download(
  http: Http,
  exchange: Exchange.Exchange,
  wanted: Exchange.CandleRequest,
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const { asset, quote: currency, stepSeconds, fromMs, toMs } = wanted;
  const stepMs = stepSeconds * 1000;
  const request: Request = {
    venue: exchange.name,
    asset,
    quote: currency,
    stepSeconds,
    fromMs: Math.ceil(fromMs / stepMs) * stepMs,
    toMs: Math.floor(toMs / stepMs) * stepMs,
    partBars: options.partBars ?? PART_BARS,
  };
  if (!(request.fromMs < request.toMs)) {
    throw new EmptyRangeError({ got: `${fromMs} to ${toMs}`, needed: 'a beginning before the end, a whole bar apart', where: asset });
  }
  await mkdir(folder, { recursive: true });
  const stem = `${asset}-${currency}_${stepSeconds}s_${exchange.name}`;
  const cursorPath = join(folder, `${stem}.cursor.json`);
  const parts = [...(await begun(cursorPath, request, folder))];
  const lengthMs = request.partBars * stepMs;
  const total = Math.ceil((request.toMs - request.fromMs) / lengthMs);
  const notes = new Set<string>();
  let unfinished = 0;
  let skewMs = 0;
  while (parts.length < total && unfinished === 0) {
    const startMs = request.fromMs + parts.length * lengthMs;
    const span = { ...wanted, fromMs: startMs, toMs: Math.min(request.toMs, startMs + lengthMs) };
    const rows: string[] = [];
    for await (const page of exchange.candles(http, span)) {
      rows.push(...lines(page));
      unfinished += page.unfinished;
      for (const note of page.notes) notes.add(note);
      if (Math.abs(page.skewMs ?? 0) > Math.abs(skewMs)) skewMs = page.skewMs ?? 0;
    }
    const file = `${stem}_${new Date(startMs).toISOString().slice(0, 10)}_${String(parts.length).padStart(4, '0')}.csv.gz`;
    const bytes = gzipSync([HEADER, ...rows, ''].join('\n'));
    if (rows.length > 0) await place(join(folder, file), bytes);
    parts.push({ file, sha256: digest(bytes), bars: rows.length });
    // A part that ends in a running bar is written for use, and asked for again next time.
    if (unfinished === 0) await place(cursorPath, `${canonicalJson({ request, parts })}\n`);
    options.onPart?.(parts.length, total);
  }
  return {
    parts,
    bars: parts.reduce((sum, { bars }) => sum + bars, 0),
    unfinished,
    notes: [...Exchange.clockNotes(exchange.name, skewMs), ...notes],
  };
}

/** Parts already here, each checked against its hash. */
async function begun(path: string, request: Request, folder: string): Promise<readonly Part[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (text === undefined) return [];
  const cursor = parse(text, path);
  const { toMs, ...same } = request;
  const { toMs: beforeMs, ...begunAs } = cursor.request;
  if (canonicalJson(same) !== canonicalJson(begunAs)) {
    throw new OtherRequestError({
      got: quote(canonicalJson(same)),
      needed: `what was begun here: ${quote(canonicalJson(begunAs))}`,
      where: path,
      fix: 'Give the same beginning again, or another folder.',
    });
  }
  // Another end: parts that are whole under both ends stand.
  const endMs = (index: number): number => request.fromMs + (index + 1) * request.partBars * request.stepSeconds * 1000;
  const kept = cursor.parts.filter((_, index) => toMs === beforeMs || endMs(index) <= Math.min(toMs, beforeMs));
  for (const { file, sha256, bars } of kept) {
    if (bars === 0) continue;
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

function parse(text: string, where: string): Cursor {
  try {
    return Cursor.parse(JSON.parse(text));
  } catch (cause) {
    throw new CursorError({
      got: quote(text.slice(0, 60)),
      needed: 'a cursor of a download',
      where,
      fix: 'Remove it to start again.',
      cause,
    });
  }
}

function rowsIn(bytes: Buffer): string {
  try {
    return `${gunzipSync(bytes).toString('utf8').split('\n').length - 2} rows`;
  } catch {
    return 'no gzip';
  }
}

function lines({ series: { timesMs, open, high, low, close, volume } }: Exchange.Page): string[] {
  return Array.from(timesMs, (time, i) => [time, open[i], high[i], low[i], close[i], volume[i]].join(','));
}

/** Whole or not there, also after a power cut. */
async function place(path: string, content: string | Buffer): Promise<void> {
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
