/**
 * Generalised Pareto law of what lies beyond a threshold.
 *
 *   P(Y > y) = (1 + ξ y/σ)^{−1/ξ}      Pickands (1975); Balkema and de Haan (1974)
 *
 * Maximum likelihood through Grimshaw's (1993) profile: with τ = ξ/σ the shape is S/n, S = Σ ln(1 + τy), so one number is searched.
 * Profile intervals the same way: given ξ the likelihood is highest where 1 + 1/ξ = n/(τS′), given σ where σ = (S − τS′)/(τ²S′), so
 * either profile is a curve over τ, walked to where it has fallen by half of χ²₁. Shapes are held within `MIN_SHAPE` and `MAX_SHAPE`:
 * below, the maximum is not regular; above, there is no mean.
 */
import { PlimsollError } from '../base/errors.ts';
import { mean, sorted } from './math/statistics.ts';

export type Pareto = { readonly shape: number; readonly scale: number; readonly logLikelihood: number; readonly converged: boolean };

/** An end is null where the profile does not fall so far. */
export type Interval = readonly [number | null, number | null];

const MIN_EXCEEDANCES = 30;
const MAX_SHAPE = 0.9;
const MIN_SHAPE = -0.5;
const ROUNDS = 60;
const TAU_TOLERANCE = 1e-11;
/** τ this close to 0 stands for the exponential law: differences of S cancel there. */
const EXPONENTIAL = 1e-5;
/** Products of 1 + τy are taken up to here before their logarithm. */
const LARGE = 1e200;
const SMALL = 1e-200;
/** Half of the 95 % quantile of χ²₁. */
const HALF_CHI_SQUARE_95 = 1.920729410347062;
/** In units of 1/mean: from where the support ends to where only shapes beyond the bounds are left. */
const GRID: readonly number[] = [1e-3, 0.03, 0.1, 0.2, 0.35, 0.6, 1, 1.8, 3.5, 8, 20, 100];
const NEGATIVE_GRID: readonly number[] = [-0.995, -0.9, -0.75, -0.5, -0.3, -0.15, -0.05, -0.01];

/** `exceedances` are positive distances beyond the threshold. */
export function fit(exceedances: ArrayLike<number>): Pareto {
  const { y, level, largest } = scaled(exceedances);
  const n = y.length;
  const grid = [...NEGATIVE_GRID.map((share) => share / largest), ...GRID];
  const at = (tau: number) => profile(y, tau);
  const allowed = ({ shape }: Point) => shape >= MIN_SHAPE && shape <= MAX_SHAPE;
  // 1. The best of a coarse grid: the profile is not always unimodal.
  const points = grid.map(at);
  const inside = points.map((point, index) => ({ point, index })).filter(({ point }) => allowed(point));
  const start = inside.reduce((best, candidate) => (candidate.point.value > best.point.value ? candidate : best));
  // 2. The zero of the slope between its neighbours, by bisection that takes the secant where it stays inside.
  let low = points[Math.max(0, start.index - 1)]!;
  let high = points[Math.min(points.length - 1, start.index + 1)]!;
  let best = start.point;
  if (best.slope > 0) low = best;
  else high = best;
  for (let round = 0; round < ROUNDS && high.tau - low.tau > TAU_TOLERANCE * Math.max(1, Math.abs(low.tau)); round += 1) {
    const secant = low.tau + ((high.tau - low.tau) * low.slope) / (low.slope - high.slope);
    const margin = 0.02 * (high.tau - low.tau);
    const usable = round % 3 !== 2 && secant > low.tau && secant < high.tau;
    const point = at(usable ? Math.max(low.tau + margin * 0.01, Math.min(high.tau - margin * 0.01, secant)) : (low.tau + high.tau) / 2);
    if (!allowed(point)) {
      // The maximum lies outside the bounds: close in on the bound.
      if (point.tau > best.tau) high = point;
      else low = point;
      continue;
    }
    if (point.value >= best.value) best = point;
    if (point.slope > 0) low = point;
    else high = point;
    if (Math.abs(point.slope) < 1e-10 * n) break;
  }
  const shape = best.shape;
  return {
    shape,
    scale: (shape === 0 ? 1 : shape / best.tau) * level,
    logLikelihood: best.value - n * Math.log(level),
    converged: Math.abs(best.slope) < 1e-4 * n && shape < MAX_SHAPE - 1e-3 && shape > MIN_SHAPE + 1e-3,
  };
}

/** Log-likelihood at given parameters. */
export function logLikelihood(exceedances: ArrayLike<number>, { shape, scale }: Pick<Pareto, 'shape' | 'scale'>): number {
  let total = -exceedances.length * Math.log(scale);
  for (let i = 0; i < exceedances.length; i += 1) {
    const y = exceedances[i]! / scale;
    if (Math.abs(shape) < 1e-9) total -= y;
    else if (1 + shape * y <= 0) return Number.NEGATIVE_INFINITY;
    else total -= (1 + 1 / shape) * Math.log1p(shape * y);
  }
  return total;
}

