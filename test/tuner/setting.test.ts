import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import { judge, Setting as Schema, type Setting } from '../../tuner/explanation/setting.ts';
import { borrowingPowerUsd } from '../../tuner/objective.ts';
import { tiltOf } from '../../tuner/stress/towards.ts';
import * as Book from '../stress/fixture.ts';
import { policy as policyOf, risky, tuned } from './fixture.ts';

const model = Book.model(3);
const state = risky();
const policy = policyOf({ budgetFraction: 1e-4 });
const scenarios = plan(model, { seed: 7, paths: 512, steps: 24, tilt: tiltOf(state, model) });
const { recommendation } = await tuned({ state, model, policy, scenarios });
const ask = judge(loadKernel(), { state, model, scenarios, policy, recommendation });
const setting = (changes: Setting['changes'], start: Setting['start'] = 'today', paths = 512): Setting => ({ start, changes, paths });

describe('a setting', () => {
  it('of nothing is the evidence of the run itself, exactly', () => {
    const { asked, today, advised, broken } = ask(setting([]));
    expect(asked).toEqual(today);
    expect(today.expectedShortfallUsd).toBe(recommendation.before.expectedShortfallUsd);
    expect(advised.expectedShortfallUsd).toBe(recommendation.after.expectedShortfallUsd);
    expect(advised.expectedShortfallStandardErrorUsd).toBe(recommendation.after.expectedShortfallStandardErrorUsd);
    expect(broken.filter(({ asset }) => asset !== null)).toEqual([]);
    expect(new Set(Object.values(ask(setting([], 'advised')).change))).toEqual(new Set([0]));
  });

  it('that lends more has more power, more loss, and names what it breaks', () => {
    const own = parametersOf(state)['A00']!;
    const { asked, today, broken } = ask(setting([{ asset: 'A00', haircutBps: 10_000 - own.liquidationThresholdBps }]));
    expect(asked.borrowingPowerUsd).toBeGreaterThan(today.borrowingPowerUsd);
    const parameters = { ...parametersOf(state), A00: { ...own, haircutBps: 10_000 - own.liquidationThresholdBps } };
    expect(asked.borrowingPowerUsd).toBe(borrowingPowerUsd(state, parameters).power);
    expect(asked.badDebtUsd).toBeGreaterThanOrEqual(today.badDebtUsd);
    expect(broken).toContainEqual(expect.objectContaining({ asset: 'A00', field: null, binding: 'gap' }));
    expect(broken.map(({ binding }) => binding)).toContain('max-loosen');
  });

  it('that hurts accounts by itself says how many', () => {
    const { newlyLiquidatable, broken } = ask(setting([{ asset: 'A00', liquidationThresholdBps: 100, haircutBps: 10_000 }]));
    expect(newlyLiquidatable).toBeGreaterThan(0);
    expect(broken.map(({ binding }) => binding)).toContain('newly-liquidatable');
  });

  it('is paired with the advice: the error of the change is far below that of either', () => {
    const { asked, change } = ask(setting([{ asset: 'A01', haircutBps: parametersOf(state)['A01']!.haircutBps - 1 }]));
    expect(asked.expectedShortfallStandardErrorUsd).toBeGreaterThan(0);
    expect(change.expectedShortfallStandardErrorUsd).toBeLessThan(asked.expectedShortfallStandardErrorUsd);
  });

  it('of any values the schema lets through gives finite figures, none of them negative', () => {
    const bps = fc.option(fc.integer({ min: 0, max: 10_000 }), { nil: undefined });
    const values = fc.record({
      haircutBps: bps,
      liquidationThresholdBps: bps,
      marginMultiplierPpm: fc.option(fc.integer({ min: 1, max: 100_000_000 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.tuple(values, values, values), fc.constantFrom('advised' as const, 'today' as const), (three, start) => {
        const given = three.map((one, index) => ({ asset: `A0${index}`, ...one }));
        const { asked, change, broken } = ask(Schema.parse(setting(given as Setting['changes'], start, 256)));
        for (const value of Object.values(asked)) expect(Number.isFinite(value) && value >= 0).toBe(true);
        for (const value of Object.values(change)) expect(Number.isFinite(value)).toBe(true);
        for (const { says } of broken) expect(says).not.toMatch(/NaN|undefined|Infinity/);
      }),
      { numRuns: 60 },
    );
  });

  it('of an asset that is not there, or of one twice, is refused by name', () => {
    expect(() => ask(setting([{ asset: '__proto__', haircutBps: 1 }]))).toThrow(/__proto__/);
    const twice = [
      { asset: 'A00', haircutBps: 1 },
      { asset: 'A00', haircutBps: 2 },
    ];
    expect(() => ask(setting(twice))).toThrow(/twice/);
  });

  it('asks for no more paths than the run has', () => {
    expect(ask(setting([], 'today', 4_096)).paths).toBe(512);
    expect(ask(setting([], 'today', 256)).paths).toBe(256);
  });
});
