/**
 * State file: a ProtocolState written as JSON, and read back: the shape checked field by field, the id against the content.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import { canonicalJson, isSealed } from '../../base/id.ts';
import { ProtocolState } from '../state.ts';

/** Canonical JSON with a final newline: the same book is the same bytes. */
export function write(state: ProtocolState): string {
  return `${canonicalJson(state)}\n`;
}

/** `where` is the file's name, for errors. */
export function parse(text: string, where: string): ProtocolState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UnreadableError({
      got: cause instanceof Error ? cause.message : String(cause),
      needed: 'JSON',
      where,
      fix: 'Give a file that `plimsoll state import` or `plimsoll state read` wrote.',
      cause,
    });
  }
  const checked = ProtocolState.safeParse(value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    throw new UnreadableError({
      got: issue?.message ?? 'another shape',
      needed: 'a protocol state',
      where: path === '' ? where : `${where}, field ${quote(path)}`,
      fix: 'Give a file that `plimsoll state import` or `plimsoll state read` wrote.',
    });
  }
  const [twice] = [
    ...doubled(checked.data.assets.map(({ asset }) => asset)).map((name) => ['assets', name]),
    ...doubled(checked.data.lending.map(({ account }) => account)).map((name) => ['lending', name]),
    ...doubled(checked.data.derivatives.map(({ account }) => account)).map((name) => ['derivatives', name]),
  ];
  if (twice !== undefined) {
    throw new DoubledError({
      got: `${quote(twice[1])} twice`,
      needed: 'each asset and each account once',
      where: `${where}, field ${quote(twice[0])}`,
      fix: 'Put what belongs together into one entry, and import the state again.',
    });
  }
  if (!isSealed(checked.data)) {
    throw new ChangedError({
      got: `the id ${checked.data.id.slice(0, 19)}… on other content`,
      needed: 'the id that is the hash of the rest',
      where,
      fix: 'Import the state again; an edited book is another book.',
    });
  }
  return checked.data;
}

function doubled(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.filter((name) => seen.size === seen.add(name).size);
}

export class DoubledError extends PlimsollError {
  override readonly name = 'StateFile.DoubledError';
}

export class UnreadableError extends PlimsollError {
  override readonly name = 'StateFile.UnreadableError';
}

export class ChangedError extends PlimsollError {
  override readonly name = 'StateFile.ChangedError';
}
