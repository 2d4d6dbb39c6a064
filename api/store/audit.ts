/**
 * Append-only, hash-chained log: hash_n = SHA-256(hash_{n−1}, line feed, entry_n). An edited or removed row breaks the chain
 * from there on. A cut tail does not show inside the log: compare `head` with one that was published.
 */
import { asc, desc, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { canonicalJson, digest } from '../../base/id.ts';
import { auditLog } from './schema.ts';

export type Event = {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail?: unknown;
};
export type Verified = { readonly entries: number; readonly head: string; readonly brokenAt: number | null };

type Session = Pick<NodePgDatabase, 'select' | 'insert' | 'execute'>;

export const GENESIS = digest('plimsoll audit log');
/** Without it concurrent writers fork the chain. Held until the transaction ends. */
const CHAIN_LOCK = 7_146_002;

/** Call inside the transaction of the change it records: both happen or neither. */
export async function append(transaction: Session, event: Event): Promise<void> {
  await transaction.execute(sql`SELECT pg_advisory_xact_lock(${CHAIN_LOCK})`);
  const [last] = await transaction.select().from(auditLog).orderBy(desc(auditLog.seq)).limit(1);
  const seq = (last?.seq ?? 0) + 1;
  const previous = last?.hash ?? GENESIS;
  const { rows } = await transaction.execute<{ at: string }>(
    sql`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`,
  );
  const entry = canonicalJson({ seq, at: rows[0]!.at, ...JSON.parse(JSON.stringify(event)) });
  await transaction.insert(auditLog).values({ seq, entry, previous, hash: link(previous, entry) });
}

/** Walks the whole log from its stored text. `brokenAt` is the first sequence number that does not follow. */
export async function verify(session: Session): Promise<Verified> {
  const rows = await session.select().from(auditLog).orderBy(asc(auditLog.seq));
  let head: string = GENESIS;
  for (const [index, row] of rows.entries()) {
    if (row.seq !== index + 1 || row.previous !== head || row.hash !== link(row.previous, row.entry)) {
      return { entries: rows.length, head, brokenAt: index + 1 };
    }
    head = row.hash;
  }
  return { entries: rows.length, head, brokenAt: null };
}

function link(previous: string, entry: string): string {
  return digest(`${previous}\n${entry}`);
}
