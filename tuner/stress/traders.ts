/** Derivative accounts as flat arrays: rows of perpetuals and collateral, the book's distinct option series, the venue's grid. */
import { PlimsollError } from '../../base/errors.ts';
import { type DerivativeAccount, type MarginRule, margined, type OptionPosition, scenariosOf } from '../../datasets/derivatives.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import { type BookInput, POSITION } from '../../kernel/job.ts';
import type { LiquidatorCosts } from './book.ts';

/** Everything of a `BookInput` that concerns traders, before multipliers and haircuts are applied. */
export type Traders = {
  readonly accounts: readonly string[];
  readonly input: Pick<
    BookInput,
    | 'traders'
    | 'positionStart'
    | 'positionAsset'
    | 'positionTokens'
    | 'positionKind'
    | 'positionCredit'
    | 'startEquity'
    | 'marginShock'
    | 'marginContingency'
    | 'optionContingency'
    | 'fundingRate'
    | 'volatilityRange'
    | 'optionStart'
    | 'optionSeries'
    | 'optionTokens'
    | 'series'
    | 'grid'
    | 'optionSpread'
    | 'optionTick'
    | 'volatilityBeta'
    | 'insuranceFundUsd'
  >;
};

const FUNDING_SECONDS = 8 * 3_600;
const MS_PER_YEAR = 365 * 86_400_000;
/** No rule, no derivatives: a grid that asks nothing. */
const NO_RULE: MarginRule = { shockByAsset: {}, gridSteps: 1, initialToMaintenance: 1, contingencyFraction: 0 };

/** Assets that an account's value depends on. */
export function assetsOf(account: DerivativeAccount): string[] {
  return [...account.perps, ...(account.options ?? []), ...(account.collateral ?? [])].map(({ asset }) => asset);
}

export function flatten(state: ProtocolState, stepSeconds: number, costs: LiquidatorCosts): Traders {
  const position = new Map(state.assets.map(({ asset }, index) => [asset, index]));
  const place = (asset: string) => {
    const index = position.get(asset);
    if (index !== undefined) return index;
    throw new UnknownUnderlyingError({ got: asset, needed: `one of ${[...position.keys()].join(', ')}`, where: 'state.derivatives' });
  };
  const rule = state.marginRule ?? NO_RULE;
  const accounts = margined(state.derivatives).filter((account) => account.perps.length + (account.options?.length ?? 0) > 0);
  const rows = accounts.map(({ perps, collateral = [] }) => [
    ...perps.map(({ asset, sizeTokens, inverse }) => ({
      asset: place(asset),
      tokens: sizeTokens,
      kind: inverse ? POSITION.inverse : POSITION.linear,
    })),
    ...collateral.map(({ asset, amountTokens }) => ({ asset: place(asset), tokens: amountTokens, kind: POSITION.collateral })),
  ]);
  const flat = rows.flat();
  const known = new Map<string, { readonly index: number; readonly option: OptionPosition }>();
  const held = accounts.map(({ options = [] }) =>
    options.map((option) => {
      const { sizeTokens, ...contract } = option;
      const key = JSON.stringify([contract.asset, contract.type, contract.strikeUsd, contract.expiresAt, contract.impliedVolatility]);
      const found = known.get(key) ?? { index: known.size, option };
      known.set(key, found);
      return { series: found.index, tokens: sizeTokens };
    }),
  );
  const series = [...known.values()].map(({ option }) => option);
  for (const asset of new Set([...accounts.flatMap(({ perps }) => perps), ...series].map((one) => one.asset))) {
    if (rule.shockByAsset[asset] !== undefined) continue;
    throw new NoMarginRuleError({ got: `positions in ${asset} without a shock`, needed: 'marginRule.shockByAsset for it', where: 'state' });
  }
  const asOfMs = Date.parse(state.asOf);
  const scenarios = scenariosOf(rule);
  const byAsset = (values: Readonly<Record<string, number>> | undefined) =>
    Float64Array.from(state.assets, ({ asset }) => values?.[asset] ?? 0);
  const spread = (value: number) => new Float64Array(state.assets.length).fill(value);
  return {
    accounts: accounts.map(({ account }) => account),
    input: {
      traders: accounts.length,
      positionStart: starts(rows),
      positionAsset: Int32Array.from(flat, ({ asset }) => asset),
      positionTokens: Float64Array.from(flat, ({ tokens }) => tokens),
      positionKind: Int32Array.from(flat, ({ kind }) => kind),
      positionCredit: new Float64Array(flat.length),
      startEquity: Float64Array.from(accounts, ({ equityUsd }) => equityUsd),
      marginShock: byAsset(rule.shockByAsset),
      marginContingency: spread(rule.contingencyFraction),
      optionContingency: spread(rule.optionContingencyFraction ?? 0),
      fundingRate: byAsset(rule.fundingPer8hByAsset).map((rate) => (rate * stepSeconds) / FUNDING_SECONDS),
      volatilityRange: byAsset(rule.volatilityRangeByAsset),
      optionStart: starts(held),
      optionSeries: Int32Array.from(held.flat(), (row) => row.series),
      optionTokens: Float64Array.from(held.flat(), ({ tokens }) => tokens),
      series: {
        asset: Int32Array.from(series, ({ asset }) => place(asset)),
        strike: Float64Array.from(series, ({ strikeUsd }) => strikeUsd),
        years: Float64Array.from(series, ({ expiresAt }) => Math.max(0, (Date.parse(expiresAt) - asOfMs) / MS_PER_YEAR)),
        volatility: Float64Array.from(series, ({ impliedVolatility }) => impliedVolatility),
        side: Float64Array.from(series, ({ type }) => (type === 'call' ? 1 : -1)),
      },
      grid: {
        price: Float64Array.from(scenarios, ({ price }) => price),
        volatility: Float64Array.from(scenarios, ({ volatility }) => volatility),
        weight: Float64Array.from(scenarios, ({ weight }) => weight),
      },
      optionSpread: costs.optionSpread,
      optionTick: costs.optionTick,
      volatilityBeta: rule.volatilityBeta ?? 0,
      insuranceFundUsd: state.insuranceFundUsd,
    },
  };
}

function starts(lists: readonly (readonly unknown[])[]): Int32Array {
  const start = new Int32Array(lists.length + 1);
  lists.forEach((list, index) => {
    start[index + 1] = start[index]! + list.length;
  });
  return start;
}

export class NoMarginRuleError extends PlimsollError {
  override readonly name = 'Traders.NoMarginRuleError';
}

export class UnknownUnderlyingError extends PlimsollError {
  override readonly name = 'Traders.UnknownUnderlyingError';
}
