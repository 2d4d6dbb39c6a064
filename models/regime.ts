/**
 * The market's regime: one hidden chain for all assets, fitted on how much they move together, and what it does to returns.
 *
 *   y_t = ½ ln(ε + mean over assets of min((r_it / median |r_i|)², 10²)),  y_t | s_t ~ N(μ_s, σ²_s)      see hmm.ts
 *   E[u²_it | before t] = Σ_s P(s_t = s | before t) m_s²,  u = e/√h, over all assets,  Σ π_s m_s² = 1       Gaussian quasi-likelihood
 *
 * States are ordered by μ_s. `probability` is filtered, P(s_t | y_1..y_t), and `predicted` is one step older, P(s_t | y_1..y_{t−1}):
 * never smoothed. What a regime does to returns is measured under `predicted`: a bar counts itself into the crisis by being large,
 * so that under its own filtered probability GARCH would seem to miss what it has taken up already (measured so on hourly
 * coins, the crisis multiplier was 1.2, and a day's variance came out 1.8 times the realised). Squares of u are capped at
 * `SQUARE_CAP`: one bar of one dying coin must not set the multiplier of the market.
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
  /** The same one bar before it is known. */
  readonly predicted: Float64Array;
};

const FLOOR = 1e-3;
const MOVE_CAP = 10;
const SQUARE_CAP = 64;
const MULTIPLIER_ROUNDS = 50;
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
  const stationary = Hmm.stationary(parameters.transition, LABELS.length);
  return { fit, parameters, stationary, probability, predicted: onward(probability, parameters.transition, stationary) };
}

/** The same chain over other values of the statistic: what it would have said, bar by bar. */
export function filterChain(chain: Chain, values: Float64Array): Chain {
  const { probability } = Hmm.filter({ values, dimensions: 1 }, chain.parameters);
  return { ...chain, probability, predicted: onward(probability, chain.parameters.transition, chain.stationary) };
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

/** p_{t|t−1} = p_{t−1|t−1} · A; the stationary law before the first bar. */
function onward(filtered: Float64Array, transition: Float64Array, stationary: Float64Array): Float64Array {
  const states = stationary.length;
  const out = new Float64Array(filtered.length);
  out.set(stationary);
  for (let place = states; place < filtered.length; place += states) {
    for (let j = 0; j < states; j += 1) {
      let sum = 0;
      for (let i = 0; i < states; i += 1) sum += filtered[place - states + i]! * transition[i * states + j]!;
      out[place + j] = sum;
    }
  }
  return out;
}

function throughSquares(predicted: Float64Array, square: Float64Array): Float64Array {
  const states = square.length;
  return Float64Array.from({ length: predicted.length / states }, (_, t) => {
    let sum = 0;
    for (let s = 0; s < states; s += 1) sum += predicted[t * states + s]! * square[s]!;
    return sum;
  });
}
