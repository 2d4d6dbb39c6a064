/** Scenario files: the built-in ones of tuner/scenarios, by name, and anyone's own, by path. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PlimsollError, quote } from '../base/errors.ts';
import * as Scenario from '../tuner/scenario/scenario.ts';
import { SCENARIOS } from './config.ts';

const ALL = 'all';
const ENDING = '.yaml';
const MOST_BYTES = 400_000;

async function names(): Promise<string[]> {
  const files = await readdir(SCENARIOS);
  return files
    .filter((file) => file.endsWith(ENDING))
    .map((file) => basename(file, ENDING))
    .sort();
}

/** Each by name or file; `all` is every built-in one. */
export async function findAll(wanted: readonly string[]): Promise<Scenario.Scenario[]> {
  const found = wanted.includes(ALL) ? [...(await names()), ...wanted.filter((name) => name !== ALL)] : wanted;
  return Promise.all(found.map(find));
}

/** A built-in name, or a path: whatever has a separator or an ending is a path. */
async function find(nameOrFile: string): Promise<Scenario.Scenario> {
  if ((await names()).includes(nameOrFile)) return load(join(SCENARIOS, nameOrFile + ENDING), nameOrFile);
  if (!/[/\\]|\.ya?ml$/.test(nameOrFile)) {
    throw new UnknownNameError({
      got: quote(nameOrFile),
      needed: `a file that ends in .yaml, or one of ${(await names()).join(', ')}`,
      where: '--scenario',
    });
  }
  return load(nameOrFile, nameOrFile);
}

async function load(path: string, where: string): Promise<Scenario.Scenario> {
  let text: string;
  try {
    const { size } = await stat(path);
    // A device or a fifo has no size and may have no end.
    if (size > MOST_BYTES || size === 0) throw new Error(`${size} bytes; a scenario has 1 to ${MOST_BYTES}`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UnreadableError({
      got: cause instanceof Error ? cause.message : String(cause),
      needed: 'a scenario file',
      where,
      fix: `docs/scenarios.md says what it holds; built in are ${(await names()).join(', ')}.`,
      cause,
    });
  }
  return Scenario.parse(text, where);
}

export class UnknownNameError extends PlimsollError {
  override readonly name = 'Scenarios.UnknownNameError';
}

export class UnreadableError extends PlimsollError {
  override readonly name = 'Scenarios.UnreadableError';
}
