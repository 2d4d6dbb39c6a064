/**
 * Imputation: what an account's collateral was made of, where a table gives only its total and health factor.
 *
 * What is known of an account: the mean liquidation threshold of its collateral, τ = health × debt / collateral. Every rule matches
 * τ where the assets allow it, and says by how much it does not.
 *
 * - `proportional`: the book's own mix, bent as little as possible: weights w_i ∝ m_i · exp(λ t_i) with Σ w_i t_i = τ (least
 *   relative entropy). Nothing an account has borrowed counts as its collateral unless τ needs it.
 * - `concentrated`: as few assets as possible: the asset whose threshold is τ (a seeded draw where several have it), else the two
 *   neighbours around τ. No stablecoins against stablecoin debt unless τ needs them: the rule with the largest price risk.
 * - `correlated`: assets of the debt's own family (ETH coins against ETH, BTC coins against BTC, stablecoins against stablecoins)
 *   wherever τ allows, else as `proportional`: the rule with the smallest price risk.
 *
 * The mix m is measured on the book: collateral of the accounts whose τ is one asset's threshold, shared inside a group of equal
 * thresholds by supply cap in USD, stablecoins at `STABLE_SHARE` of theirs (most of their supply is lent, not borrowed against).
 */
import { PURPOSE, uniform } from '../../base/random.ts';
import type { Kernel } from '../../kernel/kernel.ts';

export type Rule = 'proportional' | 'concentrated' | 'correlated';
export const RULES: readonly Rule[] = ['proportional', 'concentrated', 'correlated'];

export type Family = 'ETH' | 'BTC' | 'USD' | 'other';
export type Candidate = { readonly asset: string; readonly family: Family; readonly threshold: number; readonly supplyCapUsd: number };
export type Weight = { readonly asset: string; readonly weight: number };

export type Account = {
  readonly index: number;
  /** Mean liquidation threshold of its collateral. */
  readonly threshold: number;
  readonly debtAssets: readonly string[];
  readonly debtFamily: Family;
  /** Where not empty, only these (its eMode's assets). */
  readonly within: readonly string[];
};

/** Table values have four digits of health: an implied threshold is known to about this. */
export const TOLERANCE = 0.0015;
const STABLE_SHARE = 0.1;
/** Prior weight of the debt's own family under `correlated`, times the mix. */
const FAMILY_PULL = 1000;
/** Weights below this are noise of the rule: dropped, the rest bent again. */
const SMALLEST_WEIGHT = 0.02;
const MAX_TILT = 5000;

/** Shares of the book's collateral by asset, summing to 1. */
export function mixOf(
  candidates: readonly Candidate[],
  accounts: readonly { readonly threshold: number; readonly collateralUsd: number }[],
): Map<string, number> {
  const mix = new Map(candidates.map(({ asset }) => [asset, 0]));
  for (const { threshold, collateralUsd } of accounts) {
    const group = candidates.filter((one) => Math.abs(one.threshold - threshold) <= TOLERANCE);
    const total = group.reduce((sum, one) => sum + capOf(one), 0);
    for (const one of group) mix.set(one.asset, mix.get(one.asset)! + (collateralUsd * capOf(one)) / total);
  }
  const total = [...mix.values()].reduce((sum, usd) => sum + usd, 0);
  // An asset that nobody holds alone still exists: a hundredth of a per cent keeps it possible.
  return new Map([...mix].map(([asset, usd]) => [asset, Math.max(1e-4, total === 0 ? 1 : usd / total)]));
}

