import { describe, expect, it } from 'vitest';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import { advisedOf, explain } from '../../tuner/explanation/explanation.ts';
import { losses } from '../../tuner/stress/summary.ts';
import { tiltOf } from '../../tuner/stress/towards.ts';
import * as Book from '../stress/fixture.ts';
import { policy, risky, tuned } from './fixture.ts';

const model = Book.model(3);
const state = risky();
const scenarios = plan(model, { seed: 7, paths: 512, steps: 24, tilt: tiltOf(state, model) });
const advice = await tuned({ state, model, policy: policy({ budgetFraction: 1e-6 }), scenarios });
// This advice leaves no loss: the evidence of today stands in for that under it, so that there are worst paths to show.
const bundle = { state, model, scenarios, ...advice, after: advice.before };
const steps: string[] = [];
const found = explain(bundle, { paths: 256, against: { state, model }, onStep: (step) => steps.push(step) });

describe('an explanation', () => {
  it('has every number of the recommendation, and the loss without each change', () => {
    expect(found.derivations).toHaveLength(3 * state.assets.length);
    const moved = found.derivations.filter(({ from, to }) => from !== to);
    expect(moved.length).toBeGreaterThan(0);
    for (const one of found.derivations) expect(one.without === null).toBe(one.from === one.to);
    const advised = advisedOf(state, advice.recommendation);
    for (const { asset, field, to } of moved) expect(advised[asset]![field]).toBe(to);
    for (const [asset, own] of Object.entries(parametersOf(state)))
      expect(advised[asset]).toMatchObject({ liquidationBonusBps: own.liquidationBonusBps });
  });

  it('shows the worst paths as the evidence has them, each simulated again from its number', () => {
    const lossUsd = losses(advice.before.paths, state.insuranceFundUsd);
    expect(found.worst.length).toBeGreaterThan(0);
    for (const { path, lossUsd: usd, falls } of found.worst) {
      expect(usd).toBe(lossUsd[path]);
      expect(lossUsd.filter((other) => other > usd).length).toBeLessThan(10);
      const lows = falls.map(({ low }) => low);
      expect(lows).toEqual([...lows].sort((a, b) => a - b));
      expect(lows[0]).toBeLessThan(1);
    }
    expect(found.accounts.every(({ account }) => state.lending.some((one) => one.account === account))).toBe(true);
  });

  it('looks at another world one thing at a time, and finds no change against itself', () => {
    const under = (what: string, factor: number) => found.sensitivities.find((one) => one.what === what && one.factor === factor)!.tail;
    expect(under('volatility', 1.25).expectedShortfallUsd).toBeGreaterThan(found.advised.expectedShortfallUsd);
    expect(under('volatility', 0.8).expectedShortfallUsd).toBeLessThan(found.advised.expectedShortfallUsd);
    expect(Object.values(found.attribution!.byDriver).every((part) => part === 0)).toBe(true);
    expect(new Set(steps)).toEqual(new Set(['leave one change out', 'what if', 'what changed']));
    expect(loadKernel().digest).toBe(advice.after.kernel);
  });
});
