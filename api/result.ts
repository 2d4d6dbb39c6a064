/**
 * One finished run as the page and `GET /v1/runs/latest` show it: the artifacts' own shapes, and what a page needs that no
 * artifact holds: exposure by asset, shared loss bins, the market's volatility through time.
 */
import { z } from 'zod';
import { BPS_ONE, SECONDS_PER_DAY } from '../base/units.ts';
import { barTime, type MarketPanel, QualityFinding, Waiver } from '../datasets/panel.ts';
import { type ProtocolState, RiskParameters } from '../datasets/state.ts';
import { Execution, Proposal } from '../governance/proposal.ts';
import { reports } from '../models/fit.ts';
import { FitReport, ForecasterVerdict, type MarketModel } from '../models/market.ts';
import { exposures } from '../tuner/objective.ts';
import { Recommendation } from '../tuner/recommendation.ts';
import { AccountImpact, NamedResult } from '../tuner/stress/evidence.ts';
import { losses } from '../tuner/stress/summary.ts';
import { Run } from './progress.ts';
import type { Voyage } from './voyage.ts';

const AssetExposure = z
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
type AssetExposure = z.infer<typeof AssetExposure>;

const Bins = z.strictObject({ zero: z.int(), counts: z.array(z.int()).readonly() }).readonly();
const LossHistogram = z.strictObject({ edgesUsd: z.array(z.number()).readonly(), before: Bins, after: Bins }).readonly();
type LossHistogram = z.infer<typeof LossHistogram>;

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
    recommendation: Recommendation,
    assets: z.array(AssetExposure).readonly(),
    regime: Regime,
    losses: LossHistogram,
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
    replay: z.strictObject({ from: z.string(), to: z.string(), before: NamedResult, after: NamedResult }).readonly().nullable(),
    milliseconds: z.record(z.string(), z.number()).readonly(),
  })
  .readonly();
export type Result = z.infer<typeof Result>;

/** `run` is the newest run; `result` the newest finished one's. */
export const Page = z.strictObject({ version: z.string(), run: Run.nullable(), result: Result.nullable() }).readonly();
export type Page = z.infer<typeof Page>;

export type Computed = Omit<Result, 'runId' | 'execution' | 'milliseconds' | 'bundle' | 'verifyCommand'>;

const BINS = 32;
const VOLATILITY_WINDOW_SECONDS = SECONDS_PER_DAY;
const SECONDS_PER_YEAR = 365.25 * SECONDS_PER_DAY;

export function resultOf(made: Voyage): Computed {
  const { panel, state, model, scenarios, before, after, recommendation, proposal, replayed } = made;
  const assets = exposuresOf(state, model);
  return {
    simulated: panel.simulated || state.simulated,
    asOf: recommendation.asOf,
    protocol: state.protocol,
    panel: {
      startsAt: panel.startsAt,
      length: panel.length,
      stepSeconds: panel.stepSeconds,
      assets: panel.assets.length,
      sources: panel.sources.map(({ name }) => name),
    },
    book: {
      lendingAccounts: state.lending.length,
      derivativeAccounts: state.derivatives.length,
      collateralUsd: total(assets.map(({ collateralUsd }) => collateralUsd)),
      debtUsd: total(assets.map(({ debtUsd }) => debtUsd)),
      insuranceFundUsd: state.insuranceFundUsd,
    },
    scenarios: { seed: scenarios.seed, paths: scenarios.paths, steps: scenarios.steps, stepSeconds: scenarios.stepSeconds },
    recommendation,
    assets,
    regime: {
      labels: model.regime.labels,
      now: model.regime.now,
      expectedDurationSteps: model.regime.expectedDurationSteps,
      stepSeconds: model.stepSeconds,
      history: model.regime.history,
      marketVolatilityPct: marketVolatilityPct(panel, model.regime.history.at),
    },
    losses: histogram(losses(before.paths, state.insuranceFundUsd), losses(after.paths, state.insuranceFundUsd)),
    accountsBefore: before.accounts,
    accountsAfter: after.accounts,
    proposal: proposal.kind === 'proposal' ? proposal : null,
    noProposal: proposal.kind === 'proposal' ? null : { reason: proposal.reason, says: proposal.says },
    quality: panel.quality,
    excluded: panel.excluded,
    left: model.left,
    waivers: [...panel.waivers, ...state.waivers],
    notes: state.notes,
    setAside: { accounts: state.setAside.length, debtUsd: total(state.setAside.map(({ debtUsd }) => debtUsd)) },
    fits: reports(model),
    forecaster:
      model.forecaster === null
        ? null
        : { backend: model.forecaster.backend, horizonSteps: model.forecaster.horizonSteps, verdicts: model.forecaster.verdicts },
    replay:
      replayed === null
        ? null
        : { from: replayed.before.from, to: replayed.before.to, before: replayed.before.result, after: replayed.after.result },
  };
}

