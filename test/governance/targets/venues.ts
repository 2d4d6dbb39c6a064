/** Venues, values and moves by hand: what the tests of the targets draft from. */
import type { ParametersByAsset } from '../../../datasets/state.ts';
import type * as Target from '../../../governance/targets/target.ts';
import { parameters } from '../book.ts';

export const WETH = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2';
export const WBTC = '0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599';
export const COMET = '0xc3d688B66703497DAA19211EEdff47f25384cdc3';
export const CONFIGURATOR = '0x316f9708bB98af7dA9c68C1C3b5e79039cD336E3';
export const ADMIN = '0x1EC63B5883C3481134FD50D5DAebc83Ecd2E8779';
export const NOW = 1_767_225_600;
const at = (digit: string) => `0x${digit.repeat(40)}` as const;

export const HELD: ParametersByAsset = {
  WETH: { ...parameters(1_950, 8_300, 500), supplyCapTokens: 1_000_000, borrowCapTokens: 1_000 },
  WBTC: { ...parameters(2_700, 7_800, 500), supplyCapTokens: null, borrowCapTokens: null },
};

export function move(asset: string, field: Target.Field, from: number | null, to: number | null): Target.Move {
  return { asset, field, from, to };
}

const assets = { WETH, WBTC } as const;
const bound = (minDelaySeconds: number, maxPercentChange: number) => ({ minDelaySeconds, maxPercentChange });
const THREE_DAYS = 259_200;

export const configurator = { target: 'aave-v3-configurator', chainId: 1, pool: at('1'), configurator: at('2'), assets } as const;
export const engine = { target: 'aave-v3-engine', chainId: 1, pool: at('1'), engine: at('3'), assets } as const;
export const steward = {
  target: 'aave-v3-steward',
  chainId: 1,
  pool: at('1'),
  steward: at('4'),
  assets,
  bounds: {
    ltv: bound(THREE_DAYS, 50),
    liquidationThreshold: bound(THREE_DAYS, 50),
    liquidationBonus: bound(THREE_DAYS, 50),
    supplyCap: bound(THREE_DAYS, 10_000),
    borrowCap: bound(THREE_DAYS, 10_000),
  },
} as const;
export const stewardV4 = {
  target: 'aave-v4-steward',
  chainId: 1,
  steward: at('5'),
  spoke: at('6'),
  spokeConfigurator: at('7'),
  hubConfigurator: at('8'),
  positions: 'new',
  assets: { WETH: { underlying: WETH, hub: at('9'), reserveId: 3, assetId: 1, dynamicConfigKey: 2, liquidationFee: 1_000 } },
  bounds: {
    collateralFactor: bound(THREE_DAYS, 50),
    maxLiquidationBonus: bound(THREE_DAYS, 50),
    addCap: bound(THREE_DAYS, 10_000),
    drawCap: bound(THREE_DAYS, 10_000),
  },
} as const;
export const comet = {
  target: 'comet',
  chainId: 1,
  configurator: CONFIGURATOR,
  proxyAdmin: ADMIN,
  comet: COMET,
  assets: { WETH: { address: WETH, decimals: 18 }, WBTC: { address: WBTC, decimals: 8 } },
} as const;
export const euler = {
  target: 'euler',
  chainId: 1,
  vault: at('a'),
  assets: { WETH: at('b') },
  lends: { asset: 'WBTC', decimals: 8 },
  rampSeconds: 604_800,
} as const;
const market = {
  loanToken: at('c'),
  collateralToken: WETH,
  oracle: at('d'),
  irm: at('e'),
  lltv: '860000000000000000',
  decimals: 6,
} as const;
export const morpho = {
  target: 'morpho',
  chainId: 1,
  morpho: at('f'),
  vault: at('1'),
  assets: { WETH: market },
  enabledLltvs: ['770000000000000000', '860000000000000000', '915000000000000000'],
} as const;
export const riskOracle = {
  target: 'risk-oracle',
  chainId: 1,
  oracle: at('2'),
  assets: { WETH },
  updateTypes: { supplyCapTokens: 'supplyCap', haircutBps: 'ltv' },
  referenceId: 'sha256:…',
} as const;
export const derive = {
  target: 'derive',
  chainId: 957,
  manager: at('3'),
  assets: { WETH: { marketId: 1, perp: { maintenance: '65000000000000000', initial: '100000000000000000' } } },
} as const;
const tier = {
  id: 1,
  name: 'Mid-Cap',
  initial_margin_ppm: 50_000,
  maintenance_fraction_ppm: 600_000,
  impact_notional: '10000000000',
  open_interest_lower_cap: '40000000000000',
  open_interest_upper_cap: '100000000000000',
};
export const dydx = {
  target: 'dydx',
  chainId: 1,
  authority: 'dydx10d07y265gmmuvt4z0w9aw880jnsr700jnmapky',
  tiers: [{ tier, markets: ['WETH'] }],
} as const;
