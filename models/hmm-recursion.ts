/**
 * Forward and backward recursions of the Gaussian hidden Markov model, and one round of EM: the hot loops of `hmm.ts`.
 *
 * Scaled as in Rabiner (1989); densities are taken relative to the largest at each row, so that a row that is unlikely in every
 * state does not underflow.
 */

export type Parameters = {
  readonly start: Float64Array;
  /** Flat, from row to column. */
  readonly transition: Float64Array;
  /** Flat, state by state. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
};

/**
 * `rows` of `dimensions` numbers, flat. `power`, 1 if not given, is the share of an independent row that each row is worth: emission
 * densities are raised to it.
 */
export type Observations = { readonly values: Float64Array; readonly dimensions: number; readonly power?: number };

/** One round of EM: the likelihood at `p`, and the parameters that maximise its expectation. */
export function expectMaximize(observations: Observations, p: Parameters, states: number, floor: Float64Array) {
  const { values, dimensions } = observations;
  const rows = values.length / dimensions;
  const { alpha, emission, scale, logLikelihood: value } = forward(observations, p);
  const visits = new Float64Array(states * states);
  const weight = new Float64Array(states * dimensions);
  const sum = new Float64Array(states * dimensions);
  const squares = new Float64Array(states * dimensions);
  const start = new Float64Array(states);
  let beta = new Float64Array(states).fill(1);
  let next = new Float64Array(states);
  const ahead = new Float64Array(states);
  for (let t = rows - 1; t >= 0; t -= 1) {
    let total = 0;
    for (let k = 0; k < states; k += 1) total += alpha[t * states + k]! * beta[k]!;
    for (let k = 0; k < states; k += 1) {
      const gamma = (alpha[t * states + k]! * beta[k]!) / total;
      if (t === 0) start[k] = gamma;
      for (let d = 0; d < dimensions; d += 1) {
        const y = values[t * dimensions + d]!;
        if (Number.isNaN(y)) continue;
        // Deviations from the present mean: squares of a far-off level would cancel.
        const deviation = y - p.mean[k * dimensions + d]!;
        const place = k * dimensions + d;
        weight[place] = weight[place]! + gamma;
        sum[place] = sum[place]! + gamma * deviation;
        squares[place] = squares[place]! + gamma * deviation * deviation;
      }
    }
    if (t === 0) break;
    for (let j = 0; j < states; j += 1) ahead[j] = (emission[t * states + j]! * beta[j]!) / scale[t]!;
    for (let i = 0; i < states; i += 1) {
      const from = alpha[(t - 1) * states + i]!;
      let back = 0;
      for (let j = 0; j < states; j += 1) {
        const through = p.transition[i * states + j]! * ahead[j]!;
        back += through;
        visits[i * states + j] = visits[i * states + j]! + from * through;
      }
      next[i] = back;
    }
    const spare = beta;
    beta = next;
    next = spare;
  }
  const transition = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    let total = 0;
    for (let j = 0; j < states; j += 1) total += visits[i * states + j]!;
    for (let j = 0; j < states; j += 1)
      transition[i * states + j] = total > 0 ? visits[i * states + j]! / total : p.transition[i * states + j]!;
  }
  const mean = p.mean.map((old, place) => (weight[place]! > 0 ? old + sum[place]! / weight[place]! : old));
  const variances = p.variance.map((old, place) => {
    if (!(weight[place]! > 0)) return old;
    const shift = sum[place]! / weight[place]!;
    return Math.max(floor[place % dimensions]!, squares[place]! / weight[place]! - shift * shift);
  });
  return { logLikelihood: value, next: { start, transition, mean, variance: variances } };
}

export function forward(observations: Observations, p: Parameters) {
  const { values, dimensions, power = 1 } = observations;
  const rows = values.length / dimensions;
  const states = p.start.length;
  const alpha = new Float64Array(rows * states);
  const emission = new Float64Array(rows * states);
  const scale = new Float64Array(rows);
  const constant = Float64Array.from(p.variance, (v) => -0.5 * Math.log(2 * Math.PI * v));
  const precision = Float64Array.from(p.variance, (v) => 0.5 / v);
  let total = 0;
  for (let t = 0; t < rows; t += 1) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < states; k += 1) {
      let log = 0;
      for (let d = 0; d < dimensions; d += 1) {
        const y = values[t * dimensions + d]!;
        if (Number.isNaN(y)) continue;
        const place = k * dimensions + d;
        const deviation = y - p.mean[place]!;
        log += constant[place]! - precision[place]! * deviation * deviation;
      }
      log *= power;
      emission[t * states + k] = log;
      if (log > largest) largest = log;
    }
    let sum = 0;
    for (let k = 0; k < states; k += 1) {
      let prior = 0;
      if (t === 0) prior = p.start[k]!;
      else for (let i = 0; i < states; i += 1) prior += alpha[(t - 1) * states + i]! * p.transition[i * states + k]!;
      const density = Math.exp(emission[t * states + k]! - largest);
      emission[t * states + k] = density;
      alpha[t * states + k] = prior * density;
      sum += prior * density;
    }
    // A row that is impossible in every reachable state: keep what was known before it.
    if (!(sum > 0)) {
      for (let k = 0; k < states; k += 1) alpha[t * states + k] = t === 0 ? p.start[k]! : alpha[(t - 1) * states + k]!;
      return { alpha, emission, scale: scale.fill(1), logLikelihood: Number.NEGATIVE_INFINITY };
    }
    for (let k = 0; k < states; k += 1) alpha[t * states + k] = alpha[t * states + k]! / sum;
    scale[t] = sum;
    total += Math.log(sum) + largest;
  }
  return { alpha, emission, scale, logLikelihood: total };
}
