/**
 * Challenger: a law so simple that it can hardly be wrong in the same way, and how far it is from the model asset by asset.
 *
 *   history, filtered: every window of the horizon in the asset's own past, its log returns times σ now / σ at its start      (Hull and White 1998)
 *   σ²_t = (1 − w) σ²_{t−1} + w r²_t,  w = 6 % a day                                                                     (RiskMetrics 1996)
 *   index = max(a/b, b/a),  a, b: expected shortfall of the deepest fall in the horizon, by history and by the model
 *
 * No fit, no distribution, no draw: every window counts once. 1 = they agree. What is compared is what a haircut must survive.
 */

import { SECONDS_PER_DAY } from '../base/units.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { MarketModel } from '../models/market.ts';
import type { ScenarioSet } from '../models/scenario.ts';
import type { Policy } from './policy.ts';
import type { Challenge } from './recommendation.ts';
import * as Law from './stress/law.ts';
import { BLOCK } from './stress/stress.ts';
import * as Summary from './stress/summary.ts';

/** Of the law: enough for a tail that is tilted towards falls. */
const MOST_PATHS = 2_048;
const DAILY_WEIGHT = 0.06;
/** Fewer windows than this have no tail to speak of. */
export const FEWEST_WINDOWS = 1_000;
/** A fall twice as deep needs a haircut about twice as large, more than any single step repairs. */
const MOST_DISAGREEMENT = 2;

export function mostDisagreement({ maxDisagreement }: Pick<Policy, 'maxDisagreement'>): number {
  return maxDisagreement ?? MOST_DISAGREEMENT;
}

/** By panel asset of the model; an asset with too short a past is not in it. */
export function challenge(
  kernel: Kernel,
  panel: MarketPanel,
  model: MarketModel,
  scenarios: ScenarioSet,
  level: number,
): ReadonlyMap<string, Challenge> {
  const { steps } = scenarios;
  const law = lawFalls(kernel, model, scenarios);
  const found = new Map<string, Challenge>();
  for (const [column, asset] of model.assets.entries()) {
    const falls = historyFalls(kernel, panel, asset, steps);
    if (falls.length < FEWEST_WINDOWS) continue;
    const lawFall = Summary.tailOf({ lossUsd: law.falls[column]!, weight: law.weight }, level).expectedShortfallUsd;
    const historyFall = Summary.tailOf({ lossUsd: falls, weight: falls.map(() => 1) }, level).expectedShortfallUsd;
    if (!(lawFall > 0 && historyFall > 0)) continue;
    found.set(asset, { lawFall, historyFall, index: Math.max(lawFall / historyFall, historyFall / lawFall) });
  }
  return found;
}

/** 1 − lowest price over the price at the start, window by window, as if each had begun at today's volatility. */
export function historyFalls(kernel: Kernel, panel: MarketPanel, asset: string, steps: number): readonly number[] {
  const { log, variance, now, first } = pastOf(kernel, panel, asset);
  const falls: number[] = [];
  for (let start = first + warmUp(panel.stepSeconds); start + steps < log.length; start += 1) {
    let lowest = 0;
    for (let step = 1; step <= steps; step += 1) lowest = Math.min(lowest, log[start + step]! - log[start]!);
    const scale = variance[start]! > 0 ? Math.sqrt(now / variance[start]!) : 1;
    falls.push(1 - kernel.exp(lowest * scale));
  }
  return falls;
}

/** Log price by bar, the last known one where a bar is masked; σ² as of each bar, and now. `first`: the first bar with a price, Infinity without. */
export type Past = { readonly log: readonly number[]; readonly variance: readonly number[]; readonly now: number; readonly first: number };

export function pastOf(kernel: Kernel, panel: MarketPanel, asset: string): Past {
  const weight = weightOf(panel.stepSeconds);
  const log: number[] = [];
  const variance: number[] = [];
  let known = Number.NaN;
  let now = Number.NaN;
  for (const price of panel.bars[asset]?.close ?? []) {
    const next = price === null ? known : kernel.log(price);
    const move = next - known;
    if (!Number.isNaN(move)) now = Number.isNaN(now) ? move * move : (1 - weight) * now + weight * move * move;
    known = next;
    log.push(known);
    variance.push(now);
  }
  const first = log.findIndex((value) => !Number.isNaN(value));
  return { log, variance, now, first: first < 0 ? Number.POSITIVE_INFINITY : first };
}

/** Bars until σ² has mostly forgotten where it began. */
export function warmUp(stepSeconds: number): number {
  return Math.ceil(1 / weightOf(stepSeconds));
}

function weightOf(stepSeconds: number): number {
  return (DAILY_WEIGHT * stepSeconds) / SECONDS_PER_DAY;
}

function lawFalls(kernel: Kernel, model: MarketModel, { seed, steps, paths, tilt }: ScenarioSet) {
  const { input } = Law.flatten(model, tilt);
  const falls = model.assets.map((): number[] => []);
  const weight: number[] = [];
  for (let start = 0; start < Math.min(MOST_PATHS, paths); start += BLOCK) {
    const count = Math.min(BLOCK, Math.min(MOST_PATHS, paths) - start);
    const { factors, weights } = kernel.simulate(input, seed, steps, start, count);
    for (let path = 0; path < count; path += 1) {
      weight.push(weights[path]!);
      for (let column = 0; column < model.assets.length; column += 1) {
        let lowest = 1;
        for (let step = 0; step < steps; step += 1)
          lowest = Math.min(lowest, factors[(path * steps + step) * model.assets.length + column]!);
        falls[column]!.push(1 - lowest);
      }
    }
  }
  return { falls, weight };
}
