/** What a scenario does to a book: held against the evidence it must equal, naive twins, and the direction each field must have. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ProtocolState, parametersOf } from '../../../datasets/state.ts';
import { loadKernel } from '../../../kernel/kernel.ts';
import { dailySigmaPct } from '../../../models/scenario.ts';
import * as Run from '../../../tuner/scenario/run.ts';
import * as Scenario from '../../../tuner/scenario/scenario.ts';
import * as World from '../../../tuner/scenario/world.ts';
import * as Stress from '../../../tuner/stress/stress.ts';
import { tiltOf } from '../../../tuner/stress/towards.ts';
import * as Fixture from '../../stress/fixture.ts';

const kernel = loadKernel();
const RISK = { level: 0.9, budgetUsd: 1e4 };
const STEPS = 24;
const PATHS = 300;
const model = Fixture.model(3);
const plain = Fixture.book(3, 30, 8, Fixture.draws(5));
/** A02s follows A02, as a staked coin does. */
const state: ProtocolState = Fixture.state(
  [...plain.assets, Fixture.asset('A02s', { panelAsset: 'A02' })].sort((a, b) => (a.asset < b.asset ? -1 : 1)),
  plain.lending.map((account, index) =>
    index % 3 === 0
      ? { ...account, collateral: account.collateral.map((held) => (held.asset === 'A02' ? { ...held, asset: 'A02s' } : held)) }
      : account,
  ),
  plain.derivatives,
);
const scenarios = { ...Fixture.scenarios(model, PATHS, STEPS), tilt: tiltOf(state, model) };
const parameters = parametersOf(state);
const ground = { state, model, scenarios, borrowers: 'standing' as const };
const HEAD = 'name: n\nwhy: w\n';
const world = (yaml: string) => World.make(kernel, ground, Scenario.parse(HEAD + yaml, 'test.yaml'));
const run = (yaml: string) => Run.run(kernel, world(yaml), parameters, { paths: PATHS, risk: RISK });
const still = (yaml: string) => run(`prices: still\n${yaml}`);
const FALL = 'moves:\n  - {group: volatile, to: 0.6, overHours: 12}\n';
const place = (asset: string) => state.assets.findIndex((one) => one.asset === asset);

