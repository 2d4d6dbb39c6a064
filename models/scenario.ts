/**
 * ScenarioSet: a recipe for paths, never the paths. Path i is a pure function of (model, seed, i).
 *
 * Beside the random paths stand named ones. Hypothetical moves are sized by the law: σ is the asset's standard deviation over a
 * day, from its own GARCH: the coming day's or the long run's, whichever is larger, so that a named scenario is as severe for a
 * quiet coin as for a wild one and does not shrink in quiet times. Convergence of
 * correlations (all down together) always stands beside its opposite (half up, half down), which is what hurts relative value.
 */
import { z } from 'zod';
import { Id, seal } from '../base/id.ts';
import { SECONDS_PER_DAY, SECONDS_PER_HOUR } from '../base/units.ts';
import { AssetName } from '../datasets/panel.ts';
import { CRASHES, type Crash } from './crashes.ts';
import type { MarketModel } from './market.ts';
import { Tilt } from './tilt.ts';

/** A named deterministic path, applied to today's prices. */
export const NamedScenario = z
  .strictObject({
    name: z.string(),
    source: z.enum(['historical', 'hypothetical']),
    says: z.string(),
    /** Price at the end of step t as a multiple of today's, by panel asset; each list has `steps` entries. An asset not named follows `elsewhere`. */
    priceFactor: z.record(AssetName, z.array(z.number().nonnegative()).readonly()).readonly(),
    /** Factors for assets not named above. */
    elsewhere: z.array(z.number().nonnegative()).readonly(),
    /** Multiplies every asset's daily volume while the scenario lasts. */
    depthFactor: z.number().positive(),
    /** Oracles keep their first price for this many steps. */
    oracleFrozenSteps: z.int().nonnegative(),
  })
  .readonly();
export type NamedScenario = z.infer<typeof NamedScenario>;

export const ScenarioSet = z
  .strictObject({
    kind: z.literal('scenario-set'),
    id: Id,
    from: z.strictObject({ model: Id }).readonly(),
    stream: z.literal('philox4x32-10'),
    seed: z.int().nonnegative(),
    paths: z.int().positive().max(10_000_000),
    steps: z.int().positive().max(100_000),
    stepSeconds: z.int().positive(),
    /** Importance sampling; null: every path as the law has it. */
    tilt: Tilt.nullable(),
    named: z.array(NamedScenario).readonly(),
  })
  .readonly();
export type ScenarioSet = z.infer<typeof ScenarioSet>;

export type PlanOptions = {
  readonly seed: number;
  readonly paths: number;
  readonly steps: number;
  readonly tilt?: Tilt | null;
  /** Added to the default list. */
  readonly named?: readonly NamedScenario[];
};

/** Below this daily standard deviation (percent) an asset is taken as pegged: it stays at its price where others crash. */
const PEGGED_DAILY_PCT = 1;
const STABLECOIN_LOW = 0.88;
/** "Zero" for a price: a thousandth, so that ratios stay finite. */
const NOTHING = 0.001;
/** How many assets, the wildest first, are each sent to nothing. */
const COLLAPSES = 3;

export function plan(model: MarketModel, options: PlanOptions): ScenarioSet {
  const { seed, paths, steps } = options;
  const named = [...hypothetical(model, steps), ...historical(model, steps), ...(options.named ?? [])];
  return seal({
    kind: 'scenario-set' as const,
    from: { model: model.id },
    stream: 'philox4x32-10' as const,
    seed,
    paths,
    steps,
    stepSeconds: model.stepSeconds,
    tilt: options.tilt ?? null,
    named,
  });
}

/** σ of a day in percent: the coming one or the long run's, whichever is larger. */
export function dailySigmaPct(model: MarketModel, asset: string): number {
  const { omega, alpha, gamma, beta, nextVariance, unconditionalVariance } = model.volatility[asset]!;
  const steps = Math.max(1, Math.round(SECONDS_PER_DAY / model.stepSeconds));
  const persistence = alpha + gamma / 2 + beta;
  let h = nextVariance;
  let coming = 0;
  for (let step = 0; step < steps; step += 1) {
    coming += h;
    h = omega + persistence * h;
  }
  return Math.sqrt(Math.max(coming, steps * unconditionalVariance));
}

/** Assets that follow a peg, by their volatility. */
export function pegged(model: MarketModel): string[] {
  return model.assets.filter((asset) => dailySigmaPct(model, asset) < PEGGED_DAILY_PCT);
}

type Shape = (hour: number) => number;

