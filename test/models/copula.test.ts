import { describe, expect, it } from 'vitest';
import * as Copula from '../../models/copula.ts';
import { tCopulaTailDependence } from '../../models/math/special.ts';
import { correlated } from './simulated.ts';

/** Rows of a t law: normals over the root of χ²_ν/ν, the latter as a sum of ν squares. */
function studentPair(rho: number, nu: number, length: number): Float64Array[] {
  const [a, b] = correlated(rho, length, 21);
  const squares = Array.from({ length: nu }, (_, k) => correlated(0, length, 40 + k)[0]);
  const root = Float64Array.from({ length }, (_, t) => Math.sqrt(squares.reduce((sum, column) => sum + column[t]! ** 2, 0) / nu));
  return [a.map((x, t) => x / root[t]!), b.map((x, t) => x / root[t]!)];
}

describe('t-copula', () => {
  it('has tail dependence .25317 at ν 4, ρ .5', () => {
    expect(tCopulaTailDependence(4, 0.5)).toBeCloseTo(0.25317, 5);
  });

  it('recovers its degrees of freedom from ranks', () => {
    const fit = Copula.fit(studentPair(0.5, 4, 4_000), Float64Array.of(1, 0.5, 0.5, 1), 4_000);
    expect(fit.converged).toBe(true);
    expect(fit.nu).toBeGreaterThan(3.2);
    expect(fit.nu).toBeLessThan(5.2);
  });

  it('finds many degrees of freedom where the copula is normal', () => {
    expect(Copula.fit(correlated(0.5, 3_000, 5), Float64Array.of(1, 0.5, 0.5, 1), 3_000).nu).toBeGreaterThan(20);
  });

  it('does not care how the margins look', () => {
    const pair = studentPair(0.3, 5, 1_000);
    const bent = [pair[0]!.map((x) => Math.exp(x / 3)), pair[1]!.map((x) => x ** 3)];
    const matrix = Float64Array.of(1, 0.3, 0.3, 1);
    expect(Copula.fit(bent, matrix, 1_000)).toEqual(Copula.fit(pair, matrix, 1_000));
  });

  it('says that it did not estimate where too few bars are common', () => {
    const [a, b] = correlated(0.5, 400, 6);
    b.fill(Number.NaN, 0, 300);
    const fit = Copula.fit([a, b], Float64Array.of(1, 0.5, 0.5, 1), 400);
    expect(fit.converged).toBe(false);
    expect(fit.warnings[0]).toContain('not estimated');
  });
});
