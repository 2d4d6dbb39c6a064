/**
 * Student-t copula: joint extremes that the normal copula does not have.
 *
 *   C(u) = T_{ν,R}(T_ν⁻¹(u_1), …, T_ν⁻¹(u_N));  tail dependence of a pair 2·T_{ν+1}(−√((ν+1)(1−ρ)/(1+ρ)))
 *
 * Embrechts, McNeil, Straumann (2002). R is given (the correlation of normal scores) and ν maximises the likelihood of the rank
 * scores of the bars on which every asset was observed (maximum pseudo-likelihood: Genest, Ghoudi, Rivest 1995).
 */
import { tryCholesky } from './math/linear.ts';
import { goldenSection } from './math/optimize.ts';
import { lgamma, tQuantile } from './math/special.ts';
import { uniformScores } from './math/statistics.ts';

export type CopulaFit = {
  readonly nu: number;
  readonly logLikelihood: number;
  readonly observations: number;
  readonly converged: boolean;
  readonly evaluations: number;
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

const MIN_NU = 2.1;
const MAX_NU = 100;
const MIN_ROWS = 250;
/** Used where there are too few common bars to estimate: heavier joint tails than most crypto pairs show. */
const FALLBACK_NU = 4;

/** Columns of values, NaN where not observed; `matrix` a flat correlation matrix; at most the last `maxRows` common bars. */
export function fit(columns: readonly Float64Array[], matrix: Float64Array, maxRows: number): CopulaFit {
  const size = columns.length;
  const common: number[] = [];
  for (let t = (columns[0]?.length ?? 0) - 1; t >= 0 && common.length < maxRows; t -= 1) {
    if (columns.every((column) => !Number.isNaN(column[t]!))) common.push(t);
  }
  const rows = common.length;
  if (rows < MIN_ROWS || size < 2) {
    const warnings = [`${rows} common bars of ${size} assets: degrees of freedom set to ${FALLBACK_NU}, not estimated`];
    return { nu: FALLBACK_NU, logLikelihood: 0, observations: rows, converged: false, evaluations: 0, atBound: [], warnings };
  }
  // Ranks over the same bars: every column holds the same scores, so one table of quantiles serves all.
  const ranks = columns.map((column) => uniformScores(common.map((t) => column[t]!)).map((u) => Math.round(u * (rows + 1)) - 1));
  let evaluations = 0;
  const value = (logNu: number): number => {
    evaluations += 1;
    return -logLikelihoodOfRanks(ranks, rows, matrix, Math.exp(logNu));
  };
  const best = goldenSection(value, Math.log(MIN_NU), Math.log(MAX_NU), 1e-3);
  const nu = Math.exp(best.x);
  return {
    nu,
    logLikelihood: -best.value,
    observations: rows,
    converged: true,
    evaluations,
    atBound: nu < MIN_NU * 1.01 || nu > MAX_NU * 0.99 ? ['nu'] : [],
    warnings: [],
  };
}

function logLikelihoodOfRanks(ranks: readonly Float64Array[], rows: number, matrix: Float64Array, nu: number): number {
  const size = ranks.length;
  const factor = new Float64Array(size * size);
  if (!tryCholesky(matrix, size, factor)) return Number.NEGATIVE_INFINITY;
  const quantile = Float64Array.from({ length: rows }, (_, rank) => tQuantile((rank + 1) / (rows + 1), nu));
  const logMargin = quantile.map((x) => 0.5 * (nu + 1) * Math.log1p((x * x) / nu));
  let logDeterminant = 0;
  for (let i = 0; i < size; i += 1) logDeterminant += Math.log(factor[i * size + i]!);
  const constant = lgamma((nu + size) / 2) + (size - 1) * lgamma(nu / 2) - size * lgamma((nu + 1) / 2) - logDeterminant;
  const y = new Float64Array(size);
  let total = rows * constant;
  for (let t = 0; t < rows; t += 1) {
    let squares = 0;
    for (let i = 0; i < size; i += 1) {
      const rank = ranks[i]![t]!;
      let value = quantile[rank]!;
      for (let k = 0; k < i; k += 1) value -= factor[i * size + k]! * y[k]!;
      value /= factor[i * size + i]!;
      y[i] = value;
      squares += value * value;
      total += logMargin[rank]!;
    }
    total -= 0.5 * (nu + size) * Math.log1p(squares / nu);
  }
  return total;
}
