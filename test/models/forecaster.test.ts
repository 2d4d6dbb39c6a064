import { beforeAll, describe, expect, it } from 'vitest';
import * as Features from '../../models/features.ts';
import * as Fit from '../../models/fit.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Regime from '../../models/regime.ts';
import * as Turbulence from '../../models/turbulence.ts';
import { simulatedPanel } from './simulated.ts';

const { panel } = simulatedPanel({ assets: ['AAA', 'BBB'], length: 24 * 400, seed: 3 });

describe('forecaster', () => {
  let model: MarketModel;
  let standing: NonNullable<MarketModel['forecaster']>;

  beforeAll(async () => {
    model = await Fit.fit(panel, { seed: 1, forecaster: true });
    standing = model.forecaster!;
  });

  it('gives every asset a verdict, whichever way it fell', () => {
    expect(standing.verdicts.map(({ asset }) => asset)).toEqual(['AAA', 'BBB']);
    for (const { weight, pValue, pinball, benchmarkPinball, observations } of standing.verdicts) {
      expect(weight === 0 || weight === 0.5).toBe(true);
      expect(weight > 0).toBe(pValue !== null && pValue < 0.05);
      expect(observations).toBeGreaterThan(80);
      // Neither may be absurd: they forecast the same returns.
      expect(Math.abs(pinball / benchmarkPinball - 1)).toBeLessThan(0.2);
    }
  });

  it('has rising quantiles for the coming day, of the size of the law’s', () => {
    for (const asset of model.assets) {
      const next = standing.next[asset]!;
      for (let k = 1; k < next.length; k += 1) expect(next[k]!).toBeGreaterThanOrEqual(next[k - 1]!);
      expect(standing.tailRatio[asset]).toBeCloseTo(next[1]! / standing.lawNext[asset]![1]!, 12);
      expect(standing.tailRatio[asset]!).toBeGreaterThan(0.4);
      expect(standing.tailRatio[asset]!).toBeLessThan(2.5);
    }
  });
});

it('stands aside where many assets have a short past: enough rows together, too few of each', async () => {
  const short = simulatedPanel({ assets: ['AAA', 'BBB'], length: 24 * 185, seed: 3 }).panel;
  expect((await Fit.fit(short, { seed: 1, forecaster: true })).forecaster).toBeNull();
});

describe('features', () => {
  it('use nothing after their origin', () => {
    const columns = panel.assets.map((asset) => Fit.returnsPct(panel, asset));
    const days = Turbulence.days(panel);
    const chain = Regime.fitChain(Turbulence.statistic(columns, days), days, { seed: 1 });
    const parameters = { mu: 0, omega: 0.02, alpha: 0.05, gamma: 0.04, beta: 0.9, nu: 6 };
    const cut = 24 * 300;
    const request = {
      panel,
      assets: panel.assets,
      returnsPct: columns,
      parameters: [parameters, parameters],
      chain,
      horizonSteps: 24,
      strideSteps: 24,
    };
    const changed = {
      ...request,
      returnsPct: columns.map((column) => column.map((r, t) => (t > cut ? -3 * r : r))),
      chain: { ...chain, probability: chain.probability.map((p, place) => (place >= chain.states * (cut + 1) ? 1 / chain.states : p)) },
    };
    const known = (rows: Features.Row[]) =>
      rows.filter(({ origin }) => origin <= cut).map(({ asset, origin, x, scalePct }) => ({ asset, origin, x, scalePct }));
    expect(known(Features.rows(changed))).toEqual(known(Features.rows(request)));
    expect(known(Features.rows(request)).length).toBeGreaterThan(400);
    expect(Features.rows(request)[0]!.x.length).toBe(Features.INPUTS.length);
  });
});
