/**
 * Verify: run a bundle again from its inputs (book, policy, law, scenarios) and compare every byte.
 *
 * 1 the manifest is what its id says; 2 this is the code it was made with; 3 every file is what the manifest says; 4 stress,
 * tune and draft again; 5 compare with the files, field by field where they differ; 6 the root again.
 * The law itself is not fitted anew: its weights are an input, stored and hashed.
 */
import type { ZodType } from 'zod';
import { PlimsollError, quote } from '../base/errors.ts';
import { canonicalJson, digest, isSealed } from '../base/id.ts';
import { MarketPanel } from '../datasets/panel.ts';
import { ProtocolState } from '../datasets/state.ts';
import * as Bundle from '../governance/bundle.ts';
import { draft } from '../governance/draft.ts';
import * as SeedBlock from '../governance/seed-block.ts';
import { rehearsalTarget } from '../governance/simulate.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { MarketModel } from '../models/market.ts';
import { ScenarioSet } from '../models/scenario.ts';
import { Policy } from '../tuner/policy.ts';
import { tune } from '../tuner/search.ts';
import { LOCK_FILE, VERSION } from './config.ts';
import * as Folder from './folder.ts';
import { evidenceOf, riskOf, tuneOf } from './voyage.ts';
import { reportOf } from './voyage-thread.ts';
import { hire } from './workers.ts';

/** Where bundle and re-run part: the first file in the voyage's order, the first field in it. */
export type Difference = { readonly file: string; readonly field: string; readonly bundle: string; readonly rerun: string };
export type Verdict = {
  readonly ok: boolean;
  readonly id: string;
  /** The root of what was computed again; null where the inputs themselves are damaged. */
  readonly recomputedId: string | null;
  readonly firstDifference: Difference | null;
  /** False where the bundle was made with another package-lock.json: the first thing to suspect of a difference. */
  readonly sameLibraries: boolean;
};

const INPUTS = ['panel.json', 'state.json', 'policy.json', 'model.json', 'scenarios.json'] as const;
const OUTPUTS = ['evidence-before.json', 'evidence-after.json', 'recommendation.json', 'proposal.json', 'report.md'] as const;

/** `blockAt`: the block of a chain that seeds a run as of then, where somebody named a node to ask. */
export async function verify(
  folder: string,
  threads: number,
  onStep: (step: string, share: number) => void,
  blockAt: ((asOf: string) => Promise<SeedBlock.SeedBlock>) | null = null,
): Promise<Verdict> {
  // 1. The manifest.
  const manifestText = (await Folder.read(folder, Folder.MANIFEST)).toString('utf8');
  const read = Bundle.Manifest.safeParse(parse(manifestText));
  if (!read.success || !isSealed(read.data) || canonicalJson(read.data) !== manifestText) {
    const field = read.success ? 'id' : read.error.issues[0]?.path.join('.') || '$';
    return damaged(
      read.success ? read.data.evidenceRoot : 'unknown',
      Folder.MANIFEST,
      field,
      'a manifest that does not hash to its id',
      'a manifest as written by `plimsoll run`',
    );
  }
  const manifest = read.data;
  const id = manifest.evidenceRoot;

  // 2. The code.
  const { provenance } = manifest;
  const kernel = loadKernel();
  const sameLibraries = provenance.lockFile === LOCK_FILE;
  if (provenance.codeVersion !== VERSION || provenance.kernel !== kernel.digest) {
    throw new OtherCodeError({
      got: `a bundle made by version ${provenance.codeVersion}, kernel ${short(provenance.kernel)}`,
      needed: `version ${VERSION}, kernel ${short(kernel.digest)}`,
      where: folder,
      fix: `Get that version: git checkout v${provenance.codeVersion} && npm ci && npx plimsoll verify ${folder}`,
    });
  }

  // 3. The files.
  onStep('files', 0);
  const texts = new Map<string, string>();
  let changed: Difference | null = null;
  for (const name of [...INPUTS, ...OUTPUTS]) {
    const file = manifest.files.find(({ path }) => path === name);
    const bytes = await Folder.read(folder, name);
    texts.set(name, bytes.toString('utf8'));
    if (file !== undefined && digest(bytes) === file.sha256) continue;
    const found = {
      file: name,
      field: 'bytes',
      bundle: `${bytes.byteLength} bytes, ${digest(bytes)}`,
      rerun: file === undefined ? 'not in the manifest' : `${file.bytes} bytes, ${file.sha256} by the manifest`,
    };
    changed ??= found;
    // From a damaged input nothing can be computed again.
    if ((INPUTS as readonly string[]).includes(name))
      return { ok: false, id, recomputedId: null, firstDifference: locate(found, texts.get(name)!), sameLibraries };
  }

  // 4. Again.
  const input = <T>(name: (typeof INPUTS)[number], schema: ZodType<T>): T => {
    const shaped = schema.safeParse(parse(texts.get(name)!));
    if (shaped.success) return shaped.data;
    const [issue] = shaped.error.issues;
    throw new ForeignInputError({
      got: issue?.message ?? 'another shape',
      needed: 'an input that `plimsoll run` could have written',
      where: `${folder}/${name}, field ${issue?.path.join('.') || '$'}`,
      fix: 'The manifest agrees with this file, so whoever made the bundle wrote it: ask them for the original.',
    });
  };
  const panel = input('panel.json', MarketPanel);
  const state = input('state.json', ProtocolState);
  const policy = input('policy.json', Policy);
  const model = input('model.json', MarketModel);
  const scenarios = input('scenarios.json', ScenarioSet);
  const misseeded = await seedDifference(provenance, scenarios.seed, blockAt === null ? null : () => blockAt(state.asOf));
  if (misseeded !== null) return { ok: false, id, recomputedId: null, firstDifference: misseeded, sameLibraries };
  const crew = hire({ state, model, scenarios, risk: riskOf(policy, state) }, threads);
  try {
    const onTune = (_step: string, share: number) => onStep('tune', share);
    const { recommendation, before, after } = await tune({
      ...tuneOf({ panel, state, model, scenarios, policy }),
      evaluate: crew.evaluate,
      onStep: onTune,
    });
    const evidence = evidenceOf(provenance, { panel, state, policy, model, scenarios, before, after, recommendation });
    const recomputedId = Bundle.evidenceRoot(evidence);
    const proposal = draft(recommendation, state, rehearsalTarget(), recomputedId);

    // 5. Compare.
    onStep('compare', 0);
    const rerun: Record<(typeof OUTPUTS)[number], string> = {
      'evidence-before.json': canonicalJson(before),
      'evidence-after.json': canonicalJson(after),
      'recommendation.json': canonicalJson(recommendation),
      'proposal.json': canonicalJson(proposal),
      'report.md': reportOf({ proposal, recommendation }),
    };
    const firstDifference =
      OUTPUTS.map((name) => difference(name, texts.get(name)!, rerun[name])).find((found) => found !== null) ?? changed;

    // 6. The root.
    const parted =
      firstDifference ?? (recomputedId === id ? null : { file: Folder.MANIFEST, field: 'evidenceRoot', bundle: id, rerun: recomputedId });
    return { ok: parted === null, id, recomputedId, firstDifference: parted, sameLibraries };
  } finally {
    await crew.close();
  }
}

