/**
 * Training: is a new law better than the one in force, does the one in force still hold, and how it is carried to today.
 *
 * Better: on bars that neither law saw, the mean quantile loss of the next bar (predictive.ts), each asset over its mean absolute return so that
 * no coin counts more for moving more, averaged over the assets that both model. Diebold and Mariano's test says how sure that is.
 * Still holds: on bars after its as-of, transforms are even (Pearson on 20 bins) and the 1 % and 5 % quantiles of either side are broken as often as they
 * say (Kupiec); all p-values of all assets together are corrected by Holm.
 */
import { PlimsollError } from '../base/errors.ts';
import { seal } from '../base/id.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import { endsAt, type MarketPanel } from '../datasets/panel.ts';
import { pitHistogram } from './backtests.ts';
import { returnsPct } from './fit.ts';
import * as Garch from './garch.ts';
import { trailingDailyVolume } from './liquidity.ts';
import type { MarketModel } from './market.ts';
import { mean } from './math/statistics.ts';
import { LEVELS, type Predicted, predict } from './predictive.ts';
import { dieboldMariano, holm, kupiec } from './scoring.ts';

export type Comparison = {
  readonly from: string;
  readonly to: string;
  readonly bars: number;
  readonly assets: readonly { readonly asset: string; readonly bars: number; readonly inForce: number; readonly challenger: number }[];
  /** Mean scaled loss; smaller is better. */
  readonly inForceLoss: number;
  readonly challengerLoss: number;
  /** One-sided, small where the challenger is better; null where the laws say the same. */
  readonly pValue: number | null;
  /** Strictly lower loss, at the significance asked for. */
  readonly isBetter: boolean;
};
export type Refusal = { readonly reason: 'too-few-bars' | 'no-common-asset'; readonly says: string };
export type Drift = {
  readonly inForceAsOf: string;
  readonly from: string;
  readonly to: string;
  readonly verdict: 'fresh' | 'drifted' | 'too-few-bars';
  readonly because: readonly string[];
  readonly assets: readonly {
    readonly asset: string;
    readonly bars: number;
    /** Of even transforms. */
    readonly evenP: number;
    /** By tail: bars beyond the quantile, and Kupiec's p. */
    readonly coverage: readonly { readonly level: number; readonly beyond: number; readonly p: number }[];
  }[];
};

/** Fewer decide nothing: at 1 % they expect two hits. */
const LEAST_BARS = 200;
const BINS = 20;
/** Chance of a false alarm over all assets and tests together. */
const ALARM = 0.01;
const TAILS = [0.01, 0.05, 0.95, 0.99];

/** Days of such bars that are surely enough to compare: the least number, and a fifth for gaps. */
export function comparableDays(stepSeconds: number): number {
  return Math.ceil((1.2 * LEAST_BARS * stepSeconds) / SECONDS_PER_DAY);
}

