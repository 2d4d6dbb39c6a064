import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { histogram } from '../../api/result.ts';
import { plimsoll } from './command.ts';

const losses = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e12, noNaN: true })), { minLength: 1, maxLength: 60 });

describe('loss histogram', () => {
  it('counts every path once, in the bin whose edges hold it', () => {
    fc.assert(
      fc.property(losses, losses, (before, after) => {
        const { edgesUsd, ...sides } = histogram(before, after);
        for (const [all, side] of [
          [before, sides.before],
          [after, sides.after],
        ] as const) {
          expect(side.zero).toBe(all.filter((loss) => loss === 0).length);
          side.counts.forEach((count, bin) => {
            const low = edgesUsd[bin]!;
            const inside = all.filter((loss) => loss > 0 && (bin === 0 ? loss >= low : loss > low) && loss <= edgesUsd[bin + 1]!);
            expect(count).toBe(inside.length);
          });
          expect(side.zero + side.counts.reduce((sum, count) => sum + count, 0)).toBe(all.length);
        }
      }),
    );
  });

  it('is empty where nobody loses, and one bin where all lose the same', () => {
    expect(histogram([0, 0], [0])).toEqual({ edgesUsd: [], before: { zero: 2, counts: [] }, after: { zero: 1, counts: [] } });
    expect(histogram([5], [5, 5])).toMatchObject({ before: { counts: [1] }, after: { counts: [2] } });
  });
});

it('says whether the precision that was asked for was reached', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'precision-'));
  try {
    const run = (name: string, share: string) =>
      plimsoll(['run', '--no-forecaster', '--paths', '256', '--until-se', share, '--out', join(folder, name)]);
    const short = await run('short', '0.000001');
    expect(short.stdout).toMatch(/Precision standard error .* wanted: NOT REACHED: allow more with --paths/);
    const enough = await run('enough', '10');
    expect(enough.stdout).toMatch(/Precision standard error .* wanted: reached/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
