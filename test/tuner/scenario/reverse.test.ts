/** Reverse stress: against a closed form, a circle searched by brute force, and its own scenario run again. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parametersOf } from '../../../datasets/state.ts';
import { loadKernel } from '../../../kernel/kernel.ts';
import * as Cloud from '../../../tuner/scenario/cloud.ts';
import * as Reverse from '../../../tuner/scenario/reverse.ts';
import * as Run from '../../../tuner/scenario/run.ts';
import * as Scenario from '../../../tuner/scenario/scenario.ts';
import * as World from '../../../tuner/scenario/world.ts';
import { tiltOf } from '../../../tuner/stress/towards.ts';
import * as Fixture from '../../stress/fixture.ts';

const kernel = loadKernel();
const INSTANT = { heartbeatSeconds: 1, deviationBps: 0, latencySeconds: 0 };
const DEEP = { dailyVolumeUsd: 1e15, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'bottomless' };
const THIN = { ...DEEP, dailyVolumeUsd: 3e5 };
const OVER = 4;
const BUDGET = 2e4;
const PATHS = 1_024;
const STEPS = 12;
const LEVEL = 0.99;
const model = Fixture.model(2);

function ground(depth: typeof DEEP, second: number) {
  const asset = (name: string) => Fixture.asset(name, { feed: INSTANT, depth });
  const lending = [0.97, 0.94].map((level, index) => ({
    account: `L${index}`,
    eMode: 0,
    collateral: [
      { asset: 'A00', amountTokens: 1e4 },
      { asset: 'A01', amountTokens: 1e4 * second },
    ].filter(({ amountTokens }) => amountTokens > 0),
    debt: [{ asset: 'USD', amountTokens: 1e6 * (1 + second) * 0.8 * level }],
  }));
  const state = Fixture.state([asset('A00'), asset('A01'), Fixture.dollar({ feed: INSTANT })], lending);
  return {
    state,
    model,
    scenarios: { ...Fixture.scenarios(model, PATHS, STEPS), tilt: tiltOf(state, model) },
    borrowers: 'standing' as const,
  };
}

const ask = (one: ReturnType<typeof ground>, budgetUsd: number, more: { base?: Scenario.Scenario; overHours?: number } = {}) => {
  const { base = Reverse.TODAY, ...rest } = more;
  return Reverse.find(kernel, one, base, { parameters: parametersOf(one.state), budgetUsd, level: LEVEL, paths: PATHS, ...rest });
};
const lossOf = (one: ReturnType<typeof ground>, yaml: string) =>
  Run.run(kernel, World.make(kernel, one, Scenario.parse(yaml, 'y')), parametersOf(one.state), {
    paths: 1,
    risk: { level: LEVEL, budgetUsd: 0 },
  }).summary.meanUsd;

describe('the cloud', () => {
  it('is the law’s: mean nothing, variance one, no correlation in its own units, weights and all', () => {
    const cloud = Cloud.of(kernel, ground(DEEP, 1), PATHS, STEPS);
    expect(cloud.series).toEqual(['A00', 'A01']);
    const all = cloud.weight.reduce((sum, weight) => sum + weight, 0);
    const moment = (read: (a: number, b: number) => number) =>
      cloud.weight.reduce((sum, weight, path) => sum + weight * read(cloud.places[2 * path]!, cloud.places[2 * path + 1]!), 0) / all;
    expect(moment((a) => a)).toBeCloseTo(0, 10);
    expect(moment((_, b) => b)).toBeCloseTo(0, 10);
    expect(moment((a) => a * a)).toBeCloseTo(1, 10);
    expect(moment((_, b) => b * b)).toBeCloseTo(1, 10);
    expect(moment((a, b) => a * b)).toBeCloseTo(0, 10);
    const { factors } = kernel.simulate(World.make(kernel, ground(DEEP, 1), { ...Reverse.TODAY, prices: 'law' }).law!, 7, STEPS, 5, 1);
    const logs = Cloud.movesAt(cloud, cloud.places.subarray(10, 12));
    expect(logs[0]).toBeCloseTo(Math.log(factors[2 * (STEPS - 1)]!), 10);
    expect(logs[1]).toBeCloseTo(Math.log(factors[2 * STEPS - 1]!), 10);
  });

  it('has the series that somebody stands on, and refuses a book on none', () => {
    expect(Cloud.of(kernel, ground(DEEP, 0), 256, STEPS).series).toEqual(['A00']);
    const one = ground(DEEP, 0);
    expect(() => Cloud.of(kernel, { ...one, state: { ...one.state, lending: [] } }, 256, STEPS)).toThrow(Cloud.NothingMovesError);
  });
});

describe('reverse stress', () => {
  const thin = ground(THIN, 0.6);
  let found: Reverse.Found;
  beforeAll(() => {
    found = ask(thin, BUDGET, { overHours: OVER }) as Reverse.Found;
  });

  it('of one series is where its loss crosses the budget: distance and price by bisection', () => {
    const one = ground(DEEP, 0);
    const budget = 1e5;
    const frozen = `name: n\nwhy: w\nprices: still\noracles: {frozenHours: ${STEPS}}\n`;
    let [low, high] = [0.1, 1];
    for (let halving = 0; halving < 50; halving += 1) {
      const to = (low + high) / 2;
      if (lossOf(one, `${frozen}moves:\n  - {series: A00, to: ${to}, overHours: ${STEPS}}\n`) > budget) low = to;
      else high = to;
    }
    const cloud = Cloud.of(kernel, one, PATHS, STEPS);
    const distance = Math.abs(Math.log(low) - cloud.mean[0]!) / Cloud.sigmaOf(cloud, 0);
    const answer = ask(one, budget, { base: Scenario.parse(frozen, 'frozen') });
    expect(answer).toMatchObject({ verdict: 'found', distance: expect.closeTo(distance, 4) });
    expect((answer as Reverse.Found).moves[0]!.to).toBeCloseTo(low, 5);
  });

  it('is found, loses more than the budget, and says the same when its file is run again, to the last bit', () => {
    expect(found.verdict).toBe('found');
    expect(found.lossUsd).toBeGreaterThan(BUDGET);
    const again = Scenario.parse(Scenario.write(found.scenario), 'again.yaml');
    expect(again).toEqual(found.scenario);
    expect(lossOf(thin, Scenario.write(found.scenario))).toBe(found.lossUsd);
    expect(found.outcome.losers.length).toBeGreaterThan(0);
  });

  it('is the boundary: a thousandth nearer to the middle loses no more than the budget', () => {
    const cloud = Cloud.of(kernel, thin, PATHS, OVER);
    const moves = found.moves.map(({ series, to }, index) => {
      const log = cloud.mean[index]! + 0.999 * (Math.log(to) - cloud.mean[index]!);
      return `  - {series: ${series}, to: ${Math.exp(log)}, overHours: ${OVER}}\n`;
    });
    expect(lossOf(thin, `name: n\nwhy: w\nprices: still\nmoves:\n${moves.join('')}`)).toBeLessThanOrEqual(BUDGET);
  });

  it('is as near as the whole circle searched by degrees', () => {
    const cloud = Cloud.of(kernel, thin, PATHS, OVER);
    let least = Number.POSITIVE_INFINITY;
    for (let degree = 0; degree < 360; degree += 8) {
      const way = [Math.cos((degree * Math.PI) / 180), Math.sin((degree * Math.PI) / 180)];
      for (let distance = 0.5; distance < Math.min(12, least); distance += 0.5) {
        const logs = Cloud.movesAt(
          cloud,
          way.map((part) => part * distance),
        );
        const moves = cloud.series.map((series, index) => `  - {series: ${series}, to: ${Math.exp(logs[index]!)}, overHours: ${OVER}}\n`);
        if (lossOf(thin, `name: n\nwhy: w\nprices: still\nmoves:\n${moves.join('')}`) > BUDGET) least = distance;
      }
    }
    expect(least).toBeLessThan(20);
    expect(found.distance).toBeLessThanOrEqual(least);
    expect(found.distance).toBeGreaterThan(least - 0.55);
  });

  it('counts what lies beyond it, in its direction fewer than in any, with bounds', () => {
    const { asFarThisWay, asFarAnyWay, normalThisWay, ownPaths } = found;
    expect(asFarThisWay.probability).toBeLessThanOrEqual(asFarAnyWay.probability);
    for (const { probability, upper } of [asFarThisWay, asFarAnyWay, ownPaths]) expect(upper).toBeGreaterThan(probability);
    expect(normalThisWay).toBeGreaterThan(0);
    expect(normalThisWay).toBeLessThan(0.5);
  });

  it('is the same every time, nearer under a smaller budget or a worse base, and nowhere where nobody can lose so much', () => {
    expect(ask(thin, BUDGET, { overHours: OVER })).toEqual(found);
    const distance = (budget: number, base?: string) => {
      const answer = ask(thin, budget, {
        overHours: OVER,
        ...(base === undefined ? {} : { base: Scenario.parse(`name: b\nwhy: w\nprices: still\n${base}`, 'b') }),
      });
      return answer.verdict === 'found' ? answer.distance : Number.POSITIVE_INFINITY;
    };
    expect(distance(1e3)).toBeLessThan(found.distance);
    expect(distance(BUDGET, 'depth:\n  - {group: volatile, times: 0.3}\n')).toBeLessThan(found.distance);
    expect(distance(BUDGET, 'moves:\n  - {group: volatile, to: 0.5}\n')).toBe(0);
    expect(ask(thin, 1e9)).toMatchObject({ verdict: 'none', within: 100, budgetUsd: 1e9, ownPaths: { paths: 0, probability: 0 } });
  });

  it('refuses a base in which the law goes on, and a move of half a step or past the end', () => {
    const law = Scenario.parse('name: b\nwhy: w\nprices: law\n', 'b');
    expect(() => ask(thin, 1, { base: law })).toThrow(/b: Got prices: law; needed prices: still/);
    expect(() => ask(thin, 1, { overHours: 1.5 })).toThrow(/Got a move over 1\.5 hours/);
    expect(() => ask(thin, 1, { overHours: STEPS + 1 })).toThrow(Reverse.BaseError);
  });
});
