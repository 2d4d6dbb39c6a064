/**
 * Sample book: a lending book and a perpetuals venue on the sample market. Simulated: true, always.
 *
 * Health factors and debts are drawn from the quantiles measured on the largest Aave v3 borrowers (`calibration.json`), sizes
 * at `SIZE_SCALE` of theirs because the simulated market is that much smaller than all venues together. Four kinds of
 * borrower: staking loops in eMode (wstETH against WETH), coins against stablecoins, stablecoins or coins against WETH
 * (shorts), and whales with one collateral. Perp accounts use 20 to 95 % of their equity as initial margin.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import { digest, seal } from '../../base/id.ts';
import { PURPOSE } from '../../base/random.ts';
import { type Kernel, loadKernel } from '../../kernel/kernel.ts';
import type { DerivativeAccount } from '../derivatives.ts';
import { endsAt, type MarketPanel } from '../panel.ts';
import * as Reprice from '../reprice.ts';
import type { AssetState, EMode, Holding, LendingAccount, ProtocolState } from '../state.ts';
import calibration from './calibration.json' with { type: 'json' };

const LENDING_ACCOUNTS = 400;
const PERP_ACCOUNTS = 100;
const SIZE_SCALE = 0.04;
/** A single collateral or perp position is at most this share of a day's volume of its market: venues cap what they could not sell. */
const POSITION_SHARE = 0.07;
/** Declared: nothing measured says how fast a pool refills. */
const HALF_LIFE_SECONDS = 300;
/** Base margin: three daily standard deviations, the order of exchanges' own price scan ranges. */
const SHOCK_DAYS = 3;
const INITIAL_TO_MAINTENANCE = 1.25;
const INSURANCE_FUND_USD = 1_000_000;
const LST_RATE = 1.22;

type Listing = {
  readonly asset: string;
  readonly panelAsset: string | null;
  readonly decimals: number;
  readonly rate: number;
  /** LTV, threshold, bonus in bps as on Aave v3 Ethereum (2023 to 2025); zeros: traded as a perp, not taken as collateral. */
  readonly terms: readonly [number, number, number];
  readonly impactY: number;
  /** Share of accounts whose first collateral it is. */
  readonly collateralShare: number;
};

const { WETH: Y_ETH, wstETH: Y_LST, WBTC: Y_BTC } = calibration.impact.impactYBySource;

const LISTINGS: readonly Listing[] = [
  { asset: 'AAVE', panelAsset: 'AAVE', decimals: 18, rate: 1, terms: [6600, 7300, 750], impactY: Y_ETH, collateralShare: 0.05 },
  { asset: 'AVAX', panelAsset: 'AVAX', decimals: 18, rate: 1, terms: [0, 0, 0], impactY: Y_ETH, collateralShare: 0 },
  { asset: 'COMP', panelAsset: 'COMP', decimals: 18, rate: 1, terms: [5500, 6200, 750], impactY: Y_ETH, collateralShare: 0.01 },
  { asset: 'CRV', panelAsset: 'CRV', decimals: 18, rate: 1, terms: [3500, 4100, 830], impactY: Y_ETH, collateralShare: 0.02 },
  { asset: 'DAI', panelAsset: null, decimals: 18, rate: 1, terms: [6300, 7700, 500], impactY: 1, collateralShare: 0.01 },
  { asset: 'LINK', panelAsset: 'LINK', decimals: 18, rate: 1, terms: [6600, 7100, 700], impactY: Y_ETH, collateralShare: 0.06 },
  { asset: 'MATIC', panelAsset: 'MATIC', decimals: 18, rate: 1, terms: [0, 0, 0], impactY: Y_ETH, collateralShare: 0 },
  { asset: 'MKR', panelAsset: 'MKR', decimals: 18, rate: 1, terms: [6500, 7000, 850], impactY: Y_ETH, collateralShare: 0.02 },
  { asset: 'SNX', panelAsset: 'SNX', decimals: 18, rate: 1, terms: [4900, 6500, 850], impactY: Y_ETH, collateralShare: 0.01 },
  { asset: 'SOL', panelAsset: 'SOL', decimals: 9, rate: 1, terms: [0, 0, 0], impactY: Y_ETH, collateralShare: 0 },
  { asset: 'UNI', panelAsset: 'UNI', decimals: 18, rate: 1, terms: [6500, 7400, 1000], impactY: Y_ETH, collateralShare: 0.03 },
  { asset: 'USDC', panelAsset: null, decimals: 6, rate: 1, terms: [7500, 7800, 450], impactY: 1, collateralShare: 0.04 },
  { asset: 'USDT', panelAsset: null, decimals: 6, rate: 1, terms: [7500, 7800, 450], impactY: 1, collateralShare: 0.02 },
  { asset: 'WBTC', panelAsset: 'BTC', decimals: 8, rate: 1, terms: [7300, 7800, 500], impactY: Y_BTC, collateralShare: 0.23 },
  { asset: 'WETH', panelAsset: 'ETH', decimals: 18, rate: 1, terms: [8050, 8300, 500], impactY: Y_ETH, collateralShare: 0.38 },
  { asset: 'wstETH', panelAsset: 'ETH', decimals: 18, rate: LST_RATE, terms: [7850, 8100, 600], impactY: Y_LST, collateralShare: 0.12 },
];

