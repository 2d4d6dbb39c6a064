/**
 * Target: Compound III's Configurator and the proxy admin's `deployAndUpgradeTo`, without which nothing becomes effective.
 *
 * Factors are of 10¹⁸; the deployed Comet keeps 10¹⁴, whole tokens of a cap, and checks `borrowCF < liquidateCF` on what is left.
 * `liquidationFactor` (0.95) is what a borrower is credited, 1 − penalty: not Aave's bonus, and not translated from one.
 * Deploying applies everything the Configurator holds, also what somebody else wrote there before: any other difference between
 * Configurator and Comet is a refusal. Source: Configurator.sol, Comet.sol (`getPackedAsset`), CometProxyAdmin.sol.
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { getBlockNumber, readContract } from 'viem/actions';
import { z } from 'zod';
import { BPS_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    target: z.literal('comet'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    configurator: Address,
    proxyAdmin: Address,
    comet: Address,
    assets: z.record(z.string(), z.strictObject({ address: Address, decimals: z.int().min(0).max(36) }).readonly()).readonly(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = ['haircutBps', 'liquidationThresholdBps', 'supplyCapTokens'];
export const SIMULATED_ON = null;

const ASSET =
  '(address asset, address priceFeed, uint8 decimals, uint64 borrowCollateralFactor, uint64 liquidateCollateralFactor, uint64 liquidationFactor, uint128 supplyCap)';
const CONFIGURATION =
  `(address governor, address pauseGuardian, address baseToken, address baseTokenPriceFeed, address extensionDelegate, uint64 supplyKink, uint64 supplyPerYearInterestRateSlopeLow, uint64 supplyPerYearInterestRateSlopeHigh, uint64 supplyPerYearInterestRateBase, uint64 borrowKink, uint64 borrowPerYearInterestRateSlopeLow, uint64 borrowPerYearInterestRateSlopeHigh, uint64 borrowPerYearInterestRateBase, uint64 storeFrontPriceFactor, uint64 trackingIndexScale, uint64 baseTrackingSupplySpeed, uint64 baseTrackingBorrowSpeed, uint104 baseMinForRewards, uint104 baseBorrowMin, uint104 targetReserves, ${ASSET}[] assetConfigs)` as const;
const SIGNATURES = [
  'function updateAssetBorrowCollateralFactor(address comet, address asset, uint64 newBorrowCF)',
  'function updateAssetLiquidateCollateralFactor(address comet, address asset, uint64 newLiquidateCF)',
  'function updateAssetSupplyCap(address comet, address asset, uint128 newSupplyCap)',
  'function deployAndUpgradeTo(address configurator, address cometProxy)',
] as const;
const ABI = parseAbi([
  ...SIGNATURES,
  'struct AssetInfo { uint8 offset; address asset; address priceFeed; uint64 scale; uint64 borrowCollateralFactor; uint64 liquidateCollateralFactor; uint64 liquidationFactor; uint128 supplyCap; }',
  'function numAssets() view returns (uint8)',
  'function getAssetInfo(uint8 i) view returns (AssetInfo)',
  `function getConfiguration(address comet) view returns (${CONFIGURATION})`,
]);
/** Before markets shared one Configurator the same names took no `comet`: another selector, refused. */
const CANDIDATES = [{ version: 'multi-market', has: ['0xb73585f1', '0x77a7dafd', '0xa2ced7fd'] }];

