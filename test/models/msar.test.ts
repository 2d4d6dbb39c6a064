import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import * as Msar from '../../models/msar.ts';
import { run } from '../../models/msar-filter.ts';
import { hasReference, lines, REFERENCE } from './reference.ts';
import { normal, relativeError } from './simulated.ts';

const HAMILTON: Msar.Spec = { states: 2, lags: 4, form: 'mean', switchingAr: false, switchingVariance: false };
const specs: Msar.Spec[] = (['mean', 'intercept'] as const).flatMap((form) =>
  [2, 3].flatMap((states) =>
    [true, false].map((switches) => ({ states, lags: 2, form, switchingAr: switches, switchingVariance: switches })),
  ),
);

function parametersOf({ states, lags, switchingAr, switchingVariance }: Msar.Spec): Msar.Parameters {
  return {
    transition: Float64Array.from({ length: states * states }, (_, i) =>
      i % (states + 1) === 0 ? 0.9 - 0.1 * Math.floor(i / states) : (0.1 + 0.1 * Math.floor(i / states)) / (states - 1),
    ),
    mean: Float64Array.from({ length: states }, (_, k) => 1.5 * k - 1),
    ar: Float64Array.from({ length: states * lags }, (_, i) => (switchingAr ? 0.3 - 0.1 * i : 0.3 - 0.2 * (i % lags))),
    variance: Float64Array.from({ length: states }, (_, k) => (switchingVariance ? 0.5 + k : 0.7)),
  };
}

function simulate(p: Msar.Parameters, { states, lags, form }: Msar.Spec, length: number, seed: number): Float64Array {
  const y = new Float64Array(length);
  const path: number[] = [];
  for (let t = 0; t < length; t += 1) {
    let u = uniform(seed, PURPOSE.regime, 0, t, 0);
    let state = 0;
    const from = path[t - 1] ?? 0;
    while (state < states - 1 && u > p.transition[from * states + state]!) {
      u -= p.transition[from * states + state]!;
      state += 1;
    }
    path.push(state);
    let value = p.mean[state]! + Math.sqrt(p.variance[state]!) * normal(seed, 0, t, 0);
    for (let lag = 1; lag <= Math.min(t, lags); lag += 1) {
      value += p.ar[state * lags + lag - 1]! * (y[t - lag]! - (form === 'mean' ? p.mean[path[t - lag]!]! : 0));
    }
    y[t] = value;
  }
  return y;
}

/** Sum over every path of states, from the first bar on. */
function overAllPaths(y: Float64Array, p: Msar.Parameters, { states, lags, form }: Msar.Spec, start: ArrayLike<number>): number {
  let total = 0;
  const n = y.length;
  for (let code = 0; code < states ** n; code += 1) {
    const path = Array.from({ length: n }, (_, t) => Math.floor(code / states ** t) % states);
    let probability = start[path[0]!]!;
    for (let t = 1; t < n; t += 1) probability *= p.transition[path[t - 1]! * states + path[t]!]!;
    for (let t = lags; t < n; t += 1) {
      const state = path[t]!;
      let e = y[t]! - p.mean[state]!;
      for (let lag = 1; lag <= lags; lag += 1) {
        e -= p.ar[state * lags + lag - 1]! * (y[t - lag]! - (form === 'mean' ? p.mean[path[t - lag]!]! : 0));
      }
      probability *= Math.exp((-0.5 * e * e) / p.variance[state]!) / Math.sqrt(2 * Math.PI * p.variance[state]!);
    }
    total += probability;
  }
  return Math.log(total);
}

