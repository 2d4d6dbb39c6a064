/** Who warns before what, on series whose lead is known. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Alarms from '../../tuner/backtest/alarms.ts';
import { follow } from '../../tuner/backtest/follow.ts';
import * as Limits from '../../tuner/limits.ts';
import { type FieldLimit, parsePolicy } from '../../tuner/policy.ts';

const HOURS = 2_400;
const EVENT = 1_500;

/** 1 with a little noise, from `from` on twice as much; in the event the price loses a fifth. */
const rising = (from: number) => Float64Array.from({ length: HOURS }, (_, t) => (t >= from ? 2 : 1) + 1e-3 * ((t * 7) % 11));
const close = Float64Array.from({ length: HOURS }, (_, t) => (t < EVENT ? 100 + ((t * 5) % 3) / 10 : 80));

describe('bars at one rate of false alarms', () => {
  it('let exactly so many calm days warn, whatever the rule says', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.nat({ max: 320 }),
        (values, count) => {
          const bar = Alarms.barFor(values, count);
          expect(values.filter((value) => value > bar).length).toBe(Math.min(count, values.length));
        },
      ),
    );
  });

  it('never let more, where values tie or are missing', () => {
    expect(Alarms.barFor([1, 2, 2, 2, Number.NaN], 2)).toBe(2);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1 }), fc.nat({ max: 50 }), (values, count) => {
        const bar = Alarms.barFor(values, count);
        expect(values.filter((value) => value > bar).length).toBeLessThanOrEqual(count);
      }),
    );
  });

  it('do not hang on the unit of a rule', () => {
    const values = Array.from({ length: 100 }, (_, at) => (at * 37) % 101);
    for (const c of [0.01, 4])
      expect(
        Alarms.barFor(
          values.map((value) => c * value),
          5,
        ),
      ).toBe(c * Alarms.barFor(values, 5));
  });
});

describe('leads', () => {
  it.each([1, 7, 30, 48])('finds a rise of the multiplier %i hours before the event', (lead) => {
    const multiplier = rising(EVENT - lead);
    const calm = Alarms.dailyMost(multiplier, 24).slice(0, 50);
    const bar = Alarms.barFor(calm, Math.floor(0.05 * calm.length));
    const event = Array.from(close.keys()).find((t) => Alarms.moveTo(close, t, 4).fall > 0.1)!;
    expect(event).toBe(EVENT);
    expect(Alarms.leadHours(multiplier, bar, event, 48)).toBeGreaterThanOrEqual(lead);
    expect(Alarms.leadHours(multiplier, 1.5, event, 48)).toBe(lead);
  });

  it('counts no warning in the hour itself, none before the window, and none where nothing is known', () => {
    expect(Alarms.leadHours(rising(EVENT), 1.5, EVENT, 48)).toBe(0);
    expect(Alarms.leadHours(rising(EVENT - 200), 1.5, EVENT, 48)).toBe(48);
    expect(Alarms.leadHours(new Float64Array(HOURS).fill(Number.NaN), 1.5, EVENT, 48)).toBe(0);
    const early = rising(EVENT - 200).map((value, t) => (t > EVENT - 60 ? 1 : value));
    expect(Alarms.leadHours(early, 1.5, EVENT, 48)).toBe(0);
  });
});

it('moves look back and ahead over the period only', () => {
  const prices = Float64Array.from([100, 120, 90, 90, 99, Number.NaN]);
  expect(Alarms.moveTo(prices, 3, 2).fall).toBeCloseTo(0.25, 12);
  expect(Alarms.moveTo(prices, 3, 3).fall).toBeCloseTo(0.25, 12);
  expect(Alarms.moveTo(prices, 4, 2)).toEqual({ fall: 0, rise: expect.closeTo(0.1, 12) });
  expect(Alarms.moveFrom(prices, 0, 2)).toEqual({ fall: expect.closeTo(0.1, 12), rise: expect.closeTo(0.2, 12) });
  expect(Alarms.moveTo(prices, 5, 2).fall).toBeNaN();
});

it('the worst days, near ones as one event', () => {
  const daily = new Array<number>(200).fill(0).map((_, day) => -0.001 * (day % 5));
  for (const [day, move] of [
    [20, -0.3],
    [22, -0.2],
    [90, -0.4],
    [150, -0.1],
  ] as const)
    daily[day] = move;
  expect(Alarms.eventsOf(daily, 0.015, 3)).toEqual([
    { first: 20, last: 22 },
    { first: 90, last: 90 },
  ]);
  expect(Alarms.eventsOf(daily, 0, 3)).toEqual([{ first: 90, last: 90 }]);
});

it('uncovered is what is beyond the margin, and nothing else', () => {
  expect(Alarms.uncovered([0.1, 0.1], [0.05, 0.25], 2)).toEqual([0, expect.closeTo(0.05, 12)]);
});

describe('following a target', () => {
  const limit: FieldLimit = parsePolicy(readFileSync('tuner/policies/perp-venue.yaml', 'utf8'), 'perp-venue').fields.marginMultiplierPpm;
  const START = Date.parse('2021-01-01');

  it('goes up fast and comes down slowly', () => {
    const target = Float64Array.from({ length: 1_200 }, (_, t) => (t >= 100 && t < 110 ? 2 : 1));
    const held = follow(target, START, 'A', limit);
    expect([held[99], held[100]]).toEqual([1, 2]);
    const back = held.findIndex((value, t) => t > 110 && value <= 1.5) - 110;
    expect(back).toBeGreaterThan(24 * 7);
  });

  it('makes no move that the limit forbids, and keeps to the walls', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.2, max: 9, noNaN: true }), { minLength: 5, maxLength: 120 }), (targets) => {
        const held = follow(targets, START, 'A', limit);
        let from = 1_000_000;
        const history: Limits.PastMove[] = [];
        for (const [t, multiple] of held.entries()) {
          const move = { asset: 'A', field: 'marginMultiplierPpm' as const, from, to: Math.round(1e6 * multiple) };
          const now = new Date(START + (t + 1) * 3_600_000).toISOString();
          expect(Limits.check(limit, { ...move, now, history })).toEqual({ ok: true });
          if (move.to !== from) history.push({ ...move, at: now });
          from = move.to;
        }
      }),
      { numRuns: 40 },
    );
  });

  it('says nothing where nothing is known', () => {
    expect(Array.from(follow([2, Number.NaN, 2], START, 'A', limit))).toEqual([2, Number.NaN, 2]);
  });
});
