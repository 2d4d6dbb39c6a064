/**
 * The filter of a Markov-switching GARCH and its score: the hot loop of `msgarch.ts`. Equations: see there.
 *
 * Each regime runs its own recursion on the same returns, so the filter has K states and no memory (Hamilton 1989). The score is
 * Fisher's identity: smoothed probabilities weigh the score of each bar's density. Two states, the usual case, run in the kernel, a
 * regime a lane (kernel/assembly/msgarch.ts); more run here.
 */
import { loadLikelihood } from '../kernel/likelihood.ts';
import * as Kernel from '../kernel/msgarch.ts';
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

/** The bars as they were filtered, flat, a row a bar. */
export type Bars = {
  /** P(s_t | r_1..r_t). */
  readonly probability: Float64Array;
  readonly variance: Float64Array;
  readonly nextVariance: Float64Array;
};

type Workspace = Recursion.Densities & {
  /** P(s_t | r_1..r_t) in any scale, then P(s_t | r_1..r_n) after `backward`: K numbers a bar. */
  readonly probability: Float64Array;
  /** Densities of the bar in any scale: K numbers a bar. */
  readonly density: Float64Array;
  readonly nextVariance: Float64Array;
  readonly pi: Float64Array;
};

const HUGE = 1e100;

export function value(returns: Float64Array, p: Parameters, spec: Spec): number {
  if (spec.states === 2) return loadLikelihood().msgarch(paired(returns, p, spec), 'value').logLikelihood;
  return forward(returns, p, spec, workspace(returns.length, spec.states));
}

export function valueAndScore(returns: Float64Array, p: Parameters, spec: Spec): { readonly logLikelihood: number; readonly score: Score } {
  if (spec.states === 2) {
    const { logLikelihood, score } = loadLikelihood().msgarch(paired(returns, p, spec), 'score');
    return { logLikelihood, score: scoreOf(returns, p, spec, score) };
  }
  const space = workspace(returns.length, spec.states);
  const logLikelihood = forward(returns, p, spec, space);
  return { logLikelihood, score: backward(returns, p, spec, space) };
}

export function bars(returns: Float64Array, p: Parameters, spec: Spec): Bars {
  const { states } = spec;
  const n = returns.length;
  const table = (entry: (t: number, k: number) => number) =>
    Float64Array.from({ length: n * states }, (_, place) => entry(Math.floor(place / states), place % states));
  if (states === 2) {
    const { bars: trace, nextVariance } = loadLikelihood().msgarch(paired(returns, p, spec), 'bars');
    const joint = (t: number, k: number) => trace[t * Kernel.PER_BAR + Kernel.PROBABILITY + k]!;
    return {
      probability: table((t, k) => joint(t, k) / (joint(t, 0) + joint(t, 1))),
      variance: table((t, k) => trace[t * Kernel.PER_BAR + k]!),
      nextVariance,
    };
  }
  const space = workspace(n, states);
  forward(returns, p, spec, space);
  return {
    probability: space.probability,
    variance: table((t, k) => space.variance[k * n + t]!),
    nextVariance: space.nextVariance,
  };
}

/** With the unconditional presample the first return only starts the recursions (the MSGARCH package's convention). */
export function firstBar({ presample }: Spec): number {
  return presample === 'unconditional' ? 1 : 0;
}

