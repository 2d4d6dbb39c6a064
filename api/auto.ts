/** Folder of the automatic lane: update files in, drafts of bundles beside them, an outcome beside each that was applied. Nothing here sends. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../governance/chain.ts';
import { FIELDS } from '../governance/guard.ts';
import type { Evidence } from '../governance/guard-evidence.ts';
import * as GuardFile from '../governance/guard-file.ts';
import type { Lanes } from '../governance/guard-lanes.ts';
import type { Applied, Candidate, Row } from '../governance/guard-round.ts';
import * as Folder from './folder.ts';
import * as GuardDraft from './guard-draft.ts';

/** More than a folder of live updates ever holds: older ones belong elsewhere. */
const MOST_FILES = 1_000;
const MOST_BYTES = 64 * 1024;
const OUTCOME = '.outcome.json';
const ROLLBACK = '.rollback.json';

/** A file that is no update, and why; a person put it there and a person takes it away. */
export type Unread = { readonly name: string; readonly why: string };

export async function read(
  folder: string,
  stands: ReadonlyMap<string, Evidence>,
): Promise<{ readonly candidates: readonly Candidate[]; readonly unread: readonly Unread[] }> {
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith('.json') && !name.startsWith('.') && ![OUTCOME, ROLLBACK].some((end) => name.endsWith(end)),
  );
  const candidates: Candidate[] = [];
  const unread: Unread[] =
    names.length > MOST_FILES ? [{ name: folder, why: `${names.length} files, read are the first ${MOST_FILES}` }] : [];
  for (const name of names.sort().slice(0, MOST_FILES)) {
    const path = join(folder, name);
    try {
      const { size } = await stat(path);
      if (size > MOST_BYTES) throw new Error(`${size} bytes`);
      const { file, update } = GuardFile.read(JSON.parse(await readFile(path, 'utf8')), name);
      candidates.push({ name, file, update, evidence: stands.get(file.bundle) ?? null });
    } catch (error) {
      unread.push({ name, why: (error as Error).message });
    }
  }
  return { candidates, unread };
}

/** Drafts what the bundle advises of the assets that are switched on and that nobody has drafted from it yet. */
export async function draftMissing(
  client: Client,
  {
    folder,
    bundle,
    lanes,
    priceDecimals,
  }: { readonly folder: string; readonly bundle: string; readonly lanes: Lanes; readonly priceDecimals: number },
  stands: Evidence,
  verified: () => Promise<void>,
): Promise<readonly { readonly asset: string; readonly name: string | null; readonly says: string }[]> {
  const made: { asset: string; name: string | null; says: string }[] = [];
  const names = new Set(await readdir(folder));
  for (const { asset, key, on } of lanes.assets) {
    const name = `${asset.replaceAll(/[^A-Za-z0-9]/g, '_')}-${stands.bundle.slice(7, 19)}.json`;
    if (on.length === 0 || names.has(name)) continue;
    const wanted = { asset, key, guard: lanes.guard, chainId: lanes.chainId, priceDecimals };
    const drafted = await GuardDraft.draft(client, stands, wanted);
    if (drafted.kind === 'no-update') {
      made.push({ asset, name: null, says: `${drafted.reason}: ${drafted.says}` });
      continue;
    }
    await verified();
    // Whole or not there; of two that draft at once, one stays.
    const won = await Folder.writeOnce(folder, name, text(drafted.file));
    made.push({ asset, name, says: won ? `${drafted.lane} lane of ${bundle}: to be attested` : 'drafted by another meanwhile' });
  }
  return made;
}

/** The way back, unsigned, before anything is sent. */
export async function keepRollback(folder: string, name: string, back: GuardFile.File): Promise<void> {
  await Folder.write(folder, `${name}${ROLLBACK}`, text(back));
}

/** From the chain's own event, so the same whoever writes it and whenever. True where it was not there. */
export async function fileOutcome(folder: string, row: Row, applied: Applied, candidate: Candidate): Promise<boolean> {
  const { transaction, block } = applied;
  const values = (of: Applied['from']) => Object.fromEntries(FIELDS.map((field) => [field, String(of[field])]));
  const { evidence } = candidate;
  const predicted = evidence === null ? null : { before: evidence.recommendation.before, after: evidence.recommendation.after };
  const outcome = {
    ...{ asset: row.asset, digest: row.digest, bundle: candidate.file.bundle, evidenceRoot: candidate.update.evidenceRoot },
    ...{ from: values(applied.from), to: values(applied.to), transaction, block, predicted },
  };
  return Folder.writeOnce(folder, `${row.name}${OUTCOME}`, text(outcome));
}

function text(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
