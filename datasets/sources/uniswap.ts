/**
 * Uniswap v3: a pool's liquidity around its price, read at one block, and what selling into it brings.
 *
 * Between two ticks with liquidity L and s = √price (token1 for token0):  Δtoken0 = L · (1/s′ − 1/s),  Δtoken1 = L · (s′ − s); the
 * fee is taken from what goes in. In floats: amounts agree with the chain's own integers to 1e-8. Source: Adams et al. 2021,
 * "Uniswap v3 Core", equations 6.13 to 6.16.
 */
import { type Hex, parseAbi } from 'viem';
import { PlimsollError, quote } from '../../base/errors.ts';
import * as Chain from './chain.ts';
import type { Ladder, Rung } from './depth.ts';

export type Pool = {
  readonly address: Hex;
  readonly token0: Hex;
  readonly token1: Hex;
  readonly decimals0: number;
  readonly decimals1: number;
  /** Fraction of what goes in. */
  readonly fee: number;
  readonly sqrtPrice: number;
  readonly tick: number;
  readonly liquidity: number;
  /** By tick; liquidity added where the price rises through it. */
  readonly ticks: readonly { readonly tick: number; readonly liquidityNet: number }[];
  /** Ticks known about: liquidity beyond is unread, not absent. */
  readonly fromTick: number;
  readonly toTick: number;
};

const POOL = parseAbi([
  'function token0() view returns (address)',
  'function token1() view returns (address)',
  'function fee() view returns (uint24)',
  'function tickSpacing() view returns (int24)',
  'function liquidity() view returns (uint128)',
  'function slot0() view returns (uint160 sqrtPriceX96, int24 tick, uint16, uint16, uint16, uint8, bool)',
  'function tickBitmap(int16) view returns (uint256)',
  'function ticks(int24) view returns (uint128 liquidityGross, int128 liquidityNet, uint256, uint256, int56, uint160, uint32, bool)',
]);
const TOKEN = parseAbi(['function decimals() view returns (uint8)', 'function symbol() view returns (string)']);

const TICK_BASE = 1.0001;
const LAST_TICK = 887_272;
const WORD = 256;

/** `widest`: the deepest fall of price that will be asked about, as a fraction. */
export async function readPool(at: Chain.At, address: Hex, widest: number): Promise<Pool> {
  const ask = (functionName: string, ...args: unknown[]): Chain.Call => ({ address, abi: POOL, functionName, args });
  const [token0, token1, feePpm, spacing, liquidity, slot] = (await Chain.readSure(at, [
    ask('token0'),
    ask('token1'),
    ask('fee'),
    ask('tickSpacing'),
    ask('liquidity'),
    ask('slot0'),
  ])) as [Hex, Hex, number, number, bigint, readonly [bigint, number]];
  const [sqrtPriceX96, tick] = slot;
  if (sqrtPriceX96 === 0n) throw new EmptyPoolError({ got: 'no price', needed: 'a pool that was initialised', where: address });
  const decimals = await Chain.readSure<number>(
    at,
    [token0, token1].map((token) => ({ address: token, abi: TOKEN, functionName: 'decimals' })),
  );
  const reach = Math.ceil(-Math.log(1 - widest) / Math.log(TICK_BASE)) + spacing;
  const wordOf = (one: number): number => Math.floor(Math.floor(one / spacing) / WORD);
  const first = wordOf(Math.max(-LAST_TICK, tick - reach));
  const last = wordOf(Math.min(LAST_TICK, tick + reach));
  const words = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const bitmaps = await Chain.readSure<bigint>(
    at,
    words.map((word) => ask('tickBitmap', word)),
  );
  const set = words.flatMap((word, index) =>
    Array.from({ length: WORD }, (_, bit) => bit)
      .filter((bit) => ((bitmaps[index]! >> BigInt(bit)) & 1n) === 1n)
      .map((bit) => (word * WORD + bit) * spacing),
  );
  const read = await Chain.readSure<readonly [bigint, bigint]>(
    at,
    set.map((one) => ask('ticks', one)),
  );
  return {
    address,
    token0,
    token1,
    decimals0: decimals[0]!,
    decimals1: decimals[1]!,
    fee: feePpm / 1e6,
    sqrtPrice: Number(sqrtPriceX96) / 2 ** 96,
    tick,
    liquidity: Number(liquidity),
    ticks: set.map((one, index) => ({ tick: one, liquidityNet: Number(read[index]![1]) })),
    fromTick: first * WORD * spacing,
    toTick: (last + 1) * WORD * spacing,
  };
}

