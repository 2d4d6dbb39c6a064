/**
 * The filter of a Markov-switching autoregression and its score: the hot loop of `msar.ts`. Equations: see there.
 *
 * Where the means switch, the density of a bar depends on the states of its L lags too: the filter runs over the K^(L+1) tuples
 * (s_t, …, s_t−L), s_t the leading digit. The score is Fisher's identity: the expected score of the complete data under the
 * smoothed probabilities, one pass forward and one back.
 */
import * as Chain from './math/chain.ts';

export type Spec = {
  readonly states: number;
  readonly lags: number;
  /** `mean`: deviations from switching means are autoregressive (Hamilton). `intercept`: the constant of a regression on lags switches. */
  readonly form: 'mean' | 'intercept';
  readonly switchingAr: boolean;
  readonly switchingVariance: boolean;
};

export type Parameters = {
  /** Flat, from row to column. */
  readonly transition: Float64Array;
  /** By state: means, or intercepts. */
  readonly mean: Float64Array;
  /** Flat, state by state; equal rows where they do not switch. */
  readonly ar: Float64Array;
  readonly variance: Float64Array;
};

/** Derivatives of the log-likelihood; `transition` holds A_ij times the derivative in A_ij. */
export type Score = { readonly [Part in keyof Parameters]: Float64Array };

export type Pass = {
  readonly logLikelihood: number;
  /** P(s_t | y_1..y_t) from bar L on, flat. */
  readonly filtered: Float64Array;
  readonly score: Score | null;
  /** P(s_t | y_1..y_n) from bar L on, flat; null where no score was asked for. */
  readonly smoothed: Float64Array | null;
};