const FACTOR_STEP = 10n ** 14n;
export const TABLE = Call.table('comet', {
  [SIGNATURES[0]]: {
    says: (row) => factor('borrow collateral factor', row['asset']!, row['newBorrowCF']!),
    warns: truncated('newBorrowCF'),
  },
  [SIGNATURES[1]]: {
    says: (row) => factor('liquidate collateral factor', row['asset']!, row['newLiquidateCF']!),
    warns: truncated('newLiquidateCF'),
  },
  'updateAssetLiquidationFactor(address comet, address asset, uint64 newLiquidationFactor)': {
    says: (row) =>
      `${factor('liquidation factor', row['asset']!, row['newLiquidationFactor']!)} Borrowers are credited that part: the penalty is ${Call.percentOf(10n ** 18n - BigInt(row['newLiquidationFactor']!), 18)}.`,
    warns: truncated('newLiquidationFactor'),
  },
  [SIGNATURES[2]]: {
    says: ({ asset, newSupplyCap }) =>
      `Sets the supply cap of ${asset} to ${newSupplyCap} of its smallest units, cut to whole tokens on deployment.`,
  },
  [SIGNATURES[3]]: {
    says: ({ cometProxy }) => `Deploys a Comet from everything the Configurator holds, and upgrades ${cometProxy} to it.`,
  },
  'updateAssetPriceFeed(address comet, address asset, address newPriceFeed)': {},
  [`updateAsset(address comet, ${ASSET} newAssetConfig)`]: {},
  [`addAsset(address comet, ${ASSET} assetConfig)`]: {},
  'setBorrowKink(address comet, uint64 newBorrowKink)': {},
  'setSupplyKink(address comet, uint64 newSupplyKink)': {},
  'setBorrowPerYearInterestRateSlopeLow(address comet, uint64 newSlope)': {},
  'setBorrowPerYearInterestRateSlopeHigh(address comet, uint64 newSlope)': {},
  'setBorrowPerYearInterestRateBase(address comet, uint64 newBase)': {},
  'setStoreFrontPriceFactor(address comet, uint64 newStoreFrontPriceFactor)': {},
  'setTargetReserves(address comet, uint104 newTargetReserves)': {},
  [`setConfiguration(address comet, ${CONFIGURATION} newConfiguration)`]: { warns: () => ['Replaces the whole configuration.'] },
  'deploy(address comet)': {},
});

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.configurator, CANDIDATES);
  const blockNumber = await getBlockNumber(client);
  const names = new Map(Object.entries(venue.assets).map(([name, { address }]) => [address.toLowerCase(), name]));
  const values: Record<string, string> = {};
  const put = (where: string, asset: string, info: Terms): void => {
    const name = names.get(asset.toLowerCase()) ?? asset.toLowerCase();
    for (const key of TERMS) values[`${where}${name}.${key}`] = String(info[key]);
  };
  const count = await readContract(client, { address: venue.comet, abi: ABI, functionName: 'numAssets', blockNumber });
  for (let index = 0; index < count; index += 1) {
    const info = await readContract(client, { address: venue.comet, abi: ABI, functionName: 'getAssetInfo', args: [index], blockNumber });
    put('', info.asset, info);
  }
  const args = [venue.comet] as const;
  const { assetConfigs } = await readContract(client, {
    address: venue.configurator,
    abi: ABI,
    functionName: 'getConfiguration',
    args,
    blockNumber,
  });
  for (const config of assetConfigs) put('configurator.', config.asset, effective(config));
  return { ...found, block: String(blockNumber), values };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = {};
  for (const [asset, { decimals }] of Object.entries(venue.assets)) {
    const held = parameters[asset];
    if (held === undefined) continue;
    values[`${asset}.borrowCollateralFactor`] = String(BigInt(BPS_ONE - held.haircutBps) * FACTOR_STEP);
    values[`${asset}.liquidateCollateralFactor`] = String(BigInt(held.liquidationThresholdBps) * FACTOR_STEP);
    values[`${asset}.supplyCap`] = String(Target.wholeTokens(held.supplyCapTokens, NO_CAP) * 10n ** BigInt(decimals));
  }
  return { ...Version.declared(venue.version ?? 'multi-market', ['multi-market'], 'version'), block: null, values };
}

export function constraints(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  const first = Target.duplicate(moves) ?? Target.unknownAsset(moves, venue.assets);
  if (first !== null) return first;
  const stale = Target.moved(held, Object.fromEntries(moves.map((move) => [nameOf(move), String(unit(venue, move, move.from))])));
  if (stale !== null) return stale;
  for (const [name, value] of Object.entries(held.values)) {
    if (!name.startsWith('configurator.')) continue;
    const live = held.values[name.slice('configurator.'.length)];
    if (live !== value) {
      return {
        by: 'us',
        name: 'PendingConfiguration',
        says: `${name} is ${value}, the Comet holds ${live ?? 'nothing'}: deploying would apply that too.`,
      };
    }
  }
  const next = { ...held.values, ...becomes(venue, moves) };
  for (const asset of new Set(moves.map((move) => move.asset))) {
    const [borrow, liquidate] = [next[`${asset}.borrowCollateralFactor`], next[`${asset}.liquidateCollateralFactor`]];
    if (borrow === undefined || liquidate === undefined) continue;
    const wall = factors(asset, BigInt(borrow), BigInt(liquidate));
    if (wall !== null) return wall;
  }
  return null;
}

