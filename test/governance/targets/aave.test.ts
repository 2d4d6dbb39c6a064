import fc from 'fast-check';
import { decodeFunctionData, keccak256, parseAbi } from 'viem';
import { describe, expect, it } from 'vitest';
import * as Configurator from '../../../governance/targets/aave-v3-configurator.ts';
import * as Engine from '../../../governance/targets/aave-v3-engine.ts';
import * as Pool from '../../../governance/targets/aave-v3-pool.ts';
import * as Steward from '../../../governance/targets/aave-v3-steward.ts';
import * as StewardV4 from '../../../governance/targets/aave-v4-steward.ts';
import * as Agrs from '../../../governance/targets/agrs.ts';
import * as Keep from '../../../governance/targets/keep.ts';
import type * as Target from '../../../governance/targets/target.ts';
import { configurator, engine, HELD, move, NOW, steward, stewardV4, WETH } from './venues.ts';

const ltvDown = [move('WETH', 'haircutBps', 1_950, 2_000)];
const terms = [
  move('WETH', 'haircutBps', 1_950, 2_000),
  move('WETH', 'liquidationThresholdBps', 8_300, 8_250),
  move('WETH', 'supplyCapTokens', 1_000_000, 2_000_000),
];

describe('Aave v3 config engine', () => {
  it('encodes the published vectors, byte for byte', () => {
    const caps = Engine.encodeCaps([{ asset: WETH, supplyCap: 2_000_000n, borrowCap: null }]);
    expect(keccak256(caps)).toBe('0x82f5e430d8f227bcad5e884a79603221449ce3b9cac65b7245fe830e3df2c4a5');
    const collateral = Engine.encodeCollateral('3.7', [{ asset: WETH, ltv: 8_050n, liqThreshold: 8_300n, liqBonus: 500n }]);
    expect(keccak256(collateral)).toBe('0x70889ca027408b975a9d044cb64f481cad74bbb1b4e58d6bc5193ccc8264bd96');
  });

  it('encodes the layout of the version: the debt ceiling before the fee up to 3.6, none from 3.7', () => {
    const at = (version: string) => Engine.encode(engine, { ...Engine.declare({ ...engine, version }, HELD) }, ltvDown).actions[0]!.data;
    expect([at('3.7').slice(0, 10), at('3.6').slice(0, 10)]).toEqual(['0x02da32ae', '0x09d83328']);
    const row = (version: string) => (Engine.decode(at(version)).arguments['updates'] as readonly Record<string, string>[])[0]!;
    expect(Object.keys(row('3.6'))).toEqual(['asset', 'ltv', 'liqThreshold', 'liqBonus', 'debtCeiling', 'liqProtocolFee']);
    expect(row('3.6')).toMatchObject({
      ltv: '8000',
      liqThreshold: String(Keep.V3),
      debtCeiling: String(Keep.V3),
      liqProtocolFee: String(Keep.V3),
    });
    expect(() => Engine.declare({ ...engine, version: '4' }, HELD)).toThrow('Got "4"');
  });

  it('trap 1: keeps with the flag of its own generation, and names the other’s', () => {
    expect(Keep.V3).toBe(2n ** 256n - 43n);
    const wrong = Engine.encodeCaps([{ asset: WETH, supplyCap: Keep.V4, borrowCap: null }]);
    expect(Engine.decode(wrong).warnings).toEqual([expect.stringContaining('KEEP_CURRENT of Aave v4')]);
    expect(Engine.decode(Engine.encodeCaps([{ asset: WETH, supplyCap: 1n, borrowCap: null }])).warnings).toEqual([]);
  });

  it('trap 2: writes the bonus as excess, and names 10500 as the other form', () => {
    const plan = Engine.encode(engine, Engine.declare(engine, HELD), [move('WETH', 'liquidationBonusBps', 500, 600)]);
    const [row] = Engine.decode(plan.actions[0]!.data).arguments['updates'] as readonly Record<string, string>[];
    expect(row!['liqBonus']).toBe('600');
    expect(plan.becomes).toEqual({ 'WETH.liquidationBonus': '10600' });
    const storageForm = Engine.encodeCollateral('3.7', [{ asset: WETH, ltv: null, liqThreshold: null, liqBonus: 10_600n }]);
    expect(Engine.decode(storageForm).warnings).toEqual([expect.stringContaining('10500 is the pool')]);
  });

  it('trap 4: a threshold of 0 is refused here and its silence is told where it is decoded', () => {
    const zero = [move('WETH', 'liquidationThresholdBps', 8_300, 0), move('WETH', 'haircutBps', 1_950, 10_000)];
    expect(Engine.constraints(engine, Engine.declare(engine, HELD), zero)).toMatchObject({ by: 'us', name: 'DisablesCollateral' });
    const data = Engine.encodeCollateral('3.7', [{ asset: WETH, ltv: 0n, liqThreshold: 0n, liqBonus: null }]);
    expect(Engine.decode(data).warnings).toEqual([expect.stringContaining('skip the whole row')]);
    expect(
      Configurator.decode(Configurator.encode(configurator, { ...Configurator.declare(configurator, HELD) }, zero).actions[0]!.data).says,
    ).toContain('Ends the use');
  });

  it('is delegate-called, and says so', () => {
    const { actions, notes } = Engine.encode(engine, Engine.declare(engine, HELD), ltvDown);
    expect(actions.map(({ operation, to }) => [operation, to])).toEqual([['delegatecall', engine.engine]]);
    expect(notes.join()).toContain('delegate-called');
  });
});

