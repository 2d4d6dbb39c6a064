/**
 * Realised variance from bars inside a period, and what it says of the next: HAR-RV.
 *
 *   sum of squares     Σ r²                                                         Andersen, Bollerslev (1998)
 *   Parkinson          Σ ln(H/L)² / 4 ln 2                                          Parkinson (1980): no drift
 *   Garman-Klass       Σ ½ ln(H/L)² − (2 ln 2 − 1) ln(C/O)²                         Garman, Klass (1980): no drift
 *   Yang-Zhang         V_open + k·V_close + (1 − k)·V_RS, k = .34/(1.34 + (n+1)/(n−1))   Yang, Zhang (2000): any drift, jumps at the open
 *   V_RS               mean of ln(H/C) ln(H/O) + ln(L/C) ln(L/O)                    Rogers, Satchell (1991)
 *   HAR                RV_{t+1} = c + d·RV_t + w·mean of 5 + m·mean of 22           Corsi (2009), by least squares
 *
 * Percent returns squared, of the whole period. Ranges assume that the true high and low were seen: bars made of few trades are too
 * narrow and these estimates too low. A bar with any price not observed (NaN) is left out, the sum scaled up by what is missing.
 */
import { PlimsollError } from '../base/errors.ts';
import { solve } from './math/linear.ts';
import { mean, variance } from './math/statistics.ts';

export type Bars = {
  readonly open: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
};

export type Measure = 'squares' | 'parkinson' | 'garman-klass' | 'yang-zhang';

export type Har = {
  readonly constant: number;
  readonly day: number;
  readonly week: number;
  readonly month: number;
  /** Of the errors, by Newey-West with as many lags as the horizon of the week. */
  readonly standardErrors: readonly [number, number, number, number];
  readonly observations: number;
  readonly rSquared: number;
};

export const WEEK = 5;
export const MONTH = 22;
const PERCENT = 100 * 100;
const FEWEST_PERIODS = 4 * MONTH;

/** Variance of the whole of `bars`, in percent squared. */
export function realize(bars: Bars, measure: Measure): number {
  const whole = complete(bars);
  const size = whole.length;
  const needed = measure === 'yang-zhang' ? 3 : 2;
  if (size < needed) {
    throw new TooFewBarsError({ got: `${size} complete bars`, needed: `at least ${needed}`, fix: 'Give finer bars or a longer period.' });
  }
  const missing = bars.close.length / size;
  return PERCENT * missing * SUMS[measure](whole);
}

/** Realised variances of consecutive periods of `length` bars; NaN where a period has too few complete bars. */
export function series(bars: Bars, length: number, measure: Measure): Float64Array {
  return Float64Array.from({ length: Math.floor(bars.close.length / length) }, (_, period) => {
    const part = (values: ArrayLike<number>) => Float64Array.from({ length }, (__, index) => values[period * length + index]!);
    const inside = { open: part(bars.open), high: part(bars.high), low: part(bars.low), close: part(bars.close) };
    return complete(inside).length < Math.max(3, length / 2) ? Number.NaN : realize(inside, measure);
  });
}

export function fit(realized: ArrayLike<number>): Har {
  const rows: number[][] = [];
  const targets: number[] = [];
  for (let t = MONTH; t < realized.length; t += 1) {
    const row = regressors(realized, t);
    if (!Number.isFinite(realized[t]!) || !row.every(Number.isFinite)) continue;
    rows.push(row);
    targets.push(realized[t]!);
  }
  if (rows.length < FEWEST_PERIODS) {
    throw new TooFewPeriodsError({ got: `${rows.length} periods after the first ${MONTH}`, needed: `at least ${FEWEST_PERIODS}` });
  }
  // In units of the mean: sums of squares of 1e-12 lose their digits.
  const unit = mean(targets);
  if (!(unit > 0)) throw new NoVariationError({ got: 'realised variances of 0', needed: 'prices that move' });
  const scaled = rows.map(([one, ...rest]) => [one!, ...rest.map((value) => value / unit)]);
  const ys = targets.map((value) => value / unit);
  const gram = outerSum(scaled, scaled);
  const moments = Float64Array.from({ length: 4 }, (_, i) => scaled.reduce((sum, row, t) => sum + row[i]! * ys[t]!, 0));
  const beta = solve(gram, moments, 4);
  if (beta === null) throw new NoVariationError({ got: 'collinear realised variances', needed: 'realised variances that vary' });
  const errors = scaled.map((row, t) => ys[t]! - row.reduce((sum, value, i) => sum + value * beta[i]!, 0));
  const [c, d, w, m] = beta as unknown as [number, number, number, number];
  return {
    ...{ constant: c * unit, day: d, week: w, month: m },
    standardErrors: neweyWest(scaled, errors, gram).map((error, i) => (i === 0 ? error * unit : error)) as unknown as Har['standardErrors'],
    observations: rows.length,
    rSquared: 1 - mean(errors.map((error) => error * error)) / variance(ys),
  };
}

