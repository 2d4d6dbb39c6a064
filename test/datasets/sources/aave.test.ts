import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../base/errors.ts';
import { isSealed } from '../../../base/id.ts';
import * as Aave from '../../../datasets/sources/aave.ts';
import * as Imputation from '../../../datasets/sources/imputation.ts';
import * as StateFile from '../../../datasets/sources/state-file.ts';
import { type LendingAccount, ProtocolState } from '../../../datasets/state.ts';
import { hasReal, REAL } from '../real.ts';

const HEADER =
  'user,symbol,side,amount,amount_usd,price_usd,liquidation_threshold,base_ltv,liquidation_bonus,emode_category,borrow_cap,supply_cap';
const WETH = (user: string, usd: number): string => `${user},WETH,debt,1,${usd},2000,0.83,0.805,1.05,1,0,3200000`;
const USDT = (user: string, usd: number): string => `${user},USDT,debt,1,${usd},1,0.78,0.75,1.045,0,100,9500000000`;
const OTHERS = [
  WETH('z0', 1),
  USDT('z6', 1),
  'z1,wstETH,debt,1,1,2400,0.81,0.785,1.06,1,0,1760000',
  'z2,weETH,debt,1,1,2100,0.8,0.775,1.07,1,0,2200000',
  'z3,WBTC,debt,1,1,90000,0.78,0.73,1.05,0,0,50000',
  'z4,LINK,debt,1,1,12,0.71,0.66,1.07,0,0,20000000',
  'z5,GHO,debt,1,1,1,0,0,0,0,0,1',
];
const RESERVES = JSON.stringify({
  AaveV3Ethereum: {
    eModes: { '1': { liquidationBonus: 10100 } },
    reserves: [{ symbol: 'WETH', underlying: '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2', decimals: 18 }],
  },
});

function tables(users: readonly string[], positions: readonly string[]): Aave.Tables {
  return {
    usersCsv: ['user,total_debt_usd,total_collateral_usd,health_factor', ...users].join('\n'),
    positionsCsv: [HEADER, ...positions, ...OTHERS].join('\n'),
    reservesJson: RESERVES,
  };
}

const OPTIONS = { seed: 1, imputation: 'proportional' } as const;

function meanThreshold(state: ProtocolState, account: LendingAccount): number {
  const of = new Map(state.assets.map((one) => [one.asset, one]));
  const usd = account.collateral.map(({ asset, amountTokens }) => amountTokens * of.get(asset)!.priceUsd);
  const total = usd.reduce((sum, one) => sum + one, 0);
  return (
    account.collateral.reduce((sum, { asset }, i) => sum + (usd[i]! * of.get(asset)!.parameters.liquidationThresholdBps) / 10_000, 0) /
    total
  );
}

