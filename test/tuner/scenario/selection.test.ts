/** Whom the groups are. */
import { expect, it } from 'vitest';
import type { Selector } from '../../../tuner/scenario/scenario.ts';
import * as Selection from '../../../tuner/scenario/selection.ts';
import * as Fixture from '../../stress/fixture.ts';

const own = Fixture.model(3);
/** A02 hardly moves: a peg with a price series. */
const model = {
  ...own,
  volatility: { ...own.volatility, A02: { ...own.volatility['A02']!, omega: 1e-4, nextVariance: 1e-3, unconditionalVariance: 1e-3 } },
};
const assets = [
  { asset: 'A00', panelAsset: 'A00' },
  { asset: 'WA00', panelAsset: 'A00' },
  { asset: 'stA00', panelAsset: 'A00' },
  { asset: 'A01', panelAsset: 'A01' },
  { asset: 'A02', panelAsset: 'A02' },
  { asset: 'USD', panelAsset: null },
];
const found = (entry: Selector) => Selection.placesOf({ assets, model }, entry, 'here').map((place) => assets[place]!.asset);

it.each([
  [{ group: 'all' }, ['A00', 'WA00', 'stA00', 'A01', 'A02', 'USD']],
  [{ group: 'volatile' }, ['A00', 'WA00', 'stA00', 'A01']],
  [{ group: 'pegged' }, ['A02', 'USD']],
  [{ group: 'derived' }, ['stA00']],
  [{ series: 'A00' }, ['A00', 'WA00', 'stA00']],
  [{ series: 'A00', except: ['WA00'] }, ['A00', 'stA00']],
  [{ group: 'volatile', except: ['A00'] }, ['A01']],
  [{ assets: ['USD', 'A01'] }, ['A01', 'USD']],
  [{ asset: 'stA00' }, ['stA00']],
  [{ asset: 'DOGE', ifListed: true }, []],
] as const)('%j', (entry, names) => {
  expect(found(entry as Selector)).toEqual(names);
});