/** The Comet's own check when it is deployed, after truncation. */
export function factors(asset: string, borrowCF: bigint, liquidateCF: bigint): Target.Refusal | null {
  const [borrow, liquidate] = [truncate(borrowCF), truncate(liquidateCF)];
  if (borrow >= liquidate) {
    return {
      by: 'chain',
      name: 'BorrowCFTooLarge',
      says: `${asset}: borrow factor ${borrow} not below liquidate factor ${liquidate}, both cut to 10¹⁴.`,
    };
  }
  return liquidate > 10n ** 18n
    ? { by: 'chain', name: 'LiquidateCFTooLarge', says: `${asset}: liquidate factor ${liquidate} above 1.` }
    : null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const setters = moves.map((move) => {
    const args = [venue.comet, venue.assets[move.asset]!.address, unit(venue, move, move.to)] as const;
    return Target.call(venue.configurator, encodeFunctionData({ abi: ABI, functionName: SETTERS[move.field]!, args }));
  });
  const upgrade = encodeFunctionData({ abi: ABI, functionName: 'deployAndUpgradeTo', args: [venue.configurator, venue.comet] });
  const next = becomes(venue, moves);
  const configured =
    held.detectedBy === null ? {} : Object.fromEntries(Object.entries(next).map(([name, value]) => [`configurator.${name}`, value]));
  return {
    actions: [...setters, Target.call(venue.proxyAdmin, upgrade)],
    becomes: Target.changed(held.values, { ...held.values, ...next, ...configured }),
    notes: moves
      .filter((move) => move.field === 'supplyCapTokens' && move.to !== null && !Number.isInteger(move.to))
      .map(({ asset, to }) => `${asset}: a cap of ${to} tokens is cut to ${Math.floor(to!)}.`),
  };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

/** What a factor is after the Comet has packed it into 16 bits. */
export function truncate(factor: bigint): bigint {
  return (factor / FACTOR_STEP) * FACTOR_STEP;
}

const TERMS = ['borrowCollateralFactor', 'liquidateCollateralFactor', 'liquidationFactor', 'supplyCap'] as const;
type Terms = Readonly<Record<(typeof TERMS)[number], bigint>>;

const SETTERS: Partial<
  Record<Target.Field, 'updateAssetBorrowCollateralFactor' | 'updateAssetLiquidateCollateralFactor' | 'updateAssetSupplyCap'>
> = {
  haircutBps: 'updateAssetBorrowCollateralFactor',
  liquidationThresholdBps: 'updateAssetLiquidateCollateralFactor',
  supplyCapTokens: 'updateAssetSupplyCap',
};
const NO_CAP = 2n ** 64n - 1n;

/** As the Comet would hold what the Configurator holds. */
function effective(config: Terms & { readonly decimals: number }): Terms {
  const token = 10n ** BigInt(config.decimals);
  return {
    borrowCollateralFactor: truncate(config.borrowCollateralFactor),
    liquidateCollateralFactor: truncate(config.liquidateCollateralFactor),
    liquidationFactor: truncate(config.liquidationFactor),
    supplyCap: (config.supplyCap / token) * token,
  };
}

function becomes(venue: Venue, moves: readonly Target.Move[]): Readonly<Record<string, string>> {
  return Object.fromEntries(moves.map((move) => [nameOf(move), String(unit(venue, move, move.to))]));
}

function nameOf({ asset, field }: Target.Move): string {
  return `${asset}.${field === 'haircutBps' ? 'borrowCollateralFactor' : field === 'supplyCapTokens' ? 'supplyCap' : 'liquidateCollateralFactor'}`;
}

function unit(venue: Venue, { asset, field }: Target.Move, value: number | null): bigint {
  if (field === 'supplyCapTokens') return Target.wholeTokens(value, NO_CAP) * 10n ** BigInt(venue.assets[asset]!.decimals);
  return BigInt(field === 'haircutBps' ? BPS_ONE - (value ?? 0) : (value ?? 0)) * FACTOR_STEP;
}

function factor(name: string, asset: string, value: string): string {
  return `Sets the ${name} of ${asset} to ${Call.percentOf(truncate(BigInt(value)), 18)}.`;
}

function truncated(name: string): (row: Call.Row) => readonly string[] {
  return (row) => {
    const value = BigInt(row[name]!);
    return value === truncate(value) ? [] : [`${name} ${value} is cut to ${truncate(value)} when the Comet is deployed.`];
  };
}
