/**
 * Reprice: join a book to a panel. Prices become those of the panel's last bar; what drives each asset is named; coverage is counted.
 *
 * Same date (within a day): accounts keep their tokens. Another date, only under a recorded waiver: accounts keep their USD amounts
 * and get tokens at the prices of the day, so that every health factor stays what the book says it was. Keeping tokens instead would
 * turn three years of price moves into one imagined liquidation of everybody who borrowed dollars.
 * A derivative coin (wstETH, cbBTC) keeps its price ratio to the coin that drives it. A stablecoin without a panel asset of its
 * own name is constant at the book's price. Depth follows the panel's trailing volume of 30 days.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { type DerivativeAccount, margined } from './derivatives.ts';
import { endsAt, type MarketPanel, type Waiver } from './panel.ts';
import type { AssetState, ProtocolState } from './state.ts';

export type RepriceOptions = {
  /** ISO 8601: the moment for which the book is wanted. */
  readonly asOf: string;
  readonly waivers: readonly Waiver[];
};

/** Waivers that matter here. */
export const DATE_WAIVER = { subject: 'state', kind: 'date-mismatch' } as const;
export const COVERAGE_WAIVER = { subject: 'state', kind: 'coverage' } as const;

const MINIMUM_COVERAGE = 0.9;
const MAX_DISTANCE_SECONDS = SECONDS_PER_DAY;
const VOLUME_DAYS = 30;

export function reprice(state: ProtocolState, panel: MarketPanel, options: RepriceOptions): ProtocolState {
  const end = endsAt(panel);
  if (Math.abs(secondsBetween(end, options.asOf)) > MAX_DISTANCE_SECONDS) {
    const got = `a panel that ends ${end}`;
    throw new StalePanelError({ got, needed: `bars up to ${options.asOf}`, where: 'panel', fix: 'Give newer bars, or another --as-of.' });
  }
  refuseUnknownAssets(state);
  const isOtherDate = Math.abs(secondsBetween(state.asOf, options.asOf)) > MAX_DISTANCE_SECONDS;
  const used: Waiver[] = [];
  if (isOtherDate) {
    used.push(
      waiverFor(options.waivers, DATE_WAIVER) ??
        refuse(
          new DateMismatchError({
            got: `a book of ${state.asOf} for ${options.asOf}`,
            needed: 'a book at most a day away, or a waiver',
            where: 'state',
            fix: `Record a waiver, on the command line --waive "${DATE_WAIVER.subject}:${DATE_WAIVER.kind}=REASON": USD amounts are then kept at the prices of the day.`,
          }),
        ),
    );
  }
  const assets = state.assets.map((one) => join(one, state, panel, isOtherDate));
  const coverage = coverageOf(state, assets);
  if (coverage.share < MINIMUM_COVERAGE) {
    used.push(
      waiverFor(options.waivers, COVERAGE_WAIVER) ??
        refuse(
          new LowCoverageError({
            got: `${(100 * coverage.share).toFixed(1)} % of the book's USD in assets the panel can price; without a price: ${coverage.unpriced.join(', ')}`,
            needed: `at least ${100 * MINIMUM_COVERAGE} %, or a waiver`,
            where: 'state',
            fix: `Add the missing assets to the panel, or record a waiver, on the command line --waive "${COVERAGE_WAIVER.subject}:${COVERAGE_WAIVER.kind}=REASON".`,
          }),
        ),
    );
  }

  const scale = new Map(assets.map((now, index) => [now.asset, isOtherDate ? state.assets[index]!.priceUsd / now.priceUsd : 1]));
  const scaled = <T extends { readonly asset: string; readonly amountTokens: number }>(holdings: readonly T[]): T[] =>
    holdings.map((holding) => ({ ...holding, amountTokens: holding.amountTokens * scale.get(holding.asset)! }));
  const { id, ...body } = state;
  return seal({
    ...body,
    from: { ...state.from, repricedFrom: id, panel: panel.id },
    asOf: end,
    simulated: state.simulated || panel.simulated,
    assets,
    lending: state.lending.map((account) => ({ ...account, collateral: scaled(account.collateral), debt: scaled(account.debt) })),
    derivatives: state.derivatives.map((account) => rescale(account, scale, isOtherDate ? Date.parse(end) - Date.parse(state.asOf) : 0)),
    waivers: [...state.waivers, ...used],
    notes: [...state.notes, ...notesOf(state, assets, coverage, isOtherDate, end)],
  });
}

