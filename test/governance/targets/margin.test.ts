import { describe, expect, it } from 'vitest';
import * as Decode from '../../../governance/targets/decode.ts';
import * as Derive from '../../../governance/targets/derive.ts';
import * as Dydx from '../../../governance/targets/dydx.ts';
import type * as Target from '../../../governance/targets/target.ts';
import { derive, dydx, HELD, move } from './venues.ts';

describe('Derive', () => {
  const held = Derive.declare(derive, HELD);
  const wider = [move('WETH', 'marginMultiplierPpm', 1_000_000, 1_250_000)];

  it('scales the venue’s own margin, rounded up', () => {
    const plan = Derive.encode(derive, held, wider);
    expect(Derive.decode(plan.actions[0]!.data).says).toBe('Sets the perpetual of market 1: maintenance margin 8.125 %, initial 12.5 %.');
    const odd = { ...derive, assets: { WETH: { marketId: 1, perp: { maintenance: '3', initial: '7' } } } };
    expect(Derive.encode(odd, Derive.declare(odd, HELD), wider).becomes).toEqual({ 'WETH.maintenance': '4', 'WETH.initial': '9' });
  });

  it('reproduces the published base factors: ETH 0.8 with scale 0.9375', () => {
    const eth = { WETH: { ...HELD['WETH']!, haircutBps: 2_500, liquidationThresholdBps: 8_000 } };
    expect(Derive.declare(derive, eth).values).toMatchObject({
      'WETH.marginFactor': '800000000000000000',
      'WETH.IMScale': '937500000000000000',
    });
  });

  it('keeps the threshold to the basis point where only the haircut moves', () => {
    const plan = Derive.encode(derive, held, [move('WETH', 'haircutBps', 1_950, 2_000)]);
    const { marginFactor, IMScale } = Derive.decode(plan.actions[0]!.data).arguments as Record<string, string>;
    expect(marginFactor).toBe('830000000000000000');
    expect((BigInt(marginFactor!) * BigInt(IMScale!)) / 10n ** 18n).toBe(799_999_999_999_999_999n);
    expect(Derive.constraints(derive, held, [move('WETH', 'haircutBps', 1_950, 2_000)])).toBeNull();
  });

  it('refuses margins of 100 %, moved state, LTV above the threshold, a perpetual that is not there', () => {
    const ask = (moves: readonly Target.Move[], venue: Derive.Venue = derive) => Derive.constraints(venue, held, moves)?.name ?? null;
    expect(ask(wider)).toBeNull();
    expect(ask([move('WETH', 'marginMultiplierPpm', 1_000_000, 10_000_000)])).toBe('SRM_InvalidPerpMarginParams');
    expect(ask([move('WETH', 'marginMultiplierPpm', 1_100_000, 1_250_000)])).toBe('StateMoved');
    expect(ask([move('WETH', 'haircutBps', 1_950, 1_600)])).toBe('SRM_InvalidBaseAssetMarginParams');
    expect(ask(wider, { ...derive, assets: { WETH: { marketId: 1, perp: null } } })).toBe('NoPerpetual');
    expect(ask([...wider, ...wider])).toBe('Duplicate');
  });
});

describe('dYdX', () => {
  const tier = (initial: number, extra: Partial<Dydx.Tier> = {}): Dydx.Tier => ({
    ...{ id: 0, name: 'x', initial_margin_ppm: initial, maintenance_fraction_ppm: 1_000_000, impact_notional: '1' },
    ...{ open_interest_lower_cap: '0', open_interest_upper_cap: '0' },
    ...extra,
  });
  const caps = (lower: string, upper: string) => ({ open_interest_lower_cap: lower, open_interest_upper_cap: upper });

  it('reproduces the published margins', () => {
    expect(Dydx.initialMarginOf(tier(200_000), 500_000n)).toBe(100_000n);
    expect(Dydx.initialMarginOf(tier(500_000), 1_000_000n)).toBe(500_000n);
    expect(Dydx.initialMarginOf(tier(100_000), 1n)).toBe(1n);
    expect(Dydx.initialMarginOf(tier(567_243), 123_456n)).toBe(70_030n);
    expect(Dydx.initialMarginOf(tier(200_000, caps('1000000000000', '2000000000000')), 500_000n, 1_500_000_000_000n)).toBe(300_000n);
    expect(Dydx.initialMarginOf(tier(200_000, caps('25000000000000', '60000000000000')), 500_000n, 28_123_456_789_123n)).toBe(135_697n);
    expect(Dydx.maintenancePpm(tier(150_000, { maintenance_fraction_ppm: 800_000 }))).toBe(120_000n);
    expect(Dydx.maintenancePpm(tier(637_239, { maintenance_fraction_ppm: 289_284 }))).toBe(184_343n);
  });

  it('writes the message the chain takes, and decodes it', () => {
    const held = Dydx.declare(dydx, HELD);
    const { message, actions, becomes } = Dydx.encode(dydx, held, [move('WETH', 'marginMultiplierPpm', 1_000_000, 1_250_000)]);
    const [text] = (message as { messages: readonly unknown[] }).messages.map((one) => JSON.stringify(one));
    expect(actions).toEqual([]);
    expect(becomes).toEqual({ 'Mid-Cap.initial_margin_ppm': '62500' });
    expect(Decode.decodeText(text!)).toMatchObject({
      target: 'dydx',
      says: 'Sets tier 1 (Mid-Cap): initial margin 6.2500 %, maintenance 3.7500 %, for every market in it.',
    });
    for (const bad of ['{}', '{"@type":"x"}', text!.replace('62500', '1000001')])
      expect(() => Decode.decodeText(bad)).toThrow(Dydx.NotAMessageError);
  });

  it('refuses a tier that markets outside the advice share, moved state and margins above 100 %', () => {
    const held = Dydx.declare(dydx, HELD);
    const shared = { ...dydx, tiers: [{ ...dydx.tiers[0], markets: ['WETH', 'WBTC'] }] };
    const up = move('WETH', 'marginMultiplierPpm', 1_000_000, 1_250_000);
    expect(Dydx.constraints(dydx, held, [up])).toBeNull();
    expect(Dydx.constraints(shared, held, [up])?.name).toBe('SharedTier');
    expect(Dydx.constraints(shared, held, [up, { ...up, asset: 'WBTC' }])).toBeNull();
    expect(Dydx.constraints(dydx, held, [{ ...up, from: 2_000_000 }])?.name).toBe('StateMoved');
    expect(Dydx.constraints(dydx, held, [{ ...up, to: 21_000_000 }])?.name).toBe('ErrInitialMarginPpmExceedsMax');
    expect(Dydx.constraints(dydx, held, [{ ...up, asset: 'SOL' }])?.name).toBe('UnknownAsset');
  });

  it('is not read over Ethereum’s RPC', async () => {
    await expect(Dydx.read(undefined as never, dydx)).rejects.toThrow(Dydx.NotReadableError);
  });
});
