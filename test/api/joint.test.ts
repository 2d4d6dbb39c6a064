import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../api/cli/program.ts';
import { normal } from '../models/simulated.ts';

const LENGTH = 900;
const common = Float64Array.from({ length: LENGTH }, (_, t) => normal(4, 0, t, 0));
const rows = Array.from(common, (shared, t) => [0, 1, 2].map((i) => (0.7 * shared + 0.7 * normal(4, 1, t, i)).toFixed(6)).join(','));

async function answer(...args: string[]): Promise<{ code: number; out: Record<string, unknown> }> {
  const folder = mkdtempSync(join(tmpdir(), 'joint-'));
  const file = join(folder, 'returns.csv');
  writeFileSync(file, `A,B,C\n${rows.join('\n')}\n`);
  let out = '';
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      if (stream === 'stdout') out += text;
      return true;
    });
  try {
    const code = await main(['fit', file, '--returns', '--json', ...args]);
    return { code, out: code === 0 ? JSON.parse(out) : {} };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('plimsoll fit of tails and correlations', () => {
  afterEach(() => vi.restoreAllMocks());

  it('tells shape, scale and interval beyond a threshold, on either side', async () => {
    for (const threshold of ['1.2', '-1.2']) {
      const { code, out } = await answer('--model', 'gpd', '--column', 'A', '--threshold', threshold);
      expect(code).toBe(0);
      const [low, high] = (out['interval'] as { shape: [number, number] }).shape;
      expect(out['shape']).toBeGreaterThan(low);
      expect(out['shape']).toBeLessThan(high);
      expect(out['tail']).toBe(threshold === '1.2' ? 'upper' : 'lower');
      const { risks } = out['nextBar'] as { risks: { valueAtRiskPct: number; expectedShortfallPct: number }[] };
      expect(risks[0]!.expectedShortfallPct).toBeGreaterThan(risks[0]!.valueAtRiskPct);
    }
  });

  it('tells the correlation of the last bar, near the one that made the columns', async () => {
    const { out } = await answer('--model', 'dcc', '--columns', 'A,B,C');
    const last = out['lastCorrelation'] as number[][];
    expect(Math.abs(last[0]![1]! - 0.5)).toBeLessThan(0.15);
    expect(out).toMatchObject({ model: 'dcc', columns: ['A', 'B', 'C'] });
    expect(Number(out['a']) + Number(out['b'])).toBeLessThan(1);
  });

  it('tells hidden states by rising volatility, with one variance a column or a full covariance', async () => {
    const plain = (await answer('--model', 'hmm', '--columns', 'A,B', '--states', '2')).out;
    const full = (await answer('--model', 'hmm', '--columns', 'A,B', '--states', '2', '--covariance', 'full', '--distribution', 't')).out;
    const variances = (plain['parameters'] as { variances: number[][] }).variances.map(([a, b]) => a! + b!);
    expect(variances[1]).toBeGreaterThan(variances[0]!);
    const { covariances, nu } = full['parameters'] as { covariances: number[][][]; nu: number[] };
    expect([covariances.length, covariances[0]!.length, covariances[0]![0]!.length, nu.length]).toEqual([2, 2, 2, 2]);
    expect(Number(full['logLikelihood'])).toBeGreaterThan(Number(plain['logLikelihood']));
    expect((full['filtered'] as number[][])[0]!.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 10);
  });

  it('asks for what is missing', async () => {
    expect((await answer('--model', 'gpd', '--column', 'A')).code).not.toBe(0);
    expect((await answer('--model', 'dcc')).code).not.toBe(0);
  });
});
