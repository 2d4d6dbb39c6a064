/**
 * ProtocolState: what a protocol looked like at one block: parameters, accounts, depth, oracles.
 *
 * Amounts are whole tokens as floats (`amountTokens`), prices are USD. Chain integers are decimal strings.
 * Account and asset order is canonical: sorted by name, so that the same book has the same id.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { DerivativeAccount, MarginRule } from './derivatives.ts';
import { AssetName, Waiver } from './panel.ts';

/** One asset's load line. Every field is an integer in the unit of its name. */
export const RiskParameters = z
  .strictObject({
    /** LTV = 10,000 − haircut. */
    haircutBps: z.int().min(0).max(10_000),
    /** 0 means: not accepted as collateral. */
    liquidationThresholdBps: z.int().min(0).max(10_000),
    /** 500 means 5 %. Aave's storage writes the same as 10500. */
    liquidationBonusBps: z.int().min(0).max(10_000),
    /** Scales the venue's base margin; 1,000,000 = 1×. */
    marginMultiplierPpm: z.int().min(1).max(100_000_000),
    /** Whole tokens; null = no cap. */
    supplyCapTokens: z.number().nonnegative().nullable(),
    borrowCapTokens: z.number().nonnegative().nullable(),
  })
  .readonly();
export type RiskParameters = z.infer<typeof RiskParameters>;
export type ParametersByAsset = Readonly<Record<string, RiskParameters>>;

export const OracleFeed = z
  .strictObject({
    heartbeatSeconds: z.int().positive(),
    deviationBps: z.int().nonnegative(),
    latencySeconds: z.int().nonnegative(),
  })
  .readonly();
export type OracleFeed = z.infer<typeof OracleFeed>;

/** What the venues of one asset take at once, against USD: cost of selling Q = impactY · σ_day · (Q / dailyVolume)^impactDelta. */
export const Depth = z
  .strictObject({
    dailyVolumeUsd: z.number().positive(),
    impactY: z.number().positive(),
    impactDelta: z.number().positive().max(1),
    /** Time in which arbitrage has refilled half of what a sale has taken out of these venues. */
    halfLifeSeconds: z.number().positive(),
    /** Where the numbers come from: fitted, or a declared assumption. */
    says: z.string(),
  })
  .readonly();
export type Depth = z.infer<typeof Depth>;

export const AssetState = z
  .strictObject({
    asset: AssetName,
    /** The panel's name for the price that drives this asset (WETH → ETH); null where no panel asset does: constant in USD. */
    panelAsset: AssetName.nullable(),
    address: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/)
      .nullable(),
    decimals: z.int().min(0).max(36),
    priceUsd: z.number().positive(),
    parameters: RiskParameters,
    feed: OracleFeed,
    depth: Depth,
    /** Aave: in isolation, it counts as collateral only where it is an account's only one. Left out: no. */
    isolation: z.enum(['isolated', 'none']).optional(),
  })
  .readonly();
export type AssetState = z.infer<typeof AssetState>;

export const EMode = z
  .strictObject({
    category: z.int().positive(),
    label: z.string(),
    assets: z.array(AssetName).readonly(),
    ltvBps: z.int().min(0).max(10_000),
    liquidationThresholdBps: z.int().min(0).max(10_000),
    liquidationBonusBps: z.int().min(0).max(10_000),
  })
  .readonly();
export type EMode = z.infer<typeof EMode>;

export const Holding = z.strictObject({ asset: AssetName, amountTokens: z.number().positive() }).readonly();
export type Holding = z.infer<typeof Holding>;

/** Whose rule of liquidation an account lives under; tuner/stress/rules. */
export const LendingProtocol = z.enum(['aave-v3', 'compound-v3', 'morpho']);
export type LendingProtocol = z.infer<typeof LendingProtocol>;

/** A lending account. `eMode` 0 = none. */
export const LendingAccount = z
  .strictObject({
    account: z.string(),
    /** `aave-v3` where it is left out. */
    protocol: LendingProtocol.optional(),
    eMode: z.int().nonnegative(),
    collateral: z.array(Holding).readonly(),
    debt: z.array(Holding).readonly(),
  })
  .readonly();
export type LendingAccount = z.infer<typeof LendingAccount>;

export const SetAside = z
  .strictObject({ account: z.string(), rule: z.string(), debtUsd: z.number(), collateralUsd: z.number() })
  .readonly();

/** Base fee of the chain, one entry a step up to `endsAt`: how contended its blocks are. */
export const BaseFees = z
  .strictObject({
    endsAt: z.iso.datetime(),
    stepSeconds: z.int().positive().max(3_600),
    baseFeeGwei: z.array(z.number().positive()).min(1).max(100_000).readonly(),
  })
  .readonly();
export type BaseFees = z.infer<typeof BaseFees>;

export const ProtocolState = z
  .strictObject({
    kind: z.literal('protocol-state'),
    id: Id,
    from: z.strictObject({ importedFrom: z.array(Id).readonly().optional(), repricedFrom: Id.optional(), panel: Id.optional() }).readonly(),
    protocol: z.string(),
    chainId: z.int().positive(),
    block: z.string().regex(/^\d+$/),
    asOf: z.string(),
    simulated: z.boolean(),
    /** Sorted by asset. */
    assets: z.array(AssetState).min(1).readonly(),
    eModes: z.array(EMode).readonly(),
    /** Sorted by account. */
    lending: z.array(LendingAccount).readonly(),
    derivatives: z.array(DerivativeAccount).readonly(),
    marginRule: MarginRule.nullable(),
    closeFactorBps: z.int().min(1).max(10_000),
    /** Below this health factor the whole debt may be repaid (Aave v3: 0.95). */
    fullCloseHealth: z.number().positive(),
    insuranceFundUsd: z.number().nonnegative(),
    /** Missing where nobody has looked: a predictive margin then says so. */
    baseFees: BaseFees.optional(),
    /** Accounts left out by a stated rule, with what they held. */
    setAside: z.array(SetAside).readonly(),
    waivers: z.array(Waiver).readonly(),
    /** Assumptions a reader must know: imputation rule, seed, source files. */
    notes: z.array(z.string()).readonly(),
  })
  .readonly();
export type ProtocolState = z.infer<typeof ProtocolState>;

export function parametersOf(state: ProtocolState): ParametersByAsset {
  return Object.fromEntries(state.assets.map(({ asset, parameters }) => [asset, parameters]));
}
