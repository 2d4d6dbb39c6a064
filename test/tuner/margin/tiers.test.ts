import { describe, expect, it } from 'vitest';
import * as Tiers from '../../../tuner/margin/tiers.ts';

const tier = (initialMarginPpm: number, lower = 0n, upper = 0n, maintenanceFractionPpm = 500_000): Tiers.LiquidityTier => ({
  initialMarginPpm,
  maintenanceFractionPpm,
  openInterestLowerCap: lower,
  openInterestUpperCap: upper,
});

describe('dYdX v4 liquidity tiers', () => {
  // x/perpetuals/types/liquidity_tier_test.go: fraction, caps, open interest, notional → initial margin.
  it.each([
    [200_000, 0n, 0n, 0n, 500_000n, 100_000n],
    [500_000, 0n, 0n, 0n, 1_000_000n, 500_000n],
    [100_000, 0n, 0n, 0n, 1n, 1n],
    [567_243, 0n, 0n, 0n, 123_456n, 70_030n],
    [200_000, 1_000_000_000_000n, 2_000_000_000_000n, 1_500_000_000_000n, 500_000n, 300_000n],
    [200_000, 25_000_000_000_000n, 60_000_000_000_000n, 28_123_456_789_123n, 500_000n, 135_697n],
  ] as const)(
    'asks initial margin at %d ppm, caps %d to %d, open interest %d of %d',
    (ppm, lower, upper, openInterest, notional, initial) => {
      expect(Tiers.tierMargin(tier(ppm, lower, upper), notional, openInterest).initial).toBe(initial);
    },
  );

  it.each([
    [150_000n, 800_000, 120_000n],
    [637_239n, 289_284, 184_343n],
  ] as const)('keeps of %d initial margin %d ppm', (initial, fraction, maintenance) => {
    expect(Tiers.tierMargin(tier(1_000_000, 0n, 0n, fraction), initial, 0n)).toEqual({ initial, maintenance });
  });

  it('asks the whole notional from the upper cap on, the base below the lower, and never falls in between', () => {
    const scaled = tier(50_000, 40n, 100n);
    const asked = Array.from({ length: 131 }, (_, openInterest) => Tiers.tierMargin(scaled, 1_000_000n, BigInt(openInterest)).initial);
    expect(asked[40]).toBe(50_000n);
    expect(asked[100]).toBe(1_000_000n);
    expect(asked[130]).toBe(1_000_000n);
    expect(asked.every((value, index) => index === 0 || value >= asked[index - 1]!)).toBe(true);
  });

  it('refuses caps in the wrong order and negative amounts', () => {
    expect(() => Tiers.tierMargin(tier(1, 2n, 1n), 1n, 1n)).toThrow(Tiers.BadTierError);
    expect(() => Tiers.tierMargin(tier(1), -1n, 1n)).toThrow(Tiers.BadTierError);
  });
});

describe('Synthetix V3 skew margins', () => {
  it('asks 60 to open and 56 to keep 10 tokens at 2,000 on a scale of a million', () => {
    const rule = { skewScaleTokens: 1_000_000, initialRatio: 50, maintenanceRatio: 30, minimumUsd: 50 };
    expect(Tiers.skewMargin(rule, 10, 2_000)).toEqual({ initialUsd: 60, maintenanceUsd: 56 });
    expect(Tiers.skewMargin(rule, -10, 2_000)).toEqual({ initialUsd: 60, maintenanceUsd: 56 });
  });
});