const STABLES: readonly (readonly [string, number])[] = [
  ['USDT', 0.5],
  ['USDC', 0.45],
  ['DAI', 0.05],
];
const SHORT_COLLATERAL: readonly (readonly [string, number])[] = [
  ['USDC', 0.5],
  ['WBTC', 0.3],
  ['USDT', 0.2],
];
/** A stablecoin's market is deep and outside the panel: declared, USD a day. */
const STABLE_VOLUME_USD = 5e9;

const ETH_EMODE: EMode = {
  category: 1,
  label: 'ETH correlated',
  assets: ['WETH', 'wstETH'],
  ltvBps: 9300,
  liquidationThresholdBps: 9500,
  liquidationBonusBps: 100,
};

export function sampleBook(panel: MarketPanel, seed: number): ProtocolState {
  const kernel = loadKernel();
  const listings = LISTINGS.filter(({ panelAsset }) => panelAsset === null || panel.assets.includes(panelAsset));
  if (!['WETH', 'wstETH', 'WBTC'].every((name) => listings.some(({ asset }) => asset === name))) {
    throw new NoMarketError({
      got: `a panel of ${quote(panel.assets.join(', '))}`,
      needed: 'ETH and BTC in the panel',
      where: 'sample book',
    });
  }
  const assets = listings.map((listing) => assetState(panel, listing));
  const draw = (path: number, index: number, lane: number): number => kernel.uniform(seed, PURPOSE.sampleBook, path, index, lane);
  const book = { assets, listings, kernel, draw };
  return seal({
    kind: 'protocol-state' as const,
    from: { panel: panel.id },
    protocol: 'Sample',
    chainId: 31_337,
    block: '0',
    asOf: endsAt(panel),
    simulated: true,
    assets,
    eModes: [ETH_EMODE],
    lending: Array.from({ length: LENDING_ACCOUNTS }, (_, index) => lendingAccount(book, index)),
    derivatives: Array.from({ length: PERP_ACCOUNTS }, (_, index) => perpAccount(book, index)),
    marginRule: {
      shockByAsset: Object.fromEntries(
        listings.filter(({ panelAsset }) => panelAsset !== null).map((listing) => [listing.asset, shockOf(listing)]),
      ),
      gridSteps: 3,
      initialToMaintenance: INITIAL_TO_MAINTENANCE,
      contingencyFraction: 0.005,
    },
    closeFactorBps: 5000,
    fullCloseHealth: 0.95,
    insuranceFundUsd: INSURANCE_FUND_USD,
    setAside: [],
    waivers: [],
    notes: [
      `Simulated book, seed ${seed}: no real account. Health factors and debts follow the quantiles measured on ${calibration.book.accounts} Aave v3 borrowers, debts at ${SIZE_SCALE} of their size.`,
      'Addresses are made up. Terms are those of Aave v3 Ethereum between 2023 and 2025; feeds, recovery time and the depth of stablecoins are declared.',
      'Stablecoins are constant in USD here; wstETH moves with ETH.',
    ],
  });
}

type Book = {
  readonly assets: readonly AssetState[];
  readonly listings: readonly Listing[];
  readonly kernel: Kernel;
  readonly draw: (path: number, index: number, lane: number) => number;
};

