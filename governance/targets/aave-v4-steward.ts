/**
 * Target: Aave v4's RiskSteward: collateral factor and liquidation bonus of a spoke's reserve, caps of a spoke on a hub.
 *
 * Two layouts, told apart by selectors: reserves named by (hub, underlying), before that by reserveId. KEEP_CURRENT is 2²⁵⁶ − 1, not
 * v3's. The bonus is 10500 for 5 %. `positions: 'new'` appends a dynamic configuration that only positions opened or refreshed
 * later take; `'all'` rewrites the one people stand in. One factor serves borrowing and liquidation: there is no LTV of its own.
 * Source: RiskSteward.sol and IRiskSteward.sol of aave-v4-risk-stewards, ISpoke.sol of aave-v4.
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { call, getBlockNumber } from 'viem/actions';
import { z } from 'zod';
import { BPS_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Calls from './aave-v4-calls.ts';
import * as Agrs from './agrs.ts';
import * as Call from './call.ts';
import * as Keep from './keep.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

const Reserve = z
  .strictObject({
    underlying: Address,
    hub: Address,
    reserveId: z.int().nonnegative(),
    assetId: z.int().nonnegative(),
    dynamicConfigKey: z.int().nonnegative(),
    /** The latest configuration's: an addition has to repeat it. */
    liquidationFee: z.int().min(0).max(BPS_ONE),
  })
  .readonly();

