/**
 * Markov-switching GARCH: calm and crisis each with a volatility clustering of its own.
 *
 *   r_t = μ + √h_s(t),t · z_t,   h_k,t+1 = ω_k + (α_k + γ_k·1[e_t < 0]) e_t² + β_k h_k,t   for every regime k, at every t
 *
 * Haas, Mittnik, Paolella (2004): the K recursions run in parallel, so the likelihood is exact with K states. s is a chain that starts from
 * its stationary distribution; z is normal, or Student-t of unit variance with ν_k. Each regime's persistence α + γ/2 + β is at most
 * `MAX_PERSISTENCE`, its ω at least `OMEGA_FLOOR` of the mean square (without a floor a regime can shrink onto the bars that did not move).
 * Presample: `unconditional`, ω_k/(1 − φ_k), the first return then only starting the recursions (R package MSGARCH), or `sample`, the
 * mean squared residual for e² and h. A bar that was not observed (NaN) has no likelihood and enters as its own expectation.
 * Fitted on returns scaled to unit mean square, by BFGS from seeded starts; regimes are ordered by unconditional variance, rising.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import { PURPOSE, uniform } from '../base/random.ts';
import * as Chain from './math/chain.ts';
import { standardErrors } from './math/information.ts';
import { bfgs, type Minimum, minimize, type Objective } from './math/optimize.ts';
import { normalQuantile, tQuantile } from './math/special.ts';
import { refine } from './math/whitened.ts';
import * as Coordinates from './msgarch-coordinates.ts';
import * as Filter from './msgarch-filter.ts';

export type Spec = Filter.Spec;
export type Parameters = Filter.Parameters;

export type MsGarchFit = {
  readonly spec: Spec;
  readonly parameters: Parameters;
  /** From the inverse Hessian, in the shape of the parameters; NaN for a parameter on its bound. Null: the Hessian says nothing. */
  readonly standardErrors: Parameters | null;
  readonly logLikelihood: number;
  readonly aic: number;
  readonly bic: number;
  readonly observations: number;
  /** By regime: ω/(1 − φ). */
  readonly unconditionalVariance: Float64Array;
  readonly durations: Float64Array;
  readonly converged: boolean;
  readonly evaluations: number;
  /** Refined starts, and how many of them ended at the best optimum. */
  readonly starts: { readonly refined: number; readonly agreed: number };
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

export type Filtered = {
  /** P(s_t | r_1..r_t) and h_k,t, flat. */
  readonly probability: Float64Array;
  readonly variance: Float64Array;
  /** Of the bar after the last. */
  readonly nextProbability: Float64Array;
  readonly nextVariance: Float64Array;
};

export type FitOptions = {
  readonly seed: number;
  readonly starts?: number;
  /** The only start then: parameters of a fit on almost the same data. */
  readonly near?: Parameters;
};

const MIN_OBSERVATIONS = 250;
const STARTS = 60;
/** Of starts: a crisis of a bar or two or of many, its shocks fading or lasting. The best of each kind are followed. */
const KINDS = 4;
const SCREENING_ITERATIONS = 16;
/**
 * How many starts of each kind are followed, and how many of those to the end: tails of their own make more optima. Whether a long series
 * may do with fewer.
 */
const EFFORT = { normal: { followed: 2, refined: 5, isBrief: true }, student: { followed: 3, refined: 5, isBrief: false } } as const;
/** From here on a series is long. */
const LONG_BARS = 1_500;
/** Search coordinates from which a parameter that ran to its bound is searched again. */
const INSIDE = 5;
const OFF_BOUND_ROUNDS = 4;
/** A gain of less in log-likelihood is none. */
const SAME_VALUE = 1e-7;
/** Log-likelihoods this close are one optimum. */
const SAME_OPTIMUM = 1e-3;

type Start = { readonly x: Float64Array; readonly value: number; readonly kind: number };

