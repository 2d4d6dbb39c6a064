/**
 * The filter of a Markov-switching GARCH and its score: the hot loop of `msgarch.ts`. Equations: see there.
 *
 * Each regime runs its own recursion on the same returns, so the filter has K states and no memory (Hamilton 1989). The score is
 * Fisher's identity: smoothed probabilities weigh the score of each bar's density. Two states, the usual case, have loops of their own.
 */
import * as Chain from './math/chain.ts';
import { digamma, lgamma } from './math/special.ts';
import * as Recursion from './msgarch-recursion.ts';

export type Spec = {
  readonly states: number;
  readonly mean: 'constant' | 'zero';
  readonly asymmetric: boolean;
  readonly errors: 'normal' | 'student';
  readonly presample: 'unconditional' | 'sample';
};

export type Parameters = {
  readonly mu: number;
  /** Flat, from row to column. */
  readonly transition: Float64Array;
  readonly omega: Float64Array;
  readonly alpha: Float64Array;
  /** 0 where the model is symmetric. */
  readonly gamma: Float64Array;
  readonly beta: Float64Array;
  /** null: normal errors. */
  readonly nu: Float64Array | null;
};

/** Derivatives of the log-likelihood; `transition` holds A_ij times the derivative in A_ij, `nu` zeros for normal errors. */
export type Score = Readonly<Record<'transition' | 'omega' | 'alpha' | 'gamma' | 'beta' | 'nu', Float64Array>> & { readonly mu: number };

/** Kept from pass to pass: a search makes hundreds. */
export type Workspace = Recursion.Densities & {
  /** P(s_t | r_1..r_t) in any scale, then P(s_t | r_1..r_n) after `backward`: K numbers a bar. */
  readonly probability: Float64Array;
  /** Densities of the bar in any scale: K numbers a bar. */
  readonly density: Float64Array;
  readonly nextVariance: Float64Array;
  readonly pi: Float64Array;
};

const HUGE = 1e100;
/** Of two log densities: the exponential of this is far inside the doubles. */
const FAR_APART = 200;

export function workspace(bars: number, states: number): Workspace {
  const table = () => new Float64Array(bars * states);
  return {
    variance: table(),
    log: table(),
    level: table(),
    probability: table(),
    density: table(),
    nextVariance: new Float64Array(states),
    pi: new Float64Array(states),
  };
}

/** Forward: the log-likelihood, with filtered probabilities and variances left in `space`. */
export function forward(returns: Float64Array, p: Parameters, spec: Spec, space: Workspace): number {
  const { states } = spec;
  const n = returns.length;
  const { square } = meanSquare(returns, p.mu, spec);
  space.pi.set(Chain.stationary(p.transition, states));
  for (let k = 0; k < states; k += 1) {
    const phi = p.alpha[k]! + p.gamma[k]! / 2 + p.beta[k]!;
    const h0 = spec.presample === 'sample' ? p.omega[k]! + phi * square : p.omega[k]! / (1 - phi);
    space.nextVariance[k] = Recursion.densities(returns, p.mu, regime(p, k), h0, space, k * n);
  }
  const first = firstBar(spec);
  for (let k = 0; k < first * states; k += 1) space.probability[k] = space.pi[k]!;
  return states === 2 ? filterTwo(n, p.transition, first, space) : filterMany(n, states, p.transition, first, space);
}

