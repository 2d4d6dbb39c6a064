import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Knob, least, type Plan, settle } from '../../tuner/greedy.ts';
import type { Judgement } from '../../tuner/objective.ts';

const knob = (asset: string, rest: Partial<Knob> = {}): Knob => ({
  asset,
  forced: 0,
  looser: 4,
  tighter: 4,
  far: 12,
  furthestLooser: 12,
  looserBinding: 'max-loosen',
  tighterBinding: 'max-tighten',
  powerUsd: (steps) => 100 - 5 * steps,
  ...rest,
});
const judged = (lossUsd: number, budgetUsd: number, standardErrorUsd = 0): Judgement => ({
  expectedShortfallUsd: lossUsd,
  standardErrorUsd,
  overBudgetUpper: 0,
  budgetUsd,
  fits: lossUsd <= budgetUsd,
  safe: lossUsd + 2 * standardErrorUsd <= budgetUsd,
  mightFit: lossUsd - 2 * standardErrorUsd <= budgetUsd,
  binding: 'expected-shortfall',
});
/** Loss: start − Σ rate × steps, never negative. */
const linear = (start: number, rates: Record<string, number>, budgetUsd: number, standardErrorUsd = 0) => {
  const asked: Plan[] = [];
  const judge = async (plan: Plan) => {
    asked.push(plan);
    const loss = start - Object.entries(plan).reduce((sum, [asset, steps]) => sum + (rates[asset] ?? 0) * steps, 0);
    return judged(Math.max(0, loss), budgetUsd, standardErrorUsd);
  };
  return { judge, asked };
};
const settledBy = (knobs: readonly Knob[], judge: (plan: Plan) => Promise<Judgement>, permits: (plan: Plan) => boolean = () => true) =>
  settle(knobs, { stand: judge, judge, screen: async (plan) => (await judge(plan)).expectedShortfallUsd, permits });

describe('tightening', () => {
  test('takes the asset whose loss falls most per power first, and no step more than needed', async () => {
    const { judge } = linear(100, { A: 5, B: 10, C: 1 }, 70);
    const settled = await settledBy([knob('A'), knob('B'), knob('C')], judge);
    expect(settled).toMatchObject({ outcome: 'tightened', plan: { B: 3 }, target: { B: 3 } });
    expect(settled.after.expectedShortfallUsd).toBe(70);
    expect(settled.bindings).toMatchObject({ B: 'expected-shortfall' });
  });

  test('goes on to the next asset when the first is at its limit', async () => {
    const { judge } = linear(100, { A: 5, B: 10, C: 1 }, 50);
    const settled = await settledBy([knob('A'), knob('B'), knob('C')], judge);
    expect(settled).toMatchObject({ outcome: 'tightened', plan: { B: 4, A: 2 } });
    expect(settled.bindings).toMatchObject({ B: 'max-tighten', A: 'expected-shortfall' });
  });

  test('stops with two standard errors to spare', async () => {
    const { judge } = linear(100, { B: 10 }, 90, 5);
    expect((await settledBy([knob('B')], judge)).plan).toEqual({ B: 2 });
  });

  test('names a distant target where one move is not enough', async () => {
    const { judge } = linear(100, { B: 10 }, 25);
    const settled = await settledBy([knob('B')], judge);
    expect(settled).toMatchObject({ outcome: 'tightened', plan: { B: 4 }, target: { B: 8 }, bindings: { B: 'max-tighten' } });
  });

  test('says unreachable where even the walls are not enough, and still moves what helps', async () => {
    const { judge } = linear(1000, { B: 10, C: 0 }, 25);
    const settled = await settledBy([knob('B'), knob('C')], judge);
    expect(settled).toMatchObject({ outcome: 'unreachable', plan: { B: 4 }, target: { B: 4 } });
    expect(settled.plan['C']).toBeUndefined();
  });

  test('leaves out what would hurt more accounts than permitted', async () => {
    const { judge } = linear(100, { A: 9, B: 10 }, 70);
    const settled = await settledBy([knob('A'), knob('B')], judge, (plan) => plan['B'] === undefined);
    expect(settled).toMatchObject({ plan: { A: 4 }, bindings: { B: 'newly-liquidatable' } });
  });
});