/** 95 % intervals by profile likelihood. */
export function intervals(exceedances: ArrayLike<number>, at: Pareto): { readonly shape: Interval; readonly scale: Interval } {
  const { y, level, largest } = scaled(exceedances);
  const n = y.length;
  const least = at.logLikelihood + n * Math.log(level) - HALF_CHI_SQUARE_95;
  const start = (at.shape / at.scale) * level;
  type Walked = { value: number; shape: number; scale: number };
  const alongShape = (tau: number): Walked => {
    const { sum, slope } = sums(y, tau);
    const shape = 1 / (n / (tau * slope) - 1);
    return { value: -n * Math.log(shape / tau) - (1 + 1 / shape) * sum, shape, scale: shape / tau };
  };
  const alongScale = (tau: number): Walked => {
    const { sum, slope } = sums(y, tau);
    const scale = (sum - tau * slope) / (tau * tau * slope);
    return { value: -n * Math.log(scale) - (1 + 1 / (scale * tau)) * sum, shape: scale * tau, scale };
  };
  const end = (along: (tau: number) => Walked, direction: 1 | -1): Walked | null => {
    const edge = direction < 0 ? -(1 - 1e-9) / largest : 1e4;
    let inside = start;
    let stride = 0.02 * (1 + Math.abs(start));
    let outside = inside;
    for (;;) {
      outside = direction > 0 ? Math.min(edge, inside + stride) : Math.max(edge, inside - stride);
      if (!(along(awayFromZero(outside)).value >= least)) break;
      if (outside === edge) return null;
      inside = outside;
      stride *= 1.6;
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      const middle = (inside + outside) / 2;
      if (along(awayFromZero(middle)).value >= least) inside = middle;
      else outside = middle;
    }
    return along(awayFromZero(inside));
  };
  const [low, high] = [end(alongShape, -1), end(alongShape, 1)];
  // The scale falls as τ rises.
  const [small, large] = [end(alongScale, 1), end(alongScale, -1)];
  const size = (walked: Walked | null) => (walked === null ? null : walked.scale * level);
  return { shape: [low?.shape ?? null, high?.shape ?? null], scale: [size(small), size(large)] };
}

/** Hill's (1975) estimate of a positive shape from values beyond a positive threshold, with its standard error: a cross-check. */
export function hill(values: ArrayLike<number>, threshold: number): { readonly shape: number; readonly standardError: number } | null {
  if (!(threshold > 0)) return null;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (!(values[i]! > threshold)) continue;
    sum += Math.log(values[i]! / threshold);
    count += 1;
  }
  return count === 0 ? null : { shape: sum / count, standardError: sum / count / Math.sqrt(count) };
}

/** y with P(Y > y) = `survival`. */
export function quantile({ shape, scale }: Pick<Pareto, 'shape' | 'scale'>, survival: number): number {
  return Math.abs(shape) < 1e-8 ? -scale * Math.log(survival) : (scale / shape) * (survival ** -shape - 1);
}

/** P(Y > y). */
export function survival({ shape, scale }: Pick<Pareto, 'shape' | 'scale'>, y: number): number {
  if (Math.abs(shape) < 1e-8) return Math.exp(-y / scale);
  const base = 1 + (shape * y) / scale;
  return base <= 0 ? 0 : base ** (-1 / shape);
}

type Point = { readonly tau: number; readonly shape: number; readonly value: number; readonly slope: number };

function scaled(exceedances: ArrayLike<number>): { y: Float64Array; level: number; largest: number } {
  const rising = sorted(exceedances);
  if (rising.length < MIN_EXCEEDANCES)
    throw new TooFewExceedancesError({ got: `${rising.length} exceedances`, needed: `at least ${MIN_EXCEEDANCES}` });
  const [least, most] = [rising[0]!, rising[rising.length - 1]!];
  if (!(least >= 0 && most > 0 && Number.isFinite(most)))
    throw new NotAnExceedanceError({
      got: `exceedances from ${least} to ${most}`,
      needed: 'finite distances beyond the threshold, above 0',
    });
  const level = mean(rising);
  return { y: rising.map((value) => value / level), level, largest: most / level };
}

/** Likelihood with the best shape for τ, and its derivative in τ; y has mean 1. */
function profile(y: Float64Array, tau: number): Point {
  const n = y.length;
  const { sum, slope } = sums(y, tau);
  const shape = sum / n;
  return {
    tau,
    shape,
    value: -n * (Math.log(shape / tau) + shape + 1),
    slope: -n * (slope / sum - 1 / tau + slope / n),
  };
}

/** S = Σ ln(1 + τy) and S′ = Σ y/(1 + τy). */
function sums(y: Float64Array, tau: number): { sum: number; slope: number } {
  let sum = 0;
  let slope = 0;
  let product = 1;
  const small = Math.abs(tau) < 1e-3;
  for (let i = 0; i < y.length; i += 1) {
    const factor = 1 + tau * y[i]!;
    slope += y[i]! / factor;
    if (small) sum += Math.log1p(tau * y[i]!);
    else {
      product *= factor;
      if (product > LARGE || product < SMALL) {
        sum += Math.log(product);
        product = 1;
      }
    }
  }
  return { sum: sum + Math.log(product), slope };
}

function awayFromZero(tau: number): number {
  if (Math.abs(tau) >= EXPONENTIAL) return tau;
  return tau < 0 ? -EXPONENTIAL : EXPONENTIAL;
}

export class TooFewExceedancesError extends PlimsollError {
  override readonly name = 'Pareto.TooFewExceedancesError';
}

export class NotAnExceedanceError extends PlimsollError {
  override readonly name = 'Pareto.NotAnExceedanceError';
}
