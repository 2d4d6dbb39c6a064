/**
 * Dynamic conditional correlation, DCC(1,1), with correlation targeting.
 *
 *   Q_{t+1} = (1 − a − b) S + a z_t z_tᵀ + b Q_t,   R_t = diag(Q_t)^{-1/2} Q_t diag(Q_t)^{-1/2}
 *
 * Engle (2002). S is the sample correlation of z, repaired to positive definite where it is not, and Q starts from it. `corrected` is
 * Aielli's (2013) cDCC: diag(Q_t)^{1/2} z_t in place of z_t, in the recursion and in S, so that S is what Q tends to. Errors are normal,
 * likelihood of the correlation part −½ Σ (ln |R_t| + zᵀR⁻¹z − zᵀz), or multivariate t with ν degrees and unit variance, likelihood
 * of z itself. a, b ≥ 0 and a + b ≤ `MAX_PERSISTENCE`. Beyond `COMPOSITE_FROM` series a and b maximise the likelihood of neighbouring
 * pairs (Pakel, Shephard, Sheppard, Engle 2021), which needs no inverse, and S is shrunk (shrinkage.ts).
 * Standard errors are of this stage alone: S and the volatilities are taken as known.
 * On four daily coins the sum over both stages is −17858.82 with GARCH started by backcast, −17860.72 with rugarch's start;
 * rmgarch reports −17860.66: the difference is the presample.
 */
import { PlimsollError } from '../base/errors.ts';
import * as Recursion from './dcc-recursion.ts';
import { invertPositive, nearestCorrelation } from './math/linear.ts';
import { bfgs, nelderMead } from './math/optimize.ts';
import { correlation } from './math/statistics.ts';
import { shrunk } from './shrinkage.ts';

export type Columns = Recursion.Columns;