describe('Aave v3 PoolConfigurator', () => {
  it('writes what is not to move again as it is held, the bonus as 10500', () => {
    const { actions, becomes } = Configurator.encode(configurator, Configurator.declare(configurator, HELD), terms);
    expect(actions.map(({ data }) => Configurator.decode(data).says)).toEqual([
      `Sets ${WETH.toLowerCase()}: LTV 80.00 %, threshold 82.50 %, bonus 5.00 %.`,
      `Sets the supply cap of ${WETH.toLowerCase()} to 2000000 whole tokens.`,
    ]);
    const abi = parseAbi(['function configureReserveAsCollateral(address,uint256,uint256,uint256)']);
    expect(decodeFunctionData({ abi, data: actions[0]!.data }).args).toEqual([WETH, 8_000n, 8_250n, 10_500n]);
    expect(becomes).toEqual({ 'WETH.ltv': '8000', 'WETH.liquidationThreshold': '8250', 'WETH.supplyCap': '2000000' });
  });

  it('trap 13: rounds threshold × bonus half up where it predicts the chain, and exactly where it refuses itself', () => {
    expect(Pool.collateral('WETH', 9_000n, 9_300n, 10_752n)).toBeNull();
    expect(Pool.collateral('WETH', 9_000n, 9_300n, 10_753n)).toMatchObject({ by: 'us', name: 'LiquidationUnprofitable' });
    expect(Pool.collateral('WETH', 9_000n, 9_300n, 10_754n)).toMatchObject({ by: 'chain', name: 'InvalidReserveParams' });
  });

  it('holds every row of the published tables', () => {
    const rows = [
      ...[
        [8_050, 8_300, 10_500],
        [7_850, 8_100, 10_600],
        [7_300, 7_800, 10_500],
        [7_700, 8_000, 10_450],
        [7_400, 7_600, 10_450],
      ],
      ...[
        [3_500, 4_100, 10_830],
        [6_500, 7_700, 11_000],
        [4_000, 5_000, 10_900],
        [9_000, 9_300, 10_100],
        [8_650, 8_850, 10_480],
      ],
    ];
    for (const [ltv, threshold, bonus] of rows) expect(Pool.collateral('x', BigInt(ltv!), BigInt(threshold!), BigInt(bonus!))).toBeNull();
  });

  it('refuses duplicates, strangers, moved state, LTV above the threshold, a bonus in the wrong unit, a frozen asset', () => {
    const held = Configurator.declare(configurator, HELD);
    const ask = (moves: readonly Target.Move[], values = held.values) =>
      Configurator.constraints(configurator, { ...held, values }, moves)?.name ?? null;
    expect(ask(terms)).toBeNull();
    expect(ask([...ltvDown, move('WETH', 'haircutBps', 1_950, 2_100)])).toBe('Duplicate');
    expect(ask([move('CRV', 'haircutBps', 1, 2)])).toBe('UnknownAsset');
    expect(ask([move('WETH', 'haircutBps', 1_951, 2_000)])).toBe('StateMoved');
    expect(ask([move('WETH', 'haircutBps', 1_950, 1_600)])).toBe('InvalidReserveParams');
    expect(ask([move('WETH', 'liquidationBonusBps', 500, 10_500)])).toBe('BonusInWrongUnit');
    expect(ask([move('WETH', 'supplyCapTokens', 1_000_000, 2 ** 36)])).toBe('InvalidCap');
    expect(ask(ltvDown, { ...held.values, 'WETH.frozen': '1' })).toBe('Frozen');
  });

  it('splits the configuration word so that no bit is unseen', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), fc.integer({ min: 0, max: 255 }), (word, bit) => {
        const flipped = Pool.split('X', word ^ (1n << BigInt(bit)));
        const before = Pool.split('X', word);
        return Object.keys(before).filter((name) => before[name] !== flipped[name]).length === 1;
      }),
    );
    expect(Pool.split('X', 8_050n)['X.ltv']).toBe('8050');
  });
});