describe('rules', () => {
  const state = Aave.importAave(
    tables(
      [
        'kept,1000,2000,1.6', // τ 0.80
        'loop,900,1000,0.9', // τ 0.81, eMode: 0.95 × 1000 / 900 > 1
        'under,1000,900,0.72',
        'empty,1000,0,0',
        'rowless,1000,2000,1.6',
        'deep,980,1000,0.8', // 0.95 × 1000 / 980 < 1
        'short,1000,2000,1.6', // one row of two is missing
      ],
      [USDT('kept', 1000), WETH('loop', 900), USDT('under', 1000), USDT('empty', 1000), WETH('deep', 980), USDT('short', 600)],
    ),
    OPTIONS,
  );

  test('who is kept, who is set aside and why', () => {
    expect(() => ProtocolState.parse(state)).not.toThrow();
    expect(isSealed(state)).toBe(true);
    expect(state.lending.map(({ account, eMode }) => [account, eMode])).toEqual([
      ['kept', 0],
      ['loop', 1],
      ['short', 0],
    ]);
    expect(state.setAside.map(({ account, rule }) => [account, rule])).toEqual([
      ['deep', 'health below 1, not cured by eMode'],
      ['empty', 'collateral below debt'],
      ['rowless', 'no debt row'],
      ['under', 'collateral below debt'],
    ]);
    expect(state.setAside.find(({ account }) => account === 'under')).toMatchObject({ debtUsd: 1000, collateralUsd: 900 });
  });

  test('debt is the user total, by the rows', () => {
    expect(state.lending.find(({ account }) => account === 'short')!.debt).toEqual([{ asset: 'USDT', amountTokens: 1000 }]);
    expect(state.lending.find(({ account }) => account === 'loop')!.debt).toEqual([{ asset: 'WETH', amountTokens: 0.45 }]);
  });

  test('one unit for three spellings: 0.83, 1.05 and 10100', () => {
    expect(state.assets.find(({ asset }) => asset === 'WETH')!.parameters).toEqual({
      haircutBps: 1950,
      liquidationThresholdBps: 8300,
      liquidationBonusBps: 500,
      marginMultiplierPpm: 1_000_000,
      supplyCapTokens: 3_200_000,
      borrowCapTokens: null,
    });
    expect(state.assets.find(({ asset }) => asset === 'GHO')!.parameters).toMatchObject({
      haircutBps: 10_000,
      liquidationThresholdBps: 0,
      liquidationBonusBps: 0,
    });
    expect(state.eModes[0]).toMatchObject({
      category: 1,
      liquidationThresholdBps: 9500,
      liquidationBonusBps: 100,
      assets: ['WETH', 'weETH', 'wstETH'],
    });
    const spelt = tables(['a,1000,2000,1.6'], [WETH('a', 1000)]);
    const stored = Aave.importAave({ ...spelt, positionsCsv: spelt.positionsCsv.replaceAll(',1.05,', ',10500,') }, OPTIONS);
    expect(stored.assets.find(({ asset }) => asset === 'WETH')!.parameters.liquidationBonusBps).toBe(500);
  });

  test('the state survives being written and read; a changed byte does not', () => {
    const text = StateFile.write(state);
    expect(StateFile.parse(text, 'state.json')).toEqual(state);
    const named = (name: string) => expect.objectContaining({ name });
    expect(() => StateFile.parse(text.replace('"amountTokens":1000', '"amountTokens":1001'), 'state.json')).toThrowError(
      named('StateFile.ChangedError'),
    );
    expect(() => StateFile.parse(text.replace('"closeFactorBps":5000', '"closeFactorBps":"x"'), 'state.json')).toThrowError(
      /state\.json, field "closeFactorBps"/,
    );
    expect(() => StateFile.parse(text.slice(0, -9), 'state.json')).toThrowError(named('StateFile.UnreadableError'));
  });
});

describe('refusals', () => {
  const good = tables(['a,1000,2000,1.6'], [USDT('a', 1000)]);
  test.each([
    [
      { ...good, usersCsv: good.usersCsv.replace('1.6', 'well') },
      'Cells.UnreadableCellError',
      /users, line 2, column "health_factor".*"well"/,
    ],
    [{ ...good, usersCsv: good.usersCsv.replace('2000', '-2000') }, 'Cells.UnreadableCellError', /at least 0/],
    [{ ...good, usersCsv: 'user,debt\na,1' }, 'Cells.MissingColumnError', /"total_debt_usd"/],
    [{ ...good, positionsCsv: good.positionsCsv.replace(',debt,', ',collateral,') }, 'Aave.NotDebtError', /line 2/],
    [{ ...good, positionsCsv: `${good.positionsCsv}\n${USDT('b', 1).replace('0.78', '0.79')}` }, 'Aave.ContradictionError', /USDT/],
    [{ ...good, positionsCsv: good.positionsCsv.replace('1.045', '4.5') }, 'AaveAssets.BonusUnitError', /4\.5/],
    [{ ...good, positionsCsv: good.positionsCsv.replace(',1000,1,', ',1000,0,') }, 'Aave.NoPriceError', /line 2/],
    [{ ...good, reservesJson: '[]' }, 'AaveAssets.ReservesError', /another shape/],
    [{ ...good, reservesJson: '{' }, 'AaveAssets.ReservesError', /JSON/],
  ])('%#', (bad, name, says) => {
    const outcome = (() => {
      try {
        return Aave.importAave(bad, OPTIONS);
      } catch (error) {
        return error;
      }
    })();
    expect(outcome).toBeInstanceOf(PlimsollError);
    expect(outcome).toMatchObject({ name, message: expect.stringMatching(says) });
  });
});