/** Weights of at least `SMALLEST_WEIGHT` that sum to 1, and what they miss of the account's threshold. */
export function impute(
  kernel: Kernel,
  rule: Rule,
  seed: number,
  account: Account,
  candidates: readonly Candidate[],
  mix: ReadonlyMap<string, number>,
): { readonly weights: readonly Weight[]; readonly missed: number } {
  const { threshold, debtAssets, debtFamily, within } = account;
  const allowed = within.length === 0 ? candidates : candidates.filter(({ asset }) => within.includes(asset));
  const foreign = allowed.filter(({ asset }) => !debtAssets.includes(asset));
  const volatile = foreign.filter(({ family }) => debtFamily !== 'USD' || family !== 'USD');
  const pool = [rule === 'concentrated' ? volatile : foreign, foreign, allowed].find((some) => reaches(some, threshold)) ?? allowed;
  const weights = rule === 'concentrated' ? concentrate(seed, account, pool) : tilt(kernel, rule, account, pool, mix);
  const reached = weights.reduce((sum, { asset, weight }) => sum + weight * candidates.find((one) => one.asset === asset)!.threshold, 0);
  return { weights, missed: reached - threshold };
}

function concentrate(seed: number, account: Account, pool: readonly Candidate[]): Weight[] {
  const draw = (group: readonly Candidate[], lane: number): Candidate => {
    let left = uniform(seed, PURPOSE.imputation, account.index, 0, lane) * group.reduce((sum, one) => sum + capOf(one), 0);
    for (const one of group) {
      if (left < capOf(one)) return one;
      left -= capOf(one);
    }
    return group.at(-1)!;
  };
  const level = (threshold: number): Candidate[] => pool.filter((one) => Math.abs(one.threshold - threshold) < 1e-9);
  const nearest = pool.reduce((best, one) =>
    Math.abs(one.threshold - account.threshold) < Math.abs(best.threshold - account.threshold) ? one : best,
  );
  const below = pool.filter((one) => one.threshold < account.threshold).map((one) => one.threshold);
  const above = pool.filter((one) => one.threshold > account.threshold).map((one) => one.threshold);
  if (Math.abs(nearest.threshold - account.threshold) <= TOLERANCE || below.length === 0 || above.length === 0) {
    return [{ asset: draw(level(nearest.threshold), 0).asset, weight: 1 }];
  }
  const low = draw(level(Math.max(...below)), 0);
  const high = draw(level(Math.min(...above)), 1);
  const share = (account.threshold - low.threshold) / (high.threshold - low.threshold);
  return [
    { asset: low.asset, weight: 1 - share },
    { asset: high.asset, weight: share },
  ];
}

function tilt(kernel: Kernel, rule: Rule, account: Account, pool: readonly Candidate[], mix: ReadonlyMap<string, number>): Weight[] {
  const prior = (one: Candidate): number =>
    mix.get(one.asset)! * (rule === 'correlated' && one.family === account.debtFamily ? FAMILY_PULL : 1);
  let kept = pool;
  for (;;) {
    const weights = bend(kernel, kept, kept.map(prior), account.threshold);
    const large = kept.filter((_, index) => weights[index]! >= SMALLEST_WEIGHT);
    if (large.length === kept.length || !reaches(large, account.threshold))
      return kept.flatMap((one, index) => entry(one, weights[index]!));
    kept = large;
  }
}

function entry({ asset }: Candidate, weight: number): Weight[] {
  return weight > 1e-6 ? [{ asset, weight }] : [];
}

/** w_i ∝ prior_i · exp(λ t_i), λ by bisection: the mean threshold rises with λ. */
function bend(kernel: Kernel, pool: readonly Candidate[], prior: readonly number[], threshold: number): number[] {
  const at = (lambda: number): number[] => {
    const raw = pool.map((one, index) => prior[index]! * kernel.exp(lambda * (one.threshold - threshold)));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return raw.map((weight) => weight / total);
  };
  let low = -MAX_TILT;
  let high = MAX_TILT;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    const mean = at(middle).reduce((sum, weight, index) => sum + weight * pool[index]!.threshold, 0);
    if (mean < threshold) low = middle;
    else high = middle;
  }
  return at((low + high) / 2);
}

function reaches(pool: readonly Candidate[], threshold: number): boolean {
  if (pool.length === 0) return false;
  const levels = pool.map((one) => one.threshold);
  return Math.min(...levels) <= threshold + TOLERANCE && Math.max(...levels) >= threshold - TOLERANCE;
}

function capOf({ supplyCapUsd, family }: Candidate): number {
  return Math.max(1, supplyCapUsd) * (family === 'USD' ? STABLE_SHARE : 1);
}
