/**
 * The parameter contract (`contracts/RiskParameterRegistry.sol`) seen from outside: its bounds, its one action, its state.
 *
 * `refusal` is the contract's own rule written twice; a test holds the two against each other on random changes.
 * Encoding is viem's; decoding is `words.ts` with selectors as the compiler computed them.
 */
import { encodeFunctionData, parseAbi } from 'viem';
import { PlimsollError, quote } from '../../base/errors.ts';
import { type Id, toHex } from '../../base/id.ts';
import { BPS_ONE, PPM_ONE } from '../../base/units.ts';
import { AssetName } from '../../datasets/panel.ts';
import type { RiskParameters } from '../../datasets/state.ts';
import * as Call from './call.ts';
import * as Words from './words.ts';

export const FIELDS = ['haircutBps', 'liquidationThresholdBps', 'liquidationBonusBps', 'marginMultiplierPpm'] as const;
export type RegistryField = (typeof FIELDS)[number];

/** What the contract holds of one asset. Caps are not in it. */
export type Values = Readonly<Record<RegistryField, number>>;
export type ValuesByAsset = Readonly<Record<string, Values>>;
export type Change = { readonly asset: string; readonly from: Values; readonly to: Values };
export type Update = { readonly changes: readonly Change[]; readonly evidenceRoot: Id; readonly validUntilSeconds: number };

/** The walls of the contract: the same numbers as its constants. */
export const BOUNDS: Readonly<Record<RegistryField, { readonly min: number; readonly max: number }>> = {
  haircutBps: { min: 0, max: BPS_ONE },
  liquidationThresholdBps: { min: 0, max: BPS_ONE },
  liquidationBonusBps: { min: 0, max: 5_000 },
  marginMultiplierPpm: { min: 100_000, max: 20_000_000 },
};

export const ABI = parseAbi([
  'struct Values { uint16 haircutBps; uint16 liquidationThresholdBps; uint16 liquidationBonusBps; uint32 marginMultiplierPpm; }',
  'struct Listing { bytes32 asset; Values values; }',
  'struct Change { bytes32 asset; Values from; Values to; }',
  'constructor(address timelock, Listing[] listings)',
  'function update(Change[] changes, bytes32 evidenceRoot, uint64 validUntil)',
  'function list(Listing[] listings)',
  'function all() view returns (Listing[] held)',
  'function valuesOf(bytes32 asset) view returns (Values)',
  'function owner() view returns (address)',
  'event ParametersChanged(bytes32 indexed asset, bytes32 indexed evidenceRoot, Values from, Values to)',
  'error NothingToChange()',
  'error NoEvidence()',
  'error Expired(uint64 validUntil, uint256 nowSeconds)',
  'error NotIncreasing(bytes32 asset)',
  'error NotListed(bytes32 asset)',
  'error AlreadyListed(bytes32 asset)',
  'error StateMoved(bytes32 asset, Values held)',
  'error SameValues(bytes32 asset)',
  'error HaircutOutOfBounds(bytes32 asset, uint16 haircutBps)',
  'error ThresholdOutOfBounds(bytes32 asset, uint16 liquidationThresholdBps)',
  'error BonusOutOfBounds(bytes32 asset, uint16 liquidationBonusBps)',
  'error MultiplierOutOfBounds(bytes32 asset, uint32 marginMultiplierPpm)',
  'error LtvAboveThreshold(bytes32 asset)',
  'error LiquidationUnprofitable(bytes32 asset)',
  'error BonusWithLowerThreshold(bytes32 asset)',
  'error OwnableUnauthorizedAccount(address account)',
]);

/** From the compiler's method identifiers; a test keeps it equal to the artifact. */
export const UPDATE_SELECTOR = '0x679e7cb4';

const ROW = 'uint16 haircutBps, uint16 liquidationThresholdBps, uint16 liquidationBonusBps, uint32 marginMultiplierPpm';
export const TABLE = Call.table('openzeppelin-governor', {
  [`update((bytes32 asset, (${ROW}) from, (${ROW}) to)[] changes, bytes32 evidenceRoot, uint64 validUntil)`]: {},
  [`list((bytes32 asset, (${ROW}) values)[] listings)`]: {},
});

