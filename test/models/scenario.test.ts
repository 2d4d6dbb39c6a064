import { beforeAll, describe, expect, it } from 'vitest';
import { isSealed } from '../../base/id.ts';
import * as Fit from '../../models/fit.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Scenario from '../../models/scenario.ts';
import { simulatedPanel } from './simulated.ts';

const STEPS = 48;

describe('plan', () => {
  let model: MarketModel;
  let set: Scenario.ScenarioSet;
  const find = (name: string) => set.named.find((scenario) => scenario.name === name)!;

  beforeAll(async () => {
    const { panel } = simulatedPanel({ assets: ['BTC', 'ETH', 'USDC'], length: 24 * 200, seed: 4 });
    const fitted = await Fit.fit(panel, { seed: 1, forecaster: false });
    // USDC is made quiet here: a peg is told by its volatility.
    const quiet = { ...fitted.volatility['USDC']!, omega: 1e-6, nextVariance: 1e-4, unconditionalVariance: 1e-4 };
    model = { ...fitted, volatility: { ...fitted.volatility, USDC: quiet } };
    set = Scenario.plan(model, { seed: 9, paths: 2_000, steps: STEPS });
  });

  it('is a set by its schema, named by its content', () => {
    expect(Scenario.ScenarioSet.parse(set)).toEqual(set);
    expect(isSealed(set)).toBe(true);
    expect(set.from.model).toBe(model.id);
  });

  it('moves every asset of the model through every step, with finite factors above zero', () => {
    for (const { name, priceFactor, elsewhere } of set.named) {
      expect(Object.keys(priceFactor), name).toEqual(model.assets);
      for (const factors of [...Object.values(priceFactor), elsewhere]) {
        expect(factors.length).toBe(STEPS);
        for (const factor of factors) expect(factor > 0 && Number.isFinite(factor)).toBe(true);
      }
    }
  });

  it('sizes hypothetical moves by the law and leaves pegs where they are', () => {
    const crash = find('joint crash').priceFactor;
    expect(Math.log(crash['BTC']!.at(-1)!)).toBeCloseTo((-4 * Scenario.dailySigmaPct(model, 'BTC')) / 100, 9);
    expect(crash['USDC']!.at(-1)).toBe(1);
    expect(Scenario.pegged(model)).toEqual(['USDC']);
    expect(find('USDC to 0.88').priceFactor['USDC']!.at(-1)).toBeCloseTo(0.88, 12);
  });

  it('sets a breakdown of correlation beside the joint crash', () => {
    const { BTC, ETH } = find('correlation breakdown').priceFactor;
    expect((BTC!.at(-1)! - 1) * (ETH!.at(-1)! - 1)).toBeLessThan(0);
  });

  it('thins depth, freezes oracles and sends single coins to nothing', () => {
    expect(find('depth ×1/10').depthFactor).toBe(0.1);
    expect(find('oracle frozen').oracleFrozenSteps).toBe(6);
    const dead = set.named.filter(({ name }) => name.endsWith('to nothing'));
    expect(dead.length).toBe(2);
    expect(Math.min(...dead.flatMap(({ priceFactor }) => Object.values(priceFactor).map((factors) => factors.at(-1)!)))).toBeCloseTo(
      0.001,
      12,
    );
  });

  it('replays recorded days only where one of their coins is in the model', () => {
    const names = set.named.filter(({ source }) => source === 'historical').map(({ name }) => name);
    expect(names).toEqual(['2020-03-12 black Thursday', '2021-05-19 deleveraging', '2023-03-11 depeg of USDC']);
    expect(find('2020-03-12 black Thursday').priceFactor['ETH']!.at(-1)).toBeCloseTo(107.82 / 194.61, 12);
    expect(Math.min(...find('2021-05-19 deleveraging').priceFactor['ETH']!)).toBeCloseTo(1888 / 3375, 12);
  });

  it('takes the caller’s scenarios behind its own', () => {
    const own: Scenario.NamedScenario = {
      name: 'mine',
      source: 'historical',
      says: 'x',
      priceFactor: {},
      elsewhere: [0.5],
      depthFactor: 1,
      oracleFrozenSteps: 0,
    };
    expect(Scenario.plan(model, { seed: 9, paths: 10, steps: 1, named: [own] }).named.at(-1)).toEqual(own);
  });
});