describe('a scenario', () => {
  it('that changes nothing is the evidence, to the last bit, weights and all', () => {
    const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'standing' });
    const part = Stress.stressRange(kernel, prepared, parameters, { from: 0, to: PATHS });
    const evidence = Stress.assemble(prepared, parameters, [part], [], RISK);
    const { byPath } = Run.simulate(kernel, world('prices: law\n'), parameters, PATHS);
    expect(byPath).toEqual(evidence.paths);
    const outcome = run('prices: law\n');
    expect(outcome.summary).toEqual(evidence.summary);
    expect(outcome.badDebtUsd.standardError).toBeGreaterThan(0);
  });

  it('splits its loss among accounts, each path by its weight', () => {
    const { byPath, accountLossUsd } = Run.simulate(kernel, world('prices: law\nlaw: {volatilityTimes: 2}\n'), parameters, PATHS);
    const whole = byPath.weight.reduce(
      (sum, weight, path) => sum + weight * (byPath.badDebtUsd[path]! + byPath.marginShortfallUsd[path]!),
      0,
    );
    expect(new Set(byPath.weight).size).toBeGreaterThan(2);
    expect(byPath.marginShortfallUsd.some((usd) => usd > 0)).toBe(true);
    expect(accountLossUsd.reduce((sum, usd) => sum + usd, 0) / whole).toBeCloseTo(1, 12);
  });

  it('moves prices as it says: jumps, lines, paths, sigmas, products, halts', () => {
    const { curves, steps, book, ...rest } = world(`prices: still
moves:
  - {asset: A00, to: 0.5, fromHour: 6}
  - {asset: A01, path: [[4, 0.8], [8, 1.2]]}
  - {series: A02, sigmas: -2, overHours: 10}
  - {group: derived, to: 0.9, fromHour: 10, overHours: 10}
  - {asset: USD, halted: at-zero, fromHour: 3, untilHour: 5}
  - {asset: A01, halted: at-last-price, fromHour: 10}
`);
    const factors = Run.stillFactors({ curves, steps, book, ...rest });
    const at = (asset: string, hour: number) => factors[(hour - 1) * book.assets.length + place(asset)]!;
    expect([5, 6, 24].map((hour) => at('A00', hour))).toEqual([1, 0.5, 0.5]);
    expect([2, 4, 6, 8, 9, 10, 24].map((hour) => at('A01', hour))).toEqual([0.9, 0.8, 1, 1.2, 1.2, 1.2, 1.2]);
    const low = Math.exp((-2 * dailySigmaPct(model, 'A02')) / 100);
    expect(at('A02', 24)).toBeCloseTo(low, 12);
    expect(at('A02', 5)).toBeCloseTo((1 + low) / 2, 12);
    expect(at('A02s', 15)).toBeCloseTo(low * 0.95, 12);
    expect(at('A02s', 24)).toBeCloseTo(low * 0.9, 12);
    expect([2, 3, 4, 5].map((hour) => at('USD', hour))).toEqual([1, 0, 0, 1]);
  });

  it('bends every path of the law alike, and halts it at the price it has just then', () => {
    const bent = world(
      'prices: law\nmoves:\n  - {group: derived, to: 0.8, fromHour: 5}\n  - {asset: A00, halted: at-last-price, fromHour: 9, untilHour: 13}\n',
    );
    const { factors, weights } = Run.factorsOf(kernel, bent, 256, 40);
    const law = kernel.simulate(bent.law!, scenarios.seed, STEPS, 256, 40);
    expect(weights).toEqual(law.weights);
    const size = state.assets.length;
    for (const path of [0, 17, 39]) {
      const price = (asset: string, hour: number) => factors[(path * STEPS + hour - 1) * size + place(asset)]!;
      const own = (column: number, hour: number) => law.factors[(path * STEPS + hour - 1) * 3 + column]!;
      for (const hour of [1, 4, 5, 8, 9, 12, 13, 24]) {
        expect(price('A00', hour)).toBe(own(0, hour >= 9 && hour < 13 ? 8 : hour));
        expect(price('A02', hour)).toBe(own(2, hour));
        expect(price('A02s', hour)).toBe(own(2, hour) * (hour < 5 ? 1 : 0.8));
        expect(price('USD', hour)).toBe(1);
      }
    }
  });

  it('scales every log return of the law, and leaves correlations alone', () => {
    const [once, thrice] = ['law: {volatilityTimes: 1}', 'law: {volatilityTimes: 3}'].map(
      (law) => kernel.simulate(world(`prices: law\n${law}\n`).law!, 7, STEPS, 0, 4).factors,
    );
    const { tilt: _, ...untilted } = world('prices: law\nlaw: {volatilityTimes: 3}\n').law!;
    expect(untilted.assets).toBe(3);
    for (const [index, factor] of once!.entries()) expect(Math.log(thrice![index]!)).toBeCloseTo(3 * Math.log(factor), 9);
  });

  it('brings correlations so much of the way to one, or to nothing', () => {
    const root = (yaml: string) => Array.from(world(`prices: law\n${yaml}`).law!.cholesky.subarray(0, 9));
    const product = (lower: number[], i: number, j: number) => [0, 1, 2].reduce((sum, k) => sum + lower[3 * i + k]! * lower[3 * j + k]!, 0);
    expect(product(root(''), 2, 0)).toBeCloseTo(0.4, 12);
    expect(product(root('law: {correlation: {towards: one, share: 0.5}}\n'), 2, 0)).toBeCloseTo(0.7, 12);
    expect(product(root('law: {correlation: {towards: zero, share: 0.75}}\n'), 2, 1)).toBeCloseTo(0.1, 12);
    expect(product(root('law: {correlation: {towards: one, share: 0.99}}\n'), 1, 1)).toBeCloseTo(1, 12);
  });

  it('begins in the regime it names', () => {
    const first = (regime: string) => Array.from(world(`prices: law\nlaw: {regime: ${regime}}\n`).law!.initial);
    expect(first('calm')[0]).toBeCloseTo(0.97, 12);
    expect(first('most-turbulent')).toEqual(first('crisis'));
    expect(() => first('bull')).toThrow(/Got bull; needed most-turbulent, or one of calm, normal, crisis/);
  });

  it('hurts by depth, oracles, gas, capital and halts, each in its direction', () => {
    const loss = (yaml: string) => {
      const { badDebtUsd, marginShortfallUsd } = still(yaml);
      return badDebtUsd.mean + marginShortfallUsd.mean;
    };
    const liquidated = (yaml: string) => still(yaml).liquidatedUsd.mean;
    const base = loss(FALL);
    expect(liquidated(FALL)).toBeGreaterThan(0);
    expect(loss(`${FALL}depth:\n  - {group: volatile, times: 0.001}\n`)).toBeGreaterThan(base + 1);
    expect(loss(`${FALL}oracles: {frozenHours: 12}\n`)).toBeGreaterThan(base + 1);
    expect(loss(`${FALL}oracles:\n  feeds:\n    - {group: volatile, frozen: true}\n`)).toBeGreaterThan(base + 1);
    expect(loss(`${FALL}oracles:\n  feeds:\n    - {group: volatile, lagMinutes: 600}\n`)).toBeGreaterThan(base + 1);
    expect(loss(`${FALL}liquidators: {haltedHours: 12}\n`)).toBeGreaterThan(base + 1);
    expect(liquidated(`${FALL}liquidators: {gasTimes: 1000}\n`)).toBeLessThan(liquidated(FALL));
    expect(liquidated(`${FALL}liquidators: {capitalCostTimes: 200}\n`)).toBeLessThan(liquidated(FALL));
    const desk = liquidated(`${FALL}liquidators: {who: desk}\n`);
    expect(liquidated(`${FALL}liquidators: {who: desk, inventoryTimes: 0.001}\n`)).toBeLessThan(desk);
    expect(liquidated(`${FALL}liquidators: {who: both, inventoryTimes: 0.001}\n`)).toBeGreaterThan(desk * 0.9);
  });

  it('is finite where prices are nothing, and says who loses', () => {
    const { badDebtUsd, losers, summary } = still('moves:\n  - {group: volatile, halted: at-zero, fromHour: 2}\n');
    expect(badDebtUsd).toEqual({ mean: expect.any(Number), standardError: 0 });
    expect(badDebtUsd.mean).toBeGreaterThan(1e4);
    expect(summary.paths).toBe(1);
    expect(losers[0]!.meanLossUsd).toBeGreaterThanOrEqual(losers[1]!.meanLossUsd);
    expect(losers[0]!.liquidationProbability).toBeLessThanOrEqual(1);
  });

  it('takes steps of its own where prices stand still', () => {
    const fine = world(`prices: still\nhours: 10\nstepMinutes: 5\n${FALL.replace('12', '10')}`);
    expect([fine.steps, fine.stepSeconds, fine.hours]).toEqual([120, 300, 10]);
    expect(Run.stillFactors(fine)[59 * fine.book.assets.length + place('A00')]).toBeCloseTo(0.8, 12);
  });

  it.each(readdirSync('tuner/scenarios'))('%s, built in, runs on a book or is not about it', (file) => {
    const scenario = Scenario.parse(readFileSync(`tuner/scenarios/${file}`, 'utf8'), file);
    try {
      const outcome = Run.run(kernel, World.make(kernel, ground, scenario), parameters, { paths: 16, risk: RISK });
      expect(Object.values(outcome.summary).every((figure) => Number.isFinite(figure))).toBe(true);
      expect(outcome.hours).toBeGreaterThanOrEqual(24);
    } catch (error) {
      if (!World.isForeign(error)) throw error;
      expect(['stablecoin to 0.88', '2023-07-30 CRV after the Curve exploit']).toContain(scenario.name);
    }
  });
});