/** Both laws on the bars of `panel` after `fromMs` and after either's as-of. `significance`: the most p that promotes; 1 takes any strict gain. */
export function compare(
  inForce: MarketModel,
  challenger: MarketModel,
  panel: MarketPanel,
  { fromMs, significance }: { readonly fromMs: number; readonly significance: number },
): Comparison | Refusal {
  for (const law of [inForce, challenger]) assertSameStep(law, panel);
  const assets = challenger.assets.filter((asset) => inForce.assets.includes(asset) && panel.assets.includes(asset));
  if (assets.length === 0) {
    return { reason: 'no-common-asset', says: `${challenger.assets.join(', ')} against ${inForce.assets.join(', ')}` };
  }
  const unseenMs = Math.max(fromMs, Date.parse(inForce.asOf), Date.parse(challenger.asOf));
  const pairs = assets.map((asset) => [predict(inForce, panel, asset, unseenMs), predict(challenger, panel, asset, unseenMs)] as const);
  const [old, fresh] = [0, 1].map((side) => losses(pairs.map((pair) => pair[side]!))) as [Map<number, number>, Map<number, number>];
  if (old.size < LEAST_BARS) {
    const days = Math.ceil((LEAST_BARS * panel.stepSeconds) / SECONDS_PER_DAY);
    const says = `${old.size} bars that neither law saw, ${LEAST_BARS} needed to compare them: ${days} days of such bars`;
    return { reason: 'too-few-bars', says };
  }
  const times = [...old.keys()].sort((a, b) => a - b);
  const differences = times.map((time) => fresh.get(time)! - old.get(time)!);
  const [inForceLoss, challengerLoss] = [mean([...old.values()]), mean([...fresh.values()])];
  const pValue = dieboldMariano(differences, Math.floor(Math.cbrt(differences.length)))?.pValue ?? null;
  return {
    from: new Date(unseenMs).toISOString(),
    to: endsAt(panel),
    bars: times.length,
    assets: pairs.map(([a, b]) => ({
      asset: a.asset,
      bars: a.atMs.length,
      inForce: mean(a.lossPct) / scaleOf(a),
      challenger: mean(b.lossPct) / scaleOf(b),
    })),
    inForceLoss,
    challengerLoss,
    pValue,
    isBetter: challengerLoss < inForceLoss && pValue !== null && pValue <= significance,
  };
}

/** The law in force on the bars of `panel` after its as-of, of at most the last `windowSeconds`. */
export function drift(model: MarketModel, panel: MarketPanel, windowSeconds: number): Drift {
  assertSameStep(model, panel);
  const toMs = Date.parse(endsAt(panel));
  const fromMs = Math.max(Date.parse(model.asOf), toMs - 1000 * windowSeconds);
  const assets = model.assets
    .filter((asset) => panel.assets.includes(asset))
    .map((asset) => judged(predict(model, panel, asset, fromMs)))
    .filter(({ bars }) => bars >= LEAST_BARS);
  const window = { inForceAsOf: model.asOf, from: new Date(Math.min(fromMs, toMs)).toISOString(), to: endsAt(panel) };
  if (assets.length === 0) {
    const says = `no asset has ${LEAST_BARS} bars after ${window.from}`;
    return { ...window, verdict: 'too-few-bars', because: [says], assets };
  }
  const tests = assets.flatMap(({ asset, bars, evenP, coverage }) => [
    { p: evenP, says: `${asset}: transforms are not even` },
    ...coverage.map(({ level, beyond, p }) => ({
      p,
      says: `${asset}: ${beyond} of ${bars} bars beyond the ${100 * level} % quantile, ${(bars * Math.min(level, 1 - level)).toFixed(1)} expected`,
    })),
  ]);
  const corrected = holm(tests.map(({ p }) => p));
  const because = tests.flatMap(({ says }, i) => (corrected[i]! < ALARM ? [`${says} (p ${corrected[i]!.toExponential(1)})`] : []));
  return { ...window, verdict: because.length > 0 ? 'drifted' : 'fresh', because, assets };
}

/**
 * The same estimates with the state of a newer panel: variance of the next bar, regime carried forward, volumes of the last days. What the learned part says
 * belongs to the bars it was given, so it stays behind. Assets the panel lacks are left, with the reason. What was fitted on a simulated market stays marked.
 * Throws `StepError` for bars of another length, `FutureError` for a law that has seen later bars than the panel's.
 */
