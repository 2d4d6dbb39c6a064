/** One path of a bundle, opened, run alone, and checked by somebody who has nothing but the root. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalJson, seal } from '../../base/id.ts';
import { plimsoll } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'proof-'));
const bundle = join(folder, 'bundle');
const file = join(folder, 'path.json');
beforeAll(async () => {
  await plimsoll(['run', '--no-forecaster', '--no-rehearse', '--paths', '256', '--out', bundle]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

type Json = { id: string; [key: string]: unknown };
const json = (place: string) => JSON.parse(readFileSync(place, 'utf8')) as Json;
const type = (text: string) => (JSON.parse(text) as { type: string }).type;

it('opens any path of either side, the same to the last bit when run alone', async () => {
  for (const [path, side] of [
    ['0', 'before'],
    ['255', 'after'],
    ['97', 'after'],
  ] as const) {
    const { code, stdout } = await plimsoll(['proof', 'make', bundle, path, '--side', side]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Proven, and the same to the last bit.')]);
  }
  const none = await plimsoll(['proof', 'make', bundle, '256', '--json']);
  expect([none.code, type(none.stdout)]).toEqual([1, 'Bundle.NoSuchLeafError']);
});

it('is checked with the root alone, and refused under another root or with another loss', async () => {
  const { evidenceRoot } = json(join(bundle, 'manifest.json')) as unknown as { evidenceRoot: string };
  await plimsoll(['proof', 'make', bundle, '97', '--out', file]);
  const check = (place: string, root: string) => plimsoll(['proof', 'check', place, '--root', root]);
  expect((await check(file, evidenceRoot)).stdout).toContain('Proven: path 97');
  const other = await check(file, `sha256:${'0'.repeat(64)}`);
  expect([other.code, other.stderr]).toEqual([4, expect.stringContaining('OpenedPath.NotProvenError')]);
  const proof = json(file) as unknown as { leaf: { losses: Record<string, number> } };
  proof.leaf.losses['badDebtUsd'] = (proof.leaf.losses['badDebtUsd'] ?? 0) + 1;
  writeFileSync(join(folder, 'forged.json'), JSON.stringify(proof));
  expect((await check(join(folder, 'forged.json'), evidenceRoot)).stderr).toContain('OpenedPath.NotProvenError');
  for (const text of ['', '{"leaf":1}', 'null']) {
    writeFileSync(join(folder, 'no.json'), text);
    expect((await check(join(folder, 'no.json'), evidenceRoot)).stderr).toContain('Proof.NotAProofError');
  }
  expect((await check(join(folder, 'nowhere.json'), evidenceRoot)).stderr).toContain('Proof.NotAProofError');
});

it('finds a loss that was made up, though every hash of the bundle was made again', async () => {
  const forged = join(folder, 'forged');
  cpSync(bundle, forged, { recursive: true });
  const place = join(forged, 'evidence-after.json');
  const { id: _id, ...evidence } = json(place) as Json & { paths: { badDebtUsd: number[] } };
  evidence.paths.badDebtUsd[3] = 12_345;
  const sealed = seal(evidence) as unknown as { id: `sha256:${string}` };
  writeFileSync(place, canonicalJson(sealed));
  const withArtifact = await plimsoll(['proof', 'make', forged, '3', '--json']);
  expect(type(withArtifact.stdout)).toBe('OpenedPath.NotProvenError');

  const Bundle = await import('../../governance/bundle.ts');
  const { id: _m, ...manifest } = json(join(forged, 'manifest.json')) as unknown as import('../../governance/bundle.ts').Manifest;
  const artifacts = { ...manifest.from.artifacts, evidenceAfter: sealed.id };
  const before = json(join(forged, 'evidence-before.json')) as never;
  const evidenceRoot = Bundle.evidenceRoot({ provenance: manifest.provenance, artifacts, before, after: sealed as never });
  writeFileSync(join(forged, 'manifest.json'), canonicalJson(seal({ ...manifest, from: { artifacts }, evidenceRoot })));
  const remade = await plimsoll(['proof', 'make', forged, '3', '--json']);
  expect(type(remade.stdout)).toBe('OpenedPath.OtherLossError');
  expect((await plimsoll(['proof', 'make', forged, '4'])).code).toBe(0);
});