export const Venue = z
  .strictObject({
    target: z.literal('aave-v4-steward'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    steward: Address,
    spoke: Address,
    spokeConfigurator: Address,
    hubConfigurator: Address,
    positions: z.enum(['new', 'all']),
    assets: z.record(z.string(), Reserve).readonly(),
    /** Used only where the chain is not read. */
    bounds: z
      .record(z.string(), z.strictObject({ minDelaySeconds: z.int(), maxPercentChange: z.int() }).readonly())
      .readonly()
      .optional(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = ['liquidationThresholdBps', 'liquidationBonusBps', 'supplyCapTokens', 'borrowCapTokens'];
export const SIMULATED_ON = null;
export const { TABLE } = Calls;

const ABIS = { new: parseAbi([Calls.UPDATE.new, Calls.ADD.new, Calls.CAPS]), old: parseAbi([Calls.UPDATE.old, Calls.ADD.old, Calls.CAPS]) };
const VIEWS = parseAbi([
  'function getSpokeConfig(address spoke) view',
  'function getHubConfig(address hub) view',
  'function getSpokeDynamicDebounce(address spoke, address hub, address asset) view',
  'function getHubSpokeAssetDebounce(address hub, address spoke, address asset) view',
  'function getSpokeConfig(uint256 assetId, address spoke) view',
  'function getDynamicReserveConfig(uint256 reserveId, uint24 key) view',
  'function getDynamicReserveConfig(uint256 reserveId, uint32 key) view',
]);
const VERSIONS = ['hub-and-underlying', 'reserve-id'] as const;
const CANDIDATES: readonly Version.Candidate[] = [
  { version: 'hub-and-underlying', has: ['0xba58d41a', '0xd3e6db1b'], lacks: ['0x4eefc41e'] },
  { version: 'reserve-id', has: ['0x4eefc41e'], lacks: ['0xba58d41a'] },
];

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.steward, CANDIDATES);
  const block = String(await getBlockNumber(client));
  const values: Record<string, string> = {};
  const ask = async (to: Address, data: Hex): Promise<readonly string[]> => {
    const { data: answer = '0x' } = await call(client, { to, data, blockNumber: BigInt(block) });
    return (answer.slice(2).match(/.{64}/g) ?? []).map((word) => String(BigInt(`0x${word}`)));
  };
  const { code } = await Version.codeOf(client, venue.spoke);
  const width = [24, 32].find((bits) => code.includes(view(`getDynamicReserveConfig(uint256,uint${bits})`, [0n, 0]).slice(2, 10)));
  for (const [asset, reserve] of Object.entries(venue.assets)) {
    const key = view(`getDynamicReserveConfig(uint256,uint${width})`, [BigInt(reserve.reserveId), reserve.dynamicConfigKey]);
    const [factor, bonus, fee] = await ask(venue.spoke, key);
    const [addCap, drawCap] = await ask(reserve.hub, view('getSpokeConfig(uint256,address)', [BigInt(reserve.assetId), venue.spoke]));
    Object.assign(values, {
      [`${asset}.collateralFactor`]: factor,
      [`${asset}.maxLiquidationBonus`]: bonus,
      [`${asset}.liquidationFee`]: fee,
    });
    Object.assign(values, { [`${asset}.addCap`]: addCap, [`${asset}.drawCap`]: drawCap });
    if (found.version !== 'hub-and-underlying') continue;
    const dynamic = await ask(
      venue.steward,
      view('getSpokeDynamicDebounce(address,address,address)', [venue.spoke, reserve.hub, reserve.underlying]),
    );
    const caps = await ask(
      venue.steward,
      view('getHubSpokeAssetDebounce(address,address,address)', [reserve.hub, venue.spoke, reserve.underlying]),
    );
    const spokeConfig = await ask(venue.steward, view('getSpokeConfig(address)', [venue.spoke]));
    const hubConfig = await ask(venue.steward, view('getHubConfig(address)', [reserve.hub]));
    const places = { ...DYNAMIC_PLACES[venue.positions], ...CAP_PLACES };
    for (const [name, [place, time]] of Object.entries(places)) {
      const [config, times] = name.endsWith('Cap') ? [hubConfig, caps] : [spokeConfig, dynamic];
      values[`steward.${name}.minDelay`] = config[place]!;
      values[`steward.${name}.maxPercentChange`] = config[place + 1]!;
      values[`${asset}.${name}LastUpdated`] = times[time]!;
    }
  }
  return { ...found, block, values };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = {};
  for (const asset of Object.keys(venue.assets)) {
    const held = parameters[asset];
    if (held === undefined) continue;
    values[`${asset}.collateralFactor`] = String(held.liquidationThresholdBps);
    values[`${asset}.maxLiquidationBonus`] = String(BPS_ONE + held.liquidationBonusBps);
    values[`${asset}.addCap`] = String(Target.wholeTokens(held.supplyCapTokens, NO_CAP));
    values[`${asset}.drawCap`] = String(Target.wholeTokens(held.borrowCapTokens, NO_CAP));
  }
  for (const [name, { minDelaySeconds, maxPercentChange }] of Object.entries(venue.bounds ?? {})) {
    values[`steward.${name}.minDelay`] = String(minDelaySeconds);
    values[`steward.${name}.maxPercentChange`] = String(maxPercentChange);
  }
  return { ...Version.declared(venue.version ?? VERSIONS[0], VERSIONS, 'version'), block: null, values };
}

export function constraints(venue: Venue, held: Target.Held, moves: readonly Target.Move[], nowSeconds: number): Target.Refusal | null {
  const first = Target.duplicate(moves) ?? Target.unknownAsset(moves, venue.assets);
  if (first !== null) return first;
  const stale = Target.moved(held, Object.fromEntries(moves.map((move) => [nameOf(move), String(unit(move.field, move.from))])));
  if (stale !== null) return stale;
  for (const move of moves) {
    const name = nameOf(move);
    const parameter = name.slice(name.indexOf('.') + 1);
    const [delay, change] = [held.values[`steward.${parameter}.minDelay`], held.values[`steward.${parameter}.maxPercentChange`]];
    if (delay === undefined || change === undefined) {
      return {
        by: 'us',
        name: 'UnknownBound',
        says: `What the steward allows for ${parameter} is not known: read the chain, or name it in the venue.`,
      };
    }
    const bound = {
      minDelaySeconds: BigInt(delay),
      maxChange: BigInt(change),
      mode: parameter.endsWith('Cap') ? 'relative' : 'absolute',
    } as const;
    const lastUpdatedSeconds = BigInt(held.values[`${name}LastUpdated`] ?? 0);
    const step = Agrs.refusal(
      { name, from: unit(move.field, move.from), to: unit(move.field, move.to), lastUpdatedSeconds, bound },
      nowSeconds,
    );
    if (step !== null) return step;
  }
  const next = after(held, moves);
  for (const asset of new Set(moves.map((move) => move.asset))) {
    const [factor, bonus] = [BigInt(next[`${asset}.collateralFactor`]!), BigInt(next[`${asset}.maxLiquidationBonus`]!)];
    // percentMulUp: exact product at or above 1 is refused.
    if (bonus < BigInt(BPS_ONE) || factor * bonus > BigInt(BPS_ONE - 1) * BigInt(BPS_ONE)) {
      return {
        by: 'chain',
        name: 'InvalidCollateralFactorAndMaxLiquidationBonus',
        says: `${asset}: factor ${factor} with bonus ${bonus}.`,
      };
    }
  }
  return null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const next = after(held, moves);
  const layout = held.version === 'reserve-id' ? 'old' : 'new';
  const dynamic = Target.byAsset(moves.filter(({ field }) => field.startsWith('liquidation')));
  const caps = Target.byAsset(moves.filter(({ field }) => field.endsWith('Tokens')));
  const rows = dynamic.map(([asset, fields]) => {
    const { hub, underlying, reserveId, dynamicConfigKey } = venue.assets[asset]!;
    const { liquidationThresholdBps: factor, liquidationBonusBps: bonus } = fields;
    return {
      spokeConfigurator: venue.spokeConfigurator,
      spoke: venue.spoke,
      ...{ hub, underlying, reserveId: BigInt(reserveId), dynamicConfigKey: BigInt(dynamicConfigKey) },
      collateralFactor: factor === undefined ? Keep.V4 : unit(factor.field, factor.to),
      maxLiquidationBonus: bonus === undefined ? Keep.V4 : unit(bonus.field, bonus.to),
      liquidationFee: Keep.V4,
      dynamicConfig: {
        collateralFactor: Number(next[`${asset}.collateralFactor`]),
        maxLiquidationBonus: Number(next[`${asset}.maxLiquidationBonus`]),
        liquidationFee: Number(held.values[`${asset}.liquidationFee`] ?? venue.assets[asset]!.liquidationFee),
      },
    };
  });
  const capRows = caps.map(([asset, { supplyCapTokens, borrowCapTokens }]) => ({
    ...{
      hubConfigurator: venue.hubConfigurator,
      hub: venue.assets[asset]!.hub,
      underlying: venue.assets[asset]!.underlying,
      spoke: venue.spoke,
    },
    addCap: supplyCapTokens === undefined ? Keep.V4 : unit(supplyCapTokens.field, supplyCapTokens.to),
    drawCap: borrowCapTokens === undefined ? Keep.V4 : unit(borrowCapTokens.field, borrowCapTokens.to),
    ...{ riskPremiumThreshold: Keep.V4, active: Keep.V4, halted: Keep.V4 },
  }));
  const functionName = venue.positions === 'new' ? 'addDynamicReserveConfigs' : 'updateDynamicReserveConfigs';
  const abi = ABIS[layout];
  const calls = [
    ...(rows.length === 0 ? [] : [encodeFunctionData({ abi, functionName, args: [rows] } as Parameters<typeof encodeFunctionData>[0])]),
    ...(capRows.length === 0 ? [] : [encodeFunctionData({ abi: ABIS.new, functionName: 'updateHubSpokeCaps', args: [capRows] })]),
  ];
  const times = moves.map((move) => [`${nameOf(move)}LastUpdated`, Target.NOW] as const);
  return {
    actions: calls.map((data) => Target.call(venue.steward, data)),
    // An appended configuration leaves the one that was read as it is.
    becomes: { ...(venue.positions === 'new' && rows.length > 0 ? {} : Target.changed(held.values, next)), ...Object.fromEntries(times) },
    notes: venue.positions === 'new' && rows.length > 0 ? ['Open positions keep their terms until they are refreshed.'] : [],
  };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(Calls.TABLE, data);
}

/** uint40 in the hub: all ones. */
const NO_CAP = 2n ** 40n - 1n;
/** First word of a bound in the configuration, and place among the timestamps. */
const DYNAMIC_PLACES = {
  all: { collateralFactor: [4, 0], maxLiquidationBonus: [7, 1] },
  new: { collateralFactor: [10, 0], maxLiquidationBonus: [13, 1] },
} as const;
const CAP_PLACES = { addCap: [13, 0], drawCap: [16, 1] } as const;
const NAMES: Partial<Record<Target.Field, string>> = {
  liquidationThresholdBps: 'collateralFactor',
  liquidationBonusBps: 'maxLiquidationBonus',
  supplyCapTokens: 'addCap',
  borrowCapTokens: 'drawCap',
};

function view(signature: string, args: readonly unknown[]): Hex {
  const [name = '', types = ''] = signature.slice(0, -1).split('(');
  const abi = VIEWS.filter((item) => item.name === name && item.inputs.map(({ type }) => type).join(',') === types);
  return encodeFunctionData({ abi, functionName: name, args } as Parameters<typeof encodeFunctionData>[0]);
}

function nameOf({ asset, field }: Target.Move): string {
  return `${asset}.${NAMES[field]}`;
}

function unit(field: Target.Field, value: number | null): bigint {
  if (field.endsWith('Tokens')) return Target.wholeTokens(value, NO_CAP);
  return BigInt(field === 'liquidationBonusBps' ? BPS_ONE + (value ?? 0) : (value ?? 0));
}

function after(held: Target.Held, moves: readonly Target.Move[]): Readonly<Record<string, string>> {
  return { ...held.values, ...Object.fromEntries(moves.map((move) => [nameOf(move), String(unit(move.field, move.to))])) };
}
