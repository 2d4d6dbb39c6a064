/**
 * The market's regime: one hidden chain for all assets, told by how much the market moves a day, and what it does to returns.
 *
 *   y_d | s_d ~ N(μ_s, σ²_s)^κ,  s a chain with P_d a day         y: turbulence.ts, the chain: hmm.ts
 *   P_step = I + (P_d − I) / steps a day                          the same chain by steps: the same durations, the same stationary law
 *   E[u²_it | before t] = Σ_s P(s_t = s | before t) m_s²,  u = e/√h, over all assets,  Σ π_s m_s² = 1       Gaussian quasi-likelihood
 *
 * Within a regime volatility clusters, so that days are no independent witnesses: taken for such, every cluster becomes a regime of
 * its own (on the built-in simulator, durations a third of the true ones). A day therefore counts κ = (1 − ρ)/(1 + ρ), ρ the lag-one
 * autocorrelation of y within regimes: the variance of a mean of n such days is that of κn independent ones. The number of regimes
 * is the one of 2 to 4 with the least BIC over κn days.
 *
 * States are ordered by μ_s. `probability` is filtered, that is P(s_t | days complete at the end of bar t), and `predicted` is one
 * step older: never smoothed. What a regime does to returns is measured under `predicted`: a bar counts itself into the crisis by
 * being large, so that under its own filtered probability GARCH would seem to miss what it has taken up already (measured so on
 * hourly coins, the crisis multiplier was 1.2, and a day's variance came out 1.8 times the realised). Squares of u are capped at
 * `SQUARE_CAP`: one bar of one dying coin must not set the multiplier of the market.
 */
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import * as Hmm from './hmm.ts';
import type { RegimeLaw } from './market.ts';
import * as MarkovChain from './math/chain.ts';
import type { Days } from './turbulence.ts';

export type Chain = {
  readonly fit: Hmm.HmmFit;
  /** By day. */
  readonly parameters: Hmm.Parameters;
  /** κ: the share of an independent day that a day is worth. */
  readonly power: number;
  readonly states: number;
  /** By step, flat, from row to column. */
  readonly transition: Float64Array;
  readonly stationary: Float64Array;
  /** Filtered, flat: bar by bar, state by state. */
  readonly probability: Float64Array;
  /** The same one bar before it is known. */
  readonly predicted: Float64Array;
};

const LABELS: readonly (readonly string[])[] = [
  ['normal'],
  ['calm', 'crisis'],
  ['calm', 'normal', 'crisis'],
  ['calm', 'normal', 'turbulent', 'crisis'],
];
const CANDIDATES = [2, 3, 4] as const;
const MIN_DAYS_PER_STATE = 30;
const SMALLEST_POWER = 0.05;
const SQUARE_CAP = 64;
const MULTIPLIER_ROUNDS = 50;
const HISTORY_POINTS = 1_500;
/** A regime that was never left has no finite duration. */
const LONGEST_STEPS = 1e9;

/** `values`: y by complete day of `when`. With `near`, a fit on almost the same days, its number of states and its κ are kept. */
export function fitChain(values: Float64Array, when: Days, options: { readonly seed: number; readonly near?: Chain }): Chain {
  const { seed, near } = options;
  const seen = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  if (near !== undefined && near.states > 1) {
    return follow(Hmm.fit(observe(values, near.power), near.states, { seed, near: near.parameters }), near.power, values, when);
  }
  const candidates = CANDIDATES.filter((states) => seen >= MIN_DAYS_PER_STATE * states);
  const most = candidates.at(-1);
  if (most === undefined || near !== undefined) return alone(seen, when);
  const power = witness(values, most, seed);
  const bic = (states: number) =>
    (states * states + states) * Math.log(power * seen) - 2 * Hmm.fit(observe(values, power), states, { seed }).logLikelihood;
  const scored = candidates.map((states) => ({ states, bic: bic(states) }));
  const { states } = scored.reduce((best, candidate) => (candidate.bic < best.bic ? candidate : best));
  const own = states === most ? power : witness(values, states, seed);
  return follow(Hmm.fit(observe(values, own), states, { seed }), own, values, when);
}

