import fc from 'fast-check';
import { encodeFunctionData, keccak256, parseAbi, toHex } from 'viem';
import { describe, expect, it } from 'vitest';
import * as Capo from '../../../governance/targets/capo.ts';
import * as Comet from '../../../governance/targets/comet.ts';
import * as Euler from '../../../governance/targets/euler.ts';
import * as Governor from '../../../governance/targets/governor.ts';
import * as Morpho from '../../../governance/targets/morpho.ts';
import * as RiskOracle from '../../../governance/targets/risk-oracle.ts';
import * as Sky from '../../../governance/targets/sky.ts';
import type * as Target from '../../../governance/targets/target.ts';
import { comet, euler, HELD, morpho, move, NOW, riskOracle, WETH } from './venues.ts';

const E14 = 10n ** 14n;

describe('Compound Comet', () => {
  const held = Comet.declare(comet, HELD);
  const moves = [move('WETH', 'haircutBps', 1_950, 1_750)];

  it('drafts the published proposal: same bytes, same Governor id', () => {
    const { actions } = Comet.encode(comet, held, moves);
    const description = `# Update WETH borrow collateral factor\n\nevidence: sha256:${'0'.repeat(64)}`;
    expect(Governor.hashProposal(actions, description)).toBe(0xfaf7da851c306e79fa1b2a2155c0f84a9535ef211757b3418bc0acf62a4f99fan);
    expect(keccak256(toHex(description))).toBe('0x411428b7dd28c204de0fb6ad5d8a2114ed28c4ccb0dd8e66ea9495d88fa39a57');
  });

  it('trap 11: deploys after setting, and shows what is left after truncation', () => {
    const { actions } = Comet.encode(comet, held, [...moves, move('WETH', 'supplyCapTokens', 1_000_000, 500.75)]);
    expect(actions.map(({ data }) => Comet.decode(data).function)).toEqual([
      'updateAssetBorrowCollateralFactor',
      'updateAssetSupplyCap',
      'deployAndUpgradeTo',
    ]);
    expect(actions.at(-1)!.to).toBe(comet.proxyAdmin);
    const { notes, becomes } = Comet.encode(comet, held, [move('WETH', 'supplyCapTokens', 1_000_000, 500.75)]);
    expect(notes).toEqual(['WETH: a cap of 500.75 tokens is cut to 500.']);
    expect(becomes).toEqual({ 'WETH.supplyCap': String(500n * 10n ** 18n) });
    const odd = Comet.decode(
      '0xb73585f1'.concat('0'.repeat(128), 825_000_000_000_000_123n.toString(16).padStart(64, '0')) as `0x${string}`,
    );
    expect([odd.says, odd.warnings]).toEqual([expect.stringContaining('82.5 %'), [expect.stringContaining('cut to 825000000000000000')]]);
  });

  it('trap 11: judges borrow < liquidate after truncation', () => {
    expect(Comet.factors('WETH', 8_250n * E14, 8_251n * E14)).toBeNull();
    expect(Comet.factors('WETH', 8_250n * E14, 8_250n * E14 + E14 - 1n)).toMatchObject({ name: 'BorrowCFTooLarge' });
    expect(Comet.factors('WETH', 8_250n * E14, 10n ** 18n + E14)).toMatchObject({ name: 'LiquidateCFTooLarge' });
    expect(Comet.constraints(comet, held, [move('WETH', 'haircutBps', 1_950, 1_700)])).toMatchObject({ name: 'BorrowCFTooLarge' });
  });

  it('refuses to deploy what somebody else wrote into the Configurator', () => {
    const pending = { ...held, values: { ...held.values, 'configurator.WBTC.supplyCap': '1' } };
    expect(Comet.constraints(comet, pending, moves)).toMatchObject({ by: 'us', name: 'PendingConfiguration' });
    expect(Comet.constraints(comet, held, moves)).toBeNull();
    expect(Comet.constraints(comet, held, [move('WETH', 'haircutBps', 1_900, 1_750)])).toMatchObject({ name: 'StateMoved' });
  });

  it('trap 3: does not take a bonus for a liquidation factor, and says what the factor means', () => {
    expect(Comet.FIELDS).not.toContain('liquidationBonusBps');
    const data = '0xecb9a875'.concat('0'.repeat(128), (95n * 10n ** 16n).toString(16).padStart(64, '0')) as `0x${string}`;
    expect(Comet.decode(data).says).toContain('the penalty is 5 %');
  });
});

