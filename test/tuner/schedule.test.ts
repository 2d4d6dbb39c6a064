import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Limits from '../../tuner/limits.ts';
import type { FieldLimit } from '../../tuner/policy.ts';
import * as Schedule from '../../tuner/schedule.ts';
import { NOW } from './fixture.ts';

const DAY = 86_400;
const LIMIT: FieldLimit = {
  min: 500,
  max: 8000,
  step: 25,
  maxLoosen: 100,
  maxTighten: 300,
  cooldownSeconds: 3 * DAY,
  budgets: [
    { windowSeconds: 7 * DAY, loosen: 150, tighten: 600 },
    { windowSeconds: 30 * DAY, loosen: 300, tighten: 1200 },
  ],
};
const day = (count: number) => new Date(Date.parse(NOW) + count * DAY * 1000).toISOString();
const first = (from: number, to: number, history: readonly Limits.PastMove[] = []): Limits.Move => {
  return { asset: 'A', field: 'haircutBps', from, to, now: NOW, history };
};

describe('a schedule', () => {
  it('waits for cooldowns and for room in every sliding window', () => {
    // 300 a move and 3 days apart; 600 a week: day 6 has no room, day 7 has; 1,200 a month: the fifth waits for day 30.
    expect(Schedule.after(LIMIT, first(2000, 2300), 3600)).toEqual([
      { to: 2600, at: day(3) },
      { to: 2900, at: day(7) },
      { to: 3200, at: day(10) },
      { to: 3500, at: day(30) },
      { to: 3600, at: day(33) },
    ]);
  });

  it('counts what was spent before the advice', () => {
    const past = { asset: 'A', field: 'haircutBps' as const, from: 1800, to: 2000, at: day(-4) };
    expect(Schedule.after(LIMIT, first(2000, 2300, [past]), 2700)).toEqual([
      { to: 2600, at: day(3) },
      { to: 2700, at: day(7) },
    ]);
  });

  it('takes no step larger than a window allows, and none where none is ever allowed', () => {
    const small = { ...LIMIT, budgets: [{ windowSeconds: 7 * DAY, loosen: 0, tighten: 100 }] };
    expect(Schedule.after(small, first(2000, 2100), 2250)).toEqual([
      { to: 2200, at: day(7) },
      { to: 2250, at: day(14) },
    ]);
    expect(Schedule.after({ ...LIMIT, budgets: [{ windowSeconds: DAY, loosen: 0, tighten: 0 }] }, first(2000, 2000), 2300)).toEqual([]);
    expect(Schedule.after(LIMIT, first(2000, 2300), 2300)).toEqual([]);
    const instant = { ...LIMIT, cooldownSeconds: 0, budgets: [] };
    expect(Schedule.after(instant, first(2000, 2300), 2600)).toEqual([{ to: 2600, at: '2024-01-01T00:00:01.000Z' }]);
  });

  it('holds moves that the one rule allows, each at its moment, whatever the limit', () => {
    const budget = fc.record({
      windowSeconds: fc.integer({ min: 1, max: 40 * DAY }),
      loosen: fc.integer({ min: 0, max: 900 }),
      tighten: fc.integer({ min: 0, max: 900 }),
    });
    const limit = fc.record({ maxTighten: fc.integer({ min: 0, max: 600 }), cooldownSeconds: fc.integer({ min: 0, max: 9 * DAY }) });
    fc.assert(
      fc.property(limit, fc.array(budget, { maxLength: 3 }), fc.integer({ min: 0, max: 60 }), (part, budgets, steps) => {
        const whole = { ...LIMIT, ...part, budgets };
        const target = 2000 + 25 * steps;
        const reach = Limits.reach(whole, first(2000, 2000), 'tighter');
        const to = Math.min(target, 2000 + 25 * reach.high);
        let history: readonly Limits.PastMove[] = [{ asset: 'A', field: 'haircutBps', from: 2000, to, at: NOW }];
        let from = to;
        for (const { to: next, at } of Schedule.after(whole, first(2000, to), target)) {
          const move = { asset: 'A', field: 'haircutBps' as const, from, to: next };
          expect(Limits.check(whole, { ...move, now: at, history })).toEqual({ ok: true });
          expect(next).toBeGreaterThan(from);
          expect(next).toBeLessThanOrEqual(target);
          history = [...history, { ...move, at }];
          from = next;
        }
      }),
    );
  });
});
