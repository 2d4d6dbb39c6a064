/**
 * Derivative accounts and the rule by which a venue margins them.
 *
 * Sizes are whole tokens, negative = short; prices are USD. An account is cross-margined; each of its isolated positions stands by itself with the
 * margin given to it. Fields that a venue does not have are left out.
 */
import { z } from 'zod';
import { AssetName } from './panel.ts';

/** Profit since `state.asOf` = size × (price − priceUsd). An inverse contract's size is USD of contracts / priceUsd; it is paid in the coin. */
export const PerpPosition = z.strictObject({ asset: AssetName, sizeTokens: z.number(), inverse: z.literal(true).optional() }).readonly();
export type PerpPosition = z.infer<typeof PerpPosition>;

/** European, on the asset's price as forward. Paid in USD or in the coin: its value in USD is the same. */
export const OptionPosition = z
  .strictObject({
    asset: AssetName,
    type: z.enum(['call', 'put']),
    strikeUsd: z.number().positive(),
    expiresAt: z.iso.datetime(),
    /** The venue's mark, a year, 1 = 100 %. */
    impliedVolatility: z.number().positive().max(20),
    sizeTokens: z.number(),
  })
  .readonly();
export type OptionPosition = z.infer<typeof OptionPosition>;

export const IsolatedPerp = z.strictObject({ perp: PerpPosition, equityUsd: z.number() }).readonly();

export const DerivativeAccount = z
  .strictObject({
    account: z.string(),
    /** Cash and unrealised profit at `asOf`; collateral in coins and what options are worth stand beside it. */
    equityUsd: z.number(),
    perps: z.array(PerpPosition).readonly(),
    options: z.array(OptionPosition).readonly().optional(),
    /** Counts after the asset's haircut, and moves with its price. */
    collateral: z
      .array(z.strictObject({ asset: AssetName, amountTokens: z.number().positive() }).readonly())
      .readonly()
      .optional(),
    isolated: z.array(IsolatedPerp).readonly().optional(),
  })
  .readonly();
export type DerivativeAccount = z.infer<typeof DerivativeAccount>;

/** `price` in units of the asset's shock, `volatility` of its range; `weight`: the share of the profit that counts. */
export const MarginScenario = z.strictObject({ price: z.number(), volatility: z.number(), weight: z.number().positive() }).readonly();
export type MarginScenario = z.infer<typeof MarginScenario>;

/** The venue's base margin: worst loss over the grid plus contingencies, before the asset's margin multiplier. */
export const MarginRule = z
  .strictObject({
    /** Price moves of the scenario grid as fractions, e.g. ±0.18 × {1/3, 2/3, 1}, by asset. */
    shockByAsset: z.record(z.string(), z.number().positive()).readonly(),
    gridSteps: z.int().positive().max(20),
    /** Initial margin = initialToMaintenance × maintenance margin. */
    initialToMaintenance: z.number().min(1),
    /** Added to the worst loss: fraction of gross notional of perpetuals. */
    contingencyFraction: z.number().nonnegative(),
    /** The grid itself, where it is not `gridSteps` even steps each way, with volatility up, as it is and down. */
    scenarios: z.array(MarginScenario).min(1).max(200).readonly().optional(),
    /** How far the grid moves implied volatility, as a share of it, by asset. */
    volatilityRangeByAsset: z.record(z.string(), z.number().nonnegative().max(5)).readonly().optional(),
    /** Added for every option sold: fraction of the underlying's price. */
    optionContingencyFraction: z.number().nonnegative().optional(),
    /** What longs pay shorts each eight hours, as a fraction of notional, by asset: declared, and held. */
    fundingPer8hByAsset: z.record(z.string(), z.number().min(-0.1).max(0.1)).readonly().optional(),
    /** −∂ ln σ / ∂ ln price: how implied volatility answers the price. Declared. */
    volatilityBeta: z.number().min(-5).max(5).optional(),
  })
  .readonly();
export type MarginRule = z.infer<typeof MarginRule>;

/** The rule's grid: as given, or even steps of the price with three volatilities where the rule moves volatility at all. */
export function scenariosOf(rule: MarginRule): readonly MarginScenario[] {
  if (rule.scenarios !== undefined) return rule.scenarios;
  const volatilities = rule.volatilityRangeByAsset === undefined ? [0] : [1, 0, -1];
  const steps = Array.from({ length: 2 * rule.gridSteps + 1 }, (_, step) => (step - rule.gridSteps) / rule.gridSteps);
  return steps.flatMap((price) => volatilities.map((volatility) => ({ price, volatility, weight: 1 })));
}

/** Accounts as the venue margins them: isolated positions split off, each named after its account and asset. */
export function margined(accounts: readonly DerivativeAccount[]): readonly DerivativeAccount[] {
  return accounts.flatMap((account) => {
    const { isolated = [], ...cross } = account;
    return [
      cross,
      ...isolated.map(({ perp, equityUsd }, index) => ({
        account: `${account.account}/${perp.asset}-${index + 1}`,
        equityUsd,
        perps: [perp],
      })),
    ];
  });
}
