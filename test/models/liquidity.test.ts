import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as Liquidity from '../../models/liquidity.ts';
import { lines, REFERENCE } from './reference.ts';
import { normal, simulatedPanel } from './simulated.ts';

const quotes = (noise: number) =>
  Array.from({ length: 400 }, (_, t): Liquidity.Quote => {
    const amountUsd = 10 ** (3 + (4 * t) / 400);
    const [dailyVolumeUsd, dailyVolatility] = t % 2 === 0 ? [1e8, 0.03] : [1e7, 0.06];
    const impact = 0.8 * dailyVolatility * (amountUsd / dailyVolumeUsd) ** 0.55 * Math.exp(noise * normal(5, 0, t, 0));
    return { amountUsd, dailyVolumeUsd, dailyVolatility, impact };
  });

describe('trailing volatility', () => {
  it('is that of a day, over bars that follow each other in the last 30 days', () => {
    const of = (close: (number | null)[], stepSeconds = 3600) =>
      Liquidity.trailingVolatility({ open: close, high: close, low: close, close, volume: close }, stepSeconds);
    const swing = Array.from({ length: 800 }, (_, hour) => (hour % 2 === 0 ? 100 : 100 * Math.exp(0.01)));
    expect(of(swing)).toBeCloseTo(0.01 * Math.sqrt(24), 12);
    expect(of([...Array.from({ length: 50 }, () => 1e-9), ...swing])).toBeCloseTo(0.01 * Math.sqrt(24), 12);
    expect(of(swing.map((price, hour) => (hour % 3 === 0 ? null : price)))).toBeCloseTo(0.01 * Math.sqrt(24), 12);
    expect([of([100]), of([null, null])]).toEqual([0, 0]);
  });
});

describe('impact', () => {
  it('is exact without noise and inside its intervals with it', () => {
    const exact = Liquidity.fitImpact(quotes(0));
    expect(exact.y).toBeCloseTo(0.8, 9);
    expect(exact.delta).toBeCloseTo(0.55, 9);
    expect(exact.rSquared).toBeCloseTo(1, 9);
    const noisy = Liquidity.fitImpact(quotes(0.3));
    expect(noisy.deltaInterval[0]).toBeLessThan(0.55);
    expect(noisy.deltaInterval[1]).toBeGreaterThan(0.55);
    expect(noisy.yInterval[0]).toBeLessThan(0.8);
    expect(noisy.yInterval[1]).toBeGreaterThan(0.8);
  });

  it('counts the quotes it leaves out, and refuses to fit what is left of too few', () => {
    const some = [...quotes(0), { amountUsd: 10, dailyVolumeUsd: 1e8, dailyVolatility: 0.03, impact: 0 }];
    expect(Liquidity.fitImpact(some).leftOut).toBe(Liquidity.fitImpact(quotes(0)).leftOut + 1);
    expect(() => Liquidity.fitImpact(some.slice(-5))).toThrow(Liquidity.TooFewQuotesError);
  });
});

describe.skipIf(!existsSync(`${REFERENCE}/dex_1inch_quotes_2023-11.csv`))('recorded quotes', () => {
  it('rise with size, less than in proportion', () => {
    // WETH to USDC: one token of about 2,000 USD; volume and volatility of a usual day.
    const recorded = lines('dex_1inch_quotes_2023-11.csv')
      .map((line) => line.split(','))
      .filter(([source, target]) => source === 'WETH' && target === 'USDC')
      .map(([, , amount, , impact]) => ({
        amountUsd: 2_000 * Number(amount),
        dailyVolumeUsd: 1e9,
        dailyVolatility: 0.03,
        impact: Number(impact),
      }));
    const fit = Liquidity.fitImpact(recorded);
    expect(fit.delta).toBeGreaterThan(0.2);
    expect(fit.delta).toBeLessThan(1.3);
    expect(fit.observations).toBeGreaterThan(50);
  });
});

describe('volume', () => {
  it('is value traded a day over what was observed, not over what was not', () => {
    const whole = simulatedPanel({ assets: ['A'], length: 24 * 40, seed: 1 }).panel;
    const holed = simulatedPanel({ assets: ['A'], length: 24 * 40, seed: 1, masked: { A: [24 * 20, 24 * 25] } }).panel;
    const daily = Liquidity.trailingDailyVolume(whole.bars['A']!, 3_600);
    expect(daily).toBeGreaterThan(24 * 1_500 * 50);
    expect(Math.abs(Liquidity.trailingDailyVolume(holed.bars['A']!, 3_600) / daily - 1)).toBeLessThan(0.3);
  });
});
