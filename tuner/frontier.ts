/**
 * Frontier: how much borrowing power the book could have for how much expected shortfall of bad debt, with today's parameters
 * and the recommended ones on the same picture.
 *
 *   max over plans   power(plan) − λ · mean bad debt(plan)       for a ladder of λ
 *
 * Each asset's curve (power and mean bad debt by haircut, the others as recommended) is measured on few paths; if losses added
 * up over assets, each λ would pick every asset's haircut from its own curve. They do not quite, so whole plans are judged by
 * the engine, on paths that had no part in choosing them and that all plans share: errors of differences are paired.
 * Haircuts keep the walls and the gap of the policy; steps, cooldowns and budgets are left out, so that what they cost shows.
 */
import { z } from 'zod';
import { canonicalJson } from '../base/id.ts';
import { BPS_ONE } from '../base/units.ts';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../datasets/state.ts';
import type { MarketModel } from '../models/market.ts';
import type { ScenarioSet } from '../models/scenario.ts';
import * as Objective from './objective.ts';
import { limitOf, type Policy } from './policy.ts';
import { refusalOf, refusalOfAll } from './refusal.ts';
import type { Evaluate } from './stress/evaluate.ts';
import * as Summary from './stress/summary.ts';
import * as Trials from './trials.ts';

export const FrontierPoint = z
  .strictObject({
    borrowingPowerUsd: z.number().nonnegative(),
    /** Of bad debt, at the frontier's level. */
    expectedShortfallUsd: z.number().nonnegative(),
    standardErrorUsd: z.number().nonnegative(),
    /** Expected shortfall less today's, and its standard error on the shared paths. */
    changeUsd: z.number(),
    changeStandardErrorUsd: z.number().nonnegative(),
    /** No traced plan has as much power and no more shortfall, one of the two better. */
    efficient: z.boolean(),
    haircutBps: z.record(z.string(), z.int()).readonly(),
  })
  .readonly();
export type FrontierPoint = z.infer<typeof FrontierPoint>;

/** `reachUsd`: the most power of a traced plan with no more shortfall; null where every plan has more. */
const Standing = z.strictObject({ ...FrontierPoint.unwrap().shape, reachUsd: z.number().nonnegative().nullable() }).readonly();

export const Frontier = z
  .strictObject({
    level: z.number().gt(0).lt(1),
    /** What the policy allows of the whole loss, of which bad debt is a part. */
    budgetUsd: z.number().nonnegative(),
    /** Paths that judge, and paths that put plans forward before them; the same ones where there are too few for both. */
    paths: z.int().positive(),
    screenPaths: z.int().positive(),
    today: Standing,
    recommended: Standing,
    /** Whole plans by rising borrowing power; empty where no haircut may be judged. */
    points: z.array(FrontierPoint).readonly(),
    says: z.string(),
  })
  .readonly();
export type Frontier = z.infer<typeof Frontier>;

export type FrontierInput = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  readonly policy: Policy;
  readonly now: string;
  readonly evaluate: Evaluate;
  readonly recommended: ParametersByAsset;
  readonly onStep?: (step: string, share: number) => void;
};

/** Curves of the largest assets by exposure; the rest stand as recommended. */
const MOST_CURVES = 12;
/** Shares of the way from the recommended haircut to the tightest that are measured: finer where people argue, nothing beyond half. */
const TIGHTER = [1 / 10, 1 / 4, 1 / 2];
const MOST_PLANS = 10;

type Setting = { readonly haircutBps: number; readonly powerUsd: number; readonly lossUsd: number };
type Curve = { readonly asset: string; readonly settings: readonly Setting[] };
type Plan = Readonly<Record<string, number>>;

