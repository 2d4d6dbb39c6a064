/**
 * Linear algebra on small dense matrices: the only door to ml-matrix.
 *
 * Matrices are flat, row by row, in a Float64Array; at the seams they are rows of numbers. ml-matrix does the eigenvalues and the
 * inverse. Its Cholesky does not fail on an indefinite matrix and refuses an asymmetry of one ulp, so the factor is made here: it
 * reads the lower triangle only and says no at the first pivot that is not clearly positive.
 * Nearest correlation matrix: Higham (2002), alternating projections with Dykstra's correction.
 */
import { EigenvalueDecomposition, inverse, Matrix } from 'ml-matrix';
import { PlimsollError } from '../../base/errors.ts';

export type Rows = readonly (readonly number[])[];

/** Pivots below this share of the diagonal count as zero. */
const PIVOT_FLOOR = 1e-12;
/** Smallest eigenvalue of a repaired correlation matrix: keeps its factor usable in floats. */
const EIGENVALUE_FLOOR = 1e-6;
const HIGHAM_ITERATIONS = 200;
const HIGHAM_TOLERANCE = 1e-10;

export function fromRows(rows: Rows): Float64Array {
  const size = rows.length;
  const flat = new Float64Array(size * size);
  rows.forEach((row, i) => {
    flat.set(row, i * size);
  });
  return flat;
}

export function toRows(flat: Float64Array, size: number): number[][] {
  return Array.from({ length: size }, (_, i) => Array.from(flat.subarray(i * size, (i + 1) * size)));
}

/** Writes the lower factor L of `a` = L·Lᵀ into `out`; false, with `out` half written, where `a` is not positive definite. */
export function tryCholesky(a: Float64Array, size: number, out: Float64Array): boolean {
  for (let i = 0; i < size; i += 1) {
    const rowI = i * size;
    for (let j = 0; j <= i; j += 1) {
      const rowJ = j * size;
      let sum = a[rowI + j]!;
      for (let k = 0; k < j; k += 1) sum -= out[rowI + k]! * out[rowJ + k]!;
      if (i !== j) {
        out[rowI + j] = sum / out[rowJ + j]!;
      } else {
        // The negation also refuses NaN.
        if (!(sum > PIVOT_FLOOR * Math.abs(a[rowI + i]!))) return false;
        out[rowI + i] = Math.sqrt(sum);
      }
    }
    for (let j = i + 1; j < size; j += 1) out[rowI + j] = 0;
  }
  return true;
}

export function cholesky(a: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  if (tryCholesky(a, size, factor)) return factor;
  throw new NotPositiveDefiniteError({
    got: `a ${size}×${size} matrix with smallest eigenvalue ${symmetricEigen(a, size).values[0]?.toExponential(3)}`,
    needed: 'a symmetric positive definite matrix',
    fix: 'Repair it with nearestCorrelation and report the repair.',
  });
}

/** Eigenvalues in rising order, and the eigenvectors as columns. Reads the lower triangle. */
export function symmetricEigen(a: Float64Array, size: number): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const matrix = Matrix.zeros(size, size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      matrix.set(i, j, a[i * size + j]!);
      matrix.set(j, i, a[i * size + j]!);
    }
  }
  const decomposition = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const order = decomposition.realEigenvalues.map((value, index) => ({ value, index })).sort((p, q) => p.value - q.value);
  const vectors = new Float64Array(size * size);
  order.forEach(({ index }, column) => {
    for (let i = 0; i < size; i += 1) vectors[i * size + column] = decomposition.eigenvectorMatrix.get(i, index);
  });
  return { values: Float64Array.from(order, ({ value }) => value), vectors };
}

/** Inverse of a symmetric positive definite matrix, or null where it is not. */
export function invertPositive(a: Float64Array, size: number): Float64Array | null {
  if (!tryCholesky(a, size, new Float64Array(size * size))) return null;
  const result = inverse(new Matrix(toRows(a, size)));
  return Float64Array.from(result.to1DArray());
}

