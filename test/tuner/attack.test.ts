import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import { casesOf, judge, NotACaseError, parse } from '../../tuner/attack/attack.ts';
import * as Market from '../../tuner/attack/market.ts';
import { costOf, type Oracle, pump, type Target } from '../../tuner/attack/pump.ts';
import { squeeze } from '../../tuner/attack/squeeze.ts';
import * as Fixture from '../stress/fixture.ts';

const kernel = loadKernel();
const book: Market.Market = { depth: { form: 'book', usdPerLogPrice: 1e7 }, halfLifeSeconds: 600, feeShare: 0 };
const law: Market.Market = {
  depth: { form: 'law', dailyVolumeUsd: 1e8, dailyVolatility: 0.05, y: 1, delta: 0.5 },
  halfLifeSeconds: 600,
  feeShare: 0.001,
};
const spot: Oracle = { form: 'spot', windowSeconds: 60 };
const target: Target = { market: law, oracle: spot, ltv: 0.7, liquidityUsd: 1e9, supplyCapUsd: null };

describe('moving a market', () => {
  it('costs what the integral says: K(x − 1 + e^−x) on a book, and by hand on the square-root law', () => {
    const x = 0.8;
    const onBook = Market.push(kernel, book, x, 0, { exit: 'fair' });
    expect(onBook.boughtUsd).toBeCloseTo(8e6, 3);
    expect(onBook.costUsd / (1e7 * (x - 1 + Math.exp(-x)))).toBeCloseTo(1, 9);
    // Q = V(x/σ)²: ∫ (1 − e^−x) dQ = 2V/σ²·(x²/2 − 1 + (1 + x)e^−x), up to x = σ.
    const cost = (to: number) => Market.push(kernel, { ...law, feeShare: 0 }, to, 0, { exit: 'fair' }).costUsd;
    const squares = (to: number) => ((2 * 1e8) / 0.05 ** 2) * (to ** 2 / 2 - 1 + (1 + to) * Math.exp(-to));
    expect(cost(0.04) / squares(0.04)).toBeCloseTo(1, 6);
    // Beyond, Q = V·x/σ: V/σ·∫ (1 − e^−x) dx more.
    const line = (1e8 / 0.05) * (0.8 - 0.05 + Math.exp(-0.8) - Math.exp(-0.05));
    expect(cost(0.8) / (squares(0.05) + line)).toBeCloseTo(1, 6);
  });

  it('costs another push for every ln 2 of a half-life, and fees both ways', () => {
    const [at, held] = [0, 600 / Math.LN2].map((seconds) => Market.push(kernel, book, 0.5, seconds));
    expect(held!.boughtUsd / at!.boughtUsd).toBeCloseTo(2, 9);
    expect(held!.costUsd - at!.costUsd).toBeCloseTo(5e6 * (1 - Math.exp(-0.5)), 2);
    const withFees = Market.push(kernel, { ...book, feeShare: 0.01 }, 0.5, 0);
    expect(withFees.costUsd - at!.costUsd).toBeCloseTo(0.02 * 5e6, 4);
  });

  it('costs fees alone where what moved the price is sold down the same curve and nobody had time to sell into it', () => {
    expect(Market.push(kernel, book, 0.5, 0).costUsd).toBe(0);
    expect(Market.push(kernel, { ...book, feeShare: 0.01 }, 0.5, 0).costUsd).toBeCloseTo(0.02 * 5e6, 4);
    const held = [60, 600].map((seconds) => Market.push(kernel, book, 0.5, seconds).costUsd);
    expect(held[1]! / held[0]!).toBeCloseTo(10, 9);
  });

  it('turns round, and a premium is the mean of what is paid', () => {
    for (const { depth } of [book, law]) {
      for (const x of [0.02, 0.05, 0.3]) expect(Market.standing(kernel, depth, Market.quantityUsd(kernel, depth, x))).toBeCloseTo(x, 12);
    }
    // On a book: (e^x − 1)/x − 1 at x = Q/K.
    expect(Market.premium(kernel, book, 4e6, 0)).toBeCloseTo((Math.exp(0.4) - 1) / 0.4 - 1, 8);
    expect(Market.premium(kernel, book, 0, 0)).toBe(0);
  });
});

