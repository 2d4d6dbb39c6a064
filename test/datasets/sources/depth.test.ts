import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as Chain from '../../../datasets/sources/chain.ts';
import * as Depth from '../../../datasets/sources/depth.ts';
import type { OrderBook } from '../../../datasets/sources/exchange.ts';
import * as Uniswap from '../../../datasets/sources/uniswap.ts';
import { Depth as DepthSchema } from '../../../datasets/state.ts';
import { artifact, type Contract, type Ledger, ledger } from './ledger.ts';
import { uniswap } from './uniswap-pool.ts';

const SCALE = { dailyVolumeUsd: 1e8, dailyVolatility: 0.03, halfLifeSeconds: 14_400, takenAt: '2024-03-01T12:00:00Z' };

function book(bids: readonly (readonly [number, number])[], ask = 100.05): OrderBook {
  return { venue: 'test', asset: 'X', quote: 'USD', bids: bids.map(([price, size]) => ({ price, size })), asks: [{ price: ask, size: 1 }] };
}

/** One token at a time, best price first: what the ladder must equal. */
function sellByUnits(bids: readonly (readonly [number, number])[], tokens: number): number {
  let left = tokens;
  let proceeds = 0;
  for (const [price, size] of [...bids].sort(([a], [b]) => b - a)) {
    const sold = Math.min(left, size);
    proceeds += sold * price;
    left -= sold;
  }
  return proceeds;
}

describe('order book', () => {
  it('is summed down to each price, and no further than it goes', () => {
    const ladder = Depth.ladderOfBook(
      book([
        [99.95, 10],
        [99.9, 5],
        [99, 20],
        [98.9, 1],
      ]),
      [0.001, 0.01, 0.02],
    );
    expect(ladder.mid).toBe(100);
    expect(ladder.rungs).toEqual([
      { drop: 0.001, tokens: 15, proceeds: 10 * 99.95 + 5 * 99.9 },
      { drop: 0.01, tokens: 35, proceeds: 10 * 99.95 + 5 * 99.9 + 20 * 99 },
    ]);
  });

  it('brings what selling order by order brings', () => {
    const orders = fc.array(fc.tuple(fc.double({ min: 60, max: 99.9, noNaN: true }), fc.double({ min: 0.01, max: 50, noNaN: true })), {
      minLength: 5,
      maxLength: 60,
    });
    fc.assert(
      fc.property(orders, (bids) => {
        const { mid, rungs } = Depth.ladderOfBook(book(bids));
        for (const { tokens, proceeds, drop } of rungs) {
          expect(proceeds).toBeCloseTo(sellByUnits(bids, tokens), 6);
          expect(proceeds).toBeGreaterThanOrEqual(tokens * mid * (1 - drop) * (1 - 1e-12));
        }
      }),
    );
  });

  it.each([book([]), { ...book([[99, 1]]), asks: [] }, book([[101, 1]])])('refuses a book that is none', (bad) => {
    expect(() => Depth.ladderOfBook(bad)).toThrow(expect.objectContaining({ name: 'Depth.BookError' }));
  });

  it('two venues together are as deep as both', () => {
    const one = Depth.ladderOfBook(
      book([
        [99.95, 10],
        [99.9, 5],
        [99, 20],
        [90, 1],
      ]),
    );
    const both = Depth.merge([
      one,
      { ...one, source: 'other', mid: 200, rungs: one.rungs.map((rung) => ({ ...rung, proceeds: 2 * rung.proceeds })) },
    ]);
    expect(both.mid).toBe(150);
    for (const [index, rung] of both.rungs.entries()) {
      expect(rung.tokens).toBe(2 * one.rungs[index]!.tokens);
      expect(1 - rung.proceeds / (rung.tokens * both.mid)).toBeCloseTo(
        1 - one.rungs[index]!.proceeds / (one.rungs[index]!.tokens * one.mid),
        12,
      );
    }
    expect(() => Depth.merge([one, { ...one, rungs: [] }])).toThrow(expect.objectContaining({ name: 'Depth.NoDepthError' }));
  });
});

