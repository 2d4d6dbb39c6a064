/** `plimsoll fit` of tails, of correlations, and of hidden states over several columns: the answers as they are printed. */
import * as Dcc from '../../models/dcc.ts';
import * as Evt from '../../models/evt.ts';
import * as Garch from '../../models/garch.ts';
import * as Hmm from '../../models/hmm.ts';
import { toRows } from '../../models/math/linear.ts';
import * as Pareto from '../../models/pareto.ts';

/** Probabilities of a loss for which conditional risk is told. */
const RISK_LEVELS = [0.01, 0.001];

/** Beyond `threshold`, as the column has it; a negative threshold asks for the lower tail. */
export function fitGpd(values: readonly number[], options: { readonly threshold: number; readonly isReturns: boolean }) {
  const { threshold } = options;
  const side = threshold < 0 ? -1 : 1;
  const beyond = values.flatMap((value) => (side * (value - threshold) > 0 ? [side * (value - threshold)] : []));
  const observed = values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
  const fitted = Pareto.fit(beyond);
  const interval = Pareto.intervals(beyond, fitted);
  return {
    shape: fitted.shape,
    scale: fitted.scale,
    interval: { level: 0.95, ...interval },
    threshold,
    tail: side < 0 ? 'lower' : 'upper',
    observations: observed,
    exceedances: beyond.length,
    logLikelihood: fitted.logLikelihood,
    converged: fitted.converged,
    hill: Pareto.hill(
      values.map((value) => side * value),
      side * threshold,
    ),
    ...(options.isReturns && observed >= Garch.MIN_OBSERVATIONS ? { nextBar: nextBar(values) } : {}),
  };
}

/** GARCH(1,1) with normal errors for every column, then correlations of what is left. */
export function fitDcc(
  columns: readonly (readonly number[])[],
  names: readonly string[],
  options: { readonly presample: 'sample' | 'backcast'; readonly corrected: boolean; readonly distribution: 'normal' | 't' },
) {
  const spec: Garch.Spec = { mean: 'constant', asymmetric: false, errors: 'normal', presample: options.presample };
  const stages = columns.map((returns) => {
    const garch = Garch.fit(returns, spec);
    return { garch, filtered: Garch.filter(returns, garch.parameters, spec) };
  });
  const standardized = stages.map(({ filtered }) => filtered.standardized);
  const errors = options.distribution === 't' ? 'student' : 'normal';
  const fitted = Dcc.fit(standardized, { corrected: options.corrected, errors, standardErrors: true });
  // The t likelihood is the density of z; that of the returns has the scales too. The normal one comes beside the volatilities'.
  const volatility = stages.reduce((sum, { garch, filtered }) => sum + (errors === 'normal' ? garch.logLikelihood : scales(filtered)), 0);
  return {
    a: fitted.a,
    b: fitted.b,
    ...(fitted.nu === null ? {} : { nu: fitted.nu }),
    standardErrors: fitted.standardErrors,
    robustStandardErrors: fitted.robustErrors,
    logLikelihood: volatility + fitted.logLikelihood,
    correlationLogLikelihood: fitted.logLikelihood,
    columns: names,
    lastCorrelation: toRows(Dcc.lastCorrelation(standardized, fitted, options.corrected), names.length),
    nextCorrelation: toRows(fitted.next, names.length),
    observations: fitted.observations,
    atBound: fitted.atBound,
    converged: fitted.converged && stages.every(({ garch }) => garch.converged),
    evaluations: fitted.evaluations,
    warnings: [...fitted.warnings, ...stages.flatMap(({ garch }, i) => garch.warnings.map((says) => `${names[i]}: ${says}`))],
  };
}

/** Hidden states over rows of all columns, by rising volatility. Rows with a hole in a full covariance say nothing. */
export function fitHmm(
  columns: readonly (readonly number[])[],
  names: readonly string[],
  options: {
    readonly states: number;
    readonly seed: number;
    readonly covariance: 'diagonal' | 'full';
    readonly distribution: 'normal' | 't';
  },
) {
  const dimensions = columns.length;
  const { states, seed, covariance } = options;
  const values = Float64Array.from(columns[0]!.flatMap((_, t) => columns.map((column) => column[t]!)));
  const fitted = Hmm.fit({ values, dimensions }, states, { seed, covariance, errors: options.distribution === 't' ? 'student' : 'normal' });
  const block = fitted.parameters.variance.length / states;
  // The trace of what is a covariance up to ν, or the sum of the variances.
  const size = (state: number) => {
    const own = fitted.parameters.variance.subarray(state * block, (state + 1) * block);
    const nu = fitted.parameters.nu?.[state];
    const trace = own.reduce((sum, value, place) => sum + (block === dimensions || place % (dimensions + 1) === 0 ? value : 0), 0);
    return nu === undefined ? trace : (trace * nu) / (nu - 2);
  };
  const p = Hmm.ordered(fitted.parameters, dimensions, size);
  const { probability } = Hmm.filter({ values, dimensions }, p);
  const rows = (flat: Float64Array, width: number) =>
    Array.from({ length: flat.length / width }, (_, i) => Array.from(flat.subarray(i * width, (i + 1) * width)));
  const isFull = block > dimensions;
  const count =
    states * (states - 1) +
    (states - 1) +
    states * dimensions +
    states * (isFull ? (dimensions * (dimensions + 1)) / 2 : dimensions) +
    (p.nu === undefined ? 0 : states);
  return {
    states,
    columns: names,
    parameters: {
      means: rows(p.mean, dimensions),
      ...(isFull
        ? { covariances: rows(p.variance, block).map((one) => toRows(Float64Array.from(one), dimensions)) }
        : { variances: rows(p.variance, dimensions) }),
      transition: rows(p.transition, states),
      initial: Array.from(p.start),
      ...(p.nu === undefined ? {} : { nu: Array.from(p.nu) }),
    },
    filtered: rows(probability, states).slice(-1),
    logLikelihood: fitted.logLikelihood,
    aic: 2 * count - 2 * fitted.logLikelihood,
    bic: count * Math.log(fitted.rows) - 2 * fitted.logLikelihood,
    observations: fitted.rows,
    atBound: fitted.atBound,
    converged: fitted.converged,
    evaluations: fitted.evaluations,
    warnings: fitted.warnings,
  };
}

function nextBar(values: readonly number[]) {
  const { tail, risks } = Evt.nextRisks(values, RISK_LEVELS);
  return {
    model: 'GJR-t, Pareto tail of its residuals',
    threshold: tail.threshold,
    shape: tail.pareto.shape,
    scale: tail.pareto.scale,
    risks: RISK_LEVELS.map((probability, i) => ({ probability, ...risks[i]! })),
  };
}

function scales({ variance, standardized }: Garch.Filtered): number {
  return variance.reduce((sum, h, t) => sum - (Number.isNaN(standardized[t]!) ? 0 : 0.5 * Math.log(h)), 0);
}
