/**
 * The one class every named error extends. The name is the public code (`Garch.TooFewObservationsError`):
 * it stands in problem details, on the command line and in `docs/errors.md`; a test keeps the three equal.
 */

export type ErrorFacts = {
  /** What was given, quoted short. */
  readonly got: string;
  /** What would have been accepted. */
  readonly needed: string;
  /** File, line, field or asset: wherever a person would look. */
  readonly where?: string;
  /** What to do next, as one sentence. */
  readonly fix?: string;
  readonly cause?: unknown;
};

export abstract class PlimsollError extends Error {
  abstract override readonly name: string;
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(sentence(facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.facts = facts;
  }
}

/** A value shown inside an error: one line, at most 120 characters, never a whole payload. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

function sentence({ got, needed, where, fix }: ErrorFacts): string {
  const place = where === undefined ? '' : `${where}: `;
  const next = fix === undefined ? '' : ` ${fix}`;
  return `${place}Got ${got}; needed ${needed}.${next}`;
}