describe('likelihood', () => {
  it.each(specs.filter(({ states }) => states === 2))('is the sum over all paths of states: %o', (spec) => {
    const p = parametersOf(spec);
    const y = simulate(p, spec, 11, 1);
    // π of (.9, .1; .2, .8).
    expect(run(y, p, spec, false).logLikelihood).toBeCloseTo(overAllPaths(y, p, spec, [2 / 3, 1 / 3]), 11);
  });

  it.each(specs)('has the score of its finite differences: %o', (spec) => {
    const p = parametersOf(spec);
    const y = simulate(p, spec, 200, 2);
    const { score } = run(y, p, spec, true);
    for (const part of ['mean', 'ar', 'variance'] as const) {
      p[part].forEach((at, i) => {
        const step = 1e-5;
        const moved = (shift: number) => Msar.logLikelihood(y, { ...p, [part]: p[part].with(i, at + shift) }, spec);
        const numeric = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(score![part][i]! - numeric), `${part} ${i}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(numeric)));
      });
    }
  });

  it('equals that of one state where the states are the same', () => {
    const spec: Msar.Spec = { ...HAMILTON, lags: 1 };
    const p = { ...parametersOf(spec), mean: new Float64Array(2).fill(0.4), variance: new Float64Array(2).fill(0.8) };
    const y = simulate(p, spec, 300, 3);
    let total = 0;
    for (let t = 1; t < y.length; t += 1) {
      const e = y[t]! - 0.4 - p.ar[0]! * (y[t - 1]! - 0.4);
      total += -0.5 * Math.log(2 * Math.PI * 0.8) - (e * e) / 1.6;
    }
    expect(Msar.logLikelihood(y, p, spec)).toBeCloseTo(total, 10);
  });
});

describe('fit', () => {
  it('recovers a known truth within its own standard errors, whatever the unit and the level', () => {
    const spec: Msar.Spec = { states: 2, lags: 1, form: 'mean', switchingAr: false, switchingVariance: true };
    const truth: Msar.Parameters = {
      transition: Float64Array.of(0.95, 0.05, 0.1, 0.9),
      mean: Float64Array.of(-1, 1.5),
      ar: Float64Array.of(0.4, 0.4),
      variance: Float64Array.of(1, 0.3),
    };
    const y = simulate(truth, spec, 2_500, 4);
    const fit = Msar.fit(y, spec, { seed: 1 });
    expect(fit.converged).toBe(true);
    for (const part of ['transition', 'mean', 'ar', 'variance'] as const) {
      truth[part].forEach((value, i) => {
        expect(Math.abs(fit.parameters[part][i]! - value), `${part} ${i}`).toBeLessThan(4 * fit.standardErrors![part][i]!);
      });
    }
    for (const c of [1e-6, 1e6]) {
      const moved = Msar.fit(
        y.map((value) => c * (value + 5)),
        spec,
        { seed: 1 },
      );
      expect(moved.logLikelihood + moved.observations * Math.log(c)).toBeCloseTo(fit.logLikelihood, 6);
      expect(relativeError(moved.parameters.mean[1]! / c - 5, fit.parameters.mean[1]!)).toBeLessThan(1e-5);
    }
  });

  it('refuses what it cannot fit, by name', () => {
    const y = simulate(parametersOf(HAMILTON), HAMILTON, 200, 5);
    expect(() => Msar.fit(y.subarray(0, 30), HAMILTON, { seed: 1 })).toThrow(Msar.TooFewObservationsError);
    expect(() => Msar.fit(new Float64Array(200).fill(3), HAMILTON, { seed: 1 })).toThrow(Msar.NoVariationError);
    expect(() => Msar.fit(y.with(7, Number.NaN), HAMILTON, { seed: 1 })).toThrow(Msar.MissingValueError);
    expect(() => Msar.fit(y, { ...HAMILTON, states: 4, lags: 9 }, { seed: 1 })).toThrow(Msar.BadSpecError);
  });
});

describe.skipIf(!hasReference)('published estimates', () => {
  const growth = hasReference ? lines('hamilton_rgnp.csv').map((line) => Number(line.split(',')[0])) : [];
  const published: Record<string, number[]> = hasReference
    ? JSON.parse(readFileSync(`${REFERENCE}/hamilton_probabilities.json`, 'utf8'))
    : {};
  const furthest = (ours: Float64Array, state: number, key: string) =>
    published[key]!.reduce((most, value, bar) => Math.max(most, Math.abs(value - ours[2 * bar + state]!)), 0);

  it('reproduces Hamilton (1989): likelihood at the published parameters, fit, errors, filtered and smoothed series', () => {
    const phi = [0.013486, -0.057521, -0.246983, -0.212923];
    const p: Msar.Parameters = {
      transition: Float64Array.of(0.754673, 1 - 0.754673, 0.095915, 1 - 0.095915),
      mean: Float64Array.of(-0.358811, 1.163516),
      ar: Float64Array.from([...phi, ...phi]),
      variance: new Float64Array(2).fill(0.5913684624037407),
    };
    // The reference prints five decimals.
    expect(Msar.logLikelihood(growth, p, HAMILTON)).toBeCloseTo(-181.26339, 5);
    const fit = Msar.fit(growth, HAMILTON, { seed: 1 });
    expect(fit.converged).toBe(true);
    expect(fit.logLikelihood).toBeCloseTo(-181.26339, 5);
    fit.parameters.mean.forEach((value, k) => {
      expect(value).toBeCloseTo(p.mean[k]!, 5);
    });
    // Of the second state: the expansion.
    expect(furthest(fit.filtered, 1, 'hamilton_ar4_filtered')).toBeLessThan(1e-4);
    expect(furthest(Msar.smooth(growth, fit.parameters, HAMILTON), 1, 'hamilton_ar4_smoothed')).toBeLessThan(1e-4);
    const errors = fit.standardErrors!;
    const ours = [errors.transition[0]!, errors.transition[2]!, ...errors.mean, ...errors.ar.subarray(0, 4)];
    [0.0965189, 0.0377362, 0.2645396, 0.0745187, 0.1199942, 0.137663, 0.1069103, 0.1105311].forEach((error, i) => {
      expect(relativeError(ours[i]!, error)).toBeLessThan(1e-5);
    });
  });

  it('reproduces the switching AR(1) of EViews', () => {
    const spec: Msar.Spec = { ...HAMILTON, lags: 1, switchingAr: true };
    const p: Msar.Parameters = {
      transition: Float64Array.of(0.85472458, 1 - 0.85472458, 0.53662099, 1 - 0.53662099),
      mean: Float64Array.of(1.041419, -0.479157),
      ar: Float64Array.of(0.243128, 0.713029),
      variance: new Float64Array(2).fill(0.629513487495312),
    };
    expect(Msar.logLikelihood(growth, p, spec)).toBeCloseTo(-186.7575, 4);
    expect(furthest(Msar.filter(growth, p, spec), 0, 'hamilton_ar1_switch_filtered')).toBeLessThan(1e-5);
    expect(furthest(Msar.smooth(growth, p, spec), 0, 'hamilton_ar1_switch_smoothed')).toBeLessThan(1e-5);
    const fit = Msar.fit(growth, spec, { seed: 1 });
    expect(fit.logLikelihood).toBeGreaterThan(-186.7575 - 1e-4);
    expect(fit.durations[1]).toBeCloseTo(6.8835, 3);
    expect(fit.durations[0]).toBeCloseTo(1.8635, 3);
  });

  it('reaches the likelihood of Stata that statsmodels misses (-179.38684 for -179.32354), on the switching AR(2)', () => {
    const fit = Msar.fit(growth, { ...HAMILTON, lags: 2, switchingAr: true }, { seed: 1 });
    expect(fit.logLikelihood).toBeCloseTo(-179.32354, 5);
    expect(relativeError(fit.standardErrors!.mean[0]!, 0.2057086)).toBeLessThan(1e-5);
  });

  it('reproduces the switching regression of Stata on weekly absolute returns', () => {
    const spec: Msar.Spec = { states: 2, lags: 1, form: 'intercept', switchingAr: true, switchingVariance: true };
    const fit = Msar.fit(lines('areturns_sp500_weekly_abs.csv').map(Number), spec, { seed: 1 });
    expect(fit.logLikelihood).toBeCloseTo(-745.7977, 4);
    expect(relativeError(fit.parameters.variance[1]!, 2.5770940408889995)).toBeLessThan(1e-5);
    expect(relativeError(fit.standardErrors!.ar[1]!, 0.0857841)).toBeLessThan(1e-5);
  });
});
