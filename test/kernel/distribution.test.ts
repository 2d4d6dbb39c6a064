import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../kernel/kernel.ts';
import reference from './reference.json' with { type: 'json' };

const kernel = loadKernel();

// Half a unit in the last place is the reference's own rounding; musl's exp and log stay under 1 ulp beside it.
const TWO_ULP = 2 ** -51;
// Wichura states about 1 part in 1e16 for PPND16; evaluation in doubles adds a few roundings.
const QUANTILE = 2e-15;

// Interpolation, 3e-15 of a stretch's range, and a few roundings of numbers up to 8; absolute, since nothing is divided by a draw.
const TABLE = 1e-14;

// Interpolation far below a rounding; table, nodes and evaluation round a few times each.
const MILLS = 1e-15;

const worst = (rows: readonly (readonly number[])[], f: (x: number) => number) =>
  Math.max(...rows.map(([x, y]) => Math.abs(f(x!) - y!) / Math.max(Math.abs(y!), Number.MIN_VALUE)));

describe('the functions compiled into the kernel, against 50-digit values (reference.py)', () => {
  it('exp', () => expect(worst(reference.exp, kernel.exp)).toBeLessThan(TWO_ULP));
  it('exp on lanes, held beyond ±700', () => {
    const rows = reference.exp.filter(([x]) => Math.abs(x!) <= 700);
    expect(rows.length).toBeGreaterThan(20);
    expect(worst(rows, kernel.exponentialOf)).toBeLessThan(TWO_ULP);
    expect(kernel.exponentialOf(0)).toBe(1);
    expect([kernel.exponentialOf(1e9), kernel.exponentialOf(-1e9)]).toEqual([kernel.exponentialOf(700), kernel.exponentialOf(-700)]);
    for (let i = 0; i < 20_000; i += 1) {
      const x = (i - 10_000) * 0.0311;
      expect(Math.abs(kernel.exponentialOf(x) / kernel.exp(x) - 1)).toBeLessThan(TWO_ULP);
    }
  });
  it('log', () => {
    expect(kernel.log(1)).toBe(0);
    const rows = reference.log.filter(([, y]) => y !== 0);
    expect(worst(rows, kernel.log)).toBeLessThan(TWO_ULP);
  });
  it('normal quantile, tails to 1e-300', () => {
    expect(kernel.normalQuantile(0.5)).toBe(0);
    const rows = reference.normalQuantile.filter(([, y]) => y !== 0);
    expect(worst(rows, kernel.normalQuantile)).toBeLessThan(QUANTILE);
  });
  it('log on lanes', () => {
    const rows = reference.log.filter(([, y]) => y !== 0);
    expect(kernel.logarithmOf(1)).toBe(0);
    expect(worst(rows, kernel.logarithmOf)).toBeLessThan(TWO_ULP);
  });
  it("Mills' ratio", () => expect(worst(reference.mills, kernel.millsOf)).toBeLessThan(MILLS));
  it('normal quantile by table, on every stretch, both sides and at the ends', () => {
    const both = (u: number) => {
      expect(Math.abs(kernel.normalOf(u) - kernel.normalQuantile(u))).toBeLessThan(TABLE);
      expect(kernel.normalOf(1 - u)).toBe(-kernel.normalOf(u));
    };
    for (let octave = 1; octave <= 52; octave += 1) {
      for (let i = 0; i < 240; i += 1) {
        const k = Math.floor(2 ** (52 - octave) * (1 + (i + 0.5) / 240) * 0.5);
        both((2 * k + 1) / 2 ** 53);
      }
    }
    both(1 / 2 ** 53);
    both(0.5 - 1 / 2 ** 53);
  });
  it('normal quantile is odd and rises over every join of its three pieces', () => {
    for (let index = 1; index < 20_000; index += 1) {
      const p = index / 20_000;
      expect(kernel.normalQuantile(p)).toBeGreaterThan(kernel.normalQuantile((index - 1 + 1e-9) / 20_000));
    }
    for (const p of [0.25, 0.0625, 2 ** -20, 2 ** -40]) expect(kernel.normalQuantile(1 - p)).toBe(-kernel.normalQuantile(p));
  });
});

describe('chi-square mixing draws', () => {
  // 20,000 draws: five standard errors of each figure under the stated law.
  const draws = 20_000;
  it.each([2.5, 4, 8, 30])('has mean ν and variance 2ν at ν = %f', (nu) => {
    let [sum, squares] = [0, 0];
    for (let path = 0; path < draws; path += 1) {
      const value = kernel.chiSquare(11, path, 3, nu);
      sum += value;
      squares += (value - nu) ** 2;
    }
    // Fourth central moment of chi-square: 12ν(ν + 4).
    expect(Math.abs(sum / draws - nu)).toBeLessThan(5 * Math.sqrt((2 * nu) / draws));
    expect(Math.abs(squares / draws - 2 * nu)).toBeLessThan(5 * Math.sqrt((12 * nu * (nu + 4) - 4 * nu * nu) / draws));
  });

  it('has the chi-square(4) distribution function 1 − e^(−x/2)(1 + x/2)', () => {
    const sorted = Float64Array.from({ length: draws }, (_, path) => kernel.chiSquare(12, path, 0, 4)).sort();
    const distance = sorted.reduce((worstGap, x, index) => {
      const expected = 1 - Math.exp(-x / 2) * (1 + x / 2);
      return Math.max(worstGap, Math.abs(expected - (index + 0.5) / draws));
    }, 0);
    // Kolmogorov: P(√n·D > 1.95) = 0.001.
    expect(distance * Math.sqrt(draws)).toBeLessThan(1.95);
  });

  it('is another draw at another path, step or seed, and the same at the same', () => {
    const values = new Set([
      kernel.chiSquare(1, 0, 0, 5),
      kernel.chiSquare(1, 1, 0, 5),
      kernel.chiSquare(1, 0, 1, 5),
      kernel.chiSquare(2, 0, 0, 5),
    ]);
    expect(values.size).toBe(4);
    expect(kernel.chiSquare(1, 0, 0, 5)).toBe(kernel.chiSquare(1, 0, 0, 5));
  });
});