describe('Euler', () => {
  const held = Euler.declare(euler, HELD);

  it('reproduces the published ramp 90 % → 80 % over 7 days', () => {
    const at = (seconds: number) =>
      Euler.ltvAt(
        { liquidationLTV: 8_000n, initialLiquidationLTV: 9_000n, targetTimestamp: 604_800n, rampDuration: 604_800n },
        BigInt(seconds),
      );
    expect([0, 1, 43_200, 259_200, 604_799, 604_800].map(at)).toEqual([9_000n, 8_999n, 8_928n, 8_571n, 8_000n, 8_000n]);
  });

  it('decodes caps as published and encodes the largest that is not above', () => {
    expect([9_624n, 66n, 65_478n, 0n].map(Euler.capOf)).toEqual([15n * 10n ** 23n, 1n, 10_230_000n, null]);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 112n }), (amount) => {
        const raw = Euler.toCapDown(amount);
        const cap = Euler.capOf(raw)!;
        expect(raw).not.toBe(0n);
        expect(cap <= amount && (amount - cap) * 100n <= amount).toBe(true);
      }),
    );
    expect(Euler.capOf(Euler.toCapDown(null))).toBeNull();
  });

  it('trap 14: ramps a lowered threshold from where it stands, borrow LTV at once, no ramp upwards, no hidden unlimited', () => {
    const down = [move('WETH', 'haircutBps', 1_950, 2_050), move('WETH', 'liquidationThresholdBps', 8_300, 8_200)];
    const plan = Euler.encode(euler, held, down);
    expect(Euler.decode(plan.actions[0]!.data).arguments).toMatchObject({
      borrowLTV: '7950',
      liquidationLTV: '8200',
      rampDuration: '604800',
    });
    expect(plan.notes.join()).toContain('from 8300 to 8200 over 604800 s; the borrow LTV at once');
    const up = Euler.encode(euler, held, [move('WETH', 'liquidationThresholdBps', 8_300, 8_400)]);
    expect(Euler.decode(up.actions[0]!.data).arguments).toMatchObject({ borrowLTV: '8050', liquidationLTV: '8400', rampDuration: '0' });
    const half = {
      ...held,
      detectedBy: 'x',
      values: {
        ...held.values,
        clock: '500',
        'WETH.liquidationLTV': '8000',
        'WETH.initialLiquidationLTV': '9000',
        'WETH.targetTimestamp': '1000',
        'WETH.rampDuration': '1000',
      },
    };
    expect(Euler.encode(euler, half, [move('WETH', 'liquidationThresholdBps', 8_000, 7_900)]).becomes).toMatchObject({
      'WETH.initialLiquidationLTV': '8500',
    });
    const cap = Euler.encode(euler, held, [move('WBTC', 'borrowCapTokens', null, 1_234)]);
    expect(Euler.decode(cap.actions[0]!.data)).toMatchObject({
      says: expect.stringContaining('unlimited'),
      warnings: ['A cap of 0 means unlimited here.'],
    });
    expect(cap.notes).toEqual(['borrowCapTokens: 1234 is held as 123000000000 of the smallest unit.']);
  });

  it('refuses what the vault refuses, and a threshold that falls at once', () => {
    const ask = (moves: readonly Target.Move[], venue = euler as Euler.Venue) => Euler.constraints(venue, held, moves, NOW)?.name ?? null;
    expect(ask([move('WETH', 'haircutBps', 1_950, 1_600)])).toBe('E_LTVBorrow');
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_300, 10_001)])).toBe('E_InvalidConfigAmount');
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_300, 8_200)], { ...euler, rampSeconds: 0 })).toBe('NoRamp');
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_300, 8_200)], { ...euler, vault: euler.assets.WETH })).toBe('E_InvalidLTVAsset');
    expect(ask([move('WETH', 'supplyCapTokens', 1_000_000, 5)])).toBe('UnknownAsset');
    expect(ask([move('WBTC', 'supplyCapTokens', null, 1e30)])).toBe('E_BadSupplyCap');
    expect(ask([move('WBTC', 'supplyCapTokens', null, 100)])).toBeNull();
  });
});

