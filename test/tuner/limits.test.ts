import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RiskParameters } from '../../datasets/state.ts';
import * as Limits from '../../tuner/limits.ts';
import { Field, type FieldLimit } from '../../tuner/policy.ts';

const DAY = 86_400;
const NOW = '2022-05-08T00:00:00.000Z';
const LIMIT: FieldLimit = {
  min: 500,
  max: 8000,
  step: 25,
  maxLoosen: 100,
  maxTighten: 300,
  cooldownSeconds: 3 * DAY,
  budgets: [{ windowSeconds: 30 * DAY, loosen: 150, tighten: 400 }],
};

const ago = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1000).toISOString();
const move = (from: number, to: number, history: readonly Limits.PastMove[] = [], field: Field = 'haircutBps') => ({
  asset: 'WETH',
  field,
  from,
  to,
  now: NOW,
  history,
});
const past = (from: number, to: number, secondsAgo: number): Limits.PastMove => ({
  asset: 'WETH',
  field: 'haircutBps',
  from,
  to,
  at: ago(secondsAgo),
});
const bindingOf = (ruling: Limits.Ruling) => (ruling.ok ? 'ok' : ruling.binding);

describe('directions', () => {
  test.each([
    ['haircutBps', 2000, 1900, 'looser'],
    ['haircutBps', 2000, 2100, 'tighter'],
    ['liquidationThresholdBps', 8000, 8100, 'looser'],
    ['liquidationThresholdBps', 8000, 7900, 'tighter'],
    ['marginMultiplierPpm', 1_000_000, 900_000, 'looser'],
    ['marginMultiplierPpm', 1_000_000, 1_100_000, 'tighter'],
    ['marginMultiplierPpm', 1_000_000, 1_000_000, 'none'],
  ] as const)('%s %i to %i is %s', (field, from, to, direction) => {
    expect(Limits.directionOf(field, from, to)).toBe(direction);
  });
});

describe('edges: the limit passes, the limit + 1 fails', () => {
  test.each([
    [move(2000, 1900), 'ok'],
    [move(2000, 1875), 'max-loosen'],
    [move(2000, 2300), 'ok'],
    [move(2000, 2325), 'max-tighten'],
    [move(2000, 2010), 'step'],
    [move(525, 500), 'ok'],
    [move(525, 475), 'min'],
    [move(7975, 8000), 'ok'],
    [move(7975, 8025), 'max'],
    [move(2000, 2000), 'ok'],
  ])('%o', (tried, expected) => {
    expect(bindingOf(Limits.check(LIMIT, tried))).toBe(expected);
  });

  test('a cooldown ends exactly at last + cooldown', () => {
    expect(bindingOf(Limits.check(LIMIT, move(2000, 2025, [past(1975, 2000, 3 * DAY)])))).toBe('ok');
    expect(bindingOf(Limits.check(LIMIT, move(2000, 2025, [past(1975, 2000, 3 * DAY - 1)])))).toBe('cooldown');
  });

  test('a window slides: a move counts until it is exactly as old as the window', () => {
    expect(bindingOf(Limits.check(LIMIT, move(1900, 1825, [past(2000, 1900, 30 * DAY - 1)])))).toBe('budget-30d');
    expect(bindingOf(Limits.check(LIMIT, move(1900, 1825, [past(2000, 1900, 30 * DAY)])))).toBe('ok');
  });

  test('budgets are by direction, and only for the same asset and field', () => {
    expect(bindingOf(Limits.check(LIMIT, move(1900, 2200, [past(2000, 1900, 5 * DAY)])))).toBe('ok');
    const others = [
      { ...past(2000, 1900, DAY), asset: 'WBTC' },
      { ...past(2000, 1900, DAY), field: 'marginMultiplierPpm' as const },
    ];
    expect(bindingOf(Limits.check(LIMIT, move(1900, 1800, others)))).toBe('ok');
  });

  test('a history from the future or without a time is named', () => {
    expect(() => Limits.check(LIMIT, move(2000, 1975, [past(2000, 1975, -1)]))).toThrow(Limits.BadTimeError);
    expect(() => Limits.check(LIMIT, { ...move(2000, 1975), now: 'yesterday' })).toThrow(Limits.BadTimeError);
  });
});