/** Sizes by `scale`, tokens now a token then; strikes keep their distance from the price, expiries theirs from the date. */
function rescale(account: DerivativeAccount, scale: ReadonlyMap<string, number>, shiftMs: number): DerivativeAccount {
  const { options, collateral, isolated } = account;
  const sized = <T extends { readonly asset: string; readonly sizeTokens: number }>(one: T): T => ({
    ...one,
    sizeTokens: one.sizeTokens * scale.get(one.asset)!,
  });
  return {
    ...account,
    perps: account.perps.map(sized),
    ...(options === undefined
      ? {}
      : {
          options: options.map((option) => ({
            ...sized(option),
            strikeUsd: option.strikeUsd / scale.get(option.asset)!,
            expiresAt: new Date(Date.parse(option.expiresAt) + shiftMs).toISOString(),
          })),
        }),
    ...(collateral === undefined
      ? {}
      : { collateral: collateral.map((coin) => ({ ...coin, amountTokens: coin.amountTokens * scale.get(coin.asset)! })) }),
    ...(isolated === undefined ? {} : { isolated: isolated.map(({ perp, equityUsd }) => ({ perp: sized(perp), equityUsd })) }),
  };
}

/** Close of the asset's last observed bar. */
export function lastPrice(panel: MarketPanel, asset: string): number {
  const price = panel.bars[asset]?.close.findLast((close) => close !== null);
  if (price === undefined || price === null)
    throw new NoPriceError({ got: `no bar of ${quote(asset)}`, needed: 'an asset of the panel', where: 'panel' });
  return price;
}

/** Mean USD volume a day over the last 30 days of the panel; bars without a volume count as the mean of the others. Null where none has. */
export function trailingVolume(panel: MarketPanel, asset: string): number | null {
  const { close, volume } = panel.bars[asset]!;
  const perDay = SECONDS_PER_DAY / panel.stepSeconds;
  let sum = 0;
  let bars = 0;
  for (let i = Math.max(0, close.length - Math.round(VOLUME_DAYS * perDay)); i < close.length; i += 1) {
    const tokens = volume[i] ?? null;
    const price = close[i] ?? null;
    if (tokens === null || price === null) continue;
    sum += tokens * price;
    bars += 1;
  }
  return sum > 0 ? (sum / bars) * perDay : null;
}

function join(one: AssetState, state: ProtocolState, panel: MarketPanel, isOtherDate: boolean): AssetState {
  const driver = driverOf(one, panel);
  if (driver === null) return { ...one, panelAsset: null };
  const price = lastPrice(panel, driver);
  const volume = trailingVolume(panel, driver);
  const says = `volume: trailing ${VOLUME_DAYS} days of ${driver} in the panel; impact: ${one.depth.says}`;
  return {
    ...one,
    panelAsset: driver,
    priceUsd: price * ratioOf(one, driver, state, price, isOtherDate),
    depth: volume === null ? one.depth : { ...one.depth, dailyVolumeUsd: volume, says },
  };
}

/** The panel asset that drives a price: the book's own word, else (a stablecoin in the panel) the same name, else none. */
function driverOf({ asset, panelAsset }: AssetState, panel: MarketPanel): string | null {
  const name = panelAsset ?? asset;
  return panel.assets.includes(name) ? name : null;
}

/** Price of an asset in units of the coin that drives it, from the book's own prices. */
function ratioOf(one: AssetState, driver: string, state: ProtocolState, price: number, isOtherDate: boolean): number {
  if (one.asset === driver || one.asset === `W${driver}`) return 1;
  const coin = state.assets.find(({ asset }) => asset === driver || asset === `W${driver}`);
  if (coin !== undefined) return one.priceUsd / coin.priceUsd;
  return isOtherDate ? 1 : one.priceUsd / price;
}

function refuseUnknownAssets(state: ProtocolState): void {
  const known = new Set(state.assets.map(({ asset }) => asset));
  const check = (account: string, field: string, asset: string): void => {
    if (known.has(asset)) return;
    throw new UnknownAssetError({
      got: quote(asset),
      needed: `one of the state's assets: ${[...known].join(', ')}`,
      where: `state, account ${account}, ${field}`,
      fix: 'List the asset with price, parameters, feed and depth under "assets", or take the position out by a stated rule.',
    });
  };
  for (const { account, collateral, debt } of state.lending) {
    for (const { asset } of collateral) check(account, 'collateral', asset);
    for (const { asset } of debt) check(account, 'debt', asset);
  }
  for (const one of margined(state.derivatives)) {
    for (const { asset } of one.perps) check(one.account, 'perps', asset);
    for (const { asset } of one.options ?? []) check(one.account, 'options', asset);
    for (const { asset } of one.collateral ?? []) check(one.account, 'collateral', asset);
  }
}

