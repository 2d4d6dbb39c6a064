/**
 * Append-only, hash-chained log in the store; the chain itself is `governance/audit.ts`. An edited or removed row breaks the
 * chain from there on. A cut tail does not show inside the log: compare `head` with one that was noted elsewhere.
 */
import { asc, desc, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { canonicalJson, type Id } from '../../base/id.ts';
import { type Linked, link, verifyChain } from '../../governance/audit.ts';
import { auditLog } from './schema.ts';

export type Event = {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail?: unknown;
};
export type Verified = { readonly entries: number; readonly head: string | null; readonly brokenAt: number | null };

type Session = Pick<NodePgDatabase, 'select' | 'insert' | 'execute'>;

/** Without it concurrent writers fork the chain. Held until the transaction ends. */
const CHAIN_LOCK = 7_146_002;

/** Call inside the transaction of the change it records: both happen or neither. */
export async function append(transaction: Session, event: Event): Promise<void> {
  await transaction.execute(sql`SELECT pg_advisory_xact_lock(${CHAIN_LOCK})`);
  const [last] = await transaction.select().from(auditLog).orderBy(desc(auditLog.seq)).limit(1);
  const seq = (last?.seq ?? 0) + 1;
  const { rows } = await transaction.execute<{ at: string }>(
    sql`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`,
  );
  const entry = { seq, at: rows[0]!.at, ...(JSON.parse(JSON.stringify(event)) as Event) };
  const { previous, hash } = link((last?.hash ?? null) as Id | null, entry);
  await transaction.insert(auditLog).values({ seq, entry: canonicalJson(entry), previous, hash });
}

/** Walks the whole log from its stored text. `brokenAt` is the first sequence number that does not follow. */
export async function verify(session: Session): Promise<Verified> {
  const rows = await session.select().from(auditLog).orderBy(asc(auditLog.seq));
  const chain = rows.map(
    ({ entry, previous, hash }): Linked<unknown> => ({ entry: parsed(entry), previous: previous as Id | null, hash: hash as Id }),
  );
  const head = rows.at(-1)?.hash ?? null;
  const missing = rows.findIndex(({ seq }, index) => seq !== index + 1);
  const verdict = verifyChain(chain);
  const breaks = [missing, verdict.ok ? -1 : verdict.brokenAt].filter((index) => index >= 0);
  return { entries: rows.length, head, brokenAt: breaks.length === 0 ? null : Math.min(...breaks) + 1 };
}

/** Text that is no longer JSON is not what was hashed either. */
function parsed(entry: string): unknown {
  try {
    return JSON.parse(entry);
  } catch {
    return { unreadable: entry };
  }
}
