/**
 * Foresight: how far each asset may move within the margin period of risk, by the law as it stands, in its usual state and in its worst.
 *
 * The joint law's own paths in the kernel: the same bits anywhere. What counts is the extreme on the way, not the end: an account is closed
 * when it is reached. Where the forecaster's gate is open, the law's quantile is moved by weight × (its quantile / the law's − 1), at the
 * forecaster's own horizon of a day and its level nearest to the wanted one; a closed gate moves nothing.
 */
import type { MarketPanel } from '../../datasets/panel.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { GjrLaw, MarketModel } from '../../models/market.ts';
import { quantileOfSorted } from '../../models/math/statistics.ts';
import { pastOf, warmUp } from '../challenger.ts';
import { flatten } from '../stress/law.ts';
import type { Foresight, Quantiles } from './predictive.ts';

export type Question = {
  /** Of the margin: 0.99 is exceeded by one move in a hundred, each way. */
  readonly level: number;
  readonly periodSeconds: number;
  readonly seed: number;
};

const PATHS = 4_096;
const PERCENT_SQUARED = 1e4;

/** By asset of the model. The most turbulent state is the largest variance of 6 % a day that the panel has seen (challenger.ts). */
export function foresee(kernel: Kernel, panel: MarketPanel, model: MarketModel, question: Question): ReadonlyMap<string, Foresight> {
  const { regime } = model;
  const now = quantiles(kernel, model, question);
  const usual = withVariance({ ...model, regime: { ...regime, now: regime.stationary } }, (_, law) => law.unconditionalVariance);
  const longRun = quantiles(kernel, usual, question);
  const worst = withVariance(model, (asset, law) => Math.max(law.nextVariance, PERCENT_SQUARED * largestVariance(kernel, panel, asset)));
  const stressed = quantiles(kernel, worst, question);
  return new Map(
    model.assets.map((asset, index) => [
      asset,
      { ...mixed(model, asset, now[index]!, question.level), longRun: longRun[index]!, stressed: stressed[index]! },
    ]),
  );
}

/** In the order of the model's assets. */
export function quantiles(kernel: Kernel, model: MarketModel, { level, periodSeconds, seed }: Question): readonly Quantiles[] {
  const steps = Math.max(1, Math.round(periodSeconds / model.stepSeconds));
  const size = model.assets.length;
  const { factors } = kernel.simulate(flatten(model).input, seed, steps, 0, PATHS);
  return model.assets.map((_, column) => {
    const lowest = new Float64Array(PATHS).fill(1);
    const highest = new Float64Array(PATHS).fill(1);
    for (let path = 0; path < PATHS; path += 1) {
      for (let step = 0; step < steps; step += 1) {
        const factor = factors[(path * steps + step) * size + column]!;
        if (factor < lowest[path]!) lowest[path] = factor;
        if (factor > highest[path]!) highest[path] = factor;
      }
    }
    return { fallFraction: 1 - quantileOfSorted(lowest.sort(), 1 - level), riseFraction: quantileOfSorted(highest.sort(), level) - 1 };
  });
}

export function withVariance(model: MarketModel, next: (asset: string, law: GjrLaw) => number): MarketModel {
  const volatility = Object.fromEntries(
    model.assets.map((asset) => {
      const law = model.volatility[asset]!;
      return [asset, { ...law, nextVariance: next(asset, law) }];
    }),
  );
  return { ...model, volatility };
}

function mixed({ forecaster }: MarketModel, asset: string, law: Quantiles, level: number): Pick<Foresight, 'now' | 'by'> {
  const weight = forecaster?.verdicts.find((verdict) => verdict.asset === asset)?.weight ?? 0;
  const [own, theirs] = [forecaster?.lawNext[asset], forecaster?.next[asset]];
  if (forecaster === null || weight === 0 || own === undefined || theirs === undefined) return { now: law, by: 'law' };
  const moved = (wanted: number) => {
    const distance = (at: number) => Math.abs(forecaster.quantileLevels[at]! - wanted);
    const at = forecaster.quantileLevels.reduce((best, _, index) => (distance(index) < distance(best) ? index : best), 0);
    const ratio = theirs[at]! / own[at]!;
    return ratio > 0 && Number.isFinite(ratio) ? 1 + weight * (ratio - 1) : 1;
  };
  return {
    now: { fallFraction: law.fallFraction * moved(1 - level), riseFraction: law.riseFraction * moved(level) },
    by: 'mixture',
  };
}

function largestVariance(kernel: Kernel, panel: MarketPanel, asset: string): number {
  const { variance, first } = pastOf(kernel, panel, asset);
  return variance.slice(first + warmUp(panel.stepSeconds)).reduce((most, value) => (value > most ? value : most), 0);
}
