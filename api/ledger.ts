/** A regret ledger as a file: read, every line checked, written by adding lines, one writer at a time. */
import { appendFile, open, readFile, stat, unlink } from 'node:fs/promises';
import { PlimsollError } from '../base/errors.ts';
import type { Regret } from '../tuner/regret.ts';
import * as Ledger from '../tuner/regret-ledger.ts';

const MOST_BYTES = 256 * 1024 * 1024;

/** Adds what is new. A file that does not exist is an empty ledger, and stays away where nothing is added. */
export async function keep(path: string, entries: readonly Regret[]): Promise<Ledger.Appended> {
  if (entries.length === 0) return Ledger.append(Ledger.parse(await text(path, 'must exist'), path), []);
  const release = await lock(path);
  try {
    const appended = Ledger.append(Ledger.parse(await text(path, 'may be new'), path), entries);
    if (appended.text !== '') await appendFile(path, appended.text, { flush: true });
    return appended;
  } catch (error) {
    throw error instanceof PlimsollError ? error : unusable(path, error);
  } finally {
    await release();
  }
}

async function text(path: string, kind: 'must exist' | 'may be new'): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new UnusableError({ got: `${size} bytes`, needed: `at most ${MOST_BYTES}`, where: path });
    return await readFile(path, 'utf8');
  } catch (error) {
    if (kind === 'may be new' && (error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error instanceof PlimsollError ? error : unusable(path, error);
  }
}

/** Two writers would both name the same line as the one before theirs. */
async function lock(path: string): Promise<() => Promise<void>> {
  const place = `${path}.lock`;
  try {
    await (await open(place, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(place, error);
    throw new UnusableError({
      got: 'a ledger that another process is writing',
      needed: 'one writer at a time',
      where: place,
      fix: 'Wait for it; where nothing runs any more, remove this file.',
    });
  }
  return () => unlink(place).catch(() => undefined);
}

function unusable(where: string, error: unknown): UnusableError {
  const got = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return new UnusableError({ got, needed: 'a file that can be read and written', where, cause: error });
}

export class UnusableError extends PlimsollError {
  override readonly name = 'Ledger.UnusableError';
}