export function fit(returns: ArrayLike<number>, spec: Spec, options: FitOptions): MsGarchFit {
  // 1. Scale to unit mean square.
  const { unit, scale, observations } = scaleToUnit(returns, spec);
  const objective = objectiveOf(unit, spec, observations);
  // 2. Screen the starts by likelihood, follow the better ones a little, the best to the end.
  const starts =
    options.near === undefined
      ? Array.from({ length: options.starts ?? STARTS }, (_, path) => randomStart(spec, options.seed, path))
      : [Coordinates.fromNatural(Coordinates.rescaled(options.near, 1 / scale), spec)];
  const value = lossOf(unit, spec, observations);
  const ranked = byValue(starts.map((x, path) => ({ x, value: value(x), kind: path % KINDS })));
  const { screened, refined } = climb(objective, ranked, spec.errors, observations);
  const winner = refined.reduce((lowest, minimum) => (minimum.value < lowest.value ? minimum : lowest));
  const best = offBounds(objective, winner, spec, observations);
  // 3. Name the regimes, return to the caller's unit.
  const x = Coordinates.fromNatural(Coordinates.ordered(Coordinates.toNatural(best.x, spec)), spec);
  const natural = (at: Float64Array) => Coordinates.rescaled(Coordinates.toNatural(at, spec), scale);
  const parameters = natural(x);
  const { atBound, held } = Coordinates.bounds(Coordinates.toNatural(x, spec), spec);
  const errors = standardErrors(objective, x, observations, held, (at) => Coordinates.flat(natural(at)));
  const atBest = -best.value * observations - observations * Math.log(scale);
  const agreed = refined.filter((minimum) => (minimum.value - best.value) * observations < SAME_OPTIMUM).length;
  return {
    spec,
    parameters,
    standardErrors: errors === null ? null : Coordinates.unflat(errors, spec),
    logLikelihood: atBest,
    aic: 2 * x.length - 2 * atBest,
    bic: x.length * Math.log(observations) - 2 * atBest,
    observations,
    unconditionalVariance: parameters.omega.map((omega, k) => omega / (1 - Filter.persistence(parameters, k))),
    durations: Chain.durations(parameters.transition, spec.states),
    converged: best.converged,
    evaluations: starts.length + [...screened, ...refined, best].reduce((sum, { evaluations }) => sum + evaluations, -winner.evaluations),
    starts: { refined: refined.length, agreed },
    atBound,
    warnings: [
      ...(best.converged ? [] : [`gradient ${best.gradientSize.toExponential(1)} at the end of the search`]),
      ...(agreed <= 1 && refined.length > 1 ? ['only one start reached the best optimum: there may be a better one'] : []),
      ...(errors === null ? ['the Hessian is not negative definite: no standard errors'] : []),
    ],
  };
}

/** Log-likelihood at given parameters: the first thing to compare with a reference. */
export function logLikelihood(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): number {
  return Filter.value(Float64Array.from(returns), parameters, spec);
}

