/**
 * Regret ledger: append-only text, a line an entry, each naming the one before by its hash. An edited, reordered or removed line breaks
 * the chain from there on. A tail that was cut or written anew does not show inside, so the head is printed to be noted elsewhere.
 *
 * Keyed by recommendation and panel: the same pair again changes nothing, whatever a later code would reckon.
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, Id, isSealed, seal } from '../base/id.ts';
import { Regret } from './regret.ts';

const Line = z
  .strictObject({
    kind: z.literal('regret-line'),
    id: Id,
    from: z.strictObject({ previous: Id.nullable() }).readonly(),
    seq: z.int().positive(),
    regret: Regret,
  })
  .readonly();
export type Line = z.infer<typeof Line>;

export type Appended = {
  readonly lines: readonly Line[];
  /** The text to add at the end of the file; empty where nothing is new. */
  readonly text: string;
  readonly added: number;
  readonly known: number;
  /** Known, and this code reckons something else today: the line that stands, stands. */
  readonly otherwise: number;
};

/** Every line checked: its shape, its hash, its entry's hash, its place. `where` is shown in errors. */
export function parse(text: string, where: string): readonly Line[] {
  if (text !== '' && !text.endsWith('\n'))
    throw new TamperedError({ got: 'a last line without its end', needed: 'whole lines', where, fix: FIX });
  const lines: Line[] = [];
  const keys = new Set<string>();
  for (const [index, written] of text.split('\n').slice(0, -1).entries()) {
    const at = `${where}, line ${index + 1}`;
    const line = lineOf(written, at);
    const previous = lines.at(-1)?.id ?? null;
    if (!isSealed(line) || !isSealed(line.regret)) throw tampered('content that does not hash to its id', at);
    if (line.seq !== index + 1 || line.from.previous !== previous) throw tampered(`entry ${line.seq} after ${previous ?? 'nothing'}`, at);
    if (keys.has(keyOf(line.regret))) throw tampered('a recommendation and panel that stand in it already', at);
    keys.add(keyOf(line.regret));
    lines.push(line);
  }
  return lines;
}

export function append(lines: readonly Line[], entries: readonly Regret[]): Appended {
  const all = [...lines];
  const standing = new Map(lines.map(({ regret }) => [keyOf(regret), regret.id]));
  let [text, known, otherwise] = ['', 0, 0];
  for (const regret of entries) {
    const stands = standing.get(keyOf(regret));
    if (stands !== undefined) {
      known += 1;
      if (stands !== regret.id) otherwise += 1;
      continue;
    }
    const line = seal({ kind: 'regret-line' as const, from: { previous: all.at(-1)?.id ?? null }, seq: all.length + 1, regret });
    standing.set(keyOf(regret), regret.id);
    all.push(line);
    text += `${canonicalJson(line)}\n`;
  }
  return { lines: all, text, added: all.length - lines.length, known, otherwise };
}

const FIX = 'Take the file from a copy; the line before is the last that can be trusted.';

function keyOf({ from }: Regret): string {
  return `${from.recommendation} ${from.panel}`;
}

function lineOf(written: string, at: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    throw tampered('no JSON', at);
  }
  const read = Line.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw tampered(`${issue?.message ?? 'another shape'} in field ${issue?.path.join('.')}`, at);
}

function tampered(got: string, where: string): TamperedError {
  return new TamperedError({ got, needed: 'an unbroken chain of entries', where, fix: FIX });
}

export class TamperedError extends PlimsollError {
  override readonly name = 'RegretLedger.TamperedError';
}
