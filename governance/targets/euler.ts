/**
 * Target: an Euler vault (EVK): LTVs of a collateral with a ramp, and the vault's own caps.
 *
 *   liquidation LTV at t = to + (from − to) · (end − t) / ramp, floor        while a lowered threshold ramps
 *   cap = 10^(cap & 63) · (cap >> 6) / 100 of the smallest unit; 0 = unlimited
 *
 * The borrow LTV drops at once. A new ramp starts from where the old one stands. Raising with a ramp is refused by the vault.
 * Source: Governance.sol, LTVConfig.sol, AmountCap.sol of euler-vault-kit.
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { getBlock, readContract } from 'viem/actions';
import { z } from 'zod';
import { BPS_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    target: z.literal('euler'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    /** The vault that lends. */
    vault: Address,
    /** Collateral vaults by the name the advice uses. */
    assets: z.record(z.string(), Address).readonly(),
    /** The asset this vault lends: the one whose caps are the vault's. */
    lends: z.strictObject({ asset: z.string(), decimals: z.int().min(0).max(36) }).readonly(),
    /** Over how long a lowered threshold takes effect. */
    rampSeconds: z.int().nonnegative().max(4_294_967_295),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = ['haircutBps', 'liquidationThresholdBps', 'supplyCapTokens', 'borrowCapTokens'];
export const SIMULATED_ON = null;

const SET_LTV = 'function setLTV(address collateral, uint16 borrowLTV, uint16 liquidationLTV, uint32 rampDuration)';
const SET_CAPS = 'function setCaps(uint16 supplyCap, uint16 borrowCap)';
const ABI = parseAbi([
  SET_LTV,
  SET_CAPS,
  'function LTVFull(address) view returns (uint16, uint16, uint16, uint48, uint32)',
  'function LTVList() view returns (address[])',
  'function caps() view returns (uint16, uint16)',
  'function maxLiquidationDiscount() view returns (uint16)',
]);
const CANDIDATES = [{ version: 'evk', has: ['0x4bca3d5b', '0xd87f780f', '0x33708d0c'] }];

export const TABLE = Call.table('euler', {
  [SET_LTV]: {
    says: ({ collateral, borrowLTV, liquidationLTV, rampDuration }) =>
      `Sets collateral ${collateral}: borrow LTV ${Call.bps(borrowLTV!)} at once, liquidation LTV ${Call.bps(liquidationLTV!)} ${rampDuration === '0' ? 'at once' : `over ${rampDuration} s`}.`,
  },
  [SET_CAPS]: {
    says: ({ supplyCap, borrowCap }) =>
      `Sets the supply cap to ${capSays(supplyCap!)} and the borrow cap to ${capSays(borrowCap!)} of the smallest unit.`,
    warns: ({ supplyCap, borrowCap }) => (supplyCap === '0' || borrowCap === '0' ? ['A cap of 0 means unlimited here.'] : []),
  },
  'setMaxLiquidationDiscount(uint16 newDiscount)': {
    says: ({ newDiscount }) => `Sets the largest liquidation discount to ${Call.bps(newDiscount!)}.`,
  },
  'setLiquidationCoolOffTime(uint16 newCoolOffTime)': {},
  'setInterestRateModel(address newModel)': {},
  'setInterestFee(uint16 newInterestFee)': {},
});

export type Ramp = {
  readonly liquidationLTV: bigint;
  readonly initialLiquidationLTV: bigint;
  readonly targetTimestamp: bigint;
  readonly rampDuration: bigint;
};

/** The liquidation LTV in force at a moment. */
export function ltvAt({ liquidationLTV, initialLiquidationLTV, targetTimestamp, rampDuration }: Ramp, nowSeconds: bigint): bigint {
  if (nowSeconds >= targetTimestamp || rampDuration === 0n || liquidationLTV >= initialLiquidationLTV) return liquidationLTV;
  return liquidationLTV + ((initialLiquidationLTV - liquidationLTV) * (targetTimestamp - nowSeconds)) / rampDuration;
}

/** null = unlimited. */
export function capOf(raw: bigint): bigint | null {
  return raw === 0n ? null : (10n ** (raw & 63n) * (raw >> 6n)) / 100n;
}

