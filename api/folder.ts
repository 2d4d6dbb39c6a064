/**
 * A bundle's folder: written beside its place under another name, then renamed, so that a bundle is whole or not there.
 */
import { randomBytes } from 'node:crypto';
import { access, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { PlimsollError } from '../base/errors.ts';
import { digest } from '../base/id.ts';
import type { BundleFile } from '../governance/bundle.ts';

export type Draft = {
  readonly path: string;
  /** Puts the draft in its place; a former bundle there is replaced, anything else is not touched. */
  land(place: string): Promise<string>;
  discard(): Promise<void>;
};

export const MANIFEST = 'manifest.json';
/** Names machine and process: a draft whose process died there (kill -9, power) is nobody's. */
const PREFIX = `.plimsoll-${hostname().replaceAll(/[^A-Za-z0-9.]/g, '')}-`;

/** Begins a folder inside `parent`, before any long work: a place that cannot be written to is found out now. */
export async function begin(parent: string): Promise<Draft> {
  const path = join(resolve(parent), `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
  await guarded(parent, () => mkdir(path, { recursive: true }));
  await sweep(parent);
  const discard = () => rm(path, { recursive: true, force: true });
  return {
    path,
    discard,
    land: async (place) => {
      const target = resolve(place);
      await assertReplaceable(target);
      const aside = `${path}.old`;
      await guarded(target, async () => {
        await mkdir(dirname(target), { recursive: true });
        const there = await exists(target);
        if (there) await rename(target, aside);
        await rename(path, target);
        if (there) await rm(aside, { recursive: true, force: true });
      });
      return target;
    },
  };
}

/** Refuses a place that holds something which is not a bundle. */
export async function assertReplaceable(place: string): Promise<void> {
  const names = await readdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw new UnwritableError({ got: error.code ?? 'an error', needed: 'a new or empty folder, or a former bundle', where: place });
  });
  if (names.length === 0 || names.includes(MANIFEST)) return;
  throw new NotABundleError({
    got: `a folder that holds ${basename(names[0]!)}`,
    needed: 'a new or empty folder, or a former bundle',
    where: place,
    fix: 'Choose another --out.',
  });
}

export async function write(folder: string, path: string, text: string): Promise<BundleFile> {
  const bytes = Buffer.from(text, 'utf8');
  const place = join(folder, path);
  await guarded(place, () => writeWhole(place, bytes));
  return { path, sha256: digest(bytes), bytes: bytes.byteLength };
}

/** Whole, and only where nothing is there: of two writers one is told true. */
export async function writeOnce(folder: string, path: string, text: string): Promise<boolean> {
  const place = join(folder, path);
  const beside = join(folder, `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
  return guarded(place, async () => {
    try {
      await writeFile(beside, text);
      await link(beside, place);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(beside, { force: true });
    }
  });
}

export async function read(folder: string, path: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, path));
  } catch (error) {
    throw new MissingFileError({
      got: (error as NodeJS.ErrnoException).code ?? 'an error',
      needed: 'a readable file of the bundle',
      where: join(folder, path),
      fix: 'Give the folder that `plimsoll run` wrote.',
      cause: error,
    });
  }
}

/** Written beside its place, then renamed: a full disk costs neither the former file nor leaves half of the new one. */
async function writeWhole(place: string, bytes: Buffer): Promise<void> {
  const there = await stat(place).catch(() => null);
  // A pipe or a device is written to, not replaced.
  if (there !== null && !there.isFile()) return writeFile(place, bytes);
  const beside = join(dirname(place), `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await writeFile(beside, bytes);
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Drafts that dead processes of this machine left behind. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (owner > 0 && !isAlive(owner)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function guarded<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new UnwritableError({
      got: full ? `a full disk (${code})` : code,
      needed: 'a place that can be written to',
      where,
      fix: full
        ? 'Free some space, or choose another folder. Nothing was left behind.'
        : 'Choose another folder, or correct its permissions.',
      cause: error,
    });
  }
}

export class UnwritableError extends PlimsollError {
  override readonly name = 'Folder.UnwritableError';
}

export class NotABundleError extends PlimsollError {
  override readonly name = 'Folder.NotABundleError';
}

export class MissingFileError extends PlimsollError {
  override readonly name = 'Folder.MissingFileError';
}
