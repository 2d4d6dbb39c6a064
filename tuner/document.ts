/** A YAML file that people write: its plain values, and where each stands, so that a mistake can be named by line and field. */
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type ErrorFacts, quote } from '../base/errors.ts';

export type Read = {
  readonly value: unknown;
  /** `FILE, line N, field a.b`. */
  readonly place: (path: readonly PropertyKey[]) => string;
};

/** `where` is shown in errors: usually the file's name. `broken` makes the caller's error of what is no plain YAML. */
export function read(yaml: string, where: string, broken: (facts: ErrorFacts) => Error): Read {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  // Warnings are of tags nobody knows: what they mark would be read as something else.
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) {
    const { line } = lines.linePos(first.pos[0]);
    throw broken({ got: quote(first.message), needed: 'valid YAML', where: `${where}, line ${line}` });
  }
  const place = (path: readonly PropertyKey[]) =>
    `${where}${lineOf(document, lines, path)}${path.length === 0 ? '' : `, field ${path.join('.')}`}`;
  return { value: plain(document, where, broken), place };
}

/** What a schema's first issue is about: the path to show, and what stands there. */
export function faultOf(value: unknown, issue: z.core.$ZodIssue): { readonly path: readonly PropertyKey[]; readonly got: string } {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
  const found = path.reduce<unknown>(step, value);
  return { path, got: typeof found === 'number' && !Number.isFinite(found) ? String(found) : quote(found ?? null) };
}

function plain(document: Document, where: string, broken: (facts: ErrorFacts) => Error): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 }) as unknown;
  } catch (cause) {
    throw broken({ got: quote(cause instanceof Error ? cause.message : cause), needed: 'plain YAML', where, cause });
  }
}

/** `, line N` of the node at the path, or of its nearest parent that the file holds. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return `, line ${lines.linePos(node.range[0]).line}`;
  }
  return '';
}

function step(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
}
