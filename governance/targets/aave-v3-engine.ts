/**
 * Target: Aave v3's config engine, delegate-called by the governance executor (and the encoding the RiskSteward shares with it).
 *
 * `updateCollateralSide` has an extra `debtCeiling` before `liqProtocolFee` up to 3.6 and none from 3.7: other selectors, so the
 * version is read from the code. What is not to move is KEEP_CURRENT = 2²⁵⁶ − 1 − 42; Aave v4's (2²⁵⁶ − 1) is a valid huge number here.
 * The bonus is the excess: 500 for 5 %. A `liqThreshold` of 0 makes the engine skip the whole row without a word.
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { z } from 'zod';
import { BPS_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Pool from './aave-v3-pool.ts';
import * as Call from './call.ts';
import * as Keep from './keep.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({ target: z.literal('aave-v3-engine'), version: z.string().optional(), engine: Address, ...Pool.VENUE })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS = Pool.FIELDS;
export const SIMULATED_ON = null;

/** In the order of the calls' rows; null = keep. */
export type Caps = { readonly asset: Address; readonly supplyCap: bigint | null; readonly borrowCap: bigint | null };
export type Collateral = {
  readonly asset: Address;
  readonly ltv: bigint | null;
  readonly liqThreshold: bigint | null;
  /** Excess: 500 for 5 %. */
  readonly liqBonus: bigint | null;
};

const CAPS = 'function updateCaps((address asset, uint256 supplyCap, uint256 borrowCap)[] updates)';
const COLLATERAL = {
  '3.7':
    'function updateCollateralSide((address asset, uint256 ltv, uint256 liqThreshold, uint256 liqBonus, uint256 liqProtocolFee)[] updates)',
  '3.6':
    'function updateCollateralSide((address asset, uint256 ltv, uint256 liqThreshold, uint256 liqBonus, uint256 debtCeiling, uint256 liqProtocolFee)[] updates)',
} as const;
const ABIS = { '3.7': parseAbi([CAPS, COLLATERAL['3.7']]), '3.6': parseAbi([CAPS, COLLATERAL['3.6']]) };

/** 3.6 stands for every layout up to it. */
export const VERSIONS = ['3.7', '3.6'] as const;
export type EngineVersion = (typeof VERSIONS)[number];
export const CANDIDATES: readonly Version.Candidate[] = [
  { version: '3.7', has: ['0x55caa163', '0x02da32ae'], lacks: ['0x09d83328'] },
  { version: '3.6', has: ['0x55caa163', '0x09d83328'], lacks: ['0x02da32ae'] },
];

const MEANING: Call.Meaning = {
  says: (_, rows) => rows.map(collateralSays).join(' '),
  warns: (_, rows) =>
    rows.flatMap((row) => [
      ...Keep.wrongV3(row),
      ...(row['liqThreshold'] === '0' ? [`${row['asset']}: a threshold of 0 makes the engine skip the whole row.`] : []),
      ...(Keep.isV3(row['liqBonus']!) || BigInt(row['liqBonus']!) < BigInt(BPS_ONE)
        ? []
        : [
            `${row['asset']}: a bonus of ${row['liqBonus']} means ${Call.bps(row['liqBonus']!)} here; 10500 is the pool's form, 500 the engine's.`,
          ]),
    ]),
};

export const TABLE = Call.table('aave-v3', {
  [CAPS]: {
    says: (_, rows) =>
      rows
        .map(({ asset, supplyCap, borrowCap }) => `Sets ${asset}: supply cap ${cap(supplyCap!)}, borrow cap ${cap(borrowCap!)}.`)
        .join(' '),
    warns: (_, rows) => rows.flatMap(Keep.wrongV3),
  },
  [COLLATERAL['3.7']]: MEANING,
  [COLLATERAL['3.6']]: MEANING,
  'updateRateStrategies((address asset, (uint256 optimalUsageRatio, uint256 baseVariableBorrowRate, uint256 variableRateSlope1, uint256 variableRateSlope2) params)[] updates)':
    {},
  'updateBorrowSide((address asset, uint256 enabledToBorrow, uint256 flashloanable, uint256 reserveFactor)[] updates)': {},
  'updateBorrowSide((address asset, uint256 enabledToBorrow, uint256 flashloanable, uint256 borrowableInIsolation, uint256 withSiloedBorrowing, uint256 reserveFactor)[] updates)':
    {},
  'updateEModeCategories((uint8 eModeCategory, uint256 ltv, uint256 liqThreshold, uint256 liqBonus, string label, uint256 isolated)[] updates)':
    {},
  'updateEModeCategories((uint8 eModeCategory, uint256 ltv, uint256 liqThreshold, uint256 liqBonus, string label)[] updates)': {},
  'updateAssetsEMode((address asset, uint8 eModeCategory, uint256 borrowable, uint256 collateral, uint256 ltvzero)[] updates)': {},
  'updatePriceFeeds((address asset, address priceFeed)[] updates)': {},
});

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.engine, CANDIDATES);
  return { ...found, ...(await Pool.read(client, venue)) };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  return { ...Version.declared(venue.version ?? '3.7', VERSIONS, 'version'), block: null, values: Pool.declare(venue, parameters) };
}

