import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as PriceCap from '../../tuner/price-cap.ts';

// wstETH's feed and the incident of 2026-03-10: aave-price-feeds scripts/DeployEthereum.s.sol; governance.aave.com 24269, 24275, AIP 458.
const NOW = Date.parse('2026-03-10T11:46:00Z') / 1000;
const WEEK_AGO = NOW - 7 * 86_400;
const FROM: PriceCap.Snapshot = { ratio: '1157209899495068171', takenAtSeconds: 1_708_004_591, growthBps: 968 };
const AGENT: PriceCap.Bounds = { ratioChangeBps: 300, growthChangeBps: 1_000, ageSeconds: 7 * 86_400 };
const INCIDENT: PriceCap.Snapshot = { ratio: '1191926196479920216', takenAtSeconds: WEEK_AGO, growthBps: 872 };
const TARGET: PriceCap.Snapshot = { ratio: '1228200000000000000', takenAtSeconds: WEEK_AGO, growthBps: 968 };
const ask = (wanted: PriceCap.Snapshot, bounds = AGENT) =>
  PriceCap.judge({ asset: 'wstETH', nowSeconds: NOW, marketRatio: '1228900000000000000', from: FROM, wanted, bounds });

describe('published caps', () => {
  test.each([
    ['the snapshot that the agent sent', { ...INCIDENT }, 1193919488946581430n],
    ['with the growth left at 9.68 %', { ...INCIDENT, growthBps: 968 }, 1194138933988782665n],
    ['at 8.71 %', { ...INCIDENT, growthBps: 871 }, 1193917203060725167n],
    ['at 8.80 %', { ...INCIDENT, growthBps: 880 }, 1193937776033431532n],
  ])('%s', (_, snapshot, published) => {
    // The publication's growth is exact, the contract's is a whole number a second: at most one unit a second apart.
    expect(Number(published - PriceCap.capAt(snapshot, NOW))).toBeGreaterThanOrEqual(0);
    expect(Number(published - PriceCap.capAt(snapshot, NOW))).toBeLessThanOrEqual(7 * 86_400);
  });

  test('the static cap just before did not bind, nor the right update, nor a clamped ratio that keeps its old time', () => {
    expect(Number(PriceCap.capAt(FROM, NOW)) / 1e18).toBeCloseTo(1.38859, 5);
    expect(Number(PriceCap.capAt(TARGET, NOW)) / 1e18).toBeCloseTo(1.2304800775890412, 12);
    const kept = { ...INCIDENT, takenAtSeconds: FROM.takenAtSeconds, growthBps: 968 };
    expect(Number(PriceCap.capAt(kept, NOW)) / 1e18).toBeCloseTo(1.4302439129149809, 6);
  });
});

describe('the incident', () => {
  test('passed every bound of every field, and is refused as a whole', () => {
    expect(PriceCap.outOfBounds(FROM, INCIDENT, AGENT, NOW)).toBeNull();
    const answer = ask(INCIDENT);
    expect(answer).toMatchObject({ verdict: 'hold', binding: 'capped', to: FROM });
    expect(answer.says).toContain('2.85 % under');
  });

  test('the target beyond its bound is not cut to the bound: the snapshot stays, and why is said', () => {
    const answer = ask(TARGET);
    expect(answer).toMatchObject({ verdict: 'hold', binding: 'ratio-change', to: FROM });
    expect(answer.says).toMatch(/would cap at 1\.19413\d, 2\.83 % under/);
  });

  test('the right joint update goes through where its bounds allow it', () => {
    expect(ask(TARGET, { ...AGENT, ratioChangeBps: 700 })).toMatchObject({ verdict: 'change', binding: null, to: TARGET });
  });
});

test('bounds of one field: relative, rounded down (968 to 872 passes, 871 does not), the age and the order of snapshots', () => {
  const bounds = (to: Partial<PriceCap.Snapshot>) => PriceCap.outOfBounds(FROM, { ...INCIDENT, ...to }, AGENT, NOW);
  expect(bounds({ growthBps: 871 })).toBe('growth-change');
  expect(bounds({ ratio: '1191926196479920217' })).toBe('ratio-change');
  expect(bounds({ takenAtSeconds: WEEK_AGO + 1 })).toBe('snapshot-age');
  expect(bounds({ takenAtSeconds: FROM.takenAtSeconds - 1 })).toBe('snapshot-order');
});

test('whatever is asked, what comes out caps nobody and is in bounds, or is what stands', () => {
  const snapshot = fc.record({
    ratio: fc.bigInt({ min: 10n ** 17n, max: 10n ** 19n }).map(String),
    takenAtSeconds: fc.integer({ min: 1_700_000_000, max: NOW }),
    growthBps: fc.integer({ min: 0, max: 2_000 }),
  });
  fc.assert(
    fc.property(snapshot, fc.bigInt({ min: 10n ** 17n, max: 10n ** 19n }), (wanted, market) => {
      const bounds = { ratioChangeBps: 9_000, growthChangeBps: 10_000, ageSeconds: 0 };
      const asked = { asset: 'X', nowSeconds: NOW, marketRatio: String(market), from: FROM, wanted, bounds };
      const { verdict, to, capRatio } = PriceCap.judge(asked);
      expect(BigInt(capRatio)).toBe(PriceCap.capAt(to, NOW));
      if (verdict === 'hold') expect(to).toEqual(FROM);
      else {
        expect(to).toEqual(wanted);
        expect(PriceCap.outOfBounds(FROM, to, bounds, NOW)).toBeNull();
        expect(BigInt(capRatio)).toBeGreaterThanOrEqual(market);
      }
    }),
  );
});

test('a question that cannot be read names the field', () => {
  expect(() => PriceCap.parseQuestion('{', 'u.json')).toThrow(PriceCap.UnreadableError);
  expect(() => PriceCap.parseQuestion('{"asset":"X","nowSeconds":1.5}', 'u.json')).toThrow(/nowSeconds/);
});
