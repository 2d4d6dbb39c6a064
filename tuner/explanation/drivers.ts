/**
 * Drivers: what can differ between two evidences of one protocol, and mixtures of the two. A driver's part is taken from the later one
 * where its bit is set, from the earlier one else; so the change of a loss can be split among them (shapley.ts).
 */
import { z } from 'zod';
import { PlimsollError } from '../../base/errors.ts';
import { seal } from '../../base/id.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import type { MarketModel } from '../../models/market.ts';

/** The law's first: their bits are the highest, so that mixtures in order of their mask share simulated paths. */
export const Driver = z.enum(['volatility', 'correlation', 'tails', 'depth', 'oracle', 'book', 'parameters']);
export type Driver = z.infer<typeof Driver>;
export const DRIVERS = Driver.options;

export const MEANS: Readonly<Record<Driver, string>> = {
  volatility: 'GARCH laws and regimes',
  correlation: 'correlations by regime',
  tails: 'margins and the copula’s ν',
  depth: 'depth of the markets',
  oracle: 'oracle feeds',
  book: 'accounts and prices',
  parameters: 'parameters in force',
};

export type Side = { readonly state: ProtocolState; readonly model: MarketModel };

/** Bit of a driver in a mask. */
export function bit(driver: Driver): number {
  return 1 << (DRIVERS.length - 1 - DRIVERS.indexOf(driver));
}

/** Refuses what cannot be mixed: other assets, other steps, another number of regimes. */
export function checkComparable(from: Side, to: Side): void {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['assets of the book', from.state.assets.map(({ asset }) => asset).join(' '), to.state.assets.map(({ asset }) => asset).join(' ')],
    ['assets of the law', from.model.assets.join(' '), to.model.assets.join(' ')],
    ['step of the law, seconds', from.model.stepSeconds, to.model.stepSeconds],
    ['number of regimes', from.model.regime.multiplier.length, to.model.regime.multiplier.length],
  ];
  for (const [what, before, after] of pairs) {
    if (before === after) continue;
    throw new NotComparableError({
      got: `${what}: ${before} before, ${after} after`,
      needed: 'the same on both sides',
      fix: 'Compare runs on the same assets; leave out what only one of them knows.',
    });
  }
}

export function mix(from: Side, to: Side, mask: number): Side {
  const later = (driver: Driver) => (mask & bit(driver)) !== 0;
  const side = (driver: Driver) => (later(driver) ? to : from);
  const book = side('book').state;
  const { id: _model, ...law } = from.model;
  const model = seal({
    ...law,
    volatility: side('volatility').model.volatility,
    regime: side('volatility').model.regime,
    correlation: { ...side('correlation').model.correlation, copulaNu: side('tails').model.correlation.copulaNu },
    margins: side('tails').model.margins,
  });
  const rows = (of: Side) => new Map(of.state.assets.map((row) => [row.asset, row]));
  const [depth, oracle, parameters] = [rows(side('depth')), rows(side('oracle')), rows(side('parameters'))];
  const { id: _state, ...protocol } = book;
  const state = seal({
    ...protocol,
    assets: protocol.assets.map((row) => ({
      ...row,
      depth: depth.get(row.asset)!.depth,
      feed: oracle.get(row.asset)!.feed,
      parameters: parameters.get(row.asset)!.parameters,
    })),
  });
  return { state, model };
}

export class NotComparableError extends PlimsollError {
  override readonly name = 'Drivers.NotComparableError';
}
