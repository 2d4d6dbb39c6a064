/**
 * Scenario: a market someone asks about, as a file anyone can write. The schema of the YAML, documented in docs/scenarios.md.
 *
 * Two kinds by `prices`. `still`: one path; prices stay where they are but for the moves. `law`: every path of the bundle's set, each bent
 * by the same moves, so that figures carry standard errors. Every key is something the engine does; where a key would do nothing
 * (a volatility where prices stand still, capital of liquidators who bring none) it is refused.
 */
import { stringify } from 'yaml';
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { AssetName } from '../../datasets/panel.ts';
import * as Document from '../document.ts';

const LONGEST_HOURS = 2_160;
const MOST = 200;
const Hours = z.number().nonnegative().max(LONGEST_HOURS);
/** Nothing is multiplied by more. */
const Times = z.number().positive().max(1_000);
const Names = z.array(AssetName).min(1).max(MOST).readonly();

export const Group = z.enum(['all', 'volatile', 'pegged', 'derived']);
export type Group = z.infer<typeof Group>;

/** Whom an entry is about: exactly one of the first four. */
const selector = {
  asset: AssetName.optional(),
  assets: Names.optional(),
  /** All that follow one price series. */
  series: AssetName.optional(),
  group: Group.optional(),
  /** Assets or series that are left out. */
  except: Names.optional(),
  /** Where the book has none of them, the entry is left out, and the result says so. */
  ifListed: z.literal(true).optional(),
};
export type Selector = z.infer<z.ZodObject<typeof selector>>;

/** Exactly one of `to`, `sigmas`, `path`, `halted`. */
export const Move = z
  .strictObject({
    ...selector,
    /** Multiple of what the price would be otherwise. */
    to: z.number().nonnegative().max(1_000).optional(),
    /** exp of so many of the law's daily standard deviations, instead of `to`. */
    sigmas: z.number().min(-50).max(50).optional(),
    /** Hours and multiples, straight lines between, the last one kept. */
    path: z
      .array(z.tuple([Hours, z.number().nonnegative().max(1_000)]).readonly())
      .min(1)
      .max(MOST)
      .readonly()
      .optional(),
    /** The price stops at its last value, or is nothing. */
    halted: z.enum(['at-last-price', 'at-zero']).optional(),
    fromHour: Hours.optional(),
    /** `to` and `sigmas`: in a straight line over so many hours; at once where left out. */
    overHours: z.number().positive().max(LONGEST_HOURS).optional(),
    /** `halted`: until then; to the end where left out. */
    untilHour: Hours.optional(),
  })
  .readonly();
export type Move = z.infer<typeof Move>;

export const Scenario = z
  .strictObject({
    name: z.string().trim().min(1).max(80),
    why: z.string().trim().min(1).max(2_000),
    /** Where figures come from. */
    source: z.string().trim().min(1).max(2_000).optional(),
    prices: z.enum(['still', 'law']),
    /** How long; the bundle's horizon where left out. */
    hours: z.number().positive().max(LONGEST_HOURS).optional(),
    /** Only where prices stand still; the law's step where left out. */
    stepMinutes: z.int().min(1).max(1_440).optional(),
    moves: z.array(Move).max(MOST).readonly().default([]),
    /** Daily volume of markets. */
    depth: z
      .array(z.strictObject({ ...selector, times: Times }).readonly())
      .max(MOST)
      .readonly()
      .default([]),
    oracles: z
      .strictObject({
        /** All of them keep their first price so long. */
        frozenHours: z.number().positive().max(LONGEST_HOURS).optional(),
        feeds: z
          .array(
            z
              .strictObject({
                ...selector,
                /** It keeps its first price to the end. */
                frozen: z.literal(true).optional(),
                lagMinutes: z.number().positive().max(100_000).optional(),
              })
              .readonly(),
          )
          .max(MOST)
          .readonly()
          .optional(),
      })
      .readonly()
      .optional(),
    liquidators: z
      .strictObject({
        /** Who there is: borrowing within the call, or with money of their own (`Agents`). */
        who: z.enum(['flash', 'desk', 'both']).optional(),
        gasTimes: Times.optional(),
        capitalCostTimes: Times.optional(),
        /** Of desks. */
        inventoryTimes: Times.optional(),
        /** Nobody liquidates so long: a chain or bridge at a halt, a sequencer down. */
        haltedHours: z.number().positive().max(LONGEST_HOURS).optional(),
      })
      .readonly()
      .optional(),
    law: z
      .strictObject({
        volatilityTimes: Times.optional(),
        /** So much of the way to correlations of one, or of nothing. */
        correlation: z
          .strictObject({ towards: z.enum(['one', 'zero']), share: z.number().gt(0).max(0.99) })
          .readonly()
          .optional(),
        /** The paths begin in this regime, by its label; or in the most turbulent one, whatever it is called. */
        regime: z.string().min(1).max(40).optional(),
      })
      .readonly()
      .optional(),
  })
  .readonly();
export type Scenario = z.infer<typeof Scenario>;

/** Longer texts are no scenario: read nothing of them. */
const MOST_CHARACTERS = 100_000;