/** x with a·x = b by Gaussian elimination with partial pivoting, or null where `a` is singular. For systems of a few rows. */
export function solve(a: Float64Array, b: Float64Array, size: number): Float64Array | null {
  const m = a.slice();
  const x = b.slice();
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(m[row * size + column]!) > Math.abs(m[pivot * size + column]!)) pivot = row;
    }
    if (!(Math.abs(m[pivot * size + column]!) > 0)) return null;
    if (pivot !== column) {
      for (let k = 0; k < size; k += 1) {
        const spare = m[column * size + k]!;
        m[column * size + k] = m[pivot * size + k]!;
        m[pivot * size + k] = spare;
      }
      const spare = x[column]!;
      x[column] = x[pivot]!;
      x[pivot] = spare;
    }
    for (let row = column + 1; row < size; row += 1) {
      const factor = m[row * size + column]! / m[column * size + column]!;
      for (let k = column; k < size; k += 1) m[row * size + k] = m[row * size + k]! - factor * m[column * size + k]!;
      x[row] = x[row]! - factor * x[column]!;
    }
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    for (let k = row + 1; k < size; k += 1) x[row] = x[row]! - m[row * size + k]! * x[k]!;
    x[row] = x[row]! / m[row * size + row]!;
  }
  return x;
}

export type Repair = {
  readonly matrix: Float64Array;
  /** False where the matrix was a positive definite correlation matrix already; it is then returned as it was. */
  readonly repaired: boolean;
  readonly iterations: number;
  readonly converged: boolean;
  /** Frobenius distance from what was given. */
  readonly distance: number;
};

/** The nearest correlation matrix whose smallest eigenvalue is at least `EIGENVALUE_FLOOR` (before unit-diagonal rescaling). */
export function nearestCorrelation(a: Float64Array, size: number): Repair {
  const given = symmetrized(a, size);
  const unitDiagonal = Array.from({ length: size }, (_, i) => given[i * size + i]!).every((value) => value === 1);
  if (unitDiagonal && (symmetricEigen(given, size).values[0] ?? 1) >= EIGENVALUE_FLOOR) {
    return { matrix: given, repaired: false, iterations: 0, converged: true, distance: 0 };
  }
  let y = given.slice();
  let correction = new Float64Array(size * size);
  let iterations = 0;
  let change = Number.POSITIVE_INFINITY;
  while (iterations < HIGHAM_ITERATIONS && change > HIGHAM_TOLERANCE) {
    iterations += 1;
    const r = y.map((value, index) => value - correction[index]!);
    const x = clipEigenvalues(r, size, EIGENVALUE_FLOOR);
    correction = x.map((value, index) => value - r[index]!);
    const next = x.slice();
    for (let i = 0; i < size; i += 1) next[i * size + i] = 1;
    change = distance(next, y) / Math.max(1, distance(next, new Float64Array(size * size)));
    y = next;
  }
  // Setting the diagonal to 1 can leave a hair below the floor: clip once more and rescale, which keeps it positive definite.
  const clipped = clipEigenvalues(y, size, EIGENVALUE_FLOOR);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = clipped[i * size + j]! / Math.sqrt(clipped[i * size + i]! * clipped[j * size + j]!);
      matrix[i * size + j] = value;
      matrix[j * size + i] = value;
    }
    matrix[i * size + i] = 1;
  }
  return { matrix, repaired: true, iterations, converged: change <= HIGHAM_TOLERANCE, distance: distance(matrix, given) };
}

function clipEigenvalues(a: Float64Array, size: number, floor: number): Float64Array {
  const { values, vectors } = symmetricEigen(a, size);
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = 0;
      for (let k = 0; k < size; k += 1) sum += vectors[i * size + k]! * Math.max(values[k]!, floor) * vectors[j * size + k]!;
      out[i * size + j] = sum;
      out[j * size + i] = sum;
    }
  }
  return out;
}

function symmetrized(a: Float64Array, size: number): Float64Array {
  const out = a.slice();
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = (a[i * size + j]! + a[j * size + i]!) / 2;
      out[i * size + j] = value;
      out[j * size + i] = value;
    }
  }
  return out;
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]!) ** 2, 0));
}

export class NotPositiveDefiniteError extends PlimsollError {
  override readonly name = 'Linear.NotPositiveDefiniteError';
}
