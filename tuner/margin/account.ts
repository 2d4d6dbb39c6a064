/**
 * One derivative account read on its own: equity, requirement and greeks at given prices, by plain formulas. The kernel does the same for a
 * whole book along paths (kernel/assembly/margin.ts); a test holds the two together.
 */

import { BPS_ONE, fromBps, fromPpm } from '../../base/units.ts';
import { type DerivativeAccount, type MarginRule, scenariosOf } from '../../datasets/derivatives.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import * as Grid from './grid.ts';

export type Market = {
  readonly asOf: string;
  readonly priceUsd: Readonly<Record<string, number>>;
  readonly rule: MarginRule;
};

export type Standing = { readonly equityUsd: number; readonly requiredUsd: number };

/** By the price of one asset: USD a USD, USD a USD twice, USD a point of volatility (1 = 100 %), USD a year, USD a point of rate (1 = 100 %). */
export type Greeks = {
  readonly asset: string;
  readonly deltaTokens: number;
  readonly gamma: number;
  readonly vegaUsd: number;
  readonly thetaUsd: number;
  readonly rhoUsd: number;
};

const MS_PER_YEAR = 365 * 86_400_000;

/** Collateral counts after its haircut; a short option's contingency on top of the grid's worst node. */
export function standing(kernel: Kernel, account: DerivativeAccount, market: Market, parameters: ParametersByAsset): Standing {
  const { rule } = market;
  const assets = [...new Set(positionsOf(account, market, parameters).map(({ asset }) => asset))];
  const multiplier = (asset: string) => fromPpm(parameters[asset]!.marginMultiplierPpm);
  const underlyings = assets.map((asset) => ({
    asset,
    priceUsd: market.priceUsd[asset]!,
    priceRangeUsd: market.priceUsd[asset]! * (rule.shockByAsset[asset] ?? 0) * multiplier(asset),
    volatilityRange: { by: 'share' as const, size: rule.volatilityRangeByAsset?.[asset] ?? 0 },
  }));
  const worst = Grid.requirement(kernel, positionsOf(account, market, parameters), underlyings, scenariosOf(rule), 'together');
  let contingency = 0;
  for (const { asset, sizeTokens } of account.perps) {
    contingency += Math.abs(sizeTokens) * market.priceUsd[asset]! * rule.contingencyFraction * multiplier(asset);
  }
  for (const { asset, sizeTokens } of account.options ?? []) {
    contingency += Math.max(0, -sizeTokens) * market.priceUsd[asset]! * (rule.optionContingencyFraction ?? 0) * multiplier(asset);
  }
  return { equityUsd: equityOf(kernel, account, market, parameters), requiredUsd: worst + contingency };
}

/** By formula, one row an asset that the account depends on. Sums over accounts are the book's. */
export function greeks(kernel: Kernel, account: DerivativeAccount, market: Market): Greeks[] {
  const assets = [...new Set([...account.perps, ...(account.collateral ?? []), ...(account.options ?? [])].map(({ asset }) => asset))];
  return assets.map((asset) => {
    const linear = [
      ...account.perps.filter((perp) => perp.asset === asset).map(({ sizeTokens }) => sizeTokens),
      ...(account.collateral ?? []).filter((coin) => coin.asset === asset).map(({ amountTokens }) => amountTokens),
    ].reduce((sum, tokens) => sum + tokens, 0);
    const options = (account.options ?? []).filter((option) => option.asset === asset);
    const values = valuesOf(kernel, options, market);
    const total = (figure: ArrayLike<number>) => options.reduce((sum, { sizeTokens }, index) => sum + sizeTokens * figure[index]!, 0);
    return {
      asset,
      deltaTokens: linear + total(values.delta),
      gamma: total(values.gamma),
      vegaUsd: total(values.vega),
      thetaUsd: total(values.theta),
      rhoUsd: total(values.rho),
    };
  });
}

