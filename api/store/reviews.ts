/** Logs of reviews: one chain of transitions a proposal, each written with its line in the audit log or not at all. */
import { and, asc, desc, eq, max } from 'drizzle-orm';
import { canonicalJson, type Id } from '../../base/id.ts';
import type { Transition } from '../../governance/review.ts';
import * as Audit from './audit.ts';
import { auditLog, reviewLog } from './schema.ts';
import type { Store } from './store.ts';

export async function read(store: Store, proposalId: string): Promise<readonly Transition[]> {
  const rows = await store.database.select().from(reviewLog).where(eq(reviewLog.proposalId, proposalId)).orderBy(asc(reviewLog.seq));
  return rows.map(({ entry }) => JSON.parse(entry) as Transition);
}

/** False where somebody else wrote one of these numbers first: read again and decide anew. */
export async function append(store: Store, proposalId: string, entries: readonly Transition[]): Promise<boolean> {
  return store.database.transaction(async (transaction) => {
    for (const entry of entries) {
      const { seq, state, happening } = entry;
      const insert = transaction.insert(reviewLog).values({ proposalId, seq, state, entry: canonicalJson(entry) });
      // Only the first can meet somebody else's; a later one that does is an error, and undoes all.
      if (entry === entries[0]) {
        const made = await insert.onConflictDoNothing().returning({ seq: reviewLog.seq });
        if (made.length === 0) return false;
      } else await insert;
      await Audit.append(transaction, {
        actor: happening.by,
        action: `review.${happening.action}`,
        subject: proposalId,
        detail: { seq, state, saw: happening.saw },
      });
    }
    return true;
  });
}

/** Proposals under review and where each stands, those that moved last first. */
export async function list(
  store: Store,
  limit: number,
): Promise<readonly { proposalId: string; state: string; entries: number; at: string }[]> {
  const newest = store.database
    .select({ proposalId: reviewLog.proposalId, seq: max(reviewLog.seq).as('newest') })
    .from(reviewLog)
    .groupBy(reviewLog.proposalId)
    .as('newest');
  const rows = await store.database
    .select({ proposalId: reviewLog.proposalId, state: reviewLog.state, entries: reviewLog.seq, at: reviewLog.createdAt })
    .from(reviewLog)
    .innerJoin(newest, and(eq(reviewLog.proposalId, newest.proposalId), eq(reviewLog.seq, newest.seq)))
    .orderBy(desc(reviewLog.createdAt))
    .limit(limit);
  return rows;
}

/** Whether the audit log holds this head: a statement that names another was signed over a log that was cut or made up. */
export async function knows(store: Store, head: Id): Promise<boolean> {
  if (head === Audit.GENESIS) return true;
  const rows = await store.database.select({ seq: auditLog.seq }).from(auditLog).where(eq(auditLog.hash, head));
  return rows.length > 0;
}
