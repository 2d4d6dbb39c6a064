/**
 * Aave v3's pool as every way to change it sees it: the configuration word of each reserve, bit by bit, and the rule by which the
 * configurator refuses. Source: ReserveConfiguration.sol, PoolConfigurator.sol, PercentageMath.sol of v3.0.2 to v3.6.
 */
import { type Client, parseAbi } from 'viem';
import { getBlockNumber, readContract } from 'viem/actions';
import { z } from 'zod';
import { BPS_ONE } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import * as Target from './target.ts';
import { Address } from './words.ts';

/** What every Aave v3 venue names. */
export const VENUE = {
  chainId: z.int().positive(),
  pool: Address,
  /** Underlying token by the name the advice uses. */
  assets: z.record(z.string(), Address).readonly(),
};
export type Pool = { readonly pool: Address; readonly assets: Readonly<Record<string, Address>> };

export const FIELDS: readonly Target.Field[] = [
  'haircutBps',
  'liquidationThresholdBps',
  'liquidationBonusBps',
  'supplyCapTokens',
  'borrowCapTokens',
];

const ABI = parseAbi([
  'function getReservesList() view returns (address[])',
  'function getConfiguration(address) view returns (uint256)',
  'function getUserAccountData(address) view returns (uint256, uint256, uint256, uint256, uint256, uint256 healthFactor)',
]);

/** First bit and width of each value of the word; the rest of the word stands under `other`, so that no bit is unseen. */
const BITS: Readonly<Record<string, readonly [number, number]>> = {
  ltv: [0, 16],
  liquidationThreshold: [16, 16],
  liquidationBonus: [32, 16],
  frozen: [57, 1],
  paused: [60, 1],
  reserveFactor: [64, 16],
  borrowCap: [80, 36],
  supplyCap: [116, 36],
  liquidationProtocolFee: [152, 16],
  debtCeiling: [212, 40],
};
const ONE = BigInt(BPS_ONE);
const HALF = ONE / 2n;

export type Values = Readonly<Record<string, string>>;

/** Every reserve of the pool, also those the venue does not name (under their address). */
export async function read(client: Client, { pool, assets }: Pool): Promise<{ readonly block: string; readonly values: Values }> {
  const block = await getBlockNumber(client);
  const names = new Map(Object.entries(assets).map(([name, address]) => [address.toLowerCase(), name]));
  const list = await readContract(client, { address: pool, abi: ABI, functionName: 'getReservesList', blockNumber: block });
  const values: Record<string, string> = {};
  for (const asset of list) {
    const word = await readContract(client, {
      address: pool,
      abi: ABI,
      functionName: 'getConfiguration',
      args: [asset],
      blockNumber: block,
    });
    Object.assign(values, split(names.get(asset.toLowerCase()) ?? asset.toLowerCase(), word));
  }
  return { block: String(block), values };
}

/** Health factors as the pool computes them, 1e18 = 1, in the order of the accounts; without debt the largest number there is. */
export async function health(client: Client, pool: Address, accounts: readonly Address[]): Promise<readonly bigint[]> {
  const of = async (account: Address): Promise<bigint> =>
    (await readContract(client, { address: pool, abi: ABI, functionName: 'getUserAccountData', args: [account] }))[5];
  const found: bigint[] = [];
  for (const account of accounts) found.push(await of(account));
  return found;
}

export function split(name: string, word: bigint): Values {
  let other = word;
  const values: Record<string, string> = {};
  for (const [key, [from, width]] of Object.entries(BITS)) {
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(from);
    values[`${name}.${key}`] = String((word & mask) >> BigInt(from));
    other &= ~mask;
  }
  return { ...values, [`${name}.other`]: `0x${other.toString(16)}` };
}

/** The same names from a state's table. Aave writes no cap as 0 and a bonus of 5 % as 10500. */
export function declare({ assets }: Pool, parameters: ParametersByAsset): Values {
  const known = Object.keys(assets).filter((asset) => parameters[asset] !== undefined);
  return Object.assign(
    {},
    ...known.map((asset) => {
      const { haircutBps, liquidationThresholdBps, liquidationBonusBps, supplyCapTokens, borrowCapTokens } = parameters[asset]!;
      return {
        [`${asset}.ltv`]: String(BPS_ONE - haircutBps),
        [`${asset}.liquidationThreshold`]: String(liquidationThresholdBps),
        [`${asset}.liquidationBonus`]: liquidationThresholdBps === 0 ? '0' : String(BPS_ONE + liquidationBonusBps),
        [`${asset}.supplyCap`]: String(Target.wholeTokens(supplyCapTokens, 0n)),
        [`${asset}.borrowCap`]: String(Target.wholeTokens(borrowCapTokens, 0n)),
      };
    }),
  ) as Values;
}

