/**
 * Target: Morpho: caps of a vault (MetaMorpho 1.x) on one market, and the choice of an LLTV.
 *
 *   LIF = min(1.15, 1 / (1 − 0.3 · (1 − LLTV)))         buffer = 1 − LLTV · LIF
 *
 * A market's LLTV never changes: another threshold is another market, to which nobody is moved. A cap goes down at once and up
 * after the vault's timelock, by a second call (`acceptCap`). LTV and bonus follow from the LLTV and are not fields here.
 * `acceptCap` took an id during development and takes MarketParams since: told apart by the code. Source: Morpho.sol 1.0, MetaMorpho.sol 1.1.
 */
import { type Client, encodeAbiParameters, encodeFunctionData, keccak256, parseAbi, parseAbiParameters } from 'viem';
import { getBlockNumber, readContract } from 'viem/actions';
import { z } from 'zod';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Call from './call.ts';
import * as Target from './target.ts';
import * as Version from './version.ts';
import { Address, type Hex } from './words.ts';

const Market = z
  .strictObject({
    loanToken: Address,
    collateralToken: Address,
    oracle: Address,
    irm: Address,
    /** Of 10¹⁸, as a decimal string. */
    lltv: z.string().regex(/^\d+$/),
    /** Of the loan token. */
    decimals: z.int().min(0).max(36),
  })
  .readonly();
export type Market = z.infer<typeof Market>;

export const Venue = z
  .strictObject({
    target: z.literal('morpho'),
    version: z.string().optional(),
    chainId: z.int().positive(),
    morpho: Address,
    vault: Address,
    /** The market whose collateral is the asset of that name. */
    assets: z.record(z.string(), Market).readonly(),
    /** LLTVs that Morpho's owner has enabled, of 10¹⁸, where the chain is not read. */
    enabledLltvs: z.array(z.string().regex(/^\d+$/)).readonly().optional(),
  })
  .readonly();
export type Venue = z.infer<typeof Venue>;

export const FIELDS: readonly Target.Field[] = ['liquidationThresholdBps', 'supplyCapTokens'];
export const SIMULATED_ON = null;

const PARAMS = '(address loanToken, address collateralToken, address oracle, address irm, uint256 lltv)';
const SUBMIT_CAP = `function submitCap(${PARAMS} marketParams, uint256 newSupplyCap)` as const;
const CREATE_MARKET = `function createMarket(${PARAMS} marketParams)` as const;
const ABI = parseAbi([
  SUBMIT_CAP,
  CREATE_MARKET,
  'function config(bytes32 id) view returns (uint184 cap, bool enabled, uint64 removableAt)',
  'function pendingCap(bytes32 id) view returns (uint192 value, uint64 validAt)',
  'function isLltvEnabled(uint256 lltv) view returns (bool)',
  'function market(bytes32 id) view returns (uint128 totalSupplyAssets, uint128 totalSupplyShares, uint128 totalBorrowAssets, uint128 totalBorrowShares, uint128 lastUpdate, uint128 fee)',
]);
const ID = parseAbiParameters('address, address, address, address, uint256');
const CANDIDATES = [{ version: 'metamorpho-1', has: ['0x3b24c2bf', '0x6fda3868', '0x84755b5f'] }];

/** LLTVs Morpho governance has enabled on mainnet; asked of the chain again before one is used. */
export const KNOWN_LLTVS = [385, 625, 770, 860, 915, 945, 965, 980].map((thousandths) => BigInt(thousandths) * 10n ** 15n);