/** The same chain over other values of the statistic: what it would have said, bar by bar. */
export function filterChain(chain: Chain, values: Float64Array, when: Days): Chain {
  if (chain.states === 1) return alone(chain.fit.rows, when);
  return { ...chain, ...walk(chain, values, when) };
}

/** m_s from standardised residuals u = e/√h, one array an asset. */
export function multipliers(columns: readonly Float64Array[], chain: Pick<Chain, 'predicted' | 'stationary'>): number[] {
  const states = chain.stationary.length;
  let square = new Float64Array(states).fill(1);
  for (let round = 0; round < MULTIPLIER_ROUNDS; round += 1) {
    // Stationary point of −½ Σ (ln v + u²/v), v = Σ p_s m_s²: each m_s² is scaled until both sides of its equation agree.
    const seen = new Float64Array(states);
    const expected = new Float64Array(states);
    const through = throughSquares(chain.predicted, square);
    for (const column of columns) {
      for (let t = 0; t < column.length; t += 1) {
        const u = column[t]!;
        if (Number.isNaN(u)) continue;
        const v = through[t]!;
        const ratio = Math.min(u * u, SQUARE_CAP) / v;
        for (let s = 0; s < states; s += 1) {
          const weight = chain.predicted[t * states + s]! / v;
          seen[s] = seen[s]! + weight * ratio;
          expected[s] = expected[s]! + weight;
        }
      }
    }
    const next = square.map((value, s) => (expected[s]! > 0 && seen[s]! > 0 ? (value * seen[s]!) / expected[s]! : value));
    const change = next.reduce((most, value, s) => Math.max(most, Math.abs(value / square[s]! - 1)), 0);
    square = next;
    if (change < 1e-8) break;
  }
  const level = square.reduce((sum, value, s) => sum + chain.stationary[s]! * value, 0);
  return Array.from(square, (value) => Math.sqrt(value / level));
}

/** √Σ p_s(t) m_s² under the predicted probabilities: the multiplier expected before each bar. */
export function multiplierThrough(chain: Chain, multiplier: readonly number[]): Float64Array {
  return throughSquares(
    chain.predicted,
    Float64Array.from(multiplier, (m) => m * m),
  ).map(Math.sqrt);
}

export function law(panel: MarketPanel, chain: Chain, when: Days, multiplier: readonly number[]): RegimeLaw {
  const { states, transition } = chain;
  const at = (t: number) => Array.from(chain.probability.subarray(t * states, (t + 1) * states));
  const stride = Math.max(1, Math.ceil(when.closes.length / HISTORY_POINTS));
  const shown = when.closes.filter((_, day) => (when.closes.length - 1 - day) % stride === 0);
  return {
    labels: [...LABELS[states - 1]!],
    transition: Array.from({ length: states }, (_, s) => Array.from(transition.subarray(s * states, (s + 1) * states))),
    stationary: Array.from(chain.stationary),
    now: at(panel.length - 1),
    multiplier: [...multiplier],
    expectedDurationSteps: Array.from(MarkovChain.durations(transition, states), (steps) => Math.min(steps, LONGEST_STEPS)),
    history: {
      at: Array.from(shown, (t) => new Date(barTime(panel, t + 1)).toISOString()),
      probability: Array.from(shown, (t) => at(t).map((p) => Math.round(p * 1e4) / 1e4)),
    },
    fit: {
      model: `Gaussian hidden Markov model, ${states} states, a day worth ${chain.power.toFixed(2)} of an independent one`,
      subject: 'market',
      observations: chain.fit.rows,
      logLikelihood: chain.fit.logLikelihood,
      converged: chain.fit.converged,
      evaluations: chain.fit.evaluations,
      atBound: chain.fit.atBound,
      warnings: chain.fit.warnings,
    },
  };
}

