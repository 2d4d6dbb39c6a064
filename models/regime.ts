/**
 * The market's regime: one hidden chain for all assets, fitted on how much they move together, and what it does to returns.
 *
 *   y_t = ½ ln(ε + mean over assets of min((r_it / median |r_i|)², 10²)),  y_t | s_t ~ N(μ_s, σ²_s)      see hmm.ts
 *   m_s² ∝ Σ p_s(t) u²_it / Σ p_s(t) over all assets,  u = e/√h,  scaled so that Σ π_s m_s² = 1
 *
 * States are ordered by μ_s. Probabilities are filtered: P(s_t | y_1..y_t), never smoothed. The chain is blind to direction, and
 * m_s is what GARCH has not taken up already, so it lies near 1. Squares of u are capped at `SQUARE_CAP`: one bar of one dying
 * coin must not set the multiplier of the market.
 */
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import * as Hmm from './hmm.ts';
import type { RegimeLaw } from './market.ts';
import { quantileOfSorted, sorted } from './math/statistics.ts';

export const LABELS: readonly string[] = ['calm', 'normal', 'crisis'];

export type Chain = {
  readonly fit: Hmm.HmmFit;
  readonly parameters: Hmm.Parameters;
  readonly stationary: Float64Array;
  /** Filtered, flat: bar by bar, state by state. */
  readonly probability: Float64Array;
};

const FLOOR = 1e-3;
const MOVE_CAP = 10;
const SQUARE_CAP = 64;
const HISTORY_POINTS = 1_500;

/** y_t from columns of returns (NaN where not observed); NaN where no asset was. Assets that do not move in half of all bars say
 * nothing. Medians are taken over the first `scaleRows` bars, all by default. */
export function statistic(columns: readonly Float64Array[], scaleRows?: number): Float64Array {
  const inverse = columns.map((column) => 1 / quantileOfSorted(sorted(column.subarray(0, scaleRows).map(Math.abs)), 0.5));
  const length = columns[0]?.length ?? 0;
  return Float64Array.from({ length }, (_, t) => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < columns.length; i += 1) {
      const move = columns[i]![t]! * inverse[i]!;
      if (!Number.isFinite(move)) continue;
      sum += Math.min(move * move, MOVE_CAP * MOVE_CAP);
      count += 1;
    }
    return count === 0 ? Number.NaN : 0.5 * Math.log(FLOOR + sum / count);
  });
}

export function fitChain(values: Float64Array, options: { readonly seed: number; readonly near?: Hmm.Parameters }): Chain {
  const observations = { values, dimensions: 1 };
  const fit = Hmm.fit(observations, LABELS.length, options);
  const parameters = Hmm.ordered(fit.parameters, 1, (state) => fit.parameters.mean[state]!);
  const { probability } = Hmm.filter(observations, parameters);
  return { fit, parameters, stationary: Hmm.stationary(parameters.transition, LABELS.length), probability };
}

/** The same chain over other values of the statistic: what it would have said, bar by bar. */
export function filterChain(chain: Chain, values: Float64Array): Chain {
  return { ...chain, probability: Hmm.filter({ values, dimensions: 1 }, chain.parameters).probability };
}

/** m_s from standardised residuals u = e/√h, one array an asset. */
export function multipliers(columns: readonly Float64Array[], chain: Chain): number[] {
  const states = LABELS.length;
  const weight = new Float64Array(states);
  const squares = new Float64Array(states);
  for (const column of columns) {
    for (let t = 0; t < column.length; t += 1) {
      const u = column[t]!;
      if (Number.isNaN(u)) continue;
      for (let s = 0; s < states; s += 1) {
        const p = chain.probability[t * states + s]!;
        weight[s] = weight[s]! + p;
        squares[s] = squares[s]! + p * Math.min(u * u, SQUARE_CAP);
      }
    }
  }
  const raw = squares.map((sum, s) => (weight[s]! > 0 ? sum / weight[s]! : 1));
  const level = raw.reduce((sum, square, s) => sum + chain.stationary[s]! * square, 0);
  return Array.from(raw, (square) => Math.sqrt(square / level));
}

/** √Σ p_s(t) m_s²: the multiplier expected at each bar. */
export function multiplierThrough(chain: Chain, multiplier: readonly number[]): Float64Array {
  const states = multiplier.length;
  return Float64Array.from({ length: chain.probability.length / states }, (_, t) => {
    let sum = 0;
    for (let s = 0; s < states; s += 1) sum += chain.probability[t * states + s]! * multiplier[s]! ** 2;
    return Math.sqrt(sum);
  });
}

export function law(panel: MarketPanel, chain: Chain, multiplier: readonly number[]): RegimeLaw {
  const states = LABELS.length;
  const { transition } = chain.parameters;
  const at = (t: number) => Array.from(chain.probability.subarray(t * states, (t + 1) * states));
  const stride = Math.max(1, Math.ceil(panel.length / HISTORY_POINTS));
  const shown: number[] = [];
  for (let t = panel.length - 1; t >= 0; t -= stride) shown.unshift(t);
  return {
    labels: [...LABELS],
    transition: Array.from({ length: states }, (_, s) => Array.from(transition.subarray(s * states, (s + 1) * states))),
    stationary: Array.from(chain.stationary),
    now: at(panel.length - 1),
    multiplier: [...multiplier],
    expectedDurationSteps: Array.from({ length: states }, (_, s) => 1 / Math.max(1e-12, 1 - transition[s * states + s]!)),
    history: {
      at: shown.map((t) => new Date(barTime(panel, t + 1)).toISOString()),
      probability: shown.map((t) => at(t).map((p) => Math.round(p * 1e4) / 1e4)),
    },
    fit: {
      model: `Gaussian hidden Markov model, ${states} states`,
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
