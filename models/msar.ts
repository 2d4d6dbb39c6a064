/**
 * Markov-switching autoregression: growth that has good and bad times.
 *
 *   mean:       y_t − μ_s(t) = Σ φ_i (y_t−i − μ_s(t−i)) + σ ε_t        Hamilton (1989)
 *   intercept:  y_t = c_s(t) + Σ φ_i y_t−i + σ ε_t                      Hamilton (1994), chapter 22
 *
 * ε is standard normal, s a chain of K states that starts from its stationary distribution; φ and σ may switch with s(t).
 * The likelihood is exact over the K^(L+1) tuples of states and conditional on the first L values. Without switching variances it is
 * bounded; with them, σ² has a floor of `VARIANCE_FLOOR` of the sample variance, and a state that ends there is named in `atBound`.
 * Fitted on values centred and scaled to unit variance, by BFGS from seeded starts; states are ordered by their means, rising.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import { PURPOSE, uniform } from '../base/random.ts';
import * as Chain from './math/chain.ts';
import { standardErrors } from './math/information.ts';
import { bfgs, minimize, type Objective } from './math/optimize.ts';
import { mean, quantileOfSorted, sorted, variance } from './math/statistics.ts';
import * as Filter from './msar-filter.ts';

export type Spec = Filter.Spec;
export type Parameters = Filter.Parameters;

export type MsarFit = {
  readonly spec: Spec;
  readonly parameters: Parameters;
  /** From the inverse Hessian, in the shape of the parameters; NaN for a parameter on its bound. Null: the Hessian says nothing. */
  readonly standardErrors: Parameters | null;
  readonly logLikelihood: number;
  readonly aic: number;
  readonly bic: number;
  /** Bars that have a likelihood: all but the first L. */
  readonly observations: number;
  readonly durations: Float64Array;
  /** P(s_t | y_1..y_t) from bar L on, flat. */
  readonly filtered: Float64Array;
  readonly converged: boolean;
  readonly evaluations: number;
  /** Refined starts, and how many of them ended at the best optimum. */
  readonly starts: { readonly refined: number; readonly agreed: number };
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

const MAX_TUPLES = 4_096;
const VARIANCE_FLOOR = 1e-3;
const STARTS = 24;
const SCREENING_ITERATIONS = 12;
const REFINED_STARTS = 6;
/** Log-likelihoods this close are one optimum. */
const SAME_OPTIMUM = 1e-4;
const BOUND_MARGIN = 1e-5;

export function fit(values: ArrayLike<number>, spec: Spec, options: { readonly seed: number; readonly starts?: number }): MsarFit {
  // 1. Centre and scale.
  const y = checked(values, spec);
  const centre = mean(y);
  const scale = Math.sqrt(variance(y));
  if (!(scale > 0)) throw new NoVariationError({ got: `${y.length} equal values`, needed: 'values that vary' });
  const unit = y.map((value) => (value - centre) / scale);
  const observations = y.length - spec.lags;
  const objective = objectiveOf(unit, spec, observations);
  // 2. Follow every start a little, the best to the end.
  const screened = Array.from({ length: options.starts ?? STARTS }, (_, path) =>
    bfgs(objective, randomStart(unit, spec, options.seed, path), { maxIterations: SCREENING_ITERATIONS }),
  ).sort((a, b) => a.value - b.value);
  const refined = screened.slice(0, REFINED_STARTS).map((start) => minimize(objective, start.x));
  const best = refined.reduce((winner, minimum) => (minimum.value < winner.value ? minimum : winner));
  // 3. Name the states, return to the caller's unit.
  const x = toSearch(ordered(toNatural(best.x, spec), spec), spec);
  const natural = (at: Float64Array) => inUnit(toNatural(at, spec), spec, centre, scale);
  const parameters = natural(x);
  const { atBound, held } = bounds(toNatural(x, spec), spec);
  const errors = standardErrors(objective, x, observations, held, (at) => flat(natural(at)));
  const pass = Filter.run(y, parameters, spec, false);
  const count = x.length;
  const agreed = refined.filter((minimum) => (minimum.value - best.value) * observations < SAME_OPTIMUM).length;
  return {
    spec,
    parameters,
    standardErrors: errors === null ? null : unflat(errors, spec),
    logLikelihood: pass.logLikelihood,
    aic: 2 * count - 2 * pass.logLikelihood,
    bic: count * Math.log(observations) - 2 * pass.logLikelihood,
    observations,
    durations: Chain.durations(parameters.transition, spec.states),
    filtered: pass.filtered,
    converged: best.converged,
    evaluations: [...screened, ...refined].reduce((sum, { evaluations }) => sum + evaluations, 0),
    starts: { refined: refined.length, agreed },
    atBound,
    warnings: [
      ...(best.converged ? [] : [`gradient ${best.gradientSize.toExponential(1)} at the end of the search`]),
      ...(agreed === 1 && refined.length > 1 ? ['only one start reached the best optimum: there may be a better one'] : []),
      ...(errors === null ? ['the Hessian is not negative definite: no standard errors'] : []),
    ],
  };
}

