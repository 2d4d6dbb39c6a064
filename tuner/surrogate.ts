/**
 * Surrogate: a small network that has seen some hundred whole plans judged by the engine, and guesses the next one at once. It puts plans forward and answers
 * sliders; it is never the source of a number that is advised: every plan it puts forward is judged by the engine, and what it says is labelled a guess.
 *
 *   in: haircuts of the assets that may move, each from −1 (the loosest that walls and gap allow) to 1;   out: √(expected shortfall / budget)
 *   guess = plane through the plans + what the network has learned of the rest, at 10, 50 and 90 %, the outer two moved apart
 *           by what plans kept aside for it ask for (conformalized quantile regression: Romano, Patterson, Candès 2019)
 *
 * Borrowing power needs no guess: it is a sum. All plans are judged on the same paths, so what is learned is a function, not a noise.
 */
import { PURPOSE, uniform } from '../base/random.ts';
import type { ParametersByAsset } from '../datasets/state.ts';
import { solve } from '../models/math/linear.ts';
import { correlation, quantileOfSorted, sorted, uniformScores } from '../models/math/statistics.ts';
import * as Network from '../models/network.ts';
import { type FrontierInput, movable, withHaircuts } from './frontier.ts';
import * as Objective from './objective.ts';
import { halfOf } from './trials.ts';

export type Judged = {
  /** By axis, −1 to 1. */
  readonly place: readonly number[];
  readonly haircutBps: Readonly<Record<string, number>>;
  readonly borrowingPowerUsd: number;
  readonly expectedShortfallUsd: number;
};
export type Guess = { readonly lowUsd: number; readonly middleUsd: number; readonly highUsd: number };
export type Axis = { readonly asset: string; readonly loosestBps: number; readonly tightestBps: number; readonly step: number };
export type Errors = {
  /** Root mean square of the error over the spread of what was held out: 1 is no better than their mean. */
  readonly network: number;
  readonly linear: number;
  readonly worstUsd: number;
  /** Spearman's, of guesses and the engine. */
  readonly rank: number;
  /** Share of held-out plans inside the guessed 10 to 90 %. */
  readonly inside: number;
};
export type Proposal = {
  /** The engine's at the recommended plan, on the same paths: what a proposal may not exceed. */
  readonly limitUsd: number;
  readonly recommendedPowerUsd: number;
  /** Of the plans put forward, by the engine: how many keep the limit, and the most power among them. */
  readonly judged: number;
  readonly kept: number;
  readonly best: Judged | null;
  /** As many engine evaluations spent on plans drawn at random. */
  readonly plainBest: Judged | null;
};
export type Surrogate = {
  readonly axes: readonly Axis[];
  readonly paths: number;
  readonly trained: number;
  /** That set how wide the guess is. */
  readonly setAside: number;
  readonly heldOut: number;
  readonly backend: string;
  readonly errors: Errors;
  readonly proposal: Proposal;
  guess(haircutBps: Readonly<Record<string, number>>): Guess;
  judge(haircutBps: Readonly<Record<string, number>>): Promise<Judged>;
};
export type SurrogateOptions = {
  readonly samples: number;
  readonly seed: number;
  readonly onShare?: (says: string, share: number) => void;
};

const LEVELS = [0.1, 0.5, 0.9];
/** What low to high is to hold. */
const INSIDE = 0.8;
const HELD_OUT = 0.25;
/** Of the rest: kept from learning, to set how wide the guess must be. */
const SET_ASIDE = 0.25;
const CANDIDATES = 4_000;
const PUT_FORWARD = 20;
const HIDDEN = [12, 8] as const;
const TRAINING = { epochs: 200, batch: 32, learningRate: 0.003, decay: 1e-3 } as const;
/** Keeps the normal equations of few samples solvable; of no weight beside them. */
const RIDGE = 1e-6;

/** The haircuts that may move, and how far. */
export function axesOf(input: FrontierInput): Axis[] {
  return movable(input)
    .map(({ asset, settings, step }): Axis => ({ asset, loosestBps: settings[0]!, tightestBps: settings.at(-1)!, step }))
    .filter(({ loosestBps, tightestBps }) => tightestBps > loosestBps);
}