const VALUES = Words.tuple(Words.uint(16), Words.uint(16), Words.uint(16), Words.uint(32));
const UPDATE = [Words.list(Words.tuple(Words.BYTES32, VALUES, VALUES)), Words.BYTES32, Words.uint(64)];
const LAST_SECOND = 8_640_000_000_000;

export function valuesOf(parameters: RiskParameters): Values {
  const { haircutBps, liquidationThresholdBps, liquidationBonusBps, marginMultiplierPpm } = parameters;
  return { haircutBps, liquidationThresholdBps, liquidationBonusBps, marginMultiplierPpm };
}

/** The contract's error for values that may not stand at all, by the contract's own name and order of checks. */
export function outOfBounds(to: Values): string | null {
  if (!within('haircutBps', to)) return 'HaircutOutOfBounds';
  if (!within('liquidationThresholdBps', to)) return 'ThresholdOutOfBounds';
  if (!within('liquidationBonusBps', to)) return 'BonusOutOfBounds';
  if (!within('marginMultiplierPpm', to)) return 'MultiplierOutOfBounds';
  if (BPS_ONE - to.haircutBps > to.liquidationThresholdBps) return 'LtvAboveThreshold';
  if (to.liquidationThresholdBps * (BPS_ONE + to.liquidationBonusBps) > BPS_ONE * BPS_ONE) return 'LiquidationUnprofitable';
  return null;
}

/** The contract's error for one change, given what it holds. */
export function refusal(change: Change, held: Values | undefined): string | null {
  if (held === undefined) return 'NotListed';
  if (!same(held, change.from)) return 'StateMoved';
  if (same(held, change.to)) return 'SameValues';
  const wall = outOfBounds(change.to);
  if (wall !== null) return wall;
  const lower = change.to.liquidationThresholdBps < held.liquidationThresholdBps;
  return lower && change.to.liquidationBonusBps > held.liquidationBonusBps ? 'BonusWithLowerThreshold' : null;
}

export function encode({ changes, evidenceRoot, validUntilSeconds }: Update): Words.Hex {
  return encodeFunctionData({
    abi: ABI,
    functionName: 'update',
    args: [changes.map(({ asset, from, to }) => ({ asset: toKey(asset), from, to })), toHex(evidenceRoot), BigInt(validUntilSeconds)],
  });
}

export function decode(data: Words.Hex): Update {
  if (!data.startsWith(UPDATE_SELECTOR)) {
    throw new NotAnUpdateError({ got: quote(data.slice(0, 10)), needed: `${UPDATE_SELECTOR}, the registry's update` });
  }
  const [changes, root, until] = Words.decode(UPDATE, `0x${data.slice(10)}`) as readonly [readonly RawChange[], Words.Hex, bigint];
  const disordered = changes.find(([key], index) => index > 0 && key <= changes[index - 1]![0]);
  if (disordered !== undefined) throw new NotAnUpdateError({ got: quote(disordered[0]), needed: 'assets strictly increasing, none twice' });
  if (until > BigInt(LAST_SECOND)) throw new NotAnUpdateError({ got: `validUntil ${until}`, needed: 'a date' });
  return {
    changes: changes.map(([key, from, to]) => ({ asset: fromKey(key), from: toValues(from), to: toValues(to) })),
    evidenceRoot: `sha256:${root.slice(2)}`,
    validUntilSeconds: Number(until),
  };
}

/** The call as the decoder of all targets shows it. */
export function describe(data: Words.Hex): Call.Read {
  const update = decode(data);
  const { signature } = TABLE.get(UPDATE_SELECTOR)!;
  const { name, canonical } = signature;
  return {
    target: 'openzeppelin-governor',
    function: name,
    signature: canonical,
    arguments: argumentsOf(update),
    says: says(update),
    warnings: [],
    inner: [],
  };
}