describe('Morpho', () => {
  const held = Morpho.declare(morpho, { WETH: { ...HELD['WETH']!, supplyCapTokens: 1_000_000, liquidationThresholdBps: 8_600 } });

  it('has the published incentives and buffers', () => {
    const table = [
      ...[
        [385, '1.150000', '0.557250'],
        [625, '1.126761', '0.295775'],
        [770, '1.074114', '0.172932'],
        [860, '1.043841', '0.102296'],
      ],
      ...[
        [915, '1.026167', '0.061057'],
        [945, '1.016777', '0.039146'],
        [965, '1.010611', '0.024760'],
        [980, '1.006036', '0.014085'],
      ],
    ] as const;
    const shown = (wad: bigint) => (Number((wad + 5n * 10n ** 11n) / 10n ** 12n) / 1e6).toFixed(6);
    for (const [thousandths, factor, left] of table) {
      const lltv = BigInt(thousandths) * 10n ** 15n;
      expect([shown(Morpho.incentive(lltv)), shown(Morpho.buffer(lltv))]).toEqual([factor, left]);
    }
  });

  it('chooses the highest enabled LLTV that is not above the advice', () => {
    expect(Morpho.chooseLltv(9_149)).toBe(860n * 10n ** 15n);
    expect(Morpho.chooseLltv(9_150)).toBe(915n * 10n ** 15n);
    expect(Morpho.chooseLltv(3_000)).toBeNull();
  });

  it('trap 15: lowers at once, raises behind the timelock and says so, knows the id form of acceptCap as another contract', () => {
    const down = Morpho.encode(morpho, held, [move('WETH', 'supplyCapTokens', 1_000_000, 500_000)]);
    expect([down.becomes, down.notes]).toEqual([{ 'WETH.supplyCap': '500000000000' }, []]);
    const up = Morpho.encode(morpho, held, [move('WETH', 'supplyCapTokens', 1_000_000, 2_000_000)]);
    expect([up.becomes, up.notes.join()]).toEqual([{ 'WETH.pendingCap': '2000000000000' }, expect.stringContaining('timelock')]);
    expect([...Morpho.TABLE.keys()]).toContain('0x6fda3868');
  });

  it('makes a threshold another market, and moves nobody to it', () => {
    const plan = Morpho.encode(morpho, held, [move('WETH', 'liquidationThresholdBps', 8_600, 8_000)]);
    expect(plan.actions.map(({ to, data }) => [to, Morpho.decode(data).function])).toEqual([
      [morpho.morpho, 'createMarket'],
      [morpho.vault, 'submitCap'],
    ]);
    expect([plan.becomes, plan.notes[0]]).toEqual([{}, expect.stringContaining('77 %')]);
  });

  it('refuses no market low enough, the same market, a pending cap, moved state', () => {
    const ask = (moves: readonly Target.Move[], values = held.values) =>
      Morpho.constraints(morpho, { ...held, values }, moves)?.name ?? null;
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_600, 7_000)])).toBe('LltvNotEnabled');
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_600, 9_000)])).toBe('SameMarket');
    expect(ask([move('WETH', 'liquidationThresholdBps', 8_500, 8_000)])).toBe('StateMoved');
    expect(ask([move('WETH', 'supplyCapTokens', 1_000_000, 5)], { ...held.values, 'WETH.pendingCap': '7' })).toBe('AlreadyPending');
    expect(ask([move('WETH', 'supplyCapTokens', 1_000_000, 5)])).toBeNull();
  });

  it('names a market as Morpho does', () => {
    expect(Morpho.marketId(morpho.assets.WETH)).toMatch(/^0x[0-9a-f]{64}$/);
    expect(Morpho.marketId({ ...morpho.assets.WETH, lltv: '1' })).not.toBe(Morpho.marketId(morpho.assets.WETH));
  });
});

