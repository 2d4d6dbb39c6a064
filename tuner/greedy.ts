/**
 * Greedy: the search along one field, all assets together, on common random numbers.
 *
 * Over its budget: tighten where loss falls most per dollar of borrowing power given up, no further than needed. Under it:
 * loosen where power rises most per dollar of loss. Moves are whole steps; positive is tighter. Every accepted plan has been
 * judged by the stress engine as a whole, so interactions count. The greedy order is a heuristic; the verdict on the plan is not.
 */
import type { Judgement } from './objective.ts';

/** One asset's field, in steps from where it stands. */
export type Knob = {
  readonly asset: string;
  /** Steps that the joint constraints demand whatever the evidence says: 0 for nearly all. */
  readonly forced: number;
  /** Most steps allowed now, by direction. */
  readonly looser: number;
  readonly tighter: number;
  /** Most tighter steps inside the walls, over several moves. */
  readonly far: number;
  /** Most looser steps inside the walls and the joint constraints. */
  readonly furthestLooser: number;
  readonly looserBinding: string;
  readonly tighterBinding: string;
  /** Borrowing power with the knob at so many steps, USD. */
  readonly powerUsd: (steps: number) => number;
};

/** Steps by asset; an asset not named stands still. */
export type Plan = Readonly<Record<string, number>>;

export type Settled = {
  readonly outcome: 'held' | 'loosened' | 'tightened' | 'unreachable';
  readonly plan: Plan;
  /** Where the plan leads over several moves; equal to it where one move does. */
  readonly target: Plan;
  readonly bindings: Readonly<Record<string, string>>;
  readonly before: Judgement;
  readonly after: Judgement;
};

export type Judge = (plan: Plan) => Promise<Judgement>;

/** Fractions of the way from one move to the walls at which a distant target is looked for. */
const TARGET_PARTS = 16;

/** `permits` says whether a plan hurts no more accounts at once than the policy allows. */
export async function settle(knobs: readonly Knob[], judge: Judge, permits: (plan: Plan) => boolean): Promise<Settled> {
  const forced = Object.fromEntries(knobs.filter(({ forced }) => forced > 0).map(({ asset, forced }) => [asset, forced]));
  const before = await judge(forced);
  const held = { plan: forced, target: forced, before, after: before };
  if (!before.fits) return tighten(knobs, judge, permits, held);
  if (before.safe) return loosen(knobs, judge, held);
  return { ...held, outcome: 'held', bindings: bindingsOf(knobs, () => before.binding) };
}

type Held = Pick<Settled, 'plan' | 'target' | 'before' | 'after'>;
type Effect = { readonly knob: Knob; readonly lossUsd: number; readonly powerUsd: number };

async function tighten(knobs: readonly Knob[], judge: Judge, permits: (plan: Plan) => boolean, held: Held): Promise<Settled> {
  // 1. What each knob would do alone, at its largest move.
  const effects: Effect[] = [];
  for (const knob of knobs) {
    if (knob.tighter <= knob.forced) continue;
    const { expectedShortfallUsd } = await judge({ ...held.plan, [knob.asset]: knob.tighter });
    const lossUsd = held.before.expectedShortfallUsd - expectedShortfallUsd;
    if (lossUsd > 0) effects.push({ knob, lossUsd, powerUsd: knob.powerUsd(knob.forced) - knob.powerUsd(knob.tighter) });
  }
  effects.sort((a, b) => b.lossUsd * a.powerUsd - a.lossUsd * b.powerUsd || (a.knob.asset < b.knob.asset ? -1 : 1));

  // 2. Only what hurts no more accounts than allowed, in that order.
  const chosen: Knob[] = [];
  for (const { knob } of effects) {
    if (permits(at(held.plan, [...chosen, knob], (one) => one.tighter))) chosen.push(knob);
  }
  const all = at(held.plan, chosen, (one) => one.tighter);
  const widest = chosen.length === 0 ? held.before : await judge(all);
  const limits = (knob: Knob) => (chosen.includes(knob) ? knob.tighterBinding : blockedBy(knob, effects, held.before));

  // 3. Enough in one move: the shortest prefix, then the fewest steps of its last knob.
  if (widest.safe) {
    const count = await least(1, chosen.length, async (n) => (await judge(at(held.plan, chosen.slice(0, n), (one) => one.tighter))).safe);
    const last = chosen[count - 1]!;
    const full = at(held.plan, chosen.slice(0, count - 1), (one) => one.tighter);
    const steps = await least(last.forced + 1, last.tighter, async (k) => (await judge({ ...full, [last.asset]: k })).safe);
    const plan = { ...full, [last.asset]: steps };
    const moved = chosen.slice(0, count);
    const bindings = bindingsOf(knobs, (knob) =>
      moved.includes(knob) && plan[knob.asset] === knob.tighter && knob !== last ? knob.tighterBinding : held.before.binding,
    );
    return { ...held, outcome: 'tightened', plan, target: plan, bindings, after: await judge(plan) };
  }

  // 4. Not enough in one move: the nearest target on the way to the walls that would do.
  const towards = (part: number) =>
    at(held.plan, chosen, ({ tighter, far }) => tighter + Math.ceil(((Math.max(far, tighter) - tighter) * part) / TARGET_PARTS));
  const walls = chosen.length === 0 ? widest : await judge(towards(TARGET_PARTS));
  const bindings = bindingsOf(knobs, limits);
  if (!walls.fits) return { ...held, outcome: 'unreachable', plan: all, target: all, bindings, after: widest };
  const part = await least(0, TARGET_PARTS, async (n) => {
    const there = await judge(towards(n));
    return walls.safe ? there.safe : there.fits;
  });
  return { ...held, outcome: 'tightened', plan: all, target: towards(part), bindings, after: widest };
}