function hypothetical(model: MarketModel, steps: number): NamedScenario[] {
  const pegs = pegged(model);
  const free = model.assets.filter((asset) => !pegs.includes(asset));
  const byVolume = [...free].sort((a, b) => (model.dailyVolumeUsd[b] ?? 0) - (model.dailyVolumeUsd[a] ?? 0) || (a < b ? -1 : 1));
  const byVolatility = [...free].sort((a, b) => dailySigmaPct(model, b) - dailySigmaPct(model, a) || (a < b ? -1 : 1));
  const make = (name: string, says: string, log: (asset: string) => Shape, extra: Partial<NamedScenario> = {}): NamedScenario => ({
    name,
    source: 'hypothetical',
    says,
    ...paths(model, steps, log),
    depthFactor: 1,
    oracleFrozenSteps: 0,
    ...extra,
  });
  const sigma = (asset: string) => (pegs.includes(asset) ? 0 : dailySigmaPct(model, asset) / 100);
  const fall = (size: number) => (asset: string) => ramp(24, -size * sigma(asset));
  const frozenHours = 6;
  return [
    make('joint crash', 'correlations go to one: every unpegged asset falls by four of its daily σ in a day', fall(4)),
    make('correlation breakdown', 'in order of volume every second asset rises by three daily σ while the others fall by three', (asset) =>
      ramp(24, (byVolume.indexOf(asset) % 2 === 0 ? -3 : 3) * sigma(asset)),
    ),
    make('volatility ×3', 'down by three daily σ, back, and down again, eight hours each', (asset) => whipsaw(8, -3 * sigma(asset))),
    make('depth ×1/10', 'a fall of two and a half daily σ while a tenth of the usual volume trades', fall(2.5), { depthFactor: 0.1 }),
    ...pegs.map((peg) =>
      make(`${peg} to ${STABLECOIN_LOW}`, `${peg} loses its peg within half a day and does not return`, (asset) =>
        ramp(12, asset === peg ? Math.log(STABLECOIN_LOW) : 0),
      ),
    ),
    ...byVolatility
      .slice(0, COLLAPSES)
      .map((dead) =>
        make(
          `${dead} to nothing`,
          `${dead} falls to a thousandth of its price in a day, every other unpegged asset by one daily σ`,
          (asset) => (asset === dead ? ramp(24, Math.log(NOTHING)) : fall(1)(asset)),
        ),
      ),
    make(
      'oracle frozen',
      `a fall of three daily σ in ${frozenHours} hours that no oracle reports until they are over`,
      (asset) => ramp(frozenHours, -3 * sigma(asset)),
      {
        oracleFrozenSteps: Math.max(1, Math.round((frozenHours * SECONDS_PER_HOUR) / model.stepSeconds)),
      },
    ),
  ];
}

function historical(model: MarketModel, steps: number): NamedScenario[] {
  const pegs = pegged(model);
  return CRASHES.flatMap((crash) => {
    if (!model.assets.some((asset) => crash.assets[asset] !== undefined)) return [];
    const moves = Object.values(crash.assets);
    const mean = (pick: (move: { low: number; end: number }) => number) =>
      moves.reduce((sum, move) => sum + Math.log(pick(move)), 0) / moves.length;
    const other =
      crash.others === 'mean'
        ? dip(
            crash,
            mean((move) => move.low),
            mean((move) => move.end),
          )
        : () => 0;
    const log = (asset: string): Shape => {
      const move = crash.assets[asset];
      if (move !== undefined) return dip(crash, Math.log(move.low), Math.log(move.end));
      return pegs.includes(asset) ? () => 0 : other;
    };
    return [
      {
        name: crash.name,
        source: 'historical' as const,
        says: crash.says,
        ...paths(model, steps, log),
        depthFactor: 1,
        oracleFrozenSteps: 0,
      },
    ];
  });
}

/** Factors at the end of each step; assets outside the model keep their price. */
function paths(model: MarketModel, steps: number, log: (asset: string) => Shape): Pick<NamedScenario, 'priceFactor' | 'elsewhere'> {
  const hours = model.stepSeconds / SECONDS_PER_HOUR;
  const priceFactor = Object.fromEntries(
    model.assets.map((asset) => {
      const shape = log(asset);
      return [asset, Array.from({ length: steps }, (_, step) => Math.exp(shape((step + 1) * hours)))];
    }),
  );
  return { priceFactor, elsewhere: new Array<number>(steps).fill(1) };
}

function ramp(hours: number, end: number): Shape {
  return (hour) => end * Math.min(1, hour / hours);
}

/** Down, back and down again, a third each, then flat. */
function whipsaw(hours: number, size: number): Shape {
  return (hour) => {
    const phase = Math.min(3, hour / hours);
    return size * (phase <= 1 ? phase : phase <= 2 ? 2 - phase : phase - 2);
  };
}

function dip({ lowHours, endHours }: Crash, low: number, end: number): Shape {
  return (hour) => {
    if (hour <= lowHours) return (low * hour) / lowHours;
    return low + (end - low) * Math.min(1, (hour - lowHours) / (endHours - lowHours));
  };
}
