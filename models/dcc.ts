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
import * as Score from './dcc-score.ts';
import type * as Target from './dcc-target.ts';
import { invertPositive } from './math/linear.ts';
import { minimize, type Objective } from './math/optimize.ts';

export { sampleCorrelation } from './dcc-target.ts';

export type Columns = Target.Columns;

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
/** For differences of the score, times the distance of a parameter from its nearest bound. */
const CURVATURE_STEP = 2e-3;

export function fit(columns: Columns, options: FitOptions = {}): DccFit {
  const { corrected = false, errors = 'normal' } = options;
  const rows = columns[0]?.length ?? 0;
  if (rows < MIN_ROWS) throw new TooFewObservationsError({ got: `${rows} rows`, needed: `at least ${MIN_ROWS}` });
  const many = columns.length > COMPOSITE_FROM;
  const problem = Score.prepare(columns, { corrected, composite: options.composite ?? many, shrinks: many });
  if (columns.length === 1) return single(problem.plain.matrix, rows);
  // 1. The best of the starts, to the end.
  const objective = objectiveOf(problem, rows);
  const starts = START.map(([a, b]) => fromNatural(a, b, errors === 'student')).map((x) => ({
    x,
    value: Score.at(problem, toNatural(x, corrected)).logLikelihood,
  }));
  const start = starts.reduce((best, other) => (other.value > best.value ? other : best));
  const inverseHessian = informationAt(problem, start.x, rows);
  const end = minimize(objective, start.x, inverseHessian === null ? {} : { inverseHessian });
  // 2. All series together, whatever was maximised.
  const p = toNatural(end.x, corrected);
  const { a, b, nu } = p;
  const target = Score.targetAt(problem, p);
  const last = Recursion.run(columns, target.matrix, p);
  const atBound = [
    ...(a < 1e-5 ? ['a'] : []),
    ...(b < 1e-5 ? ['b'] : []),
    ...(a + b > MAX_PERSISTENCE - 1e-5 ? ['persistence'] : []),
    ...(nu !== null && (nu > MAX_NU * 0.99 || nu < MIN_NU * 1.01) ? ['nu'] : []),
  ];
  const spread = options.standardErrors === true && atBound.length === 0 ? standardErrors(problem, p) : null;
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
    evaluations: starts.length + 1 + end.evaluations,
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

/** Minus the mean log-likelihood in search coordinates, with its gradient. */
function objectiveOf(problem: Score.Problem, rows: number): Objective {
  return (x, gradient) => {
    const { logLikelihood: value, score } = Score.at(problem, toNatural(x, problem.corrected));
    const slopes = slopesAt(x);
    for (let j = 0; j < x.length; j += 1) gradient[j] = -score.reduce((sum, by, i) => sum + by * slopes[i * x.length + j]!, 0) / rows;
    return -value / rows;
  };
}

/**
 * The inverse of the mean outer product of the bars' scores in search coordinates: near the Hessian's where the law is near the truth,
 * so that the search takes half the steps. Null where it is singular.
 */
function informationAt(problem: Score.Problem, x: Float64Array, rows: number): Float64Array | null {
  const { bars } = Score.at(problem, toNatural(x, problem.corrected), 'bars');
  const size = x.length;
  const slopes = slopesAt(x);
  const scores = Array.from({ length: size }, (_, j) =>
    bars[0]!.map((_bar, t) => bars.reduce((sum, bar, i) => sum + bar[t]! * slopes[i * size + j]!, 0)),
  );
  const products = Float64Array.from({ length: size * size }, (_, place) => {
    const [one, other] = [scores[Math.floor(place / size)]!, scores[place % size]!];
    return one.reduce((sum, value, t) => sum + value * other[t]!, 0) / rows;
  });
  return products.every(Number.isFinite) ? invertPositive(products, size) : null;
}

/** Inverse of the Hessian in (a, b, ν), by differences of the score, and the sandwich with the outer product of the scores of the bars. */
function standardErrors(problem: Score.Problem, at: Recursion.Parameters) {
  const names = Score.names(at);
  const count = names.length;
  const hessian = new Float64Array(count * count);
  names.forEach((name, i) => {
    const step = CURVATURE_STEP * Score.room(at, name);
    const [up, down] = [1, -1].map((sign) => Score.at(problem, { ...at, [name]: (at[name] ?? 0) + sign * step }).score);
    for (let j = 0; j < count; j += 1) {
      const half = (down![j]! - up![j]!) / (4 * step);
      hessian[i * count + j] = hessian[i * count + j]! + half;
      hessian[j * count + i] = hessian[j * count + i]! + half;
    }
  });
  const inverse = hessian.every(Number.isFinite) ? invertPositive(hessian, count) : null;
  if (inverse === null) return null;
  const { bars } = Score.at(problem, at, 'bars');
  const row = (i: number) => bars[0]!.map((_, t) => bars.reduce((sum, score, k) => sum + inverse[i * count + k]! * score[t]!, 0));
  const entries = (variance: (i: number) => number) => Object.fromEntries(names.map((name, i) => [name, Math.sqrt(variance(i))]));
  return {
    hessian: entries((i) => inverse[i * (count + 1)]!),
    robust: entries((i) => row(i).reduce((sum, value) => sum + value * value, 0)),
  };
}

/** Search coordinates: logit of (a + b)/max, logit of a/(a + b), logit of ν between its bounds. */
function toNatural(x: Float64Array, corrected: boolean): Recursion.Parameters {
  const phi = MAX_PERSISTENCE * logistic(x[0]!);
  const share = logistic(x[1]!);
  const nu = x.length > 2 ? MIN_NU + (MAX_NU - MIN_NU) * logistic(x[2]!) : null;
  return { a: phi * share, b: phi * (1 - share), corrected, nu };
}

/** Derivatives of a, b, ν in the search coordinates, row by row. */
function slopesAt(x: Float64Array): Float64Array {
  const size = x.length;
  const out = new Float64Array(size * size);
  const phi01 = logistic(x[0]!);
  const phi = MAX_PERSISTENCE * phi01;
  const share = logistic(x[1]!);
  out[0] = share * phi * (1 - phi01);
  out[1] = phi * share * (1 - share);
  out[size] = (1 - share) * phi * (1 - phi01);
  out[size + 1] = -out[1]!;
  if (size > 2) {
    const at = logistic(x[2]!);
    out[8] = (MAX_NU - MIN_NU) * at * (1 - at);
  }
  return out;
}

function logistic(y: number): number {
  return 1 / (1 + Math.exp(-y));
}

function fromNatural(a: number, b: number, student: boolean): Float64Array {
  const logit = (share: number) => Math.log(share / (1 - share));
  const plain = [logit((a + b) / MAX_PERSISTENCE), logit(a / (a + b))];
  return Float64Array.from(student ? [...plain, logit((START_NU - MIN_NU) / (MAX_NU - MIN_NU))] : plain);
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Dcc.TooFewObservationsError';
}