describe('Aave v3 RiskSteward', () => {
  it.each([
    [1_000_000n, 2_000_000n, 10_000n, 'relative', null],
    [1_000_000n, 2_000_001n, 10_000n, 'relative', 'UpdateNotInRange'],
    [7_000n, 7_050n, 50n, 'absolute', null],
    [7_000n, 7_051n, 50n, 'absolute', 'UpdateNotInRange'],
    [7_000n, 7_700n, 1_000n, 'absolute', null],
    [7_000n, 8_000n, 1_000n, 'absolute', null],
    [968n, 872n, 1_000n, 'relative', null],
    [968n, 871n, 1_000n, 'relative', 'UpdateNotInRange'],
  ] as const)('steps %d → %d inside %d (%s): %s', (from, to, maxChange, mode, refused) => {
    const step = { name: 'x', from, to, lastUpdatedSeconds: 0n, bound: { minDelaySeconds: 0n, maxChange, mode } };
    expect(Agrs.refusal(step, NOW)?.name ?? null).toBe(refused);
  });

  it('waits: one second before the delay is over it refuses, at it it takes', () => {
    const bound = { minDelaySeconds: 259_200n, maxChange: 50n, mode: 'absolute' } as const;
    const at = (seconds: number) =>
      Agrs.refusal({ name: 'x', from: 7_000n, to: 7_010n, lastUpdatedSeconds: 1_000n, bound }, seconds)?.name ?? null;
    expect([at(1_000 + 259_199), at(1_000 + 259_200)]).toEqual(['DebounceNotRespected', null]);
  });

  it('trap 5: says where no change at all is allowed, and that relative mode never leaves 0', () => {
    const bound = { minDelaySeconds: 0n, maxChange: 5_000n, mode: 'relative' } as const;
    expect(Agrs.widest(1n, bound)).toBe(0n);
    expect(Agrs.refusal({ name: 'x', from: 1n, to: 2n, lastUpdatedSeconds: 0n, bound }, NOW)?.says).toContain('No change at all');
    expect(Agrs.widest(0n, bound)).toBe(0n);
  });

  it('trap 6: two rows for one asset pass the contract and are refused here', () => {
    const held = Steward.declare(steward, HELD);
    const rows = [move('WETH', 'haircutBps', 1_950, 1_960), move('WETH', 'haircutBps', 1_950, 1_980)];
    expect(Steward.constraints(steward, held, rows, NOW)).toMatchObject({ by: 'us', name: 'Duplicate' });
  });

  it('trap 16: reads absolute steps as the code has them, not as its README', () => {
    const held = Steward.declare(steward, HELD);
    const ask = (to: number) => Steward.constraints(steward, held, [move('WETH', 'haircutBps', 1_950, to)], NOW)?.name ?? null;
    expect([ask(2_000), ask(2_001), ask(1_900), ask(1_899)]).toEqual([null, 'UpdateNotInRange', null, 'UpdateNotInRange']);
  });

  it('trap 20: sends only what moves, so that no cooldown is burnt', () => {
    const held = Steward.declare(steward, HELD);
    const { actions, becomes } = Steward.encode(steward, held, ltvDown);
    const [row] = Steward.decode(actions[0]!.data).arguments['updates'] as readonly Record<string, string>[];
    expect(
      Object.entries(row!)
        .filter(([, value]) => Keep.isV3(value))
        .map(([name]) => name),
    ).toEqual(['liqThreshold', 'liqBonus', 'liqProtocolFee']);
    expect(becomes).toEqual({ 'WETH.ltv': '8000', 'WETH.ltvLastUpdated': 'now' });
    expect(
      Agrs.refusal(
        { name: 'x', from: 5n, to: 5n, lastUpdatedSeconds: 0n, bound: { minDelaySeconds: 0n, maxChange: 9n, mode: 'absolute' } },
        NOW,
      )?.name,
    ).toBe('SameValue');
  });

  it('refuses zero, restricted assets and bounds nobody has read', () => {
    const held = Steward.declare(steward, HELD);
    const ask = (moves: readonly Target.Move[], values = held.values) =>
      Steward.constraints(steward, { ...held, values }, moves, NOW)?.name ?? null;
    expect(ask([move('WETH', 'borrowCapTokens', 1_000, null)])).toBe('InvalidUpdateToZero');
    expect(ask([move('WETH', 'borrowCapTokens', 1_000, 2_000)])).toBeNull();
    expect(ask(ltvDown, { ...held.values, 'WETH.restricted': '1' })).toBe('AssetIsRestricted');
    expect(Steward.constraints(steward, Steward.declare({ ...steward, bounds: undefined }, HELD), ltvDown, NOW)?.name).toBe('UnknownBound');
  });

  it('a bonus steps by its excess over 100 %', () => {
    const held = Steward.declare(steward, HELD);
    const ask = (to: number) => Steward.constraints(steward, held, [move('WETH', 'liquidationBonusBps', 500, to)], NOW)?.name ?? null;
    expect([ask(550), ask(551), ask(0)]).toEqual([null, 'UpdateNotInRange', 'InvalidReserveParams']);
  });
});

