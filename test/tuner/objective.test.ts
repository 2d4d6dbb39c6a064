import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parametersOf } from '../../datasets/state.ts';
import * as Objective from '../../tuner/objective.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Book from '../stress/fixture.ts';

const usd = (usd: number) => ({ asset: 'USD', amountTokens: usd });
const of = (asset: string, tokens: number) => ({ asset, amountTokens: tokens });

describe('borrowing power', () => {
  const eMode = { category: 1, label: 'pair', assets: ['A01'], ltvBps: 9000, liquidationThresholdBps: 9300, liquidationBonusBps: 100 };
  const lending = [
    { account: 'a', eMode: 0, collateral: [of('A00', 10)], debt: [usd(600)] },
    { account: 'b', eMode: 1, collateral: [of('A00', 10), of('A01', 10)], debt: [usd(9000)] },
  ];

  test('by hand: own LTV outside eMode, eMode LTV inside, debt used up to the power', () => {
    const state = Book.state([Book.asset('A00'), Book.asset('A01'), Book.dollar()], lending, [], { eModes: [eMode] });
    // a: 1000 × 0.75; b: 1000 × 0.75 + 1000 × 0.90, of which 600 and all 1650 are used.
    expect(Objective.borrowingPowerUsd(state, parametersOf(state))).toEqual({ power: 2400, used: 600 + 1650 });
    expect(Objective.totalDebtUsd(state)).toBe(9600);
    const [first, second] = Objective.exposures(state);
    expect(first).toMatchObject({ collateralUsd: 2000, collateralAccounts: 2 });
    expect(second).toMatchObject({ collateralUsd: 0, collateralAccounts: 0 });
  });

  test('collateral above its supply cap does not count', () => {
    const capped = Book.asset('A00', { parameters: { ...Book.PARAMETERS, supplyCapTokens: 15 } });
    const state = Book.state([capped, Book.asset('A01'), Book.dollar()], lending, [], { eModes: [eMode] });
    expect(Objective.borrowingPowerUsd(state, parametersOf(state)).power).toBeCloseTo(750 * 0.75 + 750 * 0.75 + 900, 9);
  });

  test('a smaller haircut never gives less power', () => {
    const state = Book.book(4, 30, 0, Book.draws(3));
    fc.assert(
      fc.property(fc.constantFrom('A00', 'A01', 'A02', 'A03'), fc.integer({ min: 0, max: 9999 }), (asset, haircutBps) => {
        const at = (value: number) =>
          Objective.borrowingPowerUsd(state, { ...parametersOf(state), [asset]: { ...Book.PARAMETERS, haircutBps: value } }).power;
        expect(at(haircutBps)).toBeGreaterThanOrEqual(at(haircutBps + 1));
      }),
      { numRuns: 40 },
    );
  });
});

describe('accounts a change itself makes liquidatable', () => {
  test('are those whose health the engine sees fall below 1', () => {
    const model = Book.model(3);
    const scenarios = Book.scenarios(model, 1, 1);
    const eModes = [{ category: 2, label: 'e', assets: ['A02'], ltvBps: 9000, liquidationThresholdBps: 9300, liquidationBonusBps: 100 }];
    let seen = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 6000, max: 8000 }),
        fc.integer({ min: 1_000_000, max: 2_000_000 }),
        (seed, liquidationThresholdBps, marginMultiplierPpm) => {
          const base = Book.book(3, 30, 20, Book.draws(seed));
          const lending = base.lending.map((account, index) => ({ ...account, eMode: index % 3 === 0 ? 2 : 0 }));
          const state = { ...base, lending, eModes };
          const from = parametersOf(state);
          const to = { ...from, A01: { ...Book.PARAMETERS, liquidationThresholdBps, marginMultiplierPpm } };
          const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'standing' });
          const [before, after] = [Stress.healthOf(prepared, from), Stress.healthOf(prepared, to)];
          const expected = after.filter(({ health }, index) => health < 1 && before[index]!.health >= 1).map(({ account }) => account);
          expect(Objective.newlyLiquidatable(state, from, to)).toEqual(expected);
          seen += expected.length;
        },
      ),
      { numRuns: 40 },
    );
    expect(seen).toBeGreaterThan(10);
  });
});

describe('judging losses', () => {
  const risk = { level: 0.99, budgetUsd: 10, overBudgetProbability: 0.02 };
  const judge = (lossUsd: readonly number[], of: typeof risk) =>
    Objective.judge({ lossUsd, weight: lossUsd.map(() => 1), largestWeight: 1 }, of);
  const near = (value: number) => expect.closeTo(value, 9) as number;
  const worst = (count: number, loss: number) => Array.from({ length: 1000 }, (_, path) => (path < count ? loss : 0));

  test('fits, safe, might fit: point estimate, two standard errors below, two above', () => {
    // Ten of a thousand lose 9: ES 9 with no spread, hits none over 10.
    expect(judge(worst(10, 9), risk)).toMatchObject({ expectedShortfallUsd: near(9), fits: true, binding: 'expected-shortfall' });
    expect(judge(worst(10, 11), risk)).toMatchObject({ expectedShortfallUsd: near(11), fits: false });
    const spread = [...Array.from({ length: 10 }, (_, path) => 2 * path), ...worst(0, 0).slice(10)];
    const judged = judge(spread, risk);
    expect(judged).toMatchObject({ expectedShortfallUsd: near(9), fits: true, safe: false, mightFit: true });
    expect(judged.standardErrorUsd).toBeGreaterThan(0.5);
  });

  test('a shortfall inside the budget is not enough where too many paths are over it', () => {
    const often = { ...risk, level: 0.6, budgetUsd: 10 };
    const judged = judge(worst(30, 11), often);
    expect(judged.expectedShortfallUsd).toBeLessThan(1);
    expect(judged).toMatchObject({ fits: false, safe: false, binding: 'over-budget-probability' });
  });
});