export function constraints(venue: Venue, { values }: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  return Pool.refusal(values, moves, venue);
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const calls = encodeMoves(held.version as EngineVersion, venue.assets, moves);
  return {
    actions: calls.map((data) => ({ ...Target.call(venue.engine, data), operation: 'delegatecall' as const })),
    becomes: Target.changed(held.values, Pool.after(held.values, moves)),
    notes: ['The engine is a library: it works on the pool only when delegate-called by an executor that holds RISK_ADMIN.'],
  };
}

/** One call for collateral terms, one for caps; whichever has rows. Both rows and calls in the order of the assets' names. */
export function encodeMoves(
  version: EngineVersion,
  assets: Readonly<Record<string, Address>>,
  moves: readonly Target.Move[],
): readonly Hex[] {
  const collateral: Collateral[] = [];
  const caps: Caps[] = [];
  for (const [name, { haircutBps, liquidationThresholdBps, liquidationBonusBps, supplyCapTokens, borrowCapTokens }] of Target.byAsset(
    moves,
  )) {
    const asset = assets[name]!;
    if (haircutBps ?? liquidationThresholdBps ?? liquidationBonusBps) {
      collateral.push({
        asset,
        ltv: haircutBps === undefined ? null : BigInt(BPS_ONE - (haircutBps.to ?? 0)),
        liqThreshold: liquidationThresholdBps === undefined ? null : BigInt(liquidationThresholdBps.to ?? 0),
        liqBonus: liquidationBonusBps === undefined ? null : BigInt(liquidationBonusBps.to ?? 0),
      });
    }
    if (supplyCapTokens ?? borrowCapTokens) {
      caps.push({
        asset,
        supplyCap: supplyCapTokens === undefined ? null : Target.wholeTokens(supplyCapTokens.to, 0n),
        borrowCap: borrowCapTokens === undefined ? null : Target.wholeTokens(borrowCapTokens.to, 0n),
      });
    }
  }
  return [...(collateral.length === 0 ? [] : [encodeCollateral(version, collateral)]), ...(caps.length === 0 ? [] : [encodeCaps(caps)])];
}

export function encodeCaps(updates: readonly Caps[]): Hex {
  const rows = updates.map(({ asset, supplyCap, borrowCap }) => ({ asset, supplyCap: keep(supplyCap), borrowCap: keep(borrowCap) }));
  return encodeFunctionData({ abi: ABIS['3.7'], functionName: 'updateCaps', args: [rows] });
}

/** Fee and, up to 3.6, debt ceiling are kept. */
export function encodeCollateral(version: EngineVersion, updates: readonly Collateral[]): Hex {
  const rows = updates.map(({ asset, ltv, liqThreshold, liqBonus }) => ({
    asset,
    ltv: keep(ltv),
    liqThreshold: keep(liqThreshold),
    liqBonus: keep(liqBonus),
    debtCeiling: Keep.V3,
    liqProtocolFee: Keep.V3,
  }));
  return version === '3.7'
    ? encodeFunctionData({ abi: ABIS['3.7'], functionName: 'updateCollateralSide', args: [rows] })
    : encodeFunctionData({ abi: ABIS['3.6'], functionName: 'updateCollateralSide', args: [rows] });
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

function keep(value: bigint | null): bigint {
  return value ?? Keep.V3;
}

function collateralSays({ asset, ltv, liqThreshold, liqBonus, debtCeiling, liqProtocolFee }: Call.Row): string {
  const shown = (value: string, text: (value: string) => string): string => (Keep.isV3(value) ? 'kept' : text(value));
  return [
    `Sets ${asset}: LTV ${shown(ltv!, Call.bps)}`,
    `threshold ${shown(liqThreshold!, Call.bps)}`,
    `bonus ${shown(liqBonus!, Call.bps)}`,
    ...(debtCeiling === undefined ? [] : [`debt ceiling ${shown(debtCeiling, (value) => `$${value}`)}`]),
    `protocol fee ${shown(liqProtocolFee!, Call.bps)}.`,
  ].join(', ');
}

function cap(value: string): string {
  if (Keep.isV3(value)) return 'kept';
  return value === '0' ? 'none' : `${value} whole tokens`;
}
