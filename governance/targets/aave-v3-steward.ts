/**
 * Target: Aave v3's RiskSteward: the config engine's calls, sent by the risk council (a Safe), inside steps and cooldowns per parameter.
 *
 * Steps are absolute for LTV, threshold and bonus (maxPercentChange 50 = 50 bps) and relative for caps (100_00 = doubling), whatever
 * the README's example says. Layouts of the configuration are told apart by their length: 30 words from 3.7, 24 of the flat form before;
 * another length is refused. Source: RiskSteward.sol, IRiskSteward.sol (aave-dao/aave-v3-risk-stewards).
 */
import { type Client, encodeFunctionData, parseAbi } from 'viem';
import { call, readContract } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Engine from './aave-v3-engine.ts';
import * as Pool from './aave-v3-pool.ts';
import * as Agrs from './agrs.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    target: z.literal('aave-v3-steward'),
    version: z.string().optional(),
    steward: Address,
    ...Pool.VENUE,
    /** Used only where the chain is not read: what the steward allows, as `getRiskConfig` says it. */
    bounds: z
      .record(z.string(), z.strictObject({ minDelaySeconds: z.int(), maxPercentChange: z.int() }).readonly())
      .readonly()
      .optional(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS = Pool.FIELDS;
export const SIMULATED_ON = null;

const bounds = (...names: readonly string[]): string =>
  names.map((name) => `(uint40 minDelay, uint256 maxPercentChange) ${name}`).join(', ');
const COLLATERAL_BOUNDS = bounds('ltv', 'liquidationThreshold', 'liquidationBonus');
const RISK_CONFIG = [
  `(${COLLATERAL_BOUNDS}) collateralConfig`,
  `(${COLLATERAL_BOUNDS}) eModeConfig`,
  `(${bounds('baseVariableBorrowRate', 'variableRateSlope1', 'variableRateSlope2', 'optimalUsageRatio')}) rateConfig`,
  `(${bounds('supplyCap', 'borrowCap')}) capConfig`,
  `(${bounds('priceCapLst', 'priceCapStable', 'discountRatePendle')}) priceCapConfig`,
].join(', ');

export const TABLE = Call.table('aave-v3-steward', {
  'updateRates((address asset, (uint256 optimalUsageRatio, uint256 baseVariableBorrowRate, uint256 variableRateSlope1, uint256 variableRateSlope2) params)[] updates)':
    {},
  'updateLstPriceCaps((address oracle, (uint104 snapshotRatio, uint48 snapshotTimestamp, uint16 maxYearlyRatioGrowthPercent) priceCapUpdateParams)[] updates)':
    {
      says: (_, rows) =>
        rows
          .map(
            (row) =>
              `Sets the cap of ${row['oracle']}: ratio ${row['priceCapUpdateParams.snapshotRatio']} as of ${date(row['priceCapUpdateParams.snapshotTimestamp']!)}, growing at most ${Call.bps(row['priceCapUpdateParams.maxYearlyRatioGrowthPercent']!)} a year.`,
          )
          .join(' '),
      warns: () => ['The cap counts from the snapshot’s time: prepared now and executed later it is another cap.'],
    },
  'updateStablePriceCaps((address oracle, uint256 priceCap)[] updates)': {},
  'updatePendleDiscountRates((address oracle, uint256 discountRate)[] updates)': {},
  'setAddressRestricted(address contractAddress, bool isRestricted)': {},
  [`setRiskConfig((${RISK_CONFIG}) riskConfig)`]: { warns: () => ['Changes what the steward itself may do.'] },
  'setEModeCategoryRestricted(uint8 eModeCategory, bool isRestricted)': {},
});

const ABI = parseAbi([
  'function getRiskConfig() view',
  'function getTimelock(address asset) view',
  'function isAddressRestricted(address asset) view returns (bool)',
]);

/** Parameter by its place in the steward's configuration and among its timestamps, by layout. */
const LAYOUTS = {
  30: { ltv: [0, 2], liquidationThreshold: [1, 4], liquidationBonus: [2, 3], supplyCap: [10, 0], borrowCap: [11, 1] },
  24: { ltv: [0, 2], liquidationThreshold: [1, 4], liquidationBonus: [2, 3], supplyCap: [3, 0], borrowCap: [4, 1] },
} as const;
const PARAMETERS = ['ltv', 'liquidationThreshold', 'liquidationBonus', 'supplyCap', 'borrowCap'] as const;
type Parameter = (typeof PARAMETERS)[number];

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.steward, Engine.CANDIDATES);
  const pool = await Pool.read(client, venue);
  const values: Record<string, string> = { ...pool.values };
  const config = await words(client, venue.steward, encodeFunctionData({ abi: ABI, functionName: 'getRiskConfig' }));
  const layout = LAYOUTS[config.length as keyof typeof LAYOUTS];
  if (layout === undefined) {
    throw new UnknownLayoutError({ got: `${config.length} words of configuration`, needed: '30 (from 3.7) or 24', where: venue.steward });
  }
  for (const name of PARAMETERS) {
    const [place] = layout[name];
    values[`steward.${name}.minDelay`] = String(config[2 * place]!);
    values[`steward.${name}.maxPercentChange`] = String(config[2 * place + 1]!);
  }
  for (const [asset, address] of Object.entries(venue.assets)) {
    const times = await words(client, venue.steward, encodeFunctionData({ abi: ABI, functionName: 'getTimelock', args: [address] }));
    for (const name of PARAMETERS) values[`${asset}.${name}LastUpdated`] = String(times[layout[name][1]]!);
    const restricted = await readContract(client, {
      address: venue.steward,
      abi: ABI,
      functionName: 'isAddressRestricted',
      args: [address],
    });
    values[`${asset}.restricted`] = restricted ? '1' : '0';
  }
  return { ...found, block: pool.block, values };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = { ...Pool.declare(venue, parameters) };
  for (const [name, { minDelaySeconds, maxPercentChange }] of Object.entries(venue.bounds ?? {})) {
    values[`steward.${name}.minDelay`] = String(minDelaySeconds);
    values[`steward.${name}.maxPercentChange`] = String(maxPercentChange);
  }
  return { ...Version.declared(venue.version ?? '3.7', Engine.VERSIONS, 'version'), block: null, values };
}