describe('impact law', () => {
  it.each([
    [1, 0.5],
    [24.9, 0.62],
    [0.3, 1],
    [5, 0.2],
  ])('Y %d and δ %d come back from the curve they made', (impactY, impactDelta) => {
    const rungs = [0.001, 0.003, 0.01, 0.03].map((share) => {
      const impact = impactY * SCALE.dailyVolatility * share ** impactDelta;
      const tokens = (share * SCALE.dailyVolumeUsd) / 50;
      return { drop: 2 * impact, tokens, proceeds: tokens * 50 * (1 - impact) };
    });
    const depth = Depth.depthOf({ source: 'law', mid: 50, rungs }, SCALE);
    expect([depth.impactY, depth.impactDelta]).toEqual([expect.closeTo(impactY, 8), expect.closeTo(impactDelta, 8)]);
    expect(DepthSchema.safeParse(depth).success).toBe(true);
    expect(depth.says).toContain('off by at most 0 %');
  });

  it('refuses to draw a line through two points', () => {
    const rungs = [
      { drop: 0.1, tokens: 1, proceeds: 45 },
      { drop: 0.2, tokens: 2, proceeds: 80 },
    ];
    expect(() => Depth.depthOf({ source: 'x', mid: 50, rungs }, SCALE)).toThrow(expect.objectContaining({ name: 'Depth.NoDepthError' }));
  });
});

describe('Uniswap v3 on a chain', () => {
  let chain: Ledger;
  let pool: Contract;
  let quoter: Contract;
  let tokens: readonly [Contract, Contract];

  beforeAll(async () => {
    chain = await ledger();
    ({ pool, quoter, tokens } = await uniswap(chain));
  }, 90_000);
  afterAll(() => chain?.stop());

  it.each(['token0', 'token1'] as const)('selling %s brings what the pool itself quotes, to 1e-8, over all its ticks', async (sells) => {
    const read = await Uniswap.readPool(await Chain.at(chain.url), pool.address, 0.2);
    expect([read.fee, read.ticks.length]).toEqual([0.003, 8]);
    const ladder = Uniswap.ladderOf(read, sells, Depth.DROPS);
    expect(ladder.rungs).toHaveLength(Depth.DROPS.length);
    const [inside, outside] = sells === 'token0' ? [read.decimals0, read.decimals1] : [read.decimals1, read.decimals0];
    for (const { drop, tokens: sold, proceeds } of ladder.rungs) {
      const amountIn = BigInt(Math.round(sold * 10 ** Math.min(inside, 9))) * 10n ** BigInt(Math.max(0, inside - 9));
      const [tokenIn, tokenOut] = sells === 'token0' ? tokens : [tokens[1], tokens[0]];
      const { result } = await chain.client.simulateContract({
        address: quoter.address,
        abi: quoter.abi,
        functionName: 'quoteExactInputSingle',
        args: [{ tokenIn: tokenIn.address, tokenOut: tokenOut.address, amountIn, fee: 3000, sqrtPriceLimitX96: 0n }],
      });
      const [amountOut, sqrtPriceAfter] = result as readonly [bigint, bigint];
      expect(Number(amountOut) / 10 ** outside / proceeds).toBeCloseTo(1, 8);
      const fall = (Number(sqrtPriceAfter) / 2 ** 96 / read.sqrtPrice) ** 2;
      expect(sells === 'token0' ? 1 - fall : 1 - 1 / fall).toBeCloseTo(drop, 8);
    }
    const depth = Depth.depthOf(ladder, SCALE);
    expect(depth.impactDelta).toBeGreaterThan(0.05);
  });

  it('says nothing beyond the ticks it has read', async () => {
    const read = await Uniswap.readPool(await Chain.at(chain.url), pool.address, 0.01);
    const near = { ...read, fromTick: read.tick - 120, toTick: read.tick + 120 };
    expect(Uniswap.ladderOf(near, 'token0', [0.005, 0.5]).rungs.map(({ drop }) => drop)).toEqual([0.005]);
  });

  it('refuses a pool without a price', async () => {
    const bare = await chain.deploy(artifact('@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json'));
    await chain.send(bare, 'createPool', [tokens[0].address, tokens[1].address, 500]);
    const address = await chain.read<`0x${string}`>(bare, 'getPool', [tokens[0].address, tokens[1].address, 500]);
    await expect(Uniswap.readPool(await Chain.at(chain.url), address, 0.2)).rejects.toMatchObject({ name: 'Uniswap.EmptyPoolError' });
  });
});
