import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBps, toBpsDown, toBpsUp, toPpmDown, toPpmUp, toUnitsDown } from '../../base/units.ts';

describe('floats to chain integers', () => {
  it('reads a decimal fraction as people write it, whatever its binary tail', () => {
    for (let bps = 0; bps <= 10_000; bps += 1) {
      expect(toBpsDown(bps / 10_000)).toBe(bps);
      expect(toBpsUp(bps / 10_000)).toBe(bps);
      expect(toBpsDown(fromBps(bps))).toBe(bps);
    }
    expect(toBpsDown(0.29)).toBe(2_900);
  });

  it('rounds in the direction of its name', () => {
    fc.assert(
      fc.property(fc.double({ min: -10, max: 10, noNaN: true }), (fraction) => {
        expect(toBpsDown(fraction)).toBeLessThanOrEqual(fraction * 10_000 + 1e-4);
        expect(toBpsUp(fraction)).toBeGreaterThanOrEqual(fraction * 10_000 - 1e-4);
        expect(toPpmUp(fraction) - toPpmDown(fraction)).toBeLessThanOrEqual(1);
      }),
    );
    expect([toBpsDown(0.79999), toBpsUp(0.79991)]).toEqual([7_999, 8_000]);
  });

  it('never returns minus zero', () => {
    expect(Object.is(toBpsUp(-0.00001), 0)).toBe(true);
  });

  it('turns token amounts into units by their decimal digits', () => {
    expect(toUnitsDown(1.1, 18)).toBe(1_100_000_000_000_000_000n);
    expect(toUnitsDown(123_456_789.123456, 6)).toBe(123_456_789_123_456n);
    expect(toUnitsDown(0.0000019, 6)).toBe(1n);
    expect(toUnitsDown(1e21, 0)).toBe(10n ** 21n);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('refuses the amount %s', (amount) => {
    expect(() => toUnitsDown(amount, 18)).toThrow(expect.objectContaining({ name: 'Units.NotAnAmountError' }));
  });
});
