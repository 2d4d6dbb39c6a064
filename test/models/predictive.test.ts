import { describe, expect, it } from 'vitest';
import { PURPOSE } from '../../base/random.ts';
import { align } from '../../datasets/align.ts';
import { pitHistogram } from '../../models/backtests.ts';
import * as Fit from '../../models/fit.ts';
import * as Garch from '../../models/garch.ts';
import { LEVELS, predict } from '../../models/predictive.ts';
import { carry } from '../../models/training.ts';
import { PLAIN, type Row, seriesOf } from '../datasets/bars.ts';

const TRUTH = { mu: 0.01, omega: 0.05, alpha: 0.06, gamma: 0.04, beta: 0.86, nu: 5, lambda: null };
const BARS = 5_000;
const FITTED = 3_000;
const STEP_MS = 4 * 3_600_000;
const START = Date.UTC(2020, 0, 1);

function panelOf(returns: ArrayLike<number>) {
  let level = Math.log(50);
  const rows = Array.from(returns, (r, t): Row => {
    level += r / 100;
    const price = Math.exp(level);
    return [START + t * STEP_MS, price, price, price, price, 1e6];
  });
  return (asOf?: string) => align([seriesOf('A', rows)], { ...PLAIN, ...(asOf === undefined ? {} : { asOf }) });
}

describe('what a stored law says of bars it has not seen', async () => {
  const returns = Garch.simulate(TRUTH, BARS, { seed: 9, purpose: PURPOSE.sampleMarket, path: 3 });
  const panel = panelOf(returns);
  const cut = new Date(START + FITTED * STEP_MS).toISOString();
  const model = await Fit.fit(panel(cut), { seed: 1, forecaster: false });
  const whole = panel();
  const predicted = predict(model, whole, 'A', Date.parse(cut));

  it('is even, and broken as often as it says, where the law is the truth', () => {
    expect(predicted.atMs.length).toBeGreaterThan(1_900);
    expect(pitHistogram(predicted.transform, 20).pValue).toBeGreaterThan(0.01);
    LEVELS.forEach((level, i) => {
      const below = predicted.returnPct.filter((r, t) => r < predicted.quantilePct[i]![t]!).length / predicted.atMs.length;
      expect(Math.abs(below - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / predicted.atMs.length) + 0.01);
    });
  });

  it('has quantiles that its own distribution puts where they belong', () => {
    // A return at the quantile has the level as its transform: bars whose return happens to lie between two quantiles are between the levels.
    predicted.returnPct.forEach((r, t) => {
      LEVELS.forEach((level, i) => {
        if (r < predicted.quantilePct[i]![t]!) expect(predicted.transform[t]!).toBeLessThanOrEqual(level + 1e-9);
        else expect(predicted.transform[t]!).toBeGreaterThanOrEqual(level - 1e-9);
      });
    });
  });

  it('does not look ahead: another last bar changes nothing before it', () => {
    const other = Float64Array.from(returns, (r, t) => (t === BARS - 1 ? r + 25 : r));
    const again = predict(model, panelOf(other)(), 'A', Date.parse(cut));
    expect(again.quantilePct.map((column) => column.slice(0, -1))).toEqual(predicted.quantilePct.map((column) => column.slice(0, -1)));
    expect(again.transform.at(-1)).not.toBe(predicted.transform.at(-1));
  });

  it('is carried to its own panel without a change of state', () => {
    const carried = carry(model, panel(cut));
    expect(carried.volatility['A']!.nextVariance).toBeCloseTo(model.volatility['A']!.nextVariance, 12);
    expect(carried.regime.now).toEqual(model.regime.now);
    expect(carried.asOf).toBe(model.asOf);
    const later = carry(model, whole);
    expect(later.volatility['A']!.nextVariance).not.toBe(model.volatility['A']!.nextVariance);
    expect({ ...later.volatility['A']!, nextVariance: 0 }).toEqual({ ...model.volatility['A']!, nextVariance: 0 });
  });
});