export const TABLE = Call.table('morpho', {
  [SUBMIT_CAP]: {
    says: (row) =>
      `Submits a supply cap of ${row['newSupplyCap']} of the loan token's smallest unit for ${market(row)}: at once if lower, after the timelock if higher.`,
  },
  [`acceptCap(${PARAMS} marketParams)`]: { says: (row) => `Accepts the pending cap for ${market(row)}.` },
  [CREATE_MARKET]: { says: (row) => `Creates ${market(row)}. Nobody is moved to it.` },
  [`submitMarketRemoval(${PARAMS} marketParams)`]: { says: (row) => `Begins the removal of ${market(row)} from the vault.` },
  'revokePendingCap(bytes32 id)': {},
  'enableLltv(uint256 lltv)': { says: ({ lltv }) => `Enables markets with an LLTV of ${Call.percentOf(lltv!, 18)}, for ever.` },
  'submit(bytes data)': { inner: ({ data }) => [{ to: SELF, valueWei: '0', data: data as Hex, operation: 'call' }] },
  'revoke(bytes data)': { inner: ({ data }) => [{ to: SELF, valueWei: '0', data: data as Hex, operation: 'call' }] },
  'increaseAbsoluteCap(bytes idData, uint256 newAbsoluteCap)': {},
  'decreaseAbsoluteCap(bytes idData, uint256 newAbsoluteCap)': {},
  'increaseRelativeCap(bytes idData, uint256 newRelativeCap)': {},
  'decreaseRelativeCap(bytes idData, uint256 newRelativeCap)': {},
});

/** Liquidation incentive factor, of 10¹⁸, floor at each step as Morpho computes it. */
export function incentive(lltv: bigint): bigint {
  const factor = (WAD * WAD) / (WAD - (CURSOR * (WAD - lltv)) / WAD);
  return factor < MAX_INCENTIVE ? factor : MAX_INCENTIVE;
}

/** What is left of the collateral's value at the threshold once debt and incentive are paid, of 10¹⁸. */
export function buffer(lltv: bigint): bigint {
  return WAD - (lltv * incentive(lltv)) / WAD;
}

/** The highest enabled LLTV that is not above the advice; null: none is low enough. */
export function chooseLltv(thresholdBps: number, enabled: readonly bigint[] = KNOWN_LLTVS): bigint | null {
  const wanted = BigInt(thresholdBps) * 10n ** 14n;
  return enabled.filter((lltv) => lltv <= wanted).reduce<bigint | null>((best, lltv) => (best === null || lltv > best ? lltv : best), null);
}

export function marketId({ loanToken, collateralToken, oracle, irm, lltv }: Market): Hex {
  return keccak256(encodeAbiParameters(ID, [loanToken, collateralToken, oracle, irm, BigInt(lltv)]));
}

export async function read(client: Client, venue: Venue): Promise<Target.Held> {
  const found = await Version.detect(client, venue.vault, CANDIDATES);
  const blockNumber = await getBlockNumber(client);
  const values: Record<string, string> = {};
  for (const [asset, market] of Object.entries(venue.assets)) {
    const args = [marketId(market)] as const;
    const ask = { address: venue.vault, abi: ABI, args, blockNumber } as const;
    const [cap] = await readContract(client, { ...ask, functionName: 'config' });
    const [pending] = await readContract(client, { ...ask, functionName: 'pendingCap' });
    values[`${asset}.lltv`] = market.lltv;
    values[`${asset}.supplyCap`] = String(cap);
    values[`${asset}.pendingCap`] = String(pending);
  }
  for (const lltv of KNOWN_LLTVS) {
    const is = await readContract(client, { address: venue.morpho, abi: ABI, functionName: 'isLltvEnabled', args: [lltv], blockNumber });
    values[`enabled.${lltv}`] = is ? '1' : '0';
  }
  return { ...found, block: String(blockNumber), values };
}

export function declare(venue: Venue, parameters: ParametersByAsset): Target.Held {
  const values: Record<string, string> = {};
  for (const [asset, market] of Object.entries(venue.assets)) {
    values[`${asset}.lltv`] = market.lltv;
    values[`${asset}.supplyCap`] = String(units(market, parameters[asset]?.supplyCapTokens ?? null));
  }
  for (const lltv of venue.enabledLltvs ?? []) values[`enabled.${lltv}`] = '1';
  return { ...Version.declared(venue.version ?? 'metamorpho-1', ['metamorpho-1'], 'version'), block: null, values };
}

