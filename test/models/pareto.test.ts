import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Evt from '../../models/evt.ts';
import { tQuantile } from '../../models/math/special.ts';
import * as Pareto from '../../models/pareto.ts';
import { normal } from './simulated.ts';

const draws = (length: number, law: { shape: number; scale: number }, path = 0) =>
  Float64Array.from({ length }, (_, t) => Pareto.quantile(law, uniform(11, PURPOSE.sampleMarket, path, t, 0)));

describe('fit', () => {
  it.each([
    { shape: 0.3, scale: 2 },
    { shape: 0, scale: 1 },
    { shape: -0.2, scale: 0.01 },
  ])('recovers shape $shape and scale $scale', (law) => {
    const fit = Pareto.fit(draws(20_000, law));
    // Standard error of the shape: (1 + ξ)/√n, at most 0.01.
    expect(Math.abs(fit.shape - law.shape)).toBeLessThan(0.03);
    expect(Math.abs(fit.scale / law.scale - 1)).toBeLessThan(0.05);
    expect(fit.converged).toBe(true);
  });

  it('is a maximum of the likelihood written out', () => {
    for (let path = 1; path <= 40; path += 1) {
      const law = { shape: -0.3 + 0.025 * path, scale: 1 };
      const y = draws(400, law, path);
      const fit = Pareto.fit(y);
      if (!fit.converged) continue;
      expect(Pareto.logLikelihood(y, fit)).toBeCloseTo(fit.logLikelihood, 6);
      for (const [ds, dc] of [
        [0.003, 0],
        [-0.003, 0],
        [0, 0.003],
        [0, -0.003],
        [0.003, -0.003],
      ] as const)
        expect(Pareto.logLikelihood(y, { shape: fit.shape + ds, scale: fit.scale + dc })).toBeLessThan(fit.logLikelihood);
    }
  });

  it('is the same in any unit, and in any order', () => {
    const y = draws(500, { shape: 0.2, scale: 1 }, 3);
    const one = Pareto.fit(y);
    for (const unit of [1e-6, 1e6]) {
      const other = Pareto.fit(y.map((value) => value * unit).reverse());
      expect(other.shape).toBeCloseTo(one.shape, 8);
      expect(other.logLikelihood + y.length * Math.log(unit)).toBeCloseTo(one.logLikelihood, 6);
    }
  });

  it('refuses a handful of exceedances, and what is none', () => {
    expect(() => Pareto.fit(new Float64Array(5).fill(1))).toThrow(Pareto.TooFewExceedancesError);
    expect(() => Pareto.fit(new Float64Array(50).fill(-1))).toThrow(Pareto.NotAnExceedanceError);
  });
});

describe('intervals', () => {
  it('end where the profile, maximised by brute force, has fallen by half of χ²', () => {
    const y = draws(300, { shape: 0.25, scale: 1.5 }, 7);
    const fit = Pareto.fit(y);
    const { shape, scale } = Pareto.intervals(y, fit);
    const best = (of: (free: number) => { shape: number; scale: number }, from: number, to: number) => {
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k <= 4_000; k += 1) most = Math.max(most, Pareto.logLikelihood(y, of(from + ((to - from) * k) / 4_000)));
      return most;
    };
    for (const end of shape) expect(fit.logLikelihood - best((free) => ({ shape: end!, scale: free }), 0.5, 3)).toBeCloseTo(1.9207, 3);
    for (const end of scale) expect(fit.logLikelihood - best((free) => ({ shape: free, scale: end! }), -0.4, 1)).toBeCloseTo(1.9207, 3);
  });

  it('hold the truth about 95 times of 100', () => {
    const law = { shape: 0.2, scale: 1 };
    const held = { shape: 0, scale: 0 };
    const samples = 400;
    for (let path = 0; path < samples; path += 1) {
      const y = draws(250, law, 100 + path);
      const found = Pareto.intervals(y, Pareto.fit(y));
      for (const key of ['shape', 'scale'] as const)
        if (law[key] >= (found[key][0] ?? -1e9) && law[key] <= (found[key][1] ?? 1e9)) held[key] += 1;
    }
    // Two standard errors of a share of 400: 2.2 %.
    for (const key of ['shape', 'scale'] as const) expect(Math.abs(held[key] / samples - 0.95)).toBeLessThan(0.03);
  });
});

describe('hill', () => {
  it('is the exponent of an exact power law', () => {
    const values = Float64Array.from({ length: 20_000 }, (_, t) => uniform(11, PURPOSE.sampleMarket, 9, t, 0) ** -0.4);
    const found = Pareto.hill(values, 2)!;
    expect(Math.abs(found.shape - 0.4)).toBeLessThan(3 * found.standardError);
    expect(Pareto.hill(values, -1)).toBe(null);
  });
});

describe('conditional risk', () => {
  const unit = Math.sqrt(3 / 5);
  const z = Float64Array.from({ length: 40_000 }, (_, t) => tQuantile(uniform(11, PURPOSE.sampleMarket, 12, t, 0), 5) * unit);
  const tail = Evt.fitLossTail(z);

  it('is that of the t law that made the residuals', () => {
    const rising = z.slice().sort();
    for (const p of [0.05, 0.01, 0.001]) {
      const { valueAtRiskPct, expectedShortfallPct } = Evt.risk(tail, { mu: 0.1, variance: 4 }, p);
      expect((valueAtRiskPct + 0.1) / 2 / (-unit * tQuantile(p, 5)) - 1).toBeCloseTo(0, 1);
      const worst = rising.subarray(0, Math.round(p * z.length));
      expect((expectedShortfallPct! + 0.1) / 2 / -(worst.reduce((sum, value) => sum + value, 0) / worst.length) - 1).toBeCloseTo(0, 1);
    }
  });

  it('follows volatility: after a storm, more', () => {
    const length = 1_500;
    const calm = Float64Array.from({ length }, (_, t) => normal(3, 0, t, 0));
    const stormy = calm.map((value, t) => (t > length - 15 ? 4 * value : value));
    const risk = (returns: Float64Array) => Evt.nextRisks(returns, [0.01]).risks[0]!.valueAtRiskPct;
    expect(risk(stormy)).toBeGreaterThan(1.3 * risk(calm));
  });

  it('says nothing of what is not in the tail', () => {
    expect(() => Evt.risk(tail, { mu: 0, variance: 1 }, 0.3)).toThrow(Evt.NotInTheTailError);
  });
});