function observe(values: Float64Array, power: number): Hmm.Observations {
  return { values, dimensions: 1, power };
}

/** κ from the autocorrelation that is left within regimes when every day is taken for an independent one. */
function witness(values: Float64Array, states: number, seed: number): number {
  const observations = observe(values, 1);
  const { parameters } = Hmm.fit(observations, states, { seed });
  const { probability } = Hmm.filter(observations, parameters);
  let products = 0;
  let squares = 0;
  let stateBefore = -1;
  let before = Number.NaN;
  values.forEach((y, day) => {
    const p = probability.subarray(day * states, (day + 1) * states);
    const state = p.indexOf(Math.max(...p));
    const deviation = y - parameters.mean[state]!;
    if (state === stateBefore && Number.isFinite(deviation * before)) {
      products += deviation * before;
      squares += (deviation * deviation + before * before) / 2;
    }
    stateBefore = state;
    before = deviation;
  });
  const rho = squares > 0 ? Math.max(0, products / squares) : 0;
  return Math.max(SMALLEST_POWER, (1 - rho) / (1 + rho));
}

function follow(fit: Hmm.HmmFit, power: number, values: Float64Array, when: Days): Chain {
  const { states } = fit;
  const parameters = Hmm.ordered(fit.parameters, 1, (state) => fit.parameters.mean[state]!);
  const stationary = Hmm.stationary(parameters.transition, states);
  const transition = parameters.transition.map((p, place) => {
    const stays = place % (states + 1) === 0 ? 1 : 0;
    return stays + (p - stays) / when.barsPerDay;
  });
  const chain = { fit, parameters, power, states, transition, stationary };
  return { ...chain, ...walk(chain, values, when) };
}

/** Bar by bar: after the last bar of a day what the day told, between days one step of the chain after the other. */
function walk(chain: Omit<Chain, 'probability' | 'predicted'>, values: Float64Array, { closes, length }: Days) {
  const { states, transition, stationary } = chain;
  const daily = Hmm.filter(observe(values, chain.power), chain.parameters).probability;
  const probability = new Float64Array(length * states);
  const predicted = new Float64Array(length * states);
  let day = 0;
  for (let t = 0; t < length; t += 1) {
    const place = t * states;
    for (let j = 0; j < states; j += 1) {
      let sum = t === 0 ? stationary[j]! : 0;
      if (t > 0) for (let i = 0; i < states; i += 1) sum += probability[place - states + i]! * transition[i * states + j]!;
      predicted[place + j] = sum;
      probability[place + j] = sum;
    }
    if (closes[day] !== t) continue;
    probability.set(daily.subarray(day * states, (day + 1) * states), place);
    day += 1;
  }
  return { probability, predicted };
}

/** Too few days to tell regimes apart: one that always holds. */
function alone(seen: number, { length }: Days): Chain {
  const one = Float64Array.of(1);
  const certain = new Float64Array(length).fill(1);
  const parameters = { start: one, transition: one, mean: Float64Array.of(0), variance: one };
  const needed = MIN_DAYS_PER_STATE * CANDIDATES[0];
  const fit: Hmm.HmmFit = {
    states: 1,
    parameters,
    logLikelihood: 0,
    rows: seen,
    converged: true,
    evaluations: 0,
    atBound: [],
    warnings: [`${seen} complete days, ${needed} needed to tell regimes apart: one regime`],
  };
  return { fit, parameters, power: 1, states: 1, transition: one, stationary: one, probability: certain, predicted: certain };
}

function throughSquares(predicted: Float64Array, square: Float64Array): Float64Array {
  const states = square.length;
  return Float64Array.from({ length: predicted.length / states }, (_, t) => {
    let sum = 0;
    for (let s = 0; s < states; s += 1) sum += predicted[t * states + s]! * square[s]!;
    return sum;
  });
}
