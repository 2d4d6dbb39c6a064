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

describe('prints', () => {
  it('cuts an extreme that many times beyond open and close back to them, and says which', () => {
    const { panel, prints } = Refine.withoutPrints(hourly, 1.4);
    // 14 over a body of 10 to 12 and 13 over 12 to 9 stay below 1.4 times; 7 under 10 and 6 under 9 do not.
    expect(panel.bars['A']).toMatchObject({ high: [14, 13, null], low: [10, 9, null], open: [10, 12, null], close: [12, 9, null] });
    expect(prints).toEqual([
      { asset: 'A', at: '2024-01-01T00:00:00.000Z', open: 10, close: 12, extreme: 7 },
      { asset: 'A', at: '2024-01-01T01:00:00.000Z', open: 12, close: 9, extreme: 6 },
    ]);
    expect(panel.id).not.toBe(hourly.id);
  });

  it('leaves what really fell or rose alone', () => {
    expect(Refine.withoutPrints(hourly, 2)).toEqual({ panel: hourly, prints: [] });
    // USDC of one exchange, 2022-05-11 20:00 UTC.
    const usdc = {
      ...hourly,
      bars: {
        A: { ...hourly.bars['A']!, open: [1.0029, 1, null], high: [3.99, 1, null], low: [1.0029, 1, null], close: [1.0051, 1, null] },
      },
    };
    const { panel, prints } = Refine.withoutPrints(usdc, 2);
    expect(panel.bars['A']!.high[0]).toBe(1.0051);
    expect(prints.map(({ extreme }) => extreme)).toEqual([3.99]);
  });
});
