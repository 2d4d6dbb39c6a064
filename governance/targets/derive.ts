/**
 * Target: Derive's standard risk manager: margin of perpetuals and factors of base assets as collateral, of 10¹⁸.
 *
 *   maintenance, initial = base · multiplier, rounded up        marginFactor = threshold        IMScale = LTV / threshold, rounded down
 *
 * The base is the venue's own margin at a multiplier of 1; what the manager holds has to be that base times what the advice starts
 * from. PMRM's parameters are decoded and not drafted: they are one set for every market. Source: StandardManager.sol (v2-core).
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { getBlockNumber, readContract } from 'viem/actions';
import { z } from 'zod';
import { BPS_ONE, PPM_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

const Wad = z.string().regex(/^\d+$/);
export const Venue = z
  .strictObject({
    target: z.literal('derive'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    manager: Address,
    /** Margin at a multiplier of 1×, of 10¹⁸, decimal strings; null where the asset has no perpetual. */
    assets: z
      .record(
        z.string(),
        z
          .strictObject({ marketId: z.int().nonnegative(), perp: z.strictObject({ maintenance: Wad, initial: Wad }).readonly().nullable() })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = ['haircutBps', 'liquidationThresholdBps', 'marginMultiplierPpm'];
export const SIMULATED_ON = null;

const PERP = 'function setPerpMarginRequirements(uint256 marketId, uint256 mmPerpReq, uint256 imPerpReq)';
const BASE = 'function setBaseAssetMarginFactor(uint256 marketId, uint256 marginFactor, uint256 IMScale)';
const ABI = parseAbi([
  PERP,
  BASE,
  'function perpMarginRequirements(uint256) view returns (uint256 mmPerpReq, uint256 imPerpReq)',
  'function baseMarginParams(uint256) view returns (uint256 marginFactor, uint256 IMScale)',
]);
const CANDIDATES = [{ version: 'srm-2', has: ['0x1306f2a2', '0xc27009e2'] }];

export const TABLE = Call.table('derive', {
  [PERP]: {
    says: ({ marketId, mmPerpReq, imPerpReq }) =>
      `Sets the perpetual of market ${marketId}: maintenance margin ${Call.percentOf(mmPerpReq!, 18)}, initial ${Call.percentOf(imPerpReq!, 18)}.`,
  },
  [BASE]: {
    says: ({ marketId, marginFactor, IMScale }) =>
      `Counts the base asset of market ${marketId} at ${Call.percentOf(marginFactor!, 18)} for maintenance and ${Call.percentOf((BigInt(marginFactor!) * BigInt(IMScale!)) / WAD, 18)} for initial margin.`,
  },
  'setMarginParams((uint256 imFactor, uint256 mmFactor, uint256 shortRateMultScale, uint256 longRateMultScale, uint256 shortRateAddScale, uint256 longRateAddScale, uint256 shortBaseStaticDiscount, uint256 longBaseStaticDiscount) params)':
    {},
  'setVolShockParams((uint256 volRangeUp, uint256 volRangeDown, int256 shortTermPower, int256 longTermPower, uint256 dteFloor, uint256 minVolUpShock) params)':
    {},
  'setBasisContingencyParams((uint256 scenarioSpotUp, uint256 scenarioSpotDown, uint256 basisContAddFactor, uint256 basisContMultFactor) params)':
    {},
  'setOtherContingencyParams((uint256 pegLossThreshold, uint256 pegLossFactor, uint256 confThreshold, uint256 confMargin, uint256 MMPerpPercent, uint256 IMPerpPercent, uint256 MMOptionPercent, uint256 IMOptionPercent) params)':
    {},
  'setSkewShockParameters((uint256 linearBaseCap, uint256 absBaseCap, int256 linearCBase, int256 absCBase, int256 minKStar, int256 widthScale, int256 volParamStatic, int256 volParamScale) params)':
    {},
  'setCollateralParameters(address asset, (bool isEnabled, bool isRiskCancelling, uint256 MMHaircut, uint256 IMHaircut) params)': {},
});

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.manager, CANDIDATES);
  const blockNumber = await getBlockNumber(client);
  const values: Record<string, string> = {};
  for (const [asset, { marketId, perp }] of Object.entries(venue.assets)) {
    const ask = { address: venue.manager, abi: ABI, args: [BigInt(marketId)], blockNumber } as const;
    const [factor, scale] = await readContract(client, { ...ask, functionName: 'baseMarginParams' });
    values[`${asset}.marginFactor`] = String(factor);
    values[`${asset}.IMScale`] = String(scale);
    if (perp === null) continue;
    const [maintenance, initial] = await readContract(client, { ...ask, functionName: 'perpMarginRequirements' });
    values[`${asset}.maintenance`] = String(maintenance);
    values[`${asset}.initial`] = String(initial);
  }
  return { ...found, block: String(blockNumber), values };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = {};
  for (const [asset, { perp }] of Object.entries(venue.assets)) {
    const held = parameters[asset];
    if (held === undefined) continue;
    Object.assign(values, collateral(asset, BPS_ONE - held.haircutBps, held.liquidationThresholdBps));
    if (perp !== null) Object.assign(values, margin(asset, perp, held.marginMultiplierPpm));
  }
  return { ...Version.declared(venue.version ?? 'srm-2', ['srm-2'], 'version'), block: null, values };
}

