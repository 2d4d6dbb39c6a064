/**
 * Model card: how a law fits the bars it was made from, asset by asset, in figures and in points to draw. For people: nothing here enters evidence.
 *
 * Diagnostics look at the bars of the fit itself, so they can find a law that is wrong but not prove one right; scores on unseen bars are `plimsoll score` and `train`.
 * Transforms and QQ hold residuals against the Student-t errors that volatility was fitted with. The law itself puts margins of the sample in their place (methods of tail.ts),
 * against which the same sample is even by construction: what is seen here is what those margins mend.
 */
import { z } from 'zod';
import { Id, seal } from '../base/id.ts';
import { AssetName, barTime, type MarketPanel } from '../datasets/panel.ts';
import { ljungBox, pitHistogram } from './backtests.ts';
import { returnsPct } from './fit.ts';
import * as Garch from './garch.ts';
import type { MarketModel } from './market.ts';
import { normalCdf, tCdf, tQuantile } from './math/special.ts';
import { quantileOfSorted, sorted } from './math/statistics.ts';
import { LEVELS, predict } from './predictive.ts';
import { kupiec } from './scoring.ts';

const Numbers = z.array(z.number()).readonly();
const Tested = z.strictObject({ lags: z.int().positive(), p: z.number().min(0).max(1) }).readonly();

export const AssetCard = z
  .strictObject({
    asset: AssetName,
    observations: z.int().nonnegative(),
    logLikelihood: z.number(),
    converged: z.boolean(),
    atBound: z.array(z.string()).readonly(),
    estimates: z.array(z.strictObject({ name: z.string(), value: z.number(), standardError: z.number().nullable() }).readonly()).readonly(),
    /** α + β + γ/2: what is left of a shock to variance after a step. */
    persistence: z.number(),
    /** Steps until half of it is left: 0 where nothing is carried over, null where none ever goes. */
    halfLifeSteps: z.number().nonnegative().nullable(),
    /** Ljung-Box on standardised residuals, and on their squares. */
    residuals: Tested,
    squares: Tested,
    /** Probability integral transforms of residuals by the Student-t errors, in even bins, and Pearson's p of their evenness. */
    transforms: z.strictObject({ counts: z.array(z.int()).readonly(), evenP: z.number() }).readonly(),
    /** Residual of a rank, standard deviations: where the Student-t errors put it, and where it is. */
    qq: z.strictObject({ expected: Numbers, seen: Numbers }).readonly(),
    /** The newest bars: what came, percent, between the quantiles that were said for it one bar ahead. */
    forecasts: z
      .strictObject({
        at: z.array(z.string()).readonly(),
        returnPct: Numbers,
        lowPct: Numbers,
        highPct: Numbers,
        level: z.number(),
        bars: z.int().nonnegative(),
        below: z.int().nonnegative(),
        above: z.int().nonnegative(),
        belowP: z.number(),
        aboveP: z.number(),
      })
      .readonly(),
  })
  .readonly();
export type AssetCard = z.infer<typeof AssetCard>;

export const ModelCard = z
  .strictObject({
    kind: z.literal('model-card'),
    id: Id,
    from: z.strictObject({ model: Id, panel: Id }).readonly(),
    asOf: z.string(),
    stepSeconds: z.int().positive(),
    simulated: z.boolean(),
    assets: z.array(AssetCard).readonly(),
  })
  .readonly();
export type ModelCard = z.infer<typeof ModelCard>;

const LAGS = 20;
const BINS = 20;
const LEVEL = 0.01;
/** The newest bars that are forecast, and points of a QQ plot. */
const FORECASTS = 500;
const POINTS = 41;
/** −3.09 to 3.09: a thousandth at either end. */
const END = 3.09;

/** `panel` is the one the law was fitted on, or carried to. */
export function card(model: MarketModel, panel: MarketPanel): ModelCard {
  return seal({
    kind: 'model-card' as const,
    from: { model: model.id, panel: panel.id },
    asOf: model.asOf,
    stepSeconds: model.stepSeconds,
    simulated: model.simulated,
    assets: model.assets.map((asset) => cardOf(model, panel, asset)),
  });
}

function cardOf(model: MarketModel, panel: MarketPanel, asset: string): AssetCard {
  const law = model.volatility[asset]!;
  const { muPct: mu, omega, alpha, gamma, beta, nu } = law;
  const parameters = { mu, omega, alpha, gamma, beta, nu, lambda: null };
  const { standardized } = Garch.filter(returnsPct(panel, asset), parameters, Garch.GJR_T);
  // t errors of unit variance: z·√(ν/(ν − 2)) is Student's own t.
  const unit = Math.sqrt(nu / (nu - 2));
  const { counts, pValue: evenP } = pitHistogram(
    standardized.map((value) => tCdf(value * unit, nu)),
    BINS,
  );
  const persistence = Garch.persistence(parameters);
  return {
    asset,
    observations: law.fit.observations,
    logLikelihood: law.fit.logLikelihood,
    converged: law.fit.converged,
    atBound: law.fit.atBound,
    estimates: Object.entries({ mu, omega, alpha, gamma, beta, nu }).map(([name, value]) => ({
      name,
      value,
      standardError: law.standardErrors[name] ?? null,
    })),
    persistence,
    halfLifeSteps: halfLife(persistence),
    residuals: { lags: LAGS, p: ljungBox(standardized, LAGS).pValue },
    squares: {
      lags: LAGS,
      p: ljungBox(
        standardized.map((value) => value * value),
        LAGS,
      ).pValue,
    },
    transforms: { counts, evenP },
    qq: quantiles(standardized, (u) => tQuantile(u, nu) / unit),
    forecasts: forecasts(model, panel, asset),
  };
}

function halfLife(persistence: number): number | null {
  if (persistence >= 1) return null;
  return persistence <= 0 ? 0 : Math.log(0.5) / Math.log(persistence);
}

/** Ranks evenly apart in standard deviations of a normal, so that tails are drawn too; the ends at 1/1,000, where a year of hours still has some nine bars. */
function quantiles(standardized: Float64Array, expected: (u: number) => number): AssetCard['qq'] {
  const seen = sorted(standardized.filter((value) => !Number.isNaN(value)));
  const places = Array.from({ length: POINTS }, (_, i) => normalCdf(END * ((2 * i) / (POINTS - 1) - 1)));
  return { expected: rounded(places.map(expected)), seen: rounded(places.map((place) => quantileOfSorted(seen, place))) };
}

function forecasts(model: MarketModel, panel: MarketPanel, asset: string): AssetCard['forecasts'] {
  const fromMs = barTime(panel, Math.max(0, panel.length - FORECASTS));
  const said = predict(model, panel, asset, fromMs);
  const lowPct = said.quantilePct[LEVELS.indexOf(LEVEL)]!;
  const highPct = said.quantilePct[LEVELS.indexOf(1 - LEVEL)]!;
  const bars = said.atMs.length;
  const below = said.returnPct.filter((r, i) => r < lowPct[i]!).length;
  const above = said.returnPct.filter((r, i) => r > highPct[i]!).length;
  const p = (hits: number) => (bars === 0 ? 1 : kupiec(hits, bars, LEVEL).pValue);
  return {
    at: said.atMs.map((at) => new Date(at).toISOString()),
    returnPct: rounded(said.returnPct),
    lowPct: rounded(lowPct),
    highPct: rounded(highPct),
    ...{ level: LEVEL, bars, below, above, belowP: p(below), aboveP: p(above) },
  };
}

/** Points to draw; four digits after the point of a percent are more than a screen shows. */
function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(1e4 * value) / 1e4);
}
