/**
 * Hidden Markov model: a chain of K hidden states, each with its own law of what is seen.
 *
 *   P(s_1 = i) = π_i,  P(s_{t+1} = j | s_t = i) = A_ij,  y_t | s_t = k ~ N(μ_k, Σ_k) or t(μ_k, Σ_k, ν_k),  Σ_k diagonal or full
 *
 * Baum, Petrie, Soules, Weiss (1970); scaled recursions of Rabiner (1989), emissions taken relative to the largest at each t.
 * Variance floor: `VARIANCE_FLOOR` of the sample variance of the dimension; of a full covariance, of its eigenvalues in these units.
 * Without one the likelihood is unbounded: a state shrinks onto one point. NaN in a row means that the row was not observed; it then says nothing about the state.
 * EM stops when the log-likelihood per row rises by less than `TOLERANCE`; at the iteration limit it has not converged, and a
 * falling likelihood is a failure, not an end.
 */
import { PlimsollError } from '../base/errors.ts';
import * as Emission from './hmm-emission.ts';
import * as Recursion from './hmm-recursion.ts';
import * as Start from './hmm-start.ts';
import { variance } from './math/statistics.ts';

export type Parameters = Emission.Parameters;
export type Observations = Emission.Observations;

export type HmmFit = {
  readonly states: number;
  readonly parameters: Parameters;
  readonly logLikelihood: number;
  readonly rows: number;
  readonly converged: boolean;
  readonly evaluations: number;
  /** Dimensions and states whose variance ended on the floor. */
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

export type FitOptions = {
  readonly seed: number;
  readonly starts?: number;
  readonly maxIterations?: number;
  /** Single variances if not given. */
  readonly covariance?: 'diagonal' | 'full';
  /** Gaussian if not given. */
  readonly errors?: 'normal' | 'student';
  /** The only start then: parameters of a fit on almost the same data. */
  readonly near?: Parameters;
};

const VARIANCE_FLOOR = 1e-3;
const TOLERANCE = 1e-9;
const STARTS = 12;
/** Every start is followed for this many rounds; the best few to the end. */
const SCREENING_ROUNDS = 15;
const REFINED_STARTS = 3;
const MAX_ITERATIONS = 500;
/** A fall of the likelihood above rounding is a failure. */
const FALL = 1e-7;

/** States come ordered by the variance of the first dimension, then by its mean, both rising: see `ordered`. */
export function fit(observations: Observations, states: number, options: FitOptions): HmmFit {
  const rows = observations.values.length / observations.dimensions;
  if (rows < 20 * states) {
    throw new TooFewObservationsError({ got: `${rows} rows for ${states} states`, needed: `at least ${20 * states} rows` });
  }
  const floor = floors(observations);
  const { near, seed, covariance = 'diagonal', errors = 'normal' } = options;
  const starts = near === undefined ? Start.random(observations, states, { covariance, errors }, seed, options.starts ?? STARTS) : [near];
  const prepared = Recursion.prepare(observations);
  const screened = starts.map((start) => climb(prepared, start, floor, SCREENING_ROUNDS));
  screened.sort((a, b) => b.logLikelihood - a.logLikelihood);
  const refined = screened
    .slice(0, REFINED_STARTS)
    .map((run) => climb(prepared, run.parameters, floor, options.maxIterations ?? MAX_ITERATIONS));
  const best = refined.reduce((winner, run) => (run.logLikelihood > winner.logLikelihood ? run : winner));
  const atBound: string[] = [];
  const { dimensions } = observations;
  if (Emission.isFull(best.parameters, dimensions)) {
    const size = dimensions * dimensions;
    for (let k = 0; k < states; k += 1) {
      const above = floor.map((value) => value * (1 + 1e-6));
      const block = best.parameters.variance.subarray(k * size, (k + 1) * size);
      if (Emission.floored(block, above) !== block) atBound.push(`covariance of state ${k}`);
    }
  } else {
    best.parameters.variance.forEach((value, index) => {
      if (value <= floor[index % dimensions]! * (1 + 1e-9))
        atBound.push(`variance of dimension ${index % dimensions} in state ${Math.floor(index / dimensions)}`);
    });
  }
  return {
    states,
    parameters: best.parameters,
    logLikelihood: best.logLikelihood,
    rows,
    converged: best.converged,
    evaluations: [...screened, ...refined].reduce((sum, run) => sum + run.rounds, 0),
    atBound,
    warnings: best.fell ? ['the likelihood fell during EM'] : best.converged ? [] : ['EM stopped at its iteration limit'],
  };
}

export function logLikelihood(observations: Observations, parameters: Parameters): number {
  return Recursion.logLikelihood(Recursion.prepare(observations), parameters);
}

/** P(s_t | y_1..y_t), flat, and the log-likelihood. Uses nothing later than t. */
export function filter(observations: Observations, parameters: Parameters): { probability: Float64Array; logLikelihood: number } {
  return Recursion.filter(Recursion.prepare(observations), parameters);
}

/** Order of a chain by `key`, rising: states are named by what they do, not by where EM left them. */
export function ordered(parameters: Parameters, dimensions: number, key: (state: number) => number): Parameters {
  const states = parameters.start.length;
  const order = Array.from({ length: states }, (_, state) => state).sort((a, b) => key(a) - key(b));
  const transition = new Float64Array(states * states);
  order.forEach((from, i) => {
    order.forEach((to, j) => {
      transition[i * states + j] = parameters.transition[from * states + to]!;
    });
  });
  const moved = (values: Float64Array, width: number) =>
    Float64Array.from(order.flatMap((state) => Array.from(values.subarray(state * width, (state + 1) * width))));
  return {
    start: Float64Array.from(order, (state) => parameters.start[state]!),
    transition,
    mean: moved(parameters.mean, dimensions),
    variance: moved(parameters.variance, parameters.variance.length / states),
    ...(parameters.nu === undefined ? {} : { nu: moved(parameters.nu, 1) }),
  };
}

/** π with π = πA, by repeated squaring of A. */
export function stationary(transition: Float64Array, states: number): Float64Array {
  let power = transition.slice();
  for (let round = 0; round < 60; round += 1) {
    const square = new Float64Array(states * states);
    for (let i = 0; i < states; i += 1) {
      let total = 0;
      for (let j = 0; j < states; j += 1) {
        let sum = 0;
        for (let k = 0; k < states; k += 1) sum += power[i * states + k]! * power[k * states + j]!;
        square[i * states + j] = sum;
        total += sum;
      }
      for (let j = 0; j < states; j += 1) square[i * states + j] = square[i * states + j]! / total;
    }
    power = square;
  }
  return power.slice(0, states);
}

type Run = { parameters: Parameters; logLikelihood: number; converged: boolean; fell: boolean; rounds: number };

function climb(prepared: Recursion.Prepared, start: Parameters, floor: Float64Array, maxRounds: number): Run {
  const { rows } = prepared.table;
  let parameters = start;
  let previous = Number.NEGATIVE_INFINITY;
  for (let round = 1; round <= maxRounds; round += 1) {
    const step = Recursion.expectMaximize(prepared, parameters, floor);
    if (step.logLikelihood < previous - FALL * rows)
      return { parameters, logLikelihood: previous, converged: false, fell: true, rounds: round };
    if (step.logLikelihood - previous < TOLERANCE * rows) {
      return { parameters, logLikelihood: step.logLikelihood, converged: true, fell: false, rounds: round };
    }
    previous = step.logLikelihood;
    parameters = step.next;
  }
  return { parameters, logLikelihood: Recursion.logLikelihood(prepared, parameters), converged: false, fell: false, rounds: maxRounds };
}

function floors({ values, dimensions }: Observations): Float64Array {
  return Float64Array.from({ length: dimensions }, (_, d) => {
    const spread = variance(values.filter((_v, index) => index % dimensions === d));
    if (!(spread > 0)) throw new NoVariationError({ got: `dimension ${d} without variation`, needed: 'observations that vary' });
    return VARIANCE_FLOOR * spread;
  });
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Hmm.TooFewObservationsError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Hmm.NoVariationError';
}
