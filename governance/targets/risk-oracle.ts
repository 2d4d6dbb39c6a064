/**
 * Target: a Chaos RiskOracle: publishes advice that agents and injectors of other contracts may then apply.
 *
 * The oracle's `previousValue` is what it published before, not what the protocol holds. A batch takes the length of its first list
 * and no other: lists are checked for equal length here. An injector takes only newer ids, so what is published last blocks every older
 * update. `updateType` has at most 64 bytes. Source: RiskOracle.sol (aave-v3-risk-stewards), AgentHub.sol.
 */
import { type Client, encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem';
import { getBlockNumber, readContract } from 'viem/actions';
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { BPS_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

export const Venue = z
  .strictObject({
    target: z.literal('risk-oracle'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    oracle: Address,
    /** What the oracle calls the market of an asset. */
    assets: z.record(z.string(), Address).readonly(),
    /** What the oracle calls a field; its value is published as one uint256: LTV in bps for a haircut, whole tokens for a cap. */
    updateTypes: z
      .partialRecord(
        z.enum([
          'haircutBps',
          'liquidationThresholdBps',
          'liquidationBonusBps',
          'marginMultiplierPpm',
          'supplyCapTokens',
          'borrowCapTokens',
        ]),
        z.string().min(1),
      )
      .readonly(),
    /** Stands with every update: where the evidence is. */
    referenceId: z.string(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = [
  'haircutBps',
  'liquidationThresholdBps',
  'liquidationBonusBps',
  'marginMultiplierPpm',
  'supplyCapTokens',
  'borrowCapTokens',
];
export const SIMULATED_ON = null;

export type Update = {
  readonly referenceId: string;
  readonly newValue: Hex;
  readonly updateType: string;
  readonly market: Address;
  readonly additionalData: Hex;
};

const BULK =
  'function publishBulkRiskParameterUpdates(string[] referenceIds, bytes[] newValues, string[] updateTypes, address[] markets, bytes[] additionalData)';
const ABI = parseAbi([
  BULK,
  'struct Published { uint256 timestamp; bytes newValue; string referenceId; bytes previousValue; string updateType; uint256 updateId; address market; bytes additionalData; }',
  'function latestUpdateIdByMarketAndType(address market, string updateType) view returns (uint256)',
  'function getUpdateById(uint256 updateId) view returns (Published)',
  'function getAllUpdateTypes() view returns (string[])',
]);
const CANDIDATES = [{ version: 'risk-oracle', has: ['0xb0be2505', '0x031ed79c', '0x5decfee4'] }];
const MAX_TYPE_BYTES = 64;
const RANGE = '(uint120 maxIncrease, uint120 maxDecrease, bool isIncreaseRelative, bool isDecreaseRelative)';
const NEWER = 'Injectors take only newer ids: this one blocks a fallback to an older update.';

const PUBLISHED =
  'uint256 timestamp, bytes newValue, string referenceId, bytes previousValue, string updateType, uint256 updateId, address market, bytes additionalData';
const AGENT =
  'address admin, address riskOracle, bool isAgentEnabled, bool isAgentPermissioned, bool isMarketsFromAgentEnabled, address agentAddress, uint256 expirationPeriod, uint256 minimumDelay, string updateType, bytes agentContext, address[] allowedMarkets, address[] restrictedMarkets, address[] permissionedSenders';

export const TABLE = Call.table('risk-oracle', {
  [BULK]: {
    says: (row) => {
      const count = Object.keys(row).filter((name) => name.startsWith('referenceIds.')).length;
      return Array.from(
        { length: count },
        (_, i) => `Publishes ${row[`updateTypes.${i}`]} = ${value(row[`newValues.${i}`])} for ${row[`markets.${i}`]}.`,
      ).join(' ');
    },
    warns: (row) => [...arity(row), NEWER],
  },
  'publishRiskParameterUpdate(string referenceId, bytes newValue, string updateType, address market, bytes additionalData)': {
    says: ({ updateType, newValue, market }) => `Publishes ${updateType} = ${value(newValue)} for ${market}.`,
    warns: ({ updateType }) => [
      ...(Buffer.byteLength(updateType!) > MAX_TYPE_BYTES ? [`updateType has more than ${MAX_TYPE_BYTES} bytes.`] : []),
      NEWER,
    ],
  },
  'addAuthorizedSender(address sender)': {},
  'addUpdateType(string newUpdateType)': {},
  'execute((uint256 agentId, address[] markets)[] actionData)': {},
  [`setDefaultRangeConfig(address agentHub, uint256 agentId, string updateType, ${RANGE} config)`]: {},
  [`setRangeConfigByMarket(address agentHub, uint256 agentId, address market, string updateType, ${RANGE} config)`]: {
    warns: (row) =>
      row['config.maxIncrease'] === '0' && row['config.maxDecrease'] === '0'
        ? ['A range of 0 and 0 falls back to the default: it does not freeze the market.']
        : [],
  },
  'disableUpdateById(uint256 updateId, bool disabled)': {},
  'pauseInjector(bool paused)': {},
  [`registerAgent((${AGENT}) input)`]: { warns: () => ['Gives an agent the right to apply what the oracle publishes.'] },
  [`inject(uint256 agentId, bytes agentContext, (${PUBLISHED}) update)`]: {},
  'performUpkeep(bytes performData)': {},
  'sync(address[] markets, string[] parameters)': {},
});

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.oracle, CANDIDATES);
  const blockNumber = await getBlockNumber(client);
  const ask = { address: venue.oracle, abi: ABI, blockNumber } as const;
  const types = await readContract(client, { ...ask, functionName: 'getAllUpdateTypes' });
  const values: Record<string, string> = Object.fromEntries(types.map((type) => [`type.${type}`, '1']));
  for (const [asset, market] of Object.entries(venue.assets)) {
    for (const updateType of Object.values(venue.updateTypes)) {
      const id = await readContract(client, { ...ask, functionName: 'latestUpdateIdByMarketAndType', args: [market, updateType] });
      if (id === 0n) continue;
      const { newValue } = await readContract(client, { ...ask, functionName: 'getUpdateById', args: [id] });
      values[`${asset}.${updateType}`] = value(newValue);
    }
  }
  return { ...found, block: String(blockNumber), values };
}

/** Nothing published is known from a state: what the protocol holds is another thing. */
export function declare(venue: Venue, _parameters: ParametersByAsset): Target.Held {
  const values = Object.fromEntries(Object.values(venue.updateTypes).map((type) => [`type.${type}`, '1']));
  return { ...Version.declared(venue.version ?? 'risk-oracle', ['risk-oracle'], 'version'), block: null, values };
}

export function constraints(venue: Venue, { values }: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  const first = Target.duplicate(moves) ?? Target.unknownAsset(moves, venue.assets);
  if (first !== null) return first;
  for (const { field } of moves) {
    const type = venue.updateTypes[field];
    if (type === undefined) return { by: 'us', name: 'UnknownUpdateType', says: `The venue has no update type for ${field}.` };
    if (Buffer.byteLength(type) > MAX_TYPE_BYTES)
      return { by: 'chain', name: 'Invalid update type string', says: `${type} has more than 64 bytes.` };
    if (values[`type.${type}`] !== '1')
      return { by: 'chain', name: 'Unauthorized update type.', says: `The oracle does not know ${type}.` };
  }
  return null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const updates = moves.map(
    (move): Update => ({
      referenceId: venue.referenceId,
      newValue: encodeAbiParameters([{ type: 'uint256' }], [published(move)]),
      updateType: venue.updateTypes[move.field]!,
      market: venue.assets[move.asset]!,
      additionalData: '0x',
    }),
  );
  const becomes = Object.fromEntries(moves.map((move) => [`${move.asset}.${venue.updateTypes[move.field]!}`, String(published(move))]));
  return {
    actions: [Target.call(venue.oracle, encodeUpdates(updates))],
    becomes: Target.changed(held.values, { ...held.values, ...becomes }),
    notes: ['Publishing changes no parameter: agents apply it inside their own ranges.', NEWER],
  };
}

/** One row an update, so that no list can be shorter than another. */
export function encodeUpdates(updates: readonly Update[]): Hex {
  const names = updates.map(({ market, updateType }) => `${market.toLowerCase()} ${updateType}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new DuplicateUpdateError({ got: `${twice} twice`, needed: 'each market and type once: the last one would win' });
  const column = <K extends keyof Update>(key: K): Update[K][] => updates.map((update) => update[key]);
  const args = [column('referenceId'), column('newValue'), column('updateType'), column('market'), column('additionalData')] as const;
  return encodeFunctionData({ abi: ABI, functionName: 'publishBulkRiskParameterUpdates', args });
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

function published({ field, to }: Target.Move): bigint {
  if (field === 'haircutBps') return BigInt(BPS_ONE - (to ?? 0));
  return field.endsWith('Tokens') ? Target.wholeTokens(to, 0n) : BigInt(to ?? 0);
}

function arity(row: Call.Row): readonly string[] {
  const lists = ['referenceIds', 'newValues', 'updateTypes', 'markets', 'additionalData'];
  const lengths = lists.map((list) => Object.keys(row).filter((name) => name.startsWith(`${list}.`)).length);
  return lengths.every((length) => length === lengths[0])
    ? []
    : [`The lists have ${lengths.join(', ')} items: the oracle follows the first and does not check.`];
}

function value(bytes: string | undefined): string {
  return bytes !== undefined && bytes.length === 66 ? String(BigInt(bytes)) : (bytes ?? '');
}

export class DuplicateUpdateError extends PlimsollError {
  override readonly name = 'RiskOracle.DuplicateUpdateError';
}