/** The largest cap the format can hold that is not above the amount; three digits of precision. */
export function toCapDown(amount: bigint | null): bigint {
  if (amount === null) return 0n;
  if (amount === 0n) return 1n; // mantissa 0, exponent 1: zero, where raw 0 would be unlimited
  let exponent = 0n;
  while ((amount * 100n) / 10n ** exponent > 1023n) exponent += 1n;
  return (((amount * 100n) / 10n ** exponent) << 6n) | exponent;
}

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.vault, CANDIDATES);
  const { number: blockNumber, timestamp } = await getBlock(client);
  const ask = { address: venue.vault, abi: ABI, blockNumber } as const;
  const names = new Map(Object.entries(venue.assets).map(([name, address]) => [address.toLowerCase(), name]));
  const listed = await readContract(client, { ...ask, functionName: 'LTVList' });
  const values: Record<string, string> = { clock: String(timestamp) };
  for (const collateral of new Set([...listed, ...Object.values(venue.assets)].map((address) => address.toLowerCase() as Address))) {
    const full = await readContract(client, { ...ask, functionName: 'LTVFull', args: [collateral] });
    const name = names.get(collateral) ?? collateral;
    for (const [index, key] of LTV_KEYS.entries()) values[`${name}.${key}`] = String(full[index]!);
  }
  const [supplyCap, borrowCap] = await readContract(client, { ...ask, functionName: 'caps' });
  values['vault.supplyCap'] = String(supplyCap);
  values['vault.borrowCap'] = String(borrowCap);
  values['vault.maxLiquidationDiscount'] = String(await readContract(client, { ...ask, functionName: 'maxLiquidationDiscount' }));
  return { ...found, block: String(blockNumber), values };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = {};
  for (const asset of Object.keys(venue.assets)) {
    const held = parameters[asset];
    if (held === undefined) continue;
    values[`${asset}.borrowLTV`] = String(BPS_ONE - held.haircutBps);
    values[`${asset}.liquidationLTV`] = String(held.liquidationThresholdBps);
  }
  const own = parameters[venue.lends.asset];
  values['vault.supplyCap'] = String(toCapDown(amount(venue, own?.supplyCapTokens ?? null)));
  values['vault.borrowCap'] = String(toCapDown(amount(venue, own?.borrowCapTokens ?? null)));
  return { ...Version.declared(venue.version ?? 'evk', ['evk'], 'version'), block: null, values };
}

