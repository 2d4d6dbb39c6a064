/**
 * How far a run is: every step from the first moment, each with its state, share and seconds. The shape the page and the
 * progress stream show.
 */
import { z } from 'zod';
import { Problem } from './errors.ts';
import type { Result } from './page.ts';
import type { RunRow } from './store/store.ts';

export const Step = z
  .strictObject({
    step: z.string(),
    says: z.string(),
    state: z.enum(['waiting', 'running', 'done', 'failed']),
    share: z.number().min(0).max(1),
    seconds: z.number().nonnegative(),
    estimateSeconds: z.number().nonnegative().nullable(),
  })
  .readonly();
export type Step = z.infer<typeof Step>;

export const Run = z
  .strictObject({
    id: z.string(),
    status: z.enum(['starting', 'queued', 'running', 'done', 'failed', 'cancelled']),
    startedAt: z.string(),
    finishedAt: z.string().nullable(),
    steps: z.array(Step).readonly(),
    error: Problem.nullable(),
  })
  .readonly();
export type Run = z.infer<typeof Run>;

/** In order. `estimateSeconds`: the built-in sample on two cores, as measured; it only feeds a progress bar. */
export const STEPS = [
  { step: 'store', says: 'Open the store and the queue', estimateSeconds: 6 },
  { step: 'align', says: 'Read the market, put it on one grid, check its quality', estimateSeconds: 2 },
  { step: 'state', says: 'Read the book and join it to the market', estimateSeconds: 1 },
  { step: 'fit', says: 'Fit volatility, regimes, correlation, tails and the forecaster', estimateSeconds: 12 },
  { step: 'plan', says: 'Plan the scenarios', estimateSeconds: 1 },
  { step: 'stress', says: "Stress the book under today's parameters", estimateSeconds: 2 },
  { step: 'tune', says: 'Search for better parameters within the policy', estimateSeconds: 12 },
  { step: 'draft', says: 'Draft the proposal and its evidence root', estimateSeconds: 1 },
  { step: 'frontier', says: 'Trace what more or less borrowing power would cost', estimateSeconds: 12 },
  { step: 'caps', says: 'Reckon caps and bonuses', estimateSeconds: 3 },
  { step: 'replay', says: 'Replay what the market did next', estimateSeconds: 1 },
  { step: 'rehearse', says: 'Execute the proposal on a local chain and read it back', estimateSeconds: 6 },
  { step: 'bundle', says: 'Write the bundle', estimateSeconds: 2 },
] as const;
export type StepName = (typeof STEPS)[number]['step'];

/** What a recipe reports: the share of one step. A later step's report ends the earlier ones. */
export type Report = (step: StepName, share: number) => void;

export function waiting(): readonly Step[] {
  return STEPS.map(({ step, says, estimateSeconds }) => ({ step, says, state: 'waiting', share: 0, seconds: 0, estimateSeconds }));
}

/** Steps as of `nowMs`, from reports. A step that was passed over is done with 0 seconds. */
export function tracker(nowMs: () => number): {
  report: Report;
  steps(): readonly Step[];
  fail(): void;
  seconds(): Record<string, number>;
} {
  const spans = new Map<StepName, { from: number; to: number | null; share: number }>();
  let failed = false;
  const close = (before: number) => {
    for (const [name, span] of spans) if (span.to === null && indexOf(name) < before) spans.set(name, { ...span, to: nowMs(), share: 1 });
  };
  const furthest = () => Math.max(-1, ...[...spans.keys()].map(indexOf));
  return {
    report(step, share) {
      const known = spans.get(step);
      // Late news of a step that was ended or passed over changes nothing: progress never goes back.
      const isPast = known === undefined ? indexOf(step) < furthest() : known.to !== null;
      if (isPast) return;
      if (known === undefined) close(indexOf(step));
      const to = share >= 1 ? nowMs() : null;
      spans.set(step, { from: known?.from ?? nowMs(), to, share: Math.min(1, Math.max(known?.share ?? 0, share)) });
    },
    fail() {
      failed = true;
    },
    steps() {
      const last = furthest();
      return waiting().map((step, index): Step => {
        const span = spans.get(step.step as StepName);
        if (span === undefined) return index < last ? { ...step, state: 'done', share: 1 } : step;
        const state = span.to !== null ? 'done' : failed ? 'failed' : 'running';
        return { ...step, state, share: span.share, seconds: ((span.to ?? nowMs()) - span.from) / 1000 };
      });
    },
    seconds: () => Object.fromEntries([...spans].map(([name, { from, to }]) => [name, ((to ?? nowMs()) - from) / 1000])),
  };
}

/** A run's row as the outside sees it; `steps` where they are known from its progress. */
export function fromRow(row: RunRow, steps: readonly Step[] | undefined): Run {
  const error = Problem.safeParse(row.error);
  return {
    id: row.id,
    status: row.status,
    startedAt: iso(row.startedAt ?? row.createdAt),
    finishedAt: row.finishedAt === null ? null : iso(row.finishedAt),
    steps: row.status === 'done' ? doneSteps((row.summary as Result).milliseconds) : (steps ?? waiting()),
    error: row.status === 'failed' && error.success ? error.data : null,
  };
}

function doneSteps(milliseconds: Readonly<Record<string, number>>): readonly Step[] {
  return waiting().map((step) => ({ ...step, state: 'done', share: 1, seconds: (milliseconds[step.step] ?? 0) / 1000 }));
}

function iso(timestamp: string): string {
  return new Date(timestamp).toISOString();
}

function indexOf(name: StepName): number {
  return STEPS.findIndex(({ step }) => step === name);
}
