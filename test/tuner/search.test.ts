import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSealed, seal } from '../../base/id.ts';
import { type ProtocolState, parametersOf } from '../../datasets/state.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Limits from '../../tuner/limits.ts';
import { newlyLiquidatable } from '../../tuner/objective.ts';
import { Field, limitOf, type Policy } from '../../tuner/policy.ts';
import { Recommendation } from '../../tuner/recommendation.ts';
import type { Tuned } from '../../tuner/search.ts';
import * as Book from '../stress/fixture.ts';
import { analytic, fieldOf, fields, NOW, policy, risky, tuned } from './fixture.ts';

/** Five times the variance: about 11 % a day. */
function stormy(): MarketModel {
  const base = Book.model(3);
  const law = { ...base.volatility['A00']!, omega: 0.15, nextVariance: 6, unconditionalVariance: 5 };
  return Book.model(3, { volatility: Object.fromEntries(Book.names(3).map((asset) => [asset, law])) });
}
const model = (overrides: Partial<MarketModel> = {}) => Book.model(3, overrides);

/** Every rule a recommendation must keep whatever the input. */
function checkRules({ recommendation, before, after }: Tuned, state: ProtocolState, of: Policy, history: readonly Limits.PastMove[] = []) {
  expect(Recommendation.parse(recommendation)).toEqual(recommendation);
  expect([recommendation, before, after].every(isSealed)).toBe(true);
  const start = parametersOf(state);
  let changed = start;
  for (const { asset, fields } of recommendation.assets) {
    for (const field of Field.options) {
      const { verdict, reason, from, to, low, high, schedule } = fields[field];
      expect(from).toBe(start[asset]![field]);
      if (verdict !== 'change') expect(to).toBe(from);
      if (verdict === 'abstain') expect(reason).not.toBeNull();
      if (verdict === 'change') expect(to).not.toBe(from);
      expect(low <= to && to <= high).toBe(true);
      const limit = limitOf(of, asset, field);
      expect(Limits.check(limit, { asset, field, from, to, now: NOW, history })).toEqual({ ok: true });
      // Every later move is allowed at its moment when those before it were made, windows and cooldowns included.
      let made: readonly Limits.PastMove[] = [...history, { asset, field, from, to, at: NOW }];
      for (const [index, value] of schedule.entries()) {
        const move = { asset, field, from: index === 0 ? to : schedule[index - 1]!, to: value };
        const at = fields[field].scheduleAt![index]!;
        expect(Limits.check(limit, { ...move, now: at, history: made })).toEqual({ ok: true });
        made = [...made, { ...move, at }];
      }
      changed = { ...changed, [asset]: { ...changed[asset]!, [field]: to } };
    }
    const { haircutBps, liquidationThresholdBps } = fields;
    if ([haircutBps, liquidationThresholdBps].some(({ verdict }) => verdict === 'change')) {
      expect(Limits.checkJoint(of, changed[asset]!)).toEqual({ ok: true });
    }
  }
  expect(after.parameters).toEqual(changed);
  expect(newlyLiquidatable(state, start, changed).length).toBeLessThanOrEqual(of.maxNewlyLiquidatable);
  return changed;
}

