/**
 * Opened path: one path of a bundle with its way to the root, and the same path run again alone. What it costs does not grow with the paths: seconds
 * where `verify` takes minutes, and nobody who checks one can be told which.
 */
import { PlimsollError } from '../base/errors.ts';
import type { Id } from '../base/id.ts';
import * as Bundle from '../governance/bundle.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { tell } from '../tuner/stress/path.ts';
import { prepare } from '../tuner/stress/stress.ts';
import { part } from './bundle.ts';

export type Side = 'before' | 'after';
export type Opened = {
  readonly root: Id;
  readonly side: Side;
  readonly proof: Bundle.PathProof;
  /** By loss: what the evidence says, and what the path gives alone, the same bits. */
  readonly losses: readonly { readonly loss: string; readonly evidence: number; readonly again: number }[];
};

/** Throws `NotProvenError` where the evidence does not lead to the bundle's root, `OtherLossError` where the path gives something else when run. */
export async function open(folder: string, side: Side, path: number): Promise<Opened> {
  const [manifest, state, model, scenarios, before, after] = await Promise.all([
    part(folder, 'manifest'),
    part(folder, 'state'),
    part(folder, 'model'),
    part(folder, 'scenarios'),
    part(folder, 'evidence-before'),
    part(folder, 'evidence-after'),
  ]);
  const { provenance, from, evidenceRoot } = manifest;
  for (const [kind, { id }] of Object.entries({ state, model, scenarios, evidenceBefore: before, evidenceAfter: after })) {
    if (from.artifacts[kind] !== id) throw new NotProvenError({ got: id, needed: `${from.artifacts[kind]} as ${kind}`, where: folder });
  }
  const evidence = { provenance, artifacts: from.artifacts, before, after };
  const proof = Bundle.prove(evidence, side, path);
  assertProven(proof, evidenceRoot, folder);
  const prepared = prepare(state, model, scenarios, { borrowers: 'responsive' });
  const { row } = tell(loadKernel(), prepared, evidence[side].parameters, path);
  const again = row as Readonly<Record<string, number>>;
  const losses = Object.entries(proof.leaf.losses).map(([loss, said]) => ({ loss, evidence: said, again: again[loss]! }));
  const other = losses.find((one) => !Object.is(one.evidence, one.again));
  if (other !== undefined) {
    throw new OtherLossError({
      got: `${other.loss} ${other.evidence}`,
      needed: `${other.again}, as the path gives when run alone`,
      where: `${folder}, path ${path} ${side}`,
      fix: 'The evidence is not what this code makes of its inputs: `plimsoll verify` says where they part first.',
    });
  }
  return { root: evidenceRoot, side, proof, losses };
}

export function assertProven(proof: Bundle.PathProof, root: Id, where: string): void {
  if (Bundle.isProven(proof, root)) return;
  throw new NotProvenError({ got: `path ${proof.leaf.path}, leaf ${proof.index} of ${proof.leaves}`, needed: `a way to ${root}`, where });
}

export class NotProvenError extends PlimsollError {
  override readonly name = 'OpenedPath.NotProvenError';
}

export class OtherLossError extends PlimsollError {
  override readonly name = 'OpenedPath.OtherLossError';
}
