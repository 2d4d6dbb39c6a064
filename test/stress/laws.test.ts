/** The laws of methods §9, on named paths so that every price is in the test's hands. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AssetState, type ProtocolState, parametersOf, type RiskParameters } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { NamedScenario } from '../../models/scenario.ts';
import * as Agents from '../../tuner/stress/agents.ts';
import * as Book from '../../tuner/stress/book.ts';
import type { NamedResult } from '../../tuner/stress/evidence.ts';
import * as Impact from '../../tuner/stress/impact.ts';
import * as Stress from '../../tuner/stress/stress.ts';
import * as Fixture from './fixture.ts';

const kernel = loadKernel();
/** Nobody pays for anything, and no rule has a figure in USD. */
const FREE: Partial<Book.Assumptions> = {
  costs: { auctionDiscount: 0.1, optionSpread: 0, optionTick: 0 },
  liquidators: [{ ...Agents.FLASH, gasUsd: 0, capitalCost: 0 }],
  rules: Book.ASSUMED.rules.map((rule) => ({
    ...rule,
    smallPositionUsd: 0,
    leftoverUsd: 0,
    bonusFee: rule.liquidation === 'absorb' ? rule.bonusFee : 0,
  })),
};
const MODEL = Fixture.model(3);
const STEPS = 12;
const FIGURES = ['badDebtUsd', 'liquidatedUsd', 'penaltyUsd', 'marginShortfallUsd'] as const;
/** Different order of the same additions. */
const ROUNDING = 1e-9;

type Factors = Readonly<Record<string, readonly number[]>>;

function run(
  state: ProtocolState,
  factors: Factors,
  options: {
    costs?: Partial<Book.Assumptions>;
    lasting?: Impact.Lasting | undefined;
    frozen?: number;
    depth?: number;
    model?: typeof MODEL;
  } = {},
): NamedResult {
  const model = options.model ?? MODEL;
  const scenario: NamedScenario = {
    name: 'path',
    source: 'hypothetical',
    says: 'a path of the test',
    priceFactor: factors,
    elsewhere: Array.from({ length: Object.values(factors)[0]?.length ?? STEPS }, () => 1),
    depthFactor: options.depth ?? 1,
    oracleFrozenSteps: options.frozen ?? 0,
  };
  const scenarios = Fixture.scenarios(model, 1, STEPS, [scenario]);
  const prepared = Stress.prepare(state, model, scenarios, {
    borrowers: 'standing',
    assumed: { ...options.costs, lasting: options.lasting ?? Impact.LASTING },
  });
  return Stress.stressNamed(kernel, prepared, parametersOf(state))[0]!;
}

/** A book, and a path that falls, jumps and recovers. */
const cases = fc.nat(1_000_000).map((seed) => {
  const draw = Fixture.draws(seed);
  const state = Fixture.book(3, 12, 6, draw);
  const factors: Record<string, number[]> = {};
  for (const name of Fixture.names(3)) {
    let level = 1;
    factors[name] = Array.from({ length: STEPS }, () => {
      level *= 1 + 0.16 * (draw() - 0.56) - (draw() < 0.06 ? 0.3 : 0);
      return level;
    });
  }
  return { state, factors };
});

function same(a: NamedResult, b: NamedResult, scale = 1, tolerance = ROUNDING): void {
  for (const figure of FIGURES)
    expect(Math.abs(a[figure] * scale - b[figure]), figure).toBeLessThanOrEqual(tolerance * (1 + Math.abs(b[figure])));
  expect(a.liquidatedAccounts).toBe(b.liquidatedAccounts);
}

/** The same state with every asset's depth so large that selling does not matter. */
function deep(state: ProtocolState): ProtocolState {
  const assets = state.assets.map((item): AssetState => ({ ...item, depth: { ...item.depth, dailyVolumeUsd: 1e30 } }));
  return Fixture.state(assets, state.lending, state.derivatives, { eModes: state.eModes });
}

