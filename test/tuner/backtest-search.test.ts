import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Book from '../../tuner/backtest/book.ts';
import { type Curve, curves, haircutsAt, LADDER } from '../../tuner/backtest/search.ts';
import * as Fixture from '../stress/fixture.ts';

const kernel = loadKernel();
const HELD_USD = 1e8;
const powerUsd = LADDER.map((bps) => HELD_USD * (1 - bps / 1e4));

/** Expected bad debt a·e^(−k·haircut). */
function exponential(a: number, k: number): Curve {
  return { lossUsd: LADDER.map((bps) => a * kernel.exp((-k * bps) / 1e4)), powerUsd };
}

describe('one price of risk', () => {
  it('finds where the last dollar of power costs it, on a curve whose slope is known', () => {
    // −dL/dpower = a·k·e^(−k·h)/held = 10⁻⁴ at h = ln(a·k·10⁴/held)/k.
    for (const [a, k] of [
      [1e6, 25],
      [1e7, 30],
      [3e5, 15],
    ] as const) {
      const wanted = kernel.log((a * k * 1e4) / HELD_USD) / k;
      expect(Math.abs(haircutsAt(kernel, { X: exponential(a, k) }, 4)['X']! - wanted)).toBeLessThan(0.005);
    }
  });

  it('is tighter where risk is dearer, whatever the curve', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: LADDER.length, maxLength: LADDER.length }),
        fc.double({ min: 0.5, max: 8, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
        (lossUsd, knob, more) => {
          const at = (value: number) => haircutsAt(kernel, { X: { lossUsd, powerUsd } }, value)['X']!;
          expect(at(knob + more)).toBeGreaterThanOrEqual(at(knob));
          expect(at(knob)).toBeGreaterThanOrEqual(LADDER[0] / 1e4);
          expect(at(knob)).toBeLessThanOrEqual(LADDER.at(-1)! / 1e4);
        },
      ),
    );
  });

  it('gives an asset without any loss the loosest rung', () => {
    expect(haircutsAt(kernel, { X: { lossUsd: LADDER.map(() => 0), powerUsd } }, 7)['X']).toBe(LADDER[0] / 1e4);
  });
});

describe('the curves', () => {
  const market: Book.Market = {
    assets: Fixture.names(2),
    priceUsd: { A00: 100, A01: 100 },
    dailyVolumeUsd: { A00: 1e8, A01: 1e8 },
  };

  it('fall steeply with the haircut, and stand higher for the wilder asset', () => {
    const calm = Fixture.model(2);
    const own = calm.volatility['A01']!;
    const wild = { ...calm, volatility: { ...calm.volatility, A01: { ...own, nextVariance: 9 * own.nextVariance, omega: 9 * own.omega } } };
    const { A00, A01 } = curves(kernel, wild, market, { seed: 1, paths: 512 }) as { A00: Curve; A01: Curve };
    // One path can lose a little more where it is liquidated later: hence the pooling of neighbours in the rule, and no claim by rung here.
    const at = (bps: (typeof LADDER)[number]) => LADDER.indexOf(bps);
    for (const { lossUsd } of [A00, A01]) expect(lossUsd[at(6000)]).toBeLessThan(lossUsd[at(1500)]! / 10);
    expect(A01.lossUsd[0]).toBeGreaterThan(A00.lossUsd[0]!);
    expect(A00.powerUsd[0]).toBeCloseTo((Book.BOOK_USD / 2) * (1 - LADDER[0] / 1e4), 0);
    const { A01: tight, A00: loose } = haircutsAt(kernel, { A00, A01 }, 4) as { A00: number; A01: number };
    expect(tight).toBeGreaterThan(loose);
  });
});
