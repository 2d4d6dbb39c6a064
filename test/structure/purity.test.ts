import { describe, expect, it } from 'vitest';
import * as Purity from './purity.ts';
import { codeFiles } from './tree.ts';

const files = codeFiles();

describe('pure folders', () => {
  it('are found', () => {
    expect(files.filter(({ path }) => Purity.isPure(path)).length).toBeGreaterThan(30);
    expect(files.filter(({ path }) => Purity.isSameBits(path)).length).toBeGreaterThan(10);
  });

  it('touch nothing outside their arguments', () => {
    expect(Purity.purityViolations(files)).toEqual([]);
  });

  it.each([
    ['const now = Date.now();'],
    ['const now = new Date();'],
    ['const u = Math.random();'],
    ["const level = process.env['LEVEL'];"],
    ["const answer = await fetch('x');"],
    ["import { readFileSync } from 'node:fs';"],
    [['const text = `at $', '{Date.now()}`;'].join('')],
    ['const id = crypto.randomUUID();'],
  ])('a planted %s is found', (text) => {
    expect(Purity.purityViolations([{ path: 'models/x.ts', text }])).toHaveLength(1);
    expect(Purity.purityViolations([{ path: 'api/x.ts', text }])).toHaveLength(0);
  });

  it('may speak of the clock and read a date', () => {
    const text =
      "// Date.now() is refused\nconst at = new Date(ms).toISOString();\nconst says = 'Math.random';\nimport { createHash } from 'node:crypto';";
    expect(Purity.purityViolations([{ path: 'models/x.ts', text }])).toEqual([]);
  });
});

describe('code whose results are verified to the bit', () => {
  it('uses no function whose last digit depends on the host', () => {
    expect(Purity.inexactViolations(files)).toEqual([]);
  });

  it.each([['const y = Math.exp(x);'], ['const y = x ** 2;'], ['const y = Math.pow(x, 2);']])('a planted %s is found', (text) => {
    expect(Purity.inexactViolations([{ path: 'tuner/stress/x.ts', text }])).toHaveLength(1);
    expect(Purity.inexactViolations([{ path: 'models/garch.ts', text }])).toHaveLength(0);
  });

  it('may take roots and exact integer powers', () => {
    expect(Purity.inexactViolations([{ path: 'tuner/x.ts', text: 'const y = Math.sqrt(x) + Number(10n ** 18n);' }])).toEqual([]);
  });
});
