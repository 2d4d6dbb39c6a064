/**
 * Reverse stress: not what a scenario costs, but which scenario costs more than the budget. Of all combinations of log moves x of the book's
 * price series over the horizon, the nearest to the law's middle by Mahalanobis distance whose loss is above the budget: under a normal law
 * of the same covariance the most likely one (Breuer, Jandačka, Rheinberger, Summer, "How to find plausible, severe and useful stress
 * scenarios", 2009). Prices go to x in a straight line; everything else is the base scenario's. Deterministic; the best of several starts,
 * with no proof that none is nearer. A straight line is a kind way to get anywhere: the law's own paths jump, and lose more on the way.
 */
import { PlimsollError } from '../../base/errors.ts';
import { PURPOSE, uniform } from '../../base/random.ts';
import { SECONDS_PER_HOUR } from '../../base/units.ts';
import type { ParametersByAsset } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import * as Summary from '../stress/summary.ts';
import * as Terms from '../stress/terms.ts';
import * as Cloud from './cloud.ts';
import * as Curves from './curves.ts';
import * as Run from './run.ts';
import type { Scenario } from './scenario.ts';
import * as Search from './search.ts';
import * as World from './world.ts';

export type Question = {
  readonly parameters: ParametersByAsset;
  readonly budgetUsd: number;
  readonly level: number;
  /** Of the law, to know its covariance and its tails. */
  readonly paths: number;
  /** The move takes so long and then stands; its covariance is the law's over as long. The whole horizon where left out. */
  readonly overHours?: number;
  readonly onShare?: (share: number) => void;
};

/** How much of the law lies beyond; none of so many paths still bounds it. */
export type Beyond = { readonly paths: number; readonly probability: number; readonly upper: number };

export type Found = {
  readonly verdict: 'found';
  readonly distance: number;
  /** `sigmas`: of the series' own log move over the horizon, from its mean. */
  readonly moves: readonly { readonly series: string; readonly to: number; readonly sigmas: number }[];
  readonly lossUsd: number;
  readonly budgetUsd: number;
  /** Paths at least as far in this direction: a half-space that touches the scenario. */
  readonly asFarThisWay: Beyond;
  /** Paths at least as far in any direction. */
  readonly asFarAnyWay: Beyond;
  /** Of a normal law in this direction, to compare: what fat tails make of it. */
  readonly normalThisWay: number;
  /** Of the law's own paths under the same base: how many lose more than the budget, by whatever way they take. */
  readonly ownPaths: Beyond;
  readonly ends: readonly number[];
  /** The same as a scenario: run, it loses `lossUsd`. */
  readonly scenario: Scenario;
  readonly outcome: Run.Outcome;
};

export type None = { readonly verdict: 'none'; readonly within: number; readonly budgetUsd: number; readonly ownPaths: Beyond };

/** Where nothing else is asked for: markets, feeds and liquidators as they are. */
export const TODAY: Scenario = { name: 'today', why: 'Markets as they are.', prices: 'still', moves: [], depth: [] };

/** Standard deviations of the cloud beyond which nobody looks. */
const FARTHEST = 100;
const RANDOM_DIRECTIONS = 48;
/** exp of more is no multiple a scenario may have. */
const LARGEST_LOG = 6.9;
const SQRT_TWO_PI = 2.5066282746310002;

