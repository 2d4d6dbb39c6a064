/**
 * Decode: anybody's call data, nested as deep as people nest it: a Safe's transaction, its batch, the governor's proposal in it, the
 * timelock's schedule, the change of a parameter at the end. Nothing here is shared with what encodes.
 *
 * What is not known stays bytes, and says so; what is known by its selector but is not the one canonical encoding is an error at the
 * top and a warning inside, so that one bad call does not hide the others.
 */
import { PlimsollError, quote } from '../../base/errors.ts';
import * as AaveGovernance from './aave-governance.ts';
import * as Configurator from './aave-v3-configurator.ts';
import * as Engine from './aave-v3-engine.ts';
import * as Steward from './aave-v3-steward.ts';
import * as StewardV4 from './aave-v4-steward.ts';
import * as Bravo from './bravo.ts';
import * as Call from './call.ts';
import * as Capo from './capo.ts';
import * as Comet from './comet.ts';
import * as Derive from './derive.ts';
import * as Dydx from './dydx.ts';
import * as Euler from './euler.ts';
import * as Governor from './governor.ts';
import * as Morpho from './morpho.ts';
import * as MultiSend from './multisend.ts';
import * as Registry from './registry.ts';
import * as RiskOracle from './risk-oracle.ts';
import * as Safe from './safe.ts';
import * as Sky from './sky.ts';
import * as Timelock from './timelock.ts';
import type * as Words from './words.ts';

export type DecodedInner = {
  readonly to: Words.Address;
  readonly valueWei: string;
  readonly operation: 'call' | 'delegatecall';
  readonly data: Words.Hex;
  /** null: not known, or not readable. */
  readonly call: Decoded | null;
};
export type Decoded = {
  readonly target: string;
  readonly function: string;
  readonly signature: string;
  readonly arguments: Call.Arguments;
  readonly says: string;
  readonly warnings: readonly string[];
  readonly calls: readonly DecodedInner[];
};

/** Every table; a later one never has a selector of an earlier one under another signature (a test asks). */
export const TABLES: readonly Call.Table[] = [
  Registry.TABLE,
  Governor.TABLE,
  Bravo.TABLE,
  Timelock.TABLE,
  Safe.TABLE,
  AaveGovernance.TABLE,
  Engine.TABLE,
  Steward.TABLE,
  Configurator.TABLE,
  StewardV4.TABLE,
  Capo.TABLE,
  Comet.TABLE,
  Euler.TABLE,
  Morpho.TABLE,
  RiskOracle.TABLE,
  Derive.TABLE,
  Sky.TABLE,
];
const ALL: Call.Table = new Map(TABLES.toReversed().flatMap((table) => [...table]));

/** Deeper than anybody nests; a bound for what is hostile. */
const MAX_DEPTH = 6;
const MAX_CALLS = 1_000;

/** Call data, or a message of a chain that has none. Throws only `Decode.*`, `Words.*`, `Call.*`, `MultiSend.*`, `Registry.*`, `Dydx.*` errors. */
export function decodeText(text: string): Decoded {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return { ...Dydx.decodeMessage(trimmed), calls: [] };
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(trimmed)) {
    throw new NotCallDataError({
      got: quote(trimmed),
      needed: '0x and an even number of hex digits, or a message as JSON',
      where: 'calldata',
    });
  }
  return decode(trimmed.toLowerCase() as Words.Hex);
}

export function decode(data: Words.Hex): Decoded {
  const budget = { calls: MAX_CALLS };
  const found = read(data);
  if (found !== null) return expand(found, 0, budget);
  throw new Call.UnknownCallError({
    got: `selector ${quote(data.slice(0, 10))}`,
    needed: `one of ${ALL.size} known functions of ${[...new Set([...ALL.values()].map(({ target }) => target))].sort().join(', ')}`,
  });
}

/** Every warning, of this call and of those inside it, with where it stands. */
export function allWarnings({ function: name, warnings, calls }: Decoded, path = ''): readonly string[] {
  const here = `${path}${name}`;
  return [
    ...warnings.map((warning) => `${here}: ${warning}`),
    ...calls.flatMap(({ call }, index) => (call === null ? [] : allWarnings(call, `${here} → call ${index + 1} `))),
  ];
}

function read(data: Words.Hex): Call.Read | null {
  return data.startsWith(Registry.UPDATE_SELECTOR) ? Registry.describe(data) : Call.decode(ALL, data);
}

function expand(call: Call.Read, depth: number, budget: { calls: number }): Decoded {
  const { inner, warnings, ...rest } = call;
  const found: string[] = [...warnings];
  const calls = inner.map((item, index): DecodedInner => {
    budget.calls -= 1;
    if (
      item.operation === 'delegatecall' &&
      MultiSend.KNOWN[item.to.toLowerCase() as Words.Address] === undefined &&
      call.target !== 'safe'
    ) {
      found.push(`Call ${index + 1} is a delegate call to ${item.to}.`);
    }
    return { ...item, call: depth >= MAX_DEPTH || budget.calls < 0 ? null : attempt(item.data, index, depth, budget, found) };
  });
  if (depth >= MAX_DEPTH && inner.length > 0) found.push(`Nested deeper than ${MAX_DEPTH} levels: not read further.`);
  if (budget.calls < 0) found.push(`More than ${MAX_CALLS} calls: not all are read.`);
  return { ...rest, warnings: [...new Set(found)], calls };
}

function attempt(data: Words.Hex, index: number, depth: number, budget: { calls: number }, found: string[]): Decoded | null {
  if (data === '0x') return null;
  try {
    const inner = read(data);
    if (inner !== null) return expand(inner, depth + 1, budget);
    found.push(`Call ${index + 1} is not known: selector ${data.slice(0, 10)}, ${(data.length - 2) / 2} bytes.`);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    found.push(`Call ${index + 1} cannot be read: ${error.message}`);
  }
  return null;
}

export class NotCallDataError extends PlimsollError {
  override readonly name = 'Decode.NotCallDataError';
}
