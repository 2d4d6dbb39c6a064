import { describe, expect, it } from 'vitest';
import { PURPOSE, uniform } from '../../base/random.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import { challenge, historyFalls } from '../../tuner/challenger.ts';
import * as History from '../../tuner/history.ts';
import * as Summary from '../../tuner/stress/summary.ts';
import { tiltOf } from '../../tuner/stress/towards.ts';
import * as Book from '../stress/fixture.ts';
import { fieldOf, fields, policy, risky, tuned } from './fixture.ts';

const kernel = loadKernel();
const BARS = 3_000;

/** Hourly prices of the model's assets whose moves have so many percent of standard deviation, a hole in the second one. */
function panelOf(sizePct: number, bars = BARS): MarketPanel {
  const closes = Book.names(3).map((_, lane) => {
    let log = Math.log(100);
    return Array.from({ length: bars }, (__, bar) => {
      const normal = Array.from({ length: 12 }, (___, part) => uniform(7, PURPOSE.sampleMarket, bar, lane, part)).reduce(
        (sum, u) => sum + u,
        -6,
      );
      log += (sizePct / 100) * normal;
      return lane === 1 && bar >= 2_000 && bar < 2_005 ? null : Math.exp(log);
    });
  });
  const bars_ = Object.fromEntries(Book.names(3).map((asset, lane) => [asset, { close: closes[lane]! }]));
  return { stepSeconds: 3600, length: bars, assets: Book.names(3), bars: bars_ } as unknown as MarketPanel;
}
const model = Book.model(3);
const scenarios = Book.scenarios(model, 1024, 24);

describe('history', () => {
  it('is every window of the past at today’s volatility, found again the long way', () => {
    const panel = panelOf(0.8);
    for (const asset of ['A00', 'A01']) {
      const falls = historyFalls(kernel, panel, asset, 24);
      let last = Number.NaN;
      const log = panel.bars[asset]!.close.map((price) => (last = price === null ? last : Math.log(price)));
      const variance: number[] = [Number.NaN];
      for (let bar = 1; bar < BARS; bar += 1) {
        const square = (log[bar]! - log[bar - 1]!) ** 2;
        variance.push(bar === 1 ? square : 0.9975 * variance[bar - 1]! + 0.0025 * square);
      }
      const slow: number[] = [];
      for (let start = 400; start + 24 < BARS; start += 1) {
        const moves = Array.from({ length: 24 }, (_, step) => log[start + step + 1]! - log[start]!);
        slow.push(1 - Math.exp(Math.min(0, ...moves) * Math.sqrt(variance.at(-1)! / variance[start]!)));
      }
      expect(falls).toHaveLength(slow.length);
      expect(Math.max(...falls.map((fall, index) => Math.abs(fall - slow[index]!)))).toBeLessThan(1e-12);
    }
  });

  it('does not depend on the unit of the price, and is nothing for an asset without a past', () => {
    const panel = panelOf(0.8);
    const scaled = {
      ...panel,
      bars: { ...panel.bars, A00: { ...panel.bars['A00']!, close: panel.bars['A00']!.close.map((usd) => 8 * usd!) } },
    };
    const [one, other] = [panel, scaled].map((of) => historyFalls(kernel, of, 'A00', 24));
    expect(Math.max(...one!.map((fall, index) => Math.abs(fall - other![index]!)))).toBeLessThan(1e-12);
    expect(historyFalls(kernel, panel, 'GONE', 24)).toEqual([]);
  });
});

describe('the index of disagreement', () => {
  const at = (sizePct: number) => challenge(kernel, panelOf(sizePct), model, scenarios, 0.99);

  it('is near 1 where history has the law’s volatility, and grows both ways', () => {
    // The law's variance is 0.67 to 0.8 %² an hour, with fatter tails and clusters.
    const near = at(1).get('A00')!;
    expect(near.index).toBeLessThan(1.7);
    const [calm, wild] = [at(0.25).get('A00')!, at(4).get('A00')!];
    expect(calm.index).toBeGreaterThan(2);
    expect(calm.lawFall).toBeGreaterThan(calm.historyFall);
    expect(wild.index).toBeGreaterThan(2);
    expect(wild.historyFall).toBeGreaterThan(wild.lawFall);
    expect(calm.lawFall).toBe(wild.lawFall);
    expect(calm.index).toBe(calm.lawFall / calm.historyFall);
  });

  it('leaves out an asset whose past is too short', () => {
    expect(challenge(kernel, panelOf(1, 1_400), model, scenarios, 0.99).size).toBe(0);
  });
});

