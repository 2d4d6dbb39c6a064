/**
 * Tails by peaks over a threshold, and the margin of the joint law made from them.
 *
 *   P(Y > y | Y > 0) = (1 + ξ y/σ)^{−1/ξ}      generalised Pareto (Pickands 1975; McNeil and Frey 2000)
 *   z(u): empirical quantiles between the thresholds, GPD quantiles beyond them
 *
 * Maximum likelihood through Grimshaw's (1993) profile: with τ = ξ/σ the shape is the mean of ln(1 + τy), so one number is searched.
 * Assumption: residuals are exchangeable once volatility and regime are taken out; checked by PIT on the last part of the sample.
 * Tempering: a log return with a Pareto or t tail has no exponential mean, so the table ends at probability `EDGE` on either side
 * or at `EDGE_MULTIPLE` times the largest |z| of the sample, whichever comes first, and is flat beyond.
 */
import { PlimsollError } from '../base/errors.ts';
import type { Margin } from './market.ts';
import { tQuantile } from './math/special.ts';
import { mean, quantileOfSorted, sorted, uniformDistance, variance } from './math/statistics.ts';

export type Pareto = { readonly shape: number; readonly scale: number; readonly logLikelihood: number; readonly converged: boolean };

/** Both sides of a sample: thresholds on z (the lower is negative). */
export type Tails = {
  readonly rising: Float64Array;
  readonly lower: Pareto & { readonly threshold: number; readonly exceedances: number };
  readonly upper: Pareto & { readonly threshold: number; readonly exceedances: number };
};

/** Share of the sample in each tail. */
const TAIL_SHARE = 0.05;
const EDGE = 1e-6;
const EDGE_MULTIPLE = 1.5;
const MIN_EXCEEDANCES = 30;
const MAX_SHAPE = 0.9;
const MIN_SHAPE = -0.5;
/** Share of the sample, at its end, held back for the PIT check. */
const HELD_BACK = 0.25;
/** Kolmogorov-Smirnov distance × √n beyond which the check warns (1 %). */
const PIT_CRITICAL = 1.63;

/** `exceedances` are positive distances beyond the threshold. */
export function fitPareto(exceedances: ArrayLike<number>): Pareto {
  const n = exceedances.length;
  if (n < MIN_EXCEEDANCES) throw new TooFewExceedancesError({ got: `${n} exceedances`, needed: `at least ${MIN_EXCEEDANCES}` });
  const level = mean(exceedances);
  const y = Float64Array.from(exceedances, (value) => value / level);
  const largest = y.reduce((most, value) => Math.max(most, value), 0);
  const shapeAt = (tau: number) => y.reduce((sum, value) => sum + Math.log1p(tau * value), 0) / n;
  const value = (tau: number): { shape: number; scale: number; logLikelihood: number } => {
    // ξ → 0 is the exponential law.
    if (Math.abs(tau) < 1e-8) return { shape: 0, scale: 1, logLikelihood: -n };
    const shape = shapeAt(tau);
    return { shape, scale: shape / tau, logLikelihood: -n * (Math.log(shape / tau) + shape + 1) };
  };
  // The profile is not always unimodal: scan, then refine around the best that keeps the shape inside its bounds.
  const grid = [
    ...Array.from({ length: 40 }, (_, i) => (-0.995 * (40 - i)) / 40 / largest),
    0,
    ...Array.from({ length: 60 }, (_, i) => 10 ** (-3 + i / 12)),
  ];
  const allowed = (tau: number) => {
    const { shape } = value(tau);
    return shape >= MIN_SHAPE && shape <= MAX_SHAPE;
  };
  const inside = grid.map((tau, index) => ({ tau, index })).filter(({ tau }) => allowed(tau));
  const best = inside.reduce((winner, point) => (value(point.tau).logLikelihood > value(winner.tau).logLikelihood ? point : winner));
  let low = grid[Math.max(0, best.index - 1)]!;
  let high = grid[Math.min(grid.length - 1, best.index + 1)]!;
  for (let round = 0; round < 80; round += 1) {
    const a = low + 0.382 * (high - low);
    const b = high - 0.382 * (high - low);
    const la = allowed(a) ? value(a).logLikelihood : Number.NEGATIVE_INFINITY;
    const lb = allowed(b) ? value(b).logLikelihood : Number.NEGATIVE_INFINITY;
    if (la >= lb && la > Number.NEGATIVE_INFINITY) high = b;
    else if (lb > Number.NEGATIVE_INFINITY) low = a;
    else if (Math.abs(high - best.tau) > Math.abs(low - best.tau)) high = b;
    else low = a;
  }
  const middle = value((low + high) / 2);
  const end = middle.logLikelihood >= value(best.tau).logLikelihood ? middle : value(best.tau);
  return {
    shape: end.shape,
    scale: end.scale * level,
    logLikelihood: end.logLikelihood - n * Math.log(level),
    converged: best.index > 0 && best.index < grid.length - 1 && end.shape < MAX_SHAPE - 1e-3 && end.shape > MIN_SHAPE + 1e-3,
  };
}

export function fitTails(standardized: ArrayLike<number>): Tails {
  const rising = sorted(standardized);
  const lowerAt = quantileOfSorted(rising, TAIL_SHARE);
  const upperAt = quantileOfSorted(rising, 1 - TAIL_SHARE);
  const below = rising.filter((z) => z < lowerAt).map((z) => lowerAt - z);
  const above = rising.filter((z) => z > upperAt).map((z) => z - upperAt);
  return {
    rising,
    lower: { ...fitPareto(below), threshold: lowerAt, exceedances: below.length },
    upper: { ...fitPareto(above), threshold: upperAt, exceedances: above.length },
  };
}

/** z at probability u. */
export function quantile(tails: Tails, u: number): number {
  if (u < TAIL_SHARE) return tails.lower.threshold - paretoQuantile(tails.lower, u / TAIL_SHARE);
  if (u > 1 - TAIL_SHARE) return tails.upper.threshold + paretoQuantile(tails.upper, (1 - u) / TAIL_SHARE);
  return quantileOfSorted(tails.rising, u);
}

/** P(Z ≤ z). */
export function probability(tails: Tails, z: number): number {
  if (z < tails.lower.threshold) return TAIL_SHARE * paretoSurvival(tails.lower, tails.lower.threshold - z);
  if (z > tails.upper.threshold) return 1 - TAIL_SHARE * paretoSurvival(tails.upper, z - tails.upper.threshold);
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

function paretoQuantile({ shape, scale }: Pareto, survival: number): number {
  return Math.abs(shape) < 1e-8 ? -scale * Math.log(survival) : (scale / shape) * (survival ** -shape - 1);
}

function paretoSurvival({ shape, scale }: Pareto, y: number): number {
  if (Math.abs(shape) < 1e-8) return Math.exp(-y / scale);
  const base = 1 + (shape * y) / scale;
  return base <= 0 ? 0 : base ** (-1 / shape);
}

/** Probabilities of the nodes: even in ln u in the tails, even in the body, an odd number with 1/2 in the middle. */
function nodeLevels(): number[] {
  const tail = Array.from({ length: 25 }, (_, i) => EDGE * (TAIL_SHARE / EDGE) ** (i / 24));
  const body = Array.from({ length: 35 }, (_, i) => TAIL_SHARE + ((i + 1) * (1 - 2 * TAIL_SHARE)) / 36);
  return [...tail, ...body, ...tail.map((u) => 1 - u).reverse()];
}

export class TooFewExceedancesError extends PlimsollError {
  override readonly name = 'Tail.TooFewExceedancesError';
}
