import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, type Id, isSealed } from '../../base/id.ts';
import * as Bundle from '../../governance/bundle.ts';
import { evidence } from './book.ts';

const provenance: Bundle.Provenance = {
  codeVersion: '0.1.0',
  kernel: digest('kernel'),
  lockFile: digest('lock'),
  seed: 7,
  simulated: true,
};
const subject = (paths: number): Bundle.Evidence => ({
  provenance,
  artifacts: { panel: digest('panel'), state: digest('state'), model: digest('model') },
  before: evidence(paths, 1),
  after: evidence(paths, 2),
});

describe('merkle tree', () => {
  // The reference leaves and roots of RFC 6962's own test data (google/certificate-transparency, merkle_tree_test).
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) =>
    Bundle.leafOfBytes(Buffer.from(hex, 'hex')),
  );
  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [4, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [6, '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
    [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of %i leaves has the published root', (size, root) => {
    expect(Bundle.merkleRoot(leaves.slice(0, size))).toBe(`sha256:${root}`);
  });

  it('does not take a node for a leaf', () => {
    const two = Bundle.merkleRoot(leaves.slice(0, 2));
    expect(Bundle.leafOfBytes(Buffer.from(`${leaves[0]!.slice(7)}${leaves[1]!.slice(7)}`, 'hex'))).not.toBe(two);
  });
});

describe('evidence root', () => {
  const root = Bundle.evidenceRoot(subject(5));

  it('opens every path, before and after, and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.constantFrom('before' as const, 'after' as const), (paths, pick, side) => {
        const given = subject(paths);
        const proof = Bundle.prove(given, side, pick % paths);
        const whole = Bundle.evidenceRoot(given);
        expect(Bundle.PathProof.parse(proof)).toEqual(proof);
        expect(Bundle.isProven(proof, whole)).toBe(true);
        expect(proof.leaf.losses['badDebtUsd']).toBe(given[side].paths.badDebtUsd[pick % paths]);
        expect(Bundle.isProven({ ...proof, leaf: { ...proof.leaf, path: proof.leaf.path + 1 } }, whole)).toBe(false);
        expect(Bundle.isProven({ ...proof, index: proof.index + 1 }, whole)).toBe(false);
        expect(Bundle.isProven({ ...proof, siblings: proof.siblings.slice(1) }, whole)).toBe(false);
        expect(Bundle.isProven({ ...proof, siblings: [...proof.siblings, root] }, whole)).toBe(false);
        const losses = { ...proof.leaf.losses, badDebtUsd: (proof.leaf.losses['badDebtUsd'] ?? 0) + 1e-9 };
        expect(Bundle.isProven({ ...proof, leaf: { ...proof.leaf, losses } }, whole)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('moves with any input: seed, kernel, code, an artifact, one path', () => {
    const given = subject(5);
    const other: Id = digest('other');
    const changed: Bundle.Evidence[] = [
      { ...given, provenance: { ...provenance, seed: 8 } },
      { ...given, provenance: { ...provenance, kernel: other } },
      { ...given, provenance: { ...provenance, codeVersion: '0.1.1' } },
      { ...given, artifacts: { ...given.artifacts, model: other } },
      { ...given, artifacts: { ...given.artifacts, extra: other } },
      { ...given, after: { ...given.after, paths: { ...given.after.paths, penaltyUsd: [0, 0, 0, 0, 1e-300] } } },
      subject(6),
    ];
    expect(new Set([root, ...changed.map(Bundle.evidenceRoot)]).size).toBe(changed.length + 1);
    expect(Bundle.evidenceRoot(subject(5))).toBe(root);
  });

  it('stands in a manifest that lists files in order, each once', () => {
    const files = [
      { path: 'state.json', sha256: digest('b'), bytes: 2 },
      { path: 'panel.json', sha256: digest('a'), bytes: 1 },
    ];
    const made = Bundle.manifest({ evidence: subject(5), files });
    expect(Bundle.Manifest.parse(made)).toEqual(made);
    expect(isSealed(made)).toBe(true);
    expect(made.evidenceRoot).toBe(root);
    expect(made.files.map(({ path }) => path)).toEqual(['panel.json', 'state.json']);
    expect(() => Bundle.manifest({ evidence: subject(5), files: [files[0]!, files[0]!] })).toThrow(Bundle.NoSuchLeafError);
    expect(() => Bundle.prove(subject(5), 'after', 5)).toThrow(Bundle.NoSuchLeafError);
  });
});
