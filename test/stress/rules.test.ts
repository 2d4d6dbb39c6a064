/** Each protocol's rule by hand, on one account with deep markets and nobody to pay: kernel/assembly/lending.ts, tuner/stress/rules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssetState, type LendingAccount, type LendingProtocol, parametersOf, type RiskParameters } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Agents from '../../tuner/stress/agents.ts';
import * as Book from '../../tuner/stress/book.ts';
import { MORPHO } from '../../tuner/stress/rules/morpho.ts';
import * as Rule from '../../tuner/stress/rules/rule.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Fixture from './fixture.ts';

const kernel = loadKernel();
const MODEL = Fixture.model(1);
const STEPS = 12;
const DEEP = { dailyVolumeUsd: 1e30, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'deep' };
const INSTANT = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
const FREE = [{ ...Agents.FLASH, gasUsd: 0, capitalCost: 0 }];

type Case = {
  readonly protocol: LendingProtocol;
  readonly debtUsd: number;
  readonly collateralUsd?: number;
  readonly parameters?: Partial<RiskParameters>;
  readonly factors?: readonly number[];
  readonly liquidators?: readonly Agents.Liquidator[];
};

function stateOf(accounts: readonly LendingAccount[], parameters: Partial<RiskParameters> = {}, extra: readonly AssetState[] = []) {
  return Fixture.state(
    [
      Fixture.asset('A00', { feed: INSTANT, depth: DEEP, parameters: { ...Fixture.PARAMETERS, ...parameters } }),
      ...extra,
      Fixture.dollar(),
    ],
    accounts,
  );
}

function run({ protocol, debtUsd, collateralUsd = 100_000, parameters = {}, factors = [1], liquidators = FREE }: Case) {
  const collateral = [{ asset: 'A00', amountTokens: collateralUsd / 100 }];
  const state = stateOf([{ account: 'a', protocol, eMode: 0, collateral, debt: [{ asset: 'USD', amountTokens: debtUsd }] }], parameters);
  const named = {
    name: 'path',
    source: 'hypothetical' as const,
    says: 'a path of the test',
    priceFactor: { A00: factors },
    elsewhere: factors.map(() => 1),
    depthFactor: 1,
    oracleFrozenSteps: 0,
  };
  const prepared = Stress.prepare(state, MODEL, Fixture.scenarios(MODEL, 1, STEPS, [named]), {
    borrowers: 'standing',
    assumed: { liquidators },
  });
  return Stress.stressNamed(kernel, prepared, parametersOf(state))[0]!;
}

describe('aave-v3', () => {
  it('closes half between health 0.95 and 1, all below, and all of a side under 2,000', () => {
    const repaid = (debtUsd: number, collateralUsd?: number) =>
      run({ protocol: 'aave-v3', debtUsd, ...(collateralUsd === undefined ? {} : { collateralUsd }) }).liquidatedUsd;
    expect(repaid(81_000)).toBeCloseTo(40_500, 6);
    expect(repaid(85_000)).toBeCloseTo(85_000, 6);
    expect(repaid(1_999, 2_490)).toBeCloseTo(1_999, 6);
    // At 2,001 half would leave 1,000.5 of debt, but 2,490 − 1,000.5 · 1.05 = 1,439 of collateral: both stay above 1,000.
    expect(repaid(2_001, 2_490)).toBeCloseTo(1_000.5, 6);
  });

  it('leaves 1,000 of both sides or nothing of one', () => {
    // Half of 4,090 in the larger of two debts would leave 5 of its 2,050. Less is taken, so that 1,000 stays.
    const accounts: LendingAccount[] = [
      {
        account: 'a',
        eMode: 0,
        collateral: [{ asset: 'A00', amountTokens: 51 }],
        debt: [
          { asset: 'USD', amountTokens: 2_050 },
          { asset: 'A01', amountTokens: 20.4 },
        ],
      },
    ];
    const model = Fixture.model(2);
    const state = stateOf(accounts, {}, [Fixture.asset('A01', { feed: INSTANT, depth: DEEP })]);
    const prepared = Stress.prepare(state, model, Fixture.scenarios(model, 1, 1), {
      borrowers: 'standing',
      assumed: { liquidators: FREE },
    });
    const { debtStart, debtTokens, lenderRule } = prepared.book.input;
    expect([...debtStart, ...lenderRule]).toEqual([0, 2, 0]);
    const input = { ...prepared.book.input, collateralThreshold: Float64Array.of(0.8), collateralBonus: Float64Array.of(0.05) };
    const still = { count: 1, steps: 1, columns: 2, factors: Float64Array.of(1, 1), frozenSteps: 0 };
    const { last } = kernel.stress(input, still);
    expect(debtTokens[0]! - last.debtLeft[0]!).toBeCloseTo(1_050, 6);
  });
});

describe('compound-v3', () => {
  const rule = { haircutBps: 2_500, liquidationBonusBps: 500 };

  it('absorbs at 95 %, sells at 3 % off, and loses what that does not bring: max(0, D − C (1 − 0.6 · 5 %))', () => {
    // Solvent for the borrower: 85,000 of debt is credited up to 95,000; the buyer pays 97,000; the protocol gains.
    const solvent = run({ protocol: 'compound-v3', debtUsd: 85_000, parameters: rule });
    expect(solvent).toMatchObject({ badDebtUsd: 0, liquidatedAccounts: 1 });
    expect(solvent.liquidatedUsd).toBeCloseTo(85_000, 6);
    expect(solvent.penaltyUsd).toBeCloseTo(5_000, 6);
    fc.assert(
      fc.property(fc.double({ min: 80_001, max: 200_000, noNaN: true }), (debtUsd) => {
        const { badDebtUsd } = run({ protocol: 'compound-v3', debtUsd, parameters: rule });
        expect(badDebtUsd).toBeCloseTo(Math.max(0, debtUsd - 97_000), 5);
      }),
    );
  });

  it('bears the price between taking over and selling: what no buyer has funds for falls with the market', () => {
    const slow = [{ ...FREE[0]!, inventoryUsd: 9_700, recycleSeconds: 1e12 }];
    const { badDebtUsd } = run({ protocol: 'compound-v3', debtUsd: 85_000, parameters: rule, factors: [1, 0.5], liquidators: slow });
    // Claim 95,000; 9,700 paid for 10,000 of collateral; the other 90,000 are worth 45,000.
    expect(badDebtUsd).toBeCloseTo(95_000 - 9_700 - 45_000, 5);
  });
});

describe('morpho', () => {
  it('has the published incentive factors, whatever bonus is listed', () => {
    const published = { 0.385: 1.15, 0.625: 1.126761, 0.77: 1.074114, 0.86: 1.043841, 0.915: 1.026167, 0.945: 1.016777, 0.98: 1.006036 };
    for (const [lltv, factor] of Object.entries(published)) expect(1 + Rule.bonusOf(MORPHO, Number(lltv), 0.5)).toBeCloseTo(factor, 6);
  });

  it('closes all at once, and what is missing is max(0, D − C / factor)', () => {
    const parameters = { haircutBps: 1_400, liquidationThresholdBps: 8_600, liquidationBonusBps: 0 };
    expect(run({ protocol: 'morpho', debtUsd: 86_500, parameters }).liquidatedUsd).toBeCloseTo(86_500, 6);
    const factor = 1 / (1 - 0.3 * 0.14);
    expect(run({ protocol: 'morpho', debtUsd: 97_000, parameters }).badDebtUsd).toBeCloseTo(97_000 - 100_000 / factor, 5);
  });
});

describe('liquidators', () => {
  const one = { ...Agents.FLASH, gasUsd: 0, capitalCost: 0 };
  const repaid = (liquidators: readonly Agents.Liquidator[], debtUsd = 81_000) =>
    run({ protocol: 'morpho', debtUsd, liquidators, parameters: { liquidationThresholdBps: 8_000 } }).liquidatedUsd;

  it('pay what they have, and again what has come free', () => {
    // Two rounds: the step and its run-off. Half of 10,000 is free again after a step of an hour.
    expect(repaid([{ ...one, inventoryUsd: 10_000, recycleSeconds: 3_600 }], 90_000)).toBeCloseTo(15_000, 6);
    expect(repaid([{ ...one, inventoryUsd: 10_000, recycleSeconds: 1e15 }], 90_000)).toBeCloseTo(10_000, 6);
  });

  it('come only above their threshold', () => {
    const earned = 81_000 * Rule.bonusOf(MORPHO, 0.8, 0);
    expect(repaid([{ ...one, thresholdUsd: earned - 1 }])).toBeCloseTo(81_000, 6);
    expect(repaid([{ ...one, thresholdUsd: earned + 1 }])).toBe(0);
  });

  it('leave the deal to whom it is worth most, and what he cannot pay to the next', () => {
    // The desk's capital is cheaper, but a tenth of the money earns less than the whole: the loan of the moment goes first.
    const desk = { ...Agents.DESK, inventoryUsd: 8_100 };
    expect(repaid([desk, Agents.FLASH])).toBeCloseTo(81_000, 6);
    expect(repaid([desk])).toBeLessThan(17_000);
    expect(repaid([Agents.DESK, { ...Agents.FLASH, gasUsd: 1e9 }])).toBeCloseTo(81_000, 6);
  });
});

describe('accounts', () => {
  const holding = (asset: string, amountTokens: number) => ({ asset, amountTokens });

  it('are refused where their protocol has no such position', () => {
    const two = { account: 'a', eMode: 0, collateral: [holding('A00', 1), holding('USD', 1)], debt: [holding('USD', 1)] };
    const prepare = (account: LendingAccount, assumed: Partial<Book.Assumptions> = {}) =>
      Stress.prepare(stateOf([account]), MODEL, Fixture.scenarios(MODEL, 1, 1), { borrowers: 'standing', assumed });
    expect(() => prepare({ ...two, protocol: 'morpho' })).toThrow(Rule.TooManyHoldingsError);
    expect(() => prepare({ ...two, protocol: 'compound-v3' })).not.toThrow();
    expect(() => prepare({ ...two, protocol: 'morpho' }, { rules: [] })).toThrow(Book.NoRuleError);
  });

  it('count an isolated asset only where it is alone', () => {
    const isolated = Fixture.asset('A01', { isolation: 'isolated' });
    const health = (collateral: LendingAccount['collateral']) => {
      const model = Fixture.model(2);
      const state = stateOf([{ account: 'a', eMode: 0, collateral, debt: [holding('USD', 100)] }], {}, [isolated]);
      return Stress.healthOf(
        Stress.prepare(state, model, Fixture.scenarios(model, 1, 1), { borrowers: 'standing' }),
        parametersOf(state),
      )[0]!.health;
    };
    expect(health([holding('A01', 2)])).toBeCloseTo(1.6, 12);
    expect(health([holding('A00', 2), holding('A01', 2)])).toBeCloseTo(1.6, 12);
  });
});
