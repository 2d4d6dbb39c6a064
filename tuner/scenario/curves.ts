/**
 * Curves: the moves of a scenario as multiples by step and asset of the book. Several moves of one asset multiply, so that a coin may fall and
 * its staked form fall further. A halt is no multiple: it stops whatever price the path has.
 *
 * The price at the end of step k is the curve's at k · step. What happens "at hour h" is seen by the first step that ends at h or later.
 */
import { PlimsollError } from '../../base/errors.ts';
import { SECONDS_PER_HOUR } from '../../base/units.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { dailySigmaPct } from '../../models/scenario.ts';
import type { Move } from './scenario.ts';
import { type Listed, placesOf } from './selection.ts';

export type Halt = {
  readonly asset: number;
  /** Of these steps, from 1; the price of the step before stands, or it is nothing. */
  readonly from: number;
  readonly to: number;
  readonly at: 'at-last-price' | 'at-zero';
};

export type Curves = {
  /** [step][asset of the book]. */
  readonly factors: Float64Array;
  readonly halts: readonly Halt[];
  /** What was left out because the book has none of it. */
  readonly leftOut: readonly string[];
};

export type Clock = { readonly steps: number; readonly stepSeconds: number };

export function draw(
  kernel: Kernel,
  listed: Listed,
  moves: readonly Move[],
  { steps, stepSeconds }: Clock,
  place: (entry: string) => string,
): Curves {
  const size = listed.assets.length;
  const factors = new Float64Array(steps * size).fill(1);
  const halts: Halt[] = [];
  const leftOut: string[] = [];
  const firstStep = (hour: number) => Math.max(1, Math.ceil((hour * SECONDS_PER_HOUR) / stepSeconds));
  moves.forEach((move, index) => {
    const where = place(`moves.${index}`);
    const places = placesOf(listed, move, where);
    if (places.length === 0) leftOut.push(`moves.${index}`);
    for (const asset of places) {
      if (move.halted !== undefined) {
        const to = move.untilHour === undefined ? steps : firstStep(move.untilHour) - 1;
        halts.push({ asset, from: firstStep(move.fromHour ?? 0), to, at: move.halted });
        continue;
      }
      const multiple = multipleOf(kernel, listed, move, asset, where);
      for (let step = 1; step <= steps; step += 1) factors[(step - 1) * size + asset]! *= multiple((step * stepSeconds) / SECONDS_PER_HOUR);
    }
  });
  return { factors, halts, leftOut };
}

/** The multiple at an hour of a price that goes in a straight line from 1 to `to` between two hours. */
export function ramp(to: number, fromHour: number, overHours: number): (hour: number) => number {
  return (hour) => {
    if (hour >= fromHour + overHours) return to;
    return hour <= fromHour ? 1 : 1 + ((to - 1) * (hour - fromHour)) / overHours;
  };
}

function multipleOf(kernel: Kernel, { assets, model }: Listed, move: Move, place: number, where: string): (hour: number) => number {
  const { path, fromHour = 0, overHours = 0 } = move;
  if (path !== undefined) return along(path);
  if (move.sigmas === undefined) return ramp(move.to!, fromHour, overHours);
  const { asset, panelAsset } = assets[place]!;
  if (panelAsset === null || !model.assets.includes(panelAsset)) {
    throw new NoSigmaError({
      got: `sigmas for ${asset}, which no price series drives`,
      needed: 'assets the law knows a volatility of',
      where,
      fix: 'Use to: for it, or leave it out by except:.',
    });
  }
  return ramp(kernel.exp((move.sigmas * dailySigmaPct(model, panelAsset)) / 100), fromHour, overHours);
}

/** Straight lines between points; 1 at hour 0 unless said otherwise. */
function along(path: NonNullable<Move['path']>): (hour: number) => number {
  const points = path[0]![0] > 0 ? [[0, 1] as const, ...path] : path;
  return (hour) => {
    const next = points.findIndex(([at]) => at >= hour);
    if (next < 0) return points.at(-1)![1];
    const [at, to] = points[next]!;
    if (next === 0) return to;
    const [before, from] = points[next - 1]!;
    return from + ((to - from) * (hour - before)) / (at - before);
  };
}

export class NoSigmaError extends PlimsollError {
  override readonly name = 'Curves.NoSigmaError';
}
