/**
 * Greedy: the search along one field, all assets together, on common random numbers.
 *
 * Over its budget: tighten where loss falls most per dollar of borrowing power given up, no further than needed; beside it all
 * assets by the same share of their limits, because netted margins are not monotone asset by asset; the plan that keeps more
 * power wins. Under it: loosen where power rises most per dollar of loss. Moves are whole steps; positive is tighter. Every
 * accepted plan has been judged by the stress engine as a whole; the order is a heuristic, the verdict on the plan is not.
 */
import type { Judgement } from './objective.ts';

/** One asset's field, in steps from where it stands. */
export type Knob = {
  readonly asset: string;
  /** Steps that the joint constraints demand whatever the evidence says: 0 for nearly all. */
  readonly forced: number;
  /** What demands them, where it is not the joint constraints. */
  readonly forcedBy?: string;
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
  /** The moves that the joint constraints demand: what stays if the evidence is withdrawn. */
  readonly forced: Plan;
  /** Where the plan leads over several moves; equal to it where one move does. */
  readonly target: Plan;
  readonly bindings: Readonly<Record<string, string>>;
  readonly before: Judgement;
  readonly after: Judgement;
};

export type Questions = {
  /** Judges where things stand: nothing was chosen yet, so every path may speak. */
  readonly stand: (plan: Plan) => Promise<Judgement>;
  /** Judges a candidate. */
  readonly judge: (plan: Plan) => Promise<Judgement>;
  /** A rough loss, USD: only for putting knobs in order. */
  readonly screen: (plan: Plan) => Promise<number>;
  /** Does the plan hurt no more accounts at once than the policy allows? */
  readonly permits: (plan: Plan) => boolean;
};

/** Shares of a limit, and of the way from one move to the walls, that are tried. */
const PARTS = 16;

export async function settle(knobs: readonly Knob[], questions: Questions): Promise<Settled> {
  const { stand, permits } = questions;
  let forced: Plan = {};
  for (const knob of knobs) {
    const more = { ...forced, [knob.asset]: knob.forced };
    if (knob.forced > 0 && permits(more)) forced = more;
  }
  const before = await stand(forced);
  const held = { plan: forced, forced, target: forced, before, after: before };
  const search = { ...questions, knobs, held };
  if (!before.fits) return tighten(search);
  if (before.safe) return loosen(search);
  return { ...held, outcome: 'held', bindings: bindingsOf(knobs, () => before.binding) };
}

type Held = Pick<Settled, 'plan' | 'forced' | 'target' | 'before' | 'after'>;
type Search = Questions & { readonly knobs: readonly Knob[]; readonly held: Held };
type Effect = { readonly knob: Knob; readonly lossUsd: number; readonly powerUsd: number };

async function tighten({ knobs, judge, screen, permits, held }: Search): Promise<Settled> {
  const good = async (plan: Plan) => permits(plan) && (await judge(plan)).safe;
  const limit = (knob: Knob) => knob.tighter;

  // 1. What each knob would do alone, at its largest move; who may move at all without hurting more accounts than permitted.
  const start = await screen(held.plan);
  const movable = knobs.filter(({ asset, tighter }) => tighter > (held.plan[asset] ?? 0));
  const effects = await Promise.all(
    movable.map(async (knob): Promise<Effect> => {
      const lossUsd = start - (await screen({ ...held.plan, [knob.asset]: knob.tighter }));
      return { knob, lossUsd, powerUsd: knob.powerUsd(knob.forced) - knob.powerUsd(knob.tighter) };
    }),
  );
  effects.sort((a, b) => b.lossUsd * a.powerUsd - a.lossUsd * b.powerUsd || (a.knob.asset < b.knob.asset ? -1 : 1));
  const permitted = (list: readonly Effect[]) => {
    const kept: Knob[] = [];
    for (const { knob } of list) if (permits(at(held.plan, [...kept, knob], limit))) kept.push(knob);
    return kept;
  };
  const helpful = permitted(effects.filter(({ lossUsd }) => lossUsd > 0));
  const everyone = permitted(effects);
  const blocked = (knob: Knob) => {
    const effect = effects.find((one) => one.knob === knob);
    if (effect === undefined) return knob.tighterBinding;
    return effect.lossUsd > 0 ? 'newly-liquidatable' : held.before.binding;
  };

  // 2. Enough in one move? The shortest prefix of the helpful with the fewest steps of its last, or all by one share.
  const found: { plan: Plan; atLimit: readonly Knob[] }[] = [];
  if (helpful.length > 0 && (await good(at(held.plan, helpful, limit)))) {
    const count = await least(1, helpful.length, (n) => good(at(held.plan, helpful.slice(0, n), limit)));
    const last = helpful[count - 1]!;
    const atLimit = helpful.slice(0, count - 1);
    const full = at(held.plan, atLimit, limit);
    const steps = await least((held.plan[last.asset] ?? 0) + 1, last.tighter, (k) => good({ ...full, [last.asset]: k }));
    found.push({ plan: { ...full, [last.asset]: steps }, atLimit });
  }
  const share = (part: number) =>
    at(held.plan, everyone, ({ asset, tighter }) => Math.max(held.plan[asset] ?? 0, Math.ceil((tighter * part) / PARTS)));
  if (everyone.length > 1 && (await good(share(PARTS)))) {
    found.push({ plan: share(await least(1, PARTS, (part) => good(share(part)))), atLimit: [] });
  }
  found.sort((a, b) => powerOf(knobs, b.plan) - powerOf(knobs, a.plan));
  const [best] = found;
  if (best !== undefined) {
    const { plan, atLimit } = best;
    const bindings = bindingsOf(knobs, (knob) => {
      if (atLimit.includes(knob)) return knob.tighterBinding;
      return everyone.includes(knob) || helpful.includes(knob) ? held.before.binding : blocked(knob);
    });
    return { ...held, outcome: 'tightened', plan, target: plan, bindings, after: await judge(plan) };
  }

  // 3. Not enough in one move: the one that does most, and the nearest target on the way to the walls that would do.
  let movers: readonly Knob[] = [];
  let lowest = start;
  for (const set of [helpful, everyone]) {
    const lossUsd = await screen(at(held.plan, set, limit));
    if (lossUsd < lowest) [movers, lowest] = [set, lossUsd];
  }
  const after = await judge(at(held.plan, movers, limit));
  const towards = (part: number) =>
    at(held.plan, movers, ({ tighter, far }) => tighter + Math.ceil(((Math.max(far, tighter) - tighter) * part) / PARTS));
  const plan = at(held.plan, movers, limit);
  const walls = movers.length === 0 ? after : await judge(towards(PARTS));
  const bindings = bindingsOf(knobs, (knob) => (movers.includes(knob) ? knob.tighterBinding : blocked(knob)));
  if (!walls.fits) return { ...held, outcome: 'unreachable', plan, target: plan, bindings, after };
  const part = await least(0, PARTS, async (n) => {
    const there = await judge(towards(n));
    return walls.safe ? there.safe : there.fits;
  });
  return { ...held, outcome: 'tightened', plan, target: towards(part), bindings, after };
}

