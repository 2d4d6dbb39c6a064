/**
 * Aave's assets as the published tables give them: terms, what drives each price, eMode categories, depth. See `aave.ts` for the rules.
 *
 * Thresholds and bonuses come in three units (0.83, 1.05, 10500) and leave in one: 8300, 500, 500 bps.
 */
import { PlimsollError } from '../../base/errors.ts';
import calibration from '../sample/calibration.json' with { type: 'json' };
import type { AssetState, EMode } from '../state.ts';
import type * as Imputation from './imputation.ts';

export type Terms = {
  priceUsd: number;
  ltvBps: number;
  thresholdBps: number;
  bonusBps: number;
  supplyCap: number | null;
  borrowCap: number | null;
};

/** Threshold and LTV of eMode 1 as raised on 2024-01-21 by Aave governance (9300 → 9500, 9000 → 9300). */
const ETH_EMODE_BPS = { ltv: 9300, threshold: 9500 } as const;
/** Not in the tables: assumed equal to eMode 1's, with the bonus voted for stablecoin modes on 2024-12-24. */
const USD_EMODE_BPS = { ltv: 9300, threshold: 9500, bonus: 400 } as const;

type Known = { readonly family: Imputation.Family; readonly panelAsset: string | null; readonly decimals: number };
const coin = (family: 'ETH' | 'BTC', decimals = 18): Known => ({ family, panelAsset: family, decimals });
const dollar = (decimals: number): Known => ({ family: 'USD', panelAsset: null, decimals });

/** What drives a price, and decimals where the reserve file is too old to know the asset. */
const KNOWN: Readonly<Record<string, Known>> = {
  WETH: coin('ETH'),
  wstETH: coin('ETH'),
  weETH: coin('ETH'),
  rETH: coin('ETH'),
  cbETH: coin('ETH'),
  WBTC: coin('BTC', 8),
  cbBTC: coin('BTC', 8),
  tBTC: coin('BTC'),
  USDC: dollar(6),
  USDT: dollar(6),
  DAI: dollar(18),
  GHO: dollar(18),
  USDe: dollar(18),
  PYUSD: dollar(6),
  RLUSD: dollar(18),
  USDtb: dollar(18),
  USDS: dollar(18),
  EURC: { family: 'other', panelAsset: 'EURC', decimals: 6 },
};

/** ETH coins, BTC coins, dollars, or none of these. */
export function familyOf(asset: string): Imputation.Family {
  return KNOWN[asset]?.family ?? 'other';
}

export function toBps(fraction: number): number {
  return Math.round(fraction * 10_000);
}

/** 1.05 and Aave's stored 10500 both mean 500; 0 means that the asset is no collateral. */
export function bonusBps(written: number, where: string): number {
  if (written === 0) return 0;
  if (written >= 1 && written < 2) return Math.round((written - 1) * 10_000);
  if (written >= 10_000 && written < 20_000) return Math.round(written - 10_000);
  throw new BonusUnitError({ got: String(written), needed: '1.05 or 10500 for a bonus of 5 %, or 0', where });
}

/** Aave writes 0 for no cap. */
export function capOf(tokens: number): number | null {
  return tokens === 0 ? null : tokens;
}

export type Reserves = {
  readonly bySymbol: ReadonlyMap<string, { readonly address: string; readonly decimals: number }>;
  readonly ethBonusBps: number;
};

export function reservesOf(json: string): Reserves {
  let parsed: {
    AaveV3Ethereum?: {
      eModes?: Record<string, { liquidationBonus?: number }>;
      reserves?: { symbol: string; underlying: string; decimals: number }[];
    };
  };
  try {
    parsed = JSON.parse(json) as typeof parsed;
  } catch (cause) {
    throw new ReservesError({ got: cause instanceof Error ? cause.message : String(cause), needed: 'JSON', where: 'reserves', cause });
  }
  const market = parsed?.AaveV3Ethereum;
  const bonus = market?.eModes?.['1']?.liquidationBonus;
  if (!Array.isArray(market?.reserves) || typeof bonus !== 'number') {
    throw new ReservesError({
      got: 'another shape',
      needed: '{"AaveV3Ethereum": {"eModes": {"1": {"liquidationBonus"}}, "reserves": [{"symbol", "underlying", "decimals"}]}}',
      where: 'reserves',
    });
  }
  return {
    bySymbol: new Map(market.reserves.map(({ symbol, underlying, decimals }) => [symbol, { address: underlying, decimals }])),
    ethBonusBps: bonusBps(bonus, 'reserves, eModes.1.liquidationBonus'),
  };
}

