/**
 * From a panel to the market's law: the recipe.
 *
 * Pure: the same panel and seed give the same model, except for the learned part, whose float32 training repeats on one backend.
 * A bar masked in the panel never enters, and neither does the return across a hole. An asset that cannot be modelled is left,
 * with the reason, and the rest goes on.
 */
import { PlimsollError } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { endsAt, type MarketPanel } from '../datasets/panel.ts';
import * as Correlation from './correlation.ts';
import * as Forecaster from './forecaster.ts';
import * as Garch from './garch.ts';
import * as Liquidity from './liquidity.ts';
import type { FitReport, GjrLaw, Margin, MarketModel } from './market.ts';
import * as Regime from './regime.ts';
import * as Tail from './tail.ts';
import * as Turbulence from './turbulence.ts';

export type FitOptions = {
  readonly seed: number;
  /** Train the challenger too. */
  readonly forecaster: boolean;
  /** `share` of the whole that is done, 0 to 1. */
  readonly onStep?: (step: string, share: number) => void;
  readonly minimumHistorySeconds?: number;
};

const MINIMUM_HISTORY_SECONDS = 180 * SECONDS_PER_DAY;
/** An asset whose last bar is older than this at the end of the panel has no price to stress. */
const STALE_SECONDS = 3 * SECONDS_PER_DAY;

export async function fit(panel: MarketPanel, options: FitOptions): Promise<MarketModel> {
  const step = async (says: string, share: number): Promise<void> => {
    options.onStep?.(says, share);
    // Let a server answer between steps.
    await new Promise((resolve) => setImmediate(resolve));
  };
  // 1. Returns, and who can be modelled at all.
  await step('returns', 0);
  const left: { asset: string; says: string }[] = panel.excluded.map(({ asset, says }) => ({ asset, says }));
  const candidates: { asset: string; returnsPct: Float64Array }[] = [];
  for (const asset of panel.assets) {
    const reason = refusal(panel, asset, options.minimumHistorySeconds ?? MINIMUM_HISTORY_SECONDS);
    if (reason === null) candidates.push({ asset, returnsPct: returnsPct(panel, asset) });
    else if (!left.some((entry) => entry.asset === asset)) left.push({ asset, says: reason });
  }
  // 2. Volatility by asset.
  const fitted: { asset: string; returnsPct: Float64Array; garch: Garch.GarchFit; filtered: Garch.Filtered }[] = [];
  for (const [index, { asset, returnsPct: returns }] of candidates.entries()) {
    await step(`volatility of ${asset}`, 0.02 + (0.33 * index) / candidates.length);
    try {
      const garch = Garch.fit(returns, Garch.GJR_T);
      fitted.push({ asset, returnsPct: returns, garch, filtered: Garch.filter(returns, garch.parameters, Garch.GJR_T) });
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      left.push({ asset, says: `${error.name}: ${error.message}` });
    }
  }
  if (fitted.length === 0) {
    throw new NothingToFitError({
      got: `${panel.assets.length} assets, none of which can be modelled (${left.map(({ asset, says }) => `${asset}: ${says}`).join('; ')})`,
      needed: 'at least one asset with 180 days of bars up to the end of the panel',
      fix: 'Give a longer history, or an as-of date inside it.',
    });
  }
  // 3. The market's regime, and what it does to residuals.
  await step('market regime', 0.36);
  const days = Turbulence.days(panel);
  const turbulence = Turbulence.statistic(
    fitted.map((asset) => asset.returnsPct),
    days,
  );
  const chain = Regime.fitChain(turbulence, days, { seed: options.seed });
  const multiplier = Regime.multipliers(
    fitted.map(({ filtered }) => filtered.standardized),
    chain,
  );
  const regime = Regime.law(panel, chain, days, multiplier);
  const through = Regime.multiplierThrough(chain, multiplier);
  const standardized = fitted.map(({ filtered }) => filtered.standardized.map((u, t) => u / through[t]!));
  // 4. Correlation: dynamic, by regime, and in the extremes.
  await step('correlation', 0.48);
  const correlation = Correlation.fit(standardized, chain.predicted, regime.now);
  // 5. Margins.
  const margins: Record<string, Margin> = {};
  for (const [index, { asset }] of fitted.entries()) {
    if (index % 4 === 0) await step('tails', 0.62 + (0.06 * index) / fitted.length);
    margins[asset] = Tail.margin(standardized[index]!, correlation.copulaNu, asset);
  }
  // 6. Liquidity.
  const dailyVolumeUsd = Object.fromEntries(
    fitted.map(({ asset }) => [asset, Liquidity.trailingDailyVolume(panel.bars[asset]!, panel.stepSeconds)]),
  );
  const volatility = Object.fromEntries(fitted.map(({ asset, garch, filtered }) => [asset, gjrLaw(asset, garch, filtered.nextVariance)]));
  const law = { volatility, margins, regime };
  // 7. The challenger.
  const forecaster = options.forecaster
    ? await Forecaster.fit(
        {
          panel,
          assets: fitted.map(({ asset }) => asset),
          returnsPct: fitted.map((asset) => asset.returnsPct),
          law,
          copulaNu: correlation.copulaNu,
          chain,
        },
        { seed: options.seed, onStep: (says, share) => step(says, 0.7 + 0.3 * share) },
      )
    : null;
  await step('model fitted', 1);
  return seal({
    kind: 'market-model' as const,
    from: { panel: panel.id },
    asOf: endsAt(panel),
    stepSeconds: panel.stepSeconds,
    simulated: panel.simulated,
    assets: fitted.map(({ asset }) => asset),
    left: left.sort((a, b) => (a.asset < b.asset ? -1 : 1)),
    volatility,
    margins,
    regime,
    correlation,
    dailyVolumeUsd,
    forecaster,
  });
}