describe('Chaos RiskOracle', () => {
  const held = RiskOracle.declare(riskOracle, HELD);
  const cap = move('WETH', 'supplyCapTokens', 1_000_000, 2_000_000);

  it('publishes rows of equal length and says that nothing changes yet', () => {
    const plan = RiskOracle.encode(riskOracle, held, [cap, move('WETH', 'haircutBps', 1_950, 2_000)]);
    const decoded = RiskOracle.decode(plan.actions[0]!.data);
    expect(decoded.says).toBe(`Publishes supplyCap = 2000000 for ${WETH.toLowerCase()}. Publishes ltv = 8000 for ${WETH.toLowerCase()}.`);
    expect(plan.notes[0]).toContain('changes no parameter');
  });

  it('trap 8: an update type has 64 bytes, lists have one length, duplicates are refused', () => {
    const long = { ...riskOracle, updateTypes: { supplyCapTokens: 'é'.repeat(33) } };
    expect(RiskOracle.constraints(long, RiskOracle.declare(long, HELD), [cap])?.name).toBe('Invalid update type string');
    expect(RiskOracle.constraints(riskOracle, { ...held, values: {} }, [cap])?.name).toBe('Unauthorized update type.');
    expect(RiskOracle.constraints(riskOracle, held, [move('WETH', 'borrowCapTokens', 1, 2)])?.name).toBe('UnknownUpdateType');
    const row = { referenceId: 'r', newValue: '0x', updateType: 'a', market: WETH, additionalData: '0x' } as const;
    expect(() => RiskOracle.encodeUpdates([row, { ...row, market: WETH.toLowerCase() as typeof WETH }])).toThrow(
      RiskOracle.DuplicateUpdateError,
    );
    const abi = parseAbi(['function publishBulkRiskParameterUpdates(string[], bytes[], string[], address[], bytes[])']);
    const bulk = (additional: readonly `0x${string}`[]) =>
      encodeFunctionData({ abi, functionName: 'publishBulkRiskParameterUpdates', args: [['r'], ['0x'], ['a'], [WETH], additional] });
    expect(bulk(['0x'])).toBe(RiskOracle.encodeUpdates([row]));
    expect(RiskOracle.decode(bulk(['0x'])).warnings.join()).not.toContain('lists');
    expect(RiskOracle.decode(bulk(['0x', '0x'])).warnings.join()).toContain('1, 1, 1, 1, 2 items');
  });

  it('trap 7: a range of 0 and 0 is no freeze; trap 9: only newer ids are taken', () => {
    const known = [...RiskOracle.TABLE.values()].find(({ signature }) => signature.name === 'setRangeConfigByMarket')!;
    const row = { 'config.maxIncrease': '0', 'config.maxDecrease': '0' };
    expect(known.meaning.warns!(row, [])).toEqual([expect.stringContaining('falls back to the default')]);
    expect(known.meaning.warns!({ ...row, 'config.maxIncrease': '1' }, [])).toEqual([]);
    expect(RiskOracle.encode(riskOracle, held, [cap]).notes.join()).toContain('only newer ids');
  });
});

