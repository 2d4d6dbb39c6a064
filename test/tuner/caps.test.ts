import { describe, expect, it } from 'vitest';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Absorb from '../../tuner/absorb.ts';
import { Caps, recommend } from '../../tuner/caps.ts';
import * as Seizures from '../../tuner/seizures.ts';
import type { Evaluate } from '../../tuner/stress/evaluate.ts';
import { singleThread } from '../../tuner/stress/evaluate.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Book from '../stress/fixture.ts';
import { NOW, policy, risky } from './fixture.ts';

const kernel = loadKernel();
const model = Book.model(3);
const scenarios = Book.scenarios(model, 512, 24);
const of = policy();

function reckoned(state: ProtocolState, parts: Partial<Parameters<typeof recommend>[0]> = {}): Promise<Caps> {
  const evaluate = singleThread(kernel, { state, model, scenarios, risk: { level: of.level, budgetUsd: 1 } });
  return recommend({ state, model, scenarios, policy: of, now: NOW, evaluate, recommended: parametersOf(state), ...parts });
}
const rowOf = (caps: Caps, asset: string) => caps.assets.find((one) => one.asset === asset)!;
/** Every asset's parameters with parts replaced. */
function withParameters(part: Partial<ParametersByAsset[string]>): ProtocolState {
  return risky({ assets: state.assets.map((row) => ({ ...row, parameters: { ...row.parameters, ...part } })) });
}
const state = risky();
const found = await reckoned(state);

describe('what a market takes', () => {
  const market = {
    volumeUsd: 3e7,
    impact: { scale: 0.04, delta: 0.5, spread: 0.12 },
    lasting: { scale: 0.05, delta: 0.6, spread: 0.9 },
  };

  it('costs what the law of impact says, and the most it takes at a cost costs just that', () => {
    for (const sizeUsd of [1, 1e4, 1e6, 1e8]) {
      const plain = 0.04 * ((0.12 * sizeUsd) / 1.5e7) ** 0.5 + 0.05 * ((0.9 * sizeUsd) / 1.5e7) ** 0.6;
      expect(Absorb.cost(kernel, market, sizeUsd, 0.5) / plain).toBeCloseTo(1, 12);
      const size = Absorb.most(kernel, market, plain, 0.5);
      expect(size / sizeUsd).toBeCloseTo(1, 6);
    }
    expect(Absorb.most(kernel, market, 0, 1)).toBe(0);
    const free = { ...market, impact: { ...market.impact, scale: 0 }, lasting: { ...market.lasting, scale: 0 } };
    expect([Absorb.cost(kernel, free, 1e9, 1), Absorb.most(kernel, free, 0.01, 1)]).toEqual([0, Number.POSITIVE_INFINITY]);
  });
});

describe('seizures', () => {
  it('are those of a plain walk through the paths, account by account', () => {
    const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive' });
    const fast = Seizures.along(kernel, prepared, parametersOf(state), 300);
    const { factors } = kernel.simulate(prepared.law, prepared.seed, prepared.steps, 0, 300);
    const assets = state.assets.map(({ asset }) => asset);
    for (let path = 0; path < 300; path += 1) {
      const gone = new Set<string>();
      const most = Object.fromEntries(assets.map((asset) => [asset, 0]));
      let mostBought = 0;
      for (let step = 0; step < 24; step += 1) {
        const sold = Object.fromEntries(assets.map((asset) => [asset, 0]));
        let bought = 0;
        for (const { account, collateral, debt } of state.lending) {
          const { asset, amountTokens } = collateral[0]!;
          const usd = amountTokens * 100 * factors[(path * 24 + step) * 3 + model.assets.indexOf(asset)]!;
          const owed = debt[0]!.amountTokens;
          if (gone.has(account) || owed <= usd * 0.8) continue;
          gone.add(account);
          sold[asset]! += Math.min(usd, owed * 1.05);
          bought += Math.min(owed, usd / 1.05);
        }
        for (const asset of assets) most[asset] = Math.max(most[asset]!, sold[asset]!);
        mostBought = Math.max(mostBought, bought);
      }
      for (const asset of model.assets) expect(fast.soldUsd.get(assets.indexOf(asset))![path]).toBeCloseTo(most[asset]!, 3);
      expect(fast.boughtUsd.get(assets.indexOf('USD'))![path]).toBeCloseTo(mostBought, 3);
    }
    expect(Math.max(...fast.soldUsd.get(0)!)).toBeGreaterThan(0);
    expect(fast.largestSoldUsd.get(0)).toBeCloseTo(1.05 * 2_000_000 * (0.6 + 0.003 * 39), 3);
  });
});