/** Score of the log-likelihood; `transition` holds A_ij times the derivative in A_ij. */
export function score(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Filter.Score {
  return Filter.valueAndScore(Float64Array.from(returns), parameters, spec).score;
}

/** Uses nothing later than t. */
export function filter(returns: ArrayLike<number>, parameters: Parameters, spec: Spec): Filtered {
  const { states } = spec;
  const { probability, variance, nextVariance } = Filter.bars(Float64Array.from(returns), parameters, spec);
  const last = probability.subarray(-states);
  const nextProbability = Float64Array.from({ length: states }, (_, j) =>
    last.reduce((sum, share, i) => sum + share * parameters.transition[i * states + j]!, 0),
  );
  return { probability, variance, nextProbability, nextVariance };
}

/** `length` returns from the law, after 500 that are thrown away; `purpose`, `path` name the stream. */
export function simulate(p: Parameters, length: number, stream: { seed: number; purpose: number; path: number }): Float64Array {
  const burnIn = 500;
  const states = p.omega.length;
  const out = new Float64Array(length);
  const h = p.omega.map((omega, k) => omega / (1 - Filter.persistence(p, k)));
  let state = 0;
  for (let t = -burnIn; t < length; t += 1) {
    const draw = (lane: number) => uniform(stream.seed, stream.purpose, stream.path, t + burnIn, lane);
    let left = draw(0);
    const from = state * states;
    state = 0;
    while (state < states - 1 && left > p.transition[from + state]!) {
      left -= p.transition[from + state]!;
      state += 1;
    }
    const nu = p.nu?.[state];
    const z = nu === undefined ? normalQuantile(draw(1)) : tQuantile(draw(1), nu) * Math.sqrt((nu - 2) / nu);
    const e = Math.sqrt(h[state]!) * z;
    if (t >= 0) out[t] = p.mu + e;
    for (let k = 0; k < states; k += 1) h[k] = p.omega[k]! + (p.alpha[k]! + (e < 0 ? p.gamma[k]! : 0)) * e * e + p.beta[k]! * h[k]!;
  }
  return out;
}

/**
 * The better starts of each kind followed a little, the best of those to the end. Where a long series takes the best two of different
 * kinds to one optimum, that is enough.
 */
function climb(objective: Objective, ranked: readonly Start[], errors: Spec['errors'], observations: number) {
  const { followed, refined, isBrief } = EFFORT[errors];
  const better = (start: Start) => ranked.slice(0, ranked.indexOf(start)).filter(({ kind }) => kind === start.kind).length;
  const follow = (from: number, to: number) =>
    ranked
      .filter((start) => better(start) >= from && better(start) < to)
      .map(({ x }) => bfgs(objective, x, { maxIterations: SCREENING_ITERATIONS }));
  const brief = isBrief && observations >= LONG_BARS ? byValue(follow(0, 1)) : [];
  const ends = new Map(brief.slice(0, 2).map((minimum) => [minimum, refine(objective, minimum.x)]));
  const [one, other] = [...ends.values()];
  if (one !== undefined && other !== undefined && Math.abs(one.value - other.value) * observations < SAME_OPTIMUM)
    return { screened: brief, refined: [one, other] };
  const screened = byValue([...brief, ...follow(brief.length > 0 ? 1 : 0, followed)]);
  for (const minimum of screened.slice(0, refined)) if (!ends.has(minimum)) ends.set(minimum, refine(objective, minimum.x));
  return { screened, refined: [...ends.values()] };
}

function byValue<T extends { readonly value: number }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => a.value - b.value);
}

/**
 * Near a bound the gradient vanishes wherever the search stops, so a minimum with parameters there is searched again from further
 * inside; where that finds better time after time, the search has not converged.
 */
function offBounds(objective: Objective, minimum: Minimum, spec: Spec, observations: number): Minimum {
  let best = minimum;
  for (let round = 1; ; round += 1) {
    const { held } = Coordinates.bounds(Coordinates.toNatural(best.x, spec), spec);
    if (!held.some(Boolean)) return best;
    const inside = best.x.map((value, i) => (held[i] ? Math.max(-INSIDE, Math.min(INSIDE, value)) : value));
    const again = minimize(objective, inside);
    const evaluations = best.evaluations + again.evaluations;
    if (again.value >= best.value - SAME_VALUE / observations) return { ...best, evaluations };
    best = { ...again, evaluations, converged: again.converged && round < OFF_BOUND_ROUNDS };
    if (round === OFF_BOUND_ROUNDS) return best;
  }
}

/** Minus the mean log-likelihood in search coordinates, with its gradient. */
function objectiveOf(unit: Float64Array, spec: Spec, observations: number): Objective {
  return (x, gradient) => {
    const natural = Coordinates.toNatural(x, spec);
    const { logLikelihood: value, score: at } = Filter.valueAndScore(unit, natural, spec);
    if (!Number.isFinite(value)) return Number.POSITIVE_INFINITY;
    Coordinates.chain(x, natural, at, spec, gradient);
    for (let i = 0; i < gradient.length; i += 1) gradient[i] = -gradient[i]! / observations;
    return -value / observations;
  };
}