/** A move in the pool's names and units: before and after. */
export function translate({ asset, field, from, to }: Target.Move): { readonly name: string; readonly from: string; readonly to: string } {
  const unit = (value: number | null): string => {
    if (field === 'haircutBps') return String(BPS_ONE - (value ?? 0));
    if (field === 'liquidationBonusBps') return String(BPS_ONE + (value ?? 0));
    return field.endsWith('Tokens') ? String(Target.wholeTokens(value, 0n)) : String(value ?? 0);
  };
  return { name: `${asset}.${NAMES[field]}`, from: unit(from), to: unit(to) };
}

/** What the pool will hold, everything else kept. */
export function after(held: Values, moves: readonly Target.Move[]): Values {
  return { ...held, ...Object.fromEntries(moves.map((move) => [translate(move).name, translate(move).to])) };
}

/** The configurator's own refusal of one asset's collateral terms, in its rounding, then ours, which is exact. */
export function refusal(held: Values, moves: readonly Target.Move[], venue: Pool): Target.Refusal | null {
  const first = Target.duplicate(moves) ?? Target.unknownAsset(moves, venue.assets);
  if (first !== null) return first;
  const stale = Target.moved(
    { version: '', detectedBy: null, block: null, values: held },
    Object.fromEntries(moves.map(translate).map(({ name, from }) => [name, from])),
  );
  if (stale !== null) return stale;
  const next = after(held, moves);
  for (const asset of new Set(moves.map((move) => move.asset))) {
    const [ltv, threshold, bonus] = COLLATERAL.map((key) => BigInt(next[`${asset}.${key}`] ?? 0)) as [bigint, bigint, bigint];
    const wall = collateral(asset, ltv, threshold, bonus);
    if (wall !== null) return wall;
    if (held[`${asset}.frozen`] === '1') return us('Frozen', `${asset} is frozen: a new LTV would wait until it is not.`);
    const cap = [next[`${asset}.supplyCap`], next[`${asset}.borrowCap`]].find((value) => BigInt(value ?? 0) > MAX_CAP);
    if (cap !== undefined) return chain('InvalidCap', `${asset}: a cap of ${cap} tokens is beyond ${MAX_CAP}.`);
  }
  return null;
}

/** percentMul(threshold, bonus) ≤ 100 % half up on chain: 93 % with 107.53 % passes there, and is 100.0029 % exactly. */
export function collateral(asset: string, ltv: bigint, threshold: bigint, bonus: bigint): Target.Refusal | null {
  if (ltv > threshold) return chain('InvalidReserveParams', `${asset}: LTV ${ltv} above the threshold ${threshold}.`);
  if (threshold === 0n) return us('DisablesCollateral', `${asset}: a threshold of 0 ends its use as collateral.`);
  if (bonus <= ONE) return chain('InvalidReserveParams', `${asset}: a bonus of ${bonus} pays no liquidator; 10500 means 5 %.`);
  if (bonus > 2n * ONE) return us('BonusInWrongUnit', `${asset}: a bonus of ${bonus} is above 100 %.`);
  if ((threshold * bonus + HALF) / ONE > ONE)
    return chain('InvalidReserveParams', `${asset}: threshold × bonus is ${threshold * bonus} / 10⁸.`);
  if (threshold * bonus > ONE * ONE) {
    return us('LiquidationUnprofitable', `${asset}: threshold × bonus is ${threshold * bonus} / 10⁸; the chain rounds it to 100 %.`);
  }
  return null;
}

const COLLATERAL = ['ltv', 'liquidationThreshold', 'liquidationBonus'];
const MAX_CAP = 68_719_476_735n;
const NAMES: Readonly<Record<Target.Field, string>> = {
  haircutBps: 'ltv',
  liquidationThresholdBps: 'liquidationThreshold',
  liquidationBonusBps: 'liquidationBonus',
  supplyCapTokens: 'supplyCap',
  borrowCapTokens: 'borrowCap',
  marginMultiplierPpm: 'none',
};

function chain(name: string, says: string): Target.Refusal {
  return { by: 'chain', name, says };
}

function us(name: string, says: string): Target.Refusal {
  return { by: 'us', name, says };
}