describe('a scenario that is not about this book is refused:', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['an asset', 'prices: still\nmoves:\n  - {asset: DOGE, to: 1}\n', /n, moves\.0: Got DOGE; needed assets of the book: A00/],
    ['an asset for depth', 'prices: still\ndepth:\n  - {assets: [A00, DOGE], times: 1}\n', /n, depth\.0: Got DOGE/],
    [
      'a series',
      'prices: still\nmoves:\n  - {series: A02s, to: 1}\n',
      /Got A02s; needed series that drive assets of the book: A00, A01, A02/,
    ],
    ['an exception', 'prices: still\nmoves:\n  - {group: all, except: [DOGE], to: 1}\n', /Got DOGE; needed assets or series/],
    ['an empty group', 'prices: still\nmoves:\n  - {group: derived, except: [A02], to: 1}\n', /group derived with no asset of this book/],
    ['sigmas of a constant', 'prices: still\nmoves:\n  - {asset: USD, sigmas: -1}\n', /sigmas for USD, which no price series drives/],
    ['depth of a constant', 'prices: still\ndepth:\n  - {asset: USD, times: 0.1}\n', /depth of USD, which no price series drives/],
    ['half a step', 'prices: law\nhours: 1.5\n', /Got 1\.5 hours; needed a whole number of steps of 3600 s/],
    [
      'a move past the set’s horizon',
      'prices: law\nmoves:\n  - {group: all, to: 1, overHours: 25}\n',
      /n, moves\.0: Got hour 25; needed at most hour 24/,
    ],
    ['a frost past the end', 'prices: still\noracles: {frozenHours: 30}\n', /oracles\.frozenHours: Got hour 30/],
    ['more steps than fit', 'prices: still\nhours: 2160\nstepMinutes: 1\n', /Got 129600 steps; needed at most 20000/],
  ];
  it.each(cases)('%s', (_, yaml, says) => {
    expect(() => world(yaml)).toThrow(says);
  });

  it('and is left out where it may be, and said to be', () => {
    const yaml =
      'prices: still\nmoves:\n  - {asset: DOGE, to: 0.1, ifListed: true}\n  - {assets: [DOGE, A00], to: 0.5, ifListed: true}\noracles:\n  feeds:\n    - {series: DOGE, frozen: true, ifListed: true}\n';
    expect(world(yaml).leftOut).toEqual(['moves.0', 'oracles.feeds.0']);
  });
});
