/**
 * Conditional extreme value theory: value at risk and expected shortfall of the next bar (McNeil and Frey 2000).
 *
 *   VaR = −μ + √h · z_p,   ES = −μ + √h · (z_p + σ − ξ u)/(1 − ξ)
 *
 * GJR-t takes out the clustering; beyond the threshold u, the losses −z of its standardised residuals are generalised Pareto. Losses are
 * positive, in percent. p is the probability of a loss beyond VaR and lies below the share of the residuals in the tail.
 */
import { PlimsollError } from '../base/errors.ts';
import * as Garch from './garch.ts';
import { quantileOfSorted, sorted } from './math/statistics.ts';
import * as Pareto from './pareto.ts';

export type Risk = {
  readonly valueAtRiskPct: number;
  /** Null where ξ ≥ 1: no mean. */
  readonly expectedShortfallPct: number | null;
};

/** Tail of the losses −z of standardised residuals. */
export type LossTail = { readonly threshold: number; readonly share: number; readonly pareto: Pareto.Pareto };

const TAIL_SHARE = 0.1;

export function fitLossTail(standardized: ArrayLike<number>): LossTail {
  const losses = sorted(Float64Array.from(standardized, (z) => -z));
  const threshold = quantileOfSorted(losses, 1 - TAIL_SHARE);
  const beyond = losses.filter((loss) => loss > threshold).map((loss) => loss - threshold);
  return { threshold, share: beyond.length / losses.length, pareto: Pareto.fit(beyond) };
}

/** Risk of a bar with mean μ and variance h at probability p. */
export function risk({ threshold, share, pareto }: LossTail, bar: { readonly mu: number; readonly variance: number }, p: number): Risk {
  if (!(p > 0 && p <= share)) throw new NotInTheTailError({ got: `probability ${p}`, needed: `above 0 and at most ${share.toFixed(4)}` });
  const sigma = Math.sqrt(bar.variance);
  const z = threshold + Pareto.quantile(pareto, p / share);
  const { shape, scale } = pareto;
  const shortfall = shape >= 1 ? null : (z + scale - shape * threshold) / (1 - shape);
  return {
    valueAtRiskPct: sigma * z - bar.mu,
    expectedShortfallPct: shortfall === null ? null : sigma * shortfall - bar.mu,
  };
}

/** Risk of the bar after the last, at each of `probabilities`. */
export function nextRisks(
  returnsPct: ArrayLike<number>,
  probabilities: readonly number[],
): { readonly tail: LossTail; readonly risks: readonly Risk[] } {
  const garch = Garch.fit(returnsPct, Garch.GJR_T);
  const { standardized, nextVariance } = Garch.filter(returnsPct, garch.parameters, Garch.GJR_T);
  const tail = fitLossTail(standardized);
  return { tail, risks: probabilities.map((p) => risk(tail, { mu: garch.parameters.mu, variance: nextVariance }, p)) };
}

export class NotInTheTailError extends PlimsollError {
  override readonly name = 'Evt.NotInTheTailError';
}