describe('a pump', () => {
  const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true });

  it('pays nothing where no more than the safe sum can be borrowed, and pays just above it', () => {
    fc.assert(
      fc.property(positive(1e5, 1e10), positive(0.01, 0.3), positive(0.1, 0.95), positive(0, 3600), (volume, sigma, ltv, window) => {
        const market: Market.Market = { ...law, depth: { ...law.depth, dailyVolumeUsd: volume, dailyVolatility: sigma } as Market.Depth };
        const one = { ...target, market, ltv, oracle: { form: 'spot', windowSeconds: window } as const };
        const safe = pump(kernel, one).safeBorrowUsd!;
        expect(pump(kernel, { ...one, liquidityUsd: 0.999 * safe }).profitUsd).toBeLessThanOrEqual(0);
        expect(pump(kernel, { ...one, liquidityUsd: 1.001 * safe }).profitUsd).toBeGreaterThan(0);
      }),
    );
  });

  it('is dearer the deeper the market, the longer the window, the lower the LTV', () => {
    fc.assert(
      fc.property(positive(1, 10), positive(1, 10), positive(0.3, 0.9), (deeper, longer, ltv) => {
        const safe = (overrides: Partial<Target>) => pump(kernel, { ...target, ltv, ...overrides }).safeBorrowUsd!;
        const depth = { ...law.depth, dailyVolumeUsd: 1e8 * deeper } as Market.Depth;
        expect(safe({ market: { ...law, depth } })).toBeGreaterThanOrEqual(safe({}) * (1 - 1e-9));
        expect(safe({ oracle: { form: 'spot', windowSeconds: 60 * longer } })).toBeGreaterThanOrEqual(safe({}) * (1 - 1e-9));
        expect(safe({ ltv: ltv / 1.1 })).toBeGreaterThanOrEqual(safe({}) * (1 - 1e-9));
      }),
    );
  });

  it('is safe in proportion to depth, between what a pool and what an exchange that everybody watches would pay back', () => {
    fc.assert(
      fc.property(positive(0.1, 10), positive(0, 3600), positive(0.3, 0.9), (deeper, windowSeconds, ltv) => {
        const one = { ...target, ltv, oracle: { form: 'spot', windowSeconds } as const };
        const depth = { ...law.depth, dailyVolumeUsd: 1e8 * deeper } as Market.Depth;
        const [usual, other] = [pump(kernel, one), pump(kernel, { ...one, market: { ...law, depth } })];
        expect(other.safeBorrowUsd! / usual.safeBorrowUsd!).toBeCloseTo(deeper, 9);
        expect(usual.safeIfStrandedUsd!).toBeGreaterThan(usual.safeBorrowUsd!);
      }),
      { numRuns: 20 },
    );
  });

  it('against a TWAP may be higher for less time, never cheaper than the same window held whole would allow it', () => {
    const whole = costOf(kernel, book, { form: 'spot', windowSeconds: 1800 }, 0.5);
    const twap = costOf(kernel, book, { form: 'twap', windowSeconds: 1800 }, 0.5);
    expect(twap).toBeLessThanOrEqual(whole);
    expect(costOf(kernel, book, { form: 'twap', windowSeconds: 7200 }, 0.5)).toBeGreaterThan(twap);
  });

  it('against a median has to move more than half of the venues, and takes the thinnest', () => {
    const median = costOf(kernel, book, { form: 'median', windowSeconds: 60, shares: [0.5, 0.3, 0.2] }, 0.5);
    const all = costOf(kernel, book, { form: 'spot', windowSeconds: 60 }, 0.5);
    expect(median / all).toBeCloseTo(0.5, 9);
  });

  it('is bounded by what may be posted', () => {
    const free = pump(kernel, target);
    const capped = pump(kernel, { ...target, supplyCapUsd: 1e6 });
    expect(capped.postedUsd).toBeLessThanOrEqual(1e6 * (1 + 1e-9));
    expect(capped.profitUsd).toBeLessThanOrEqual(free.profitUsd);
  });
});