type Coverage = { readonly share: number; readonly constantShare: number; readonly unpriced: readonly string[] };

/** USD of collateral, debt, perpetuals and options by their underlying. Constant by declaration (a stablecoin) counts as covered; an asset whose driver is missing does not. */
function coverageOf(before: ProtocolState, after: readonly AssetState[]): Coverage {
  const usd = new Map<string, number>();
  const price = new Map(before.assets.map(({ asset, priceUsd }) => [asset, priceUsd]));
  const add = (asset: string, tokens: number): void => {
    usd.set(asset, (usd.get(asset) ?? 0) + Math.abs(tokens) * price.get(asset)!);
  };
  for (const { collateral, debt } of before.lending)
    for (const { asset, amountTokens } of [...collateral, ...debt]) add(asset, amountTokens);
  for (const { perps, options = [], collateral = [] } of margined(before.derivatives)) {
    for (const { asset, sizeTokens } of [...perps, ...options]) add(asset, sizeTokens);
    for (const { asset, amountTokens } of collateral) add(asset, amountTokens);
  }
  let total = 0;
  let covered = 0;
  let constant = 0;
  const unpriced: string[] = [];
  after.forEach(({ asset, panelAsset }, index) => {
    const amount = usd.get(asset) ?? 0;
    total += amount;
    if (panelAsset !== null || before.assets[index]!.panelAsset === null) covered += amount;
    else if (amount > 0) unpriced.push(asset);
    if (panelAsset === null && before.assets[index]!.panelAsset === null) constant += amount;
  });
  return total === 0 ? { share: 1, constantShare: 0, unpriced } : { share: covered / total, constantShare: constant / total, unpriced };
}

function notesOf(state: ProtocolState, assets: readonly AssetState[], coverage: Coverage, isOtherDate: boolean, end: string): string[] {
  const newlyDriven = assets.filter(({ panelAsset }, index) => panelAsset !== null && state.assets[index]!.panelAsset === null);
  return [
    isOtherDate
      ? `Re-priced from ${state.asOf} to ${end} keeping each account's USD amounts: health factors are those of the book, prices and depth those of the day.`
      : `Re-priced to ${end}, tokens kept.`,
    `Coverage: ${(100 * coverage.share).toFixed(1)} % of the book's USD; ${(100 * coverage.constantShare).toFixed(1)} % in stablecoins constant in USD.`,
    ...(coverage.unpriced.length > 0 ? [`Constant for want of a price in the panel: ${coverage.unpriced.join(', ')}.`] : []),
    ...(newlyDriven.length > 0 ? [`Stablecoins priced by the panel: ${newlyDriven.map(({ asset }) => asset).join(', ')}.`] : []),
  ];
}

function waiverFor(waivers: readonly Waiver[], wanted: { readonly subject: string; readonly kind: string }): Waiver | undefined {
  return waivers.find(({ subject, kind }) => subject === wanted.subject && kind === wanted.kind);
}

function refuse(error: PlimsollError): never {
  throw error;
}

function secondsBetween(a: string, b: string): number {
  const seconds = (Date.parse(a) - Date.parse(b)) / 1000;
  if (Number.isNaN(seconds)) throw new BadMomentError({ got: `${quote(a)} and ${quote(b)}`, needed: 'two ISO 8601 times', where: 'asOf' });
  return seconds;
}

export class BadMomentError extends PlimsollError {
  override readonly name = 'Reprice.BadMomentError';
}

export class StalePanelError extends PlimsollError {
  override readonly name = 'Reprice.StalePanelError';
}

export class DateMismatchError extends PlimsollError {
  override readonly name = 'Reprice.DateMismatchError';
}

export class LowCoverageError extends PlimsollError {
  override readonly name = 'Reprice.LowCoverageError';
}

export class UnknownAssetError extends PlimsollError {
  override readonly name = 'Reprice.UnknownAssetError';
}

export class NoPriceError extends PlimsollError {
  override readonly name = 'Reprice.NoPriceError';
}
