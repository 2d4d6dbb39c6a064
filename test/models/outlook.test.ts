import { beforeAll, describe, expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import * as Fit from '../../models/fit.ts';
import * as Garch from '../../models/garch.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Outlook from '../../models/outlook.ts';
import { relativeError, simulatedPanel } from './simulated.ts';

const STREAM = { seed: 2, purpose: PURPOSE.forecaster };

describe('outlook', () => {
  let model: MarketModel;

  beforeAll(async () => {
    const { panel } = simulatedPanel({ assets: ['AAA'], length: 24 * 190, seed: 6 });
    model = await Fit.fit(panel, { seed: 1, forecaster: false });
  });

  it('has the variance that GARCH expects where regimes say nothing and z has unit variance', () => {
    // The margin of a t law in the copula's own coordinates: z = x scaled to unit variance.
    const nu = model.correlation.copulaNu;
    const { x } = model.margins['AAA']!;
    const plain = {
      ...model,
      margins: { AAA: { ...model.margins['AAA']!, z: x.map((value) => value * Math.sqrt((nu - 2) / nu)) } },
      regime: { ...model.regime, multiplier: [1, 1, 1] },
      volatility: { AAA: { ...model.volatility['AAA']!, muPct: 0 } },
    };
    const paths = Outlook.simulate(plain, 'AAA', { steps: 24, paths: 20_000, copulaNu: nu, stream: STREAM });
    const variance = paths.reduce((sum, r) => sum + r * r, 0) / paths.length;
    const { nu: _nu, muPct, nextVariance, ...rest } = plain.volatility.AAA;
    const expected = Garch.aggregateVariance({ ...rest, mu: muPct, nu: null }, nextVariance, 24);
    // Linear nodes cut a little off the peak; 20,000 heavy-tailed squares have a standard error near 2 %.
    expect(relativeError(variance, expected)).toBeLessThan(0.08);
  });

  it('is the same again, in rising order, and wider for more steps', () => {
    const options = { steps: 6, paths: 500, copulaNu: model.correlation.copulaNu, stream: STREAM };
    const paths = Outlook.simulate(model, 'AAA', options);
    expect(Outlook.simulate(model, 'AAA', options)).toEqual(paths);
    for (let i = 1; i < paths.length; i += 1) expect(paths[i]!).toBeGreaterThanOrEqual(paths[i - 1]!);
    const longer = Outlook.simulate(model, 'AAA', { ...options, steps: 48 });
    expect(longer[25]!).toBeLessThan(paths[25]!);
  });
});