/** Σ over accounts, one row an asset, by name. */
export function bookGreeks(kernel: Kernel, accounts: readonly DerivativeAccount[], market: Market): Greeks[] {
  const total = new Map<string, Greeks>();
  for (const row of accounts.flatMap((account) => greeks(kernel, account, market))) {
    const before = total.get(row.asset);
    total.set(row.asset, {
      asset: row.asset,
      deltaTokens: (before?.deltaTokens ?? 0) + row.deltaTokens,
      gamma: (before?.gamma ?? 0) + row.gamma,
      vegaUsd: (before?.vegaUsd ?? 0) + row.vegaUsd,
      thetaUsd: (before?.thetaUsd ?? 0) + row.thetaUsd,
      rhoUsd: (before?.rhoUsd ?? 0) + row.rhoUsd,
    });
  }
  return [...total.values()].sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

/** Without haircuts: what the account would be worth if it were closed at these prices for nothing. */
export function worthUsd(
  kernel: Kernel,
  account: DerivativeAccount,
  market: Market,
  startPriceUsd: Market['priceUsd'] = market.priceUsd,
): number {
  const { price } = valuesOf(kernel, account.options ?? [], market);
  let worth = account.equityUsd;
  for (const { asset, sizeTokens } of account.perps) worth += sizeTokens * (market.priceUsd[asset]! - startPriceUsd[asset]!);
  for (const { asset, amountTokens } of account.collateral ?? []) worth += amountTokens * market.priceUsd[asset]!;
  (account.options ?? []).forEach(({ sizeTokens }, index) => {
    worth += sizeTokens * price[index]!;
  });
  return worth;
}

function equityOf(kernel: Kernel, account: DerivativeAccount, market: Market, parameters: ParametersByAsset): number {
  const cut = (account.collateral ?? []).reduce(
    (sum, { asset, amountTokens }) => sum + amountTokens * market.priceUsd[asset]! * fromBps(parameters[asset]!.haircutBps),
    0,
  );
  return worthUsd(kernel, account, market) - cut;
}

/** Perpetuals, options, and collateral as the long position it is, after its haircut. */
function positionsOf(account: DerivativeAccount, market: Market, parameters: ParametersByAsset): Grid.Position[] {
  return [
    ...account.perps.map(({ asset, sizeTokens, inverse }): Grid.Position => {
      if (inverse === undefined) return { kind: 'linear', asset, size: sizeTokens };
      return { kind: 'inverse', asset, size: sizeTokens * market.priceUsd[asset]! };
    }),
    ...(account.collateral ?? []).map(
      ({ asset, amountTokens }): Grid.Position => ({
        kind: 'linear',
        asset,
        size: amountTokens * fromBps(BPS_ONE - parameters[asset]!.haircutBps),
      }),
    ),
    ...(account.options ?? []).map(
      ({ asset, type, strikeUsd, expiresAt, impliedVolatility, sizeTokens }): Grid.Position => ({
        kind: 'option',
        asset,
        size: sizeTokens,
        strikeUsd,
        years: yearsLeft(expiresAt, market),
        volatility: impliedVolatility,
        isCall: type === 'call',
      }),
    ),
  ];
}

function valuesOf(kernel: Kernel, options: NonNullable<DerivativeAccount['options']>, market: Market) {
  const column = (read: (option: (typeof options)[number]) => number) => Float64Array.from(options, read);
  return kernel.options({
    forward: column(({ asset }) => market.priceUsd[asset]!),
    strike: column(({ strikeUsd }) => strikeUsd),
    years: column(({ expiresAt }) => yearsLeft(expiresAt, market)),
    volatility: column(({ impliedVolatility }) => impliedVolatility),
    rate: column(() => 0),
    side: column(({ type }) => (type === 'call' ? 1 : -1)),
  });
}

function yearsLeft(expiresAt: string, { asOf }: Market): number {
  return Math.max(0, (Date.parse(expiresAt) - Date.parse(asOf)) / MS_PER_YEAR);
}
