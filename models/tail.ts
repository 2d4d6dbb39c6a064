/**
 * Tails by peaks over a threshold, and the margin of the joint law made from them.
 *
 *   z(u): empirical quantiles between the thresholds, generalised Pareto quantiles beyond them (McNeil and Frey 2000; pareto.ts)
 *
 * Assumption: residuals are exchangeable once volatility and regime are taken out; checked by PIT on the last part of the sample.
 * Tempering: a log return with a Pareto or t tail has no exponential mean, so the table ends at probability `EDGE` on either side
 * or at `EDGE_MULTIPLE` times the largest |z| of the sample, whichever comes first, and is flat beyond.
 */
import type { Margin } from './market.ts';
import { tQuantile } from './math/special.ts';
import { quantileOfSorted, sorted, uniformDistance, variance } from './math/statistics.ts';
import * as Pareto from './pareto.ts';

/** Both sides of a sample: thresholds on z (the lower is negative). */
export type Tails = {
  readonly rising: Float64Array;
  readonly lower: Pareto.Pareto & { readonly threshold: number; readonly exceedances: number };
  readonly upper: Pareto.Pareto & { readonly threshold: number; readonly exceedances: number };
};

/** Share of the sample in each tail. */
const TAIL_SHARE = 0.05;
const EDGE = 1e-6;
const EDGE_MULTIPLE = 1.5;
/** Share of the sample, at its end, held back for the PIT check. */
const HELD_BACK = 0.25;
/** Kolmogorov-Smirnov distance × √n beyond which the check warns (1 %). */
const PIT_CRITICAL = 1.63;

export function fitTails(standardized: ArrayLike<number>): Tails {
  const rising = sorted(standardized);
  const lowerAt = quantileOfSorted(rising, TAIL_SHARE);
  const upperAt = quantileOfSorted(rising, 1 - TAIL_SHARE);
  const below = rising.filter((z) => z < lowerAt).map((z) => lowerAt - z);
  const above = rising.filter((z) => z > upperAt).map((z) => z - upperAt);
  return {
    rising,
    lower: { ...Pareto.fit(below), threshold: lowerAt, exceedances: below.length },
    upper: { ...Pareto.fit(above), threshold: upperAt, exceedances: above.length },
  };
}

/** z at probability u. */
export function quantile(tails: Tails, u: number): number {
  if (u < TAIL_SHARE) return tails.lower.threshold - Pareto.quantile(tails.lower, u / TAIL_SHARE);
  if (u > 1 - TAIL_SHARE) return tails.upper.threshold + Pareto.quantile(tails.upper, (1 - u) / TAIL_SHARE);
  return quantileOfSorted(tails.rising, u);
}

/** P(Z ≤ z). */
export function probability(tails: Tails, z: number): number {
  if (z < tails.lower.threshold) return TAIL_SHARE * Pareto.survival(tails.lower, tails.lower.threshold - z);
  if (z > tails.upper.threshold) return 1 - TAIL_SHARE * Pareto.survival(tails.upper, z - tails.upper.threshold);
  const { rising } = tails;
  let low = 0;
  let high = rising.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rising[middle]! <= z) low = middle;
    else high = middle;
  }
  const width = rising[high]! - rising[low]!;
  return (low + (width > 0 ? (z - rising[low]!) / width : 0)) / (rising.length - 1);
}

/** The margin as a table over the coordinate of a t-copula with `nu` degrees of freedom. `standardized` in order of time. */
export function margin(standardized: ArrayLike<number>, nu: number, subject: string): Margin {
  const tails = fitTails(standardized);
  const levels = nodeLevels();
  const most = EDGE_MULTIPLE * Math.max(-tails.rising[0]!, tails.rising[tails.rising.length - 1]!);
  const z = levels.map((u) => Math.max(-most, Math.min(most, quantile(tails, u))));
  // Linear quantiles and Pareto quantiles meet at the thresholds; a tie in the sample must not make the table fall.
  for (let i = 1; i < z.length; i += 1) z[i] = Math.max(z[i]!, z[i - 1]!);
  // Mirrored, so that 1 − u does not round the upper nodes apart from the lower.
  const half = levels.slice(0, (levels.length - 1) / 2).map((u) => tQuantile(u, nu));
  const pit = heldBackPit(standardized);
  const spread = variance(standardized, 0);
  const tail = ({ threshold, shape, scale, exceedances }: Tails['lower']) => ({
    threshold: Math.abs(threshold),
    shape,
    scale,
    exceedances,
  });
  return {
    x: [...half, 0, ...half.map((x) => -x).reverse()],
    z,
    lowerTail: tail(tails.lower),
    upperTail: tail(tails.upper),
    fit: {
      model: 'semi-parametric margin, generalised Pareto tails',
      subject,
      observations: tails.rising.length,
      logLikelihood: tails.lower.logLikelihood + tails.upper.logLikelihood,
      converged: tails.lower.converged && tails.upper.converged,
      evaluations: 2,
      atBound: [...(tails.lower.converged ? [] : ['lower shape']), ...(tails.upper.converged ? [] : ['upper shape'])],
      warnings: [
        ...(pit.scaled > PIT_CRITICAL
          ? [`PIT of the held-back quarter is not uniform: KS ${pit.distance.toFixed(3)} on ${pit.observations} bars`]
          : []),
        ...(spread > 1.25 || spread < 0.8 ? [`standardised returns have variance ${spread.toFixed(2)}, not 1`] : []),
        ...(tails.lower.shape > 0.5
          ? [`lower tail shape ${tails.lower.shape.toFixed(2)}: no finite variance beyond the threshold before tempering`]
          : []),
      ],
    },
  };
}

/** PIT of the last quarter under tails fitted to the rest. */
function heldBackPit(standardized: ArrayLike<number>): { distance: number; scaled: number; observations: number } {
  const values = Float64Array.from(standardized).filter((value) => !Number.isNaN(value));
  const cut = Math.floor(values.length * (1 - HELD_BACK));
  const tails = fitTails(values.subarray(0, cut));
  const held = values.subarray(cut).map((z) => probability(tails, z));
  const distance = uniformDistance(held);
  return { distance, scaled: distance * Math.sqrt(held.length), observations: held.length };
}

/** Probabilities of the nodes: even in ln u in the tails, even in the body, an odd number with 1/2 in the middle. */
function nodeLevels(): number[] {
  const tail = Array.from({ length: 25 }, (_, i) => EDGE * (TAIL_SHARE / EDGE) ** (i / 24));
  const body = Array.from({ length: 35 }, (_, i) => TAIL_SHARE + ((i + 1) * (1 - 2 * TAIL_SHARE)) / 36);
  return [...tail, ...body, ...tail.map((u) => 1 - u).reverse()];
}