describe('on the stress engine', () => {
  test('tightens where the book is risky: loss falls, power is given up, the budget is kept on fresh paths', async () => {
    const state = risky();
    const of = policy({ budgetFraction: 0.03, fields: fields({ maxTighten: 2500, budgets: [] }) });
    const found = await tuned({ state, model: stormy(), policy: of });
    const { recommendation } = found;
    checkRules(found, state, of);
    expect(recommendation.verdict).toBe('change');
    expect(recommendation.before.expectedShortfallUsd).toBeGreaterThan(recommendation.before.budgetUsd);
    expect(recommendation.after.expectedShortfallUsd).toBeLessThan(recommendation.before.budgetUsd);
    expect(recommendation.borrowingPowerUsd.after).toBeLessThan(recommendation.borrowingPowerUsd.before);
    const moved = ['A00', 'A01', 'A02'].map((asset) => fieldOf(found, asset, 'haircutBps')).filter(({ verdict }) => verdict === 'change');
    expect(moved.length).toBeGreaterThan(0);
    for (const { from, to, high } of moved) {
      expect(to).toBeGreaterThan(from);
      expect(high).toBe(to);
    }
    expect(recommendation.evaluations).toBeLessThanOrEqual(100);
  });

  test('the same input gives the same bytes', async () => {
    const parts = { state: risky(), model: stormy(), policy: policy({ budgetFraction: 0.004 }) };
    const [one, two] = [await tuned(parts), await tuned(parts)];
    expect(one.recommendation.id).toBe(two.recommendation.id);
    expect(one.after.id).toBe(two.after.id);
  });

  test('loosens where there is slack, no further than one step, the gap kept', async () => {
    const state = risky();
    const of = policy({ budgetFraction: 0.5, overBudgetProbability: 0.5, minGapBps: 475 });
    const found = await tuned({ state, model: stormy(), policy: of });
    checkRules(found, state, of);
    // LTV 75 %, threshold 80 %, gap 4.75 %: one step of 25 bps.
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'change', from: 2500, to: 2475, binding: 'gap' });
    expect(found.recommendation.borrowingPowerUsd.after).toBeGreaterThan(found.recommendation.borrowingPowerUsd.before);
  });

  test('holds at the boundary, and a threshold is through-the-cycle', async () => {
    const state = risky();
    const wide = await tuned({ state, model: stormy(), policy: policy({ budgetFraction: 0.9 }) });
    // A budget a hair above what today's parameters lose: fits, but not by two standard errors.
    const { expectedShortfallUsd, budgetUsd } = wide.before.summary;
    const of = policy({ budgetFraction: (1.001 * 0.9 * expectedShortfallUsd) / budgetUsd, overBudgetProbability: 0.5 });
    const found = await tuned({ state, model: stormy(), policy: of });
    checkRules(found, state, of);
    expect(found.recommendation.verdict).toBe('hold');
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'hold', binding: 'expected-shortfall' });
    expect(fieldOf(found, 'A00', 'liquidationThresholdBps')).toMatchObject({ verdict: 'hold', binding: 'through-the-cycle' });
    expect(found.after).toBe(found.before);
  });

  test('margins answer to the insurance fund: raised where it is too small, lowered where it is ample', async () => {
    const base = Book.book(3, 0, 60, Book.draws(5));
    const traders = base.derivatives.map((account) => ({ ...account, equityUsd: account.equityUsd * 0.8 + 20 }));
    const small = { ...base, derivatives: traders, insuranceFundUsd: 1 };
    const wide = fields({});
    const of = policy({
      maxNewlyLiquidatable: 1000,
      fields: { ...wide, marginMultiplierPpm: { ...wide.marginMultiplierPpm, maxTighten: 4_000_000, budgets: [] } },
    });
    const raised = await tuned({ state: small, model: stormy(), policy: of }, 512, 48);
    expect(raised.before.summary.meanMarginShortfallUsd).toBeGreaterThan(1);
    const up = Book.names(3).map((asset) => fieldOf(raised, asset, 'marginMultiplierPpm'));
    expect(up.some(({ from, to }) => to > from)).toBe(true);
    expect(raised.after.summary.meanMarginShortfallUsd).toBeLessThan(raised.before.summary.meanMarginShortfallUsd);
    const ample = await tuned({ state: { ...small, insuranceFundUsd: 1e9 }, model: stormy(), policy: of }, 512, 48);
    const down = Book.names(3).map((asset) => fieldOf(ample, asset, 'marginMultiplierPpm'));
    for (const one of down) expect(one).toMatchObject({ verdict: 'change', to: 900_000, binding: 'max-loosen' });
    checkRules(ample, small, of);
  });
});

