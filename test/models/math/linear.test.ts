import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Linear from '../../../models/math/linear.ts';

const product = (factor: Float64Array, size: number) =>
  Float64Array.from({ length: size * size }, (_, place) => {
    const [i, j] = [Math.floor(place / size), place % size];
    let sum = 0;
    for (let k = 0; k < size; k += 1) sum += factor[i * size + k]! * factor[j * size + k]!;
    return sum;
  });
const close = (a: Float64Array, b: Float64Array, tolerance: number) => {
  a.forEach((value, place) => {
    expect(Math.abs(value - b[place]!)).toBeLessThan(tolerance);
  });
};
const anyMatrix = (size: number) =>
  fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: size * size, maxLength: size * size });

describe('cholesky', () => {
  it('gives back the matrix', () => {
    fc.assert(
      fc.property(anyMatrix(5), (entries) => {
        const positive = product(Float64Array.from(entries), 5);
        for (let i = 0; i < 5; i += 1) positive[i * 6] = positive[i * 6]! + 0.5;
        close(product(Linear.cholesky(positive, 5), 5), positive, 1e-10);
      }),
    );
  });

  it('fails on indefinite, on singular and on NaN, where ml-matrix does not', () => {
    const indefinite = Linear.fromRows([
      [1, 0.9, -0.9],
      [0.9, 1, 0.9],
      [-0.9, 0.9, 1],
    ]);
    expect(() => Linear.cholesky(indefinite, 3)).toThrow(Linear.NotPositiveDefiniteError);
    expect(Linear.tryCholesky(Float64Array.of(1, 1, 1, 1), 2, new Float64Array(4))).toBe(false);
    expect(Linear.tryCholesky(Float64Array.of(Number.NaN, 0, 0, 1), 2, new Float64Array(4))).toBe(false);
    expect(Linear.invertPositive(indefinite, 3)).toBeNull();
  });
});

describe('eigenvalues', () => {
  it('are those of a matrix made from them, in rising order', () => {
    const { values, vectors } = Linear.symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    close(values, Float64Array.of(1, 3), 1e-12);
    expect(Math.abs(vectors[1]!)).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it('does not mind an asymmetry of one ulp', () => {
    expect(Linear.symmetricEigen(Float64Array.of(1, 0.3, 0.30000000000000004, 1), 2).values[0]).toBeCloseTo(0.7, 12);
  });
});

describe('nearest correlation', () => {
  it('is Higham’s own example', () => {
    // Higham 2002, section 4: the nearest to this tridiagonal matrix, to four digits.
    const given = Linear.fromRows([
      [1, 1, 0],
      [1, 1, 1],
      [0, 1, 1],
    ]);
    const repair = Linear.nearestCorrelation(given, 3);
    expect(repair.repaired).toBe(true);
    expect(repair.converged).toBe(true);
    expect(repair.matrix[1]).toBeCloseTo(0.7607, 3);
    expect(repair.matrix[2]).toBeCloseTo(0.1573, 3);
    expect(repair.distance).toBeCloseTo(0.5278, 3);
  });

  it('leaves a correlation matrix alone, and always answers with one', () => {
    const fine = Linear.fromRows([
      [1, 0.5],
      [0.5, 1],
    ]);
    expect(Linear.nearestCorrelation(fine, 2)).toMatchObject({ repaired: false, distance: 0, matrix: fine });
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }), (below) => {
        const size = 5;
        const given = new Float64Array(size * size);
        let next = 0;
        for (let i = 0; i < size; i += 1) {
          given[i * size + i] = 1;
          for (let j = 0; j < i; j += 1) given[i * size + j] = given[j * size + i] = below[next++]!;
        }
        const { matrix } = Linear.nearestCorrelation(given, size);
        for (let i = 0; i < size; i += 1) expect(matrix[i * size + i]).toBe(1);
        expect(Linear.tryCholesky(matrix, size, new Float64Array(size * size))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
