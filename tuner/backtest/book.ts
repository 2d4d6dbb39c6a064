/**
 * The exogenous book of the backtest: who would borrow, told without looking at any policy.
 *
 * A fixed sum of collateral is spread over the assets that can be modelled at the date by one of three rules (imputations), and
 * in each asset over accounts that borrow a stated share of the power the parameters in force give them. Debt is in dollars held constant.
 * Everybody borrows anew at the start of a window: what a change does to loans already open is not measured here.
 * The shares below are assumptions, written down before any result was seen.
 */
import { seal } from '../../base/id.ts';
import type { AssetState, ParametersByAsset, ProtocolState, RiskParameters } from '../../datasets/state.ts';

export const IMPUTATIONS = ['even', 'volume', 'leveraged'] as const;
/** `even`: as many dollars in each asset. `volume`: in proportion to √(daily volume). `leveraged`: the same, and nearly all borrow nearly all. */
export type Imputation = (typeof IMPUTATIONS)[number];

export type Market = {
  readonly assets: readonly string[];
  readonly priceUsd: Readonly<Record<string, number>>;
  readonly dailyVolumeUsd: Readonly<Record<string, number>>;
};

/** Collateral of the whole book, USD. */
export const BOOK_USD = 1e9;
export const DEBT = 'USD';
/** One for all assets and policies: 7.5 %, the middle of what Aave gives. */
const BONUS_BPS = 750;
/** Threshold above LTV, as far as the bonus leaves room. */
const GAP_BPS = 500;
const BUFFER_BPS = 200;
/** Share of the collateral, and share of the borrowing power used. */
const USES: Readonly<Record<'usual' | 'leveraged', readonly (readonly [number, number])[]>> = {
  usual: [
    [0.2, 0.3],
    [0.2, 0.5],
    [0.2, 0.65],
    [0.15, 0.8],
    [0.15, 0.9],
    [0.1, 0.97],
  ],
  leveraged: [
    [0.1, 0.5],
    [0.2, 0.8],
    [0.3, 0.9],
    [0.4, 0.99],
  ],
};
/** Venues: the square-root law, refilled in minutes. Declared, and swept by the depth variants. */
const IMPACT = { impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300 };
const FEED = { heartbeatSeconds: 3600, deviationBps: 50, latencySeconds: 60 };
const REFERENCE_HAIRCUT_BPS = 5000;

/** Haircut → everything else, the same for every policy. */
export function terms(haircutBps: number): RiskParameters {
  const ltvBps = 10_000 - haircutBps;
  const highest = Math.floor(((10_000 - BUFFER_BPS) * 10_000) / (10_000 + BONUS_BPS));
  return {
    haircutBps,
    liquidationThresholdBps: Math.max(ltvBps, Math.min(ltvBps + GAP_BPS, highest)),
    liquidationBonusBps: BONUS_BPS,
    marginMultiplierPpm: 1_000_000,
    supplyCapTokens: null,
    borrowCapTokens: null,
  };
}

export function parameters(haircutBps: Readonly<Record<string, number>>): ParametersByAsset {
  return { ...Object.fromEntries(Object.entries(haircutBps).map(([asset, bps]) => [asset, terms(bps)])), [DEBT]: NOT_COLLATERAL };
}

/** Dollars of collateral by asset. */
export function collateralUsd({ assets, dailyVolumeUsd }: Market, imputation: Imputation): Readonly<Record<string, number>> {
  const weight = assets.map((asset) => (imputation === 'even' ? 1 : Math.sqrt(Math.max(1, dailyVolumeUsd[asset]!))));
  const total = weight.reduce((a, b) => a + b, 0);
  return Object.fromEntries(assets.map((asset, index) => [asset, (BOOK_USD * weight[index]!) / total]));
}

/** The book at the prices of the market, in equilibrium with a haircut of one half: run it with `responsive` borrowers. */
export function state(market: Market, imputation: Imputation, asOf: string, depthFactor = 1): ProtocolState {
  const held = collateralUsd(market, imputation);
  const uses = USES[imputation === 'leveraged' ? 'leveraged' : 'usual'];
  const asset = (name: string): AssetState => ({
    asset: name,
    panelAsset: name,
    address: null,
    decimals: 18,
    priceUsd: market.priceUsd[name]!,
    parameters: terms(REFERENCE_HAIRCUT_BPS),
    feed: FEED,
    depth: { dailyVolumeUsd: Math.max(1, market.dailyVolumeUsd[name]! * depthFactor), ...IMPACT, says: 'declared' },
  });
  const dollar: AssetState = {
    ...asset(DEBT),
    panelAsset: null,
    priceUsd: 1,
    parameters: NOT_COLLATERAL,
    depth: { dailyVolumeUsd: 1e12, ...IMPACT, says: 'constant' },
  };
  const power = 1 - REFERENCE_HAIRCUT_BPS / 10_000;
  return seal({
    kind: 'protocol-state' as const,
    from: {},
    protocol: 'exogenous book of the backtest',
    chainId: 1,
    block: '0',
    asOf,
    simulated: true,
    assets: [...market.assets.map(asset), dollar].sort((a, b) => (a.asset < b.asset ? -1 : 1)),
    eModes: [],
    lending: market.assets.flatMap((name) =>
      uses.map(([share, use], index) => ({
        account: `${name} ${index}`,
        eMode: 0,
        collateral: [{ asset: name, amountTokens: (share * held[name]!) / market.priceUsd[name]! }],
        debt: [{ asset: DEBT, amountTokens: share * held[name]! * power * use }],
      })),
    ),
    derivatives: [],
    marginRule: null,
    closeFactorBps: 5000,
    fullCloseHealth: 0.95,
    insuranceFundUsd: 0,
    setAside: [],
    waivers: [],
    notes: ['made for the backtest'],
  });
}

const NOT_COLLATERAL: RiskParameters = {
  haircutBps: 10_000,
  liquidationThresholdBps: 0,
  liquidationBonusBps: 0,
  marginMultiplierPpm: 1_000_000,
  supplyCapTokens: null,
  borrowCapTokens: null,
};
