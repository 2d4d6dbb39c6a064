/**
 * Dynamic conditional correlation, DCC(1,1), with correlation targeting.
 *
 *   Q_{t+1} = (1 − a − b) S + a z_t z_tᵀ + b Q_t,   R_t = diag(Q_t)^{-1/2} Q_t diag(Q_t)^{-1/2}
 *
 * Engle (2002); S is the sample correlation of z, repaired to positive definite where it is not. Gaussian likelihood of the
 * correlation part: −½ Σ (ln |R_t| + zᵀR⁻¹z − zᵀz). a, b ≥ 0 and a + b ≤ `MAX_PERSISTENCE`.
 * Unbalanced panels: at each bar only what was observed has likelihood, and in the recursion z zᵀ of what was not is replaced by
 * its expectation given the rest, which keeps Q positive definite: ẑ = R_mo R_oo⁻¹ z_o, plus R_mm − R_mo R_oo⁻¹ R_om.
 */
import { PlimsollError } from '../base/errors.ts';
import { nearestCorrelation, tryCholesky } from './math/linear.ts';
import { bfgs, nelderMead } from './math/optimize.ts';
import { correlation } from './math/statistics.ts';

export type DccFit = {
  readonly a: number;
  readonly b: number;
  /** Flat, as all matrices here. */
  readonly target: Float64Array;
  /** R for the bar after the last. */
  readonly next: Float64Array;
  readonly repaired: boolean;
  readonly logLikelihood: number;
  readonly observations: number;
  readonly converged: boolean;
  readonly evaluations: number;
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

/** One array a series, NaN where not observed; all of one length. */
export type Columns = readonly Float64Array[];

const MAX_PERSISTENCE = 0.9999;
const MIN_ROWS = 100;
const START: readonly (readonly [number, number])[] = [
  [0.01, 0.98],
  [0.03, 0.95],
  [0.05, 0.85],
];
const DIFFERENCE = 1e-4;

export function fit(columns: Columns): DccFit {
  const rows = columns[0]?.length ?? 0;
  if (rows < MIN_ROWS) throw new TooFewObservationsError({ got: `${rows} rows`, needed: `at least ${MIN_ROWS}` });
  const size = columns.length;
  const { matrix: target, repaired } = nearestCorrelation(sampleCorrelation(columns), size);
  if (size === 1) {
    return {
      a: 0,
      b: 0,
      target,
      next: target,
      repaired,
      logLikelihood: 0,
      observations: rows,
      converged: true,
      evaluations: 0,
      atBound: [],
      warnings: ['one asset: nothing to correlate'],
    };
  }
  let evaluations = 0;
  const value = (x: Float64Array): number => {
    evaluations += 1;
    const { a, b } = toNatural(x);
    return -run(columns, target, a, b).logLikelihood / rows;
  };
  // Two parameters: differences cost less than the analytic gradient, which needs the inverse of R at every bar.
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    for (let i = 0; i < x.length; i += 1) {
      const at = (step: number) => value(x.map((component, k) => (k === i ? component + step : component)));
      gradient[i] = (at(DIFFERENCE) - at(-DIFFERENCE)) / (2 * DIFFERENCE);
    }
    return value(x);
  };
  const starts = START.map(([a, b]) => fromNatural(a, b)).map((x) => ({ x, value: value(x) }));
  const best = starts.reduce((winner, start) => (start.value < winner.value ? start : winner));
  let end = bfgs(objective, best.x, { gradientTolerance: 1e-6, maxIterations: 40 });
  if (!end.converged) end = bfgs(objective, nelderMead(value, end.x, 0.2, 60).x, { gradientTolerance: 1e-6, maxIterations: 40 });
  const { a, b } = toNatural(end.x);
  const last = run(columns, target, a, b);
  const atBound = [...(a < 1e-5 ? ['a'] : []), ...(b < 1e-5 ? ['b'] : []), ...(a + b > MAX_PERSISTENCE - 1e-5 ? ['persistence'] : [])];
  return {
    a,
    b,
    target,
    next: last.next,
    repaired,
    logLikelihood: last.logLikelihood,
    observations: rows,
    converged: end.converged,
    evaluations,
    atBound,
    warnings: [
      ...(repaired ? ['the sample correlation was not positive definite and was replaced by the nearest that is'] : []),
      ...(end.converged ? [] : [`gradient ${end.gradientSize.toExponential(1)} at the end of the search`]),
    ],
  };
}

export function logLikelihood(columns: Columns, target: Float64Array, a: number, b: number): number {
  return run(columns, target, a, b).logLikelihood;
}

export function sampleCorrelation(columns: Columns, weights?: Float64Array): Float64Array {
  const size = columns.length;
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    out[i * size + i] = 1;
    for (let j = 0; j < i; j += 1) {
      const value = correlation(columns[i]!, columns[j]!, weights);
      out[i * size + j] = value;
      out[j * size + i] = value;
    }
  }
  return out;
}

