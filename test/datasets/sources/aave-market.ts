/** An Aave v3 market as its makers compiled it, deployed whole: pool, configurator, oracle, reserves. */
import type { Hex } from 'viem';
import { type Artifact, artifact, type Contract, type Ledger } from './ledger.ts';

export type Token = Contract & { readonly symbol: string; readonly decimals: number; readonly source: Contract };
export type Market = {
  readonly provider: Contract;
  readonly acl: Contract;
  readonly oracle: Contract;
  readonly pool: Contract;
  readonly configurator: Contract;
  readonly tokens: readonly Token[];
};
export type Terms = {
  readonly symbol: string;
  readonly decimals: number;
  readonly priceUsd: number;
  readonly ltvBps: number;
  readonly thresholdBps: number;
  readonly bonusBps: number;
};

const RAY = 10n ** 27n;
const NONE: Hex = '0x0000000000000000000000000000000000000000';

function aave(file: string): Artifact {
  return artifact(`@aave/core-v3/artifacts/contracts/${file}.sol/${file.split('/').at(-1)}.json`);
}

export async function market(chain: Ledger, terms: readonly Terms[]): Promise<Market> {
  const owner = chain.accounts[0]!;
  const libraries: Record<string, Hex> = {};
  for (const name of [
    'PoolLogic',
    'LiquidationLogic',
    'EModeLogic',
    'BridgeLogic',
    'BorrowLogic',
    'SupplyLogic',
    'FlashLoanLogic',
    'ConfiguratorLogic',
  ]) {
    libraries[name] = (await chain.deploy(aave(`protocol/libraries/logic/${name}`), [], libraries)).address;
  }
  const provider = await chain.deploy(aave('protocol/configuration/PoolAddressesProvider'), ['test', owner]);
  await chain.send(provider, 'setACLAdmin', [owner]);
  const acl = await chain.deploy(aave('protocol/configuration/ACLManager'), [provider.address]);
  await chain.send(provider, 'setACLManager', [acl.address]);
  await chain.send(acl, 'addPoolAdmin', [owner]);
  await chain.send(acl, 'addAssetListingAdmin', [owner]);
  await chain.send(acl, 'addRiskAdmin', [owner]);

  const tokens: Token[] = [];
  for (const { symbol, decimals, priceUsd } of terms) {
    const token = await chain.deploy(aave('mocks/tokens/MintableERC20'), [symbol, symbol, decimals]);
    const source = await chain.deploy(aave('mocks/oracle/CLAggregators/MockAggregator'), [BigInt(Math.round(priceUsd * 1e8))]);
    tokens.push({ ...token, symbol, decimals, source });
  }
  const addresses = tokens.map(({ address }) => address);
  const sources = tokens.map(({ source }) => source.address);
  const oracle = await chain.deploy(aave('misc/AaveOracle'), [provider.address, addresses, sources, NONE, NONE, 10n ** 8n]);
  await chain.send(provider, 'setPriceOracle', [oracle.address]);

  const poolCode = await chain.deploy(aave('protocol/pool/Pool'), [provider.address], libraries);
  await chain.send(poolCode, 'initialize', [provider.address]);
  await chain.send(provider, 'setPoolImpl', [poolCode.address]);
  const configuratorCode = await chain.deploy(aave('protocol/pool/PoolConfigurator'), [], libraries);
  await chain.send(provider, 'setPoolConfiguratorImpl', [configuratorCode.address]);
  const pool = { address: await chain.read<Hex>(provider, 'getPool'), abi: poolCode.abi };
  const configurator = { address: await chain.read<Hex>(provider, 'getPoolConfigurator'), abi: configuratorCode.abi };

  const aToken = await chain.deploy(aave('protocol/tokenization/AToken'), [pool.address]);
  const stable = await chain.deploy(aave('protocol/tokenization/StableDebtToken'), [pool.address]);
  const variable = await chain.deploy(aave('protocol/tokenization/VariableDebtToken'), [pool.address]);
  const slopes = [(RAY * 8n) / 10n, RAY / 100n, RAY / 20n, RAY, RAY / 50n, RAY, RAY / 50n, RAY / 20n, RAY / 5n];
  const strategy = await chain.deploy(aave('protocol/pool/DefaultReserveInterestRateStrategy'), [provider.address, ...slopes]);
  const inputs = tokens.map(({ address, symbol, decimals }) => ({
    aTokenImpl: aToken.address,
    stableDebtTokenImpl: stable.address,
    variableDebtTokenImpl: variable.address,
    underlyingAssetDecimals: decimals,
    interestRateStrategyAddress: strategy.address,
    underlyingAsset: address,
    treasury: owner,
    incentivesController: NONE,
    aTokenName: `a${symbol}`,
    aTokenSymbol: `a${symbol}`,
    variableDebtTokenName: `v${symbol}`,
    variableDebtTokenSymbol: `v${symbol}`,
    stableDebtTokenName: `s${symbol}`,
    stableDebtTokenSymbol: `s${symbol}`,
    params: '0x',
  }));
  await chain.send(configurator, 'initReserves', [inputs]);
  for (const [index, { ltvBps, thresholdBps, bonusBps }] of terms.entries()) {
    if (thresholdBps > 0)
      await chain.send(configurator, 'configureReserveAsCollateral', [addresses[index], ltvBps, thresholdBps, 10_000 + bonusBps]);
    await chain.send(configurator, 'setReserveBorrowing', [addresses[index], true]);
  }
  return { provider, acl, oracle, pool, configurator, tokens };
}

/** Mints and supplies; the pool takes as collateral what may be. */
export async function supply(chain: Ledger, { pool }: Market, token: Token, amount: number, user: Hex): Promise<void> {
  const units = BigInt(Math.round(amount * 1e6)) * 10n ** BigInt(token.decimals - 6);
  await chain.send(token, 'mint', [units], user);
  await chain.send(token, 'approve', [pool.address, units], user);
  await chain.send(pool, 'supply', [token.address, units, user, 0], user);
}

export async function borrow(chain: Ledger, { pool }: Market, token: Token, amount: number, user: Hex): Promise<void> {
  const units = BigInt(Math.round(amount * 1e6)) * 10n ** BigInt(token.decimals - 6);
  await chain.send(pool, 'borrow', [token.address, units, 2, 0, user], user);
}
