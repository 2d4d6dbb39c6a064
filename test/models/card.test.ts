import { expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import { align } from '../../datasets/align.ts';
import { card, ModelCard } from '../../models/card.ts';
import * as Fit from '../../models/fit.ts';
import * as Garch from '../../models/garch.ts';
import { PLAIN, type Row, seriesOf } from '../datasets/bars.ts';

const TRUTH = { mu: 0, omega: 0.05, alpha: 0.08, gamma: 0.02, beta: 0.85, nu: 5, lambda: null };
const STEP_MS = 4 * 3_600_000;
const START = Date.UTC(2021, 0, 1);

function panelOf(returns: ArrayLike<number>) {
  let level = Math.log(50);
  const rows = Array.from(returns, (r, t): Row => {
    level += r / 100;
    const price = Math.exp(level);
    return [START + t * STEP_MS, price, price, price, price, 1e6];
  });
  return align([seriesOf('A', rows)], PLAIN);
}
const returns = Garch.simulate(TRUTH, 4_000, { seed: 12, purpose: PURPOSE.sampleMarket, path: 1 });

it('finds nothing wrong with a law fitted on its own kind of data', async () => {
  const panel = panelOf(returns);
  const model = await Fit.fit(panel, { seed: 1, forecaster: false });
  const made = card(model, panel);
  expect(() => ModelCard.parse(made)).not.toThrow();
  const [a] = made.assets;
  expect(a!.residuals.p).toBeGreaterThan(0.01);
  expect(a!.squares.p).toBeGreaterThan(0.01);
  expect(a!.transforms.evenP).toBeGreaterThan(0.01);
  expect(a!.transforms.counts.reduce((sum, count) => sum + count, 0)).toBe(a!.observations);
  // Between the 5th and 95th of 100 ranks, points of a right law lie near the diagonal.
  a!.qq.expected.forEach((expected, i) => {
    if (Math.abs(expected) < 1.6) expect(Math.abs(a!.qq.seen[i]! - expected)).toBeLessThan(0.12);
  });
  expect(a!.forecasts.bars).toBe(500);
  a!.forecasts.lowPct.forEach((low, i) => {
    expect(low).toBeLessThan(a!.forecasts.highPct[i]!);
  });
  expect(a!.forecasts.below).toBe(a!.forecasts.returnPct.filter((r, i) => r < a!.forecasts.lowPct[i]!).length);
  expect(a!.estimates.map(({ name }) => name)).toEqual(['mu', 'omega', 'alpha', 'gamma', 'beta', 'nu']);
  expect(card(model, panel).id).toBe(made.id);
});

it('finds an echo that the law does not know', async () => {
  const panel = panelOf(returns.map((r, t) => r + 0.3 * (returns[t - 1] ?? 0)));
  const model = await Fit.fit(panel, { seed: 1, forecaster: false });
  expect(card(model, panel).assets[0]!.residuals.p).toBeLessThan(1e-6);
});

it('says an error that is not known as such, and a half life of nothing as nothing', async () => {
  const panel = panelOf(returns);
  const model = await Fit.fit(panel, { seed: 1, forecaster: false });
  const of = (change: object) => card({ ...model, volatility: { A: { ...model.volatility['A']!, ...change } } }, panel).assets[0]!;
  const bare = of({ standardErrors: {}, alpha: 0, gamma: 0, beta: 0 });
  expect(bare.estimates.every(({ standardError }) => standardError === null)).toBe(true);
  expect([bare.atBound, bare.persistence, bare.halfLifeSteps]).toEqual([[], 0, 0]);
  expect(of({ alpha: 0.1, gamma: 0, beta: 0.8 }).halfLifeSteps).toBeCloseTo(Math.log(0.5) / Math.log(0.9), 10);
});

it('gets no law, so no card, of a price that never moves', () => {
  // Data are refused first; the fit holds its own door where a finding is waived.
  expect(() => panelOf(new Float64Array(4_000))).toThrow(expect.objectContaining({ name: 'Align.NothingLeftError' }));
  expect(() => Garch.fit(new Float64Array(4_000), Garch.GJR_T)).toThrow(expect.objectContaining({ name: 'Garch.NoVariationError' }));
});