export function constraints(
  venue: Venue,
  { values }: Target.Held,
  moves: readonly Target.Move[],
  nowSeconds: number,
): Target.Refusal | null {
  const wall = Pool.refusal(values, moves, venue);
  if (wall !== null) return wall;
  for (const move of moves) {
    if (values[`${move.asset}.restricted`] === '1') {
      return { by: 'chain', name: 'AssetIsRestricted', says: `${move.asset} is not the steward's to change.` };
    }
    const { name, from, to } = Pool.translate(move);
    const parameter = name.slice(name.lastIndexOf('.') + 1) as Parameter;
    const bound = boundOf(values, parameter);
    if (bound === null) {
      return {
        by: 'us',
        name: 'UnknownBound',
        says: `What the steward allows for ${parameter} is not known: read the chain, or name it in the venue.`,
      };
    }
    // The engine's bonus is the excess over 100 %: zero is judged on it.
    const unit = (value: string): bigint => (parameter === 'liquidationBonus' ? BigInt(value) - 10_000n : BigInt(value));
    const lastUpdatedSeconds = BigInt(values[`${name}LastUpdated`] ?? 0);
    const step = Agrs.refusal({ name, from: unit(from), to: unit(to), lastUpdatedSeconds, bound }, nowSeconds);
    if (step !== null) return step;
  }
  return null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const calls = Engine.encodeMoves(held.version as Engine.EngineVersion, venue.assets, moves);
  const times = moves.map((move) => [`${Pool.translate(move).name}LastUpdated`, Target.NOW] as const);
  return {
    actions: calls.map((data) => Target.call(venue.steward, data)),
    becomes: { ...Target.changed(held.values, Pool.after(held.values, moves)), ...Object.fromEntries(times) },
    notes: calls.length > 1 ? ['Collateral terms and caps are two calls: send them as one batch.'] : [],
  };
}

export function decode(data: Hex): Call.Read {
  return Call.decode(Engine.TABLE, data) ?? Call.decodeSure(TABLE, data);
}

function boundOf(values: Target.Held['values'], parameter: Parameter): Agrs.Bound | null {
  const [delay, change] = [values[`steward.${parameter}.minDelay`], values[`steward.${parameter}.maxPercentChange`]];
  if (delay === undefined || change === undefined) return null;
  return { minDelaySeconds: BigInt(delay), maxChange: BigInt(change), mode: parameter.endsWith('Cap') ? 'relative' : 'absolute' };
}

async function words(client: Client, to: Address, data: Hex): Promise<readonly bigint[]> {
  const { data: answer = '0x' } = await call(client, { to, data });
  return (answer.slice(2).match(/.{64}/g) ?? []).map((word) => BigInt(`0x${word}`));
}

function date(seconds: string): string {
  return BigInt(seconds) < 8_640_000_000_000n ? new Date(Number(seconds) * 1000).toISOString() : seconds;
}

export class UnknownLayoutError extends PlimsollError {
  override readonly name = 'Steward.UnknownLayoutError';
}