/** As an error, for whoever wants one sentence and an exit code. */
export function differenceError(verdict: Verdict, folder: string): DifferenceError {
  const found = verdict.firstDifference!;
  const otherLibraries = verdict.sameLibraries ? '' : ' The bundle was made with another package-lock.json; try with that one.';
  return new DifferenceError({
    got: found.bundle,
    needed: found.rerun,
    where: `${folder}/${found.file}, field ${found.field}`,
    fix: `The bundle is not what this code makes of its inputs.${otherLibraries}`,
  });
}

/** First difference of two texts: by field where both are JSON, by line elsewhere. */
export function difference(file: string, bundle: string, rerun: string): Difference | null {
  if (bundle === rerun) return null;
  const [left, right] = [parse(bundle), parse(rerun)];
  const found = file.endsWith('.json') && left !== undefined ? firstField(left, right, '') : null;
  if (found !== null) return { file, ...found };
  const [lines, others] = [bundle.split('\n'), rerun.split('\n')];
  const at = lines.findIndex((line, index) => line !== others[index]);
  const row = at < 0 ? lines.length : at;
  return { file, field: `line ${row + 1}`, bundle: quote(lines[row] ?? 'end'), rerun: quote(others[row] ?? 'end') };
}

function firstField(left: unknown, right: unknown, path: string): Omit<Difference, 'file'> | null {
  if (
    typeof left === 'object' &&
    left !== null &&
    typeof right === 'object' &&
    right !== null &&
    Array.isArray(left) === Array.isArray(right)
  ) {
    const [a, b] = [left as Record<string, unknown>, right as Record<string, unknown>];
    for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])]) {
      // Ids follow from content: the content is what a reader wants to see.
      if (key === 'id') continue;
      const found = firstField(a[key], b[key], Array.isArray(left) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
      if (found !== null) return found;
    }
    return a['id'] === b['id'] ? null : { field: path === '' ? 'id' : `${path}.id`, bundle: quote(a['id']), rerun: quote(b['id']) };
  }
  return Object.is(left, right) ? null : { field: path === '' ? '$' : path, bundle: shown(left), rerun: shown(right) };
}

/** The seed that was used is the one that is claimed; a block's is what its hash gives, and the chain's where it can be asked. */
async function seedDifference(
  { seed, seedBlock }: Bundle.Provenance,
  used: number,
  ask: (() => Promise<SeedBlock.SeedBlock>) | null,
): Promise<Difference | null> {
  const differs = (field: string, bundle: unknown, rerun: unknown) => ({
    file: Folder.MANIFEST,
    field,
    bundle: shown(bundle),
    rerun: shown(rerun),
  });
  if (seed !== used) return differs('provenance.seed', seed, used);
  if (seedBlock === undefined) return ask === null ? null : differs('provenance.seedBlock', undefined, await ask());
  if (seed !== SeedBlock.seedOf(seedBlock)) return differs('provenance.seed', seed, SeedBlock.seedOf(seedBlock));
  const found = ask === null ? seedBlock : await ask();
  return canonicalJson(found) === canonicalJson(seedBlock) ? null : differs('provenance.seedBlock', seedBlock, found);
}

/** An input's own id tells whether its content or only its spelling was touched. */
function locate(found: Difference, text: string): Difference {
  const value = parse(text);
  if (value === undefined) return { ...found, field: 'not JSON' };
  const sealed = typeof value === 'object' && value !== null && 'id' in value && isSealed(value as { id: string });
  return { ...found, field: sealed ? 'spelling' : 'content: it no longer hashes to its id' };
}

function damaged(id: string, file: string, field: string, bundle: string, rerun: string): Verdict {
  return { ok: false, id, recomputedId: null, firstDifference: { file, field, bundle, rerun }, sameLibraries: true };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : quote(value);
}

function short(id: string): string {
  return id.slice(0, 19);
}

export class OtherCodeError extends PlimsollError {
  override readonly name = 'Verify.OtherCodeError';
}

export class ForeignInputError extends PlimsollError {
  override readonly name = 'Verify.ForeignInputError';
}

export class DifferenceError extends PlimsollError {
  override readonly name = 'Verify.DifferenceError';
}
