/**
 * The one table from an error's public name to what the outside sees: HTTP status and exit code.
 *
 * Every error of the project is a bad input (400, exit 1) unless it stands here. Exit codes: 1 failed, 2 bad usage,
 * 3 refused, 4 verify found a difference.
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';

export type Outcome = { readonly status: number; readonly exitCode: number };

/** RFC 9457 problem details; `type` is the error's public name, explained in docs/errors.md. */
export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int().optional(),
    detail: z.string(),
    instance: z.string().optional(),
    got: z.string().optional(),
    needed: z.string().optional(),
    where: z.string().optional(),
    fix: z.string().optional(),
  })
  .readonly();
export type Problem = z.infer<typeof Problem>;

const BAD_INPUT: Outcome = { status: 400, exitCode: 1 };
const UNEXPECTED: Outcome = { status: 500, exitCode: 1 };

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'Config.BadEnvironmentError': { status: 500, exitCode: 2 },
  'Http.NotFoundError': { status: 404, exitCode: 1 },
  'Http.NoSuchIdError': { status: 404, exitCode: 1 },
  'Http.BadRequestError': { status: 400, exitCode: 1 },
  'Http.TooManyRequestsError': { status: 429, exitCode: 1 },
  'Http.TooLargeError': { status: 413, exitCode: 1 },
  'Http.UnsupportedMediaTypeError': { status: 415, exitCode: 1 },
  'Http.NotReadyError': { status: 503, exitCode: 1 },
  'Store.IdempotencyKeyReusedError': { status: 422, exitCode: 1 },
  'Store.UnusableFolderError': { status: 503, exitCode: 1 },
  'Store.LockedError': { status: 503, exitCode: 1 },
  'Store.DatabaseUnreachableError': { status: 503, exitCode: 1 },
  'Store.EmbeddedStoreFailedError': { status: 503, exitCode: 1 },
  'Chain.NoAnswerError': { status: 502, exitCode: 1 },
  'GuardApply.NotSentError': { status: 502, exitCode: 1 },
  'GuardApply.UnexpectedError': { status: 502, exitCode: 4 },
  'Reviews.NoCommitteeError': { status: 409, exitCode: 1 },
  'Reviews.RefusedError': { status: 409, exitCode: 3 },
  'Reviews.UnknownLogError': { status: 409, exitCode: 3 },
  'Reviews.CrowdedError': { status: 503, exitCode: 1 },
  'Reviews.DamagedError': { status: 500, exitCode: 4 },
  'Answers.CrowdedError': { status: 503, exitCode: 1 },
  'Answers.MissingPartError': { status: 404, exitCode: 1 },
  'Jobs.RedisUnreachableError': { status: 503, exitCode: 1 },
  'Folder.UnwritableError': { status: 500, exitCode: 1 },
  'Stress.IdleOptionError': { status: 400, exitCode: 2 },
  'Regret.IncompleteError': { status: 400, exitCode: 2 },
  'RegretLedger.TamperedError': { status: 422, exitCode: 4 },
  'OpenedPath.NotProvenError': { status: 422, exitCode: 4 },
  'OpenedPath.OtherLossError': { status: 422, exitCode: 4 },
  'WhatIf.BadWhatIfError': { status: 400, exitCode: 2 },
  'Verify.OtherCodeError': { status: 409, exitCode: 3 },
  'Verify.ForeignInputError': { status: 422, exitCode: 4 },
  'Verify.DifferenceError': { status: 422, exitCode: 4 },
};

export function outcome(error: unknown): Outcome {
  if (!(error instanceof PlimsollError)) return UNEXPECTED;
  return OUTCOMES[error.name] ?? BAD_INPUT;
}

export function tableOfOutcomes(): Readonly<Record<string, Outcome>> {
  return OUTCOMES;
}

/** What the outside is told. An unexpected error says so and nothing else: its text may hold what nobody outside should read. */
export function toProblem(error: unknown, instance?: string): Problem {
  const at = instance === undefined ? {} : { instance };
  if (!(error instanceof PlimsollError)) {
    return {
      type: 'Http.UnexpectedError',
      title: 'Unexpected error',
      status: 500,
      detail: 'Something went wrong that this version has no name for; the log has the details under this request id.',
      ...at,
    };
  }
  const { got, needed, where, fix } = error.facts;
  return {
    type: error.name,
    title: titleOf(error.name),
    status: outcome(error).status,
    detail: error.message,
    ...at,
    got,
    needed,
    ...(where === undefined ? {} : { where }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** `Garch.TooFewObservationsError` → `Too few observations`. */
function titleOf(name: string): string {
  const words = (name.split('.').at(-1) ?? name)
    .replace(/Error$/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How an error crosses a thread boundary, where classes are lost. */
export type ErrorMessage = {
  readonly name: string;
  readonly facts: PlimsollError['facts'] | null;
  readonly message: string;
  readonly stack?: string;
};

export function toMessage(error: unknown): ErrorMessage {
  if (error instanceof PlimsollError) {
    const { cause: _cause, ...facts } = error.facts;
    return { name: error.name, facts, message: error.message };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { name, facts: null, message, ...(stack === undefined ? {} : { stack }) };
}

export function fromMessage({ name, facts, message, stack }: ErrorMessage): Error {
  if (facts !== null) return new CarriedError(name, facts);
  return Object.assign(new Error(message), { name, ...(stack === undefined ? {} : { stack }) });
}

/** A named error that came from another thread under its own name. */
class CarriedError extends PlimsollError {
  override readonly name: string;

  constructor(name: string, facts: PlimsollError['facts']) {
    super(facts);
    this.name = name;
  }
}
