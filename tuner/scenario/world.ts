/**
 * World: a scenario brought to a book and a law: what the engine is given. Three things, in order:
 *
 *   1. the law: volatility, correlation and first regime as the scenario has them; none where prices stand still;
 *   2. the book: its markets, feeds and liquidators as the scenario has them;
 *   3. curves: one column an asset of the book, so that what follows one price series can come apart.
 */
import { PlimsollError } from '../../base/errors.ts';
import { SECONDS_PER_HOUR } from '../../base/units.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { LawInput } from '../../kernel/law.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import { largestWeight } from '../../models/tilt.ts';
import * as WhatIf from '../explanation/what-if.ts';
import * as Agents from '../stress/agents.ts';
import * as Book from '../stress/book.ts';
import * as Law from '../stress/law.ts';
import { BLOCK } from '../stress/stress.ts';
import * as Curves from './curves.ts';
import { lastHour, type Scenario } from './scenario.ts';
import { type Listed, NobodyError, placesOf, UnknownAssetError } from './selection.ts';

export type Ground = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  readonly borrowers: Book.Borrowers;
  /** In a joint book: what each asset is called in its own protocol, in the book's order. */
  readonly names?: readonly string[];
  /** Beside a joint book: what this one has none of is left out, for another has it. */
  readonly isLenient?: true;
};

export type World = Curves.Clock & {
  readonly scenario: Scenario;
  readonly hours: number;
  /** Null where prices stand still. */
  readonly law: LawInput | null;
  readonly seed: number;
  readonly largestWeight: number;
  readonly book: Book.Book;
  /** By asset of the book, the law's column it follows; −1 = constant. */
  readonly columns: Int32Array;
  readonly curves: Curves.Curves;
  readonly leftOut: readonly string[];
  readonly frozenSteps: number;
  readonly haltedSteps: number;
  readonly insuranceFundUsd: number;
};

const MOST_TURBULENT = 'most-turbulent';
const MOST_STEPS = 20_000;
/** Of one block of paths, which is made at once. */
const MOST_BYTES = 512 * 1024 * 1024;

export function make(kernel: Kernel, ground: Ground, asWritten: Scenario): World {
  const scenario = ground.isLenient ? lenient(asWritten) : asWritten;
  const { state, scenarios, borrowers } = ground;
  const clock = clockOf(ground, scenario);
  const hours = (clock.steps * clock.stepSeconds) / SECONDS_PER_HOUR;

  // 1. The law, and the impact its volatilities imply.
  const model = lawOf(ground, scenario);
  const law = Law.flatten(model, scenario.prices === 'law' ? scenarios.tilt : null);

  // 2. The book and its markets.
  const plain = Book.flatten(state, law, clock.stepSeconds, borrowers, { ...Book.ASSUMED, liquidators: liquidatorsOf(scenario) });
  const columns = plain.input.pathAsset;
  const listed = { assets: state.assets.map((one, index) => ({ ...one, asset: ground.names?.[index] ?? one.asset })), model: ground.model };
  const where = (entry: string) => `${scenario.name}, ${entry}`;
  const leftOut: string[] = [];
  const book = inMarkets(plain, listed, scenario, clock.stepSeconds, where, leftOut);

  // 3. Curves.
  const curves = Curves.draw(kernel, listed, scenario.moves, clock, where);
  const { moves, depth, law: otherLaw, oracles, liquidators } = scenario;
  const isIdle = otherLaw === undefined && oracles === undefined && liquidators === undefined;
  if (
    ground.isLenient === undefined &&
    moves.length > 0 &&
    isIdle &&
    curves.leftOut.length + leftOut.length === moves.length + depth.length
  ) {
    throw new NobodyError({ got: 'entries that are all left out', needed: 'one that is about assets of this book', where: scenario.name });
  }
  return {
    ...clock,
    scenario,
    hours,
    law: scenario.prices === 'law' ? law.input : null,
    seed: scenarios.seed,
    largestWeight: scenario.prices === 'law' ? largestWeight(scenarios.tilt) : 1,
    book: { ...book, input: { ...book.input, pathAsset: Int32Array.from(columns.keys()) } },
    columns,
    curves,
    leftOut: [...curves.leftOut, ...leftOut],
    frozenSteps: stepsOf(scenario.oracles?.frozenHours, clock.stepSeconds),
    haltedSteps: stepsOf(scenario.liquidators?.haltedHours, clock.stepSeconds),
    insuranceFundUsd: state.insuranceFundUsd,
  };
}

function lenient(scenario: Scenario): Scenario {
  const { moves, depth, oracles } = scenario;
  const may = <T>(entries: readonly T[]) => entries.map((entry) => ({ ...entry, ifListed: true as const }));
  const feeds = oracles?.feeds;
  return {
    ...scenario,
    moves: may(moves),
    depth: may(depth),
    ...(oracles === undefined ? {} : { oracles: { ...oracles, ...(feeds === undefined ? {} : { feeds: may(feeds) }) } }),
  };
}

/** Is it an error of a scenario that is well made, and about assets this book does not have? */
export function isForeign(error: unknown): error is PlimsollError {
  return error instanceof UnknownAssetError || error instanceof NobodyError;
}

