import { describe, expect, it } from 'vitest';
import { seal } from '../../base/id.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Replay from '../../tuner/stress/replay.ts';
import * as Fixture from './fixture.ts';

const kernel = loadKernel();
const model = Fixture.model(1);
const state = Fixture.state(
  [Fixture.asset('WA', { panelAsset: 'A00', priceUsd: 104 }), Fixture.dollar()],
  [{ account: 'a', eMode: 0, collateral: [{ asset: 'WA', amountTokens: 1_000 }], debt: [{ asset: 'USD', amountTokens: 75_000 }] }],
);

function panel(closes: readonly (number | null)[], startsAt = '2023-12-31T22:00:00.000Z'): MarketPanel {
  const volume = closes.map((close) => (close === null ? null : 1));
  return seal({
    kind: 'market-panel' as const,
    from: {},
    assets: ['A00'],
    quote: 'USD',
    startsAt,
    stepSeconds: 3_600,
    length: closes.length,
    bars: { A00: { open: closes, high: closes, low: closes, close: closes, volume } },
    quality: [],
    excluded: [],
    waivers: [],
    sources: [],
    simulated: true,
  });
}

const run = (after: MarketPanel, options: Partial<Replay.ReplayOptions> = {}) =>
  Replay.replay(kernel, state, after, parametersOf(state), { model, borrowers: 'standing', ...options });

describe('replay of what came after', () => {
  // as-of is 00:00; the bars of 22:00 and 23:00 are known by then, the last close is 50.
  const fall = panel([48, 50, 50, 45, null, 20, 20]);

  it('moves the book by the closes after as-of, relative to the last one before it', () => {
    const { result, worst, steps, from, to, prices } = run(fall);
    expect({ steps, from, to }).toEqual({ steps: 5, from: '2024-01-01T00:00:00.000Z', to: '2024-01-01T05:00:00.000Z' });
    expect(prices).toEqual([{ asset: 'A00', lowest: 0.4, mean: 0.72, last: 0.4, missingBars: 1 }]);
    expect(result.liquidatedAccounts).toBe(1);
    expect(result.badDebtUsd).toBeGreaterThan(0);
    expect(worst).toEqual([{ account: 'a', lossUsd: result.badDebtUsd }]);
    expect(run(panel([50, 50, 50, 49])).result.liquidatedUsd).toBe(0);
  });

  it('starts from the first open where the panel begins at as-of, and stops after the given steps', () => {
    expect(run(panel([50, 45, 20], '2024-01-01T00:00:00.000Z')).prices[0]!.last).toBe(0.4);
    expect(run(fall, { steps: 1 }).result.liquidatedUsd).toBe(0);
  });

  it('marks a halted asset at its last price, or at zero when asked', () => {
    const halted = panel([50, 50, 50, null, null]);
    expect(run(halted).result.badDebtUsd).toBe(0);
    expect(run(halted, { haltedAtZero: true }).result.badDebtUsd).toBeCloseTo(75_000, 6);
  });

  it('lets a staked coin come apart from the series that drives it', () => {
    const still = panel([50, 50, 50, 50]);
    expect(run(still).result.liquidatedUsd).toBe(0);
    expect(run(still, { apart: { WA: [0.9, 0.6] } }).result.badDebtUsd).toBeGreaterThan(0);
  });

  it('refuses a panel that ends at as-of or lacks an asset', () => {
    expect(() => run(panel([50, 50]))).toThrow(Replay.NothingAfterError);
    expect(() => run({ ...fall, bars: {} })).toThrow(Replay.NotInPanelError);
  });
});