function assetState(panel: MarketPanel, listing: Listing): AssetState {
  const [ltvBps, liquidationThresholdBps, liquidationBonusBps] = listing.terms;
  const isStable = listing.panelAsset === null;
  const isMajor = listing.panelAsset === 'ETH' || listing.panelAsset === 'BTC';
  return {
    asset: listing.asset,
    panelAsset: listing.panelAsset,
    address: `0x${digest(`plimsoll sample ${listing.asset}`).slice(7, 47)}`,
    decimals: listing.decimals,
    priceUsd: listing.panelAsset === null ? 1 : significant(listing.rate * Reprice.lastPrice(panel, listing.panelAsset)),
    parameters: {
      haircutBps: 10_000 - ltvBps,
      liquidationThresholdBps,
      liquidationBonusBps,
      marginMultiplierPpm: 1_000_000,
      supplyCapTokens: null,
      borrowCapTokens: null,
    },
    feed: isStable
      ? { heartbeatSeconds: 86_400, deviationBps: 25, latencySeconds: 60 }
      : { heartbeatSeconds: 3600, deviationBps: isMajor ? 50 : 100, latencySeconds: 60 },
    depth: {
      dailyVolumeUsd:
        listing.panelAsset === null
          ? STABLE_VOLUME_USD
          : (Reprice.trailingVolume(panel, listing.panelAsset) ?? lawOf(listing).volumeDayUsd),
      impactY: listing.impactY,
      impactDelta: calibration.impact.impactDelta,
      halfLifeSeconds: HALF_LIFE_SECONDS,
      says: isStable
        ? 'declared: a stablecoin market of 5 billion USD a day'
        : `volume: trailing 30 days of the simulated market; impact fitted to 1inch quotes of ${listing.asset.includes('BTC') ? 'WBTC' : listing.asset === 'wstETH' ? 'wstETH' : 'WETH'} (2023-11-20); refill declared`,
    },
  };
}

/** Lanes: 0 kind, 1 health, 2 debt, 3 debt asset, 4 and 5 collateral, 6 second collateral's share. */
function lendingAccount(book: Book, index: number): LendingAccount {
  const u = (lane: number): number => book.draw(0, index, lane);
  const account = `sim-lend-${String(index).padStart(4, '0')}`;
  const debtUsd = SIZE_SCALE * quantile(book.kernel, calibration.book.debtUsdQuantiles, stratified(u(2), index, 7));
  const kind = u(0);
  if (kind < calibration.book.curedByEModeShare) {
    const health = 1.015 + 0.11 * u(1) * u(1);
    const collateralUsd = (health * debtUsd * 10_000) / ETH_EMODE.liquidationThresholdBps;
    return { account, eMode: 1, collateral: [holding(book, 'wstETH', collateralUsd)], debt: [holding(book, 'WETH', debtUsd)] };
  }
  const health = Math.max(1.01, quantile(book.kernel, calibration.book.healthQuantiles, stratified(u(1), index, 1)));
  const isShort = kind > 0.92;
  const debtAsset = isShort ? 'WETH' : pick(STABLES, u(3));
  const first = isShort ? pick(SHORT_COLLATERAL, u(4)) : pick(shares(book, debtAsset, health * debtUsd), u(4));
  const second = pick(shares(book, debtAsset, health * debtUsd), u(5));
  const isWhale = debtUsd > SIZE_SCALE * calibration.book.debtUsdQuantiles[18]!;
  const secondShare = isWhale || second === first || u(6) < 0.5 ? 0 : 0.6 * (u(6) - 0.5) + 0.1;
  const threshold = (1 - secondShare) * thresholdOf(book, first) + secondShare * thresholdOf(book, second);
  const collateralUsd = (health * debtUsd) / threshold;
  const collateral = [holding(book, first, (1 - secondShare) * collateralUsd)];
  if (secondShare > 0) collateral.push(holding(book, second, secondShare * collateralUsd));
  collateral.sort((a, b) => (a.asset < b.asset ? -1 : 1));
  return { account, eMode: 0, collateral, debt: [holding(book, debtAsset, debtUsd)] };
}