async function loosen({ knobs, judge, screen, permits, held }: Search): Promise<Settled> {
  const good = async (plan: Plan) => permits(plan) && (await judge(plan)).safe;
  const limit = (knob: Knob) => -knob.looser;
  const free = knobs.filter(({ looser, forced }) => looser > 0 && forced === 0);
  if (free.length === 0) return { ...held, outcome: 'held', bindings: bindingsOf(knobs, (knob) => knob.looserBinding) };
  const loosest = at(held.plan, free, limit);
  if (await good(loosest)) {
    const bindings = bindingsOf(knobs, (knob) => knob.looserBinding);
    return { ...held, outcome: 'loosened', plan: loosest, target: loosest, bindings, after: await judge(loosest) };
  }

  const start = await screen(held.plan);
  const effects = await Promise.all(
    free.map(async (knob): Promise<Effect> => {
      // A fall in loss (it happens: the objective is not monotone) costs nothing.
      const lossUsd = Math.max(0, (await screen({ ...held.plan, [knob.asset]: -knob.looser })) - start);
      return { knob, lossUsd, powerUsd: knob.powerUsd(-knob.looser) - knob.powerUsd(0) };
    }),
  );
  effects.sort(
    (a, b) => b.powerUsd * a.lossUsd - a.powerUsd * b.lossUsd || b.powerUsd - a.powerUsd || (a.knob.asset < b.knob.asset ? -1 : 1),
  );
  const order = effects.map(({ knob }) => knob);
  const prefix = (n: number) => at(held.plan, order.slice(0, n), limit);
  const stop = await least(1, order.length, async (n) => !(await good(prefix(n))));
  const edge = order[stop - 1]!;
  const over = await least(1, edge.looser, async (k) => !(await good({ ...prefix(stop - 1), [edge.asset]: -k })));
  const plan = over > 1 ? { ...prefix(stop - 1), [edge.asset]: 1 - over } : prefix(stop - 1);
  const next = { ...prefix(stop - 1), [edge.asset]: -over };
  const stopped = permits(next) ? (await judge(next)).binding : 'newly-liquidatable';
  const bindings = bindingsOf(knobs, (knob) => (free.includes(knob) && plan[knob.asset] !== -knob.looser ? stopped : knob.looserBinding));
  const outcome = Object.values(plan).some((steps) => steps < 0) ? 'loosened' : 'held';
  return { ...held, outcome, plan, target: plan, bindings, after: await judge(plan) };
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

function powerOf(knobs: readonly Knob[], plan: Plan): number {
  return knobs.reduce((total, knob) => total + knob.powerUsd(plan[knob.asset] ?? 0), 0);
}

function bindingsOf(knobs: readonly Knob[], binding: (knob: Knob) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(knobs.map((knob) => [knob.asset, binding(knob)]));
}