/** Null where no haircut may move. Fewer than 40 samples teach nothing. */
export async function learn(input: FrontierInput, { samples, seed, onShare }: SurrogateOptions): Promise<Surrogate | null> {
  const { state, policy, scenarios, recommended } = input;
  const axes = axesOf(input);
  if (axes.length === 0) return null;
  const paths = halfOf(scenarios.paths);
  const budgetUsd = Objective.lossBudgetUsd(policy, state);
  const judge = async (haircutBps: Readonly<Record<string, number>>): Promise<Judged> => {
    const parameters: ParametersByAsset = withHaircuts(recommended, haircutBps);
    const { summary } = await input.evaluate({ parameters, borrowers: 'responsive', paths });
    return {
      place: placeOf(axes, haircutBps),
      haircutBps,
      borrowingPowerUsd: Objective.borrowingPowerUsd(state, parameters).power,
      expectedShortfallUsd: summary.expectedShortfallUsd,
    };
  };

  // 1. Plans drawn evenly, judged by the engine.
  const seen: Judged[] = [];
  for (let plan = 0; plan < samples; plan += 1) {
    seen.push(await judge(drawn(axes, seed, plan)));
    onShare?.('judge plans', (plan + 1) / samples);
  }
  const [held, rest] = parted(seen, HELD_OUT);
  const [aside, known] = parted(rest, SET_ASIDE);

  // 2. The network, and a plane to hold it against.
  const height = ({ expectedShortfallUsd }: Pick<Judged, 'expectedShortfallUsd'>) => Math.sqrt(expectedShortfallUsd / budgetUsd);
  const plane = fitted(known, height);
  const rests = known.map((one) => height(one) - plane(one.place));
  const scale = Math.sqrt(rests.reduce((sum, rest) => sum + rest * rest, 0) / rests.length) || 1;
  const rising = sorted(rests.map((rest) => rest / scale));
  const network = await Network.train(
    { inputs: axes.length, hidden: HIDDEN, levels: LEVELS },
    { x: Float32Array.from(known.flatMap(({ place }) => place)), y: Float32Array.from(rests, (rest) => rest / scale) },
    {
      ...{ ...TRAINING, seed, base: LEVELS.map((level) => quantileOfSorted(rising, level)) },
      onEpoch: (share) => onShare?.('train', share),
    },
  );
  const usd = (value: number) => budgetUsd * Math.max(0, value) * Math.max(0, value);
  const heights = (place: readonly number[]) =>
    Network.predict(network, place).map((left) => plane(place) + scale * left) as [number, number, number];
  const widening = wideningOf(aside.map((one) => beyond(heights(one.place), height(one))));
  const guessAt = (place: readonly number[]): Guess => {
    const [low, middle, high] = heights(place);
    // Where the outer levels are said too far apart they are drawn in, but never past the middle.
    return { lowUsd: usd(Math.min(middle, low - widening)), middleUsd: usd(middle), highUsd: usd(Math.max(middle, high + widening)) };
  };
  const errors = errorsOf(held, guessAt, (place) => usd(plane(place)));

  // 3. Plans it puts forward, judged by the engine, against as many drawn at random.
  const start = await judge(Object.fromEntries(axes.map(({ asset }) => [asset, recommended[asset]!.haircutBps])));
  const limitUsd = start.expectedShortfallUsd;
  const hopeful = Array.from({ length: CANDIDATES }, (_, plan) => drawn(axes, seed, samples + plan))
    .map((haircutBps) => ({ haircutBps, power: Objective.borrowingPowerUsd(state, withHaircuts(recommended, haircutBps)).power }))
    // The level the network says itself: the engine judges each, so nothing hangs on its being wide enough.
    .filter(({ haircutBps }) => usd(heights(placeOf(axes, haircutBps))[2]) <= limitUsd)
    .sort((a, b) => b.power - a.power)
    .slice(0, PUT_FORWARD);
  const forward: Judged[] = [];
  for (const { haircutBps } of hopeful) forward.push(await judge(haircutBps));
  const plain = [...seen];
  for (let plan = 0; plan < hopeful.length; plan += 1) plain.push(await judge(drawn(axes, seed, samples + CANDIDATES + plan)));
  const best = (plans: readonly Judged[]) =>
    plans
      .filter(({ expectedShortfallUsd }) => expectedShortfallUsd <= limitUsd)
      .reduce<Judged | null>((most, one) => (most === null || one.borrowingPowerUsd > most.borrowingPowerUsd ? one : most), null);
  return {
    axes,
    paths,
    trained: known.length,
    setAside: aside.length,
    heldOut: held.length,
    backend: network.backend,
    errors,
    proposal: {
      limitUsd,
      recommendedPowerUsd: start.borrowingPowerUsd,
      judged: forward.length,
      kept: forward.filter(({ expectedShortfallUsd }) => expectedShortfallUsd <= limitUsd).length,
      best: best([...seen, ...forward]),
      plainBest: best(plain),
    },
    guess: (haircutBps) => guessAt(placeOf(axes, haircutBps)),
    judge,
  };
}

