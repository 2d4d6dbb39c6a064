/**
 * One loss per path to a few figures, reduced in path order. Only + − × ÷ √ and the kernel's exp and log.
 *
 * VaR: order statistic ⌈n·level⌉. ES: mean of the worst n(1 − level) paths, the boundary path counted in part
 * (Acerbi and Tasche 2002). Its standard error: √((Var(tail) + level·(ES − VaR)²) / (n(1 − level))) (Manistre and Hancock 2005).
 */
import type { Kernel } from '../../kernel/kernel.ts';
import type { LossSummary, PathResults } from './evidence.ts';

export type Risk = { readonly level: number; readonly budgetUsd: number };

const CONFIDENCE = 0.95;
/** Halvings of [0, 1]: past the last bit of a double near 1. */
const HALVINGS = 60;

/** Bad debt plus the margin shortfall the insurance fund cannot pay, by path. */
export function losses(paths: PathResults, insuranceFundUsd: number): number[] {
  return paths.badDebtUsd.map((badDebt, path) => badDebt + Math.max(0, paths.marginShortfallUsd[path]! - insuranceFundUsd));
}

export function summarise(kernel: Kernel, paths: PathResults, insuranceFundUsd: number, risk: Risk): LossSummary {
  const loss = losses(paths, insuranceFundUsd);
  const count = loss.length;
  const meanUsd = mean(loss);
  const tail = tailOf(loss, risk.level);
  const overBudgetPaths = loss.filter((usd) => usd > risk.budgetUsd).length;
  return {
    paths: count,
    meanUsd,
    meanStandardErrorUsd: count > 1 ? Math.sqrt(squares(loss, meanUsd) / (count - 1) / count) : 0,
    level: risk.level,
    valueAtRiskUsd: tail.valueAtRisk,
    expectedShortfallUsd: tail.expectedShortfall,
    expectedShortfallStandardErrorUsd: tail.standardError,
    worstUsd: loss.reduce((worst, usd) => Math.max(worst, usd), 0),
    budgetUsd: risk.budgetUsd,
    overBudgetPaths,
    overBudgetProbabilityUpper: upperBound(kernel, overBudgetPaths, count),
    meanLiquidatedUsd: mean(paths.liquidatedUsd),
    meanPenaltyUsd: mean(paths.penaltyUsd),
    meanLiquidatedAccounts: mean(paths.liquidatedAccounts),
    meanMarginShortfallUsd: mean(paths.marginShortfallUsd),
    meanDeleveragedUsd: mean(paths.deleveragedUsd),
  };
}

/** One-sided Clopper-Pearson: the largest p under which `hits` or fewer of `count` still has probability 1 − confidence. */
export function upperBound(kernel: Kernel, hits: number, count: number, confidence = CONFIDENCE): number {
  if (hits >= count) return 1;
  let logChoose = 0;
  for (let k = 1; k <= hits; k += 1) logChoose += kernel.log((count - hits + k) / k);
  let low = hits / count;
  let high = 1;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const p = 0.5 * (low + high);
    if (binomialBelow(kernel, hits, count, p, logChoose) > 1 - confidence) low = p;
    else high = p;
  }
  return high;
}

/** P(X ≤ hits) for X binomial, hits ≤ count·p: terms fall from `hits` downwards, so the sum is short and stable. */
function binomialBelow(kernel: Kernel, hits: number, count: number, p: number, logChoose: number): number {
  if (p >= 1) return 0;
  let term = kernel.exp(logChoose + hits * kernel.log(p) + (count - hits) * kernel.log(1 - p));
  if (hits === 0) term = kernel.exp(count * kernel.log(1 - p));
  let sum = term;
  for (let k = hits; k > 0 && term > sum * 1e-18; k -= 1) {
    term *= (k / (count - k + 1)) * ((1 - p) / p);
    sum += term;
  }
  return sum;
}

function tailOf(loss: readonly number[], level: number) {
  const sorted = Float64Array.from(loss).sort();
  const count = sorted.length;
  const position = Math.min(count, Math.max(1, Math.ceil(count * level)));
  const valueAtRisk = sorted[position - 1]!;
  const weight = count * (1 - level);
  let sum = (position - count * level) * valueAtRisk;
  for (let index = position; index < count; index += 1) sum += sorted[index]!;
  const expectedShortfall = weight > 0 ? Math.max(valueAtRisk, sum / weight) : valueAtRisk;
  const beyond = sorted.subarray(position - 1);
  const variance = beyond.length > 1 ? squares(beyond, mean(beyond)) / (beyond.length - 1) : 0;
  const excess = expectedShortfall - valueAtRisk;
  return { valueAtRisk, expectedShortfall, standardError: weight > 0 ? Math.sqrt((variance + level * excess * excess) / weight) : 0 };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += values[index]!;
  return sum / values.length;
}

function squares(values: ArrayLike<number>, centre: number): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += (values[index]! - centre) * (values[index]! - centre);
  return sum;
}