describe('thresholds', () => {
  /** A loss no haircut can mend within the walls. */
  const bad = (parts: { state: ProtocolState; model: MarketModel; policy: Policy }) => {
    const scenarios = Book.scenarios(parts.model, 512, 1);
    const law = { lineBps: { A00: 0, A01: 0, A02: 0 }, sizeUsd: 1e9, weight: () => 1 };
    return { ...parts, scenarios, evaluate: analytic({ ...parts, scenarios }, law) };
  };
  /** The same, and thresholds matter too. */
  const calm = (): MarketModel => {
    const base = model();
    const volatility = Object.fromEntries(
      Object.entries(base.volatility).map(([asset, law]) => [asset, { ...law, nextVariance: 0.5 * law.unconditionalVariance }]),
    );
    return model({ volatility, regime: { ...base.regime, now: [1, 0, 0] } });
  };
  const withThreshold = (parts: ReturnType<typeof bad>) => ({
    ...parts,
    evaluate: async (request: Parameters<typeof parts.evaluate>[0]) => {
      const evidence = await parts.evaluate(request);
      const extra = Object.values(request.parameters).reduce((sum, { liquidationThresholdBps }) => sum + liquidationThresholdBps, 0);
      const paths = { ...evidence.paths, badDebtUsd: evidence.paths.badDebtUsd.map((usd) => usd + extra) };
      const { id: _, ...body } = evidence;
      return seal({ ...body, paths });
    },
  });

  test('never fall because of turbulence alone, however large the loss', async () => {
    const found = await tuned(withThreshold(bad({ state: risky(), model: model(), policy: policy() })));
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'change', reason: 'unreachable', to: 2800 });
    for (const asset of Book.names(3)) {
      expect(fieldOf(found, asset, 'liquidationThresholdBps')).toMatchObject({ verdict: 'hold', binding: 'through-the-cycle' });
    }
  });

  test('fall one step where calm evidence asks for it and haircuts are exhausted', async () => {
    const state = risky({ lending: risky().lending.map((account) => ({ ...account, debt: [{ asset: 'USD', amountTokens: 1_500_000 }] })) });
    const parts = withThreshold(bad({ state, model: calm(), policy: policy() }));
    const found = await tuned(parts);
    checkRules(found, state, parts.policy);
    expect(fieldOf(found, 'A00', 'liquidationThresholdBps')).toMatchObject({ verdict: 'change', from: 8000, to: 7950 });
  });

  test('do not fall where that would liquidate anybody', async () => {
    // 79.9 % of collateral borrowed: under water at 79.5 % and 79.75 %.
    const state = risky({ lending: risky().lending.map((account) => ({ ...account, debt: [{ asset: 'USD', amountTokens: 1_598_000 }] })) });
    const parts = withThreshold(bad({ state, model: calm(), policy: policy() }));
    const found = await tuned(parts);
    checkRules(found, state, parts.policy);
    expect(fieldOf(found, 'A00', 'liquidationThresholdBps')).toMatchObject({ verdict: 'hold', binding: 'newly-liquidatable' });
  });

  test('fall where the bonus no longer fits under them, in any weather, and the haircut makes room', async () => {
    const parameters = { ...Book.PARAMETERS, haircutBps: 2200, liquidationBonusBps: 2300 };
    // 0.8 × 1.23 = 0.984 > 0.98: the highest threshold that fits is 7967.
    const state = risky({ assets: risky().assets.map((row) => (row.asset === 'A00' ? { ...row, parameters } : row)) });
    const found = await tuned({ state, model: model(), policy: policy({ budgetFraction: 0.9, overBudgetProbability: 0.9 }) });
    expect(fieldOf(found, 'A00', 'liquidationThresholdBps')).toMatchObject({ verdict: 'change', to: 7950, binding: 'joint-constraints' });
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'change', to: 2250, binding: 'joint-constraints' });
  });
});

describe('the two halves of the paths', () => {
  const scenarios = Book.scenarios(model(), 512, 1);
  const parts = { state: risky(), model: model(), policy: policy(), scenarios };
  const under = (lineBps: number, sizeUsd: number, weight: (path: number) => number) =>
    tuned({ ...parts, evaluate: analytic(parts, { lineBps: { A00: lineBps }, sizeUsd, weight }) });

  test('trouble that only the fresh half shows is tightened against, on all paths', async () => {
    const found = await under(7400, 1e7, (path) => (path < 256 ? 0 : 1));
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'change', to: 2600, binding: 'expected-shortfall' });
    checkRules(found, parts.state, parts.policy);
  });

  test('one bad path of the search half neither tightens nor lets anything loosen', async () => {
    // 512 paths: expected shortfall 500 × 1,000 / 5.12 of 105,360 allowed; on the first half alone it would be twice that.
    const found = await under(7000, 1000, (path) => (path === 3 ? 1 : 0));
    expect(found.recommendation.verdict).toBe('hold');
    expect(fieldOf(found, 'A00', 'haircutBps')).toMatchObject({ verdict: 'hold', binding: 'expected-shortfall' });
  });
});

