import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Surface from '../../models/surface.ts';

const option = fc.record({
  forward: fc.double({ min: 0.5, max: 100, noNaN: true }),
  strike: fc.double({ min: 0.5, max: 100, noNaN: true }),
  years: fc.double({ min: 0.02, max: 3, noNaN: true }),
  volatility: fc.double({ min: 0.1, max: 2, noNaN: true }),
  discount: fc.double({ min: 0.7, max: 1, noNaN: true }),
  isCall: fc.boolean(),
  isInverse: fc.boolean(),
});

describe('price', () => {
  it('is the closed form: at the money D·F·(2N(σ√T/2) − 1), and Hull’s oil put', () => {
    const money = Surface.value({ forward: 100, strike: 100, years: 1, volatility: 0.2, discount: 0.9, isCall: true, isInverse: false });
    expect(money.price).toBeCloseTo(0.9 * 100 * 0.0796556745541, 9);
    // Hull, Options, Futures and Other Derivatives, chapter on futures options: F = K = 20, r = 9 %, σ = 25 %, four months: 1.12.
    const put = Surface.value({
      forward: 20,
      strike: 20,
      years: 4 / 12,
      volatility: 0.25,
      discount: Math.exp(-0.03),
      isCall: false,
      isInverse: false,
    });
    expect(put.price).toBeCloseTo(1.1166, 3);
  });

  it('keeps parity: call − put = D(F − K), over F for an inverse', () => {
    fc.assert(
      fc.property(option, (one) => {
        const [call, put] = [Surface.value({ ...one, isCall: true }), Surface.value({ ...one, isCall: false })];
        const forward = (one.discount * (one.forward - one.strike)) / (one.isInverse ? one.forward : 1);
        expect(Math.abs(call.price - put.price - forward)).toBeLessThan(1e-10 * (one.forward + one.strike));
        expect(call.price).toBeGreaterThanOrEqual(Math.max(0, forward) - 1e-10 * one.forward);
      }),
    );
  });

  it('has greeks that are its derivatives', () => {
    fc.assert(
      fc.property(option, (one) => {
        const rate = -Math.log(one.discount) / one.years;
        const at = (change: Partial<Surface.Option> & { rate?: number; passed?: number }) => {
          const { rate: r = rate, passed = 0, ...rest } = change;
          const years = one.years - passed;
          return Surface.value({ ...one, ...rest, years, discount: Math.exp(-r * years) });
        };
        const here = at({});
        const size = one.isInverse ? 1 : one.forward;
        const near = (greek: number, up: number, down: number, step: number, scale: number) =>
          expect(Math.abs(greek - (up - down) / (2 * step))).toBeLessThan(2e-5 * scale);
        const h = 1e-5;
        const [up, down] = [at({ forward: one.forward * (1 + h) }), at({ forward: one.forward * (1 - h) })];
        near(here.delta * one.forward, up.price, down.price, h, size * 10);
        near(here.gamma * one.forward, up.delta, down.delta, h, (size / one.forward) * 100);
        near(here.vega, at({ volatility: one.volatility + h }).price, at({ volatility: one.volatility - h }).price, h, size * 10);
        near(here.theta, at({ passed: h }).price, at({ passed: -h }).price, h, size * 100);
        near(here.rho, at({ rate: rate + h }).price, at({ rate: rate - h }).price, h, size * 10);
      }),
    );
  });

  it('refuses what is no option', () => {
    expect(() => Surface.value({ forward: 1, strike: -1, years: 1, volatility: 1, discount: 1, isCall: true, isInverse: false })).toThrow(
      Surface.BadOptionError,
    );
  });
});

describe('slice', () => {
  const truth: Surface.Slice = { a: 0.02, b: 0.1, rho: -0.4, m: 0.05, s: 0.2 };
  const quotes = Array.from({ length: 25 }, (_, i) => -0.6 + 0.05 * i).map((k) => ({ k, totalVariance: Surface.totalVariance(truth, k) }));

  it('finds the slice that made the quotes, and gives no weight to a wild one that has none', () => {
    const wild = { k: 0, totalVariance: 0.5, weight: 1e-9 };
    const fit = Surface.fitSlice([...quotes, wild]);
    expect(fit.butterfly.free).toBe(true);
    expect(fit.error).toBeLessThan(5e-5);
    for (const { k, totalVariance: w } of quotes) expect(Math.abs(Surface.totalVariance(fit.slice, k) / w - 1)).toBeLessThan(2e-3);
  });

  it('sees the butterfly of Axel Vogt’s slice, and fits one that has none near it', () => {
    // Gatheral and Jacquier (2014), section 2.2.
    const vogt: Surface.Slice = { a: -0.041, b: 0.1331, rho: 0.306, m: 0.3586, s: 0.4153 };
    const found = Surface.butterfly(vogt, -1.5, 1.5);
    expect(found.free).toBe(false);
    expect(found.at).toBeGreaterThan(0.5);
    expect(found.at).toBeLessThan(1.2);
    const fit = Surface.fitSlice(
      Array.from({ length: 31 }, (_, i) => -1.5 + 0.1 * i).map((k) => ({ k, totalVariance: Surface.totalVariance(vogt, k) })),
    );
    expect(fit.butterfly.least).toBeGreaterThan(-1e-2);
    expect(fit.error).toBeLessThan(0.01);
  });

  it('is flat where quotes are, and its density is that of a normal law', () => {
    const flat: Surface.Slice = { a: 0.04, b: 0, rho: 0, m: 0, s: 0.1 };
    expect(Surface.butterfly(flat, -1, 1).least).toBeCloseTo(1, 12);
  });

  it('refuses too few quotes, and variance that is not above 0', () => {
    expect(() => Surface.fitSlice(quotes.slice(0, 4))).toThrow(Surface.BadQuotesError);
    expect(() => Surface.fitSlice([...quotes, { k: 0, totalVariance: -1 }])).toThrow(Surface.BadQuotesError);
  });
});