/** Every fit report of a model, in the order of the recipe. */
export function reports(model: MarketModel): FitReport[] {
  return [
    ...Object.values(model.volatility).map(({ fit: report }) => report),
    model.regime.fit,
    model.correlation.fit,
    ...Object.values(model.margins).map(({ fit: report }) => report),
  ];
}

/** Log returns in percent; NaN at the first bar, at a masked bar and across a hole. */
export function returnsPct(panel: MarketPanel, asset: string): Float64Array {
  const close = panel.bars[asset]!.close;
  return Float64Array.from({ length: panel.length }, (_, t) => {
    const now = close[t] ?? null;
    const before = t === 0 ? null : (close[t - 1] ?? null);
    return now === null || before === null || !(now > 0) || !(before > 0) ? Number.NaN : 100 * Math.log(now / before);
  });
}

function refusal(panel: MarketPanel, asset: string, minimumHistorySeconds: number): string | null {
  const waived = (kind: string) => panel.waivers.some((waiver) => waiver.subject === asset && waiver.kind === kind);
  const fatal = panel.quality.find((finding) => finding.asset === asset && finding.severity === 'fatal' && !waived(finding.kind));
  if (fatal !== undefined) return `${fatal.kind}: ${fatal.says}`;
  const close = panel.bars[asset]?.close ?? [];
  let observed = 0;
  let last = -1;
  close.forEach((price, t) => {
    if (price === null) return;
    observed += 1;
    last = t;
  });
  const days = (seconds: number) => (seconds / SECONDS_PER_DAY).toFixed(1);
  if (observed * panel.stepSeconds < minimumHistorySeconds && !waived('too-little-history')) {
    return `too-little-history: ${days(observed * panel.stepSeconds)} days of bars, ${days(minimumHistorySeconds)} needed`;
  }
  if ((panel.length - 1 - last) * panel.stepSeconds > STALE_SECONDS)
    return `stale-data: no bar in the last ${days((panel.length - 1 - last) * panel.stepSeconds)} days of the panel`;
  return null;
}

function gjrLaw(asset: string, garch: Garch.GarchFit, nextVariance: number): GjrLaw {
  const { mu, omega, alpha, gamma, beta, nu } = garch.parameters;
  return {
    muPct: mu,
    omega,
    alpha,
    gamma,
    beta,
    nu: nu ?? Number.MAX_VALUE,
    nextVariance,
    unconditionalVariance: garch.unconditionalVariance,
    standardErrors: garch.standardErrors,
    fit: {
      model: 'GJR(1,1) with Student-t errors',
      subject: asset,
      observations: garch.observations,
      logLikelihood: garch.logLikelihood,
      converged: garch.converged,
      evaluations: garch.evaluations,
      atBound: garch.atBound,
      warnings: garch.warnings,
    },
  };
}

export class NothingToFitError extends PlimsollError {
  override readonly name = 'Market.NothingToFitError';
}