export async function trace(input: FrontierInput): Promise<Frontier> {
  const { state, policy, scenarios, recommended } = input;
  const trials = Trials.open(input.evaluate, scenarios.paths);
  const { screenPaths, searchPaths } = trials;
  const from = screenPaths < searchPaths ? screenPaths : 0;

  // 1. Each asset's curve, the others as recommended.
  const assets = movable(input);
  const measures = assets.reduce((sum, { settings }) => sum + settings.length, 0) + MOST_PLANS;
  let done = 0;
  const step = (says: string) => {
    done += 1;
    input.onStep?.(says, Math.min(1, done / measures));
  };
  const curves: Curve[] = [];
  for (const { asset, collateralUsd, settings } of assets) {
    const measured: Setting[] = [];
    for (const haircutBps of settings) {
      const { paths } = await trials.at(withHaircuts(recommended, { [asset]: haircutBps }), screenPaths, 'curve');
      const powerUsd = (collateralUsd * (BPS_ONE - haircutBps)) / BPS_ONE;
      measured.push({ haircutBps, powerUsd, lossUsd: Summary.mean(paths.badDebtUsd, paths.weight) });
      step(`haircuts of ${asset}`);
    }
    curves.push({ asset, settings: measured });
  }

  // 2. Plans along the ladder, judged whole.
  const start = parametersOf(state);
  const judged = async (parameters: ParametersByAsset) => {
    const { paths } = await trials.at(parameters, searchPaths, 'judge');
    const own = assets.map(({ asset }) => [asset, parameters[asset]!.haircutBps] as const);
    return {
      sample: { lossUsd: paths.badDebtUsd.slice(from), weight: paths.weight.slice(from) },
      borrowingPowerUsd: Objective.borrowingPowerUsd(state, parameters).power,
      haircutBps: Object.fromEntries(own),
    };
  };
  const today = await judged(start);
  const advised = await judged(recommended);
  const plans = [];
  for (const plan of thinned(curves, ladder(curves))) {
    plans.push(await judged(withHaircuts(recommended, plan)));
    step('whole plans');
  }

  // 3. As points against today's.
  const pointOf = ({ sample, borrowingPowerUsd, haircutBps }: typeof today) => {
    const tail = Summary.tailOf(sample, policy.level);
    const { changeUsd, standardErrorUsd } = paired(sample, today.sample, policy.level);
    return {
      borrowingPowerUsd,
      expectedShortfallUsd: tail.expectedShortfallUsd,
      standardErrorUsd: tail.standardErrorUsd,
      changeUsd,
      changeStandardErrorUsd: standardErrorUsd,
      haircutBps,
    };
  };
  const traced = plans.map(pointOf).sort((a, b) => a.borrowingPowerUsd - b.borrowingPowerUsd);
  const efficient = (one: (typeof traced)[number]) => !traced.some((other) => dominates(other, one));
  const standing = (one: (typeof traced)[number]) => {
    const within = traced.filter(({ expectedShortfallUsd }) => expectedShortfallUsd <= one.expectedShortfallUsd);
    const reachUsd = within.length === 0 ? null : within.reduce((most, { borrowingPowerUsd }) => Math.max(most, borrowingPowerUsd), 0);
    return { ...one, efficient: efficient(one), reachUsd };
  };
  return {
    level: policy.level,
    budgetUsd: Objective.lossBudgetUsd(policy, state),
    paths: searchPaths - from,
    screenPaths,
    today: standing(pointOf(today)),
    recommended: standing(pointOf(advised)),
    points: traced.map((one) => ({ ...one, efficient: efficient(one) })),
    says: saysOf(input, assets.length, traced.length),
  };
}

/** Mean difference of two expected shortfalls on the same paths, with the standard error that their sharing leaves. */
export function paired(
  one: Pick<Summary.Sample, 'lossUsd' | 'weight'>,
  other: Pick<Summary.Sample, 'lossUsd' | 'weight'>,
  level: number,
): { readonly changeUsd: number; readonly standardErrorUsd: number } {
  const [a, b] = [Summary.tailOf(one, level), Summary.tailOf(other, level)];
  const excess = one.lossUsd.map(
    (usd, path) => (Math.max(0, usd - a.valueAtRiskUsd) - Math.max(0, other.lossUsd[path]! - b.valueAtRiskUsd)) / (1 - level),
  );
  return {
    changeUsd: a.expectedShortfallUsd - b.expectedShortfallUsd,
    standardErrorUsd: Summary.standardError(excess, one.weight, Summary.mean(excess, one.weight)),
  };
}

/** Every plan that some λ ≥ 0 picks, if losses added up over assets. */
export function ladder(curves: readonly Curve[]): readonly Plan[] {
  const slopes = curves.flatMap(({ settings }) =>
    settings.flatMap((a) =>
      settings.flatMap((b) =>
        b.powerUsd > a.powerUsd && b.lossUsd > a.lossUsd ? [(b.powerUsd - a.powerUsd) / (b.lossUsd - a.lossUsd)] : [],
      ),
    ),
  );
  const breaks = [0, ...[...new Set(slopes)].sort((a, b) => a - b)];
  const lambdas = breaks.map((low, index) => (index + 1 < breaks.length ? (low + breaks[index + 1]!) / 2 : 2 * low + 1));
  const plans = new Map<string, Plan>();
  for (const lambda of lambdas) {
    const plan = Object.fromEntries(curves.map(({ asset, settings }) => [asset, pick(settings, lambda).haircutBps]));
    plans.set(canonicalJson(plan), plan);
  }
  return curves.length === 0 ? [] : [...plans.values()];
}