export function find(kernel: Kernel, ground: World.Ground, base: Scenario, question: Question): Found | None {
  if (base.prices !== 'still') {
    throw new BaseError({ got: 'prices: law', needed: 'prices: still: the search moves prices itself', where: base.name });
  }
  const { parameters, budgetUsd, level, paths, onShare } = question;
  const world = World.make(kernel, ground, base);
  const overHours = question.overHours ?? world.hours;
  const steps = (overHours * SECONDS_PER_HOUR) / ground.model.stepSeconds;
  if (!(Number.isInteger(steps) && steps >= 1 && overHours <= world.hours)) {
    throw new BaseError({
      got: `a move over ${overHours} hours`,
      needed: `a whole number of the law's steps of ${ground.model.stepSeconds} s, at most ${world.hours} hours`,
      where: base.name,
    });
  }
  const cloud = Cloud.of(kernel, ground, paths, steps);
  const lossesAt = valuation(kernel, world, cloud, overHours, ground, parameters);
  const outside: Search.Outside = (places) => lossesAt(places).map((usd) => usd > budgetUsd);
  const middle = new Float64Array(cloud.series.length);
  const nearest = outside([middle])[0]
    ? { direction: middle, distance: 0, ends: [0] }
    : Search.nearest(outside, directions(kernel, cloud, ground), { farthest: FARTHEST, ...(onShare === undefined ? {} : { onShare }) });
  const own = ownPaths(kernel, ground, base, question);
  if (nearest === null) return { verdict: 'none', within: FARTHEST, budgetUsd, ownPaths: own };

  const { direction, distance, ends } = nearest;
  const place = direction.map((part) => part * distance);
  const logs = Cloud.movesAt(cloud, place);
  const to = multiplesOf(kernel, logs);
  const scenario: Scenario = {
    ...base,
    name: `nearest loss above ${Math.round(budgetUsd)} USD`.slice(0, 80),
    why: `Found by reverse stress on ${ground.state.protocol} as of ${ground.state.asOf}, ${distance.toFixed(2)} standard deviations from the middle of the law. Base: ${base.name}.`.slice(
      0,
      2_000,
    ),
    hours: world.hours,
    moves: [...base.moves, ...cloud.series.map((series, index) => ({ series, to: to[index]!, overHours }))],
  };
  const outcome = Run.run(kernel, World.make(kernel, ground, scenario), parameters, { paths: 1, risk: { level, budgetUsd } });
  const size = cloud.series.length;
  const project = (path: number) => direction.reduce((sum, part, index) => sum + part * cloud.places[path * size + index]!, 0);
  const norm = (path: number) =>
    Math.sqrt(middle.reduce((sum, _, index) => sum + cloud.places[path * size + index]! * cloud.places[path * size + index]!, 0));
  const beyond = (read: (path: number) => number) =>
    Summary.overBudget(
      kernel,
      { lossUsd: cloud.weight.map((_, path) => read(path)), weight: cloud.weight, largestWeight: cloud.largestWeight },
      distance === 0 ? -1 : distance,
    );
  return {
    verdict: 'found',
    distance,
    moves: cloud.series.map((series, index) => ({
      series,
      to: to[index]!,
      sigmas: (logs[index]! - cloud.mean[index]!) / Cloud.sigmaOf(cloud, index),
    })),
    lossUsd: outcome.summary.meanUsd,
    budgetUsd,
    asFarThisWay: beyond(project),
    asFarAnyWay: beyond(norm),
    normalThisWay: (kernel.millsOf(distance) * kernel.exp((-distance * distance) / 2)) / SQRT_TWO_PI,
    ownPaths: own,
    ends,
    scenario,
    outcome,
  };
}

function ownPaths(kernel: Kernel, ground: World.Ground, base: Scenario, { parameters, paths, budgetUsd }: Question): Beyond {
  const { stepMinutes: _, ...rest } = base;
  const world = World.make(kernel, ground, { ...rest, prices: 'law' });
  const { byPath } = Run.simulate(kernel, world, parameters, paths);
  const lossUsd = Summary.losses(byPath, world.insuranceFundUsd);
  return Summary.overBudget(kernel, { lossUsd, weight: byPath.weight, largestWeight: world.largestWeight }, budgetUsd);
}

