import { describe, expect, test } from 'vitest';
import { isSealed, seal } from '../../base/id.ts';
import { align } from '../../datasets/align.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import { reprice } from '../../datasets/reprice.ts';
import { sampleBook } from '../../datasets/sample/book.ts';
import { sampleMarket } from '../../datasets/sample/market.ts';
import { ProtocolState } from '../../datasets/state.ts';
import { hourly, PLAIN, quiet, seriesOf } from './bars.ts';

const market = sampleMarket(5, 60 * 24);
const panel = align(market.series, { ...market, simulated: true, minimumHistorySeconds: 0 });
const book = sampleBook(panel, 5);
const END = '2024-12-31T00:00:00.000Z';

const DATE = { subject: 'state', kind: 'date-mismatch', reason: 'prices of the day, positions of another' };
const COVERAGE = { subject: 'state', kind: 'coverage', reason: 'the rest is small' };

/** The book a year later: everything else the same. */
function dated(asOf: string, change: Partial<ProtocolState> = {}): ProtocolState {
  const { id: _, ...body } = book;
  return seal({ ...body, asOf, ...change });
}

function healths(state: ProtocolState): number[] {
  const of = new Map(state.assets.map((one) => [one.asset, one]));
  return state.lending.map(({ collateral, debt, eMode }) => {
    const power = collateral.reduce((sum, { asset, amountTokens }) => {
      const { priceUsd, parameters } = of.get(asset)!;
      return sum + amountTokens * priceUsd * (eMode > 0 ? 0.95 : parameters.liquidationThresholdBps / 10_000);
    }, 0);
    return power / debt.reduce((sum, { asset, amountTokens }) => sum + amountTokens * of.get(asset)!.priceUsd, 0);
  });
}

describe('the same date', () => {
  test('tokens stay, prices are those of the last bar, the join is written down', () => {
    const joined = reprice(book, panel, { asOf: END, waivers: [DATE] });
    expect(() => ProtocolState.parse(joined)).not.toThrow();
    expect(isSealed(joined)).toBe(true);
    expect(joined.lending).toEqual(book.lending);
    expect(joined.waivers).toEqual([]);
    expect(joined.from).toMatchObject({ repricedFrom: book.id, panel: panel.id });
    const last = (asset: string): number => panel.bars[asset]!.close.at(-1)!;
    const price = (asset: string): number => joined.assets.find((one) => one.asset === asset)!.priceUsd;
    expect(price('WETH')).toBe(last('ETH'));
    expect(price('LINK')).toBe(last('LINK'));
    expect(price('wstETH') / price('WETH')).toBeCloseTo(1.22, 9);
    expect(price('USDC')).toBe(1);
    expect(joined.notes.join(' ')).toMatch(/Coverage: 100\.0 %/);
  });

  test('depth follows the trailing volume', () => {
    const joined = reprice(book, panel, { asOf: END, waivers: [] });
    const { close, volume } = panel.bars['ETH']!;
    let sum = 0;
    for (let i = close.length - 720; i < close.length; i += 1) sum += close[i]! * volume[i]!;
    expect(joined.assets.find(({ asset }) => asset === 'WETH')!.depth.dailyVolumeUsd).toBeCloseTo(sum / 30, 3);
  });
});

describe('another date', () => {
  test('is refused without a waiver, and taken at constant USD amounts with one', () => {
    const later = dated('2025-12-31T00:00:00.000Z', {
      assets: book.assets.map((one) => ({ ...one, priceUsd: one.priceUsd * (one.panelAsset === null ? 1 : 3) })),
    });
    const named = expect.objectContaining({ name: 'Reprice.DateMismatchError' });
    expect(() => reprice(later, panel, { asOf: END, waivers: [COVERAGE] })).toThrowError(named);
    const joined = reprice(later, panel, { asOf: END, waivers: [DATE, COVERAGE] });
    expect(joined.waivers).toEqual([DATE]);
    const before = healths(later);
    for (const [i, health] of healths(joined).entries()) expect(health / before[i]!).toBeCloseTo(1, 9);
    const [holding] = joined.lending[0]!.collateral;
    expect(holding!.amountTokens / later.lending[0]!.collateral[0]!.amountTokens).toBeCloseTo(3, 9);
    expect(joined.asOf).toBe(END);
  });

  test('a panel that ends elsewhere is refused', () => {
    expect(() => reprice(book, panel, { asOf: '2025-02-01T00:00:00Z', waivers: [DATE] })).toThrowError(
      expect.objectContaining({ name: 'Reprice.StalePanelError' }),
    );
    expect(() => reprice(book, panel, { asOf: 'soon', waivers: [] })).toThrowError(
      expect.objectContaining({ name: 'Reprice.BadMomentError' }),
    );
  });
});

describe('coverage', () => {
  const thin: MarketPanel = align([seriesOf('ETH', hourly(quiet(60 * 24), Date.parse('2024-11-01T00:00:00Z')))], PLAIN);

  test('a panel without most of the book is refused; with a waiver what it lacks is constant, and named', () => {
    const onlyLink = dated(END, { lending: book.lending.map((one) => ({ ...one, collateral: [{ asset: 'LINK', amountTokens: 1e6 }] })) });
    expect(() => reprice(onlyLink, thin, { asOf: END, waivers: [DATE] })).toThrowError(
      expect.objectContaining({ name: 'Reprice.LowCoverageError', message: expect.stringMatching(/LINK/) }),
    );
    const joined = reprice(onlyLink, thin, { asOf: END, waivers: [COVERAGE] });
    expect(joined.waivers).toEqual([COVERAGE]);
    expect(joined.assets.find(({ asset }) => asset === 'LINK')!.panelAsset).toBeNull();
    expect(joined.notes.join(' ')).toMatch(/Constant for want of a price in the panel: .*LINK/);
  });

  test('an asset that the state does not list is refused by name', () => {
    const [first, ...rest] = book.lending;
    const strange = dated(END, { lending: [{ ...first!, debt: [{ asset: 'DOUBLOON', amountTokens: 1 }] }, ...rest] });
    expect(() => reprice(strange, panel, { asOf: END, waivers: [DATE, COVERAGE] })).toThrowError(
      expect.objectContaining({
        name: 'Reprice.UnknownAssetError',
        message: expect.stringMatching(/account sim-lend-0000, debt: Got "DOUBLOON"/),
      }),
    );
  });

  test('a stablecoin follows the panel where the panel has it', () => {
    const depegged = align([...market.series, seriesOf('USDC', hourly(quiet(60 * 24, 0.9), Date.parse('2024-11-01T00:00:00Z')))], {
      ...market,
      simulated: true,
      minimumHistorySeconds: 0,
    });
    const joined = reprice(book, depegged, { asOf: END, waivers: [] });
    expect(joined.assets.find(({ asset }) => asset === 'USDC')).toMatchObject({
      panelAsset: 'USDC',
      priceUsd: depegged.bars['USDC']!.close.at(-1),
    });
    expect(joined.assets.find(({ asset }) => asset === 'USDT')).toMatchObject({ panelAsset: null, priceUsd: 1 });
  });
});