function pick(settings: readonly Setting[], lambda: number): Setting {
  const worth = ({ powerUsd, lossUsd }: Setting) => powerUsd - lambda * lossUsd;
  return settings.reduce((best, one) =>
    worth(one) > worth(best) || (worth(one) === worth(best) && one.lossUsd < best.lossUsd) ? one : best,
  );
}

/** At most so many, the nearest to evenly spaced powers, both ends kept. */
function thinned(curves: readonly Curve[], plans: readonly Plan[]): readonly Plan[] {
  if (plans.length <= MOST_PLANS) return plans;
  const powerOf = (plan: Plan) =>
    curves.reduce((sum, { asset, settings }) => sum + settings.find(({ haircutBps }) => haircutBps === plan[asset])!.powerUsd, 0);
  const powers = plans.map(powerOf);
  const [low, high] = [Math.min(...powers), Math.max(...powers)];
  const nearest = (power: number) =>
    powers.reduce((best, one, index) => (Math.abs(one - power) < Math.abs(powers[best]! - power) ? index : best), 0);
  const wanted = Array.from({ length: MOST_PLANS }, (_, index) => nearest(low + ((high - low) * index) / (MOST_PLANS - 1)));
  return [...new Set(wanted)].map((index) => plans[index]!);
}

/** Assets whose haircut may move, the largest first, each with the settings that are measured: from the loosest that walls and gap allow, on the policy's grid. */
export function movable(input: FrontierInput) {
  const { state, policy, recommended } = input;
  if (refusalOfAll(input) !== null) return [];
  const exposures = Objective.exposures(state);
  const rows = state.assets.flatMap((row, index) => {
    const own = recommended[row.asset]!;
    const { collateralUsd } = exposures[index]!;
    if (own.haircutBps === BPS_ONE || refusalOf(input, row, exposures[index]!, 'haircutBps') !== null) return [];
    const { min, max, step } = limitOf(policy, row.asset, 'haircutBps');
    const loosest = Math.max(min, BPS_ONE - own.liquidationThresholdBps + policy.minGapBps);
    const onGrid = (bps: number) => own.haircutBps + Math.round((bps - own.haircutBps) / step) * step;
    const wanted = [loosest, own.haircutBps, ...TIGHTER.map((share) => own.haircutBps + share * Math.max(0, max - own.haircutBps))];
    const settings = [...new Set(wanted.map(onGrid))].filter((bps) => bps >= loosest && bps <= max).sort((a, b) => a - b);
    return settings.length === 0 ? [] : [{ asset: row.asset, collateralUsd, step, settings }];
  });
  return [...rows].sort((a, b) => b.collateralUsd - a.collateralUsd || (a.asset < b.asset ? -1 : 1)).slice(0, MOST_CURVES);
}

export function withHaircuts(parameters: ParametersByAsset, plan: Plan): ParametersByAsset {
  const changes = Object.entries(plan).map(([asset, haircutBps]) => [asset, { ...parameters[asset]!, haircutBps }] as const);
  return { ...parameters, ...Object.fromEntries(changes) };
}

type Pair = Pick<FrontierPoint, 'borrowingPowerUsd' | 'expectedShortfallUsd'>;

function dominates(a: Pair, b: Pair): boolean {
  if (a.borrowingPowerUsd < b.borrowingPowerUsd || a.expectedShortfallUsd > b.expectedShortfallUsd) return false;
  return a.borrowingPowerUsd > b.borrowingPowerUsd || a.expectedShortfallUsd < b.expectedShortfallUsd;
}

function saysOf(input: FrontierInput, assets: number, plans: number): string {
  const refusal = refusalOfAll(input);
  if (refusal !== null) return `No plan was traced (${refusal.reason}): ${refusal.says}.`;
  if (assets === 0) return 'No plan was traced: no asset has both a haircut that may move and a law to judge it by.';
  return `${plans} plans from the haircut curves of ${assets} assets, walls and gap kept, steps and cooldowns left out.`;
}
