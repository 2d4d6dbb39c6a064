/**
 * One loss per path to a few figures, reduced in path order. Only + − × ÷ √ and the kernel's exp and log.
 *
 * Every path counts by its weight w, W = Σw; without a tilt w = 1. VaR: the least loss with level·W of weight at or below it. ES: mean
 * of the worst (1 − level)·W, the boundary path counted in part (Acerbi and Tasche 2002). Standard errors are those of ratio
 * estimates, √Σw²(x − mean)²/W, for ES with x = max(loss − VaR, 0)/(1 − level) (w = 1: Manistre and Hancock 2005); they take paths
 * as drawn independently from the mixture (Owen, Monte Carlo theory, methods and examples, §9.2).
 */
import { z } from 'zod';
import type { Kernel } from '../../kernel/kernel.ts';
import { upperBound } from './bound.ts';
import type { LossSummary, PathResults } from './evidence.ts';

export type Risk = { readonly level: number; readonly budgetUsd: number };

/** One loss per path, and what it counts. */
export type Sample = {
  readonly lossUsd: readonly number[];
  readonly weight: readonly number[];
  readonly largestWeight: number;
};

/** USD; the standard error is that of the expected shortfall. */
export const Tail = z
  .strictObject({ valueAtRiskUsd: z.number(), expectedShortfallUsd: z.number(), standardErrorUsd: z.number().nonnegative() })
  .readonly();
export type Tail = z.infer<typeof Tail>;

/** Bad debt plus the margin shortfall the insurance fund cannot pay, by path. */
export function losses(paths: Pick<PathResults, 'badDebtUsd' | 'marginShortfallUsd'>, insuranceFundUsd: number): number[] {
  return paths.badDebtUsd.map((badDebt, path) => badDebt + Math.max(0, paths.marginShortfallUsd[path]! - insuranceFundUsd));
}

export function summarise(
  kernel: Kernel,
  paths: PathResults,
  { insuranceFundUsd, largestWeight }: { readonly insuranceFundUsd: number; readonly largestWeight: number },
  risk: Risk,
): LossSummary {
  const { weight } = paths;
  const sample = { lossUsd: losses(paths, insuranceFundUsd), weight, largestWeight };
  const { lossUsd } = sample;
  const tail = tailOf(sample, risk.level);
  const over = overBudget(kernel, sample, risk.budgetUsd);
  const meanUsd = mean(lossUsd, weight);
  return {
    paths: lossUsd.length,
    meanUsd,
    meanStandardErrorUsd: standardError(lossUsd, weight, meanUsd),
    level: risk.level,
    valueAtRiskUsd: tail.valueAtRiskUsd,
    expectedShortfallUsd: tail.expectedShortfallUsd,
    expectedShortfallStandardErrorUsd: tail.standardErrorUsd,
    worstUsd: lossUsd.reduce((worst, usd) => Math.max(worst, usd), 0),
    budgetUsd: risk.budgetUsd,
    overBudgetPaths: over.paths,
    overBudgetProbability: over.probability,
    overBudgetProbabilityUpper: over.upper,
    meanLiquidatedUsd: mean(paths.liquidatedUsd, weight),
    meanPenaltyUsd: mean(paths.penaltyUsd, weight),
    meanLiquidatedAccounts: mean(paths.liquidatedAccounts, weight),
    meanMarginShortfallUsd: mean(paths.marginShortfallUsd, weight),
    meanDeleveragedUsd: mean(paths.deleveragedUsd, weight),
  };
}

/** Of paths with more than the budget: their number, weighted share, and the share's upper bound. */
export function overBudget(kernel: Kernel, { lossUsd, weight, largestWeight }: Sample, budgetUsd: number) {
  const over = weight.filter((_, path) => lossUsd[path]! > budgetUsd);
  const probability = Math.min(1, total(over) / total(weight));
  return { paths: over.length, probability, upper: upperBound(kernel, over, lossUsd.length, largestWeight) };
}

export function tailOf({ lossUsd, weight }: Pick<Sample, 'lossUsd' | 'weight'>, level: number): Tail {
  const order = Uint32Array.from(lossUsd, (_, path) => path).sort((a, b) => lossUsd[a]! - lossUsd[b]! || a - b);
  const all = total(weight);
  let below = 0;
  let position = 0;
  while (position < order.length) {
    below += weight[order[position]!]!;
    position += 1;
    if (below >= all * level) break;
  }
  const valueAtRiskUsd = lossUsd[order[position - 1]!]!;
  let sum = (below - all * level) * valueAtRiskUsd;
  for (let index = position; index < order.length; index += 1) sum += weight[order[index]!]! * lossUsd[order[index]!]!;
  const beyond = all * (1 - level);
  const excess = lossUsd.map((usd) => Math.max(0, usd - valueAtRiskUsd));
  return {
    valueAtRiskUsd,
    expectedShortfallUsd: beyond > 0 ? Math.max(valueAtRiskUsd, sum / beyond) : valueAtRiskUsd,
    standardErrorUsd: standardError(excess, weight, mean(excess, weight)) / (1 - level),
  };
}

export function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index]!;
  return sum;
}

export function mean(values: readonly number[], weight: readonly number[]): number {
  let sum = 0;
  for (let path = 0; path < values.length; path += 1) sum += weight[path]! * values[path]!;
  return sum / total(weight);
}

export function standardError(values: readonly number[], weight: readonly number[], centre: number): number {
  const count = values.length;
  if (count < 2) return 0;
  let sum = 0;
  for (let path = 0; path < count; path += 1) {
    const part = weight[path]! * (values[path]! - centre);
    sum += part * part;
  }
  return Math.sqrt((sum * count) / (count - 1)) / total(weight);
}