/** Lanes: 0 equity, 1 use of equity, 2 number of positions, then asset, side and size for each. */
function perpAccount(book: Book, index: number): DerivativeAccount {
  const u = (lane: number): number => book.draw(1, index, lane);
  const equityUsd = significant(20_000 * book.kernel.exp(u(0) * book.kernel.log(250)));
  const use = 0.2 + 0.75 * stratified(u(1), index, 3);
  const traded = book.listings.filter(({ panelAsset, asset }) => panelAsset !== null && asset !== 'wstETH');
  const weights = traded.map(({ asset, panelAsset }) => [asset, panelAsset === 'ETH' || panelAsset === 'BTC' ? 5 : 1] as const);
  const chosen = new Map<string, number>();
  const positions = 1 + Math.floor(4 * u(2));
  for (let k = 0; k < positions; k += 1) {
    const asset = pick(weights, u(3 + 3 * k));
    const side = u(4 + 3 * k) < 0.6 ? 1 : -1;
    if (!chosen.has(asset)) chosen.set(asset, side * (0.3 + u(5 + 3 * k)));
  }
  // Initial margin without any offset between positions: what is used of the equity.
  const marginPerUnit = [...chosen].reduce((sum, [asset, size]) => {
    const listing = traded.find((one) => one.asset === asset)!;
    return sum + Math.abs(size) * (shockOf(listing) + 0.005) * INITIAL_TO_MAINTENANCE;
  }, 0);
  const perps = [...chosen]
    .map(([asset, size]) => {
      const usd = (size * use * equityUsd) / marginPerUnit;
      const most = POSITION_SHARE * volumeOf(book, asset);
      return { asset, sizeTokens: significant(Math.max(-most, Math.min(most, usd)) / priceOf(book, asset)) };
    })
    .sort((a, b) => (a.asset < b.asset ? -1 : 1));
  return { account: `sim-perp-${String(index).padStart(4, '0')}`, equityUsd, perps };
}

function shockOf(listing: Listing): number {
  return significant((SHOCK_DAYS * lawOf(listing).volatilityDayPct) / 100);
}

function lawOf({ panelAsset }: Listing): (typeof calibration.assets)[number] {
  return calibration.assets.find(({ asset }) => asset === panelAsset)!;
}

function shares({ listings, assets }: Book, except: string, usd: number): readonly (readonly [string, number])[] {
  return listings
    .filter(
      ({ asset, collateralShare }, index) =>
        asset !== except && collateralShare > 0 && POSITION_SHARE * assets[index]!.depth.dailyVolumeUsd > usd,
    )
    .map(({ asset, collateralShare }) => [asset, collateralShare]);
}

function holding(book: Book, asset: string, usd: number): Holding {
  return { asset, amountTokens: significant(usd / priceOf(book, asset)) };
}

function priceOf({ assets }: Book, asset: string): number {
  return assets.find((one) => one.asset === asset)!.priceUsd;
}

function volumeOf({ assets }: Book, asset: string): number {
  return assets.find((one) => one.asset === asset)!.depth.dailyVolumeUsd;
}

function thresholdOf({ assets }: Book, asset: string): number {
  return assets.find((one) => one.asset === asset)!.parameters.liquidationThresholdBps / 10_000;
}

function pick(weights: readonly (readonly [string, number])[], u: number): string {
  let left = u * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of weights) {
    if (left < weight) return name;
    left -= weight;
  }
  return weights.at(-1)![0];
}

/** One draw in each of the equal parts of (0, 1), visited in a fixed scattered order: several hundred accounts then show every quantile. */
function stratified(u: number, index: number, stride: number): number {
  const parts = 100;
  return (((index * (36 * stride + 1)) % parts) + u) / parts;
}

/** Geometric between the measured quantiles: the last twentieth of debts spans a factor of 35. */
function quantile(kernel: Kernel, values: readonly number[], p: number): number {
  const at = p * (values.length - 1);
  const low = Math.min(Math.floor(at), values.length - 2);
  return values[low]! * kernel.exp((at - low) * kernel.log(values[low + 1]! / values[low]!));
}

function significant(value: number): number {
  return Number(value.toPrecision(10));
}

export class NoMarketError extends PlimsollError {
  override readonly name = 'SampleBook.NoMarketError';
}
