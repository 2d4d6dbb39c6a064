/** From a bundle's folder to the guard: what stands behind an update, and the update itself, drafted after the bundle was run again. */
import * as Bundle from '../governance/bundle.ts';
import type { Client } from '../governance/chain.ts';
import { doubt } from '../governance/guard-doubt.ts';
import type { Evidence } from '../governance/guard-evidence.ts';
import * as GuardFile from '../governance/guard-file.ts';
import * as GuardUpdate from '../governance/guard-update.ts';
import { card } from '../models/card.ts';
import { part } from './bundle.ts';
import { differenceError, verify } from './verify.ts';
import { evidenceOf } from './voyage.ts';

export type Wanted = Pick<GuardUpdate.Wanted, 'asset' | 'guard' | 'key' | 'chainId' | 'priceDecimals'>;
export type Drafted =
  | { readonly kind: 'update'; readonly file: GuardFile.File; readonly lane: string }
  | { readonly kind: 'no-update'; readonly reason: string; readonly says: string };

/** The root is made again from the parts: a part that was exchanged makes another. */
export async function evidence(bundle: string): Promise<Evidence> {
  const [manifest, panel, state, policy, model, scenarios, before, after, recommendation] = await Promise.all([
    part(bundle, 'manifest'),
    part(bundle, 'panel'),
    part(bundle, 'state'),
    part(bundle, 'policy'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'evidence-before'),
    part(bundle, 'evidence-after'),
    part(bundle, 'recommendation'),
  ]);
  const covered = evidenceOf(manifest.provenance, { panel, state, policy, model, scenarios, before, after, recommendation });
  const { waivers } = panel;
  return { bundle: manifest.id, root: Bundle.evidenceRoot(covered), recommendation, state, policy, card: card(model, panel), waivers };
}

/** Nobody attests what was not computed again. */
export async function mustVerify(bundle: string, threads: number, onStep: (step: string) => void): Promise<void> {
  const verdict = await verify(bundle, threads, onStep);
  if (!verdict.ok) throw differenceError(verdict, bundle);
}

/** One asset's update, or what only people should decide. */
export async function draft(client: Client, stands: Evidence, wanted: Wanted): Promise<Drafted> {
  const doubted = doubt(wanted.asset, stands);
  if (doubted !== null) return { kind: 'no-update', ...doubted };
  const { recommendation, state, root } = stands;
  const drafted = await GuardUpdate.draft(client, { ...wanted, recommendation, state, evidenceRoot: root });
  if (drafted.kind === 'no-update') return drafted;
  const { guard, chainId, asset } = wanted;
  return { kind: 'update', file: GuardFile.make(drafted.update, { chainId, guard }, asset, stands.bundle), lane: drafted.lane };
}
