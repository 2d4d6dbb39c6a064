import { describe, expect, it } from 'vitest';
import * as Innovation from '../../models/innovation.ts';

const laws = [
  Innovation.law(null, null),
  Innovation.law(2.6, null),
  Innovation.law(7, null),
  Innovation.law(3.2, -0.4),
  Innovation.law(9, 0.3),
  Innovation.law(6, 0),
];
const density = (z: number, l: Innovation.Law) => Math.exp(Innovation.logDensity(z, l, new Float64Array(3)));

/** ∫ f(z)·g(z) over the line, z = sinh(sinh x) so that power tails die out fast. */
function expectation(l: Innovation.Law, g: (z: number) => number): number {
  let sum = 0;
  const step = 1e-3;
  for (let x = -4 + step / 2; x < 4; x += step) {
    const inner = Math.sinh(x);
    if (Math.abs(inner) > 60) continue;
    const z = Math.sinh(inner);
    const weight = g(z) * density(z, l) * Math.cosh(inner) * Math.cosh(x);
    if (Number.isFinite(weight)) sum += weight * step;
  }
  return sum;
}

describe.each(laws)('%o', (l) => {
  it('has mass 1, mean 0, variance 1', () => {
    expect(expectation(l, () => 1)).toBeCloseTo(1, 6);
    expect(expectation(l, (z) => z)).toBeCloseTo(0, 6);
    expect(expectation(l, (z) => z * z)).toBeCloseTo(1, l.nu > 0 && l.nu < 3 ? 2 : 5);
  });

  it('has the partial moments of its closed forms', () => {
    expect(Innovation.meanAbsolute(l)[0]).toBeCloseTo(expectation(l, Math.abs), 5);
    expect(Innovation.badShare(l)[0]).toBeCloseTo(
      expectation(l, (z) => (z < 0 ? z * z : 0)),
      l.nu > 0 && l.nu < 3 ? 2 : 5,
    );
  });

  it('has quantiles that its density agrees with', () => {
    for (const p of [0.01, 0.3, 0.5, 0.62, 0.97]) {
      const q = Innovation.quantile(p, l);
      expect(expectation(l, (z) => (z <= q ? 1 : 0))).toBeCloseTo(p, 2);
      const slope = (Innovation.quantile(p + 1e-6, l) - Innovation.quantile(p - 1e-6, l)) / 2e-6;
      expect(slope * density(q, l)).toBeCloseTo(1, 5);
    }
  });

  it('has the derivatives of its finite differences', () => {
    const out = new Float64Array(3);
    const close = (value: number, numeric: number) => expect(Math.abs(value - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)));
    const nothing = new Float64Array(3);
    const step = 1e-5;
    for (const z of [-4, -0.7, 0.05, 1.3, 5]) {
      Innovation.logDensity(z, l, out);
      close(out[0]!, (Innovation.logDensity(z + step, l, nothing) - Innovation.logDensity(z - step, l, nothing)) / (2 * step));
      if (l.errors === 'normal') continue;
      const at = (nu: number, lambda: number | null) => Innovation.logDensity(z, Innovation.law(nu, lambda), nothing);
      const lambda = l.errors === 'skewed' ? l.lambda : null;
      close(out[1]!, (at(l.nu + step, lambda) - at(l.nu - step, lambda)) / (2 * step));
      if (lambda !== null) close(out[2]!, (at(l.nu, lambda + step) - at(l.nu, lambda - step)) / (2 * step));
    }
  });

  it('adds up to its sums over a sample, no skew included', () => {
    const z = Float64Array.of(-4, -0.7, Number.NaN, 0.05, 1.3, 5, -0.2);
    const [pull, sums, out] = [new Float64Array(z.length), new Float64Array(2), new Float64Array(3)];
    const total = Innovation.total(z, l, pull, sums);
    let [density, byNu, byLambda] = [0, 0, 0];
    for (let t = 0; t < z.length; t += 1) {
      if (Number.isNaN(z[t]!)) continue;
      density += Innovation.logDensity(z[t]!, l, out);
      byNu += out[1]!;
      byLambda += out[2]!;
      expect(pull[t]).toBeCloseTo(out[0]!, 12);
    }
    expect(total).toBeCloseTo(density, 11);
    if (l.errors !== 'normal') expect(sums[0]).toBeCloseTo(byNu, 11);
    if (l.errors === 'skewed') expect(sums[1]).toBeCloseTo(byLambda, 11);
  });

  it('has partial moments whose derivatives are theirs', () => {
    if (l.errors !== 'skewed') return;
    for (const moment of [Innovation.meanAbsolute, Innovation.badShare]) {
      const at = (nu: number, lambda: number) => moment(Innovation.law(nu, lambda))[0];
      const [, byNu, byLambda] = moment(l);
      const step = 1e-4;
      expect(byNu).toBeCloseTo((at(l.nu + step, l.lambda) - at(l.nu - step, l.lambda)) / (2 * step), 6);
      expect(byLambda).toBeCloseTo((at(l.nu, l.lambda + step) - at(l.nu, l.lambda - step)) / (2 * step), 6);
    }
  });
});
