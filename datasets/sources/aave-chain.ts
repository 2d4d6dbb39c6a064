/**
 * Aave v3 on a chain → ProtocolState: reserves, parameters, prices, eModes and the accounts asked for, all at one block.
 *
 * Nothing is imputed: balances are the pool's own, interest accrued to the block. Each account's health is computed from what was
 * read and held against the pool's own figure; accounts where the two differ are counted in the notes. Depth and feeds are the
 * declared assumptions of `aave-assets.ts`, as the chain does not say. Shape: Aave v3.0 and 3.1 (an asset is in one eMode at
 * most); isolation mode and siloed borrowing are not modelled and said in the notes.
 */
import { type Hex, hexToString, parseAbi } from 'viem';
import { PlimsollError } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import { AssetName } from '../panel.ts';
import type { EMode, Holding, LendingAccount, ProtocolState } from '../state.ts';
import * as Assets from './aave-assets.ts';
import * as Chain from './chain.ts';

export type AaveRequest = {
  readonly protocol: string;
  /** PoolAddressesProvider: the one address a market is known by. */
  readonly provider: Hex;
  readonly accounts: readonly Hex[];
};

const PROVIDER = parseAbi(['function getPool() view returns (address)', 'function getPriceOracle() view returns (address)']);
const POOL = parseAbi([
  'function getReservesList() view returns (address[])',
  'struct ReserveData { uint256 configuration; uint128 liquidityIndex; uint128 currentLiquidityRate; uint128 variableBorrowIndex; uint128 currentVariableBorrowRate; uint128 currentStableBorrowRate; uint40 lastUpdateTimestamp; uint16 id; address aTokenAddress; address stableDebtTokenAddress; address variableDebtTokenAddress; address interestRateStrategyAddress; uint128 accruedToTreasury; uint128 unbacked; uint128 isolationModeTotalDebt; }',
  'function getReserveData(address) view returns (ReserveData)',
  'function getUserConfiguration(address) view returns (uint256)',
  'function getUserEMode(address) view returns (uint256)',
  'struct Category { uint16 ltv; uint16 liquidationThreshold; uint16 liquidationBonus; address priceSource; string label; }',
  'function getEModeCategoryData(uint8) view returns (Category)',
  'function getUserAccountData(address) view returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 health)',
]);
const ORACLE = parseAbi([
  'function getAssetsPrices(address[]) view returns (uint256[])',
  'function BASE_CURRENCY_UNIT() view returns (uint256)',
]);
const TOKEN = parseAbi(['function symbol() view returns (string)', 'function balanceOf(address) view returns (uint256)']);
const OLD_TOKEN = parseAbi(['function symbol() view returns (bytes32)']);

/** The pool cuts an account's mean threshold to whole basis points: of 5,000, one is this. */
const HEALTH_TOLERANCE = 2e-4;
const NONE = '0x0000000000000000000000000000000000000000';

type ReserveData = {
  readonly configuration: bigint;
  readonly id: number;
  readonly aTokenAddress: Hex;
  readonly stableDebtTokenAddress: Hex;
  readonly variableDebtTokenAddress: Hex;
};
type Category = {
  readonly ltv: number;
  readonly liquidationThreshold: number;
  readonly liquidationBonus: number;
  readonly priceSource: Hex;
  readonly label: string;
};
type AccountData = readonly [collateral: bigint, debt: bigint, available: bigint, threshold: bigint, ltv: bigint, health: bigint];
type Reserve = {
  readonly asset: string;
  readonly address: Hex;
  readonly data: ReserveData;
  readonly terms: Assets.Terms;
  readonly decimals: number;
  readonly eMode: number;
  readonly debtCeiling: number;
};