/** Which token of the pool the asset is, by what its tokens call themselves; ETH is also WETH. */
export async function sideOf(
  at: Chain.At,
  pool: Pool,
  pair: { readonly asset: string; readonly quote: string },
): Promise<'token0' | 'token1'> {
  const names = await Chain.readAll<string>(
    at,
    [pool.token0, pool.token1].map((token) => ({ address: token, abi: TOKEN, functionName: 'symbol' })),
  );
  const is = (index: number, name: string): boolean => names[index] === name || names[index] === `W${name}`;
  if (is(0, pair.asset) && is(1, pair.quote)) return 'token0';
  if (is(1, pair.asset) && is(0, pair.quote)) return 'token1';
  throw new OtherPairError({
    got: `a pool of ${names.map((name) => quote(name ?? 'a token without a name')).join(' and ')}`,
    needed: `${pair.asset} and ${pair.quote}, or their wrapped forms`,
    where: pool.address,
    fix: 'Give the pair by the names of its tokens.',
  });
}

/** What can be sold until the price has fallen by each of `drops` (rising fractions), and what it brings in the other token. */
export function ladderOf(pool: Pool, sells: 'token0' | 'token1', drops: readonly number[]): Ladder {
  const isDown = sells === 'token0';
  const inDecimals = isDown ? pool.decimals0 : pool.decimals1;
  const outDecimals = isDown ? pool.decimals1 : pool.decimals0;
  const ahead = pool.ticks
    .filter(({ tick }) => (isDown ? tick <= pool.tick : tick > pool.tick))
    .sort((a, b) => (isDown ? b.tick - a.tick : a.tick - b.tick));
  const edge = rootAt(isDown ? pool.fromTick : pool.toTick);
  const rungs: Rung[] = [];
  let s = pool.sqrtPrice;
  let liquidity = pool.liquidity;
  let next = 0;
  let paidIn = 0;
  let paidOut = 0;
  const moveTo = (to: number): void => {
    const token0 = Math.abs(liquidity * (1 / to - 1 / s));
    const token1 = Math.abs(liquidity * (to - s));
    paidIn += (isDown ? token0 : token1) / (1 - pool.fee);
    paidOut += isDown ? token1 : token0;
    s = to;
  };
  for (const drop of drops) {
    const target = isDown ? pool.sqrtPrice * Math.sqrt(1 - drop) : pool.sqrtPrice / Math.sqrt(1 - drop);
    if (isDown ? target < edge : target > edge) break;
    for (; next < ahead.length; next += 1) {
      const at = rootAt(ahead[next]!.tick);
      if (isDown ? at < target : at > target) break;
      moveTo(at);
      liquidity += isDown ? -ahead[next]!.liquidityNet : ahead[next]!.liquidityNet;
    }
    moveTo(target);
    rungs.push({ drop, tokens: paidIn / 10 ** inDecimals, proceeds: paidOut / 10 ** outDecimals });
  }
  const price = pool.sqrtPrice ** 2 * 10 ** (pool.decimals0 - pool.decimals1);
  return { source: `uniswap ${pool.address.toLowerCase()}`, mid: isDown ? price : 1 / price, rungs };
}

function rootAt(tick: number): number {
  return TICK_BASE ** (tick / 2);
}

export class OtherPairError extends PlimsollError {
  override readonly name = 'Uniswap.OtherPairError';
}

export class EmptyPoolError extends PlimsollError {
  override readonly name = 'Uniswap.EmptyPoolError';
}
