/**
 * Markov chains of a few states: the stationary distribution, its derivative, and coordinates without constraints.
 *
 *   π = πA;  dπ = π·dA·(I − A + 1π)⁻¹ for any dA whose rows sum to 0 (Schweitzer 1968)
 *
 * Transition matrices are flat, from row to column. In search coordinates a row is a softmax against staying, whose logit is 0: its
 * K − 1 logits stand in the order of the columns without the diagonal.
 */
import { solve } from './linear.ts';

/** A probability below this has no logit worth searching from. */
const SMALLEST = 1e-12;

/** π with π = πA; where the chain falls apart into parts, one of the many. */
export function stationary(transition: Float64Array, states: number): Float64Array {
  // πᵀ(I − A + 11ᵀ) = 1ᵀ, so the transpose is what is solved.
  const system = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    for (let j = 0; j < states; j += 1) system[j * states + i] = (i === j ? 1 : 0) - transition[i * states + j]! + 1;
  }
  const found = solve(system, new Float64Array(states).fill(1), states);
  if (found === null) return new Float64Array(states).fill(1 / states);
  const positive = found.map((share) => Math.max(0, share));
  const total = positive.reduce((sum, share) => sum + share, 0);
  return positive.map((share) => share / total);
}

/**
 * A_ij times the derivative of Σ n_ij ln A_ij + Σ w_k ln π_k in A_ij, for counts n and weights w of the first state: what
 * `logitScore` needs, without a division by A.
 */
export function transitionScore(transition: Float64Array, pi: Float64Array, counts: Float64Array, first: Float64Array): Float64Array {
  const states = pi.length;
  const system = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    for (let j = 0; j < states; j += 1) system[i * states + j] = (i === j ? 1 : 0) - transition[i * states + j]! + pi[j]!;
  }
  const pull = solve(
    system,
    first.map((weight, k) => (pi[k]! > 0 ? weight / pi[k]! : 0)),
    states,
  );
  return counts.map((count, place) => {
    const from = Math.floor(place / states);
    return count + transition[place]! * pi[from]! * (pull?.[place % states] ?? 0);
  });
}

export function fromLogits(logits: ArrayLike<number>, offset: number, states: number): Float64Array {
  const out = new Float64Array(states * states);
  let place = offset;
  for (let i = 0; i < states; i += 1) {
    let largest = 0;
    for (let j = 0; j < states - 1; j += 1) largest = Math.max(largest, logits[place + j]!);
    let total = 0;
    for (let j = 0; j < states; j += 1) {
      const weight = Math.exp((i === j ? 0 : logits[place++]!) - largest);
      out[i * states + j] = weight;
      total += weight;
    }
    for (let j = 0; j < states; j += 1) out[i * states + j] = out[i * states + j]! / total;
  }
  return out;
}

export function toLogits(transition: Float64Array, states: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < states; i += 1) {
    const stay = Math.max(SMALLEST, transition[i * states + i]!);
    for (let j = 0; j < states; j += 1) if (i !== j) out.push(Math.log(Math.max(SMALLEST, transition[i * states + j]!) / stay));
  }
  return out;
}

/** `transitionScore` to the gradient in logits, written into `out` from `offset`. */
export function logitScore(transition: Float64Array, score: Float64Array, states: number, out: Float64Array, offset: number): void {
  let place = offset;
  for (let i = 0; i < states; i += 1) {
    let total = 0;
    for (let j = 0; j < states; j += 1) total += score[i * states + j]!;
    for (let j = 0; j < states; j += 1) if (i !== j) out[place++] = score[i * states + j]! - transition[i * states + j]! * total;
  }
}

/** Bars that a stay in each state lasts on average. */
export function durations(transition: Float64Array, states: number): Float64Array {
  return Float64Array.from({ length: states }, (_, k) => 1 / (1 - transition[k * states + k]!));
}

/** The chain with its states renamed: `order[i]` is the old name of state i. */
export function reordered(transition: Float64Array, order: readonly number[]): Float64Array {
  return Float64Array.from(order.flatMap((from) => order.map((to) => transition[from * order.length + to]!)));
}
