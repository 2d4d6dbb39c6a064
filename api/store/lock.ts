/**
 * One owner for the embedded store's folder. Two processes on one folder both open it and lose committed writes.
 *
 * The lock is a listening socket inside the folder: the kernel closes it however the owner dies, so nothing stale can hold
 * it. A socket nobody answers on is a dead owner's file; it is moved aside, asked once more, and only then removed.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { PlimsollError } from '../../base/errors.ts';
import { digest } from '../../base/id.ts';

/** Unix socket addresses end at 104 bytes (macOS) to 108 (Linux). */
const LONGEST_ADDRESS = 100;
const ATTEMPTS = 5;
const SETTLE_MS = 30;

export type Lock = { release(): Promise<void> };

export async function acquire(folder: string): Promise<Lock> {
  guarded(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  const path = addressFor(folder);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const server = await listen(path);
    if (server !== null) {
      if (process.platform === 'win32') return held(server);
      // Somebody may have taken this very socket for a dead one while it came up: the owner is who is still there afterwards.
      const mine = statSync(path, { throwIfNoEntry: false })?.ino;
      await wait(SETTLE_MS);
      if (mine !== undefined && statSync(path, { throwIfNoEntry: false })?.ino === mine) return held(server);
      await held(server).release();
      continue;
    }
    if (await answers(path)) break;
    if (process.platform !== 'win32') await removeDead(path);
  }
  throw new LockedError({
    got: 'a folder that another Plimsoll process has open',
    needed: 'one owner at a time',
    where: folder,
    fix: 'Stop the other process, choose another DATA_DIR, or set DATABASE_URL for several processes.',
  });
}

function addressFor(folder: string): string {
  const name = digest(folder).slice(-16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\plimsoll-${name}`;
  const inside = join(folder, 'owner.sock');
  return Buffer.byteLength(inside) <= LONGEST_ADDRESS ? inside : join(tmpdir(), `plimsoll-${name}.sock`);
}

function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(unusable(path, error))));
    server.listen(path, () => resolve(server.unref()));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function removeDead(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
    if (await answers(aside)) linkSync(aside, path);
    unlinkSync(aside);
  } catch {
    // Somebody else moved it first, or an owner came up meanwhile: its own check and our next attempt see that.
  }
}

function held(server: Server): Lock {
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function guarded(folder: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw unusable(folder, error as NodeJS.ErrnoException);
  }
}

function unusable(where: string, error: NodeJS.ErrnoException): UnusableFolderError {
  return new UnusableFolderError({
    got: error.code ?? error.message,
    needed: 'a folder this process may write to',
    where,
    fix: 'Choose another DATA_DIR, or correct its permissions.',
    cause: error,
  });
}

export class UnusableFolderError extends PlimsollError {
  override readonly name = 'Store.UnusableFolderError';
}

export class LockedError extends PlimsollError {
  override readonly name = 'Store.LockedError';
}
