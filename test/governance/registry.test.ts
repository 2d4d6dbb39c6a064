import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest } from '../../base/id.ts';
import * as Registry from '../../governance/targets/registry.ts';
import type { Hex } from '../../governance/targets/words.ts';

const values = fc.record({
  haircutBps: fc.integer({ min: 0, max: 10_000 }),
  liquidationThresholdBps: fc.integer({ min: 0, max: 10_000 }),
  liquidationBonusBps: fc.integer({ min: 0, max: 5_000 }),
  marginMultiplierPpm: fc.integer({ min: 100_000, max: 20_000_000 }),
});
const asset = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,31}$/);
const update: fc.Arbitrary<Registry.Update> = fc.record({
  changes: fc
    .uniqueArray(fc.record({ asset, from: values, to: values }), { selector: (change) => change.asset, maxLength: 5 })
    .map((changes) => changes.sort((a, b) => (a.asset < b.asset ? -1 : 1))),
  evidenceRoot: fc.string().map((salt) => digest(salt)),
  validUntilSeconds: fc.integer({ min: 0, max: 4_000_000_000 }),
});
const one = (threshold: number, bonus: number): Registry.Values => ({
  haircutBps: 10_000 - Math.max(0, threshold - 500),
  liquidationThresholdBps: threshold,
  liquidationBonusBps: bonus,
  marginMultiplierPpm: 1_000_000,
});

describe('registry', () => {
  it('decodes what it encodes, with code that does not know the encoder', () => {
    fc.assert(
      fc.property(update, (given) => {
        expect(Registry.decode(Registry.encode(given))).toEqual(given);
      }),
    );
  });

  it('never reads a changed call as the same one', () => {
    fc.assert(
      fc.property(update, fc.nat(), fc.integer({ min: 1, max: 15 }), (given, where, flip) => {
        const data = Registry.encode(given);
        const at = 2 + (where % (data.length - 2));
        const digit = (Number.parseInt(data[at]!, 16) ^ flip).toString(16);
        const changed = `${data.slice(0, at)}${digit}${data.slice(at + 1)}` as Hex;
        let read: Registry.Update | null = null;
        try {
          read = Registry.decode(changed);
        } catch (error) {
          expect((error as Error).name).toMatch(/^(Words|Registry)\./);
        }
        expect(read).not.toEqual(given);
      }),
    );
  });

  it('refuses assets out of order, as the contract does', () => {
    const [from, to] = [one(8_000, 500), one(7_900, 500)];
    for (const order of [
      ['WETH', 'WBTC'],
      ['WETH', 'WETH'],
    ]) {
      const data = Registry.encode({
        changes: order.map((name) => ({ asset: name, from, to })),
        evidenceRoot: digest(''),
        validUntilSeconds: 1,
      });
      expect(() => Registry.decode(data)).toThrow(Registry.NotAnUpdateError);
    }
  });

  it('orders names as the contract orders keys', () => {
    fc.assert(
      fc.property(asset, asset, (a, b) => {
        expect(a < b).toBe(BigInt(Registry.toKey(a)) < BigInt(Registry.toKey(b)));
      }),
    );
  });

  // Aave v3 Ethereum 2023-10-31, threshold and excess bonus in bps; the last two sit on the edge.
  it.each([
    ['WETH', 8_300, 500, null],
    ['USDC', 8_000, 450, null],
    ['CRV', 4_100, 830, null],
    ['eMode 1', 9_300, 100, null],
    ['rounds to 10,000 on Aave, 10,000.29 exactly', 9_300, 753, 'LiquidationUnprofitable'],
    ['exactly 10,000', 8_000, 2_500, null],
    ['one above', 8_001, 2_500, 'LiquidationUnprofitable'],
  ])('threshold × (1 + bonus) ≤ 1: %s', (_name, threshold, bonus, expected) => {
    expect(Registry.outOfBounds(one(threshold, bonus))).toBe(expected);
  });

  it('catches values in the wrong unit', () => {
    const fine = one(8_000, 500);
    expect(Registry.outOfBounds({ ...fine, liquidationBonusBps: 10_500 })).toBe('BonusOutOfBounds');
    expect(Registry.outOfBounds({ ...fine, marginMultiplierPpm: 1 })).toBe('MultiplierOutOfBounds');
    expect(Registry.outOfBounds({ ...fine, liquidationThresholdBps: 82 })).toBe('LtvAboveThreshold');
  });

  it('speaks from the bytes', () => {
    const change = { asset: 'WETH', from: one(8_300, 500), to: { ...one(8_300, 500), marginMultiplierPpm: 1_234_567 } };
    const decoded = Registry.decode(Registry.encode({ changes: [change], evidenceRoot: digest(''), validUntilSeconds: 1_700_000_000 }));
    expect(Registry.says(decoded)).toBe(
      'Sets WETH margin multiplier 1.00× → 1.234567×. Reverts if the chain no longer holds the values it starts from, or after 2023-11-14T22:13:20.000Z.',
    );
    expect(Registry.argumentsOf(decoded)).toMatchObject({
      'WETH.marginMultiplierPpm': '1000000 → 1234567',
      'WETH.liquidationBonusBps': '500 (kept)',
    });
  });
});