describe('a squeeze', () => {
  const debt = { market: law, threshold: 0.89, bonus: 0.05, seconds: 3600 };

  it('loses nothing up to the safe sum, and grows beyond what the collateral holds', () => {
    const { safeBorrowUsd } = squeeze(kernel, debt, 1);
    expect(squeeze(kernel, debt, safeBorrowUsd).premium).toBeCloseTo(0.05, 6);
    expect(squeeze(kernel, debt, safeBorrowUsd).lossUsd).toBe(0);
    const losses = [3, 6, 12].map((times) => squeeze(kernel, debt, times * safeBorrowUsd).lossUsd);
    expect(losses[2]).toBeGreaterThan(losses[1]!);
    expect(losses[1]).toBeGreaterThan(0);
  });

  it('is safer with more depth, more time, more bonus', () => {
    const safe = (overrides: Partial<typeof debt>) => squeeze(kernel, { ...debt, ...overrides }, 1).safeBorrowUsd;
    const deep = { ...law, depth: { ...law.depth, dailyVolumeUsd: 2e8 } as Market.Depth };
    expect(safe({ market: deep }) / safe({})).toBeCloseTo(2, 6);
    expect(safe({ seconds: 7200 })).toBeGreaterThan(safe({}));
    expect(safe({ bonus: 0.08 })).toBeGreaterThan(safe({}));
  });
});

describe('a case in a file', () => {
  const folder = new URL('../../tuner/attack/cases/', import.meta.url);
  const text = (name: string) => readFileSync(new URL(name, folder), 'utf8');

  it('has the order of what was reported: a hundred million of Mango, one to three of CRV', () => {
    expect(readdirSync(folder).sort()).toEqual(['crv-2022-11.yaml', 'mango-2022-10.yaml']);
    const mango = judge(kernel, parse(text('mango-2022-10.yaml'), 'mango'));
    expect(mango.pump!.profitUsd).toBeGreaterThan(9e7);
    expect(mango.pump!.costUsd).toBeLessThan(1e7);
    const crv = judge(kernel, parse(text('crv-2022-11.yaml'), 'crv'));
    expect(crv.squeeze!.lossUsd).toBeGreaterThan(1e6);
    expect(crv.squeeze!.lossUsd).toBeLessThan(3e6);
    expect(crv.squeeze!.safeBorrowUsd).toBeLessThan(56.6e6 / 3);
  });

  it.each([
    ['a negative depth', 'usdPerLogPrice: 1500000', 'usdPerLogPrice: -1', /usdPerLogPrice/],
    ['a number that is none', 'halfLifeSeconds: 3600', 'halfLifeSeconds: .nan', /halfLifeSeconds/],
    ['a number without end', 'liquidityUsd: 116000000', 'liquidityUsd: .inf', /liquidityUsd/],
    ['an unknown key', 'ltv: 1', 'ltv: 1\n  lvt: 2', /lvt/],
    ['another oracle', 'form: median', 'form: mean', /oracle/],
    ['shares above the whole', '0.34', '34', /shares/],
    ['nothing to judge', /pump:[\s\S]*/, '', /neither pump nor squeeze/],
    ['no YAML', 'name:', 'name: [', /YAML/],
  ])('refuses %s', (_what, from, to, says) => {
    const spoiled = text('mango-2022-10.yaml').replace(from, to);
    expect(() => parse(spoiled, 'mango.yaml')).toThrow(NotACaseError);
    expect(() => parse(spoiled, 'mango.yaml')).toThrow(says);
    expect(() => parse(spoiled, 'mango.yaml')).not.toThrow(/mango\.yaml.*mango\.yaml/);
  });

  it('is made of every asset of a book that the law covers', () => {
    const cases = casesOf(Fixture.book(3, 6, 0, Fixture.draws(5)), Fixture.model(3), spot);
    expect(cases.map(({ name }) => name)).toEqual(Fixture.names(3));
    for (const one of cases) {
      const { pump: pumped, squeeze: squeezed } = judge(kernel, one);
      expect(pumped!.safeBorrowUsd).toBeGreaterThan(0);
      expect(squeezed!.safeBorrowUsd).toBeGreaterThan(0);
    }
  });
});
