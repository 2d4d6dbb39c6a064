/**
 * Venue: where an advice is to take effect, as a file people write: the contracts that hold the parameters, and the road by which
 * somebody with the right calls them. Every target and every road there is an encoder for is named here, and nowhere else.
 */
import { z } from 'zod';
import * as AaveGovernance from './targets/aave-governance.ts';
import * as Configurator from './targets/aave-v3-configurator.ts';
import * as Engine from './targets/aave-v3-engine.ts';
import * as Steward from './targets/aave-v3-steward.ts';
import * as StewardV4 from './targets/aave-v4-steward.ts';
import * as Bravo from './targets/bravo.ts';
import * as Comet from './targets/comet.ts';
import * as Derive from './targets/derive.ts';
import * as Dydx from './targets/dydx.ts';
import * as Euler from './targets/euler.ts';
import * as Governor from './targets/governor.ts';
import * as Morpho from './targets/morpho.ts';
import * as RiskOracle from './targets/risk-oracle.ts';
import * as Safe from './targets/safe.ts';
import type { Target } from './targets/target.ts';
import { Address } from './targets/words.ts';

const Parameters = z.discriminatedUnion('target', [
  Configurator.Venue,
  Engine.Venue,
  Steward.Venue,
  StewardV4.Venue,
  Comet.Venue,
  Euler.Venue,
  Morpho.Venue,
  RiskOracle.Venue,
  Derive.Venue,
  Dydx.Venue,
]);
export type Parameters = z.infer<typeof Parameters>;

/** Whoever holds the role calls the contracts directly: a council's own account, or a tool of its own. */
const Direct = z.strictObject({ route: z.literal('direct'), from: Address.nullable() }).readonly();

const Route = z.discriminatedUnion('route', [Direct, Governor.Road, Bravo.Venue, AaveGovernance.Venue, Safe.Venue]);
export type Route = z.infer<typeof Route>;

export const Venue = z.strictObject({ parameters: Parameters, route: Route.default({ route: 'direct', from: null }) }).readonly();
export type Venue = z.infer<typeof Venue>;

const MODULES = { Configurator, Engine, Steward, StewardV4, Comet, Euler, Morpho, RiskOracle, Derive, Dydx };
const TARGETS: { readonly [Name in Parameters['target']]: Target<Extract<Parameters, { readonly target: Name }>> } = {
  'aave-v3-configurator': MODULES.Configurator,
  'aave-v3-engine': MODULES.Engine,
  'aave-v3-steward': MODULES.Steward,
  'aave-v4-steward': MODULES.StewardV4,
  comet: MODULES.Comet,
  euler: MODULES.Euler,
  morpho: MODULES.Morpho,
  'risk-oracle': MODULES.RiskOracle,
  derive: MODULES.Derive,
  dydx: MODULES.Dydx,
};

export const TARGET_NAMES = Object.keys(TARGETS) as readonly Parameters['target'][];

/** The file's target by its verbs. */
export function targetOf(parameters: Parameters): Target<Parameters> {
  return TARGETS[parameters.target] as unknown as Target<Parameters>;
}

/** What the road's real contracts, of this version, are run on in the tests; null: they are not. */
export function roadSimulatedOn({ route }: Route, version: string): string | null {
  switch (route) {
    case 'direct':
      return 'no contract of its own';
    case 'openzeppelin-governor':
      return Governor.SIMULATED_ON;
    case 'governor-bravo':
      return Bravo.SIMULATED_ON;
    case 'aave-governance':
      return AaveGovernance.SIMULATED_ON;
    case 'safe':
      return Safe.simulatedOn(version);
  }
}

/** Every address the file names, lower case: a call to any other is a stray one. */
export function addresses(venue: unknown): readonly string[] {
  if (typeof venue === 'string') return Address.safeParse(venue).success ? [venue.toLowerCase()] : [];
  if (typeof venue !== 'object' || venue === null) return [];
  return Object.values(venue).flatMap(addresses);
}