export type DccFit = {
  readonly a: number;
  readonly b: number;
  /** Null: normal errors. */
  readonly nu: number | null;
  /** From the inverse Hessian, and robust to a wrong density; none where not asked for or not to be had. */
  readonly standardErrors: Readonly<Record<string, number>>;
  readonly robustErrors: Readonly<Record<string, number>>;
  /** Flat, as all matrices here. */
  readonly target: Float64Array;
  /** R for the bar after the last. */
  readonly next: Float64Array;
  readonly repaired: boolean;
  /** Weight of the identity in the target. */
  readonly shrinkage: number;
  /** Of all series together, also where pairs were maximised. */
  readonly logLikelihood: number;
  readonly observations: number;
  readonly converged: boolean;
  readonly evaluations: number;
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

export type FitOptions = {
  readonly corrected?: boolean;
  readonly errors?: 'normal' | 'student';
  readonly standardErrors?: boolean;
  /** Neighbouring pairs in place of all series; by default beyond `COMPOSITE_FROM` of them. */
  readonly composite?: boolean;
};

const MAX_PERSISTENCE = 0.9999;
const MIN_ROWS = 100;
const COMPOSITE_FROM = 25;
const MIN_NU = 2.05;
const MAX_NU = 200;
const START: readonly (readonly [number, number])[] = [
  [0.01, 0.98],
  [0.03, 0.95],
  [0.05, 0.85],
];
const START_NU = 8;
const DIFFERENCE = 1e-4;
/** For second differences in (a, b, ν), times each parameter. */
const CURVATURE_STEP = 2e-3;

export function fit(columns: Columns, options: FitOptions = {}): DccFit {
  const { corrected = false, errors = 'normal' } = options;
  const rows = columns[0]?.length ?? 0;
  if (rows < MIN_ROWS) throw new TooFewObservationsError({ got: `${rows} rows`, needed: `at least ${MIN_ROWS}` });
  const size = columns.length;
  const composite = options.composite ?? size > COMPOSITE_FROM;
  const plain = targetOf(columns, size > COMPOSITE_FROM);
  if (size === 1) return single(plain.matrix, rows);
  let evaluations = 0;
  const likelihood = (p: Recursion.Parameters, byBar?: Float64Array): number => {
    evaluations += 1;
    const target = corrected ? targetOf(stretched(columns, p), size > COMPOSITE_FROM).matrix : plain.matrix;
    return composite ? Recursion.pairs(columns, target, p, byBar) : Recursion.run(columns, target, p, byBar).logLikelihood;
  };
  const natural = (x: Float64Array) => toNatural(x, corrected);
  const value = (x: Float64Array): number => -likelihood(natural(x)) / rows;
  // Two or three parameters: differences cost less than the analytic gradient, which needs the inverse of R at every bar.
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    for (let i = 0; i < x.length; i += 1) {
      const at = (step: number) => value(x.map((component, k) => (k === i ? component + step : component)));
      gradient[i] = (at(DIFFERENCE) - at(-DIFFERENCE)) / (2 * DIFFERENCE);
    }
    return value(x);
  };
  const starts = START.map(([a, b]) => fromNatural(a, b, errors === 'student')).map((x) => ({ x, value: value(x) }));
  const best = starts.reduce((winner, start) => (start.value < winner.value ? start : winner));
  let end = bfgs(objective, best.x, { gradientTolerance: 1e-6, maxIterations: 40 });
  if (!end.converged) end = bfgs(objective, nelderMead(value, end.x, 0.2, 60).x, { gradientTolerance: 1e-6, maxIterations: 40 });
  const p = natural(end.x);
  const { a, b, nu } = p;
  const target = corrected ? targetOf(stretched(columns, p), size > COMPOSITE_FROM) : plain;
  const last = Recursion.run(columns, target.matrix, p);
  const atBound = [
    ...(a < 1e-5 ? ['a'] : []),
    ...(b < 1e-5 ? ['b'] : []),
    ...(a + b > MAX_PERSISTENCE - 1e-5 ? ['persistence'] : []),
    ...(nu !== null && (nu > MAX_NU * 0.99 || nu < MIN_NU * 1.01) ? ['nu'] : []),
  ];
  const spread = options.standardErrors === true && atBound.length === 0 ? standardErrors(likelihood, p, rows) : null;
  return {
    a,
    b,
    nu,
    standardErrors: spread?.hessian ?? {},
    robustErrors: spread?.robust ?? {},
    target: target.matrix,
    next: last.next,
    repaired: target.repaired,
    shrinkage: target.shrinkage,
    logLikelihood: last.logLikelihood,
    observations: rows,
    converged: end.converged,
    evaluations,
    atBound,
    warnings: [
      ...(target.repaired ? ['the sample correlation was not positive definite and was replaced by the nearest that is'] : []),
      ...(end.converged ? [] : [`gradient ${end.gradientSize.toExponential(1)} at the end of the search`]),
      ...(options.standardErrors === true && spread === null
        ? ['no standard errors: a bound was reached or the Hessian is not negative definite']
        : []),
    ],
  };
}

export function logLikelihood(columns: Columns, target: Float64Array, a: number, b: number): number {
  return Recursion.run(columns, target, { a, b, corrected: false, nu: null }).logLikelihood;
}