/** Log-likelihood at given parameters: the first thing to compare with a reference. */
export function logLikelihood(values: ArrayLike<number>, parameters: Parameters, spec: Spec): number {
  return Filter.run(checked(values, spec), parameters, spec, false).logLikelihood;
}

/** P(s_t | y_1..y_t) from bar L on, flat. Uses nothing later than t. */
export function filter(values: ArrayLike<number>, parameters: Parameters, spec: Spec): Float64Array {
  return Filter.run(checked(values, spec), parameters, spec, false).filtered;
}

/** P(s_t | y_1..y_n) from bar L on, flat: for looking back, never for a decision. */
export function smooth(values: ArrayLike<number>, parameters: Parameters, spec: Spec): Float64Array {
  return Filter.run(checked(values, spec), parameters, spec, true).smoothed!;
}

/** Search coordinates: logits of the transitions, means, φ (once, or by state), ln(σ² − floor) (once, or by state). */
function toNatural(x: Float64Array, { states, lags, switchingAr, switchingVariance }: Spec): Parameters {
  const means = states * (states - 1);
  const ars = means + states;
  const variances = ars + (switchingAr ? states : 1) * lags;
  const floor = switchingVariance ? VARIANCE_FLOOR : 0;
  return {
    transition: Chain.fromLogits(x, 0, states),
    mean: x.slice(means, ars),
    ar: Float64Array.from({ length: states * lags }, (_, i) => x[ars + (switchingAr ? i : i % lags)]!),
    variance: Float64Array.from({ length: states }, (_, k) => floor + Math.exp(x[variances + (switchingVariance ? k : 0)]!)),
  };
}

function toSearch(p: Parameters, { states, lags, switchingAr, switchingVariance }: Spec): Float64Array {
  const floor = switchingVariance ? VARIANCE_FLOOR : 0;
  return Float64Array.from([
    ...Chain.toLogits(p.transition, states),
    ...p.mean,
    ...p.ar.subarray(0, switchingAr ? p.ar.length : lags),
    ...Array.from(p.variance.subarray(0, switchingVariance ? states : 1), (value) => Math.log(Math.max(1e-9, value - floor))),
  ]);
}

/** Minus the mean log-likelihood in search coordinates, with its gradient. */
function objectiveOf(unit: Float64Array, spec: Spec, observations: number): Objective {
  const { states, lags, switchingAr, switchingVariance } = spec;
  const floor = switchingVariance ? VARIANCE_FLOOR : 0;
  return (x, gradient) => {
    const p = toNatural(x, spec);
    const { logLikelihood: value, score } = Filter.run(unit, p, spec, true);
    if (score === null) return Number.POSITIVE_INFINITY;
    gradient.fill(0);
    Chain.logitScore(p.transition, score.transition, states, gradient, 0);
    const means = states * (states - 1);
    gradient.set(score.mean, means);
    const ars = means + states;
    score.ar.forEach((slope, i) => {
      const place = ars + (switchingAr ? i : i % lags);
      gradient[place] = gradient[place]! + slope;
    });
    const variances = ars + (switchingAr ? states : 1) * lags;
    score.variance.forEach((slope, k) => {
      const place = variances + (switchingVariance ? k : 0);
      gradient[place] = gradient[place]! + slope * (p.variance[k]! - floor);
    });
    for (let i = 0; i < gradient.length; i += 1) gradient[i] = -gradient[i]! / observations;
    return -value / observations;
  };
}

