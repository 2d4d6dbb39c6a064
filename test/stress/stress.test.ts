import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { isSealed } from '../../base/id.ts';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import { normalCdf } from '../../models/math/special.ts';
import * as Book from '../../tuner/stress/book.ts';
import * as Evaluate from '../../tuner/stress/evaluate.ts';
import { StressEvidence } from '../../tuner/stress/evidence.ts';
import * as Named from '../../tuner/stress/named.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Traders from '../../tuner/stress/traders.ts';
import * as Fixture from './fixture.ts';
import type { Done, Task } from './worker.ts';

const kernel = loadKernel();
// A thread has no loader for TypeScript of its own: it registers one, then takes the file.
const WORKER = new URL('./worker.ts', import.meta.url).href;
const RISK = { level: 0.99, budgetUsd: 1e5 };

describe('evidence', () => {
  const model = Fixture.model(4);
  const state = Fixture.book(4, 40, 15, Fixture.draws(3));
  const scenarios = Fixture.scenarios(model, 1_500, 24, [
    {
      name: 'half',
      source: 'hypothetical',
      says: 'everything halves at once',
      priceFactor: {},
      elsewhere: Array.from({ length: 24 }, () => 0.5),
      depthFactor: 0.1,
      oracleFrozenSteps: 2,
    },
  ]);
  const parameters = parametersOf(state);
  const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive' });
  const named = Stress.stressNamed(kernel, prepared, parameters);
  const whole = Stress.assemble(
    prepared,
    parameters,
    [Stress.stressRange(kernel, prepared, parameters, { from: 0, to: 1_500 })],
    named,
    RISK,
  );

  it('is legal, sealed, and says which kernel made it', () => {
    expect(StressEvidence.parse(whole)).toEqual(whole);
    expect(isSealed(whole)).toBe(true);
    expect(whole.kernel).toBe(kernel.digest);
    expect(whole.from).toEqual({ state: state.id, model: model.id, scenarios: scenarios.id });
    expect(whole.summary.paths).toBe(1_500);
    expect(whole.accounts.length).toBeGreaterThan(10);
    expect(whole.named[0]!.badDebtUsd).toBeGreaterThan(0);
  });

  it('does not depend on how the paths were cut or in which order the parts came back', () => {
    for (const pieces of [1, 2, 3, 4, 6, 50]) {
      const parts = Stress.cut(1_500, pieces).map((range) => Stress.stressRange(kernel, prepared, parameters, range));
      expect(parts.length).toBeLessThanOrEqual(pieces);
      expect(Stress.assemble(prepared, parameters, parts.reverse(), named, RISK).id).toBe(whole.id);
    }
  });

  it('has the same bits from 1 and from 4 threads', { timeout: 60_000 }, async () => {
    const ranges = Stress.cut(1_500, 6);
    const ids = await Promise.all(
      [1, 4].map(async (threads) => {
        const shares = Array.from({ length: threads }, (_, thread) => ranges.filter((__, index) => index % threads === thread).reverse());
        const done = await Promise.all(
          shares.map(async (share): Promise<Done> => {
            const worker = new Worker(
              `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(WORKER)}); });`,
              { eval: true },
            );
            worker.postMessage({ prepared, parameters, ranges: share } satisfies Task);
            const [answer] = (await once(worker, 'message')) as [Done];
            await worker.terminate();
            share.forEach(({ from }, index) => {
              expect(answer.factors[index]).toEqual(kernel.simulate(prepared.law, prepared.seed, prepared.steps, from, 3).factors);
            });
            return answer;
          }),
        );
        return Stress.assemble(
          prepared,
          parameters,
          done.flatMap(({ parts }) => parts),
          named,
          RISK,
        ).id;
      }),
    );
    expect(ids).toEqual([whole.id, whole.id]);
  });

  it('is what the single-thread capability gives, and fewer paths are the first of the same', async () => {
    const evaluate = Evaluate.singleThread(kernel, { state, model, scenarios, risk: RISK });
    expect((await evaluate({ parameters, borrowers: 'responsive', paths: 1_500 })).id).toBe(whole.id);
    const fewer = await evaluate({ parameters, borrowers: 'responsive', paths: 300 });
    expect(fewer.paths.badDebtUsd).toEqual(whole.paths.badDebtUsd.slice(0, 300));
    await expect(evaluate({ parameters, borrowers: 'responsive', paths: 1_501 })).rejects.toThrow(Evaluate.TooManyPathsError);
  });

  it('changes when haircut or multiplier move only if borrowers respond', async () => {
    const evaluate = Evaluate.singleThread(kernel, { state, model, scenarios, risk: RISK });
    const looser = Object.fromEntries(
      Object.entries(parameters).map(([asset, line]) => [asset, { ...line, haircutBps: 2_200, marginMultiplierPpm: 800_000 }]),
    );
    const mean = async (borrowers: Book.Borrowers, line: typeof parameters) =>
      (await evaluate({ parameters: line, borrowers, paths: 512 })).summary;
    const [standing, responsive] = [await mean('standing', looser), await mean('responsive', looser)];
    const before = await mean('responsive', parameters);
    expect(await mean('standing', parameters)).toEqual(before);
    expect(responsive.meanLiquidatedUsd).toBeGreaterThan(before.meanLiquidatedUsd);
    // Only what margin closures do to the market is left.
    expect(Math.abs(standing.meanLiquidatedUsd / before.meanLiquidatedUsd - 1)).toBeLessThan(1e-4);
    // Debts scale by 7800/7500, positions by 1/0.8: read off where they stand.
    const scaled = Stress.healthOf(prepared, looser);
    Stress.healthOf(prepared, parameters).forEach(({ debtUsd }, index) => {
      expect(scaled[index]!.debtUsd / debtUsd).toBeCloseTo(index < prepared.book.lenders.length ? 7_800 / 7_500 : 1.25, 12);
    });
  });

  it('refuses what it cannot stress, by name', () => {
    const other = Fixture.model(3);
    expect(() => Stress.prepare(state, other, scenarios, { borrowers: 'standing' })).toThrow(Stress.MismatchError);
    expect(() => Stress.prepare(state, other, Fixture.scenarios(other, 10, 5), { borrowers: 'standing' })).toThrow(Book.NotModelledError);
    expect(() => Stress.prepare(state, model, Fixture.scenarios(model, 10, 100_000), { borrowers: 'standing' })).not.toThrow();
    const wide = Fixture.model(12);
    expect(() => Stress.prepare(state, wide, Fixture.scenarios(wide, 10, 100_000), { borrowers: 'standing' })).toThrow(Stress.TooLongError);
    const { A00: _, ...without } = parameters;
    expect(() => Stress.stressRange(kernel, prepared, without, { from: 0, to: 256 })).toThrow(Book.MissingParametersError);
    expect(() => Stress.stressRange(kernel, prepared, parameters, { from: 100, to: 256 })).toThrow(Stress.BadRangeError);
    expect(() => Stress.stressRange(kernel, prepared, parameters, { from: 256, to: 256 })).toThrow(Stress.BadRangeError);
    expect(() => Stress.assemble(prepared, parameters, [], named, RISK)).toThrow(Stress.BadRangeError);
    const noRule = Fixture.state(state.assets, state.lending, state.derivatives, { marginRule: null });
    expect(() => Stress.prepare(noRule, model, scenarios, { borrowers: 'standing' })).toThrow(Traders.NoMarginRuleError);
    const stranger = Fixture.state(
      [Fixture.dollar()],
      [{ account: 'a', eMode: 0, collateral: [{ asset: 'X', amountTokens: 1 }], debt: [{ asset: 'USD', amountTokens: 1 }] }],
    );
    expect(() => Stress.prepare(stranger, model, scenarios, { borrowers: 'standing' })).toThrow(Book.UnknownAssetError);
    const short = { ...scenarios.named[0]!, priceFactor: { A00: [1] } };
    expect(() => Named.flatten(short, prepared.book)).toThrow(Named.BadScenarioError);
  });

  it('does not mind an unmodelled asset that nobody holds', () => {
    const idle = Fixture.state([...state.assets, Fixture.asset('ZZZ')], state.lending, state.derivatives);
    const ready = Stress.prepare(idle, model, scenarios, { borrowers: 'standing' });
    const part = Stress.stressRange(kernel, ready, parametersOf(idle), { from: 0, to: 256 });
    expect(Array.from(part.byPath.badDebtUsd)).toEqual(whole.paths.badDebtUsd.slice(0, 256));
  });
});

