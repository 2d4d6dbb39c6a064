import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DerivativeAccount, MarginRule } from '../../../datasets/derivatives.ts';
import { parametersOf } from '../../../datasets/state.ts';
import { loadKernel } from '../../../kernel/kernel.ts';
import * as Account from '../../../tuner/margin/account.ts';
import * as Objective from '../../../tuner/objective.ts';
import * as Stress from '../../../tuner/stress/stress.ts';
import * as Terms from '../../../tuner/stress/terms.ts';
import * as Fixture from '../../stress/fixture.ts';

const kernel = loadKernel();
const EXPIRIES = ['2024-01-08T08:00:00.000Z', '2024-03-29T08:00:00.000Z', '2023-12-29T08:00:00.000Z'];
const RULE: MarginRule = {
  shockByAsset: { A00: 0.18, A01: 0.3 },
  gridSteps: 4,
  initialToMaintenance: 1.25,
  contingencyFraction: 0.005,
  volatilityRangeByAsset: { A00: 0.4, A01: 0.6 },
  optionContingencyFraction: 0.003,
};

const asset = fc.constantFrom('A00', 'A01');
const size = fc.double({ min: -40, max: 40, noNaN: true });
const perp = fc.record({ asset, sizeTokens: size, inverse: fc.constantFrom(undefined, true as const) }).map(({ inverse, ...rest }) => ({
  ...rest,
  ...(inverse === undefined ? {} : { inverse }),
}));
const option = fc.record({
  asset,
  type: fc.constantFrom('call' as const, 'put' as const),
  strikeUsd: fc.double({ min: 40, max: 300, noNaN: true }),
  expiresAt: fc.constantFrom(...EXPIRIES),
  impliedVolatility: fc.double({ min: 0.2, max: 2, noNaN: true }),
  sizeTokens: size,
});
const account: fc.Arbitrary<DerivativeAccount> = fc.record({
  account: fc.constant('a'),
  equityUsd: fc.double({ min: -100, max: 9_000, noNaN: true }),
  perps: fc.array(perp, { minLength: 1, maxLength: 4 }),
  options: fc.array(option, { maxLength: 4 }),
  collateral: fc.array(fc.record({ asset, amountTokens: fc.double({ min: 0.1, max: 50, noNaN: true }) }), { maxLength: 2 }),
});

const model = Fixture.model(2);
const assets = [Fixture.asset('A00'), Fixture.asset('A01', { priceUsd: 160 })];
const book = (accounts: readonly DerivativeAccount[], multiplierPpm = 1_000_000, haircutBps = 2_500) =>
  Fixture.state(
    assets.map((one) => ({ ...one, parameters: { ...one.parameters, marginMultiplierPpm: multiplierPpm, haircutBps } })),
    [],
    accounts,
    { marginRule: RULE },
  );
const market = { asOf: Fixture.state(assets, []).asOf, priceUsd: { A00: 100, A01: 160 }, rule: RULE };