describe('caps', () => {
  it('are what the market takes over what the tail throws on it, rounded down, and say which constraint binds', () => {
    expect(Caps.parse(found)).toEqual(found);
    const { supplyCapTokens: cap, suppliedTokens, tailUsd, tailStandardErrorUsd, largestUsd, takesTailUsd } = rowOf(found, 'A00');
    const thrown = Math.max(tailUsd + 2 * tailStandardErrorUsd, largestUsd);
    const plain = (suppliedTokens * takesTailUsd!) / thrown;
    expect(cap.to).toBeLessThanOrEqual(plain);
    expect(cap.to).toBeGreaterThan(0.9 * plain);
    expect(cap).toMatchObject({ verdict: 'change', from: null, low: cap.to, binding: tailUsd > largestUsd ? 'depth' : 'concentration' });
    expect(cap.high).toBeGreaterThan(cap.low!);
  });

  it('are twice as large in markets twice as deep, and bound by the largest account where it is alone', async () => {
    const deep = risky({
      assets: state.assets.map((row) => ({ ...row, depth: { ...row.depth, dailyVolumeUsd: 2 * row.depth.dailyVolumeUsd } })),
    });
    const twice = rowOf(await reckoned(deep), 'A00').supplyCapTokens.low! / rowOf(found, 'A00').supplyCapTokens.low!;
    expect(twice).toBeGreaterThan(1.85);
    expect(twice).toBeLessThan(2.15);
    const one = risky({ lending: [state.lending.find(({ collateral }) => collateral[0]!.asset === 'A00')!] });
    expect(rowOf(await reckoned(one), 'A00').supplyCapTokens.binding).toBe('concentration');
  });

  it('hold where today’s is one of those the data cannot tell apart', async () => {
    const { low, high } = rowOf(found, 'A00').supplyCapTokens;
    const inside = rowOf(await reckoned(withParameters({ supplyCapTokens: (low! + high!) / 2 })), 'A00').supplyCapTokens;
    expect(inside).toMatchObject({ verdict: 'hold', from: (low! + high!) / 2, to: (low! + high!) / 2, low, high });
    const outside = rowOf(await reckoned(withParameters({ supplyCapTokens: high! * 2 })), 'A00').supplyCapTokens;
    expect(outside).toMatchObject({ verdict: 'change', to: low });
  });

  it('abstain for a constant asset, for one that nobody owes, and for everything when the data is stale', async () => {
    expect(rowOf(found, 'USD').borrowCapTokens).toMatchObject({ verdict: 'abstain', reason: 'not-in-panel', to: null });
    expect(rowOf(found, 'A00').borrowCapTokens).toMatchObject({ verdict: 'abstain', reason: 'no-exposure' });
    const old = await reckoned(state, { now: '2024-03-01T00:00:00.000Z' });
    for (const one of old.assets) {
      for (const level of [one.supplyCapTokens, one.borrowCapTokens, one.liquidationBonusBps])
        expect(level).toMatchObject({ verdict: 'abstain', reason: 'stale-data', to: level.from });
    }
  });
});

describe('bonuses', () => {
  const generous = withParameters({ liquidationBonusBps: 2000 });
  /** Bad debt that rises or falls as bonuses fall. */
  const biased =
    (sign: 1 | -1): Evaluate =>
    async (request) => {
      const evidence = await singleThread(kernel, { state, model, scenarios, risk: { level: of.level, budgetUsd: 1 } })(request);
      const lower = Object.values(request.parameters).some(({ liquidationBonusBps: bonus }) => bonus < 2000 && bonus !== 500);
      const badDebtUsd = evidence.paths.badDebtUsd.map((_, path) => 1e9 + 1e6 * (path % 7) * (lower ? 1 + sign / 2 : 1));
      return { ...evidence, paths: { ...evidence.paths, badDebtUsd } };
    };

  it('fall to what pays for the sale, and hold where the engine then sees more bad debt', async () => {
    const fewer = await reckoned(generous, { evaluate: biased(-1) });
    const level = rowOf(fewer, 'A00').liquidationBonusBps;
    expect(level).toMatchObject({ verdict: 'change', from: 2000, to: level.high, binding: 'cost-of-sale' });
    expect(level.to! % 25).toBe(0);
    expect(fewer.bonuses!.changeUsd).toBeLessThan(0);
    const more = await reckoned(generous, { evaluate: biased(1) });
    expect(more.bonuses!.changeUsd).toBeGreaterThan(0);
    expect(rowOf(more, 'A00').liquidationBonusBps).toMatchObject({ verdict: 'hold', from: 2000, to: 2000 });
    expect(rowOf(more, 'A00').liquidationBonusBps.binding).toMatch(/^bad-debt/);
  });

  it('never rise above what fits under the threshold', async () => {
    const { assets } = withParameters({ liquidationBonusBps: 10, liquidationThresholdBps: 9700, haircutBps: 600 });
    const lending = state.lending.map((account) => ({
      ...account,
      debt: account.debt.map((one) => ({ ...one, amountTokens: 1.3 * one.amountTokens })),
    }));
    const level = rowOf(await reckoned(risky({ assets, lending })), 'A00').liquidationBonusBps;
    // 0.97 × (1 + bonus) ≤ 0.98: 103 bps.
    expect(level.low).toBeGreaterThan(103);
    expect([103, 10]).toContain(level.to);
    expect(level.binding).toMatch(/^(bonus-buffer|bad-debt)/);
  });
});
