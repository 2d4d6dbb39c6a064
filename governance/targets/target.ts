/**
 * Target: where a change of risk parameters is executed. The shape every file of this folder has: `Venue` (addresses and terms, by
 * hand), `read` (what the chain holds), `declare` (what a state says it holds), `constraints` (would the contracts take it?),
 * `encode` (the calls and what they lead to), `decode` (anybody's bytes for these contracts).
 *
 * Values are flat, named `WETH.liquidationThreshold`, decimal strings in the protocol's own unit, so that before, wanted and after
 * of every target are compared by the same few lines.
 */
import type { Client } from 'viem';
import { z } from 'zod';
import type { ParametersByAsset, RiskParameters } from '../../datasets/state.ts';
import type * as Call from './call.ts';
import type * as Words from './words.ts';

export type Field = keyof RiskParameters;

/** One parameter of one asset, in our units; null = no cap. */
export type Move = { readonly asset: string; readonly field: Field; readonly from: number | null; readonly to: number | null };

export const Held = z
  .strictObject({
    /** Of the contracts, in their makers' words. */
    version: z.string(),
    /** How the version was found on chain; null: it was only declared, and nothing may be signed on it. */
    detectedBy: z.string().nullable(),
    block: z.string().regex(/^\d+$/).nullable(),
    values: z.record(z.string(), z.string()).readonly(),
  })
  .readonly();
export type Held = z.infer<typeof Held>;

/** In `becomes`: the moment of execution, which no draft knows. */
export const NOW = 'now';

export type Plan = {
  readonly actions: readonly Call.Inner[];
  /** Every value that is another afterwards. */
  readonly becomes: Readonly<Record<string, string>>;
  /** What the translation changed or cannot say: a truncation, a ramp, a second step. */
  readonly notes: readonly string[];
  /** A message for a chain that takes no call data, as JSON. */
  readonly message?: Call.Argument;
};

/** `chain`: its contracts would revert, by their own name for it. `us`: they would take it, and it should not be signed. */
export type Refusal = { readonly by: 'chain' | 'us'; readonly name: string; readonly says: string };

export type Target<V> = {
  readonly Venue: z.ZodType<V>;
  /** The fields of an advice it can hold; others are left out and said. */
  readonly FIELDS: readonly Field[];
  /** What its real contracts are run on in the tests; null: they are not, which bars the automatic lane. */
  readonly SIMULATED_ON: string | null;
  readonly TABLE: Call.Table;
  read(client: Client, venue: V): Promise<Held>;
  declare(venue: V, parameters: ParametersByAsset): Held;
  constraints(venue: V, held: Held, moves: readonly Move[], nowSeconds: number): Refusal | null;
  encode(venue: V, held: Held, moves: readonly Move[]): Plan;
  decode(data: Words.Hex): Call.Read;
};

/** Moves of each asset by field, assets sorted. Ask `duplicate` first. */
export function byAsset(moves: readonly Move[]): readonly (readonly [string, Partial<Record<Field, Move>>])[] {
  const assets = [...new Set(moves.map(({ asset }) => asset))].sort();
  return assets.map((name) => [name, Object.fromEntries(moves.filter(({ asset }) => asset === name).map((move) => [move.field, move]))]);
}

/** A batch that names a parameter twice is written by its last row and reviewed by its first: Aave's stewards do not see it. */
export function duplicate(moves: readonly Move[]): Refusal | null {
  const names = moves.map(({ asset, field }) => `${asset} ${field}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? null : { by: 'us', name: 'Duplicate', says: `${twice} stands twice; which of the two was reviewed?` };
}

export function unknownAsset(moves: readonly Move[], assets: Readonly<Record<string, unknown>>): Refusal | null {
  const stranger = moves.find(({ asset }) => assets[asset] === undefined);
  if (stranger === undefined) return null;
  return { by: 'us', name: 'UnknownAsset', says: `${stranger.asset} is not in the venue's assets, so its address is not known.` };
}

/** What the chain holds must be what the advice starts from. */
export function moved(held: Held, expected: Readonly<Record<string, string>>): Refusal | null {
  for (const [name, value] of Object.entries(expected)) {
    const is = held.values[name];
    if (is !== value) return { by: 'us', name: 'StateMoved', says: `${name} is ${is ?? 'not there'}; the advice starts from ${value}.` };
  }
  return null;
}

/** The only difference between two sets of values. */
export function changed(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
}

/** Whole tokens as the chain writes a cap; `none` is what it writes for no cap. */
export function wholeTokens(value: number | null, none: bigint): bigint {
  return value === null ? none : BigInt(Math.floor(value));
}

export function call(to: Words.Address, data: Words.Hex): Call.Inner {
  return { to, data, valueWei: '0', operation: 'call' };
}