export function constraints(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  const first = Target.duplicate(moves) ?? Target.unknownAsset(moves, venue.assets);
  if (first !== null) return first;
  for (const [asset, { marginMultiplierPpm, haircutBps, liquidationThresholdBps }] of Target.byAsset(moves)) {
    const { perp } = venue.assets[asset]!;
    if (marginMultiplierPpm !== undefined) {
      if (perp === null) return { by: 'us', name: 'NoPerpetual', says: `${asset} has no perpetual margin in the venue.` };
      const stale = Target.moved(held, margin(asset, perp, marginMultiplierPpm.from ?? 0));
      if (stale !== null) return stale;
      const next = margin(asset, perp, marginMultiplierPpm.to ?? 0);
      const [maintenance, initial] = [BigInt(next[`${asset}.maintenance`]!), BigInt(next[`${asset}.initial`]!)];
      if (maintenance === 0n || maintenance > initial || initial >= WAD) {
        return {
          by: 'chain',
          name: 'SRM_InvalidPerpMarginParams',
          says: `${asset}: maintenance ${maintenance}, initial ${initial} of 10¹⁸.`,
        };
      }
    }
    if (haircutBps ?? liquidationThresholdBps) {
      const terms = collateralMoves(held, asset, haircutBps, liquidationThresholdBps);
      const stale = Target.moved(held, collateral(asset, terms.from.ltv, terms.from.threshold));
      if (stale !== null) return stale;
      if (terms.to.threshold > BPS_ONE || terms.to.ltv > terms.to.threshold) {
        return {
          by: 'chain',
          name: 'SRM_InvalidBaseAssetMarginParams',
          says: `${asset}: LTV ${terms.to.ltv} of threshold ${terms.to.threshold}.`,
        };
      }
    }
  }
  return null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const next: Record<string, string> = { ...held.values };
  const actions = Target.byAsset(moves).flatMap(([asset, { marginMultiplierPpm, haircutBps, liquidationThresholdBps }]) => {
    const { marketId, perp } = venue.assets[asset]!;
    const at = (name: string): bigint => BigInt(next[`${asset}.${name}`]!);
    const calls: Hex[] = [];
    if (haircutBps ?? liquidationThresholdBps) {
      const { ltv, threshold } = collateralMoves(held, asset, haircutBps, liquidationThresholdBps).to;
      Object.assign(next, collateral(asset, ltv, threshold));
      calls.push(
        encodeFunctionData({
          abi: ABI,
          functionName: 'setBaseAssetMarginFactor',
          args: [BigInt(marketId), at('marginFactor'), at('IMScale')],
        }),
      );
    }
    if (marginMultiplierPpm !== undefined) {
      Object.assign(next, margin(asset, perp!, marginMultiplierPpm.to ?? 0));
      calls.push(
        encodeFunctionData({
          abi: ABI,
          functionName: 'setPerpMarginRequirements',
          args: [BigInt(marketId), at('maintenance'), at('initial')],
        }),
      );
    }
    return calls.map((data) => Target.call(venue.manager, data));
  });
  return { actions, becomes: Target.changed(held.values, next), notes: [] };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

const WAD = 10n ** 18n;

/** Rounded up: a multiplier never asks for less margin than it says. */
function margin(
  asset: string,
  perp: { readonly maintenance: string; readonly initial: string },
  multiplierPpm: number,
): Record<string, string> {
  const scaled = (base: string): string => String((BigInt(base) * BigInt(multiplierPpm) + BigInt(PPM_ONE) - 1n) / BigInt(PPM_ONE));
  return { [`${asset}.maintenance`]: scaled(perp.maintenance), [`${asset}.initial`]: scaled(perp.initial) };
}

function collateral(asset: string, ltvBps: number, thresholdBps: number): Record<string, string> {
  const scale = thresholdBps === 0 ? 0n : (BigInt(ltvBps) * WAD) / BigInt(thresholdBps);
  return { [`${asset}.marginFactor`]: String(BigInt(thresholdBps) * 10n ** 14n), [`${asset}.IMScale`]: String(scale) };
}

/** LTV and threshold in bps before and after; what does not move is what is held, to the basis point. */
function collateralMoves({ values }: Target.Held, asset: string, haircut: Target.Move | undefined, threshold: Target.Move | undefined) {
  const factor = BigInt(values[`${asset}.marginFactor`] ?? 0);
  const heldThreshold = Number(factor / 10n ** 14n);
  // IMScale was rounded down: the LTV it came from is the next basis point.
  const heldLtv = Number((factor * BigInt(values[`${asset}.IMScale`] ?? 0) + 10n ** 32n - 1n) / 10n ** 32n);
  const side = (end: 'from' | 'to') => ({
    ltv: haircut === undefined ? heldLtv : BPS_ONE - (haircut[end] ?? 0),
    threshold: threshold === undefined ? heldThreshold : (threshold[end] ?? 0),
  });
  return { from: side('from'), to: side('to') };
}