/** One asset for each name with terms, sorted. */
export function assetStates(terms: ReadonlyMap<string, Terms>, reserves: Reserves): AssetState[] {
  return [...terms]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([asset, own]): AssetState => {
      const known = KNOWN[asset] ?? { family: 'other', panelAsset: asset, decimals: 18 };
      const reserve = reserves.bySymbol.get(asset);
      const isStable = known.family === 'USD';
      return {
        asset,
        panelAsset: known.panelAsset,
        address: reserve?.address ?? null,
        decimals: reserve?.decimals ?? known.decimals,
        priceUsd: own.priceUsd,
        parameters: {
          haircutBps: 10_000 - own.ltvBps,
          liquidationThresholdBps: own.thresholdBps,
          liquidationBonusBps: own.bonusBps,
          marginMultiplierPpm: 1_000_000,
          supplyCapTokens: own.supplyCap,
          borrowCapTokens: own.borrowCap,
        },
        feed: isStable
          ? { heartbeatSeconds: 86_400, deviationBps: 25, latencySeconds: 60 }
          : { heartbeatSeconds: 3600, deviationBps: known.family === 'other' ? 100 : 50, latencySeconds: 60 },
        depth: depthOf(asset, known),
      };
    });
}

/** Declared: arbitrage refills a pool within blocks when all is well, within minutes when blocks are full. */
const REFILL_SECONDS = 300;

/** Before a panel says more: the venue volume measured for the built-in sample, and the impact fitted there to quotes. */
function depthOf(asset: string, { family, panelAsset }: Known): AssetState['depth'] {
  const { impactDelta, impactYBySource } = calibration.impact;
  const base = { impactDelta, halfLifeSeconds: REFILL_SECONDS };
  if (family === 'USD') return { ...base, dailyVolumeUsd: 5e9, impactY: 1, says: 'declared: a stablecoin market of 5 billion USD a day' };
  const quoted = family === 'BTC' ? 'WBTC' : asset === 'WETH' || family === 'other' ? 'WETH' : 'wstETH';
  const measured = calibration.assets.find((law) => law.asset === panelAsset)?.volumeDayUsd;
  const volume = measured === undefined ? 'volume declared' : 'venue volume of 2023';
  return {
    ...base,
    dailyVolumeUsd: measured ?? 50e6,
    impactY: impactYBySource[quoted],
    says: `1inch quotes of ${quoted} (2023-11-20); ${volume}; refill declared`,
  };
}

export function eModesOf(assets: readonly AssetState[], ethBonusBps: number): EMode[] {
  const of = (family: Imputation.Family): string[] =>
    assets.filter(({ asset }) => KNOWN[asset]?.family === family).map(({ asset }) => asset);
  return [
    {
      category: 1,
      label: 'ETH correlated',
      assets: of('ETH'),
      ltvBps: ETH_EMODE_BPS.ltv,
      liquidationThresholdBps: ETH_EMODE_BPS.threshold,
      liquidationBonusBps: ethBonusBps,
    },
    {
      category: 2,
      label: 'USD stablecoins (assumed)',
      assets: of('USD'),
      ltvBps: USD_EMODE_BPS.ltv,
      liquidationThresholdBps: USD_EMODE_BPS.threshold,
      liquidationBonusBps: USD_EMODE_BPS.bonus,
    },
  ];
}

export function candidateOf({ asset, parameters, priceUsd }: AssetState): Imputation.Candidate {
  const family = familyOf(asset);
  return {
    asset,
    family,
    threshold: parameters.liquidationThresholdBps / 10_000,
    supplyCapUsd: (parameters.supplyCapTokens ?? 0) * priceUsd,
  };
}

export class ReservesError extends PlimsollError {
  override readonly name = 'AaveAssets.ReservesError';
}

export class BonusUnitError extends PlimsollError {
  override readonly name = 'AaveAssets.BonusUnitError';
}
