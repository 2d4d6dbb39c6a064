import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../../kernel/kernel.ts';
import * as Grid from '../../../tuner/margin/grid.ts';

const kernel = loadKernel();

// McMillan, ch. 34: profits in SPAN's order. The book prints the thirds of 10,000 to three digits: 3,330 and 6,670.
const FUTURE = [0, 0, 3_330, 3_330, -3_330, -3_330, 6_670, 6_670, -6_670, -6_670, 10_000, 10_000, -10_000, -10_000, 7_000, -7_000];
const LONG_CALL = [460, -610, 2_640, 1_730, -1_270, -2_340, 5_210, 4_540, -2_540, -3_430, 8_060, 7_640, -3_380, -3_990, 3_130, -1_500];
const COVERED_WRITE = [-460, 610, 690, 1_600, -2_060, -990, 1_460, 2_130, -4_130, -3_240, 1_940, 2_360, -6_620, -6_010, 3_870, -5_500];

const underlying: Grid.Underlying = {
  asset: 'SPX',
  priceUsd: 100_000,
  priceRangeUsd: 10_000,
  volatilityRange: { by: 'points', size: 0.05 },
};
const option: Grid.Position = { kind: 'option', asset: 'SPX', size: 1, strikeUsd: 100_000, years: 0.25, volatility: 0.2, isCall: true };

describe('SPAN', () => {
  it('makes the published array of a future', () => {
    const array = Grid.riskArray(kernel, { kind: 'linear', asset: 'SPX', size: 1 }, underlying, Grid.SPAN);
    // As printed: to the nearest ten.
    expect(Array.from(array, (profit) => Math.round(profit / 10) * 10 + 0)).toEqual(FUTURE);
    expect(Grid.scanRisk(array)).toBe(10_000);
  });

  it('asks for the published requirements: the largest loss of the summed arrays', () => {
    const negative = LONG_CALL.map((profit) => -profit);
    expect(Grid.scanRisk(FUTURE)).toBe(10_000);
    expect(Grid.scanRisk(LONG_CALL)).toBe(3_990);
    expect([...Grid.sum([FUTURE, negative], 16)]).toEqual(COVERED_WRITE);
    expect(Grid.scanRisk(COVERED_WRITE)).toBe(6_620);
  });

  it('makes an array of a call that has the shape of the published one', () => {
    const array = Grid.riskArray(kernel, option, underlying, Grid.SPAN);
    expect(array.map(Math.sign)).toEqual(Float64Array.from(LONG_CALL, Math.sign));
    // Volatility up is worth more to its owner in every pair, and an option loses at most what it cost.
    for (let pair = 0; pair < 14; pair += 2) expect(array[pair]!).toBeGreaterThan(array[pair + 1]!);
    expect(Grid.scanRisk(array)).toBeLessThan(4_000);
  });
});

const position = fc.oneof(
  fc.record({
    kind: fc.constantFrom('linear' as const, 'inverse' as const),
    asset: fc.constantFrom('A', 'B'),
    size: fc.double({ min: -50, max: 50, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant('option' as const),
    asset: fc.constantFrom('A', 'B'),
    size: fc.double({ min: -20, max: 20, noNaN: true }),
    strikeUsd: fc.double({ min: 20, max: 400, noNaN: true }),
    years: fc.double({ min: 0.003, max: 1, noNaN: true }),
    volatility: fc.double({ min: 0.1, max: 2, noNaN: true }),
    isCall: fc.boolean(),
  }),
);
const ranges: readonly Grid.Underlying[] = [
  { asset: 'A', priceUsd: 100, priceRangeUsd: 18, volatilityRange: { by: 'share', size: 0.3 } },
  { asset: 'B', priceUsd: 200, priceRangeUsd: 50, volatilityRange: { by: 'points', size: 0.5 } },
];
const asked = (positions: readonly Grid.Position[], netting: 'together' | 'apart' = 'together') =>
  Grid.requirement(kernel, positions, ranges, Grid.SPAN, netting);

describe('a grid requirement', () => {
  it('is coherent: scales with the book, never more than its parts, nothing for a book against itself', () => {
    fc.assert(
      fc.property(
        fc.array(position, { maxLength: 6 }),
        fc.array(position, { maxLength: 6 }),
        fc.double({ min: 0, max: 9, noNaN: true }),
        (a, b, c) => {
          const size = 1 + asked(a, 'apart') + asked(b, 'apart');
          const scaled = a.map((one) => ({ ...one, size: c * one.size }));
          expect(Math.abs(asked(scaled) - c * asked(a))).toBeLessThan(1e-9 * (1 + c) * size);
          expect(asked([...a, ...b])).toBeLessThanOrEqual(asked(a) + asked(b) + 1e-9 * size);
          expect(asked(a)).toBeLessThanOrEqual(asked(a, 'apart') + 1e-9 * size);
          expect(asked([...a, ...a.map((one) => ({ ...one, size: -one.size }))])).toBeLessThan(1e-9 * size);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('treats a call less a put at one strike as a forward', () => {
    const leg = { kind: 'option' as const, asset: 'A', strikeUsd: 100, years: 0.2, volatility: 0.6 };
    const synthetic: Grid.Position[] = [
      { ...leg, size: 3, isCall: true },
      { ...leg, size: -3, isCall: false },
    ];
    expect(asked(synthetic)).toBeCloseTo(asked([{ kind: 'linear', asset: 'A', size: 3 }]), 9);
  });

  it('refuses a position whose underlying has no ranges', () => {
    expect(() => asked([{ kind: 'linear', asset: 'C', size: 1 }])).toThrow(Grid.WrongUnderlyingError);
  });
});