/** Losses at places of the cloud, computed just as the scenario that is written down will be. */
function valuation(
  kernel: Kernel,
  world: World.World,
  cloud: Cloud.Cloud,
  overHours: number,
  { state }: World.Ground,
  parameters: ParametersByAsset,
) {
  const input = Terms.apply(world.book, parameters);
  const { steps, stepSeconds, curves, insuranceFundUsd } = world;
  const size = input.assets;
  const which = state.assets.map(({ panelAsset }) => (panelAsset === null ? -1 : cloud.series.indexOf(panelAsset)));
  return (places: readonly Float64Array[]): readonly number[] => {
    if (places.length === 0) return [];
    const factors = new Float64Array(places.length * steps * size);
    places.forEach((place, path) => {
      const ramps = Array.from(multiplesOf(kernel, Cloud.movesAt(cloud, place)), (to) => Curves.ramp(to, 0, overHours));
      const own = curves.factors.slice();
      for (let step = 1; step <= steps; step += 1) {
        const hour = (step * stepSeconds) / SECONDS_PER_HOUR;
        for (let asset = 0; asset < size; asset += 1) {
          const series = which[asset]!;
          if (series >= 0) own[(step - 1) * size + asset]! *= ramps[series]!(hour);
        }
      }
      factors.set(Run.stillFactors({ ...world, curves: { ...curves, factors: own } }), path * steps * size);
    });
    const part = kernel.stress(input, { ...Run.timing(world, input), count: places.length, factors });
    return places.map((_, path) => part.badDebtUsd[path]! + Math.max(0, part.marginShortfallUsd[path]! - insuranceFundUsd));
  };
}

function multiplesOf(kernel: Kernel, logs: Float64Array): Float64Array {
  return logs.map((log) => kernel.exp(Math.min(LARGEST_LOG, log)));
}

/**
 * Where to look first, both ways: each series by itself; each with what usually comes with it; everything the book has, by its USD, the worst
 * corner to a linear eye; the axes; and ways drawn at random.
 */
function directions(kernel: Kernel, cloud: Cloud.Cloud, { state, scenarios }: World.Ground): Float64Array[] {
  const { series, root } = cloud;
  const size = series.length;
  const price = new Map(state.assets.map((asset) => [asset.asset, asset]));
  const usd = new Float64Array(size);
  const add = (asset: string, tokens: number) => {
    const { panelAsset, priceUsd } = price.get(asset)!;
    const index = panelAsset === null ? -1 : series.indexOf(panelAsset);
    if (index >= 0) usd[index]! += tokens * priceUsd;
  };
  for (const { collateral, debt } of state.lending) {
    if (debt.length === 0) continue;
    for (const { asset, amountTokens } of collateral) add(asset, amountTokens);
    for (const { asset, amountTokens } of debt) add(asset, -amountTokens);
  }
  /** Lᵀ·v: the most likely way to a given v·x. */
  const pulled = (v: ArrayLike<number>) => {
    const way = new Float64Array(size);
    for (let k = 0; k < size; k += 1) for (let i = k; i < size; i += 1) way[k]! += root[i * size + k]! * v[i]!;
    return way;
  };
  /** L⁻¹·v: v itself and nothing else. */
  const solved = (v: ArrayLike<number>) => {
    const way = new Float64Array(size);
    for (let i = 0; i < size; i += 1) {
      let rest = v[i]!;
      for (let k = 0; k < i; k += 1) rest -= root[i * size + k]! * way[k]!;
      way[i] = rest / root[i * size + i]!;
    }
    return way;
  };
  const units = series.map((_, index) => Float64Array.from(series, (__, other) => (other === index ? 1 : 0)));
  const sigma = Float64Array.from(series, (_, index) => Cloud.sigmaOf(cloud, index));
  const drawn = Array.from({ length: RANDOM_DIRECTIONS }, (_, draw) =>
    Float64Array.from(series, (__, lane) => kernel.normalQuantile(uniform(scenarios.seed, PURPOSE.reverse, draw, 0, lane))),
  );
  const both = [pulled(usd), pulled(sigma), solved(sigma), ...units, ...units.map(pulled), ...units.map(solved), ...drawn];
  return both.flatMap((way) => [way, way.map((part) => -part)]).filter((way) => way.some((part) => part !== 0));
}

export class BaseError extends PlimsollError {
  override readonly name = 'Reverse.BaseError';
}