/** R of the last bar: the next one's is in the fit. */
export function lastCorrelation(columns: Columns, { a, b, nu, target }: DccFit, corrected: boolean): Float64Array {
  const earlier = columns.map((column) => column.subarray(0, column.length - 1));
  return Recursion.run(earlier, target, { a, b, nu, corrected }).next;
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

/** diag(Q_t)^{1/2} z_t: the diagonal of Q needs no target, its long run is 1. */
function stretched(columns: Columns, { a, b }: Recursion.Parameters): Float64Array[] {
  return columns.map((column) => {
    let q = 1;
    return column.map((z) => {
      const now = z * Math.sqrt(q);
      q = 1 - a - b + (a * (Number.isNaN(z) ? 1 : z * z) + b) * q;
      return now;
    });
  });
}

function targetOf(columns: Columns, shrinks: boolean): { matrix: Float64Array; repaired: boolean; shrinkage: number } {
  const sample = sampleCorrelation(columns);
  const { matrix, shrinkage } = shrinks ? shrunk(columns, sample) : { matrix: sample, shrinkage: 0 };
  const repair = nearestCorrelation(matrix, columns.length);
  return { matrix: repair.matrix, repaired: repair.repaired, shrinkage };
}

function single(target: Float64Array, rows: number): DccFit {
  return {
    a: 0,
    b: 0,
    nu: null,
    standardErrors: {},
    robustErrors: {},
    target,
    next: target,
    repaired: false,
    shrinkage: 0,
    logLikelihood: 0,
    observations: rows,
    converged: true,
    evaluations: 0,
    atBound: [],
    warnings: ['one asset: nothing to correlate'],
  };
}

/** Inverse of the numerical Hessian in (a, b, ν), and the sandwich with the outer product of the scores of the bars. */
function standardErrors(likelihood: (p: Recursion.Parameters, byBar?: Float64Array) => number, at: Recursion.Parameters, rows: number) {
  const names = at.nu === null ? (['a', 'b'] as const) : (['a', 'b', 'nu'] as const);
  const count = names.length;
  const steps = names.map((name) => CURVATURE_STEP * Math.min(at[name]!, name === 'b' ? 1 - at.a - at.b : 1e9));
  const moved = (by: readonly number[]) => ({ ...at, ...Object.fromEntries(names.map((name, i) => [name, at[name]! + by[i]!])) });
  const unit = (i: number, sign: number) => steps.map((step, k) => (k === i ? sign * step : 0));
  const scores: Float64Array[] = [];
  const centre = likelihood(at);
  const hessian = new Float64Array(count * count);
  const sides: [number, number][] = [];
  for (let i = 0; i < count; i += 1) {
    const [up, down] = [new Float64Array(rows), new Float64Array(rows)];
    sides.push([likelihood(moved(unit(i, 1)), up), likelihood(moved(unit(i, -1)), down)]);
    scores.push(up.map((value, t) => (value - down[t]!) / (2 * steps[i]!)));
    hessian[i * count + i] = -(sides[i]![0] + sides[i]![1] - 2 * centre) / steps[i]! ** 2;
  }
  for (let i = 0; i < count; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const both = (sign: number) => likelihood(moved(steps.map((step, k) => (k === i || k === j ? sign * step : 0))));
      const cross = both(1) + both(-1) - sides[i]![0] - sides[i]![1] - sides[j]![0] - sides[j]![1] + 2 * centre;
      hessian[i * count + j] = hessian[j * count + i] = -cross / (2 * steps[i]! * steps[j]!);
    }
  }
  const inverse = hessian.every(Number.isFinite) ? invertPositive(hessian, count) : null;
  if (inverse === null) return null;
  const row = (i: number) => scores[0]!.map((_, t) => scores.reduce((sum, score, k) => sum + inverse[i * count + k]! * score[t]!, 0));
  const entries = (variance: (i: number) => number) => Object.fromEntries(names.map((name, i) => [name, Math.sqrt(variance(i))]));
  return {
    hessian: entries((i) => inverse[i * (count + 1)]!),
    robust: entries((i) => row(i).reduce((sum, value) => sum + value * value, 0)),
  };
}

/** Search coordinates: logit of (a + b)/max, logit of a/(a + b), logit of ν between its bounds. */
function toNatural(x: Float64Array, corrected: boolean): Recursion.Parameters {
  const logistic = (y: number) => 1 / (1 + Math.exp(-y));
  const phi = MAX_PERSISTENCE * logistic(x[0]!);
  const share = logistic(x[1]!);
  const nu = x.length > 2 ? MIN_NU + (MAX_NU - MIN_NU) * logistic(x[2]!) : null;
  return { a: phi * share, b: phi * (1 - share), corrected, nu };
}

function fromNatural(a: number, b: number, student: boolean): Float64Array {
  const logit = (share: number) => Math.log(share / (1 - share));
  const plain = [logit((a + b) / MAX_PERSISTENCE), logit(a / (a + b))];
  return Float64Array.from(student ? [...plain, logit((START_NU - MIN_NU) / (MAX_NU - MIN_NU))] : plain);
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Dcc.TooFewObservationsError';
}
