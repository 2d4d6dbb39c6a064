/**
 * Tables, one schema for the embedded engine and for a Postgres server. `npx drizzle-kit generate` writes the migration
 * from this file; what drizzle cannot say (append-only triggers) stands in hand-written migrations beside it.
 */
import { bigint, customType, index, integer, jsonb, pgSchema, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

export const plimsoll = pgSchema('plimsoll');

/** Immutable. `bytes` is the gzip of the canonical JSON whose hash, without the id, is the id. */
export const artifacts = plimsoll.table(
  'artifacts',
  {
    id: text('id').primaryKey(),
    kind: text('kind').notNull(),
    bytes: bytea('bytes').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('artifacts_by_kind').on(table.kind, table.createdAt, table.id)],
);

export const RUN_STATUSES = ['queued', 'running', 'done', 'failed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** One row a distinct request; the id is the hash of options and code version, so asking twice is asking once. */
export const runs = plimsoll.table(
  'runs',
  {
    id: text('id').primaryKey(),
    status: text('status').$type<RunStatus>().notNull(),
    options: jsonb('options').notNull(),
    /** Counts starts; a worker writes results only for the start it made. */
    attempt: integer('attempt').notNull().default(0),
    summary: jsonb('summary'),
    error: jsonb('error'),
    recommendationId: text('recommendation_id'),
    createdAt: moment('created_at').notNull().defaultNow(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [index('runs_by_time').on(table.createdAt, table.id)],
);

/** Where a proposal stands: drafted, then rehearsed on a local chain or refused by it. The proposal itself never changes. */
export const PROPOSAL_STATES = ['drafted', 'rehearsed', 'rehearsal-failed'] as const;
export type ProposalStatus = (typeof PROPOSAL_STATES)[number];

export const proposalStates = plimsoll.table('proposal_states', {
  proposalId: text('proposal_id').primaryKey(),
  runId: text('run_id').notNull(),
  state: text('state').$type<ProposalStatus>().notNull(),
  executionId: text('execution_id'),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

/** One write asked for with an Idempotency-Key: the same key and body give the same answer, another body is refused. */
export const idempotencyKeys = plimsoll.table('idempotency_keys', {
  key: text('key').primaryKey(),
  fingerprint: text('fingerprint').notNull(),
  runId: text('run_id').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
});

/** Append-only, a chain a proposal: `entry` is the canonical JSON of a transition (governance/review.ts). Whoever comes second with a number starts over. */
export const reviewLog = plimsoll.table(
  'review_log',
  {
    proposalId: text('proposal_id').notNull(),
    seq: integer('seq').notNull(),
    entry: text('entry').notNull(),
    state: text('state').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.proposalId, table.seq] })],
);

/** Append-only. `entry` is the exact text that was hashed; `hash` = SHA-256 of previous hash, line feed, entry. */
export const auditLog = plimsoll.table(
  'audit_log',
  {
    seq: bigint('seq', { mode: 'number' }).primaryKey(),
    entry: text('entry').notNull(),
    previous: text('previous').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [uniqueIndex('audit_log_hash').on(table.hash)],
);
