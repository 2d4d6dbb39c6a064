import { describe, expect, it } from 'vitest';
import { seal } from '../../base/id.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import * as Refine from '../../datasets/refine.ts';

const hourly: MarketPanel = seal({
  kind: 'market-panel' as const,
  from: {},
  assets: ['A'],
  quote: 'USD',
  startsAt: '2024-01-01T00:00:00.000Z',
  stepSeconds: 3_600,
  length: 3,
  bars: { A: { open: [10, 12, null], high: [14, 13, null], low: [7, 6, null], close: [12, 9, null], volume: [12, 24, null] } },
  quality: [],
  excluded: [],
  waivers: [],
  sources: [],
  simulated: true,
});

describe('refine', () => {
  it('visits open, low, high, close of a bar that rose and open, high, low, close of one that fell', () => {
    const { bars, length, stepSeconds } = Refine.refine(hourly, 12);
    const { A } = bars;
    expect([length, stepSeconds, A!.close.length]).toEqual([36, 300, 36]);
    expect([A!.open[0], A!.close[3], A!.close[7], A!.close[11]]).toEqual([10, 7, 14, 12]);
    expect([A!.open[12], A!.close[15], A!.close[19], A!.close[23]]).toEqual([12, 13, 6, 9]);
    expect(A!.close[1]).toBeCloseTo(8.5, 12);
  });

  it('keeps the extremes, the volume and what is missing', () => {
    const { A } = Refine.refine(hourly, 6).bars;
    const first = <T>(list: readonly T[]) => list.slice(0, 6);
    expect(Math.min(...(first(A!.low) as number[]))).toBe(7);
    expect(Math.max(...(first(A!.high) as number[]))).toBe(14);
    expect((first(A!.volume) as number[]).reduce((sum, part) => sum + part, 0)).toBeCloseTo(12, 12);
    expect(A!.close.slice(12)).toEqual([null, null, null, null, null, null]);
  });

  it('refuses parts that are no thirds, or no whole seconds', () => {
    for (const parts of [0, 4, 7.5, 2_700]) expect(() => Refine.refine(hourly, parts)).toThrow(Refine.BadPartsError);
  });
});