describe('imputation', () => {
  test('the threshold is matched, weights sum to one, debt is never its own collateral unless it must be', () => {
    const user = fc.record({
      threshold: fc.double({ min: 0.71, max: 0.83, noNaN: true }),
      debt: fc.constantFrom(WETH, USDT),
      usd: fc.double({ min: 1e3, max: 1e8, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(user, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(...Imputation.RULES),
        fc.integer({ min: 0, max: 99 }),
        (accounts, imputation, seed) => {
          const users = accounts.map(({ threshold, usd }, i) => `a${i},${usd},${2 * usd},${2 * threshold}`);
          const state = Aave.importAave(
            tables(
              users,
              accounts.map(({ debt, usd }, i) => debt(`a${i}`, usd)),
            ),
            { seed, imputation },
          );
          expect(state.lending).toHaveLength(accounts.length);
          for (const account of state.lending) {
            const { threshold, debt, usd } = accounts[Number(account.account.slice(1))]!;
            expect(Math.abs(meanThreshold(state, account) - threshold)).toBeLessThanOrEqual(Imputation.TOLERANCE + 1e-7);
            const total = account.collateral.reduce(
              (sum, { asset, amountTokens }) => sum + amountTokens * state.assets.find((one) => one.asset === asset)!.priceUsd,
              0,
            );
            expect(total / (2 * usd)).toBeCloseTo(1, 9);
            const own = debt === WETH ? 'WETH' : 'USDT';
            const needsOwn = debt === WETH && threshold > 0.81;
            if (!needsOwn) expect(account.collateral.map(({ asset }) => asset)).not.toContain(own);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('the three rules differ as they say', () => {
    // τ 0.80 against a stablecoin, and 0.805 against ETH.
    const given = tables(
      ['a,1000,2000,1.6', 'b,1000,2000,1.61', 'c,1000,2000,1.56', 'd,1000,2000,1.62'],
      [USDT('a', 1000), WETH('b', 1000), WETH('c', 1000), USDT('d', 1000)],
    );
    const held = (imputation: Imputation.Rule, user: number): string[] =>
      Aave.importAave(given, { seed: 3, imputation }).lending[user]!.collateral.map(({ asset }) => asset);
    expect(held('concentrated', 0)).toEqual(['weETH']);
    expect(held('concentrated', 1)).toEqual(['weETH', 'wstETH']);
    expect(held('correlated', 1)).toEqual(['weETH', 'wstETH']);
    expect(held('proportional', 1)).toContain('WBTC');
    expect(held('concentrated', 2)).toHaveLength(1);
  });

  test('the same seed, the same book; only draws between equal thresholds depend on it', () => {
    const given = tables(['a,1000,2000,1.56'], [WETH('a', 1000)]);
    const ids = (imputation: Imputation.Rule) =>
      new Set([0, 1, 2, 3, 4, 5, 6, 7].map((seed) => JSON.stringify(Aave.importAave(given, { seed, imputation }).lending)));
    expect(ids('concentrated').size).toBeGreaterThan(1);
    expect(ids('proportional').size).toBe(1);
  });
});

describe.skipIf(!hasReal)('recorded data', () => {
  const read = (name: string): string => readFileSync(`${REAL}/aave_v3_${name}`, 'utf8');
  const real = (): Aave.Tables => ({
    usersCsv: read('top1000_users_2025-12-01.csv'),
    positionsCsv: read('top1000_debt_positions_2025-12-01.csv'),
    reservesJson: read('ethereum_reserve_params_2023-10-31.json'),
  });

  test.each(Imputation.RULES)('the 1,000 largest borrowers, %s', (imputation) => {
    const state = Aave.importAave(real(), { seed: 1, imputation });
    expect(() => ProtocolState.parse(state)).not.toThrow();
    const count = (rule: string): number => state.setAside.filter((one) => one.rule === rule).length;
    expect(count('collateral below debt')).toBe(169);
    expect(state.setAside.filter(({ rule, collateralUsd }) => rule === 'collateral below debt' && collateralUsd === 0)).toHaveLength(85);
    // 83 users have no row; 7 of them hold less than they owe.
    expect(count('no debt row')).toBe(76);
    expect(count('health below 1, not cured by eMode')).toBe(2);
    // 139 of the 310 are cured by eMode; 4 of those have no debt row.
    expect(state.lending.filter(({ eMode }) => eMode > 0)).toHaveLength(135);
    expect(state.lending).toHaveLength(753);
    expect(state.notes.join(' ')).toMatch(/310 read below health 1/);
    const users = new Map(
      real()
        .usersCsv.trim()
        .split('\n')
        .map((line) => [line.split(',')[0]!, line.split(',').slice(1).map(Number)]),
    );
    const missed = state.lending.filter((account) => {
      const [debt, collateral, health] = users.get(account.account)!;
      return Math.abs(meanThreshold(state, account) - (health! * debt!) / collateral!) > Imputation.TOLERANCE;
    });
    expect(missed).toHaveLength(4);
  });
});