describe('a recommendation beside a challenger', () => {
  const state = risky();
  const apart = { lawFall: 0.2, historyFall: 0.5, index: 2.5 };
  const near = { lawFall: 0.2, historyFall: 0.22, index: 1.1 };
  const challenges = new Map([
    ['A00', apart],
    ['A01', near],
  ]);
  const tight = { budgetFraction: 1e-6, fields: fields({ maxTighten: 2500, budgets: [] }) };

  it('holds what the two see too differently, with the reason, and moves the rest', async () => {
    const found = await tuned({ state, model, policy: policy(tight), challenges });
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({
      verdict: 'hold',
      binding: 'models-disagree: law and history differ by a factor of 2.50',
    });
    expect(fieldOf(found, 'A01', 'haircutBps').verdict).toBe('change');
    const advice = new Map(found.recommendation.assets.map((one) => [one.asset, one]));
    expect([advice.get('A00')!.challenge, advice.get('A02')!.challenge, advice.get('USD')!.challenge]).toEqual([apart, null, null]);
    expect(advice.get('A00')!.because).toContain('deepest fall 20 % by the law, 50 % by history');
  });

  it('goes by the policy’s own threshold where it names one', async () => {
    const lax = await tuned({ state, model, policy: policy({ ...tight, maxDisagreement: 3 }), challenges });
    expect(fieldOf(lax, 'A00', 'haircutBps').verdict).toBe('change');
    const strict = await tuned({ state, model, policy: policy({ ...tight, maxDisagreement: 1.05 }), challenges });
    expect(fieldOf(strict, 'A01', 'haircutBps').binding).toMatch(/^models-disagree/);
  });

  it('still makes the moves that the fields demand of each other', async () => {
    const own = { ...state.assets[0]!.parameters, haircutBps: 2000, liquidationThresholdBps: 8000 };
    const broken = risky({ assets: state.assets.map((row, index) => (index === 0 ? { ...row, parameters: own } : row)) });
    const found = await tuned({
      state: broken,
      model,
      policy: policy({ ...tight, budgetFraction: 0.5, overBudgetProbability: 0.5 }),
      challenges,
    });
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'change', to: 2200, binding: 'joint-constraints' });
  });
});

describe('the engine on history', () => {
  const panel = panelOf(0.8);
  const state = risky();

  it('runs the windows themselves, joint over assets, every one once in a round', () => {
    const windows = History.windowsOf(kernel, panel, model, 24);
    const all = BARS - 24 - 400;
    const { factors, weights } = windows(0, all);
    const lowest = Array.from({ length: all }, (_, path) => {
      let low = 1;
      for (let step = 0; step < 24; step += 1) low = Math.min(low, factors[(path * 24 + step) * 3]!);
      return 1 - low;
    });
    const falls = historyFalls(kernel, panel, 'A00', 24);
    expect(lowest.sort((a, b) => a - b)).toEqual([...falls].sort((a, b) => a - b));
    expect(new Set(weights)).toEqual(new Set([1]));
    const later = windows(256, 4);
    expect([...later.factors]).toEqual([...factors.subarray(256 * 72, 260 * 72)]);
  });

  it('makes a whole recommendation, whose loss is the past’s and grows with it', async () => {
    const of = policy({ budgetFraction: 1e-6 });
    const plain = Book.scenarios(model, 512, 24);
    const risk = { level: of.level, budgetUsd: 1 };
    const at = (sizePct: number) =>
      tuned({
        state,
        model,
        policy: of,
        scenarios: plain,
        evaluate: History.evaluate(kernel, panelOf(sizePct), { state, model, scenarios: plain, risk }),
      });
    const [calm, wild] = [await at(0.2), await at(8)];
    expect(calm.recommendation.before.expectedShortfallUsd).toBe(0);
    expect(wild.recommendation.before.expectedShortfallUsd).toBeGreaterThan(0);
    expect(fieldOf(wild, 'A00', 'haircutBps').to).toBeGreaterThan(fieldOf(calm, 'A00', 'haircutBps').to);
    expect(Summary.total(wild.before.paths.weight)).toBe(512);
  });

  it('refuses a tilt, and a past too short for all assets together', () => {
    const risk = { level: 0.99, budgetUsd: 1 };
    const tilted = plan(model, { seed: 7, paths: 64, steps: 24, tilt: tiltOf(state, model) });
    expect(() => History.evaluate(kernel, panel, { state, model, scenarios: tilted, risk })).toThrow(History.TiltedError);
    expect(() => History.windowsOf(kernel, panelOf(1, 1_400), model, 24)).toThrow(History.TooShortError);
    expect(() => History.windowsOf(kernel, { ...panel, bars: {} }, model, 24)).toThrow(/0 windows/);
  });
});