/** Expected realised variance of each of the coming `periods`; never below the smallest seen, as a regression in levels could be. */
export function forecast(har: Har, realized: ArrayLike<number>, periods: number): Float64Array {
  const known = Array.from(realized).slice(-MONTH);
  const seen = Array.from(realized).filter(Number.isFinite);
  const least = seen.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const out = new Float64Array(periods);
  for (let step = 0; step < periods; step += 1) {
    const [, day, week, month] = regressors(known, known.length);
    out[step] = Math.max(least, har.constant + har.day * day! + har.week * week! + har.month * month!);
    known.push(out[step]!);
  }
  return out;
}

const SUMS: Readonly<Record<Measure, (bars: readonly Bar[]) => number>> = {
  squares: (bars) => bars.reduce((sum, bar, t) => sum + (t === 0 ? bar.body : bar.gap + bar.body) ** 2, 0),
  parkinson: (bars) => bars.reduce((sum, { range }) => sum + range * range, 0) / (4 * Math.LN2),
  'garman-klass': (bars) => bars.reduce((sum, { range, body }) => sum + 0.5 * range * range - (2 * Math.LN2 - 1) * body * body, 0),
  'yang-zhang': (bars) => {
    const n = bars.length - 1;
    // The first bar has no close before it.
    const rest = bars.slice(1);
    const k = 0.34 / (1.34 + (n + 1) / (n - 1));
    const spread = (values: readonly number[]) => (variance(values) * n) / (n - 1);
    const inside = mean(rest.map(({ up, down, body }) => up * (up - body) + down * (down - body)));
    return bars.length * (spread(rest.map(({ gap }) => gap)) + k * spread(rest.map(({ body }) => body)) + (1 - k) * inside);
  },
};

/** Logarithms: of the open over the close before, the close, the high and the low over the open, and the high over the low. */
type Bar = { readonly gap: number; readonly body: number; readonly up: number; readonly down: number; readonly range: number };

function complete({ open, high, low, close }: Bars): Bar[] {
  const bars: Bar[] = [];
  let before = Number.NaN;
  for (let t = 0; t < close.length; t += 1) {
    const [o, h, l, c] = [open[t]!, high[t]!, low[t]!, close[t]!];
    if (![o, h, l, c].every((price) => price > 0 && Number.isFinite(price))) continue;
    bars.push({
      gap: Number.isNaN(before) ? 0 : Math.log(o / before),
      ...{ body: Math.log(c / o), up: Math.log(h / o), down: Math.log(l / o), range: Math.log(h / l) },
    });
    before = c;
  }
  return bars;
}

/** 1, the last, the mean of the last week and month before `t`. */
function regressors(realized: ArrayLike<number>, t: number): number[] {
  const last = (count: number) => {
    let sum = 0;
    for (let back = 1; back <= count; back += 1) sum += realized[t - back] ?? Number.NaN;
    return sum / count;
  };
  return [1, last(1), last(WEEK), last(MONTH)];
}

function neweyWest(rows: readonly (readonly number[])[], errors: readonly number[], gram: Float64Array): number[] {
  const scores = rows.map((row, t) => row.map((value) => value * errors[t]!));
  const middle = outerSum(scores, scores);
  for (let lag = 1; lag <= WEEK; lag += 1) {
    const weight = 1 - lag / (WEEK + 1);
    const ahead = outerSum(scores.slice(lag), scores.slice(0, -lag));
    for (let i = 0; i < 4; i += 1)
      for (let j = 0; j < 4; j += 1) middle[i * 4 + j] = middle[i * 4 + j]! + weight * (ahead[i * 4 + j]! + ahead[j * 4 + i]!);
  }
  return [0, 1, 2, 3].map((i) => {
    const direction = solve(
      gram,
      Float64Array.from([0, 1, 2, 3], (j) => (i === j ? 1 : 0)),
      4,
    );
    if (direction === null) return Number.NaN;
    let sum = 0;
    for (let k = 0; k < 4; k += 1) for (let l = 0; l < 4; l += 1) sum += direction[k]! * middle[k * 4 + l]! * direction[l]!;
    return Math.sqrt(Math.max(0, sum));
  });
}

function outerSum(left: readonly (readonly number[])[], right: readonly (readonly number[])[]): Float64Array {
  const out = new Float64Array(16);
  left.forEach((row, t) => {
    for (let i = 0; i < 4; i += 1) for (let j = 0; j < 4; j += 1) out[i * 4 + j] = out[i * 4 + j]! + row[i]! * right[t]![j]!;
  });
  return out;
}

export class TooFewBarsError extends PlimsollError {
  override readonly name = 'Realized.TooFewBarsError';
}

export class TooFewPeriodsError extends PlimsollError {
  override readonly name = 'Realized.TooFewPeriodsError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Realized.NoVariationError';
}