describe('against closed forms', () => {
  /** 5 % a day, no clustering, near-normal, one asset. */
  function brownian(): MarketModel {
    const base = Fixture.model(1);
    const x = [-60, 60];
    const variance = 25 / 24;
    const law = {
      ...base.volatility['A00']!,
      omega: variance,
      alpha: 0,
      gamma: 0,
      beta: 0,
      nextVariance: variance,
      unconditionalVariance: variance,
    };
    return {
      ...base,
      volatility: { A00: law },
      margins: { A00: { ...base.margins['A00']!, x, z: x } },
      regime: { ...base.regime, transition: [[1]], now: [1], multiplier: [1] },
      correlation: { ...base.correlation, copulaNu: 1e6, byRegime: [[[1]]] },
    };
  }

  it('first passage: health 1.10 at 5 % a day over 72 hourly steps is breached with probability 0.2423', () => {
    const model = brownian();
    const feed = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
    const state = Fixture.state(
      [Fixture.asset('A00', { feed }), Fixture.dollar({ feed })],
      [{ account: 'a', eMode: 0, collateral: [{ asset: 'A00', amountTokens: 10 }], debt: [{ asset: 'USD', amountTokens: 800 / 1.1 }] }],
    );
    const paths = 20_480;
    const prepared = Stress.prepare(state, model, Fixture.scenarios(model, paths, 72), { borrowers: 'standing' });
    const { byPath } = Stress.stressRange(kernel, prepared, parametersOf(state), { from: 0, to: paths });
    const share = byPath.liquidatedAccounts.reduce((sum, hit) => sum + hit, 0) / paths;
    // Five standard errors; the continuous 0.2711 is ten away.
    expect(Math.abs(share - 0.2423)).toBeLessThan(5 * Math.sqrt((0.2423 * 0.7577) / paths));
  });

  /** P(min over [0, T] of σB ≤ −b) = 2Φ(−b/σ√T): the reflection principle. */
  const continuous = (distance: number, deviation: number) => 2 * normalCdf(-distance / deviation);
  /** Broadie, Glasserman and Kou 1997: watched at steps of Δ, a barrier is as good as one −ζ(½)/√(2π)·σ√Δ further off. */
  const SHIFT = 0.582597;

  it.each([
    [1.05, 24],
    [1.1, 72],
    [1.1, 144],
    [1.2, 72],
  ])(
    'first passage of health %f watched at %i steps is that of a barrier shifted by 0.5826 σ√Δ, in the kernel as on paper',
    (health, steps) => {
      const model = brownian();
      const feed = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
      const passed = (at: number) => {
        // Large enough that the bonus pays for the gas, small beside the market.
        const debt = [{ asset: 'USD', amountTokens: 80_000 / at }];
        const account = { account: 'a', eMode: 0, collateral: [{ asset: 'A00', amountTokens: 1_000 }], debt };
        const state = Fixture.state([Fixture.asset('A00', { feed }), Fixture.dollar({ feed })], [account]);
        const paths = 20_480;
        const prepared = Stress.prepare(state, model, Fixture.scenarios(model, paths, steps), { borrowers: 'standing' });
        const { byPath } = Stress.stressRange(kernel, prepared, parametersOf(state), { from: 0, to: paths });
        const share = byPath.liquidatedAccounts.reduce((sum, hit) => sum + hit, 0) / paths;
        return { share, standardError: Math.sqrt((share * (1 - share)) / paths) };
      };
      const step = 0.05 / Math.sqrt(24);
      const [distance, deviation, shift] = [Math.log(health), step * Math.sqrt(steps), SHIFT * step];
      const watched = passed(health);
      expect(Math.abs(watched.share - continuous(distance + shift, deviation))).toBeLessThan(4 * watched.standardError + 0.001);
      expect(Math.abs(watched.share - continuous(distance, deviation))).toBeGreaterThan(4 * watched.standardError);
      // The other way round: what a watcher at every moment would see, from steps, by a barrier that much nearer.
      const nearer = passed(Math.exp(distance - shift));
      expect(Math.abs(nearer.share - continuous(distance, deviation))).toBeLessThan(4 * nearer.standardError + 0.001);
    },
  );

  it('has 0.2711 for health 1.10 watched at every moment, as the reflection principle says', () => {
    expect(continuous(Math.log(1.1), 0.05 * Math.sqrt(3))).toBeCloseTo(0.2711, 4);
  });
});
