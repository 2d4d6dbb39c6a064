import { describe, expect, it } from 'vitest';
import { seal } from '../../base/id.ts';
import { attribute, tailOf } from '../../tuner/explanation/attribution.ts';
import { bit, DRIVERS, mix, type Side } from '../../tuner/explanation/drivers.ts';
import { applied, parse, says, USUAL } from '../../tuner/explanation/what-if.ts';
import * as Book from '../stress/fixture.ts';
import { risky } from './fixture.ts';

const OPTIONS = { seed: 3, paths: 256, steps: 24, level: 0.9 };
const model = Book.model(3);
const from: Side = { state: risky(), model };
const total = (parts: Readonly<Record<string, number>>) => Object.values(parts).reduce((sum, part) => sum + part, 0);
const all = (1 << DRIVERS.length) - 1;

describe('why a loss changed', () => {
  const to: Side = {
    ...applied({ ...applied(from, { what: 'depth', factor: 0.5 }), model }, { what: 'volatility', factor: 1.3 }),
  };

  it('is split among what changed, and the parts add up to the whole', () => {
    const found = attribute(from, to, OPTIONS);
    const whole = found.toUsd.expectedShortfallUsd - found.fromUsd.expectedShortfallUsd;
    expect(whole).toBeGreaterThan(0);
    expect(Math.abs(total(found.byDriver) / whole - 1)).toBeLessThan(1e-12);
    expect(found.byDriver.volatility).toBeGreaterThan(0);
    expect(found.byDriver.depth).toBeGreaterThan(0);
    for (const still of ['correlation', 'tails', 'oracle', 'book', 'parameters'] as const) expect(found.byDriver[still]).toBe(0);
    // Two drivers moved: four mixtures.
    expect(found.evaluations).toBe(4);
    expect(attribute(from, to, OPTIONS)).toEqual(found);
  });

  it('of nothing is nothing', () => {
    const { byDriver, evaluations } = attribute(from, from, OPTIONS);
    expect(Object.values(byDriver).every((part) => part === 0)).toBe(true);
    expect(evaluations).toBe(1);
  });

  it('mixes every driver from the side its bit names', () => {
    expect(mix(from, to, 0).state.assets).toEqual(from.state.assets);
    expect(mix(from, to, all).model.volatility).toEqual(to.model.volatility);
    expect(mix(from, to, bit('depth')).model.volatility).toEqual(from.model.volatility);
    expect(mix(from, to, bit('depth')).state.assets[0]!.depth).toEqual(to.state.assets[0]!.depth);
    expect(mix(from, to, bit('volatility')).state.assets[0]!.depth).toEqual(from.state.assets[0]!.depth);
    const { id: _, ...rest } = from.state;
    const moved = { state: seal({ ...rest, assets: rest.assets.map((row) => ({ ...row, priceUsd: 2 * row.priceUsd })) }), model };
    expect(mix(from, moved, bit('book')).state.assets[0]!.priceUsd).toBe(2 * from.state.assets[0]!.priceUsd);
    expect(mix(from, moved, all & ~bit('book')).state.assets[0]!.priceUsd).toBe(from.state.assets[0]!.priceUsd);
  });

  it('refuses what cannot be compared, naming it', () => {
    const other = { state: from.state, model: Book.model(2) };
    expect(() => attribute(from, other, OPTIONS)).toThrow(/assets of the law/);
  });
});

describe('what if', () => {
  it('changes losses, where it must in the direction it must', () => {
    const loss = (text: string) => tailOf(applied(from, parse(text)), from, OPTIONS).expectedShortfallUsd;
    const base = tailOf(from, from, OPTIONS).expectedShortfallUsd;
    expect(base).toBeGreaterThan(0);
    // Thinner markets can also mean fewer sales: which way depth works is not known beforehand.
    expect(loss('depth=0.5')).not.toBe(base);
    expect(loss('volatility=1.25')).toBeGreaterThan(base);
    expect(loss('volatility=0.8')).toBeLessThan(base);
    for (const one of USUAL) expect(says(one).length).toBeGreaterThan(10);
  });

  it('moves correlations towards one or towards none, and leaves the diagonal', () => {
    const [first] = model.correlation.byRegime;
    for (const [text, expected] of [
      ['correlation=1.5', 0.75 * first![0]![1]! + 0.25],
      ['correlation=0.5', 0.5 * first![0]![1]!],
    ] as const) {
      const [moved] = applied(from, parse(text)).model.correlation.byRegime;
      expect(moved![0]![1]).toBeCloseTo(expected, 14);
      expect(moved![1]![1]).toBe(1);
    }
  });

  it.each(['depth', 'depth=', 'depth=0', 'depth=-1', 'depth=x', 'width=2', 'depth=1000'])('refuses %s', (text) => {
    expect(() => parse(text)).toThrow(/NAME=FACTOR/);
  });
});
