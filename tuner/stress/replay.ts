/**
 * What really happened next: the closes after `state.asOf` drive today's book, at the panel's resolution, through the same
 * engine. The model is the one fitted before `asOf`; it only prices impact. A bar that is missing keeps the last price (a
 * halted asset marked at its last price); `haltedAtZero` runs the opposite assumption.
 */
import { PlimsollError } from '../../base/errors.ts';
import { barTime, type MarketPanel } from '../../datasets/panel.ts';
import type { ParametersByAsset, ProtocolState } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Book from './book.ts';
import type { NamedResult } from './evidence.ts';
import * as Impact from './impact.ts';
import * as Law from './law.ts';
import * as Named from './named.ts';
import { namedResult } from './stress.ts';
import * as Terms from './terms.ts';

export type ReplayOptions = {
  readonly model: MarketModel;
  readonly borrowers: Book.Borrowers;
  /** At most this many bars after `asOf`; all that there are by default. */
  readonly steps?: number;
  readonly haltedAtZero?: boolean;
  /** Multiplies every asset's daily volume. */
  readonly depthFactor?: number;
  /** Recorded prices already hold the sales of that time; `added` lets this book's sales move them once more. */
  readonly impact?: ReplayImpact;
  readonly assumed?: Partial<Book.Assumptions>;
  /** By asset of the book and step: its price relative to the series that drives it, over what it was at `asOf` (a staked coin's discount). */
  readonly apart?: Readonly<Record<string, readonly number[]>>;
};

const WORST = 10;

export type ReplayImpact = 'contained' | 'added';

export type ReplayResult = {
  readonly result: NamedResult;
  /** The accounts that leave most bad debt or shortfall, worst first. */
  readonly worst: readonly { readonly account: string; readonly lossUsd: number }[];
  readonly needlessAccounts: number;
  readonly steps: number;
  readonly from: string;
  readonly to: string;
  /** Lowest, mean and last price as multiples of the price at `asOf`, by panel asset. */
  readonly prices: readonly {
    readonly asset: string;
    readonly lowest: number;
    readonly mean: number;
    readonly last: number;
    readonly missingBars: number;
  }[];
};

export function replay(
  kernel: Kernel,
  state: ProtocolState,
  panelAfter: MarketPanel,
  parameters: ParametersByAsset,
  options: ReplayOptions,
): ReplayResult {
  const asOfMs = Date.parse(state.asOf);
  const stepMs = panelAfter.stepSeconds * 1000;
  const first = Math.max(0, Math.ceil((asOfMs - barTime(panelAfter, 0)) / stepMs));
  const steps = Math.min(options.steps ?? Number.POSITIVE_INFINITY, panelAfter.length - first);
  if (!(steps >= 1)) {
    throw new NothingAfterError({
      got: `a panel of ${panelAfter.length} bars from ${panelAfter.startsAt}`,
      needed: `at least one bar that opens at or after ${state.asOf}`,
    });
  }

  const law = Law.flatten(options.model);
  const assumed = { ...Book.ASSUMED, ...options.assumed };
  const lasting = options.impact === 'contained' ? Impact.CONTAINED : assumed.lasting;
  const book = Book.flatten(state, law, panelAfter.stepSeconds, options.borrowers, { ...assumed, lasting });
  const driving = [...new Set(book.panelAssets.filter((asset) => asset !== null))].sort();
  const moves = driving.map((asset) => movesOf(panelAfter, asset, first, steps, options.haltedAtZero ?? false));
  const apart = options.apart ?? {};
  const name = (index: number) => {
    const [asset, panelAsset] = [book.assets[index]!, book.panelAssets[index]!];
    if (panelAsset === null) return `${asset} (constant)`;
    return asset in apart ? `${asset} (apart)` : panelAsset;
  };
  const discounted = book.assets.flatMap((asset, index) => {
    const list = apart[asset];
    const driver = moves[driving.indexOf(book.panelAssets[index] ?? '')];
    return list === undefined || driver === undefined ? [] : [[name(index), driver.factors.map((factor, step) => factor * list[step]!)]];
  });
  const path = Named.flatten(
    {
      name: 'replay',
      source: 'historical',
      says: `Closes after ${state.asOf}`,
      priceFactor: Object.fromEntries([...driving.map((asset, index) => [asset, moves[index]!.factors]), ...discounted]),
      elsewhere: Array.from({ length: steps }, () => 1),
      depthFactor: options.depthFactor ?? 1,
      oracleFrozenSteps: 0,
    },
    // A book asset is driven by its panel asset here, never by a panel asset that happens to bear its name.
    { assets: book.assets.map((_, index) => name(index)), panelAssets: book.panelAssets },
  );
  const part = Named.run(kernel, Terms.apply(book, parameters), path);
  return {
    result: namedResult('replay', part),
    worst: [...book.lenders, ...book.traders]
      .map((account, index) => ({ account, lossUsd: part.accountLossUsd[index]! }))
      .filter(({ lossUsd }) => lossUsd > 0)
      .sort((a, b) => b.lossUsd - a.lossUsd)
      .slice(0, WORST),
    needlessAccounts: part.needlessAccounts[0]!,
    steps,
    from: new Date(barTime(panelAfter, first)).toISOString(),
    to: new Date(barTime(panelAfter, first + steps)).toISOString(),
    prices: driving.map((asset, index) => ({
      asset,
      lowest: Math.min(...moves[index]!.factors),
      mean: moves[index]!.factors.reduce((sum, factor) => sum + factor, 0) / steps,
      last: moves[index]!.factors.at(-1)!,
      missingBars: moves[index]!.missing,
    })),
  };
}

/** Closes relative to the last close known at `asOf`; where the panel begins at `asOf`, to the first open. */
function movesOf(panel: MarketPanel, asset: string, first: number, steps: number, haltedAtZero: boolean) {
  const bars = panel.bars[asset];
  if (bars === undefined) {
    throw new NotInPanelError({ got: asset, needed: `one of ${panel.assets.join(', ')}`, where: 'panel after' });
  }
  const base = bars.close.slice(0, first).findLast((close) => close !== null) ?? bars.open.slice(first).find((open) => open !== null);
  if (base === undefined || base === null) {
    throw new NotInPanelError({ got: `${asset} without a single bar`, needed: 'a price at the start of the replay', where: 'panel after' });
  }
  let missing = 0;
  let last = 1;
  const factors = bars.close.slice(first, first + steps).map((close) => {
    if (close === null) missing += 1;
    else last = close / base;
    return close === null && haltedAtZero ? 0 : last;
  });
  return { factors, missing };
}

export class NothingAfterError extends PlimsollError {
  override readonly name = 'Replay.NothingAfterError';
}

export class NotInPanelError extends PlimsollError {
  override readonly name = 'Replay.NotInPanelError';
}
