import { beforeAll, describe, expect, it } from 'vitest';
import { isSealed } from '../../base/id.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import * as Fit from '../../models/fit.ts';
import { type MarketModel, MarketModel as Schema } from '../../models/market.ts';
import { fromRows, tryCholesky } from '../../models/math/linear.ts';
import { simulatedPanel } from './simulated.ts';

const HOURS = 24 * 240;
const { panel, state } = simulatedPanel({
  assets: ['AAA', 'BBB', 'CCC', 'NEW', 'OLD'],
  length: HOURS,
  seed: 12,
  // CCC has a hole, NEW begins 100 days before the end, OLD stops a month before it.
  masked: { CCC: [3_000, 3_100], NEW: [0, HOURS - 24 * 100], OLD: [HOURS - 24 * 30, HOURS] },
});

describe('fit', () => {
  let model: MarketModel;
  const steps: [string, number][] = [];

  beforeAll(async () => {
    model = await Fit.fit(panel, { seed: 5, forecaster: false, onStep: (says, share) => steps.push([says, share]) });
  });

  it('is a model by its schema, named by its content, from its panel', () => {
    expect(Schema.parse(model)).toEqual(model);
    expect(isSealed(model)).toBe(true);
    expect(model.from.panel).toBe(panel.id);
    expect(model.asOf).toBe('2024-08-28T00:00:00.000Z');
  });

  it('tells its progress from 0 to 1, never backwards', () => {
    expect(steps[0]?.[1]).toBe(0);
    expect(steps.at(-1)?.[1]).toBe(1);
    for (let i = 1; i < steps.length; i += 1) expect(steps[i]![1]).toBeGreaterThanOrEqual(steps[i - 1]![1]);
  });

  it('leaves the young and the dead, with the reason', () => {
    expect(model.assets).toEqual(['AAA', 'BBB', 'CCC']);
    expect(model.left.map(({ asset }) => asset)).toEqual(['NEW', 'OLD']);
    expect(model.left[0]!.says).toContain('too-little-history: 100.0 days');
    expect(model.left[1]!.says).toContain('stale-data');
  });

  it('finds the volatility, the regime and the correlation that made the panel', () => {
    const { beta, alpha, gamma } = model.volatility['AAA']!;
    expect(alpha + gamma / 2 + beta).toBeGreaterThan(0.9);
    expect(model.volatility['CCC']!.unconditionalVariance / model.volatility['AAA']!.unconditionalVariance).toBeGreaterThan(4);
    const { multiplier, stationary, now } = model.regime;
    expect(multiplier.at(-1)).toBeGreaterThan(multiplier[0]!);
    expect(stationary.reduce((sum, p, s) => sum + p * multiplier[s]! ** 2, 0)).toBeCloseTo(1, 12);
    expect(now.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(Math.abs(model.correlation.target[0]![1]! - 0.6)).toBeLessThan(0.12);
  });

  it('follows the true regime with filtered probabilities', () => {
    const { at, probability } = model.regime.history;
    const start = Date.parse(panel.startsAt);
    const by = [0, 0];
    const count = [0, 0];
    at.forEach((time, k) => {
      const truth = state[(Date.parse(time) - start) / 3_600_000 - 1]!;
      by[truth] = by[truth]! + probability[k]!.at(-1)!;
      count[truth] = count[truth]! + 1;
    });
    expect(by[1]! / count[1]!).toBeGreaterThan(2 * (by[0]! / count[0]!));
  });

  it('has a positive definite correlation for every regime', () => {
    for (const rows of [model.correlation.now, ...model.correlation.byRegime]) {
      expect(tryCholesky(fromRows(rows), rows.length, new Float64Array(rows.length ** 2))).toBe(true);
    }
  });

  it('is the same again', async () => {
    expect((await Fit.fit(panel, { seed: 5, forecaster: false })).id).toBe(model.id);
  });

  it('does not see a masked bar: its price may be anything', () => {
    const returns = Fit.returnsPct(panel, 'CCC');
    expect(Number.isNaN(returns[2_999]!)).toBe(false);
    for (const t of [0, 3_000, 3_099, 3_100]) expect(Number.isNaN(returns[t]!)).toBe(true);
    expect(Number.isNaN(returns[3_101]!)).toBe(false);
  });

  it('leaves an asset with a fatal finding unless a waiver names it', async () => {
    const finding = {
      asset: 'BBB',
      kind: 'level-break' as const,
      severity: 'fatal' as const,
      from: panel.startsAt,
      to: panel.startsAt,
      bars: 1,
      says: 'another coin',
    };
    const marked: MarketPanel = { ...panel, quality: [finding] };
    const options = { seed: 5, forecaster: false };
    expect((await Fit.fit(marked, options)).left.map(({ asset }) => asset)).toContain('BBB');
    const waived = { ...marked, waivers: [{ subject: 'BBB', kind: 'level-break', reason: 'checked by hand' }] };
    expect((await Fit.fit(waived, options)).assets).toContain('BBB');
  });

  it('refuses a panel in which nothing can be modelled', async () => {
    const short = simulatedPanel({ assets: ['AAA'], length: 500, seed: 1 }).panel;
    await expect(Fit.fit(short, { seed: 1, forecaster: false })).rejects.toThrow(Fit.NothingToFitError);
  });

  it('goes on when a coin dies on its last days, and says what the others are', async () => {
    const close = [...panel.bars['BBB']!.close];
    for (let t = HOURS - 40; t < HOURS; t += 1) close[t] = close[HOURS - 41]! * 0.55 ** (t - (HOURS - 41));
    const dying: MarketPanel = { ...panel, bars: { ...panel.bars, BBB: { ...panel.bars['BBB']!, close } } };
    const result = Schema.parse(await Fit.fit(dying, { seed: 5, forecaster: false }));
    expect(result.assets).toContain('AAA');
    expect(result.volatility['AAA']!.nextVariance).toBeLessThan(4 * model.volatility['AAA']!.nextVariance);
  });
});