function workspace(bars: number, states: number): Workspace {
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

/** The kernel's order of parameters. */
function paired(returns: Float64Array, p: Parameters, spec: Spec): Kernel.Input {
  const { square } = meanSquare(returns, p.mu, spec);
  const parameters = new Float64Array(Kernel.PARAMETERS);
  for (let k = 0; k < 2; k += 1) {
    const { omega, alpha, gamma, beta, nu, constant, constantByNu } = regime(p, k);
    const power = nu === null ? -0.5 : -0.5 * (nu + 1);
    const h0 = firstVariance(p, spec, square, k);
    const spread = nu === null ? 0 : 1 / (nu - 2);
    const of = [omega, alpha, gamma / 2, beta, persistence(p, k), h0, constant, power, spread, constantByNu];
    for (let i = 0; i < of.length; i += 1) parameters[2 * i + k] = of[i]!;
  }
  parameters.set(p.transition, 20);
  parameters.set(Chain.stationary(p.transition, 2), 24);
  parameters[26] = p.mu;
  return { returns, first: firstBar(spec), isStudent: p.nu !== null, parameters };
}

function scoreOf(returns: Float64Array, p: Parameters, spec: Spec, pairs: Float64Array): Score {
  const regimes = [0, 1].map((k) => {
    const at = (i: number) => pairs[2 * i + k]!;
    return { omega: at(0), alpha: at(1), gamma: at(2), beta: at(3), nu: at(4), first: at(5), mu: at(6) };
  });
  return withFirstVariance(returns, p, spec, regimes, pairs.subarray(14, 18), pairs.subarray(18, 20));
}

/** Forward: the log-likelihood, with filtered probabilities and variances left in `space`. */
function forward(returns: Float64Array, p: Parameters, spec: Spec, space: Workspace): number {
  const { states } = spec;
  const n = returns.length;
  const { square } = meanSquare(returns, p.mu, spec);
  space.pi.set(Chain.stationary(p.transition, states));
  for (let k = 0; k < states; k += 1) {
    space.nextVariance[k] = Recursion.densities(returns, p.mu, regime(p, k), firstVariance(p, spec, square, k), space, k * n);
  }
  const first = firstBar(spec);
  for (let k = 0; k < first * states; k += 1) space.probability[k] = space.pi[k]!;
  return filterMany(n, states, p.transition, first, space);
}

/** Back over what `forward` left in `space`, where smoothed probabilities take the place of filtered ones. */
function backward(returns: Float64Array, p: Parameters, spec: Spec, space: Workspace): Score {
  const { states } = spec;
  const n = returns.length;
  const first = firstBar(spec);
  const counts = new Float64Array(states * states);
  smoothMany(n, states, p.transition, first, space, counts);
  const start = space.probability.slice(first * states, (first + 1) * states);
  space.probability.fill(0, 0, first * states);
  const regimes = Array.from({ length: states }, (_, k) =>
    Recursion.score(returns, p.mu, regime(p, k), space, k * n, space.probability, states, k),
  );
  return withFirstVariance(returns, p, spec, regimes, counts, start);
}

/** The first h depends on the parameters too. */
function withFirstVariance(
  returns: Float64Array,
  p: Parameters,
  spec: Spec,
  regimes: readonly Recursion.RegimeScore[],
  counts: Float64Array,
  start: Float64Array,
): Score {
  const { square, residual } = meanSquare(returns, p.mu, spec);
  const bySample = spec.presample === 'sample';
  const byPhi = regimes.map(({ first }, k) => first * (bySample ? square : p.omega[k]! / (1 - persistence(p, k)) ** 2));
  const by = (entry: (found: Recursion.RegimeScore, k: number) => number) => Float64Array.from(regimes, entry);
  return {
    mu: regimes.reduce((sum, { mu, first }, k) => sum + mu - (bySample ? 2 * first * persistence(p, k) * residual : 0), 0),
    omega: by(({ omega, first }, k) => omega + first * (bySample ? 1 : 1 / (1 - persistence(p, k)))),
    alpha: by(({ alpha }, k) => alpha + byPhi[k]!),
    gamma: by(({ gamma }, k) => gamma + byPhi[k]! / 2),
    beta: by(({ beta }, k) => beta + byPhi[k]!),
    nu: by(({ nu }) => nu),
    transition: Chain.transitionScore(p.transition, Chain.stationary(p.transition, spec.states), counts, start),
  };
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

export function persistence(p: Parameters, state: number): number {
  return p.alpha[state]! + p.gamma[state]! / 2 + p.beta[state]!;
}

function firstVariance(p: Parameters, spec: Spec, square: number, k: number): number {
  const phi = persistence(p, k);
  return spec.presample === 'sample' ? p.omega[k]! + phi * square : p.omega[k]! / (1 - phi);
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