/** Words for people, from the decoded call alone. */
export function says({ changes, validUntilSeconds }: Update): string {
  const parts = changes.map(({ asset, from, to }) => `${asset} ${moves(from, to)}`);
  const until = new Date(validUntilSeconds * 1000).toISOString();
  return `Sets ${parts.join('; ')}. Reverts if the chain no longer holds the values it starts from, or after ${until}.`;
}

/** `WETH.haircutBps: "1950 → 2100"` and so on: every argument, kept values included. */
export function argumentsOf({ changes, evidenceRoot, validUntilSeconds }: Update): Readonly<Record<string, string>> {
  const rows = changes.flatMap(({ asset, from, to }) =>
    FIELDS.map(
      (field) => [`${asset}.${field}`, from[field] === to[field] ? `${from[field]} (kept)` : `${from[field]} → ${to[field]}`] as const,
    ),
  );
  return { ...Object.fromEntries(rows), evidenceRoot, validUntil: new Date(validUntilSeconds * 1000).toISOString() };
}

/** 79.50 % or 1.25×: exact, from integers. */
export function show(field: RegistryField, value: number): string {
  if (field === 'marginMultiplierPpm') return `${decimal(value, PPM_ONE, 2)}×`;
  return `${decimal(value, BPS_ONE / 100, 2)} %`;
}

export function label(field: RegistryField): string {
  return LABELS[field];
}

/** `all()` as viem returns it. */
export function fromListings(listings: readonly { readonly asset: Words.Hex; readonly values: Values }[]): ValuesByAsset {
  return Object.fromEntries(listings.map(({ asset, values }) => [fromKey(asset), values]));
}

/** The symbol as left-aligned ASCII in 32 bytes. */
export function toKey(asset: string): Words.Hex {
  AssetName.parse(asset);
  return `0x${Buffer.from(asset, 'ascii').toString('hex').padEnd(64, '0')}`;
}

export function fromKey(key: Words.Hex): string {
  const asset = Buffer.from(key.slice(2).replace(/(?:00)+$/, ''), 'hex').toString('latin1');
  if (!AssetName.safeParse(asset).success) throw new NotAnUpdateError({ got: quote(key), needed: 'an asset name in ASCII, left-aligned' });
  return asset;
}

type RawValues = readonly [bigint, bigint, bigint, bigint];
type RawChange = readonly [Words.Hex, RawValues, RawValues];

const LABELS: Readonly<Record<RegistryField, string>> = {
  haircutBps: 'haircut',
  liquidationThresholdBps: 'liquidation threshold',
  liquidationBonusBps: 'liquidation bonus',
  marginMultiplierPpm: 'margin multiplier',
};

function toValues([haircut, threshold, bonus, multiplier]: RawValues): Values {
  return {
    haircutBps: Number(haircut),
    liquidationThresholdBps: Number(threshold),
    liquidationBonusBps: Number(bonus),
    marginMultiplierPpm: Number(multiplier),
  };
}

function within(field: RegistryField, values: Values): boolean {
  return values[field] >= BOUNDS[field].min && values[field] <= BOUNDS[field].max;
}

function same(a: Values, b: Values): boolean {
  return FIELDS.every((field) => a[field] === b[field]);
}

function moves(from: Values, to: Values): string {
  const moved = FIELDS.filter((field) => from[field] !== to[field]);
  if (moved.length === 0) return 'unchanged';
  return moved.map((field) => `${LABELS[field]} ${show(field, from[field])} → ${show(field, to[field])}`).join(', ');
}

/** Integer over a power of ten with at least `digits` decimals and as many as it needs. */
function decimal(value: number, unit: number, digits: number): string {
  const places = String(unit).length - 1;
  const whole = Math.floor(value / unit);
  const rest = String(value % unit)
    .padStart(places, '0')
    .replace(/0+$/, '')
    .padEnd(digits, '0');
  return `${whole}.${rest}`;
}

export class NotAnUpdateError extends PlimsollError {
  override readonly name = 'Registry.NotAnUpdateError';
}
