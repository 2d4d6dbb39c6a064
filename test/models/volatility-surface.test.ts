import { describe, expect, it } from 'vitest';
import * as Surface from '../../models/surface.ts';
import * as VolatilitySurface from '../../models/volatility-surface.ts';

const AS_OF = Date.UTC(2024, 2, 1, 8);
const DAY_MS = 86_400_000;
/** A smile with a skew, total variance growing with time. */
const sliceAt = (years: number): Surface.Slice => ({ a: 0.02 * years, b: 0.12 * years, rho: -0.3, m: 0.05, s: 0.4 });

function quotes(days: readonly number[], strikes = 21): VolatilitySurface.Quoted[] {
  return days.flatMap((day) => {
    const years = day / 365;
    const forwardUsd = 60_000 * (1 + 0.1 * years);
    return Array.from({ length: strikes }, (_, index) => {
      const k = -0.5 + index / (strikes - 1);
      const volatility = Math.sqrt(Surface.totalVariance(sliceAt(years), k) / years);
      const strikeUsd = forwardUsd * Math.exp(k);
      return (['call', 'put'] as const).map((right) => ({ right, strikeUsd, expiresMs: AS_OF + day * DAY_MS, forwardUsd, volatility }));
    }).flat();
  });
}

describe('volatility surface', () => {
  it('gives back what was quoted, and total variance in a straight line between expiries', () => {
    const surface = VolatilitySurface.fit(quotes([30, 90]), AS_OF);
    expect([surface.expiries.length, surface.leftOut]).toEqual([2, 0]);
    for (const { strikeUsd, expiresMs, volatility } of quotes([30, 90]))
      expect(VolatilitySurface.volatilityAt(surface, strikeUsd, expiresMs)).toBeCloseTo(volatility, 2);
    const [near, far] = [30, 90].map((day) => VolatilitySurface.volatilityAt(surface, 55_000, AS_OF + day * DAY_MS) ** 2 * (day / 365));
    const between = VolatilitySurface.volatilityAt(surface, 55_000, AS_OF + 60 * DAY_MS) ** 2 * (60 / 365);
    expect(between).toBeCloseTo((near! + far!) / 2, 10);
  });

  it('keeps the volatility of the edge beyond expiries and strikes', () => {
    const surface = VolatilitySurface.fit(quotes([30, 90]), AS_OF);
    const at = (strike: number, days: number): number => VolatilitySurface.volatilityAt(surface, strike, AS_OF + days * DAY_MS);
    expect(at(60_000, 10)).toBeCloseTo(at(60_000, 30), 12);
    expect(at(60_000, 400)).toBeCloseTo(at(60_000, 90), 12);
    expect(at(1e6, 30)).toBeCloseTo(at(60_000 * (1 + 3 / 365) * Math.exp(0.5), 30), 12);
  });

  it('leaves out an expiry of hours and one with too few strikes, and refuses where none is left', () => {
    const surface = VolatilitySurface.fit([...quotes([0.5, 30]), ...quotes([60], 3)], AS_OF);
    expect([surface.expiries.length, surface.leftOut]).toEqual([1, 2]);
    expect(() => VolatilitySurface.fit(quotes([0.5]), AS_OF)).toThrow(expect.objectContaining({ name: 'VolatilitySurface.NoSliceError' }));
    expect(() => VolatilitySurface.volatilityAt(surface, 60_000, AS_OF)).toThrow(
      expect.objectContaining({ name: 'VolatilitySurface.ExpiredError' }),
    );
  });
});
