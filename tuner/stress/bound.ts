/**
 * Upper bounds on the probability of a loss, good at every sample size: no normal approximation, however few the hits.
 *
 * Equal weights: Clopper and Pearson (1934). Weights of a tilt, X_i = w_i on a hit and 0 else, 0 ≤ X_i ≤ B, mean p: by betting (Waudby-Smith
 * and Ramdas, "Estimating means of bounded random variables by betting", 2024). Were p at least m, a gambler who stakes λ against it holds
 * ∏(1 + λ(m − X_i)), a fair or losing game: that it reaches 1/α has probability at most α (Ville). So does the mean over several λ. The
 * bound is the least m at which it does.
 */
import type { Kernel } from '../../kernel/kernel.ts';

const CONFIDENCE = 0.95;
/** Halvings of [0, 1]: past the last bit of a double near 1. */
const HALVINGS = 60;
/** Stakes as shares of 1/B, the largest that cannot ruin, and the capital on each: rare hits, which matter here, call for the largest. */
const STAKES = [
  [1, 0.7],
  [0.5, 0.1],
  [0.25, 0.1],
  [0.125, 0.1],
] as const;

/** `hits` are the weights of the paths that lost, of `count` in all; none is above `largest`. */
export function upperBound(kernel: Kernel, hits: readonly number[], count: number, largest: number): number {
  return largest === 1 ? clopperPearson(kernel, hits.length, count) : betting(kernel, hits, count, largest);
}

/** One-sided Clopper-Pearson: the largest p under which `hits` or fewer of `count` still has probability 1 − confidence. */
export function clopperPearson(kernel: Kernel, hits: number, count: number, confidence = CONFIDENCE): number {
  if (hits >= count) return 1;
  let logChoose = 0;
  for (let k = 1; k <= hits; k += 1) logChoose += kernel.log((count - hits + k) / k);
  let low = hits / count;
  let high = 1;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const p = 0.5 * (low + high);
    if (binomialBelow(kernel, hits, count, p, logChoose) > 1 - confidence) low = p;
    else high = p;
  }
  return high;
}

function betting(kernel: Kernel, hits: readonly number[], count: number, largest: number): number {
  const misses = count - hits.length;
  const holds = (m: number) => {
    let capital = 0;
    for (const [stake, share] of STAKES) {
      const lambda = stake / largest;
      let log = misses * kernel.log(1 + lambda * m);
      for (const weight of hits) log += kernel.log(Math.max(Number.MIN_VALUE, 1 + lambda * (m - weight)));
      capital += share * kernel.exp(Math.min(700, log));
    }
    return capital >= 1 / (1 - CONFIDENCE);
  };
  if (!holds(1)) return 1;
  let [low, high] = [0, 1];
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const m = 0.5 * (low + high);
    if (holds(m)) high = m;
    else low = m;
  }
  return high;
}

/** P(X ≤ hits) for X binomial, hits ≤ count·p: terms fall from `hits` downwards, so the sum is short and stable. */
function binomialBelow(kernel: Kernel, hits: number, count: number, p: number, logChoose: number): number {
  if (p >= 1) return 0;
  let term = kernel.exp(logChoose + hits * kernel.log(p) + (count - hits) * kernel.log(1 - p));
  if (hits === 0) term = kernel.exp(count * kernel.log(1 - p));
  let sum = term;
  for (let k = hits; k > 0 && term > sum * 1e-18; k -= 1) {
    term *= (k / (count - k + 1)) * ((1 - p) / p);
    sum += term;
  }
  return sum;
}