function lossOf(unit: Float64Array, spec: Spec, observations: number): (x: Float64Array) => number {
  return (x) => {
    const value = Filter.value(unit, Coordinates.toNatural(x, spec), spec);
    return Number.isFinite(value) ? -value / observations : Number.POSITIVE_INFINITY;
  };
}

/** Variances from a fifth to ten times the mean square, rising; some chains sticky, some where a crisis lasts a bar or two. */
function randomStart(spec: Spec, seed: number, path: number): Float64Array {
  const { states } = spec;
  let lane = 0;
  const draw = () => uniform(seed, PURPOSE.multiStart, path, 2, lane++);
  const transition = new Float64Array(states * states);
  const spikes = path % 2 === 0;
  const persists = path % 4 < 2;
  for (let i = 0; i < states; i += 1) {
    const stay = spikes && i === states - 1 ? 0.02 + 0.4 * draw() : 0.9 + 0.099 * draw();
    for (let j = 0; j < states; j += 1) transition[i * states + j] = i === j ? stay : (1 - stay) / (states - 1);
  }
  const regimes = Array.from({ length: states }, (_, k) => {
    const phi = 1 - 10 ** (-0.5 - (persists || k < states - 1 ? 1 : 0) - 1.5 * draw());
    const share = 1 - 10 ** (-0.7 - 1.5 * draw());
    // Calm below the mean square, the wildest up to fifty times it.
    const longRun = 0.3 * 160 ** ((k === 0 ? 0.25 * draw() : k - 0.75 + 0.75 * draw()) / (states - 1));
    return { omega: longRun * (1 - phi), alpha: phi * (1 - share), beta: phi * share, nu: 4 + 8 * draw() };
  });
  return Coordinates.fromNatural(
    {
      mu: 0,
      transition,
      omega: Float64Array.from(regimes, ({ omega }) => omega),
      alpha: Float64Array.from(regimes, ({ alpha }) => alpha),
      gamma: new Float64Array(states),
      beta: Float64Array.from(regimes, ({ beta }) => beta),
      nu: spec.errors === 'student' ? Float64Array.from(regimes, ({ nu }) => nu) : null,
    },
    spec,
  );
}

function scaleToUnit(returns: ArrayLike<number>, spec: Spec): { unit: Float64Array; scale: number; observations: number } {
  if (!(Number.isInteger(spec.states) && spec.states >= 2)) throw new BadSpecError({ got: `${spec.states} states`, needed: 'at least 2' });
  const values = Float64Array.from(returns);
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0) {
    throw new NotAReturnError({ got: quote(String(values[infinite])), needed: 'a finite return or NaN', where: `return ${infinite}` });
  }
  const observed = values.filter((value) => !Number.isNaN(value));
  if (observed.length < MIN_OBSERVATIONS) {
    throw new TooFewObservationsError({ got: `${observed.length} observations`, needed: `at least ${MIN_OBSERVATIONS}` });
  }
  // Divide by the largest first: squares of 1e-200 would vanish.
  const largest = observed.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = largest * Math.sqrt(observed.reduce((sum, value) => sum + (value / largest) ** 2, 0) / observed.length);
  if (!(scale > 0)) throw new NoVariationError({ got: `${observed.length} returns, all zero`, needed: 'returns that vary' });
  const from = Filter.firstBar(spec);
  return {
    unit: values.map((value) => value / scale),
    scale,
    observations: observed.length - (from === 1 && !Number.isNaN(values[0]!) ? 1 : 0),
  };
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Msgarch.TooFewObservationsError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Msgarch.NoVariationError';
}

export class NotAReturnError extends PlimsollError {
  override readonly name = 'Msgarch.NotAReturnError';
}

export class BadSpecError extends PlimsollError {
  override readonly name = 'Msgarch.BadSpecError';
}