export function constraints(venue: Venue, held: Target.Held, moves: readonly Target.Move[], nowSeconds: number): Target.Refusal | null {
  const stranger = moves.find(({ asset, field }) =>
    field.endsWith('Tokens') ? asset !== venue.lends.asset : venue.assets[asset] === undefined,
  );
  if (stranger !== undefined) {
    return {
      by: 'us',
      name: 'UnknownAsset',
      says: `${stranger.asset} ${stranger.field}: not a collateral of the venue, or a cap of another vault.`,
    };
  }
  const wall =
    Target.duplicate(moves) ?? Target.moved(held, Object.fromEntries(moves.map((move) => [nameOf(move), unit(venue, move, move.from)])));
  if (wall !== null) return wall;
  const next = { ...held.values, ...Object.fromEntries(moves.map((move) => [nameOf(move), unit(venue, move, move.to)])) };
  for (const asset of new Set(moves.filter(({ field }) => !field.endsWith('Tokens')).map((move) => move.asset))) {
    const [borrow, liquidation] = [BigInt(next[`${asset}.borrowLTV`] ?? 0), BigInt(next[`${asset}.liquidationLTV`] ?? 0)];
    if (venue.assets[asset]!.toLowerCase() === venue.vault.toLowerCase())
      return chain('E_InvalidLTVAsset', `${asset} is the vault itself.`);
    if (liquidation > BigInt(BPS_ONE))
      return chain('E_InvalidConfigAmount', `${asset}: a liquidation LTV of ${liquidation} is above 100 %.`);
    if (borrow > liquidation) return chain('E_LTVBorrow', `${asset}: borrow LTV ${borrow} above liquidation LTV ${liquidation}.`);
    const standing = inForce(held, asset, nowSeconds);
    if (liquidation < standing && venue.rampSeconds === 0) {
      return {
        by: 'us',
        name: 'NoRamp',
        says: `${asset}: ${standing} → ${liquidation} at once would liquidate without warning; give the venue rampSeconds.`,
      };
    }
  }
  for (const { field } of moves) {
    const cap = field.endsWith('Tokens') ? capOf(BigInt(next[`vault.${capName(field)}`]!)) : null;
    if (cap !== null && cap > MAX_SANE_AMOUNT) {
      return chain(field === 'supplyCapTokens' ? 'E_BadSupplyCap' : 'E_BadBorrowCap', `A cap of ${cap} is above 2¹¹² − 1.`);
    }
  }
  return null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const next: Record<string, string> = {
    ...held.values,
    ...Object.fromEntries(moves.map((move) => [nameOf(move), unit(venue, move, move.to)])),
  };
  const nowSeconds = Number(held.values['clock'] ?? 0);
  const actions: Call.Inner[] = [];
  const notes: string[] = [];
  for (const [asset] of Target.byAsset(moves.filter(({ field }) => !field.endsWith('Tokens')))) {
    const liquidation = BigInt(next[`${asset}.liquidationLTV`]!);
    const standing = inForce(held, asset, nowSeconds);
    const ramp = liquidation < standing ? venue.rampSeconds : 0;
    const args = [venue.assets[asset]!, Number(next[`${asset}.borrowLTV`]), Number(liquidation), ramp] as const;
    actions.push(Target.call(venue.vault, encodeFunctionData({ abi: ABI, functionName: 'setLTV', args })));
    if (held.detectedBy !== null) {
      next[`${asset}.initialLiquidationLTV`] = String(standing);
      next[`${asset}.targetTimestamp`] = Target.NOW;
      next[`${asset}.rampDuration`] = String(ramp);
    }
    if (ramp > 0)
      notes.push(`${asset}: the liquidation LTV falls from ${standing} to ${liquidation} over ${ramp} s; the borrow LTV at once.`);
  }
  const caps = moves.filter(({ field }) => field.endsWith('Tokens'));
  if (caps.length > 0) {
    const args = [Number(next['vault.supplyCap']), Number(next['vault.borrowCap'])] as const;
    actions.push(Target.call(venue.vault, encodeFunctionData({ abi: ABI, functionName: 'setCaps', args })));
    for (const { field, to } of caps)
      notes.push(`${field}: ${to ?? 'no cap'} is held as ${capSays(next[`vault.${capName(field)}`]!)} of the smallest unit.`);
  }
  return { actions, becomes: Target.changed(held.values, next), notes };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

const MAX_SANE_AMOUNT = 2n ** 112n - 1n;
const LTV_KEYS = ['borrowLTV', 'liquidationLTV', 'initialLiquidationLTV', 'targetTimestamp', 'rampDuration'] as const;

function inForce({ values }: Target.Held, asset: string, nowSeconds: number): bigint {
  const at = (key: string): bigint => BigInt(values[`${asset}.${key}`] ?? 0);
  const ramp = {
    liquidationLTV: at('liquidationLTV'),
    initialLiquidationLTV: at('initialLiquidationLTV'),
    targetTimestamp: at('targetTimestamp'),
    rampDuration: at('rampDuration'),
  };
  return ltvAt(ramp, BigInt(nowSeconds));
}

function nameOf({ asset, field }: Target.Move): string {
  if (field.endsWith('Tokens')) return `vault.${capName(field)}`;
  return `${asset}.${field === 'haircutBps' ? 'borrowLTV' : 'liquidationLTV'}`;
}

function unit(venue: Venue, { field }: Target.Move, value: number | null): string {
  if (field.endsWith('Tokens')) return String(toCapDown(amount(venue, value)));
  return String(field === 'haircutBps' ? BPS_ONE - (value ?? 0) : (value ?? 0));
}

function amount({ lends }: Venue, tokens: number | null): bigint | null {
  return tokens === null ? null : Target.wholeTokens(tokens, 0n) * 10n ** BigInt(lends.decimals);
}

function capName(field: Target.Field): 'supplyCap' | 'borrowCap' {
  return field === 'supplyCapTokens' ? 'supplyCap' : 'borrowCap';
}

function capSays(raw: string): string {
  const cap = capOf(BigInt(raw));
  return cap === null ? 'unlimited' : String(cap);
}

function chain(name: string, says: string): Target.Refusal {
  return { by: 'chain', name, says };
}