describe('Aave v4 RiskSteward', () => {
  const held = StewardV4.declare(stewardV4, HELD);
  const lower = [move('WETH', 'liquidationThresholdBps', 8_300, 8_260)];

  it('encodes either layout, new configurations or everybody’s', () => {
    const selector = (version: string, positions: 'new' | 'all') =>
      StewardV4.encode({ ...stewardV4, positions }, { ...held, version }, lower).actions[0]!.data.slice(0, 10);
    expect(selector('hub-and-underlying', 'all')).toBe('0xba58d41a');
    expect(selector('reserve-id', 'all')).toBe('0x4eefc41e');
    expect(selector('hub-and-underlying', 'new')).toBe('0xde807f64');
  });

  it('keeps with all ones, repeats the fee in an addition, and writes the bonus as 10500', () => {
    const all = StewardV4.encode({ ...stewardV4, positions: 'all' }, held, lower);
    const [row] = StewardV4.decode(all.actions[0]!.data).arguments['updates'] as readonly Record<string, string>[];
    expect(row).toMatchObject({
      collateralFactor: '8260',
      maxLiquidationBonus: String(Keep.V4),
      liquidationFee: String(Keep.V4),
      dynamicConfigKey: '2',
    });
    expect(all.becomes).toMatchObject({ 'WETH.collateralFactor': '8260' });
    const added = StewardV4.decode(StewardV4.encode(stewardV4, held, lower).actions[0]!.data).arguments['additions'] as readonly Record<
      string,
      unknown
    >[];
    expect(added[0]!['dynamicConfig']).toEqual({ collateralFactor: '8260', maxLiquidationBonus: '10500', liquidationFee: '1000' });
    const wrong = { ...stewardV4, positions: 'all' } as const;
    const v3 = StewardV4.encode(wrong, held, lower).actions[0]!.data.replace(/f{64}/, Keep.V3.toString(16)) as `0x${string}`;
    expect(StewardV4.decode(v3).warnings).toEqual([expect.stringContaining('KEEP_CURRENT of Aave v3')]);
  });

  it('keeps steps, cooldowns and the exact product below 1', () => {
    const ask = (moves: readonly Target.Move[]) => StewardV4.constraints(stewardV4, held, moves, NOW)?.name ?? null;
    expect(ask(lower)).toBeNull();
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_300, 8_240)])).toBe('UpdateNotInRange');
    expect(ask([move('WETH', 'supplyCapTokens', 1_000_000, 2_000_001)])).toBe('UpdateNotInRange');
    const wide = { ...stewardV4, bounds: { ...stewardV4.bounds, collateralFactor: { minDelaySeconds: 0, maxPercentChange: 5_000 } } };
    const far = (to: number) =>
      StewardV4.constraints(wide, StewardV4.declare(wide, HELD), [move('WETH', 'liquidationThresholdBps', 8_300, to)], NOW)?.name ?? null;
    expect([far(9_522), far(9_523)]).toEqual([null, 'InvalidCollateralFactorAndMaxLiquidationBonus']);
  });
});
