import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import { OPTIONS_AT_ONCE } from '../../kernel/option.ts';
import * as Surface from '../../models/surface.ts';
import reference from './reference.json' with { type: 'json' };

const kernel = loadKernel();
const GREEKS = ['price', 'delta', 'gamma', 'vega', 'theta', 'rho'] as const;

// By size of what is added up, not of what is left: the price of an option far out of the money is a difference of two small numbers.
const CLOSE = 1e-13;

type Row = readonly number[];

function price(rows: readonly Row[]) {
  const column = (place: number) => Float64Array.from(rows, (row) => row[place]!);
  return kernel.options({
    forward: column(0),
    strike: column(1),
    years: column(2),
    volatility: column(3),
    rate: column(4),
    side: column(5),
  });
}

/** What each figure is made of, in its own unit. */
function scales([forward, , years, volatility, rate]: Row) {
  const [F, T, v, r] = [forward!, years!, volatility!, Math.abs(rate!)];
  const vega = F * Math.sqrt(T);
  return { price: F, delta: 1, gamma: 1 / (F * v * Math.sqrt(T)), vega, theta: r * F + (vega * v) / T, rho: F * T };
}

describe('options in the kernel', () => {
  it('have the prices and greeks that differentiating at 50 digits gives (reference.py)', () => {
    const values = price(reference.options.map(([row]) => row!));
    reference.options.forEach(([row, expected], option) => {
      GREEKS.forEach((name, place) => {
        const scale = scales(row!)[name];
        expect(Math.abs(values[name][option]! - expected![place]!) / scale, `${name} of option ${option}`).toBeLessThan(CLOSE);
      });
    });
  });

  it('equal the plain formulas of models/surface.ts, however they are cut', () => {
    const row = fc.tuple(
      fc.double({ min: 0.01, max: 1e5, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.double({ min: 0.001, max: 3, noNaN: true }),
      fc.double({ min: 0.02, max: 3, noNaN: true }),
      fc.double({ min: -0.05, max: 0.2, noNaN: true }),
      fc.constantFrom(1, -1),
    );
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 9 }), (drawn) => {
        const rows = drawn.map(([F, moneyness, T, v, r, side]) => [F, F * Math.exp(moneyness * v * Math.sqrt(T)), T, v, r, side]);
        const values = price(rows);
        rows.forEach((option, index) => {
          const [forward, strike, years, volatility, rate, side] = option as [number, number, number, number, number, number];
          const discount = Math.exp(-rate * years);
          const plain = Surface.value({ forward, strike, years, volatility, discount, isCall: side > 0, isInverse: false });
          for (const name of GREEKS) expect(Math.abs(values[name][index]! - plain[name]) / scales(option)[name]).toBeLessThan(1e-11);
          expect(price([option]).price[0]).toBe(values.price[index]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('are worth their payoff when nothing can move any more', () => {
    const values = price([
      [120, 100, 0, 0.5, 0, 1],
      [80, 100, 0, 0.5, 0, 1],
      [80, 100, 1, 0, 0, -1],
    ]);
    expect([...values.price]).toEqual([20, 0, 20]);
    const settled = { delta: [1, 0, -1], gamma: [0, 0, 0], vega: [0, 0, 0], theta: [0, 0, 0], rho: [0, 0, -20] };
    for (const name of ['delta', 'gamma', 'vega', 'theta', 'rho'] as const) {
      settled[name].forEach((figure, option) => void expect(values[name][option]).toBeCloseTo(figure, 200));
    }
  });

  it('come out the same whatever else is priced beside them', () => {
    const rows = Array.from({ length: OPTIONS_AT_ONCE + 3 }, (_, index) => [
      100,
      60 + (index % 90),
      0.1 + (index % 7) / 5,
      0.3 + (index % 11) / 10,
      0.02,
      index % 2 ? 1 : -1,
    ]);
    const values = price(rows);
    for (const index of [0, 1, OPTIONS_AT_ONCE - 1, OPTIONS_AT_ONCE, OPTIONS_AT_ONCE + 2]) {
      for (const name of GREEKS) expect(values[name][index]).toBe(price([rows[index]!])[name][0]);
    }
  });
});