export async function readAave(at: Chain.At, { protocol, provider, accounts }: AaveRequest): Promise<ProtocolState> {
  // 1. The market's parts.
  const [pool, oracle] = (await Chain.readSure<Hex>(at, [
    { address: provider, abi: PROVIDER, functionName: 'getPool' },
    { address: provider, abi: PROVIDER, functionName: 'getPriceOracle' },
  ])) as [Hex, Hex];
  const ask = (functionName: string, ...args: unknown[]): Chain.Call => ({ address: pool, abi: POOL, functionName, args });

  // 2. Reserves: terms and prices.
  const reserves = await readReserves(at, pool, oracle);
  const priced = reserves.filter(({ terms }) => terms.priceUsd > 0);

  // 3. eModes that an asset is in.
  const categories = [...new Set(reserves.map(({ eMode }) => eMode))].filter((category) => category > 0).sort((a, b) => a - b);
  const eModeData = await Chain.readSure<Category>(
    at,
    categories.map((category) => ask('getEModeCategoryData', category)),
  );
  const eModes = categories.map((category, index) => eModeOf(category, eModeData[index]!, priced));

  // 4. Accounts: which assets, then how much of each.
  const users = [...new Set(accounts.map((account) => account.toLowerCase() as Hex))].sort();
  const books = await readAccounts(at, ask, reserves, users);

  // 5. Each account judged by what was read.
  const sorted = sortAccounts(books, priced, eModes);
  const terms = new Map(priced.map((reserve) => [reserve.asset, reserve.terms]));
  const bySymbol = new Map(priced.map(({ asset, address, decimals }) => [asset, { address, decimals }]));
  return seal({
    kind: 'protocol-state' as const,
    from: {},
    protocol,
    chainId: at.chainId,
    block: String(at.block),
    asOf: new Date(at.timeMs).toISOString(),
    simulated: false,
    assets: Assets.assetStates(terms, { bySymbol, ethBonusBps: 0 }),
    eModes,
    lending: sorted.kept,
    derivatives: [],
    marginRule: null,
    closeFactorBps: 5000,
    fullCloseHealth: 0.95,
    insuranceFundUsd: 0,
    setAside: sorted.setAside,
    waivers: [],
    notes: [
      `Read at block ${at.block} of chain ${at.chainId} from provider ${provider.toLowerCase()}: ${reserves.length} reserves, ${users.length} accounts.`,
      `Health computed from the balances differs from the pool's own by more than ${HEALTH_TOLERANCE} in ${sorted.differing} of ${sorted.kept.length} accounts.`,
      ...reserves.filter(({ terms: { priceUsd } }) => !(priceUsd > 0)).map(({ asset }) => `${asset} has no price: left out.`),
      ...reserves
        .filter(({ debtCeiling }) => debtCeiling > 0)
        .map(({ asset }) => `${asset} is an isolated collateral: its debt ceiling is not modelled.`),
      ...eModeData
        .filter(({ priceSource }) => priceSource !== NONE)
        .map(({ label }) => `eMode "${label}" has a price source of its own: not modelled.`),
      'Feeds, recovery of depth and depth are declared assumptions until they are measured.',
    ],
  });
}

async function readReserves(at: Chain.At, pool: Hex, oracle: Hex): Promise<readonly Reserve[]> {
  const [[list], [unit]] = await Promise.all([
    Chain.readSure<readonly Hex[]>(at, [{ address: pool, abi: POOL, functionName: 'getReservesList' }]),
    Chain.readSure<bigint>(at, [{ address: oracle, abi: ORACLE, functionName: 'BASE_CURRENCY_UNIT' }]),
  ]);
  const addresses = list!;
  if (addresses.length === 0) throw new EmptyMarketError({ got: 'no reserves', needed: 'a market with reserves', where: pool });
  const [[prices], data, symbols] = await Promise.all([
    Chain.readSure<readonly bigint[]>(at, [{ address: oracle, abi: ORACLE, functionName: 'getAssetsPrices', args: [addresses] }]),
    Chain.readSure<ReserveData>(
      at,
      addresses.map((address) => ({ address: pool, abi: POOL, functionName: 'getReserveData', args: [address] })),
    ),
    symbolsOf(at, addresses),
  ]);
  return addresses.map((address, index): Reserve => {
    const { configuration } = data[index]!;
    const bits = (from: number, width: number): number => Number((configuration >> BigInt(from)) & ((1n << BigInt(width)) - 1n));
    const asset = symbols[index]!;
    return {
      asset,
      address,
      data: data[index]!,
      decimals: bits(48, 8),
      eMode: bits(168, 8),
      debtCeiling: bits(212, 40),
      terms: {
        priceUsd: Number(prices![index]!) / Number(unit!),
        ltvBps: bits(0, 16),
        thresholdBps: bits(16, 16),
        bonusBps: Assets.bonusBps(bits(32, 16), `${asset} at ${address}`),
        borrowCap: Assets.capOf(bits(80, 36)),
        supplyCap: Assets.capOf(bits(116, 36)),
      },
    };
  });
}

/** Names that can stand in a book, each once: a token may call itself anything, also what another is called. */
async function symbolsOf(at: Chain.At, addresses: readonly Hex[]): Promise<readonly string[]> {
  const texts = await Chain.readAll<string>(
    at,
    addresses.map((address) => ({ address, abi: TOKEN, functionName: 'symbol' })),
  );
  const old = await Chain.readAll<Hex>(
    at,
    addresses.map((address) => ({ address, abi: OLD_TOKEN, functionName: 'symbol' })),
  );
  const symbols = addresses.map((_, index) => {
    const text = texts[index] ?? (old[index] == null ? '' : hexToString(old[index], { size: 32 }));
    return text.replaceAll('₮', 'T').replaceAll('\0', '');
  });
  return addresses.map((address, index) => {
    const symbol = symbols[index]!;
    const isUsable = AssetName.safeParse(symbol).success && symbols.indexOf(symbol) === index;
    return isUsable ? symbol : `token-${address.slice(2, 10).toLowerCase()}`;
  });
}

