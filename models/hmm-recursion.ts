/**
 * Forward and backward recursions of a hidden Markov model, and one round of EM: the hot loops of `hmm.ts`.
 *
 * Scaled as in Rabiner (1989); densities are taken relative to the largest at each row, so that a row that is unlikely in every
 * state does not underflow.
 */
import * as Emission from './hmm-emission.ts';

type Forward = {
  readonly alpha: Float64Array;
  /** Densities relative to the largest of the row. */
  readonly emission: Float64Array;
  readonly scale: Float64Array;
  readonly logLikelihood: number;
  readonly known: Emission.Densities;
};

/** One round of EM: the likelihood at `p`, and the parameters that maximise its expectation. */
export function expectMaximize(observations: Emission.Observations, p: Emission.Parameters, floor: Float64Array) {
  const rows = observations.values.length / observations.dimensions;
  const states = p.start.length;
  const { alpha, emission, scale, logLikelihood, known } = forward(observations, p);
  const visits = new Float64Array(states * states);
  const gamma = new Float64Array(rows * states);
  let beta = new Float64Array(states).fill(1);
  let next = new Float64Array(states);
  const ahead = new Float64Array(states);
  for (let t = rows - 1; t >= 0; t -= 1) {
    let total = 0;
    for (let k = 0; k < states; k += 1) total += alpha[t * states + k]! * beta[k]!;
    for (let k = 0; k < states; k += 1) gamma[t * states + k] = (alpha[t * states + k]! * beta[k]!) / total;
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
  const laws = Emission.maximize(observations, p, gamma, known, floor);
  return { logLikelihood, next: { start: gamma.slice(0, states), transition, ...laws } };
}

export function forward(observations: Emission.Observations, p: Emission.Parameters): Forward {
  const { values, dimensions, power = 1 } = observations;
  const rows = values.length / dimensions;
  const states = p.start.length;
  const known = Emission.densities(observations, p);
  const alpha = new Float64Array(rows * states);
  const emission = new Float64Array(rows * states);
  const scale = new Float64Array(rows);
  let total = 0;
  for (let t = 0; t < rows; t += 1) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < states; k += 1) largest = Math.max(largest, power * known.log[t * states + k]!);
    let sum = 0;
    for (let k = 0; k < states; k += 1) {
      let prior = 0;
      if (t === 0) prior = p.start[k]!;
      else for (let i = 0; i < states; i += 1) prior += alpha[(t - 1) * states + i]! * p.transition[i * states + k]!;
      const density = Math.exp(power * known.log[t * states + k]! - largest);
      emission[t * states + k] = density;
      alpha[t * states + k] = prior * density;
      sum += prior * density;
    }
    // A row that is impossible in every reachable state: keep what was known before it.
    if (!(sum > 0)) {
      for (let k = 0; k < states; k += 1) alpha[t * states + k] = t === 0 ? p.start[k]! : alpha[(t - 1) * states + k]!;
      return { alpha, emission, scale: scale.fill(1), logLikelihood: Number.NEGATIVE_INFINITY, known };
    }
    for (let k = 0; k < states; k += 1) alpha[t * states + k] = alpha[t * states + k]! / sum;
    scale[t] = sum;
    total += Math.log(sum) + largest;
  }
  return { alpha, emission, scale, logLikelihood: total, known };
}