describe('CAPO', () => {
  const week = 604_800n;
  const clamped = { snapshotRatio: 1_191_926_196_479_920_216n, snapshotSeconds: 1_000_000_000n, maxYearlyGrowthBps: 872n };
  const held = { snapshotRatio: 1_157_209_899_495_068_171n, snapshotSeconds: 500_000_000n, maxYearlyGrowthBps: 968n };
  const live = 1_228_900_000_000_000_000n;

  it('gives the published caps', () => {
    const at = (maxYearlyGrowthBps: bigint) => Capo.capAt({ ...clamped, maxYearlyGrowthBps }, clamped.snapshotSeconds + week);
    expect([872n, 968n, 871n, 880n].map(at)).toEqual([
      1_193_919_488_946_581_430n,
      1_194_138_933_988_782_665n,
      1_193_917_203_060_725_167n,
      1_193_937_776_033_431_532n,
    ]);
  });

  it('trap 17: refuses the update of 2026-03-10, each field of which was inside its own limit', () => {
    expect(Capo.constraints(clamped, held, live, clamped.snapshotSeconds + week)).toMatchObject({
      name: 'InvalidPriceCapUpdate',
      says: expect.stringContaining('priced low'),
    });
    const joint = { ...clamped, snapshotRatio: 1_228_200_000_000_000_000n, maxYearlyGrowthBps: 968n };
    expect(Capo.constraints(joint, held, live, joint.snapshotSeconds + week)).toBeNull();
    expect(String(Capo.capAt(joint, joint.snapshotSeconds + week))).toMatch(/^1230480077589041/);
  });

  it('trap 10: judges the age of the snapshot at execution', () => {
    const joint = { ...clamped, snapshotRatio: 1_228_200_000_000_000_000n, maxYearlyGrowthBps: 968n };
    const at = (age: bigint, next = joint) => Capo.constraints(next, held, live, next.snapshotSeconds + age)?.name ?? null;
    expect([at(week - 1n), at(week), at(2n * week), at(2n * week + 1n)]).toEqual([
      'InvalidRatioTimestamp',
      null,
      null,
      'InvalidRatioTimestamp',
    ]);
    expect(at(week, { ...joint, snapshotSeconds: held.snapshotSeconds })).toBe('InvalidRatioTimestamp');
    expect(at(week, { ...joint, snapshotRatio: live + 1n })).toBe('UpdateNotInRange');
    expect(at(week, { ...joint, maxYearlyGrowthBps: 0n })).toBe('InvalidUpdateToZero');
  });
});

describe('Sky SP-BEAM', () => {
  const bounds = { 'ETH-A': { min: 100n, max: 2_000n, step: 50n }, SSR: { min: 0n, max: 3_000n, step: 100n } };
  const held = { 'ETH-A': 500n, SSR: 450n };
  const ask = (...changes: readonly (readonly [string, bigint])[]) =>
    Sky.constraints(
      changes.map(([id, bps]) => ({ id, bps })),
      held,
      bounds,
    )?.name ?? null;

  it('takes increasing ids inside min, max and step', () => {
    expect(ask(['ETH-A', 550n], ['SSR', 550n])).toBeNull();
    expect(ask()).toBe('SPBEAM/empty-batch');
    expect(ask(['SSR', 500n], ['ETH-A', 500n])).toBe('SPBEAM/updates-out-of-order');
    expect(ask(['SSR', 500n], ['SSR', 500n])).toBe('SPBEAM/updates-out-of-order');
    expect(ask(['ETH-A', 551n])).toBe('SPBEAM/delta-above-step');
    expect([ask(['ETH-A', 99n]), ask(['ETH-A', 2_001n]), ask(['WBTC-A', 1n])]).toEqual([
      'SPBEAM/below-min',
      'SPBEAM/above-max',
      'SPBEAM/rate-not-configured',
    ]);
  });

  it('decodes what it encodes, with readable ids', () => {
    expect(Sky.decode(Sky.encode([{ id: 'ETH-A', bps: 550n }])).says).toBe('Sets the rate ETH-A to 5.50 %.');
  });
});