export function constraints(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Refusal | null {
  const first = Target.duplicate(moves) ?? Target.unknownAsset(moves, venue.assets);
  if (first !== null) return first;
  for (const { asset, field, from, to } of moves) {
    const market = venue.assets[asset]!;
    if (field === 'supplyCapTokens') {
      const stale = Target.moved(held, { [`${asset}.supplyCap`]: String(units(market, from)) });
      if (stale !== null) return stale;
      if ((held.values[`${asset}.pendingCap`] ?? '0') !== '0')
        return refuse('chain', 'AlreadyPending', `${asset}: another cap is pending.`);
      if (units(market, to) >= 2n ** 184n) return refuse('chain', 'CastOverflow', `${asset}: the cap is above 2¹⁸⁴ − 1.`);
    } else {
      const stale = Target.moved(held, { [`${asset}.lltv`]: String(BigInt(from ?? 0) * 10n ** 14n) });
      if (stale !== null) return stale;
      const chosen = chooseLltv(to ?? 0, enabled(held));
      if (chosen === null) return refuse('chain', 'LltvNotEnabled', `${asset}: no enabled LLTV is at or below ${to} bps.`);
      if (String(chosen) === market.lltv)
        return refuse('us', 'SameMarket', `${asset}: the nearest enabled LLTV is the one it has, ${Call.percentOf(chosen, 18)}.`);
    }
  }
  return null;
}

export function encode(venue: Venue, held: Target.Held, moves: readonly Target.Move[]): Target.Plan {
  const actions: Call.Inner[] = [];
  const becomes: Record<string, string> = {};
  const notes: string[] = [];
  for (const [asset, { liquidationThresholdBps, supplyCapTokens }] of Target.byAsset(moves)) {
    const market = venue.assets[asset]!;
    const cap = supplyCapTokens === undefined ? BigInt(held.values[`${asset}.supplyCap`]!) : units(market, supplyCapTokens.to);
    const chosen =
      liquidationThresholdBps === undefined ? BigInt(market.lltv) : chooseLltv(liquidationThresholdBps.to ?? 0, enabled(held))!;
    const marketParams = { ...market, lltv: chosen };
    if (liquidationThresholdBps !== undefined) {
      actions.push(Target.call(venue.morpho, encodeFunctionData({ abi: ABI, functionName: 'createMarket', args: [marketParams] })));
      notes.push(
        `${asset}: an LLTV is fixed for life. A market with ${Call.percentOf(chosen, 18)} (incentive ${Call.percentOf(incentive(chosen), 18)}) is created; positions stay where they are.`,
      );
    } else {
      const is = BigInt(held.values[`${asset}.supplyCap`]!);
      becomes[`${asset}.${cap < is ? 'supplyCap' : 'pendingCap'}`] = String(cap);
    }
    actions.push(Target.call(venue.vault, encodeFunctionData({ abi: ABI, functionName: 'submitCap', args: [marketParams, cap] })));
    const higher = liquidationThresholdBps !== undefined || cap > BigInt(held.values[`${asset}.supplyCap`]!);
    if (higher) notes.push(`${asset}: a higher cap waits for the vault's timelock and a second call, acceptCap.`);
  }
  return { actions, becomes, notes };
}

export function decode(data: Hex): Call.Read {
  return Call.decodeSure(TABLE, data);
}

const WAD = 10n ** 18n;
const CURSOR = 3n * 10n ** 17n;
const MAX_INCENTIVE = 115n * 10n ** 16n;
/** A Vault V2 submits calls to itself. */
const SELF: Address = `0x${'0'.repeat(40)}`;

function enabled({ values }: Target.Held): readonly bigint[] {
  return Object.entries(values).flatMap(([name, value]) =>
    name.startsWith('enabled.') && value === '1' ? [BigInt(name.slice('enabled.'.length))] : [],
  );
}

function units({ decimals }: Market, tokens: number | null): bigint {
  return tokens === null ? 2n ** 184n - 1n : Target.wholeTokens(tokens, 0n) * 10n ** BigInt(decimals);
}

function market(row: Call.Row): string {
  return `the market of collateral ${row['marketParams.collateralToken']} against ${row['marketParams.loanToken']} with LLTV ${Call.percentOf(row['marketParams.lltv']!, 18)}`;
}

function refuse(by: 'chain' | 'us', name: string, says: string): Target.Refusal {
  return { by, name, says };
}