/** The likelihood is of the bars from L on, given the first L; the first tuple is drawn from the stationary chain. */
export function run(y: Float64Array, p: Parameters, spec: Spec, wantsScore: boolean): Pass {
  const { states, lags } = spec;
  const memory = spec.form === 'mean' ? lags : 0;
  const tuples = states ** (memory + 1);
  const leading = tuples / states;
  const bars = y.length - lags;
  const digit = digits(states, memory);
  const pi = Chain.stationary(p.transition, states);
  const offset = spec.form === 'mean' ? 1 : 0;
  const constant = p.variance.map((variance) => -0.5 * Math.log(2 * Math.PI * variance));
  const residual = (t: number, tuple: number): number => {
    const now = digit[tuple * (memory + 1)]!;
    let e = y[t]! - p.mean[now]!;
    for (let lag = 1; lag <= lags; lag += 1) {
      const before = offset === 0 ? 0 : p.mean[digit[tuple * (memory + 1) + lag]!]!;
      e -= p.ar[now * lags + lag - 1]! * (y[t - lag]! - before);
    }
    return e;
  };
  const alpha = new Float64Array(bars * tuples);
  const density = new Float64Array(bars * tuples);
  const scale = new Float64Array(bars);
  const filtered = new Float64Array(bars * states);
  const prior = new Float64Array(tuples);
  // 1. The first tuple: the oldest state is stationary, the others follow.
  for (let tuple = 0; tuple < tuples; tuple += 1) {
    let probability = pi[digit[tuple * (memory + 1) + memory]!]!;
    for (let lag = memory; lag > 0; lag -= 1) {
      probability *= p.transition[digit[tuple * (memory + 1) + lag]! * states + digit[tuple * (memory + 1) + lag - 1]!]!;
    }
    prior[tuple] = probability;
  }
  // 2. Forward.
  let logLikelihood = 0;
  for (let bar = 0; bar < bars; bar += 1) {
    const row = bar * tuples;
    if (bar > 0) {
      prior.fill(0);
      for (let tuple = 0; tuple < tuples; tuple += 1) {
        const from = digit[tuple * (memory + 1)]! * states;
        const tail = Math.floor(tuple / states);
        for (let j = 0; j < states; j += 1) {
          const to = j * leading + tail;
          prior[to] = prior[to]! + alpha[row - tuples + tuple]! * p.transition[from + j]!;
        }
      }
    }
    let largest = Number.NEGATIVE_INFINITY;
    for (let tuple = 0; tuple < tuples; tuple += 1) {
      const now = digit[tuple * (memory + 1)]!;
      const e = residual(bar + lags, tuple);
      const log = constant[now]! - (0.5 * e * e) / p.variance[now]!;
      density[row + tuple] = log;
      if (log > largest) largest = log;
    }
    let total = 0;
    for (let tuple = 0; tuple < tuples; tuple += 1) {
      const relative = Math.exp(density[row + tuple]! - largest);
      density[row + tuple] = relative;
      alpha[row + tuple] = prior[tuple]! * relative;
      total += prior[tuple]! * relative;
    }
    scale[bar] = total;
    logLikelihood += Math.log(total) + largest;
    for (let tuple = 0; tuple < tuples; tuple += 1) {
      const share = alpha[row + tuple]! / total;
      alpha[row + tuple] = share;
      const place = bar * states + digit[tuple * (memory + 1)]!;
      filtered[place] = filtered[place]! + share;
    }
  }
  if (!wantsScore || !Number.isFinite(logLikelihood)) return { logLikelihood, filtered, score: null, smoothed: null };
  // 3. Back.
  const counts = new Float64Array(states * states);
  const first = new Float64Array(states);
  const byMean = new Float64Array(states);
  const byAr = new Float64Array(states * lags);
  const byVariance = new Float64Array(states);
  const smoothed = new Float64Array(bars * states);
  let beta = new Float64Array(tuples).fill(1);
  let earlier = new Float64Array(tuples);
  for (let bar = bars - 1; bar >= 0; bar -= 1) {
    const row = bar * tuples;
    const t = bar + lags;
    for (let tuple = 0; tuple < tuples; tuple += 1) {
      const weight = alpha[row + tuple]! * beta[tuple]!;
      const now = digit[tuple * (memory + 1)]!;
      smoothed[bar * states + now] = smoothed[bar * states + now]! + weight;
      const e = residual(t, tuple);
      const pull = (weight * e) / p.variance[now]!;
      byMean[now] = byMean[now]! + pull;
      byVariance[now] = byVariance[now]! + (0.5 * weight * ((e * e) / p.variance[now]! - 1)) / p.variance[now]!;
      for (let lag = 1; lag <= lags; lag += 1) {
        const place = now * lags + lag - 1;
        const then = offset === 0 ? -1 : digit[tuple * (memory + 1) + lag]!;
        byAr[place] = byAr[place]! + pull * (y[t - lag]! - (then < 0 ? 0 : p.mean[then]!));
        if (then >= 0) byMean[then] = byMean[then]! - pull * p.ar[place]!;
      }
      if (bar > 0) continue;
      const oldest = digit[tuple * (memory + 1) + memory]!;
      first[oldest] = first[oldest]! + weight;
      for (let lag = memory; lag > 0; lag -= 1) {
        const move = digit[tuple * (memory + 1) + lag]! * states + digit[tuple * (memory + 1) + lag - 1]!;
        counts[move] = counts[move]! + weight;
      }
    }
    if (bar === 0) break;
    for (let tuple = 0; tuple < tuples; tuple += 1) {
      const from = digit[tuple * (memory + 1)]! * states;
      const tail = Math.floor(tuple / states);
      let back = 0;
      for (let j = 0; j < states; j += 1) {
        const to = j * leading + tail;
        const through = (p.transition[from + j]! * density[row + to]! * beta[to]!) / scale[bar]!;
        back += through;
        counts[from + j] = counts[from + j]! + alpha[row - tuples + tuple]! * through;
      }
      earlier[tuple] = back;
    }
    const spare = beta;
    beta = earlier;
    earlier = spare;
  }
  const transition = Chain.transitionScore(p.transition, pi, counts, first);
  return { logLikelihood, filtered, smoothed, score: { transition, mean: byMean, ar: byAr, variance: byVariance } };
}

/** States of each tuple, newest first, flat. */
function digits(states: number, memory: number): Int32Array {
  const out = new Int32Array(states ** (memory + 1) * (memory + 1));
  for (let tuple = 0; tuple * (memory + 1) < out.length; tuple += 1) {
    let rest = tuple;
    for (let lag = memory; lag >= 0; lag -= 1) {
      out[tuple * (memory + 1) + lag] = rest % states;
      rest = Math.floor(rest / states);
    }
  }
  return out;
}