/** Every so manieth, and the others. */
function parted(plans: readonly Judged[], share: number): [readonly Judged[], readonly Judged[]] {
  const every = Math.round(1 / share);
  return [plans.filter((_, plan) => plan % every === 0), plans.filter((_, plan) => plan % every !== 0)];
}

/** How far outside low to high; negative inside. */
function beyond([low, , high]: readonly [number, number, number], truth: number): number {
  return Math.max(low - truth, truth - high);
}

/** The ⌈0.8 (n + 1)⌉-th smallest of n: a next plan, drawn as these were, is inside with at least 80 %. The largest where n is too small to say so. */
export function wideningOf(distances: readonly number[]): number {
  const rank = Math.min(distances.length, Math.ceil(INSIDE * (distances.length + 1)));
  return sorted(distances)[rank - 1]!;
}

function drawn(axes: readonly Axis[], seed: number, plan: number): Record<string, number> {
  return Object.fromEntries(
    axes.map(({ asset, loosestBps, tightestBps, step }, lane) => {
      const share = uniform(seed, PURPOSE.surrogate, plan, 0, lane);
      return [asset, loosestBps + step * Math.round((share * (tightestBps - loosestBps)) / step)];
    }),
  );
}

function placeOf(axes: readonly Axis[], haircutBps: Readonly<Record<string, number>>): number[] {
  return axes.map(({ asset, loosestBps, tightestBps }) => (2 * (haircutBps[asset]! - loosestBps)) / (tightestBps - loosestBps) - 1);
}

/** Least squares of the same target. */
function fitted(known: readonly Judged[], height: (one: Judged) => number): (place: readonly number[]) => number {
  const size = (known[0]?.place.length ?? 0) + 1;
  const rows = known.map(({ place }) => [1, ...place]);
  const normal = new Float64Array(size * size);
  const right = new Float64Array(size);
  rows.forEach((row, at) => {
    const y = height(known[at]!);
    row.forEach((a, i) => {
      right[i] = right[i]! + a * y;
      row.forEach((b, j) => {
        normal[i * size + j] = normal[i * size + j]! + a * b;
      });
    });
  });
  for (let i = 0; i < size; i += 1) normal[i * size + i] = normal[i * size + i]! + RIDGE;
  const weights = solve(normal, right, size) ?? new Float64Array(size);
  return (place) => [1, ...place].reduce((sum, value, i) => sum + value * weights[i]!, 0);
}

function errorsOf(
  held: readonly Judged[],
  guess: (place: readonly number[]) => Guess,
  plane: (place: readonly number[]) => number,
): Errors {
  const truth = held.map(({ expectedShortfallUsd }) => expectedShortfallUsd);
  const guesses = held.map(({ place }) => guess(place));
  const middle = guesses.map(({ middleUsd }) => middleUsd);
  const centre = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  const root = (said: readonly number[]) =>
    Math.sqrt(said.reduce((sum, value, i) => sum + (value - truth[i]!) * (value - truth[i]!), 0) / truth.length);
  const spread = root(truth.map(() => centre));
  return {
    network: root(middle) / spread,
    linear: root(held.map(({ place }) => plane(place))) / spread,
    worstUsd: middle.reduce((most, value, i) => Math.max(most, Math.abs(value - truth[i]!)), 0),
    rank: correlation(uniformScores(middle), uniformScores(truth)),
    inside: guesses.filter(({ lowUsd, highUsd }, i) => lowUsd <= truth[i]! && truth[i]! <= highUsd).length / guesses.length,
  };
}