describe('laws', () => {
  it('no shock, no loss', () => {
    fc.assert(
      fc.property(cases, ({ state }) => {
        const still = Object.fromEntries(Fixture.names(3).map((name) => [name, Array.from({ length: STEPS }, () => 1)]));
        const quiet = run(state, still, { costs: FREE });
        expect(FIGURES.map((figure) => quiet[figure])).toEqual([0, 0, 0, 0]);
        expect(quiet.liquidatedAccounts).toBe(0);
      }),
    );
  });

  it('bad debt and everything else is never negative, and bad debt never exceeds the debt there was', () => {
    fc.assert(
      fc.property(cases, fc.nat(6), ({ state, factors }, frozen) => {
        const result = run(state, factors, { frozen, depth: 0.01 });
        for (const figure of FIGURES) expect(result[figure]).toBeGreaterThanOrEqual(0);
        const highest = Object.fromEntries(Object.entries(factors).map(([name, list]) => [name, Math.max(...list, 1)]));
        // A squeeze may lift the market up to twice the reference.
        const ceiling = state.lending
          .flatMap(({ debt }) => debt)
          .reduce((sum, { asset, amountTokens }) => sum + 2 * amountTokens * (asset === 'USD' ? 1 : 100 * highest[asset]!), 0);
        expect(result.badDebtUsd).toBeLessThanOrEqual(ceiling);
      }),
    );
  });

  it('scaling every USD amount by c scales every loss by c', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(4, 1 / 1024, 3, 1e6), ({ state, factors }, c) => {
        const assets = state.assets.map((item) => ({
          ...item,
          priceUsd: item.priceUsd * c,
          depth: { ...item.depth, dailyVolumeUsd: item.depth.dailyVolumeUsd * c },
        }));
        const derivatives = state.derivatives.map((account) => ({ ...account, equityUsd: account.equityUsd * c }));
        const scaled = run(Fixture.state(assets, state.lending, derivatives), factors, {
          costs: {
            liquidators: Book.ASSUMED.liquidators.map((agent) => ({ ...agent, gasUsd: agent.gasUsd * c })),
            rules: Book.ASSUMED.rules.map((rule) => ({
              ...rule,
              smallPositionUsd: rule.smallPositionUsd * c,
              leftoverUsd: rule.leftoverUsd * c,
            })),
          },
        });
        same(run(state, factors), scaled, c);
      }),
    );
  });

  it('relabelling assets changes nothing', () => {
    fc.assert(
      fc.property(cases, ({ state, factors }) => {
        const renamed: Record<string, string> = { A00: 'ZZ', A01: 'M', A02: 'B', USD: 'AAA' };
        const name = (asset: string) => renamed[asset]!;
        const holdings = <T extends { asset: string }>(list: readonly T[]) => list.map((item) => ({ ...item, asset: name(item.asset) }));
        const assets = state.assets
          .map((item) => ({ ...item, asset: name(item.asset), panelAsset: item.panelAsset === null ? null : name(item.panelAsset) }))
          .sort((a, b) => (a.asset < b.asset ? -1 : 1));
        const lending = state.lending.map((account) => ({
          ...account,
          collateral: holdings(account.collateral),
          debt: holdings(account.debt),
        }));
        const derivatives = state.derivatives.map((account) => ({ ...account, perps: holdings(account.perps) }));
        const record = <T>(values: Readonly<Record<string, T>>) =>
          Object.fromEntries(Object.entries(values).map(([asset, value]) => [name(asset), value]));
        const order = ['B', 'M', 'ZZ'];
        const model = { ...MODEL, assets: order, volatility: record(MODEL.volatility), margins: record(MODEL.margins) };
        same(run(state, factors), run(Fixture.state(assets, lending, derivatives), record(factors), { model }));
      }),
    );
  });

  it('renaming accounts, and so their order, changes nothing, however thin the market', () => {
    fc.assert(
      fc.property(cases, fc.nat(1_000_000), ({ state, factors }, seed) => {
        const draw = Fixture.draws(seed);
        const shuffled = state.lending
          .map((account) => ({ account, key: draw() }))
          .sort((a, b) => a.key - b.key)
          .map(({ account }) => account);
        const other = Fixture.state(state.assets, shuffled, state.derivatives);
        same(run(state, factors, { depth: 0.01 }), run(other, factors, { depth: 0.01 }));
      }),
    );
  });

  it('splitting an account pro rata changes nothing but the count', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0.05, max: 0.95, noNaN: true }), ({ state, factors }, share) => {
        const part = (list: readonly { asset: string; amountTokens: number }[], weight: number) =>
          list.map((item) => ({ ...item, amountTokens: item.amountTokens * weight }));
        const lending = state.lending.flatMap((account) =>
          [share, 1 - share].map((weight, index) => ({
            ...account,
            account: `${account.account}.${index}`,
            collateral: part(account.collateral, weight),
            debt: part(account.debt, weight),
          })),
        );
        const derivatives = state.derivatives.flatMap((account) =>
          [share, 1 - share].map((weight, index) => ({
            account: `${account.account}.${index}`,
            equityUsd: account.equityUsd * weight,
            perps: account.perps.map((perp) => ({ ...perp, sizeTokens: perp.sizeTokens * weight })),
          })),
        );
        // Infinite depth: where depth binds, two halves in turn are not one whole, and should not be.
        const one = run(deep(state), factors, { costs: FREE });
        const two = run(deep(Fixture.state(state.assets, lending, derivatives)), factors, { costs: FREE });
        same({ ...one, liquidatedAccounts: 2 * one.liquidatedAccounts }, two);
      }),
    );
  });

  it('with infinite depth and no costs nobody waits: thinner markets can only leave more bad debt on a path that only falls', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.3, max: 0.95, noNaN: true }), fc.double({ min: 5, max: 7, noNaN: true }), (to, size) => {
        const state = single({ collateralUsd: 10 ** size, debtUsd: 0.78 * 10 ** size });
        const factors = { A00: Array.from({ length: STEPS }, (_, step) => 1 + ((to - 1) * (step + 1)) / STEPS) };
        const results = [1e6, 1, 1e-2].map((depth) => run(state, factors, { costs: FREE, depth }).badDebtUsd);
        expect(results[0]).toBeLessThanOrEqual(results[1]! + ROUNDING);
        expect(results[1]).toBeLessThanOrEqual(results[2]! + ROUNDING);
      }),
    );
  });
});