/** Back over what `forward` left in `space`, where smoothed probabilities take the place of filtered ones. */
export function backward(returns: Float64Array, p: Parameters, spec: Spec, space: Workspace): Score {
  const { states } = spec;
  const n = returns.length;
  const first = firstBar(spec);
  const counts = new Float64Array(states * states);
  if (states === 2) smoothTwo(n, p.transition, first, space, counts);
  else smoothMany(n, states, p.transition, first, space, counts);
  const start = space.probability.slice(first * states, (first + 1) * states);
  space.probability.fill(0, 0, first * states);
  const [omega, alpha, gamma, beta, nu] = [0, 1, 2, 3, 4].map(() => new Float64Array(states)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let mu = 0;
  // The first h depends on the parameters too.
  const { square, residual } = meanSquare(returns, p.mu, spec);
  for (let k = 0; k < states; k += 1) {
    const found = Recursion.score(returns, p.mu, regime(p, k), space, k * n, space.probability, states, k);
    const phi = p.alpha[k]! + p.gamma[k]! / 2 + p.beta[k]!;
    const bySample = spec.presample === 'sample';
    const byPhi = found.first * (bySample ? square : p.omega[k]! / (1 - phi) ** 2);
    omega[k] = found.omega + found.first * (bySample ? 1 : 1 / (1 - phi));
    alpha[k] = found.alpha + byPhi;
    gamma[k] = found.gamma + byPhi / 2;
    beta[k] = found.beta + byPhi;
    nu[k] = found.nu;
    mu += found.mu - (bySample ? 2 * found.first * phi * residual : 0);
  }
  return { mu, omega, alpha, gamma, beta, nu, transition: Chain.transitionScore(p.transition, space.pi, counts, start) };
}

/** With the unconditional presample the first return only starts the recursions (the MSGARCH package's convention). */
export function firstBar({ presample }: Spec): number {
  return presample === 'unconditional' ? 1 : 0;
}

/** Probabilities are left in any scale: a division a bar would stand in the way of the next bar. */
function filterTwo(n: number, transition: Float64Array, first: number, space: Workspace): number {
  const { log, level, probability, density, pi } = space;
  const a00 = transition[0]!;
  const a01 = transition[1]!;
  const a10 = transition[2]!;
  const a11 = transition[3]!;
  let p0 = pi[0]!;
  let p1 = pi[1]!;
  let total = 0;
  let sum = 1;
  for (let t = first; t < n; t += 1) {
    let d0 = level[t]!;
    let d1 = level[n + t]!;
    let largest = log[t]!;
    const apart = log[n + t]! - largest;
    // Relative to the first state, which costs no coin toss as the larger would, unless that overflows.
    if (apart < FAR_APART) {
      d1 *= Math.exp(apart);
    } else {
      d0 *= Math.exp(-apart);
      largest += apart;
    }
    total += largest;
    let q0 = p0 * d0;
    let q1 = p1 * d1;
    sum = q0 + q1;
    if (!(sum < HUGE && sum > 1 / HUGE)) {
      total += Math.log(sum);
      q0 /= sum;
      q1 /= sum;
      sum = 1;
    }
    density[2 * t] = d0;
    density[2 * t + 1] = d1;
    probability[2 * t] = q0;
    probability[2 * t + 1] = q1;
    p0 = q0 * a00 + q1 * a10;
    p1 = q0 * a01 + q1 * a11;
  }
  return total + Math.log(sum);
}

function filterMany(n: number, states: number, transition: Float64Array, first: number, space: Workspace): number {
  const { log, level, probability, density, pi } = space;
  const prior = pi.slice();
  let total = 0;
  let product = 1;
  for (let t = first; t < n; t += 1) {
    const row = t * states;
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < states; k += 1) if (log[k * n + t]! > largest) largest = log[k * n + t]!;
    let sum = 0;
    for (let k = 0; k < states; k += 1) {
      const relative = level[k * n + t]! * Math.exp(log[k * n + t]! - largest);
      density[row + k] = relative;
      sum += prior[k]! * relative;
    }
    total += largest;
    product *= sum;
    if (!(product < HUGE && product > 1 / HUGE)) {
      total += Math.log(product);
      product = 1;
    }
    for (let k = 0; k < states; k += 1) {
      density[row + k] = density[row + k]! / sum;
      probability[row + k] = prior[k]! * density[row + k]!;
    }
    for (let j = 0; j < states; j += 1) {
      let next = 0;
      for (let i = 0; i < states; i += 1) next += probability[row + i]! * transition[i * states + j]!;
      prior[j] = next;
    }
  }
  return total + Math.log(product);
}