export function carry(model: MarketModel, panel: MarketPanel): MarketModel {
  assertSameStep(model, panel);
  if (Date.parse(model.asOf) > Date.parse(endsAt(panel))) {
    throw new FutureError({
      got: `a law that has seen bars up to ${model.asOf}`,
      needed: `one from no later than the panel's end, ${endsAt(panel)}`,
      where: model.id,
      fix: 'Use a later --as-of, or a law trained with an earlier one.',
    });
  }
  const steps = Math.max(0, Math.round((Date.parse(endsAt(panel)) - Date.parse(model.asOf)) / (1000 * model.stepSeconds)));
  const assets = model.assets.filter((asset) => panel.assets.includes(asset));
  const kept = model.assets.map((asset, i) => (assets.includes(asset) ? i : -1)).filter((i) => i >= 0);
  const among = (matrix: readonly (readonly number[])[]) => kept.map((i) => kept.map((j) => matrix[i]![j]!));
  let now = model.regime.now;
  for (let step = 0; step < steps; step += 1)
    now = now.map((_, to) => now.reduce((sum, p, from) => sum + p * model.regime.transition[from]![to]!, 0));
  const { correlation } = model;
  const { id: _id, ...rest } = model;
  return seal({
    ...rest,
    from: { panel: panel.id, law: model.from.law ?? model.id },
    asOf: endsAt(panel),
    simulated: model.simulated || panel.simulated,
    assets,
    left: [
      ...model.left,
      ...model.assets
        .filter((asset) => !assets.includes(asset))
        .map((asset) => ({ asset, says: 'not in the panel that the law is used on' })),
    ].sort((a, b) => (a.asset < b.asset ? -1 : 1)),
    volatility: Object.fromEntries(
      assets.map((asset) => {
        const law = model.volatility[asset]!;
        const { muPct: mu, omega, alpha, gamma, beta, nu } = law;
        const { nextVariance } = Garch.filter(returnsPct(panel, asset), { mu, omega, alpha, gamma, beta, nu, lambda: null }, Garch.GJR_T);
        return [asset, { ...law, nextVariance }];
      }),
    ),
    margins: Object.fromEntries(assets.map((asset) => [asset, model.margins[asset]!])),
    regime: { ...model.regime, now },
    correlation: {
      ...correlation,
      target: among(correlation.target),
      now: among(correlation.now),
      byRegime: correlation.byRegime.map(among),
    },
    dailyVolumeUsd: Object.fromEntries(assets.map((asset) => [asset, trailingDailyVolume(panel.bars[asset]!, panel.stepSeconds)])),
    forecaster: null,
  });
}

function judged({ asset, atMs, returnPct, transform, quantilePct }: Predicted): Drift['assets'][number] {
  const bars = atMs.length;
  return {
    asset,
    bars,
    evenP: pitHistogram(transform, BINS).pValue,
    coverage: TAILS.map((level) => {
      const quantile = quantilePct[LEVELS.indexOf(level)]!;
      const beyond = returnPct.filter((r, i) => (level < 0.5 ? r < quantile[i]! : r > quantile[i]!)).length;
      return { level, beyond, p: bars === 0 ? 1 : kupiec(beyond, bars, Math.min(level, 1 - level)).pValue };
    }),
  };
}

/** By time: the mean over assets of the loss over the asset's own scale. */
function losses(predicted: readonly Predicted[]): Map<number, number> {
  const sums = new Map<number, [number, number]>();
  for (const one of predicted) {
    const scale = scaleOf(one);
    one.atMs.forEach((time, i) => {
      const [sum, count] = sums.get(time) ?? [0, 0];
      sums.set(time, [sum + one.lossPct[i]! / scale, count + 1]);
    });
  }
  return new Map([...sums].map(([time, [sum, count]]) => [time, sum / count]));
}

/** The same for both laws: it is the market's. */
function scaleOf({ returnPct }: Predicted): number {
  const size = mean(returnPct.map(Math.abs));
  return size > 0 ? size : 1;
}

/** Every estimate is one bar's: an hour's variance taken for a day's would pass unnoticed, and a factor of 24 too small. */
function assertSameStep(model: MarketModel, panel: MarketPanel): void {
  if (model.stepSeconds === panel.stepSeconds) return;
  throw new StepError({
    got: `a law of bars of ${model.stepSeconds} s`,
    needed: `one of the panel's ${panel.stepSeconds} s`,
    where: model.id,
    fix: 'Keep the laws of each bar length in a folder of their own (--models).',
  });
}

export class StepError extends PlimsollError {
  override readonly name = 'Training.StepError';
}

export class FutureError extends PlimsollError {
  override readonly name = 'Training.FutureError';
}
