/**
 * What `GET /v1/runs/latest` answers: one finished run as the page shows it. The artifacts' own shapes, and what a page needs
 * that no artifact holds: exposure by asset, shared loss bins, the market's volatility through time.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { QualityFinding, Waiver } from '../datasets/panel.ts';
import { RiskParameters } from '../datasets/state.ts';
import { Execution, Proposal } from '../governance/proposal.ts';
import { FitReport, ForecasterVerdict } from '../models/market.ts';
import { Caps } from '../tuner/caps.ts';
import { Frontier } from '../tuner/frontier.ts';
import { Recommendation } from '../tuner/recommendation.ts';
import { Regret } from '../tuner/regret.ts';
import { AccountImpact, NamedResult } from '../tuner/stress/evidence.ts';
import { Run } from './progress.ts';

export const AssetExposure = z
  .strictObject({
    asset: z.string(),
    panelAsset: z.string().nullable(),
    priceUsd: z.number(),
    collateralUsd: z.number(),
    debtUsd: z.number(),
    perpGrossUsd: z.number(),
    dailyVolumeUsd: z.number(),
    usedLtvBps: z.number().nullable(),
    annualVolatilityPct: z.number().nullable(),
    parameters: RiskParameters,
  })
  .readonly();
export type AssetExposure = z.infer<typeof AssetExposure>;

const Bins = z.strictObject({ zero: z.int(), counts: z.array(z.int()).readonly() }).readonly();
export const LossHistogram = z.strictObject({ edgesUsd: z.array(z.number()).readonly(), before: Bins, after: Bins }).readonly();
export type LossHistogram = z.infer<typeof LossHistogram>;

const Regime = z
  .strictObject({
    labels: z.array(z.string()).readonly(),
    now: z.array(z.number()).readonly(),
    expectedDurationSteps: z.array(z.number()).readonly(),
    stepSeconds: z.int(),
    history: z
      .strictObject({ at: z.array(z.string()).readonly(), probability: z.array(z.array(z.number()).readonly()).readonly() })
      .readonly(),
    marketVolatilityPct: z.array(z.number().nullable()).readonly().nullable(),
  })
  .readonly();

export const Result = z
  .strictObject({
    runId: z.string(),
    simulated: z.boolean(),
    asOf: z.string(),
    protocol: z.string(),
    bundle: z.strictObject({ id: z.string(), path: z.string() }).readonly(),
    verifyCommand: z.string(),
    panel: z
      .strictObject({
        startsAt: z.string(),
        length: z.int(),
        stepSeconds: z.int(),
        assets: z.int(),
        sources: z.array(z.string()).readonly(),
      })
      .readonly(),
    book: z
      .strictObject({
        lendingAccounts: z.int(),
        derivativeAccounts: z.int(),
        collateralUsd: z.number(),
        debtUsd: z.number(),
        insuranceFundUsd: z.number(),
      })
      .readonly(),
    scenarios: z.strictObject({ seed: z.int(), paths: z.int(), steps: z.int(), stepSeconds: z.int() }).readonly(),
    /** Standard error of today's expected shortfall, where one was asked for. */
    precision: z.strictObject({ wantedUsd: z.number(), standardErrorUsd: z.number(), reached: z.boolean() }).readonly().optional(),
    recommendation: Recommendation,
    /** Missing in results stored before it was added. */
    policy: z.strictObject({ name: z.string(), says: z.string(), overBudgetProbability: z.number() }).readonly().optional(),
    assets: z.array(AssetExposure).readonly(),
    regime: Regime,
    losses: LossHistogram,
    /** Missing in results stored before it was added. */
    frontier: Frontier.optional(),
    caps: Caps.optional(),
    cardId: Id.optional(),
    accountsBefore: z.array(AccountImpact).readonly(),
    accountsAfter: z.array(AccountImpact).readonly(),
    proposal: Proposal.nullable(),
    /** Why there is no proposal; null where there is one. */
    noProposal: z.strictObject({ reason: z.string(), says: z.string() }).readonly().nullable(),
    execution: Execution.nullable(),
    quality: z.array(QualityFinding).readonly(),
    excluded: z.array(z.strictObject({ asset: z.string(), kind: z.string(), says: z.string() }).readonly()).readonly(),
    left: z.array(z.strictObject({ asset: z.string(), says: z.string() }).readonly()).readonly(),
    waivers: z.array(Waiver).readonly(),
    notes: z.array(z.string()).readonly(),
    setAside: z.strictObject({ accounts: z.int(), debtUsd: z.number() }).readonly(),
    fits: z.array(FitReport).readonly(),
    forecaster: z
      .strictObject({ backend: z.string(), horizonSteps: z.int(), verdicts: z.array(ForecasterVerdict).readonly() })
      .readonly()
      .nullable(),
    /** `contained`: the same with the book's sales taken as part of the recorded prices instead of added to them. */
    replay: z
      .strictObject({
        from: z.string(),
        to: z.string(),
        before: NamedResult,
        after: NamedResult,
        contained: z.strictObject({ before: NamedResult, after: NamedResult }).readonly(),
      })
      .readonly()
      .nullable(),
    /** Missing in results stored before it was added. */
    regret: Regret.nullable().optional(),
    milliseconds: z.record(z.string(), z.number()).readonly(),
  })
  .readonly();
export type Result = z.infer<typeof Result>;

/** `run` is the newest run; `result` the newest finished one's. */
export const Page = z.strictObject({ version: z.string(), run: Run.nullable(), result: Result.nullable() }).readonly();
export type Page = z.infer<typeof Page>;

/** The part of a result that the voyage knows before anything is written or rehearsed. */
export type Computed = Omit<Result, 'runId' | 'execution' | 'milliseconds' | 'bundle' | 'verifyCommand'>;