/** Reads the text of a scenario file. `where` is shown in errors: usually the file's name. */
export function parse(yaml: string, where: string): Scenario {
  if (yaml.length > MOST_CHARACTERS) {
    throw new YamlError({ got: `${yaml.length} characters`, needed: `at most ${MOST_CHARACTERS}`, where });
  }
  const { value, place } = Document.read(yaml, where, (facts) => new YamlError(facts));
  const read = Scenario.safeParse(value);
  if (!read.success) {
    const issue = read.error.issues[0]!;
    const { path, got } = Document.faultOf(value, issue);
    throw new InvalidError({
      got,
      needed: issue.code === 'unrecognized_keys' ? 'only the keys of docs/scenarios.md' : issue.message,
      where: place(path),
    });
  }
  check(read.data, place);
  return read.data;
}

/** The same scenario as text: `parse` gives it back. */
export function write(scenario: Scenario): string {
  const { moves, depth, ...rest } = Scenario.parse(scenario);
  const lists = { ...(moves.length === 0 ? {} : { moves }), ...(depth.length === 0 ? {} : { depth }) };
  return stringify({ ...rest, ...lists }, { lineWidth: 120 });
}

type Place = Document.Read['place'];

/** What a schema cannot say: one of several keys, and nothing that would do nothing. */
function check(scenario: Scenario, place: Place): void {
  const fail = (path: readonly PropertyKey[], got: string, needed: string) => {
    throw new SenseError({ got, needed, where: place(path) });
  };
  const { moves, depth, oracles, liquidators, law, prices, stepMinutes, hours } = scenario;
  const feeds = oracles?.feeds ?? [];
  const entries: readonly (readonly [readonly PropertyKey[], Selector])[] = [
    ...moves.map((entry, index) => [['moves', index], entry] as const),
    ...depth.map((entry, index) => [['depth', index], entry] as const),
    ...feeds.map((entry, index) => [['oracles', 'feeds', index], entry] as const),
  ];
  for (const [path, entry] of entries) {
    const given = (['asset', 'assets', 'series', 'group'] as const).filter((key) => entry[key] !== undefined);
    if (given.length !== 1) fail(path, given.join(' and ') || 'nobody', 'exactly one of asset, assets, series, group');
    if (entry.except !== undefined && entry.asset !== undefined)
      fail([...path, 'except'], 'except beside asset', 'except beside assets, series or group');
  }
  moves.forEach((move, index) => {
    const given = (['to', 'sigmas', 'path', 'halted'] as const).filter((key) => move[key] !== undefined);
    if (given.length !== 1) fail(['moves', index], given.join(' and ') || 'no move', 'exactly one of to, sigmas, path, halted');
    const [kind] = given;
    const stray = kind === 'path' ? ['fromHour', 'overHours', 'untilHour'] : kind === 'halted' ? ['overHours'] : ['untilHour'];
    const found = stray.find((key) => move[key as 'fromHour'] !== undefined);
    if (found !== undefined) fail(['moves', index, found], `${found} beside ${kind}`, `no ${found}: it would do nothing`);
    if (move.untilHour !== undefined && move.untilHour <= (move.fromHour ?? 0))
      fail(['moves', index, 'untilHour'], `until hour ${move.untilHour}`, `later than hour ${move.fromHour ?? 0}`);
    move.path?.forEach(([hour], point) => {
      const before = move.path![point - 1]?.[0] ?? -1;
      if (hour <= before) fail(['moves', index, 'path', point], `hour ${hour} after hour ${before}`, 'hours that rise');
    });
    if (hours !== undefined && lastHour(move) > hours)
      fail(['moves', index], `a move at hour ${lastHour(move)}`, `at most ${hours}, where the scenario ends`);
  });
  feeds.forEach((feed, index) => {
    if ((feed.frozen === undefined) === (feed.lagMinutes === undefined))
      fail(
        ['oracles', 'feeds', index],
        feed.frozen ? 'frozen and lagMinutes' : 'neither frozen nor lagMinutes',
        'one of frozen, lagMinutes',
      );
  });
  if (liquidators?.inventoryTimes !== undefined && (liquidators.who ?? 'flash') === 'flash')
    fail(
      ['liquidators', 'inventoryTimes'],
      `who ${liquidators.who ?? 'flash'}`,
      'who: desk or both, for whoever borrows within the call needs no money of his own',
    );
  if (prices === 'still') {
    if (law !== undefined) fail(['law'], 'law where prices stand still', 'prices: law, or no law');
  } else if (stepMinutes !== undefined) {
    fail(['stepMinutes'], 'stepMinutes with prices: law', 'prices: still, or no stepMinutes: the law has its own step');
  }
}

/** The last hour at which a move still begins or changes something. */
export function lastHour(move: Move): number {
  return Math.max((move.fromHour ?? 0) + (move.overHours ?? 0), move.untilHour ?? 0, move.path?.at(-1)?.[0] ?? 0);
}

export class YamlError extends PlimsollError {
  override readonly name = 'Scenario.YamlError';
}

export class InvalidError extends PlimsollError {
  override readonly name = 'Scenario.InvalidError';
}

/** Well formed, and without a meaning. */
export class SenseError extends PlimsollError {
  override readonly name = 'Scenario.SenseError';
}
