/** A Uniswap v3 pool of WETH and USDC at 2,000 with liquidity in five ranges, by Uniswap's own contracts. */
import { type Artifact, artifact, type Contract, type Ledger } from './ledger.ts';

/** WETH has 18 decimals and USDC 6; which is token0 depends on their addresses. */
const PRICE = 2000;

const periphery = (file: string): Artifact =>
  artifact(`@uniswap/v3-periphery/artifacts/contracts/${file}.sol/${file.split('/').at(-1)}.json`);
const aave = (file: string): Artifact => artifact(`@aave/core-v3/artifacts/contracts/${file}.json`);

export async function uniswap(chain: Ledger): Promise<{ pool: Contract; quoter: Contract; tokens: readonly [Contract, Contract] }> {
  const owner = chain.accounts[0]!;
  const Factory = artifact('@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json');
  const Pool = artifact('@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json');
  const Token = aave('mocks/tokens/MintableERC20.sol/MintableERC20');
  const factory = await chain.deploy(Factory);
  const wrapped = await chain.deploy(aave('dependencies/weth/WETH9.sol/WETH9'));
  const made = [await chain.deploy(Token, ['WETH', 'WETH', 18]), await chain.deploy(Token, ['USDC', 'USDC', 6])] as const;
  const isWethFirst = BigInt(made[0].address) < BigInt(made[1].address);
  const tokens: readonly [Contract, Contract] = isWethFirst ? made : [made[1], made[0]];
  const manager = await chain.deploy(periphery('NonfungiblePositionManager'), [factory.address, wrapped.address, owner]);
  const quoter = await chain.deploy(periphery('lens/QuoterV2'), [factory.address, wrapped.address]);
  const raw = isWethFirst ? PRICE / 1e12 : 1e12 / PRICE;
  const sqrtPriceX96 = BigInt(Math.round(Math.sqrt(raw) * 2 ** 40)) * 2n ** 56n;
  await chain.send(manager, 'createAndInitializePoolIfNecessary', [tokens[0].address, tokens[1].address, 3000, sqrtPriceX96]);
  const address = await chain.read<`0x${string}`>(factory, 'getPool', [tokens[0].address, tokens[1].address, 3000]);
  const pool = { address, abi: Pool.abi };
  for (const token of tokens) {
    await chain.send(token, 'mint', [10n ** 30n]);
    await chain.send(token, 'approve', [manager.address, 10n ** 40n]);
  }
  const [, tick] = await chain.read<readonly [bigint, number]>(pool, 'slot0');
  const around = Math.round(tick / 60) * 60;
  // Wide, middling, narrow, and one that begins beyond the price on each side.
  for (const [low, high, weth] of [
    [-60_000, 60_000, 800],
    [-1200, 1200, 500],
    [-180, 240, 300],
    [300, 900, 200],
    [-900, -300, 200],
  ] as const) {
    const amounts = [10n ** 18n * BigInt(weth), 10n ** 6n * BigInt(weth * PRICE)] as const;
    await chain.send(manager, 'mint', [
      {
        token0: tokens[0].address,
        token1: tokens[1].address,
        fee: 3000,
        tickLower: around + low,
        tickUpper: around + high,
        amount0Desired: isWethFirst ? amounts[0] : amounts[1],
        amount1Desired: isWethFirst ? amounts[1] : amounts[0],
        amount0Min: 0,
        amount1Min: 0,
        recipient: owner,
        deadline: 4_000_000_000n,
      },
    ]);
  }
  return { pool, quoter, tokens };
}