function smoothTwo(n: number, transition: Float64Array, first: number, space: Workspace, counts: Float64Array): void {
  const { probability, density } = space;
  const a00 = transition[0]!;
  const a01 = transition[1]!;
  const a10 = transition[2]!;
  const a11 = transition[3]!;
  // Likelihood of all later bars given the state, in any scale.
  let b0 = 1;
  let b1 = 1;
  let n00 = 0;
  let n01 = 0;
  let n10 = 0;
  let n11 = 0;
  for (let t = n - 1; t > first; t -= 1) {
    const q0 = probability[2 * t]!;
    const q1 = probability[2 * t + 1]!;
    const inverse = 1 / (q0 * b0 + q1 * b1);
    probability[2 * t] = q0 * b0 * inverse;
    probability[2 * t + 1] = q1 * b1 * inverse;
    const through0 = density[2 * t]! * b0;
    const through1 = density[2 * t + 1]! * b1;
    b0 = a00 * through0 + a01 * through1;
    b1 = a10 * through0 + a11 * through1;
    const before0 = probability[2 * t - 2]!;
    const before1 = probability[2 * t - 1]!;
    const scale = 1 / (before0 * b0 + before1 * b1);
    n00 += before0 * through0 * scale;
    n01 += before0 * through1 * scale;
    n10 += before1 * through0 * scale;
    n11 += before1 * through1 * scale;
    const size = b0 + b1;
    if (!(size < HUGE && size > 1 / HUGE)) {
      b0 /= size;
      b1 /= size;
    }
  }
  const q0 = probability[2 * first]! * b0;
  const q1 = probability[2 * first + 1]! * b1;
  probability[2 * first] = q0 / (q0 + q1);
  probability[2 * first + 1] = q1 / (q0 + q1);
  counts.set([n00 * a00, n01 * a01, n10 * a10, n11 * a11]);
}

function smoothMany(n: number, states: number, transition: Float64Array, first: number, space: Workspace, counts: Float64Array): void {
  const { probability, density } = space;
  const later = new Float64Array(states).fill(1);
  const through = new Float64Array(states);
  for (let t = n - 1; t >= first; t -= 1) {
    const row = t * states;
    for (let k = 0; k < states; k += 1) {
      probability[row + k] = probability[row + k]! * later[k]!;
      through[k] = density[row + k]! * later[k]!;
    }
    if (t === first) break;
    for (let i = 0; i < states; i += 1) {
      let sum = 0;
      for (let j = 0; j < states; j += 1) {
        const move = transition[i * states + j]! * through[j]!;
        sum += move;
        counts[i * states + j] = counts[i * states + j]! + probability[row - states + i]! * move;
      }
      later[i] = sum;
    }
  }
}

function regime(p: Parameters, k: number): Recursion.Regime {
  const nu = p.nu?.[k] ?? null;
  const constant =
    nu === null ? 1 / Math.sqrt(2 * Math.PI) : Math.exp(lgamma((nu + 1) / 2) - lgamma(nu / 2)) / Math.sqrt(Math.PI * (nu - 2));
  const constantByNu = nu === null ? 0 : 0.5 * (digamma((nu + 1) / 2) - digamma(nu / 2)) - 0.5 / (nu - 2);
  return { omega: p.omega[k]!, alpha: p.alpha[k]!, gamma: p.gamma[k]!, beta: p.beta[k]!, nu, constant, constantByNu };
}

function meanSquare(returns: Float64Array, mu: number, spec: Spec): { readonly square: number; readonly residual: number } {
  if (spec.presample === 'unconditional') return { square: 0, residual: 0 };
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const r of returns) {
    if (Number.isNaN(r)) continue;
    sum += r - mu;
    squares += (r - mu) * (r - mu);
    count += 1;
  }
  return { square: squares / count, residual: sum / count };
}