function clockOf({ state, model, scenarios }: Ground, scenario: Scenario): Curves.Clock {
  const fail = (got: string, needed: string, field: string) => {
    throw new TimeError({ got, needed, where: `${scenario.name}, ${field}` });
  };
  const stepSeconds = scenario.stepMinutes === undefined ? model.stepSeconds : 60 * scenario.stepMinutes;
  const hours = scenario.hours ?? (scenarios.steps * scenarios.stepSeconds) / SECONDS_PER_HOUR;
  const steps = (hours * SECONDS_PER_HOUR) / stepSeconds;
  if (!(Number.isInteger(steps) && steps >= 1)) fail(`${hours} hours`, `a whole number of steps of ${stepSeconds} s`, 'hours');
  const atOnce = scenario.prices === 'law' ? BLOCK : 1;
  const most = Math.min(MOST_STEPS, Math.floor(MOST_BYTES / (8 * atOnce * state.assets.length)));
  if (steps > most) fail(`${steps} steps`, `at most ${most}`, 'hours');
  const { oracles, liquidators, moves } = scenario;
  const ends: readonly (readonly [string, number])[] = [
    ['oracles.frozenHours', oracles?.frozenHours ?? 0],
    ['liquidators.haltedHours', liquidators?.haltedHours ?? 0],
    ...(oracles?.feeds ?? []).map(({ lagMinutes = 0 }, index) => [`oracles.feeds.${index}`, lagMinutes / 60] as const),
    ...moves.map((move, index) => [`moves.${index}`, lastHour(move)] as const),
  ];
  for (const [field, end] of ends) if (end > hours) fail(`hour ${end}`, `at most hour ${hours}, where the scenario ends`, field);
  return { steps, stepSeconds };
}

function lawOf({ state, model }: Ground, { name, law }: Scenario): MarketModel {
  if (law === undefined) return model;
  const { volatilityTimes, correlation, regime } = law;
  const wilder =
    volatilityTimes === undefined ? model : WhatIf.applied({ state, model }, { what: 'volatility', factor: volatilityTimes }).model;
  // Labels stand in the order of rising volatility.
  const { labels } = model.regime;
  const place = regime === MOST_TURBULENT ? labels.length - 1 : labels.indexOf(regime ?? '');
  if (regime !== undefined && place < 0) {
    throw new NoSuchRegimeError({ got: regime, needed: `${MOST_TURBULENT}, or one of ${labels.join(', ')}`, where: `${name}, law.regime` });
  }
  const now = regime === undefined ? wilder.regime.now : wilder.regime.now.map((_, index) => (index === place ? 1 : 0));
  const target = correlation?.towards === 'one' ? 1 : 0;
  const share = correlation?.share ?? 0;
  // A mixture with all ones, or with the identity, is positive definite as long as something of the law's own is in it.
  const mixed = (matrix: readonly (readonly number[])[]) =>
    matrix.map((row, i) => row.map((value, j) => (i === j ? 1 : (1 - share) * value + share * target)));
  return {
    ...wilder,
    regime: { ...wilder.regime, now },
    correlation: { ...wilder.correlation, byRegime: share === 0 ? wilder.correlation.byRegime : wilder.correlation.byRegime.map(mixed) },
  };
}

function liquidatorsOf({ liquidators }: Scenario): readonly Agents.Liquidator[] {
  const { who = 'flash', gasTimes = 1, capitalCostTimes = 1, inventoryTimes = 1 } = liquidators ?? {};
  const present = who === 'both' ? [Agents.FLASH, Agents.DESK] : [who === 'flash' ? Agents.FLASH : Agents.DESK];
  return present.map((one) => ({
    ...one,
    gasUsd: one.gasUsd * gasTimes,
    capitalCost: one.capitalCost * capitalCostTimes,
    inventoryUsd: one.inventoryUsd * inventoryTimes,
  }));
}

function inMarkets(
  book: Book.Book,
  listed: Listed,
  { depth, oracles }: Scenario,
  stepSeconds: number,
  where: (entry: string) => string,
  leftOut: string[],
): Book.Book {
  const { input } = book;
  const volumeUsd = input.volumeUsd.slice();
  const deviation = input.deviation.slice();
  const heartbeatSeconds = input.heartbeatSeconds.slice();
  const latencySteps = input.latencySteps.slice();
  const select = (field: string, entry: Scenario['depth'][number] | Feed) => {
    const places = placesOf(listed, entry, where(field));
    if (places.length === 0) leftOut.push(field);
    return places;
  };
  depth.forEach((entry, index) => {
    const places = select(`depth.${index}`, entry);
    if (places.length > 0 && places.every((place) => input.lastingScale[place] === 0 && input.impactScale[place] === 0)) {
      throw new NoMarketError({
        got: `depth of ${places.map((place) => listed.assets[place]!.asset).join(', ')}, which no price series drives`,
        needed: 'assets whose price gives way when they are sold',
        where: where(`depth.${index}`),
      });
    }
    for (const place of places) volumeUsd[place]! *= entry.times;
  });
  oracles?.feeds?.forEach((feed, index) => {
    for (const place of select(`oracles.feeds.${index}`, feed)) {
      if (feed.frozen) {
        deviation[place] = Number.POSITIVE_INFINITY;
        heartbeatSeconds[place] = Number.POSITIVE_INFINITY;
      } else {
        latencySteps[place]! += (60 * feed.lagMinutes!) / stepSeconds;
      }
    }
  });
  return { ...book, input: { ...input, volumeUsd, deviation, heartbeatSeconds, latencySteps } };
}

type Feed = NonNullable<NonNullable<Scenario['oracles']>['feeds']>[number];

function stepsOf(hours: number | undefined, stepSeconds: number): number {
  return Math.ceil(((hours ?? 0) * SECONDS_PER_HOUR) / stepSeconds);
}

export class TimeError extends PlimsollError {
  override readonly name = 'World.TimeError';
}

export class NoSuchRegimeError extends PlimsollError {
  override readonly name = 'World.NoSuchRegimeError';
}

export class NoMarketError extends PlimsollError {
  override readonly name = 'World.NoMarketError';
}
