import { describe, expect, test } from 'vitest';
import { isSealed } from '../../../base/id.ts';
import { align } from '../../../datasets/align.ts';
import { endsAt } from '../../../datasets/panel.ts';
import { sampleBook } from '../../../datasets/sample/book.ts';
import calibration from '../../../datasets/sample/calibration.json' with { type: 'json' };
import { sampleMarket } from '../../../datasets/sample/market.ts';
import { ProtocolState } from '../../../datasets/state.ts';
import * as Statistics from '../../../models/math/statistics.ts';
import { hourly, PLAIN, quiet, seriesOf } from '../bars.ts';

const market = sampleMarket(7, 60 * 24);
const panel = align(market.series, { ...market, simulated: true, minimumHistorySeconds: 0 });
const book = sampleBook(panel, 7);
const assets = new Map(book.assets.map((one) => [one.asset, one]));

const usd = ({ asset, amountTokens }: { asset: string; amountTokens: number }): number => amountTokens * assets.get(asset)!.priceUsd;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('the lending book', () => {
  const debts = book.lending.map(({ debt }) => sum(debt.map(usd)));
  const healths = book.lending.map(({ collateral, eMode }, i) => {
    const power = collateral.map(
      (one) => (usd(one) * (eMode > 0 ? 9500 : assets.get(one.asset)!.parameters.liquidationThresholdBps)) / 10_000,
    );
    return sum(power) / debts[i]!;
  });

  test('a valid state, labelled as simulated, the same for the same seed', () => {
    expect(() => ProtocolState.parse(book)).not.toThrow();
    expect([isSealed(book), book.simulated, book.asOf, book.from.panel]).toEqual([true, true, endsAt(panel), panel.id]);
    expect(sampleBook(panel, 7).id).toBe(book.id);
    expect(sampleBook(panel, 8).id).not.toBe(book.id);
  });

  test('several hundred accounts in canonical order, all solvent, spread as the measured book', () => {
    expect(book.lending.length).toBeGreaterThanOrEqual(300);
    expect(book.lending.map(({ account }) => account)).toEqual(book.lending.map(({ account }) => account).sort());
    expect(Math.min(...healths)).toBeGreaterThan(1);
    const rising = Statistics.sorted(healths.filter((_, i) => book.lending[i]!.eMode === 0));
    for (const [level, measured] of calibration.book.healthQuantiles.entries()) {
      if (level < 4 || level > 18) continue;
      expect(Statistics.quantileOfSorted(rising, level / 20) / measured).toBeGreaterThan(0.9);
      expect(Statistics.quantileOfSorted(rising, level / 20) / measured).toBeLessThan(1.1);
    }
    const median = Statistics.quantileOfSorted(Statistics.sorted(debts), 0.5);
    expect(median / (0.04 * calibration.book.debtUsdQuantiles[10]!)).toBeCloseTo(1, 1);
    const share = book.lending.filter(({ eMode }) => eMode === 1).length / book.lending.length;
    expect(Math.abs(share - calibration.book.curedByEModeShare)).toBeLessThan(0.06);
    expect(Math.max(...debts)).toBeGreaterThan(20 * median);
  });

  test('no account borrows its own collateral; collateral is accepted as such', () => {
    for (const { collateral, debt } of book.lending) {
      const owed = debt.map(({ asset }) => asset);
      for (const { asset } of collateral) {
        expect(owed).not.toContain(asset);
        expect(assets.get(asset)!.parameters.liquidationThresholdBps).toBeGreaterThan(0);
      }
    }
  });
});

describe('the perpetuals', () => {
  test('a hundred cross-margined accounts, margined and none under water', () => {
    const rule = book.marginRule!;
    expect(book.derivatives).toHaveLength(100);
    const leverages = book.derivatives.map(({ equityUsd, perps }) => {
      const maintenance = perps.map(
        ({ asset, sizeTokens }) =>
          Math.abs(sizeTokens) * assets.get(asset)!.priceUsd * (rule.shockByAsset[asset]! + rule.contingencyFraction),
      );
      expect(sum(maintenance) * rule.initialToMaintenance).toBeLessThanOrEqual(equityUsd * 0.9501);
      expect(sum(maintenance)).toBeGreaterThan(0);
      return sum(perps.map(({ asset, sizeTokens }) => Math.abs(sizeTokens) * assets.get(asset)!.priceUsd)) / equityUsd;
    });
    expect(Math.max(...leverages) / Math.min(...leverages)).toBeGreaterThan(4);
    expect(book.derivatives.some(({ perps }) => perps.length > 1)).toBe(true);
    expect(book.derivatives.some(({ perps }) => perps.some(({ sizeTokens }) => sizeTokens < 0))).toBe(true);
  });
});

test('a panel without ETH and BTC has no sample book', () => {
  const other = align([seriesOf('DOGE', hourly(quiet(40)))], PLAIN);
  expect(() => sampleBook(other, 1)).toThrowError(expect.objectContaining({ name: 'SampleBook.NoMarketError' }));
});
