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
import { PURPOSE, uniform } from '../base/random.ts';
import * as Emission from './hmm-emission.ts';
import * as Recursion from './hmm-recursion.ts';
import { correlation, mean, quantileOfSorted, sorted, variance } from './math/statistics.ts';

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
/** Rows a stretch: shorter than most stays in a state. */
const STRETCH = 20;
const START_NU = 8;
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
  const starts =
    options.near === undefined
      ? Array.from({ length: options.starts ?? STARTS }, (_, path) =>
          shaped(randomStart(observations, states, options.seed, path), observations, options),
        )
      : [options.near];
  const screened = starts.map((start) => climb(observations, start, floor, SCREENING_ROUNDS));
  screened.sort((a, b) => b.logLikelihood - a.logLikelihood);
  const refined = screened
    .slice(0, REFINED_STARTS)
    .map((run) => climb(observations, run.parameters, floor, options.maxIterations ?? MAX_ITERATIONS));
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
  return Recursion.forward(observations, parameters).logLikelihood;
}

/** P(s_t | y_1..y_t), flat, and the log-likelihood. Uses nothing later than t. */
export function filter(observations: Observations, parameters: Parameters): { probability: Float64Array; logLikelihood: number } {
  const { alpha, logLikelihood: value } = Recursion.forward(observations, parameters);
  return { probability: alpha, logLikelihood: value };
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

function climb(observations: Observations, start: Parameters, floor: Float64Array, maxRounds: number): Run {
  const rows = observations.values.length / observations.dimensions;
  let parameters = start;
  let previous = Number.NEGATIVE_INFINITY;
  for (let round = 1; round <= maxRounds; round += 1) {
    const step = Recursion.expectMaximize(observations, parameters, floor);
    if (step.logLikelihood < previous - FALL * rows)
      return { parameters, logLikelihood: previous, converged: false, fell: true, rounds: round };
    if (step.logLikelihood - previous < TOLERANCE * rows) {
      return { parameters, logLikelihood: step.logLikelihood, converged: true, fell: false, rounds: round };
    }
    previous = step.logLikelihood;
    parameters = step.next;
  }
  return { parameters, logLikelihood: logLikelihood(observations, parameters), converged: false, fell: false, rounds: maxRounds };
}

function floors({ values, dimensions }: Observations): Float64Array {
  return Float64Array.from({ length: dimensions }, (_, d) => {
    const spread = variance(values.filter((_v, index) => index % dimensions === d));
    if (!(spread > 0)) throw new NoVariationError({ got: `dimension ${d} without variation`, needed: 'observations that vary' });
    return VARIANCE_FLOOR * spread;
  });
}

/**
 * Half the starts tell states by their level: means at random quantiles, variances between a tenth and twice the sample's. The other
 * half tell them by how much moves: means near the sample's, variances at random quantiles of those of short stretches of rows.
 */
function randomStart(observations: Observations, states: number, seed: number, path: number): Parameters {
  const { values, dimensions } = observations;
  let lane = 0;
  const draw = () => uniform(seed, PURPOSE.multiStart, path, 0, lane++);
  const byMoves = path % 2 === 1;
  const ranks = Array.from({ length: states }, (_, k) => (k + draw()) / states);
  const means = new Float64Array(states * dimensions);
  const variances = new Float64Array(states * dimensions);
  for (let d = 0; d < dimensions; d += 1) {
    const column = values.filter((_v, index) => index % dimensions === d);
    const rising = sorted(column);
    const spread = variance(column);
    const stretches = byMoves ? stretchVariances(column, spread) : rising;
    for (let k = 0; k < states; k += 1) {
      const place = k * dimensions + d;
      means[place] = quantileOfSorted(rising, byMoves ? 0.4 + 0.2 * draw() : (k + draw()) / states);
      variances[place] = byMoves ? quantileOfSorted(stretches, ranks[k]!) : spread * 0.1 * 20 ** draw();
    }
  }
  const transition = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    const stay = byMoves ? 0.9 + 0.09 * draw() : 0.5 + 0.49 * draw();
    for (let j = 0; j < states; j += 1) transition[i * states + j] = i === j ? stay : (1 - stay) / (states - 1);
  }
  return { start: new Float64Array(states).fill(1 / states), transition, mean: means, variance: variances };
}

/** Variances of stretches of `STRETCH` rows, rising, none below a hundredth of the sample's. */
function stretchVariances(column: Float64Array, spread: number): Float64Array {
  const centre = mean(column);
  const count = Math.max(1, Math.floor(column.length / STRETCH));
  return sorted(
    Float64Array.from({ length: count }, (_, i) =>
      Math.max(0.01 * spread, variance(column.subarray(i * STRETCH, (i + 1) * STRETCH), centre)),
    ).map((value) => (Number.isNaN(value) ? spread : value)),
  );
}

/** A start in the shape that is asked for: correlations of the sample, ν in the middle. */
function shaped(start: Parameters, { values, dimensions }: Observations, options: FitOptions): Parameters {
  const withNu = options.errors === 'student' ? { ...start, nu: start.start.map(() => START_NU) } : start;
  if (options.covariance !== 'full' || dimensions === 1) return withNu;
  const column = (d: number) => values.filter((_v, index) => index % dimensions === d);
  const columns = Array.from({ length: dimensions }, (_, d) => column(d));
  const shared = columns.map((a, i) => columns.map((b, j) => (i === j ? 1 : 0.9 * correlation(a, b))));
  const blocks = Array.from(start.start, (_, k) =>
    shared.map((row, i) => row.map((rho, j) => rho * Math.sqrt(start.variance[k * dimensions + i]! * start.variance[k * dimensions + j]!))),
  );
  return { ...withNu, variance: Float64Array.from(blocks.flat(2)) };
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Hmm.TooFewObservationsError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Hmm.NoVariationError';
}
