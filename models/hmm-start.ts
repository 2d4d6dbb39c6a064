/**
 * Where EM starts: seeded random laws of the states, in the shape that is asked for.
 *
 * Half the starts tell states by their level: means at random quantiles, variances between a tenth and twice the sample's. The other
 * half tell them by how much moves: means near the sample's, variances at random quantiles of those of short stretches of rows. Full
 * covariances start with correlations a little below the sample's, t errors with ν in the middle.
 */
import { PURPOSE, uniform } from '../base/random.ts';
import type { Observations, Parameters } from './hmm-emission.ts';
import { correlation, mean, quantileOfSorted, sorted, variance } from './math/statistics.ts';

export type Shape = { readonly covariance: 'diagonal' | 'full'; readonly errors: 'normal' | 'student' };

/** Rows a stretch: shorter than most stays in a state. */
const STRETCH = 20;
const START_NU = 8;
/** Of the sample's correlation. */
const SHARED = 0.9;

/** What the starts are drawn from. */
type Column = { readonly values: Float64Array; readonly rising: Float64Array; readonly spread: number; readonly stretches: Float64Array };

export function random({ values, dimensions }: Observations, states: number, shape: Shape, seed: number, count: number): Parameters[] {
  const columns = Array.from({ length: dimensions }, (_, d) => columnOf(values, dimensions, d));
  const isFull = shape.covariance === 'full' && dimensions > 1;
  const shared = isFull ? correlations(columns) : new Float64Array(0);
  return Array.from({ length: count }, (_, path) => {
    const start = one(columns, states, seed, path);
    return {
      ...start,
      ...(isFull ? { variance: blocks(start.variance, shared, states) } : {}),
      ...(shape.errors === 'student' ? { nu: new Float64Array(states).fill(START_NU) } : {}),
    };
  });
}

function one(columns: readonly Column[], states: number, seed: number, path: number): Parameters {
  const dimensions = columns.length;
  let lane = 0;
  const draw = () => uniform(seed, PURPOSE.multiStart, path, 0, lane++);
  const byMoves = path % 2 === 1;
  const ranks = Array.from({ length: states }, (_, k) => (k + draw()) / states);
  const means = new Float64Array(states * dimensions);
  const variances = new Float64Array(states * dimensions);
  columns.forEach(({ rising, spread, stretches }, d) => {
    for (let k = 0; k < states; k += 1) {
      const place = k * dimensions + d;
      means[place] = quantileOfSorted(rising, byMoves ? 0.4 + 0.2 * draw() : (k + draw()) / states);
      variances[place] = byMoves ? quantileOfSorted(stretches, ranks[k]!) : spread * 0.1 * 20 ** draw();
    }
  });
  const transition = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    const stay = byMoves ? 0.9 + 0.09 * draw() : 0.5 + 0.49 * draw();
    for (let j = 0; j < states; j += 1) transition[i * states + j] = i === j ? stay : (1 - stay) / (states - 1);
  }
  return { start: new Float64Array(states).fill(1 / states), transition, mean: means, variance: variances };
}

function columnOf(values: Float64Array, dimensions: number, d: number): Column {
  const column = new Float64Array(values.length / dimensions);
  for (let t = 0; t < column.length; t += 1) column[t] = values[t * dimensions + d]!;
  const spread = variance(column);
  return { values: column, rising: sorted(column), spread, stretches: stretchVariances(column, spread) };
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

function correlations(columns: readonly Column[]): Float64Array {
  const size = columns.length;
  const out = new Float64Array(size * size).fill(1);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = SHARED * correlation(columns[i]!.values, columns[j]!.values);
      out[i * size + j] = value;
      out[j * size + i] = value;
    }
  }
  return out;
}

function blocks(variances: Float64Array, shared: Float64Array, states: number): Float64Array {
  const size = variances.length / states;
  const out = new Float64Array(states * size * size);
  for (let k = 0; k < states; k += 1) {
    const deviation = variances.subarray(k * size, (k + 1) * size).map(Math.sqrt);
    shared.forEach((rho, place) => {
      out[k * size * size + place] = rho * deviation[Math.floor(place / size)]! * deviation[place % size]!;
    });
  }
  return out;
}