async function loosen(knobs: readonly Knob[], judge: Judge, held: Held): Promise<Settled> {
  const free = knobs.filter(({ looser, forced }) => looser > 0 && forced === 0);
  const loosest = at(held.plan, free, (one) => -one.looser);
  const limits = (knob: Knob) => knob.looserBinding;
  if (free.length === 0) return { ...held, outcome: 'held', bindings: bindingsOf(knobs, limits) };
  const widest = await judge(loosest);
  if (widest.safe)
    return { ...held, outcome: 'loosened', plan: loosest, target: loosest, bindings: bindingsOf(knobs, limits), after: widest };

  const effects: Effect[] = [];
  for (const knob of free) {
    const { expectedShortfallUsd } = await judge({ ...held.plan, [knob.asset]: -knob.looser });
    // A fall in loss (it happens: the objective is not monotone) costs nothing.
    const lossUsd = Math.max(0, expectedShortfallUsd - held.before.expectedShortfallUsd);
    effects.push({ knob, lossUsd, powerUsd: knob.powerUsd(-knob.looser) - knob.powerUsd(0) });
  }
  effects.sort(
    (a, b) => b.powerUsd * a.lossUsd - a.powerUsd * b.lossUsd || b.powerUsd - a.powerUsd || (a.knob.asset < b.knob.asset ? -1 : 1),
  );
  const order = effects.map(({ knob }) => knob);
  const prefix = (n: number) => at(held.plan, order.slice(0, n), (one) => -one.looser);
  const stop = await least(1, order.length, async (n) => !(await judge(prefix(n))).safe);
  const edge = order[stop - 1]!;
  const over = await least(1, edge.looser, async (k) => !(await judge({ ...prefix(stop - 1), [edge.asset]: -k })).safe);
  const plan = over > 1 ? { ...prefix(stop - 1), [edge.asset]: 1 - over } : prefix(stop - 1);
  const next = await judge({ ...prefix(stop - 1), [edge.asset]: -over });
  const moved = Object.values(plan).some((steps) => steps < 0);
  const bindings = bindingsOf(knobs, (knob) =>
    free.includes(knob) && plan[knob.asset] !== -knob.looser ? next.binding : knob.looserBinding,
  );
  return { ...held, outcome: moved ? 'loosened' : 'held', plan, target: plan, bindings, after: await judge(plan) };
}

/** The smallest n in low..high for which the test holds, taking it to hold from there on; `high` is known to hold. */
export async function least(low: number, high: number, holds: (n: number) => Promise<boolean>): Promise<number> {
  let [below, above] = [low, high];
  while (below < above) {
    const middle = Math.floor((below + above) / 2);
    if (await holds(middle)) above = middle;
    else below = middle + 1;
  }
  return above;
}

function at(plan: Plan, knobs: readonly Knob[], steps: (knob: Knob) => number): Plan {
  return { ...plan, ...Object.fromEntries(knobs.map((knob) => [knob.asset, steps(knob)])) };
}

function blockedBy(knob: Knob, effects: readonly Effect[], before: Judgement): string {
  if (knob.tighter <= knob.forced) return knob.tighterBinding;
  return effects.some((effect) => effect.knob === knob) ? 'newly-liquidatable' : before.binding;
}

function bindingsOf(knobs: readonly Knob[], binding: (knob: Knob) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(knobs.map((knob) => [knob.asset, binding(knob)]));
}
