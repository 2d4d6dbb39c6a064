/**
 * Bundle: what anyone needs to run the evidence again, named by one root.
 *
 *   leaf = SHA-256(0x00 ‖ canonical JSON)      node = SHA-256(0x01 ‖ left ‖ right)
 *   root of n leaves splits at the largest power of two below n
 *
 * Leaf 0 is the header (code, kernel, lock file, seed, counts), then one leaf per artifact by kind, then one per path for the
 * parameters of today and one per path for those advised: a single path can be opened, re-run alone and compared.
 * Tree: RFC 6962 §2.1 (no leaf can pass for a node, no leaf counts twice).
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { canonicalJson, digest, Id, seal } from '../base/id.ts';
import type { PathResults, StressEvidence } from '../tuner/stress/evidence.ts';
import { SeedBlock } from './seed-block.ts';

export const BundleFile = z
  .strictObject({ path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/), sha256: Id, bytes: z.int().nonnegative() })
  .readonly();
export type BundleFile = z.infer<typeof BundleFile>;

/** Everything the numbers depend on besides the artifacts. */
export const Provenance = z
  .strictObject({
    /** Shown inside a command to copy: nothing but a version may stand here. */
    codeVersion: z.string().regex(/^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/),
    /** SHA-256 of the kernel's WASM module. */
    kernel: Id,
    /** SHA-256 of package-lock.json. */
    lockFile: Id,
    seed: z.int().nonnegative(),
    /** Where the seed is a block's: which. */
    seedBlock: SeedBlock.optional(),
    simulated: z.boolean(),
  })
  .readonly();
export type Provenance = z.infer<typeof Provenance>;

export const Manifest = z
  .strictObject({
    kind: z.literal('manifest'),
    id: Id,
    from: z.strictObject({ artifacts: z.record(z.string(), Id).readonly() }).readonly(),
    format: z.literal(1),
    provenance: Provenance,
    /** The bundle's name, and what stands in the proposal. */
    evidenceRoot: Id,
    leaves: z.int().positive(),
    /** Sorted by path. */
    files: z.array(BundleFile).readonly(),
  })
  .readonly();
export type Manifest = z.infer<typeof Manifest>;

/** What the root covers. `artifacts` by kind: panel, state, policy, model, scenarios, evidence before and after, recommendation … */
export type Evidence = {
  readonly provenance: Provenance;
  readonly artifacts: Readonly<Record<string, Id>>;
  readonly before: StressEvidence;
  readonly after: StressEvidence;
};

export const PathLeaf = z
  .strictObject({
    of: z.literal('plimsoll/path/1'),
    evidence: Id,
    path: z.int().nonnegative(),
    losses: z.record(z.string(), z.number()).readonly(),
  })
  .readonly();
export type PathLeaf = z.infer<typeof PathLeaf>;

/** One path's losses and the way from them to the root. */
export const PathProof = z
  .strictObject({ leaf: PathLeaf, index: z.int().nonnegative(), leaves: z.int().positive(), siblings: z.array(Id).readonly() })
  .readonly();
export type PathProof = z.infer<typeof PathProof>;

export function evidenceLeaves({ provenance, artifacts, before, after }: Evidence): readonly Id[] {
  const kinds = Object.keys(artifacts).sort();
  const header = { of: 'plimsoll/bundle/1', ...provenance, artifacts: kinds.length, paths: [count(before.paths), count(after.paths)] };
  return [
    leaf(header),
    ...kinds.map((kind) => leaf({ of: 'plimsoll/artifact/1', kind, artifact: artifacts[kind] })),
    ...pathLeaves(before).map(leaf),
    ...pathLeaves(after).map(leaf),
  ];
}

export function evidenceRoot(evidence: Evidence): Id {
  return merkleRoot(evidenceLeaves(evidence));
}

export function merkleRoot(leaves: readonly Id[]): Id {
  if (leaves.length === 0) return digest('');
  if (leaves.length === 1) return leaves[0]!;
  const split = largestPowerBelow(leaves.length);
  return node(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

export function manifest(parts: { readonly evidence: Evidence; readonly files: readonly BundleFile[] }): Manifest {
  const leaves = evidenceLeaves(parts.evidence);
  const files = [...parts.files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const twice = files.find(({ path }, index) => path === files[index - 1]?.path);
  if (twice !== undefined) throw new NoSuchLeafError({ got: `${twice.path} twice`, needed: 'each file once' });
  return seal({
    kind: 'manifest' as const,
    from: { artifacts: parts.evidence.artifacts },
    format: 1 as const,
    provenance: parts.evidence.provenance,
    evidenceRoot: merkleRoot(leaves),
    leaves: leaves.length,
    files,
  });
}

/** Opens one path of today's (`before`) or the advised (`after`) parameters. */
export function prove(evidence: Evidence, side: 'before' | 'after', path: number): PathProof {
  const leaves = evidenceLeaves(evidence);
  const opened = pathLeaves(evidence[side])[path];
  if (opened === undefined) throw new NoSuchLeafError({ got: `path ${path}`, needed: `a path below ${count(evidence[side].paths)}` });
  const first = 1 + Object.keys(evidence.artifacts).length + (side === 'after' ? count(evidence.before.paths) : 0);
  return { leaf: opened, index: first + path, leaves: leaves.length, siblings: way(leaves, first + path) };
}

/** True where the leaf stands at its index in the tree with this root. RFC 9162 §2.1.3.2. */
export function isProven(proof: PathProof, root: Id): boolean {
  if (proof.index >= proof.leaves) return false;
  let at = proof.index;
  let last = proof.leaves - 1;
  let hash = leaf(proof.leaf);
  for (const sibling of proof.siblings) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = node(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      hash = node(hash, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && hash === root;
}

export function leaf(value: unknown): Id {
  return leafOfBytes(Buffer.from(canonicalJson(value), 'utf8'));
}

export function leafOfBytes(bytes: Uint8Array): Id {
  return digest(Buffer.concat([LEAF, bytes]));
}

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

function pathLeaves({ id, paths }: StressEvidence): readonly PathLeaf[] {
  const columns = Object.entries(paths) as [keyof PathResults, readonly number[]][];
  return Array.from({ length: count(paths) }, (_, path) => ({
    of: 'plimsoll/path/1' as const,
    evidence: id,
    path,
    losses: Object.fromEntries(columns.map(([name, values]) => [name, values[path]!])),
  }));
}

function count(paths: PathResults): number {
  return paths.badDebtUsd.length;
}

function node(left: Id, right: Id): Id {
  return digest(Buffer.concat([NODE, bytesOf(left), bytesOf(right)]));
}

function way(leaves: readonly Id[], index: number): readonly Id[] {
  if (leaves.length === 1) return [];
  const split = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...way(left, index), merkleRoot(right)] : [...way(right, index - split), merkleRoot(left)];
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

function bytesOf(id: Id): Buffer {
  return Buffer.from(id.slice('sha256:'.length), 'hex');
}

export class NoSuchLeafError extends PlimsollError {
  override readonly name = 'Bundle.NoSuchLeafError';
}
