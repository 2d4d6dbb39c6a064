/**
 * From a finished voyage to the result a page shows. For the eye only: nothing made here enters the evidence, so plain
 * logarithms and roots are fine.
 */
import { BPS_ONE, SECONDS_PER_DAY } from '../base/units.ts';
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import type { ProtocolState } from '../datasets/state.ts';
import { reports } from '../models/fit.ts';
import type { MarketModel } from '../models/market.ts';
import { exposures } from '../tuner/objective.ts';
import { losses } from '../tuner/stress/summary.ts';
import type { AssetExposure, Computed, LossHistogram } from './page.ts';
import type { Voyage } from './voyage.ts';

const BINS = 32;
const VOLATILITY_WINDOW_SECONDS = SECONDS_PER_DAY;
const SECONDS_PER_YEAR = 365.25 * SECONDS_PER_DAY;

export function resultOf(made: Voyage): Computed {
  const { panel, state, policy, model, scenarios, precision, before, after, recommendation, proposal, replayed, regret, frontier, caps } =
    made;
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
    ...(precision === null ? {} : { precision }),
    recommendation,
    policy: { name: policy.name, says: policy.says, overBudgetProbability: policy.overBudgetProbability },
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
    frontier,
    caps,
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
        : {
            from: replayed.before.from,
            to: replayed.before.to,
            before: replayed.before.result,
            after: replayed.after.result,
            contained: { before: replayed.contained.before.result, after: replayed.contained.after.result },
          },
    regret,
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
