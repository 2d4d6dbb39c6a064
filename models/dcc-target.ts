/**
 * What Q tends to: the correlation S of z, or of Aielli's diag(Q_t)^{1/2} z_t, which depends on a and b and has derivatives in them.
 * Equations: see `dcc.ts`.
 */
import { nearestCorrelation } from './math/linear.ts';
import { correlation } from './math/statistics.ts';
import { shrunk } from './shrinkage.ts';

export type Columns = readonly Float64Array[];

export type Target = { readonly matrix: Float64Array; readonly repaired: boolean; readonly shrinkage: number };

/** Repaired where it is not positive definite. */
export function of(columns: Columns, shrinks: boolean): Target {
  const sample = sampleCorrelation(columns);
  const { matrix, shrinkage } = shrinks ? shrunk(columns, sample) : { matrix: sample, shrinkage: 0 };
  const repair = nearestCorrelation(matrix, columns.length);
  return { matrix: repair.matrix, repaired: repair.repaired, shrinkage };
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
export function stretched(columns: Columns, a: number, b: number): Float64Array[] {
  return columns.map((column) => {
    let q = 1;
    return column.map((z) => {
      const now = z * Math.sqrt(q);
      q = 1 - a - b + (a * (Number.isNaN(z) ? 1 : z * z) + b) * q;
      return now;
    });
  });
}

/** Derivatives in a and b of the correlation of `stretched`, of columns without holes. */
export function derivatives(columns: Columns, a: number, b: number): readonly [Float64Array, Float64Array] {
  const size = columns.length;
  const sides = columns.map((column) => side(column, a, b));
  const covariance = (i: number, j: number) => centred(sides[i]!.values, sides[j]!.values);
  const own = sides.map((_, i) => covariance(i, i));
  const by = (which: 'byA' | 'byB') => {
    const out = new Float64Array(size * size);
    const moved = (i: number, j: number) => centred(sides[i]![which], sides[j]!.values) + centred(sides[i]!.values, sides[j]![which]);
    const ownMoved = sides.map((_, i) => moved(i, i) / own[i]!);
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const scale = Math.sqrt(own[i]! * own[j]!);
        const value = moved(i, j) / scale - (0.5 * covariance(i, j) * (ownMoved[i]! + ownMoved[j]!)) / scale;
        out[i * size + j] = value;
        out[j * size + i] = value;
      }
    }
    return out;
  };
  return [by('byA'), by('byB')];
}

/** One stretched column and its derivatives. */
function side(column: Float64Array, a: number, b: number) {
  const table = () => new Float64Array(column.length);
  const [values, byA, byB] = [table(), table(), table()];
  let [q, qa, qb] = [1, 0, 0];
  for (let t = 0; t < column.length; t += 1) {
    const root = Math.sqrt(q);
    const z = column[t]!;
    values[t] = z * root;
    byA[t] = (0.5 * z * qa) / root;
    byB[t] = (0.5 * z * qb) / root;
    const growth = a * z * z + b;
    qa = -1 + z * z * q + growth * qa;
    qb = -1 + q + growth * qb;
    q = 1 - a - b + growth * q;
  }
  return { values, byA, byB };
}

/** Σ of products less the product of the means. */
function centred(x: Float64Array, y: Float64Array): number {
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let t = 0; t < x.length; t += 1) {
    sum += x[t]! * y[t]!;
    sumX += x[t]!;
    sumY += y[t]!;
  }
  return sum - (sumX * sumY) / x.length;
}