describe('netted margins are not monotone asset by asset', () => {
  test('all together by one share where each alone makes it worse', async () => {
    // Loss falls with the smaller of the two moves and rises with their difference.
    const judge = async ({ A = 0, B = 0 }: Plan) => judged(100 - 10 * Math.min(A, B) + 5 * Math.abs(A - B), 75);
    const settled = await settledBy([knob('A'), knob('B')], judge);
    expect(settled).toMatchObject({ outcome: 'tightened', plan: { A: 3, B: 3 } });
    expect(settled.after.safe).toBe(true);
  });
});

describe('loosening', () => {
  test('everything to its limit where all of it is safe: one question', async () => {
    const { judge, asked } = linear(10, { A: 1, B: 1 }, 100);
    const settled = await settledBy([knob('A'), knob('B', { looser: 2, looserBinding: 'gap' })], judge);
    expect(settled).toMatchObject({ outcome: 'loosened', plan: { A: -4, B: -2 }, bindings: { A: 'max-loosen', B: 'gap' } });
    expect(new Set(asked.map((plan) => JSON.stringify(plan))).size).toBe(2);
  });

  test('most power per loss first, up to the edge of the budget', async () => {
    const { judge } = linear(10, { A: 1, B: 4 }, 19);
    const settled = await settledBy([knob('A'), knob('B')], judge);
    expect(settled).toMatchObject({ outcome: 'loosened', plan: { A: -4, B: -1 } });
    expect(settled.bindings).toEqual({ A: 'max-loosen', B: 'expected-shortfall' });
  });

  test('holds where not one step is safe', async () => {
    const { judge } = linear(10, { A: 1, B: 4 }, 10.5);
    expect(await settledBy([knob('A'), knob('B')], judge)).toMatchObject({ outcome: 'held', plan: {} });
  });
});

test('holds at the boundary: fits, but not by two standard errors', async () => {
  const { judge, asked } = linear(10, { A: 1 }, 11, 1);
  const settled = await settledBy([knob('A')], judge);
  expect(settled).toMatchObject({ outcome: 'held', plan: {}, bindings: { A: 'expected-shortfall' } });
  expect(asked).toHaveLength(1);
});

test('a forced move is made whatever the evidence says', async () => {
  const { judge } = linear(0, { A: 1 }, 100);
  expect((await settledBy([knob('A', { forced: 2, looser: 0 })], judge)).plan).toEqual({ A: 2 });
});

test('whatever the losses, a plan stays inside the limits and a tightened or loosened one is safe', async () => {
  const rates = fc.array(fc.integer({ min: -3, max: 12 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(rates, fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }), async (list, start, budget) => {
      const names = list.map((_, index) => `K${index}`);
      const { judge } = linear(start, Object.fromEntries(names.map((name, index) => [name, list[index]!])), budget);
      const settled = await settledBy(
        names.map((name) => knob(name)),
        judge,
      );
      for (const steps of Object.values(settled.plan)) expect(steps).toBeGreaterThanOrEqual(-4);
      for (const steps of Object.values(settled.plan)) expect(steps).toBeLessThanOrEqual(4);
      if (settled.outcome === 'loosened') expect(settled.after.safe).toBe(true);
      const reached = JSON.stringify(settled.plan) === JSON.stringify(settled.target);
      if (settled.outcome === 'tightened' && reached) expect(settled.after.safe).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('least finds the first of a monotone test with few questions', async () => {
  let asked = 0;
  const found = await least(1, 1000, async (n) => {
    asked += 1;
    return n >= 618;
  });
  expect(found).toBe(618);
  expect(asked).toBeLessThanOrEqual(10);
});
