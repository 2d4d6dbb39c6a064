/**
 * StressEvidence: what would have happened to the book under the given parameters, one number per path.
 *
 * Sums of floats are not associative: losses stay per path and are reduced once, in index order, whoever computed them.
 */
import { z } from 'zod';
import { Id } from '../../base/id.ts';
import { RiskParameters } from '../../datasets/state.ts';

const PerPath = z.array(z.number().nonnegative()).readonly();

/** One number per path of the range, in path order. USD. */
export const PathResults = z
  .strictObject({
    /** What the path counts in every average: density under the law over density under the tilted mixture; 1 untilted. */
    weight: PerPath,
    /** Σ over accounts of max(0, debt − collateral at executable price) at the horizon, lending. */
    badDebtUsd: PerPath,
    /** Debt repaid by liquidators. */
    liquidatedUsd: PerPath,
    /** Bonus paid by borrowers. */
    penaltyUsd: PerPath,
    liquidatedAccounts: PerPath,
    /** Liquidated although the account would have ended the horizon above 1 untouched. */
    needlessAccounts: PerPath,
    /** Derivative accounts: shortfall after liquidation, before the insurance fund. */
    marginShortfallUsd: PerPath,
    /** Of the shortfall beyond the insurance fund: what winners give up, at most their profit. */
    deleveragedUsd: PerPath,
  })
  .readonly();
export type PathResults = z.infer<typeof PathResults>;

export const NamedResult = z
  .strictObject({
    name: z.string(),
    badDebtUsd: z.number().nonnegative(),
    liquidatedUsd: z.number().nonnegative(),
    penaltyUsd: z.number().nonnegative(),
    liquidatedAccounts: z.number().nonnegative(),
    marginShortfallUsd: z.number().nonnegative(),
    deleveragedUsd: z.number().nonnegative(),
  })
  .readonly();
export type NamedResult = z.infer<typeof NamedResult>;

/** Loss = bad debt + margin shortfall beyond the insurance fund. */
export const LossSummary = z
  .strictObject({
    paths: z.int().positive(),
    meanUsd: z.number().nonnegative(),
    meanStandardErrorUsd: z.number().nonnegative(),
    /** Level of VaR and expected shortfall, e.g. 0.99. */
    level: z.number().gt(0).lt(1),
    valueAtRiskUsd: z.number().nonnegative(),
    expectedShortfallUsd: z.number().nonnegative(),
    expectedShortfallStandardErrorUsd: z.number().nonnegative(),
    worstUsd: z.number().nonnegative(),
    budgetUsd: z.number().nonnegative(),
    overBudgetPaths: z.int().nonnegative(),
    /** Weighted share of paths over the budget. */
    overBudgetProbability: z.number().min(0).max(1),
    /** One-sided 95 % bound on it: Clopper-Pearson, or by betting where paths have weights (summary.ts). */
    overBudgetProbabilityUpper: z.number().min(0).max(1),
    meanLiquidatedUsd: z.number().nonnegative(),
    meanPenaltyUsd: z.number().nonnegative(),
    meanLiquidatedAccounts: z.number().nonnegative(),
    meanMarginShortfallUsd: z.number().nonnegative(),
    meanDeleveragedUsd: z.number().nonnegative(),
  })
  .readonly();
export type LossSummary = z.infer<typeof LossSummary>;

export const AccountImpact = z
  .strictObject({
    account: z.string(),
    debtUsd: z.number().nonnegative(),
    health: z.number().nonnegative(),
    /** Share of paths in which the account is liquidated at least once. */
    liquidationProbability: z.number().min(0).max(1),
    expectedBadDebtUsd: z.number().nonnegative(),
  })
  .readonly();
export type AccountImpact = z.infer<typeof AccountImpact>;

export const StressEvidence = z
  .strictObject({
    kind: z.literal('stress-evidence'),
    id: Id,
    from: z.strictObject({ state: Id, model: Id, scenarios: Id }).readonly(),
    /** SHA-256 of the kernel's WASM module: other code, other evidence. */
    kernel: Id,
    parameters: z.record(z.string(), RiskParameters).readonly(),
    /** No path weighs more; 1 untilted. */
    largestWeight: z.number().min(1),
    paths: PathResults,
    named: z.array(NamedResult).readonly(),
    summary: LossSummary,
    /** The fifty accounts that lose most, worst first. */
    accounts: z.array(AccountImpact).readonly(),
  })
  .readonly();
export type StressEvidence = z.infer<typeof StressEvidence>;