function eModeOf(category: number, data: Category, reserves: readonly Reserve[]): EMode {
  return {
    category,
    label: data.label,
    assets: reserves
      .filter(({ eMode }) => eMode === category)
      .map(({ asset }) => asset)
      .sort(),
    ltvBps: data.ltv,
    liquidationThresholdBps: data.liquidationThreshold,
    liquidationBonusBps: Assets.bonusBps(data.liquidationBonus, `eMode ${category}`),
  };
}

type Book = LendingAccount & { readonly health: number; readonly debtUsd: number; readonly collateralUsd: number };

async function readAccounts(
  at: Chain.At,
  ask: (functionName: string, ...args: unknown[]) => Chain.Call,
  reserves: readonly Reserve[],
  users: readonly Hex[],
): Promise<readonly Book[]> {
  const [configurations, eModes, totals] = await Promise.all([
    Chain.readSure<bigint>(
      at,
      users.map((user) => ask('getUserConfiguration', user)),
    ),
    Chain.readSure<bigint>(
      at,
      users.map((user) => ask('getUserEMode', user)),
    ),
    Chain.readSure<AccountData>(
      at,
      users.map((user) => ask('getUserAccountData', user)),
    ),
  ]);
  const wanted = users.flatMap((user, index) =>
    reserves.flatMap((reserve) => {
      const { id, aTokenAddress, stableDebtTokenAddress, variableDebtTokenAddress } = reserve.data;
      // Two bits a reserve: borrowed, used as collateral.
      const uses = (configurations[index]! >> BigInt(2 * id)) & 3n;
      const of = (side: 'collateral' | 'debt', address: Hex) => ({
        index,
        reserve,
        side,
        call: { address, abi: TOKEN, functionName: 'balanceOf', args: [user] },
      });
      return [
        ...((uses & 2n) === 0n ? [] : [of('collateral', aTokenAddress)]),
        ...((uses & 1n) === 0n
          ? []
          : [stableDebtTokenAddress, variableDebtTokenAddress].filter((one) => one !== NONE).map((one) => of('debt', one))),
      ];
    }),
  );
  const balances = await Chain.readSure<bigint>(
    at,
    wanted.map(({ call }) => call),
  );
  const holdings = users.map(() => ({ collateral: new Map<string, number>(), debt: new Map<string, number>() }));
  for (const [k, { index, reserve, side }] of wanted.entries()) {
    const tokens = Number(balances[k]!) / 10 ** reserve.decimals;
    const held = holdings[index]![side];
    if (tokens > 0) held.set(reserve.asset, (held.get(reserve.asset) ?? 0) + tokens);
  }
  const usd = (held: ReadonlyMap<string, number>): number =>
    [...held].reduce((sum, [asset, tokens]) => sum + tokens * reserves.find((one) => one.asset === asset)!.terms.priceUsd, 0);
  return users.map((account, index) => ({
    account,
    eMode: Number(eModes[index]!),
    collateral: listed(holdings[index]!.collateral),
    debt: listed(holdings[index]!.debt),
    collateralUsd: usd(holdings[index]!.collateral),
    debtUsd: usd(holdings[index]!.debt),
    health: Number(totals[index]![5]) / 1e18,
  }));
}

function listed(held: ReadonlyMap<string, number>): Holding[] {
  return [...held].map(([asset, amountTokens]) => ({ asset, amountTokens })).sort((a, b) => (a.asset < b.asset ? -1 : 1));
}

function sortAccounts(books: readonly Book[], reserves: readonly Reserve[], eModes: readonly EMode[]) {
  const kept: LendingAccount[] = [];
  const setAside: ProtocolState['setAside'][number][] = [];
  const known = new Map(reserves.map((reserve) => [reserve.asset, reserve]));
  let differing = 0;
  for (const { health, debtUsd, collateralUsd, ...account } of books) {
    const rule =
      account.debt.length === 0
        ? 'no debt'
        : [...account.collateral, ...account.debt].some(({ asset }) => !known.has(asset))
          ? 'holds an asset without a price'
          : collateralUsd < debtUsd
            ? 'collateral below debt'
            : null;
    if (rule !== null) {
      setAside.push({ account: account.account, rule, debtUsd, collateralUsd });
      continue;
    }
    const mode = eModes.find(({ category }) => category === account.eMode);
    const power = account.collateral.reduce((sum, { asset, amountTokens }) => {
      const { terms } = known.get(asset)!;
      const thresholdBps = mode?.assets.includes(asset) === true ? mode.liquidationThresholdBps : terms.thresholdBps;
      return sum + (amountTokens * terms.priceUsd * thresholdBps) / 10_000;
    }, 0);
    if (!(Math.abs(power / debtUsd / health - 1) <= HEALTH_TOLERANCE)) differing += 1;
    kept.push(account);
  }
  return { kept, setAside, differing };
}

export class EmptyMarketError extends PlimsollError {
  override readonly name = 'AaveChain.EmptyMarketError';
}
