import { getAddress, type Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSealed } from '../../../base/id.ts';
import { readAave } from '../../../datasets/sources/aave-chain.ts';
import * as Chain from '../../../datasets/sources/chain.ts';
import { ProtocolState } from '../../../datasets/state.ts';
import { borrow, type Market, market, supply, type Terms } from './aave-market.ts';
import { type Ledger, ledger } from './ledger.ts';

const TERMS: readonly Terms[] = [
  { symbol: 'WETH', decimals: 18, priceUsd: 2000, ltvBps: 8050, thresholdBps: 8300, bonusBps: 500 },
  { symbol: 'USDC', decimals: 6, priceUsd: 1, ltvBps: 7700, thresholdBps: 8000, bonusBps: 450 },
  { symbol: 'WBTC', decimals: 8, priceUsd: 42_000.5, ltvBps: 7300, thresholdBps: 7800, bonusBps: 625 },
  { symbol: 'wstETH', decimals: 18, priceUsd: 2300, ltvBps: 7850, thresholdBps: 8100, bonusBps: 600 },
  { symbol: 'GHO', decimals: 18, priceUsd: 0.99, ltvBps: 0, thresholdBps: 0, bonusBps: 0 },
];

describe('Aave v3 on a chain', () => {
  let chain: Ledger;
  let aave: Market;
  let users: readonly Hex[] = [];

  beforeAll(async () => {
    chain = await ledger();
    aave = await market(chain, TERMS);
    const [weth, usdc, wbtc, wsteth, gho] = aave.tokens as [
      Market['tokens'][0],
      Market['tokens'][0],
      Market['tokens'][0],
      Market['tokens'][0],
      Market['tokens'][0],
    ];
    const [, bank, plain, mixed, loop, idle] = chain.accounts as [Hex, Hex, Hex, Hex, Hex, Hex];
    await chain.send(aave.configurator, 'setSupplyCap', [weth.address, 1_800_000]);
    await chain.send(aave.configurator, 'setBorrowCap', [weth.address, 1_400_000]);
    await chain.send(aave.configurator, 'setEModeCategory', [
      1,
      9300,
      9500,
      10_100,
      '0x0000000000000000000000000000000000000000',
      'ETH correlated',
    ]);
    await chain.send(aave.configurator, 'setAssetEModeCategory', [weth.address, 1]);
    await chain.send(aave.configurator, 'setAssetEModeCategory', [wsteth.address, 1]);
    for (const [token, amount] of [
      [weth, 5000],
      [usdc, 5_000_000],
      [gho, 1_000_000],
    ] as const)
      await supply(chain, aave, token, amount, bank);
    await supply(chain, aave, weth, 10, plain);
    await borrow(chain, aave, usdc, 12_000, plain);
    await supply(chain, aave, wbtc, 1.5, mixed);
    await supply(chain, aave, usdc, 3000, mixed);
    await borrow(chain, aave, gho, 9_000.5, mixed);
    await borrow(chain, aave, weth, 2.25, mixed);
    await supply(chain, aave, wsteth, 100, loop);
    await chain.send(aave.pool, 'setUserEMode', [1], loop);
    await borrow(chain, aave, weth, 105, loop);
    await supply(chain, aave, usdc, 77, idle);
    users = [bank, plain, mixed, loop, idle];
    await chain.rpc('evm_increaseTime', 30 * 86_400);
    await chain.rpc('evm_mine');
  }, 90_000);
  afterAll(() => chain?.stop());

  const read = async (block?: bigint): Promise<ProtocolState> =>
    await readAave(await Chain.at(chain.url, block), { protocol: 'Aave v3 test', provider: aave.provider.address, accounts: users });

  it('reads a book that is a whole state, sealed, at one block', async () => {
    const state = await read();
    expect(ProtocolState.safeParse(state).error).toBeUndefined();
    expect(isSealed(state)).toBe(true);
    expect([state.chainId, state.simulated, Number(state.block) > 40]).toEqual([31_337, false, true]);
    expect(state.notes[1]).toMatch(/in 0 of 3 accounts/);
  });

  it('has every parameter as it was set', async () => {
    const state = await read();
    expect(state.assets.map(({ asset }) => asset)).toEqual(['GHO', 'USDC', 'WBTC', 'WETH', 'wstETH']);
    for (const { symbol, decimals, priceUsd, ltvBps, thresholdBps, bonusBps } of TERMS) {
      expect(state.assets.find(({ asset }) => asset === symbol)).toMatchObject({
        decimals,
        priceUsd,
        address: getAddress(aave.tokens.find((token) => token.symbol === symbol)!.address),
        parameters: { haircutBps: 10_000 - ltvBps, liquidationThresholdBps: thresholdBps, liquidationBonusBps: bonusBps },
      });
    }
    expect(state.assets.find(({ asset }) => asset === 'WETH')?.parameters).toMatchObject({
      supplyCapTokens: 1_800_000,
      borrowCapTokens: 1_400_000,
    });
    expect(state.eModes).toEqual([
      {
        category: 1,
        label: 'ETH correlated',
        assets: ['WETH', 'wstETH'],
        ltvBps: 9300,
        liquidationThresholdBps: 9500,
        liquidationBonusBps: 100,
      },
    ]);
  });

  it('has every balance with the interest of a month, and the health that the pool reports', async () => {
    const state = await read();
    expect(state.lending.map(({ account }) => account)).toEqual([users[1], users[2], users[3]].map((user) => user!.toLowerCase()).sort());
    expect(state.setAside.map(({ rule }) => rule)).toEqual(['no debt', 'no debt']);
    const price = new Map(state.assets.map((asset) => [asset.asset, asset]));
    for (const account of state.lending) {
      const [, , , , , health] = await chain.read<readonly bigint[]>(aave.pool, 'getUserAccountData', [account.account]);
      const mode = state.eModes.find(({ category }) => category === account.eMode);
      const threshold = (asset: string): number =>
        mode?.assets.includes(asset) === true ? mode.liquidationThresholdBps : price.get(asset)!.parameters.liquidationThresholdBps;
      const power = account.collateral.reduce(
        (sum, one) => sum + (one.amountTokens * price.get(one.asset)!.priceUsd * threshold(one.asset)) / 10_000,
        0,
      );
      const debt = account.debt.reduce((sum, one) => sum + one.amountTokens * price.get(one.asset)!.priceUsd, 0);
      // With one collateral, or one threshold, there is no mean for the pool to cut.
      expect(Math.abs(power / debt / (Number(health) / 1e18) - 1)).toBeLessThan(account.collateral.length === 1 ? 1e-8 : 2e-4);
    }
    const mixed = state.lending.find(({ account }) => account === users[2]!.toLowerCase());
    expect(mixed?.collateral.map(({ asset }) => asset)).toEqual(['USDC', 'WBTC']);
    expect(mixed?.debt.map(({ asset }) => asset)).toEqual(['GHO', 'WETH']);
    // A month at 1 % and more a year.
    expect(mixed!.debt[1]!.amountTokens).toBeGreaterThan(2.25 * 1.0008);
    expect(state.lending.find(({ account }) => account === users[3]!.toLowerCase())?.eMode).toBe(1);
  });

  it('is pinned: what happens later does not change what was', async () => {
    const block = await chain.client.getBlockNumber();
    const before = await read(block);
    await borrow(chain, aave, aave.tokens[1]!, 1000, users[1]!);
    expect((await read(block)).id).toBe(before.id);
    expect((await read()).id).not.toBe(before.id);
  });

  it('says by name where there is no market', async () => {
    const nowhere = readAave(await Chain.at(chain.url), { protocol: 'x', provider: aave.tokens[0]!.address, accounts: [] });
    await expect(nowhere).rejects.toMatchObject({ name: 'Chain.ContractError' });
  });

  it('asks for 3,000 accounts in batches that fit', async () => {
    const many = Array.from({ length: 3000 }, (_, k) => `0x${(k + 1000).toString(16).padStart(40, '0')}` as Hex);
    const state = await readAave(await Chain.at(chain.url), {
      protocol: 'x',
      provider: aave.provider.address,
      accounts: [...many, ...users],
    });
    expect([state.lending.length, state.setAside.length]).toEqual([3, 3002]);
  });
});