describe('one account', () => {
  it('stands as the kernel says: two readings of one rule', () => {
    fc.assert(
      fc.property(
        fc.array(account, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(500_000, 1_000_000, 1_700_000),
        (drawn, multiplier) => {
          const accounts = drawn.map((one, index) => ({ ...one, account: `a${index}` }));
          const state = book(accounts, multiplier);
          const prepared = Stress.prepare(state, model, Fixture.scenarios(model, 256, 2), { borrowers: 'standing' });
          const theirs = kernel.standing(Terms.apply(prepared.book, parametersOf(state)));
          accounts.forEach((one, index) => {
            const { equityUsd, requiredUsd } = Account.standing(kernel, one, market, parametersOf(state));
            const sizes = [...one.perps, ...(one.options ?? [])].map(({ sizeTokens }) => Math.abs(sizeTokens));
            const rounding = 1e-12 * (1e4 + 300 * sizes.reduce((sum, tokens) => sum + tokens, 0));
            expect(Math.abs(theirs.equityUsd[index]! - equityUsd)).toBeLessThan(rounding);
            expect(Math.abs(theirs.requiredUsd[index]! - requiredUsd)).toBeLessThan(rounding);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('has greeks that are the slopes of its worth, alone and summed over a book', () => {
    fc.assert(
      fc.property(account, account, (one, two) => {
        const rows = [one, two].map((each) => Account.greeks(kernel, each, market));
        const worth = (moved: Partial<typeof market>) =>
          [one, two].reduce((sum, each) => sum + Account.worthUsd(kernel, each, { ...market, ...moved }, market.priceUsd), 0);
        for (const name of ['A00', 'A01'] as const) {
          const total = (figure: 'deltaTokens' | 'gamma') =>
            rows.flat().reduce((sum, row) => sum + (row.asset === name ? row[figure] : 0), 0);
          const gross =
            1 +
            [one, two]
              .flatMap(({ perps, options = [] }) => [...perps, ...options])
              .reduce((sum, { sizeTokens }) => sum + Math.abs(sizeTokens), 0);
          const bump = 0.01;
          const at = (shift: number) => worth({ priceUsd: { ...market.priceUsd, [name]: market.priceUsd[name] + shift } });
          const [up, here, down] = [at(bump), at(0), at(-bump)];
          // A central difference of step b is off by b²/6 of the third derivative; an option a week from expiry bends most.
          expect(Math.abs((up - down) / (2 * bump) - total('deltaTokens'))).toBeLessThan(1e-5 * gross);
          expect(Math.abs((up - 2 * here + down) / bump ** 2 - total('gamma'))).toBeLessThan(1e-4 * gross);
        }
        const later = new Date(Date.parse(market.asOf) + 60_000).toISOString();
        const aged = (worth({ asOf: later }) - worth({})) / (60_000 / (365 * 86_400_000));
        const theta = rows.flat().reduce((sum, { thetaUsd }) => sum + thetaUsd, 0);
        expect(Math.abs(aged - theta)).toBeLessThan(
          2e-4 * (1 + rows.flat().reduce((sum, { thetaUsd }) => sum + Math.abs(thetaUsd), 0)) + 1e-4 * 100,
        );
        const vegas = rows.flat().reduce((sum, { vegaUsd }) => sum + vegaUsd, 0);
        const shifted = (by: number) =>
          [one, two].reduce((sum, each) => {
            const options = (each.options ?? []).map((o) => ({ ...o, impliedVolatility: o.impliedVolatility + by }));
            return sum + Account.worthUsd(kernel, { ...each, options }, market);
          }, 0);
        expect(Math.abs((shifted(1e-4) - shifted(-1e-4)) / 2e-4 - vegas)).toBeLessThan(1e-4 * (1 + Math.abs(vegas)) + 1e-2);
      }),
      { numRuns: 150 },
    );
  });

  it('tells whom a larger multiplier would close at once, options and isolated positions included', () => {
    const short: DerivativeAccount = {
      account: 'writer',
      equityUsd: 1_350,
      perps: [],
      options: [{ asset: 'A00', type: 'call', strikeUsd: 110, expiresAt: EXPIRIES[1]!, impliedVolatility: 0.8, sizeTokens: -40 }],
    };
    const isolated: DerivativeAccount = {
      account: 'careful',
      equityUsd: 1e6,
      perps: [{ asset: 'A01', sizeTokens: 1 }],
      isolated: [{ perp: { asset: 'A00', sizeTokens: 10 }, equityUsd: 200 }],
    };
    const state = book([short, isolated]);
    const parameters = parametersOf(state);
    const tighter = Object.fromEntries(Object.entries(parameters).map(([name, own]) => [name, { ...own, marginMultiplierPpm: 1_500_000 }]));
    expect(Objective.newlyLiquidatable(state, parameters, parameters)).toEqual([]);
    expect(Objective.newlyLiquidatable(state, parameters, tighter)).toEqual(['writer', 'careful/A00-1']);
  });
});