function run(columns: Columns, target: Float64Array, a: number, b: number): { logLikelihood: number; next: Float64Array } {
  const size = columns.length;
  const rows = columns[0]!.length;
  const q = target.slice();
  const factor = new Float64Array(size * size);
  const scaled = new Float64Array(size);
  const z = new Float64Array(size);
  const base = target.map((entry) => (1 - a - b) * entry);
  let total = 0;
  for (let t = 0; t < rows; t += 1) {
    let missing = 0;
    for (let i = 0; i < size; i += 1) {
      const value = columns[i]![t]!;
      z[i] = value;
      if (Number.isNaN(value)) missing += 1;
    }
    if (missing > 0) {
      total += partialBar(q, z, size, base, a, b);
      continue;
    }
    // |R| and zᵀR⁻¹z from the factor of Q itself: R = D^{-1/2} Q D^{-1/2}.
    if (!tryCholesky(q, size, factor)) return { logLikelihood: Number.NEGATIVE_INFINITY, next: target };
    let squares = 0;
    let determinant = 1;
    let sum = 0;
    for (let i = 0; i < size; i += 1) {
      const row = i * size;
      let value = Math.sqrt(q[row + i]!) * z[i]!;
      for (let k = 0; k < i; k += 1) value -= factor[row + k]! * scaled[k]!;
      const pivot = factor[row + i]!;
      value /= pivot;
      scaled[i] = value;
      sum += value * value;
      squares += z[i]! * z[i]!;
      determinant *= (pivot * pivot) / q[row + i]!;
    }
    total -= 0.5 * (Math.log(determinant) + sum - squares);
    for (let i = 0; i < size; i += 1) {
      const row = i * size;
      const az = a * z[i]!;
      for (let j = 0; j <= i; j += 1) q[row + j] = base[row + j]! + az * z[j]! + b * q[row + j]!;
    }
  }
  return { logLikelihood: total, next: normalized(q, size) };
}

/** One bar with something missing: its likelihood, and Q moved on in place. */
function partialBar(q: Float64Array, z: Float64Array, size: number, base: Float64Array, a: number, b: number): number {
  const r = normalized(q, size);
  const seen: number[] = [];
  for (let i = 0; i < size; i += 1) if (!Number.isNaN(z[i]!)) seen.push(i);
  const count = seen.length;
  const block = new Float64Array(count * count);
  seen.forEach((i, k) => {
    seen.forEach((j, l) => {
      block[k * count + l] = r[i * size + j]!;
    });
  });
  const factor = new Float64Array(count * count);
  if (!tryCholesky(block, count, factor)) return Number.NEGATIVE_INFINITY;
  // Columns of L⁻¹ R_o·, so that every product below is an inner product of two of them.
  const forward = (right: (k: number) => number): Float64Array => {
    const y = new Float64Array(count);
    for (let k = 0; k < count; k += 1) {
      let sum = right(k);
      for (let l = 0; l < k; l += 1) sum -= factor[k * count + l]! * y[l]!;
      y[k] = sum / factor[k * count + k]!;
    }
    return y;
  };
  const inner = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, k) => sum + value * y[k]!, 0);
  const observed = forward((k) => z[seen[k]!]!);
  const projected = Array.from({ length: size }, (_, i) => forward((k) => r[seen[k]! * size + i]!));
  const filled = z.map((value, i) => (Number.isNaN(value) ? inner(projected[i]!, observed) : value));
  let log = 0;
  let squares = 0;
  for (let k = 0; k < count; k += 1) {
    log += 2 * Math.log(factor[k * count + k]!);
    squares += z[seen[k]!]! ** 2;
  }
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const spread = Number.isNaN(z[i]!) && Number.isNaN(z[j]!) ? r[i * size + j]! - inner(projected[i]!, projected[j]!) : 0;
      q[i * size + j] = base[i * size + j]! + a * (filled[i]! * filled[j]! + spread) + b * q[i * size + j]!;
    }
  }
  return -0.5 * (log + inner(observed, observed) - squares);
}

/** Correlation of the lower triangle of Q, both triangles filled. */
function normalized(q: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    out[i * size + i] = 1;
    for (let j = 0; j < i; j += 1) {
      const value = q[i * size + j]! / Math.sqrt(q[i * size + i]! * q[j * size + j]!);
      out[i * size + j] = value;
      out[j * size + i] = value;
    }
  }
  return out;
}

/** Search coordinates: logit of (a + b)/max, logit of a/(a + b). */
function toNatural(x: Float64Array): { a: number; b: number } {
  const phi = MAX_PERSISTENCE / (1 + Math.exp(-x[0]!));
  const share = 1 / (1 + Math.exp(-x[1]!));
  return { a: phi * share, b: phi * (1 - share) };
}

function fromNatural(a: number, b: number): Float64Array {
  const logit = (share: number) => Math.log(share / (1 - share));
  return Float64Array.of(logit((a + b) / MAX_PERSISTENCE), logit(a / (a + b)));
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Dcc.TooFewObservationsError';
}