const anyField = fc.constantFrom(...Field.options);
const anyLimit: fc.Arbitrary<FieldLimit> = fc
  .record({
    min: fc.integer({ min: 0, max: 200 }),
    width: fc.integer({ min: 0, max: 200 }),
    step: fc.integer({ min: 1, max: 9 }),
    maxLoosen: fc.integer({ min: 0, max: 60 }),
    maxTighten: fc.integer({ min: 0, max: 60 }),
    cooldownSeconds: fc.integer({ min: 0, max: 6 }),
    budgets: fc.array(
      fc.record({
        windowSeconds: fc.integer({ min: 1, max: 40 }),
        loosen: fc.integer({ min: 0, max: 90 }),
        tighten: fc.integer({ min: 0, max: 90 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ width, ...rest }) => ({ ...rest, max: rest.min + width }));

describe('properties', () => {
  test('reach is exactly the set of moves that check allows, and names what refuses the next one', () => {
    const history = fc.array(
      fc.record({ from: fc.integer({ min: 0, max: 50 }), to: fc.integer({ min: 0, max: 50 }), age: fc.integer({ min: 0, max: 50 }) }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(anyField, anyLimit, fc.integer({ min: 0, max: 500 }), history, (field, limit, from, past) => {
        const moves = past.map(({ age, ...rest }) => ({ asset: 'A', field, ...rest, at: ago(age) }));
        for (const direction of ['looser', 'tighter'] as const) {
          const position = { asset: 'A', field, from, now: NOW, history: moves };
          const reached = Limits.reach(limit, position, direction);
          for (let steps = 1; steps <= 70; steps += 1) {
            const to = Limits.valueAt(field, from, limit, direction, steps);
            const ruling = Limits.check(limit, { ...position, to });
            expect(ruling.ok).toBe(steps >= reached.low && steps <= reached.high);
            if (steps === reached.high + 1 && steps > reached.low) expect(bindingOf(ruling)).toBe(reached.binding);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('an adversary who always takes the largest loosening as soon as allowed never passes a budget in any window', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 30, maxLength: 60 }), (waits) => {
        const windowSeconds = 30 * DAY;
        const limit: FieldLimit = {
          ...LIMIT,
          min: 0,
          max: 10_000,
          cooldownSeconds: DAY,
          budgets: [{ windowSeconds, loosen: 150, tighten: 0 }],
        };
        const history: Limits.PastMove[] = [];
        let value = 10_000;
        let hours = 0;
        for (const wait of waits) {
          hours += wait * 6;
          const now = new Date(Date.parse(NOW) + hours * 3_600_000).toISOString();
          const { low, high } = Limits.reach(limit, { asset: 'WETH', field: 'haircutBps', from: value, now, history }, 'looser');
          if (high < low) continue;
          const to = Limits.valueAt('haircutBps', value, limit, 'looser', high);
          history.push({ asset: 'WETH', field: 'haircutBps', from: value, to, at: now });
          value = to;
        }
        expect(history.length).toBeGreaterThan(0);
        for (const first of history) {
          const begins = Date.parse(first.at);
          const inside = history.filter(({ at }) => Date.parse(at) >= begins && Date.parse(at) < begins + windowSeconds * 1000);
          expect(inside.reduce((sum, { from, to }) => sum + from - to, 0)).toBeLessThanOrEqual(150);
        }
      }),
      { numRuns: 50 },
    );
  });
});

const parameters = (ltvBps: number, liquidationThresholdBps: number, storedBonus: number): RiskParameters => ({
  haircutBps: 10_000 - ltvBps,
  liquidationThresholdBps,
  liquidationBonusBps: storedBonus - 10_000,
  marginMultiplierPpm: 1_000_000,
  supplyCapTokens: null,
  borrowCapTokens: null,
});

describe('fields that must fit together', () => {
  // Aave v3 Ethereum, 2023-10-31: bgd-labs/aave-proposals-v3, reports/…WETHParameters_20231031_before.json. LTV, threshold, stored bonus.
  const AAVE: Record<string, [number, number, number]> = {
    WETH: [8050, 8300, 10_500],
    wstETH: [7850, 8100, 10_600],
    WBTC: [7300, 7800, 10_500],
    USDC: [7700, 8000, 10_450],
    DAI: [7700, 8000, 10_500],
    USDT: [7400, 7600, 10_450],
    LINK: [5300, 6800, 10_700],
    AAVE: [6600, 7300, 10_750],
    CRV: [3500, 4100, 10_830],
    UNI: [6500, 7700, 11_000],
    rETH: [7450, 7700, 10_750],
    cbETH: [7450, 7700, 10_750],
    MKR: [6500, 7000, 10_850],
    LDO: [4000, 5000, 10_900],
    SNX: [4900, 6500, 10_850],
    eMode1: [9000, 9300, 10_100],
  };
  test.each(Object.entries(AAVE))('%s passes the intrinsic and the joint check', (_, row) => {
    expect(Limits.intrinsic(parameters(...row))).toMatchObject({ exact: true, onChain: true });
    expect(Limits.checkJoint({ minGapBps: 200, bonusBufferBps: 200 }, parameters(...row))).toEqual({ ok: true });
  });

  test('published products', () => {
    expect(Limits.intrinsic(parameters(...AAVE['WETH']!)).product).toBe(87_150_000);
    expect(Limits.intrinsic(parameters(...AAVE['CRV']!)).product).toBe(44_403_000);
  });

  test('half-up edge: 9300 × 1.0753 passes on chain and fails exactly; 9300 × 1.0754 fails both', () => {
    expect(Limits.intrinsic(parameters(9000, 9300, 10_753))).toMatchObject({ exact: false, onChain: true });
    expect(Limits.intrinsic(parameters(9000, 9300, 10_754))).toMatchObject({ exact: false, onChain: false });
    const walls = { minGapBps: 0, bonusBufferBps: 0 };
    expect(bindingOf(Limits.checkJoint(walls, parameters(9000, 9300, 10_752)))).toBe('ok');
    expect(bindingOf(Limits.checkJoint(walls, parameters(9000, 9300, 10_753)))).toBe('bonus-exact');
    expect(bindingOf(Limits.checkJoint(walls, parameters(9000, 9300, 10_754)))).toBe('bonus-on-chain');
  });

  test('gap and buffer: the edge passes, one more fails', () => {
    const walls = { minGapBps: 250, bonusBufferBps: 1285 };
    expect(bindingOf(Limits.checkJoint(walls, parameters(8050, 8300, 10_500)))).toBe('ok');
    expect(bindingOf(Limits.checkJoint({ ...walls, minGapBps: 251 }, parameters(8050, 8300, 10_500)))).toBe('gap');
    expect(bindingOf(Limits.checkJoint({ ...walls, bonusBufferBps: 1286 }, parameters(8050, 8300, 10_500)))).toBe('bonus-buffer');
    expect(bindingOf(Limits.checkJoint(walls, parameters(0, 0, 10_500)))).toBe('ok');
    expect(bindingOf(Limits.checkJoint(walls, parameters(1, 0, 10_500)))).toBe('gap');
  });

  test('agrees with BigInt arithmetic everywhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 10_000 }), (thresholdBps, bonusBps) => {
        const product = BigInt(thresholdBps) * BigInt(10_000 + bonusBps);
        const { exact, onChain } = Limits.intrinsic(parameters(0, thresholdBps, 10_000 + bonusBps));
        expect(exact).toBe(product <= 100_000_000n);
        expect(onChain).toBe((product + 5_000n) / 10_000n <= 10_000n);
      }),
    );
  });
});
