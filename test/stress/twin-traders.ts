/** The margin loop written the obvious way: models/surface.ts prices the options, every account is weighed at every step, node by node. */
import { type BookInput, POSITION } from '../../kernel/job.ts';
import * as Surface from '../../models/surface.ts';
import type { Asset } from './twin.ts';

export type Trader = {
  equity: number;
  perps: { asset: Asset; tokens: number; kind: number; credit: number }[];
  options: { series: Series; tokens: number }[];
  hit: boolean;
  lossUsd: number;
};
type Series = { asset: Asset; strike: number; years: number; volatility: number; side: number; settled: number | null };
type Price = (asset: Asset) => number;

const YEAR = 365 * 86_400;

export function traders(book: BookInput, assets: readonly Asset[]): Trader[] {
  const all = Array.from(
    book.series.strike,
    (strike, index): Series => ({
      asset: assets[book.series.asset[index]!]!,
      strike,
      years: book.series.years[index]!,
      volatility: book.series.volatility[index]!,
      side: book.series.side[index]!,
      settled: null,
    }),
  );
  const rows = (starts: Int32Array, account: number) =>
    Array.from({ length: starts[account + 1]! - starts[account]! }, (_, k) => starts[account]! + k);
  return Array.from({ length: book.traders }, (_, account) => ({
    equity: book.startEquity[account]!,
    perps: rows(book.positionStart, account).map((row) => ({
      asset: assets[book.positionAsset[row]!]!,
      tokens: book.positionTokens[row]!,
      kind: book.positionKind[row]!,
      credit: book.positionCredit[row]!,
    })),
    options: rows(book.optionStart, account).map((row) => ({ series: all[book.optionSeries[row]!]!, tokens: book.optionTokens[row]! })),
    hit: false,
    lossUsd: 0,
  }));
}

/** `years` have passed; `funding` is what a token, or an inverse token, has paid. */
export function margin(book: BookInput, trader: Trader, price: Price, years: number, funding: (asset: Asset, inverse: boolean) => number) {
  let equity = trader.equity;
  let contingency = 0;
  for (const { asset, tokens, kind, credit } of trader.perps) {
    if (kind === POSITION.collateral) equity += credit * tokens * price(asset);
    else {
      const inverse = kind === POSITION.inverse;
      equity += tokens * (price(asset) - asset.start) - tokens * funding(asset, inverse);
      contingency += Math.abs(tokens * (inverse ? asset.start : price(asset))) * book.marginContingency[asset.index]!;
    }
  }
  for (const { series, tokens } of trader.options) {
    equity += tokens * worth(book, series, price(series.asset), years, 1).price;
    if (series.settled === null) contingency += Math.max(0, -tokens) * price(series.asset) * book.optionContingency[series.asset.index]!;
  }
  let worst = 0;
  for (const [node, move] of book.grid.price.entries()) {
    let profit = 0;
    for (const { asset, tokens, kind, credit } of trader.perps) {
      const notional =
        kind === POSITION.inverse ? tokens * asset.start : tokens * price(asset) * (kind === POSITION.collateral ? credit : 1);
      profit += notional * move * book.marginShock[asset.index]!;
    }
    for (const { series, tokens } of trader.options) {
      if (series.settled !== null) continue;
      const now = price(series.asset);
      const moved = now * (1 + move * book.marginShock[series.asset.index]!);
      const shift = Math.max(0.01, 1 + book.grid.volatility[node]! * book.volatilityRange[series.asset.index]!);
      profit += tokens * (worth(book, series, moved, years, shift, now).price - worth(book, series, now, years, 1).price);
    }
    worst = Math.max(worst, -profit * book.grid.weight[node]!);
  }
  return { equity, required: worst + contingency };
}

export function profit(
  book: BookInput,
  trader: Trader,
  price: Price,
  years: number,
  funding: (asset: Asset, inverse: boolean) => number,
): number {
  let sum = 0;
  for (const { asset, tokens, kind } of trader.perps) {
    if (kind !== POSITION.collateral) sum += tokens * (price(asset) - asset.start - funding(asset, kind === POSITION.inverse));
  }
  for (const { series, tokens } of trader.options) {
    const before = worth(book, { ...series, settled: null }, series.asset.start, 0, 1).price;
    sum += tokens * (worth(book, series, price(series.asset), years, 1).price - before);
  }
  return sum;
}

/** Settles what expired, at these prices. */
export function settle(list: readonly Trader[], price: Price, years: number): void {
  for (const series of new Set(list.flatMap(({ options }) => options.map((option) => option.series)))) {
    if (series.years - years <= 0 && series.settled === null)
      series.settled = Math.max(0, series.side * (price(series.asset) - series.strike));
  }
}

/** Value and delta; the volatility answers `anchor`, the market's price, not the node's. */
export function worth(book: BookInput, series: Series, price: number, years: number, shift: number, anchor = price) {
  if (series.settled !== null) return { price: series.settled, delta: 0 };
  const answer = Math.min(4, Math.max(0.25, Math.max(1e-12, anchor / series.asset.start) ** -book.volatilityBeta));
  const forward = Math.max(price, 1e-12 * series.strike);
  const left = series.years - years;
  if (left <= 0) return { price: Math.max(0, series.side * (forward - series.strike)), delta: 0 };
  const volatility = series.volatility * answer * shift;
  return Surface.value({ forward, strike: series.strike, years: left, volatility, discount: 1, isCall: series.side > 0, isInverse: false });
}

export function yearsAt(book: BookInput, step: number): number {
  return (step * book.stepSeconds) / YEAR;
}