/**
 * Bins spaced evenly in the logarithm between the smallest and the largest positive loss of both sides; bin i counts
 * edges[i] < loss ≤ edges[i+1], the first one its lower edge too. For the eye only: nothing here enters the evidence.
 */
export function histogram(before: readonly number[], after: readonly number[]): LossHistogram {
  const positive = [...before, ...after].filter((loss) => loss > 0);
  const low = positive.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY);
  const high = positive.reduce((most, loss) => Math.max(most, loss), 0);
  if (positive.length === 0)
    return { edgesUsd: [], before: { zero: before.length, counts: [] }, after: { zero: after.length, counts: [] } };
  const bins = high > low ? BINS : 1;
  const edgesUsd = Array.from({ length: bins + 1 }, (_, index) => low * (high / low) ** (index / bins));
  edgesUsd[bins] = high;
  const count = (all: readonly number[]) => {
    const counts = Array.from({ length: bins }, () => 0);
    for (const loss of all.filter((one) => one > 0)) {
      const above = edgesUsd.findIndex((edge, index) => index > 0 && loss <= edge);
      const bin = Math.max(0, above - 1);
      counts[bin] = counts[bin]! + 1;
    }
    return { zero: all.filter((loss) => !(loss > 0)).length, counts };
  };
  return { edgesUsd, before: count(before), after: count(after) };
}

function exposuresOf(state: ProtocolState, model: MarketModel): AssetExposure[] {
  const price = new Map(state.assets.map(({ asset, priceUsd }) => [asset, priceUsd]));
  const worth = ({ asset, amountTokens }: { asset: string; amountTokens: number }) => amountTokens * (price.get(asset) ?? 0);
  const collateral = new Map<string, { usd: number; used: number }>();
  const debt = new Map<string, number>();
  for (const account of state.lending) {
    const held = total(account.collateral.map(worth));
    const owed = total(account.debt.map(worth));
    for (const holding of account.collateral) {
      const sum = collateral.get(holding.asset) ?? { usd: 0, used: 0 };
      const usd = worth(holding);
      collateral.set(holding.asset, { usd: sum.usd + usd, used: sum.used + (held > 0 ? (usd * owed) / held : 0) });
    }
    for (const holding of account.debt) debt.set(holding.asset, (debt.get(holding.asset) ?? 0) + worth(holding));
  }
  const perps = new Map(exposures(state).map(({ asset, perpNotionalUsd }) => [asset, perpNotionalUsd]));
  return state.assets.map(({ asset, panelAsset, priceUsd, depth, parameters }) => {
    const held = collateral.get(asset);
    const law = panelAsset === null ? undefined : model.volatility[panelAsset];
    return {
      asset,
      panelAsset,
      priceUsd,
      collateralUsd: held?.usd ?? 0,
      debtUsd: debt.get(asset) ?? 0,
      perpGrossUsd: perps.get(asset) ?? 0,
      dailyVolumeUsd: depth.dailyVolumeUsd,
      usedLtvBps: held === undefined || held.usd <= 0 ? null : (BPS_ONE * held.used) / held.usd,
      annualVolatilityPct: law === undefined ? null : Math.sqrt((law.nextVariance * SECONDS_PER_YEAR) / model.stepSeconds),
      parameters,
    };
  });
}

/** Root of the summed squares of the equal-weight return over the day before each time, annualised; null where bars are missing. */
function marketVolatilityPct(panel: MarketPanel, at: readonly string[]): (number | null)[] | null {
  const window = Math.round(VOLATILITY_WINDOW_SECONDS / panel.stepSeconds);
  if (window < 2) return null;
  const closes = panel.assets.map((asset) => panel.bars[asset]!.close);
  const marketPct = Array.from({ length: panel.length }, (_, t) => {
    const moves = closes.flatMap((close) => {
      const [then, now] = [t === 0 ? null : (close[t - 1] ?? null), close[t] ?? null];
      return then === null || now === null ? [] : [100 * Math.log(now / then)];
    });
    return moves.length === 0 ? null : total(moves) / moves.length;
  });
  return at.map((time) => {
    const end = Math.round((Date.parse(time) - barTime(panel, 0)) / (panel.stepSeconds * 1000));
    const seen = marketPct.slice(Math.max(0, end - window), end).filter((move) => move !== null);
    return seen.length < window / 2
      ? null
      : Math.sqrt((total(seen.map((move) => move * move)) / seen.length) * (SECONDS_PER_YEAR / panel.stepSeconds));
  });
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
