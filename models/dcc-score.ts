/**
 * The likelihood of a DCC and its score in (a, b, ν): what `dcc.ts` maximises. Equations: see there.
 *
 * Rows without holes run in the kernel, which has the score in the same pass (kernel/assembly/dcc.ts). With holes, or where Aielli's
 * target had to be repaired, the likelihood is taken bar by bar and the score by differences.
 */
import * as Kernel from '../kernel/dcc.ts';
import { loadLikelihood } from '../kernel/likelihood.ts';
import * as Recursion from './dcc-recursion.ts';
import * as Target from './dcc-target.ts';
import { digamma } from './math/special.ts';

export type Problem = {
  readonly columns: Target.Columns;
  /** One for all series, or one for each pair of neighbours; null where there are holes. */
  readonly tables: readonly Kernel.Table[] | null;
  readonly composite: boolean;
  readonly corrected: boolean;
  readonly shrinks: boolean;
  /** Of z itself. */
  readonly plain: Target.Target;
};

/** Parameters that are searched, in the order of every score. */
export type Name = 'a' | 'b' | 'nu';

export type Scored = {
  readonly logLikelihood: number;
  /** In a, b and, with t errors, ν. */
  readonly score: Float64Array;
  /** The score by bar, parameter by parameter; none where not wanted. */
  readonly bars: readonly Float64Array[];
};

/** Of differences in the parameters, times their distance from the nearest bound. */
const DIFFERENCE = 1e-4;

export function prepare(columns: Target.Columns, options: Pick<Problem, 'composite' | 'corrected' | 'shrinks'>): Problem {
  const groups = options.composite ? neighbours(columns) : [columns];
  const tables = groups.map((group) => Kernel.tableOf(group));
  const whole = tables.every((table) => table !== null);
  return { ...options, columns, tables: whole ? tables : null, plain: Target.of(columns, options.shrinks) };
}

export function targetAt({ columns, corrected, shrinks, plain }: Problem, { a, b }: Recursion.Parameters): Target.Target {
  return corrected ? Target.of(Target.stretched(columns, a, b), shrinks) : plain;
}

export function names({ nu }: Recursion.Parameters): readonly Name[] {
  return nu === null ? ['a', 'b'] : ['a', 'b', 'nu'];
}

/** To the nearest bound. */
export function room({ a, b, nu }: Recursion.Parameters, name: Name): number {
  return name === 'nu' ? (nu ?? 2) - 2 : Math.min(name === 'a' ? a : b, 1 - a - b);
}

/** `wants`: also the score by bar. */
export function at(problem: Problem, p: Recursion.Parameters, wants: Kernel.Wanted = 'score'): Scored {
  const target = targetAt(problem, p);
  const smooth = !problem.corrected || !(target.repaired || problem.shrinks);
  return problem.tables === null || !smooth ? byDifferences(problem, p, wants) : analytic(problem, problem.tables, target.matrix, p, wants);
}

/** `byBar`, where given, takes the likelihood of each bar. */
export function logLikelihood(problem: Problem, p: Recursion.Parameters, byBar?: Float64Array): number {
  const target = targetAt(problem, p).matrix;
  const run = problem.composite ? Recursion.pairs : (...given: Parameters<typeof Recursion.run>) => Recursion.run(...given).logLikelihood;
  return run(problem.columns, target, p, byBar);
}

function analytic(
  { columns, corrected, composite }: Problem,
  tables: readonly Kernel.Table[],
  target: Float64Array,
  p: Recursion.Parameters,
  wants: Kernel.Wanted,
): Scored {
  const { a, b, nu } = p;
  const [byA, byB] = corrected ? Target.derivatives(columns, a, b) : [target.map(() => 0), target.map(() => 0)];
  const rest = 1 - a - b;
  const base = [
    target.map((entry) => rest * entry),
    target.map((entry, place) => rest * byA[place]! - entry),
    target.map((entry, place) => rest * byB[place]! - entry),
  ] as const;
  const count = nu === null ? 2 : 3;
  const rows = columns[0]!.length;
  const score = new Float64Array(count);
  const bars = wants === 'bars' ? Array.from({ length: count }, () => new Float64Array(rows)) : [];
  let logLikelihood = 0;
  tables.forEach((table, first) => {
    const own = (matrix: Float64Array) => (composite ? block(matrix, columns.length, first) : matrix);
    const pass = loadLikelihood().dcc(
      table,
      {
        a,
        b,
        nu: nu ?? 0,
        constant: nu === null ? 0 : Recursion.logDensityConstant(nu, table.size),
        constantByNu: nu === null ? 0 : 0.5 * (digamma((nu + table.size) / 2) - digamma(nu / 2)) - (0.5 * table.size) / (nu - 2),
        isCorrected: corrected,
        base: [own(base[0]), own(base[1]), own(base[2])],
        start: [own(target), own(byA), own(byB)],
      },
      wants,
    );
    logLikelihood += pass.logLikelihood;
    for (let i = 0; i < count; i += 1) score[i] = score[i]! + pass.score[i]!;
    bars.forEach((bar, i) => {
      pass.bars[i + 1]!.forEach((value, t) => {
        bar[t] = bar[t]! + value;
      });
    });
  });
  return { logLikelihood, score, bars };
}

function byDifferences(problem: Problem, p: Recursion.Parameters, wants: Kernel.Wanted): Scored {
  const rows = problem.columns[0]!.length;
  const bars: Float64Array[] = [];
  const score = Float64Array.from(names(p), (name) => {
    const step = DIFFERENCE * room(p, name);
    const [up, down] = wants === 'bars' ? [new Float64Array(rows), new Float64Array(rows)] : [undefined, undefined];
    const slope = (higher: number, lower: number) => (higher - lower) / (2 * step);
    const here = p[name] ?? 0;
    const value = slope(
      logLikelihood(problem, { ...p, [name]: here + step }, up),
      logLikelihood(problem, { ...p, [name]: here - step }, down),
    );
    if (up !== undefined && down !== undefined) bars.push(up.map((higher, t) => slope(higher, down[t]!)));
    return value;
  });
  return { logLikelihood: logLikelihood(problem, p), score, bars };
}

function neighbours(columns: Target.Columns): Target.Columns[] {
  return columns.slice(1).map((column, i) => [columns[i]!, column]);
}

/** The rows and columns of series `first` and the next. */
function block(matrix: Float64Array, size: number, first: number): Float64Array {
  const at = (i: number, j: number) => matrix[(first + i) * size + first + j]!;
  return Float64Array.of(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
}