/** One account: A00 against USD. */
function single(
  sizes: { collateralUsd: number; debtUsd: number; parameters?: Partial<RiskParameters>; eMode?: number },
  overrides: Partial<ProtocolState> = {},
): ProtocolState {
  const account = {
    account: 'a',
    eMode: sizes.eMode ?? 0,
    collateral: [{ asset: 'A00', amountTokens: sizes.collateralUsd / 100 }],
    debt: [{ asset: 'USD', amountTokens: sizes.debtUsd }],
  };
  const instant = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
  return Fixture.state(
    [
      Fixture.asset('A00', { feed: instant, parameters: { ...Fixture.PARAMETERS, ...sizes.parameters } }),
      Fixture.dollar({ feed: instant }),
    ],
    [account],
    [],
    overrides,
  );
}

const flat = { A00: Array.from({ length: STEPS }, () => 1) };

describe('by hand', () => {
  it('constant oracle, no slippage, no fee: what is missing is max(0, D − C/(1 + b))', () => {
    const missing = (collateralUsd: number, debtUsd: number) =>
      run(deep(single({ collateralUsd, debtUsd })), flat, { costs: FREE }).badDebtUsd;
    expect(missing(100, 96)).toBeCloseTo(0.761905, 6);
    fc.assert(
      fc.property(fc.double({ min: 81, max: 200, noNaN: true }), (debtUsd) => {
        expect(missing(100, debtUsd)).toBeCloseTo(Math.max(0, debtUsd - 100 / 1.05), 9);
      }),
    );
  });

  it('half is repaid above the full-close health, all below it', () => {
    const half = run(deep(single({ collateralUsd: 100_000, debtUsd: 81_000 })), { A00: [1] }, { costs: FREE });
    // 40,500 leaves health (100,000 − 42,525)·0.8 / 40,500 = 1.135: one call is enough.
    expect(half.liquidatedUsd).toBeCloseTo(40_500, 6);
    expect(half.penaltyUsd).toBeCloseTo(2_025, 6);
    const whole = run(deep(single({ collateralUsd: 100_000, debtUsd: 85_000 })), { A00: [1] }, { costs: FREE });
    expect(whole.liquidatedUsd).toBeCloseTo(85_000, 6);
    const small = run(
      deep(single({ collateralUsd: 1_900, debtUsd: 1_530 })),
      { A00: [1] },
      { costs: { ...FREE, rules: Book.ASSUMED.rules } },
    );
    expect(small.liquidatedUsd).toBeCloseTo(1_530, 6);
  });

  it('nobody comes for less than gas, nor when the market is below the oracle by more than the bonus', () => {
    const dust = deep(single({ collateralUsd: 100, debtUsd: 85 }));
    const gas = (gasUsd: number) => ({ ...FREE, liquidators: [{ ...Agents.FLASH, gasUsd, capitalCost: 0 }] });
    expect(run(dust, flat, { costs: gas(85 * 0.05 - 0.01) }).liquidatedUsd).toBeGreaterThan(0);
    expect(run(dust, flat, { costs: gas(85 * 0.05 + 0.01) }).liquidatedUsd).toBe(0);
    const stale = run(
      deep(single({ collateralUsd: 100_000, debtUsd: 82_000 })),
      { A00: Array.from({ length: STEPS }, () => 0.7) },
      { costs: FREE, frozen: 10 * STEPS },
    );
    expect(stale.liquidatedUsd).toBe(0);
    expect(stale.badDebtUsd).toBeCloseTo(12_000, 6);
  });

  it('an asset that goes to zero leaves the whole debt', () => {
    const gone = run(single({ collateralUsd: 100_000, debtUsd: 70_000 }), { A00: Array.from({ length: STEPS }, () => 0) });
    expect(gone.badDebtUsd).toBeCloseTo(70_000, 9);
    expect(gone.liquidatedUsd).toBe(0);
  });

  it('eMode thresholds and bonuses stand in for the asset’s own', () => {
    const eModes = [
      { category: 1, label: 'pair', assets: ['A00'], ltvBps: 9_000, liquidationThresholdBps: 9_300, liquidationBonusBps: 100 },
    ];
    const health = (eMode: number) => {
      const state = single({ collateralUsd: 100_000, debtUsd: 85_000, eMode }, { eModes });
      return Stress.healthOf(
        Stress.prepare(state, MODEL, Fixture.scenarios(MODEL, 1, 1), { borrowers: 'standing' }),
        parametersOf(state),
      )[0]!.health;
    };
    expect(health(0)).toBeCloseTo(0.8 / 0.85, 12);
    expect(health(1)).toBeCloseTo(0.93 / 0.85, 12);
    const fallen = run(deep(single({ collateralUsd: 100_000, debtUsd: 85_000, eMode: 1 }, { eModes })), { A00: [0.9] }, { costs: FREE });
    expect(fallen.penaltyUsd / fallen.liquidatedUsd).toBeCloseTo(0.01, 12);
  });

  it('sales push the price and the next account pays: a cascade', () => {
    const lending = [0.99, 0.97, 0.95, 0.93].map((level, index) => ({
      account: `a${index}`,
      eMode: 0,
      collateral: [{ asset: 'A00', amountTokens: 1e5 }],
      debt: [{ asset: 'USD', amountTokens: 1e7 * 0.8 * level }],
    }));
    const instant = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
    const state = Fixture.state([Fixture.asset('A00', { feed: instant }), Fixture.dollar({ feed: instant })], lending);
    const dip = { A00: Array.from({ length: STEPS }, () => 0.985) };
    expect(run(deep(state), dip, { costs: FREE }).liquidatedAccounts).toBe(1);
    expect(run(state, dip, { costs: FREE, depth: 0.2 }).liquidatedAccounts).toBeGreaterThan(2);
  });

  it('an emptied pool is no news to an oracle that watches all venues: without lasting impact nobody else is pulled down', () => {
    const lending = [0.99, 0.97, 0.95].map((level, index) => ({
      account: `a${index}`,
      eMode: 0,
      collateral: [{ asset: 'A00', amountTokens: 1e5 }],
      debt: [{ asset: 'USD', amountTokens: 1e7 * 0.8 * level }],
    }));
    const instant = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
    const state = Fixture.state([Fixture.asset('A00', { feed: instant }), Fixture.dollar({ feed: instant })], lending);
    const dip = { A00: Array.from({ length: STEPS }, () => 0.985) };
    const hit = (lasting?: Impact.Lasting) => run(state, dip, { costs: FREE, depth: 0.05, lasting }).liquidatedAccounts;
    expect(hit()).toBe(3);
    expect(hit(Impact.CONTAINED)).toBe(1);
  });

  it('a coin and its staked form are one market, as deep as the deeper: a loop of the two does not feel its own sale', () => {
    const instant = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
    const depth = { dailyVolumeUsd: 1e6, impactY: 5, impactDelta: 0.5, halfLifeSeconds: 300, says: 'shallow' };
    const loop = {
      account: 'a',
      eMode: 0,
      collateral: [{ asset: 'stA00', amountTokens: 1e5 }],
      debt: [{ asset: 'A00', amountTokens: 8.01e4 }],
    };
    const pair = [
      Fixture.asset('A00', { feed: instant }),
      Fixture.dollar(),
      Fixture.asset('stA00', { panelAsset: 'A00', feed: instant, depth }),
    ];
    const state = Fixture.state(pair, [loop]);
    const { input } = Stress.prepare(state, MODEL, Fixture.scenarios(MODEL, 1, 1), { borrowers: 'standing' }).book;
    expect([...input.pool]).toEqual([0, 1, 0]);
    expect([...input.volumeUsd]).toEqual([1e8, 1e9, 1e8]);
    const moved = run(state, flat, { costs: FREE });
    // One call repays half; only the bonus is net flow, so nothing spirals.
    expect(moved.liquidatedUsd).toBeCloseTo(4.005e6, -3);
    expect(moved.badDebtUsd).toBe(0);
    const apart = run(
      Fixture.state([pair[0]!, pair[1]!, { ...pair[2]!, panelAsset: 'A01' }], [loop]),
      { ...flat, A01: flat.A00 },
      { costs: FREE },
    );
    expect(apart.liquidatedUsd).not.toBeCloseTo(4.005e6, -3);
  });

  it('a position the market cannot absorb is taken over at the auction discount, not thrown at it', () => {
    const shallow = { dailyVolumeUsd: 1e4, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'shallow' };
    const trader = { account: 't', equityUsd: 20_000, perps: [{ asset: 'A00', sizeTokens: 1_000 }] };
    const lender = {
      account: 'a',
      eMode: 0,
      collateral: [{ asset: 'A00', amountTokens: 10 }],
      debt: [{ asset: 'USD', amountTokens: 600 }],
    };
    const state = Fixture.state([Fixture.asset('A00', { depth: shallow }), Fixture.dollar()], [lender], [trader]);
    const result = run(state, { A00: [0.8, 0.8] });
    // 20,000 − 20,000 − 10 % of 80,000.
    expect(result.marginShortfallUsd).toBeCloseTo(8_000, 6);
    expect(result.liquidatedAccounts).toBe(1);
  });

  it('a perpetual account is closed under its requirement and owes what equity cannot pay', () => {
    const long = (equityUsd: number) =>
      deep(
        Fixture.state(
          [Fixture.asset('A00'), Fixture.dollar()],
          [],
          [{ account: 't', equityUsd, perps: [{ asset: 'A00', sizeTokens: 1_000 }] }],
        ),
      );
    // Requirement (15 % + 1 %) of 100,000 · price.
    expect(run(long(20_000), { A00: [0.97] }).liquidatedAccounts).toBe(0);
    const closed = run(long(20_000), { A00: [0.7] });
    expect(closed.liquidatedAccounts).toBe(1);
    expect(closed.marginShortfallUsd).toBeCloseTo(10_000, 6);
    expect(run(long(20_000), { A00: [0.9, 0.5] }).marginShortfallUsd).toBe(0);
  });
});
