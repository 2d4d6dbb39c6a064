/**
 * Target: Aave v3's PoolConfigurator, called directly by whoever holds RISK_ADMIN.
 *
 * There is no "keep": `configureReserveAsCollateral` writes LTV, threshold and bonus together, so what is not to move is written
 * again as it is held. The bonus is in the storage's form, 10500 for 5 %. A threshold of 0 ends the asset's use as collateral.
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { z } from 'zod';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Pool from './aave-v3-pool.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({ target: z.literal('aave-v3-configurator'), version: z.string().optional(), configurator: Address, ...Pool.VENUE })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS = Pool.FIELDS;
export const SIMULATED_ON = 'Aave v3.0.2 (@aave/core-v3 1.19.3)';

const SIGNATURES = [
  'function configureReserveAsCollateral(address asset, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus)',
  'function setSupplyCap(address asset, uint256 newSupplyCap)',
  'function setBorrowCap(address asset, uint256 newBorrowCap)',
] as const;
const ABI = parseAbi(SIGNATURES);
const CANDIDATES = [{ version: 'v3', has: ['0x7c4e560b', '0x571f03e5', '0xd14a0983'] }];

export const TABLE = Call.table('aave-v3-configurator', {
  [SIGNATURES[0]]: {
    says: ({ asset, ltv, liquidationThreshold, liquidationBonus }) =>
      liquidationThreshold === '0'
        ? `Ends the use of ${asset} as collateral (threshold 0).`
        : `Sets ${asset}: LTV ${Call.bps(ltv!)}, threshold ${Call.bps(liquidationThreshold!)}, bonus ${Call.bps(BigInt(liquidationBonus!) - 10_000n)}.`,
    warns: ({ liquidationBonus, liquidationThreshold }) =>
      liquidationThreshold !== '0' && BigInt(liquidationBonus!) <= 10_000n
        ? [`A bonus of ${liquidationBonus} is at most 100 % here: this contract writes 10500 for 5 %.`]
        : [],
  },
  [SIGNATURES[1]]: { says: ({ asset, newSupplyCap }) => `Sets the supply cap of ${asset} to ${cap(newSupplyCap!)}.` },
  [SIGNATURES[2]]: { says: ({ asset, newBorrowCap }) => `Sets the borrow cap of ${asset} to ${cap(newBorrowCap!)}.` },
  'setReserveInterestRateData(address asset, bytes rateData)': {},
  'setReserveFactor(address asset, uint256 newReserveFactor)': {},
  'setLiquidationProtocolFee(address asset, uint256 newFee)': {},
  'setReserveFreeze(address asset, bool freeze)': {},
  'setReserveLtvzero(address asset, bool ltvzero)': {},
  'setEModeCategory(uint8 categoryId, uint16 ltv, uint16 liquidationThreshold, uint16 liquidationBonus, string label, bool isolated)': {},
  'setEModeCategory(uint8 categoryId, uint16 ltv, uint16 liquidationThreshold, uint16 liquidationBonus, string label)': {},
  'setEModeCategory(uint8 categoryId, uint16 ltv, uint16 liquidationThreshold, uint16 liquidationBonus, address oracle, string label)': {},
});

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.configurator, CANDIDATES);
  return { ...found, ...(await Pool.read(client, venue)) };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  return { ...Version.declared(venue.version ?? 'v3', ['v3'], 'version'), block: null, values: Pool.declare(venue, parameters) };
}

export function constraints(venue: Venue, { values }: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  return Pool.refusal(values, moves, venue);
}

export function encode(venue: Venue, { values }: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const next = Pool.after(values, moves);
  const actions = Target.byAsset(moves).flatMap(([asset, fields]) => {
    const address = venue.assets[asset]!;
    const at = (key: string): bigint => BigInt(next[`${asset}.${key}`]!);
    const calls: Hex[] = [];
    if (fields.haircutBps ?? fields.liquidationThresholdBps ?? fields.liquidationBonusBps) {
      const args = [address, at('ltv'), at('liquidationThreshold'), at('liquidationBonus')] as const;
      calls.push(encodeFunctionData({ abi: ABI, functionName: 'configureReserveAsCollateral', args }));
    }
    if (fields.supplyCapTokens)
      calls.push(encodeFunctionData({ abi: ABI, functionName: 'setSupplyCap', args: [address, at('supplyCap')] }));
    if (fields.borrowCapTokens)
      calls.push(encodeFunctionData({ abi: ABI, functionName: 'setBorrowCap', args: [address, at('borrowCap')] }));
    return calls.map((data) => Target.call(venue.configurator, data));
  });
  return { actions, becomes: Target.changed(values, next), notes: [] };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

function cap(tokens: string): string {
  return tokens === '0' ? 'none' : `${tokens} whole tokens`;
}
