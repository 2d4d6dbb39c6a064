/**
 * Random cases for the guard's limits, in batches of one policy. Numbers are drawn near the limits, where two versions of a rule part:
 * a step, a wall, the rest of a budget, the last second of a window, each with one more and one less.
 */
import { uniform } from '../../base/random.ts';
import { byField, FIELDS, type GuardField, type Values } from '../../governance/guard.ts';
import { type Budget, type FieldLimit, type Limits, LONGEST_SECONDS, type Way } from '../../governance/guard-limits.ts';

export type Move = { readonly field: GuardField; readonly way: Way; readonly atSeconds: bigint; readonly size: bigint };
export type Case = { readonly from: Values; readonly to: Values; readonly newlyLiquidatable: number; readonly moves: readonly Move[] };
export type Batch = { readonly limits: Limits; readonly nowSeconds: bigint; readonly cases: readonly Case[] };

const NOW = 1_800_000_000n;
const DAY = 86_400;
/** Of every field: a usual value, and how large its moves are. */
const SCALE: Readonly<Record<GuardField, readonly [usual: number, move: number, most: number]>> = {
  ltvBps: [7_500, 60, 10_500],
  thresholdBps: [8_000, 60, 10_500],
  bonusBps: [600, 30, 10_000],
  multiplierPpm: [1_000_000, 100_000, 4_000_000_000],
  supplyCapTokens: [1_000_000, 100_000, 1e15],
  borrowCapTokens: [800_000, 100_000, 1e15],
};
/** No stream of the programme's own has this number. */
const PURPOSE = 200;

export function batch(seed: number, index: number, size: number): Batch {
  const draw = draws(seed, index);
  const baseline = byField((field) => BigInt(Math.max(1, SCALE[field][0] + draw.between(-3, 3) * SCALE[field][1])));
  const limits: Limits = {
    minGapBps: BigInt(draw.pick([0, 100, 200, 400])),
    bufferBps: BigInt(draw.pick([0, 0, 100, 200, 1_500])),
    maxNewlyLiquidatable: draw.between(0, 3),
    baseline,
    fields: byField((field) => fieldLimit(draw, Number(baseline[field]), SCALE[field][1])),
  };
  return { limits, nowSeconds: NOW, cases: Array.from({ length: size }, () => oneCase(draw, limits)) };
}

function fieldLimit(draw: Draw, baseline: number, move: number): FieldLimit {
  const span = () => BigInt(draw.between(0, 6 * move));
  const step = () => BigInt(draw.chance(0.06) ? 0 : draw.between(1, 3 * move));
  const windows = [draw.pick([0, 1, 7, 14]), draw.pick([0, 30, 30, 60]), draw.pick([0, 90])];
  const budgets: Budget[] = windows.map((days) => ({
    windowSeconds: BigInt(days * DAY),
    up: BigInt(draw.between(1, 5 * move)),
    down: BigInt(draw.between(1, 5 * move)),
  }));
  const [below, above] = [span(), span()];
  return {
    min: BigInt(Math.max(1, baseline - draw.between(0, 6 * move))),
    max: BigInt(baseline + draw.between(0, 6 * move)),
    below,
    above,
    stepUp: step(),
    stepDown: step(),
    cooldownSeconds: BigInt(draw.pick([0, 0, 1, 3, 14]) * DAY),
    budgets,
  };
}

function oneCase(draw: Draw, limits: Limits): Case {
  const from = byField((field) => {
    if (draw.chance(0.01)) return 0n;
    return BigInt(
      Math.min(SCALE[field][2], Math.max(1, Number(limits.baseline[field]) + draw.between(-2, 2) * draw.between(0, SCALE[field][1]))),
    );
  });
  const many = draw.pick([1, 1, 1, 1, 2, 2, 3, 6, 0]);
  const moving = new Set(Array.from({ length: many }, () => draw.pick(FIELDS)));
  const moves = FIELDS.flatMap((field) => {
    const often = moving.has(field) ? 0.5 : field === 'thresholdBps' || field === 'bonusBps' ? 0.15 : 0.02;
    return draw.chance(often) ? history(draw, field, limits.fields[field]) : [];
  }).sort((a, b) => Number(a.atSeconds - b.atSeconds));
  const to = byField((field) => (moving.has(field) ? target(draw, limits, field, from[field], moves) : from[field]));
  return { from, to, newlyLiquidatable: draw.chance(0.9) ? 0 : draw.between(0, 4), moves };
}

function history(draw: Draw, field: GuardField, limit: FieldLimit): readonly Move[] {
  const edges = [...limit.budgets.map(({ windowSeconds }) => windowSeconds), limit.cooldownSeconds, LONGEST_SECONDS].filter(
    (edge) => edge > 0n,
  );
  return Array.from({ length: draw.between(1, 4) }, () => {
    const ago = draw.chance(0.5) ? Number(draw.pick(edges)) + draw.between(-1, 1) : draw.between(0, 95 * DAY);
    return {
      field,
      way: draw.pick(['up', 'down'] as const),
      atSeconds: NOW - BigInt(Math.max(0, ago)),
      size: BigInt(draw.between(1, SCALE[field][1])),
    };
  });
}

/** Where a move of this field goes: mostly to an edge of some rule, and one to each side of it. */
function target(draw: Draw, limits: Limits, field: GuardField, from: bigint, moves: readonly Move[]): bigint {
  const limit = limits.fields[field];
  const baseline = limits.baseline[field];
  const way = draw.pick(['up', 'down'] as const);
  const sign = way === 'up' ? 1n : -1n;
  const budget = draw.pick(limit.budgets);
  const spent = moves
    .filter((move) => move.field === field && move.way === way && NOW - move.atSeconds < budget.windowSeconds)
    .reduce((sum, { size }) => sum + size, 0n);
  const edges = [
    from + sign * (way === 'up' ? limit.stepUp : limit.stepDown),
    from + sign * (budget[way] - spent),
    way === 'up' ? limit.max : limit.min,
    way === 'up' ? baseline + limit.above : baseline - limit.below,
    from + sign * BigInt(draw.between(1, SCALE[field][1])),
    from + sign * BigInt(draw.between(1, 5)),
  ];
  const value = draw.chance(0.01) ? 0n : draw.pick(edges) + BigInt(draw.pick([0, 0, 1, -1]));
  const most = BigInt(SCALE[field][2]);
  return value < 0n ? 0n : value > most ? most : value;
}

type Draw = {
  readonly chance: (probability: number) => boolean;
  readonly between: (low: number, high: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
};

function draws(seed: number, path: number): Draw {
  let step = 0;
  const next = () => uniform(seed, PURPOSE, path, step++, 0);
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return { chance: (probability) => next() < probability, between, pick: (from) => from[between(0, from.length - 1)]! };
}
