import { describe, expect, it } from 'vitest';
import { type ParametersByAsset, parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import { Frontier, ladder, paired, trace } from '../../tuner/frontier.ts';
import { borrowingPowerUsd } from '../../tuner/objective.ts';
import { type Evaluate, singleThread } from '../../tuner/stress/evaluate.ts';
import * as Summary from '../../tuner/stress/summary.ts';
import { tiltOf } from '../../tuner/stress/towards.ts';
import * as Book from '../stress/fixture.ts';
import { fields, NOW, policy, risky } from './fixture.ts';

const model = Book.model(3);
const state = risky();
const of = policy({ fields: fields({ min: 500, max: 8000 }) });
const scenarios = plan(model, { seed: 7, paths: 2048, steps: 24, tilt: tiltOf(state, model) });
const engine = singleThread(loadKernel(), { state, model, scenarios, risk: { level: of.level, budgetUsd: 1 } });
const asked: Parameters<Evaluate>[0][] = [];
const evaluate: Evaluate = (request) => {
  asked.push(request);
  return engine(request);
};
const start: ParametersByAsset = parametersOf(state);
const recommended: ParametersByAsset = { ...start, A00: { ...start['A00']!, haircutBps: 2800 } };
const input = { state, model, scenarios, policy: of, now: NOW, evaluate, recommended };
const shares: number[] = [];
const found = await trace({ ...input, onStep: (_says, share) => shares.push(share) });

describe('a traced frontier', () => {
  it('is what the engine says of whole plans, on paths that put none of them forward', async () => {
    expect(Frontier.parse(found)).toEqual(found);
    expect([found.screenPaths, found.paths]).toEqual([512, 512]);
    expect(found.points.length).toBeGreaterThan(3);
    for (const point of [found.today, found.recommended, ...found.points]) {
      const base = point === found.today ? start : recommended;
      const own = Object.entries(point.haircutBps).map(([asset, haircutBps]) => [asset, { ...base[asset]!, haircutBps }]);
      const parameters = { ...base, ...Object.fromEntries(own) };
      const { paths } = await engine({ parameters, borrowers: 'responsive', paths: 1024 });
      const fresh = { lossUsd: paths.badDebtUsd.slice(512), weight: paths.weight.slice(512) };
      expect(point.expectedShortfallUsd).toBe(Summary.tailOf(fresh, of.level).expectedShortfallUsd);
      expect(point.borrowingPowerUsd).toBe(borrowingPowerUsd(state, parameters).power);
      expect(point.changeUsd).toBe(point.expectedShortfallUsd - found.today.expectedShortfallUsd);
    }
    expect(found.today.changeStandardErrorUsd).toBe(0);
    expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
  });

  it('is in order of power, keeps walls and gap, and flags what another plan beats', () => {
    const powers = found.points.map(({ borrowingPowerUsd: power }) => power);
    expect(powers).toEqual([...powers].sort((a, b) => a - b));
    for (const { haircutBps } of found.points) {
      for (const [asset, bps] of Object.entries(haircutBps)) {
        expect(bps).toBeLessThanOrEqual(8000);
        expect(10_000 - bps + of.minGapBps).toBeLessThanOrEqual(start[asset]!.liquidationThresholdBps);
      }
    }
    const beaten = (one: (typeof found.points)[number]) =>
      found.points.some(
        (other) =>
          other.borrowingPowerUsd >= one.borrowingPowerUsd &&
          other.expectedShortfallUsd <= one.expectedShortfallUsd &&
          (other.borrowingPowerUsd > one.borrowingPowerUsd || other.expectedShortfallUsd < one.expectedShortfallUsd),
      );
    for (const point of [...found.points, found.today, found.recommended]) expect(point.efficient).toBe(!beaten(point));
    // Shortfall rises with power along the plans nobody beats, and the ends are apart: the picture is not one point.
    const best = found.points.filter(({ efficient }) => efficient).map(({ expectedShortfallUsd }) => expectedShortfallUsd);
    expect(best).toEqual([...best].sort((a, b) => a - b));
    expect(best.at(-1)).toBeGreaterThan(best[0]!);
  });

  it('asks each question once and none of the paths kept for the confirmation of the advice', () => {
    const questions = asked.map(({ parameters, paths }) => JSON.stringify([parameters, paths]));
    expect(new Set(questions).size).toBe(questions.length);
    expect(Math.max(...asked.map(({ paths }) => paths))).toBe(1024);
  });

  it('says why there is none where nothing may be judged', async () => {
    const old = await trace({ ...input, now: '2024-03-01T00:00:00.000Z' });
    expect(old.points).toEqual([]);
    expect(old.says).toMatch(/^No plan was traced \(stale-data\)/);
    expect(old.today.reachUsd).toBeNull();
  });
});

describe('the ladder', () => {
  const setting = (haircutBps: number, powerUsd: number, lossUsd: number) => ({ haircutBps, powerUsd, lossUsd });
  const curves = [
    { asset: 'A', settings: [setting(1000, 90, 30), setting(2000, 80, 10), setting(5000, 50, 9), setting(6000, 40, 0)] },
    { asset: 'B', settings: [setting(1000, 45, 4), setting(3000, 35, 1)] },
  ];

  it('has exactly the plans that some price of risk picks, found by trying many', () => {
    const plans = ladder(curves);
    const tried = new Set<string>();
    for (let lambda = 0; lambda < 12; lambda += 0.013) {
      const best = curves.map(({ asset, settings }) => {
        const worth = settings.map(({ powerUsd, lossUsd }) => powerUsd - lambda * lossUsd);
        return [asset, settings[worth.indexOf(Math.max(...worth))]!.haircutBps];
      });
      tried.add(JSON.stringify(Object.fromEntries(best)));
    }
    expect(plans.map((one) => JSON.stringify(one)).sort()).toEqual([...tried].sort());
    // 5000 lies inside the hull: no price picks it.
    expect(plans.some(({ A }) => A === 5000)).toBe(false);
  });

  it('is one plan where loss is nowhere, and none without a curve', () => {
    expect(ladder([{ asset: 'A', settings: [setting(1000, 90, 0), setting(2000, 80, 0)] }])).toEqual([{ A: 1000 }]);
    expect(ladder([])).toEqual([]);
  });
});

describe('the paired error', () => {
  it('is nothing between a loss and itself plus a constant, and far below the errors of the two alone where they move together', () => {
    const lossUsd = Array.from({ length: 400 }, (_, path) => ((path * 7919) % 400) ** 2);
    const weight = lossUsd.map(() => 1);
    const shifted = paired({ lossUsd: lossUsd.map((usd) => usd + 5), weight }, { lossUsd, weight }, 0.9);
    expect(shifted.changeUsd).toBeCloseTo(5, 6);
    expect(shifted.standardErrorUsd).toBeCloseTo(0, 6);
    const scaled = paired({ lossUsd: lossUsd.map((usd) => 0.9 * usd), weight }, { lossUsd, weight }, 0.9);
    const alone = Summary.tailOf({ lossUsd, weight }, 0.9).standardErrorUsd;
    expect(scaled.standardErrorUsd).toBeGreaterThan(0.099 * alone);
    expect(scaled.standardErrorUsd).toBeLessThan(0.101 * alone);
  });
});