/** Means at random quantiles, weak autoregression, sticky transitions, variances between a fifth and all of the sample's. */
function randomStart(unit: Float64Array, spec: Spec, seed: number, path: number): Float64Array {
  const { states, lags } = spec;
  let lane = 0;
  const draw = () => uniform(seed, PURPOSE.multiStart, path, 1, lane++);
  const rising = sorted(unit);
  const transition = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    const stay = 0.3 + 0.69 * draw();
    for (let j = 0; j < states; j += 1) transition[i * states + j] = i === j ? stay : (1 - stay) / (states - 1);
  }
  return toSearch(
    {
      transition,
      mean: Float64Array.from({ length: states }, (_, k) => quantileOfSorted(rising, (k + draw()) / states)),
      ar: Float64Array.from({ length: states * lags }, () => (draw() - 0.5) / Math.max(1, lags)),
      variance: Float64Array.from({ length: states }, () => 0.2 * 5 ** draw()),
    },
    spec,
  );
}

function ordered(p: Parameters, { states, lags }: Spec): Parameters {
  const order = Array.from({ length: states }, (_, k) => k).sort((a, b) => p.mean[a]! - p.mean[b]!);
  return {
    transition: Chain.reordered(p.transition, order),
    mean: Float64Array.from(order, (k) => p.mean[k]!),
    ar: Float64Array.from(order.flatMap((k) => Array.from(p.ar.subarray(k * lags, (k + 1) * lags)))),
    variance: Float64Array.from(order, (k) => p.variance[k]!),
  };
}

function inUnit(p: Parameters, { form, lags }: Spec, centre: number, scale: number): Parameters {
  const passes = (k: number) => (form === 'mean' ? 1 : 1 - p.ar.subarray(k * lags, (k + 1) * lags).reduce((sum, phi) => sum + phi, 0));
  return {
    ...p,
    mean: p.mean.map((value, k) => value * scale + centre * passes(k)),
    variance: p.variance.map((value) => value * scale * scale),
  };
}

function bounds(p: Parameters, { states, lags, switchingAr, switchingVariance }: Spec): { atBound: string[]; held: boolean[] } {
  const atBound: string[] = [];
  const held: boolean[] = [];
  for (let i = 0; i < states; i += 1) {
    for (let j = 0; j < states; j += 1) {
      const share = p.transition[i * states + j]!;
      const isAt = share < BOUND_MARGIN || share > 1 - BOUND_MARGIN;
      if (isAt) atBound.push(`transition from ${i + 1} to ${j + 1}`);
      if (i !== j) held.push(isAt);
    }
  }
  for (let i = 0; i < states + (switchingAr ? states : 1) * lags; i += 1) held.push(false);
  for (let k = 0; k < (switchingVariance ? states : 1); k += 1) {
    const isAt = switchingVariance && p.variance[k]! < VARIANCE_FLOOR * (1 + 1e-3);
    if (isAt) atBound.push(`variance of state ${k + 1}`);
    held.push(isAt);
  }
  return { atBound, held };
}

function flat(p: Parameters): Float64Array {
  return Float64Array.from([...p.transition, ...p.mean, ...p.ar, ...p.variance]);
}

function unflat(values: Float64Array, { states, lags }: Spec): Parameters {
  const means = states * states;
  const ars = means + states;
  const variances = ars + states * lags;
  return {
    transition: values.slice(0, means),
    mean: values.slice(means, ars),
    ar: values.slice(ars, variances),
    variance: values.slice(variances),
  };
}

function checked(values: ArrayLike<number>, spec: Spec): Float64Array {
  const { states, lags, form } = spec;
  const tuples = states ** ((form === 'mean' ? lags : 0) + 1);
  if (!(Number.isInteger(states) && states >= 2 && Number.isInteger(lags) && lags >= 0 && tuples <= MAX_TUPLES)) {
    throw new BadSpecError({
      got: `${states} states and ${lags} lags`,
      needed: `at least 2 states, whole lags of at least 0, and states ** (lags + 1) of at most ${MAX_TUPLES}`,
    });
  }
  const y = Float64Array.from(values);
  const needed = 10 * states * (states + 1) + 2 * lags;
  if (y.length < needed) throw new TooFewObservationsError({ got: `${y.length} values`, needed: `at least ${needed}` });
  const odd = y.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) {
    throw new MissingValueError({ got: quote(String(y[odd])), needed: 'a finite number: lags cannot skip a gap', where: `value ${odd}` });
  }
  return y;
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Msar.TooFewObservationsError';
}

export class MissingValueError extends PlimsollError {
  override readonly name = 'Msar.MissingValueError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Msar.NoVariationError';
}

export class BadSpecError extends PlimsollError {
  override readonly name = 'Msar.BadSpecError';
}