describe('a target beyond one step gets a schedule', () => {
  test('of moves each no longer than the policy allows', async () => {
    const state = risky();
    const of = policy({ fields: fields({ maxTighten: 100, max: 6000 }) });
    const scenarios = Book.scenarios(model(), 512, 1);
    const parts = { state, model: model(), policy: of, scenarios };
    // LTV above 71 % loses; 75 % is four points, four moves, away.
    const evaluate = analytic(parts, { lineBps: { A00: 7100, A01: 9000, A02: 9000 }, sizeUsd: 1e7, weight: () => 1 });
    const found = await tuned({ ...parts, evaluate });
    checkRules(found, state, of);
    const { to, schedule, binding } = fieldOf(found, 'A00', 'haircutBps');
    expect({ to, binding }).toEqual({ to: 2600, binding: 'max-tighten' });
    expect(schedule.slice(0, 2)).toEqual([2700, 2800]);
    expect(schedule.at(-1)).toBeGreaterThanOrEqual(2900);
    expect(fieldOf(found, 'A01', 'haircutBps').verdict).toBe('hold');
  });
});

test('whatever the losses, the policy and the past, no recommendation breaks a rule', async () => {
  const line = fc.integer({ min: 6000, max: 9000 });
  const random = fc.record({
    lines: fc.tuple(line, line, line),
    sizeUsd: fc.constantFrom(0, 1e3, 1e5, 1e7),
    marginLinePpm: fc.constantFrom(0, 900_000, 1_300_000),
    insuranceFundUsd: fc.constantFrom(0, 1e5, 1e9),
    seed: fc.integer({ min: 1, max: 30 }),
    minGapBps: fc.integer({ min: 0, max: 700 }),
    maxNewlyLiquidatable: fc.integer({ min: 0, max: 3 }),
    maxLoosen: fc.integer({ min: 0, max: 300 }),
    maxTighten: fc.integer({ min: 0, max: 900 }),
    step: fc.constantFrom(1, 25, 40),
    past: fc.array(fc.record({ days: fc.integer({ min: 0, max: 40 }), size: fc.integer({ min: -200, max: 200 }) }), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(random, async (drawn) => {
      const of = policy({
        minGapBps: drawn.minGapBps,
        maxNewlyLiquidatable: drawn.maxNewlyLiquidatable,
        fields: fields({ step: drawn.step, maxLoosen: drawn.maxLoosen, maxTighten: drawn.maxTighten }, { maxTighten: drawn.maxTighten }),
      });
      const state = { ...Book.book(3, 12, 6, Book.draws(drawn.seed)), insuranceFundUsd: drawn.insuranceFundUsd };
      const history = drawn.past.map(({ days, size }): Limits.PastMove => {
        const at = new Date(Date.parse(NOW) - days * 86_400_000).toISOString();
        return { asset: 'A00', field: 'haircutBps', from: 2500 - size, to: 2500, at };
      });
      const scenarios = Book.scenarios(model(), 512, 1);
      const parts = { state, model: model(), policy: of, scenarios, history };
      const [a, b, c] = drawn.lines;
      const law = { lineBps: { A00: a, A01: b, A02: c }, sizeUsd: drawn.sizeUsd, marginLinePpm: drawn.marginLinePpm };
      const evaluate = analytic(parts, { ...law, weight: (path) => (path % 50 === 0 ? 1 + (path % 7) : 0) });
      const found = await tuned({ ...parts, evaluate });
      checkRules(found, state, of, history);
      expect(found.recommendation.evaluations).toBeLessThanOrEqual(100);
    }),
    { numRuns: 60 },
  );
});
