/** An artifact as the store and threads carry it: its canonical JSON, compressed. */
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Id } from '../../base/id.ts';

export type Artifact = { readonly id: Id; readonly kind: string; readonly bytes: Uint8Array; readonly sizeBytes: number };

/** Fastest level: a panel is megabytes, and the next level costs twice the time for a tenth of the size. */
const GZIP_LEVEL = 1;

export function pack(kind: string, id: Id, json: string): Artifact {
  return { id, kind, bytes: gzipSync(json, { level: GZIP_LEVEL }), sizeBytes: Buffer.byteLength(json) };
}

export function unpack(artifact: Pick<Artifact, 'bytes'>): string {
  return gunzipSync(artifact.bytes).toString('utf8');
}
