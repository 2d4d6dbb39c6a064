/**
 * Selection: which assets of the book an entry of a scenario is about.
 *
 * `volatile`: driven by a price series whose daily σ is at least 1 %; `pegged`: all others, constant ones with them; `derived`: those that
 * follow the series of another coin than themselves or their wrapping (wstETH, cbBTC; not WETH).
 */
import { PlimsollError } from '../../base/errors.ts';
import type { AssetState } from '../../datasets/state.ts';
import type { MarketModel } from '../../models/market.ts';
import { pegged } from '../../models/scenario.ts';
import type { Group, Selector } from './scenario.ts';

export type Listed = {
  /** In the book's order. In a joint book an asset's name is the one it has in its own protocol. */
  readonly assets: readonly Pick<AssetState, 'asset' | 'panelAsset'>[];
  readonly model: MarketModel;
};

/** Places in the book; empty only where the entry is to be left out. `where` names the entry in errors. */
export function placesOf({ assets, model }: Listed, entry: Selector, where: string): readonly number[] {
  const { asset, assets: several = [], series, group, except = [], ifListed } = entry;
  const wanted = asset === undefined ? several : [asset];
  const names = new Set(assets.map((one) => one.asset));
  const driving = new Set(assets.flatMap(({ panelAsset }) => (panelAsset === null ? [] : [panelAsset])));
  if (ifListed === undefined) {
    refuse(
      wanted.filter((name) => !names.has(name)),
      'assets of the book',
      names,
      where,
    );
    refuse(series === undefined || driving.has(series) ? [] : [series], 'series that drive assets of the book', driving, where);
    refuse(
      except.filter((name) => !names.has(name) && !driving.has(name)),
      'assets or series of the book',
      new Set([...names, ...driving]),
      where,
    );
  }
  const pegs = new Set(pegged(model));
  const left = new Set(except);
  const found = [...assets.keys()].filter((index) => {
    const one = assets[index]!;
    if (left.has(one.asset) || (one.panelAsset !== null && left.has(one.panelAsset))) return false;
    if (group !== undefined) return isOf(group, one, pegs);
    return series === undefined ? wanted.includes(one.asset) : one.panelAsset === series;
  });
  if (found.length === 0 && ifListed === undefined) {
    throw new NobodyError({
      got: `${group === undefined ? 'a selection' : `group ${group}`} with no asset of this book`,
      needed: 'at least one',
      where,
      fix: 'Say ifListed: true where the entry may be left out.',
    });
  }
  return found;
}

function isOf(group: Group, { asset, panelAsset }: Listed['assets'][number], pegs: ReadonlySet<string>): boolean {
  if (group === 'all') return true;
  if (group === 'derived') return panelAsset !== null && asset !== panelAsset && asset !== `W${panelAsset}`;
  const isPegged = panelAsset === null || pegs.has(panelAsset);
  return (group === 'pegged') === isPegged;
}

function refuse(strangers: readonly string[], needed: string, known: ReadonlySet<string>, where: string): void {
  if (strangers.length === 0) return;
  throw new UnknownAssetError({
    got: strangers.join(', '),
    needed: `${needed}: ${[...known].join(', ')}`,
    where,
    fix: 'Correct the name, or say ifListed: true where the entry may be left out.',
  });
}

export class UnknownAssetError extends PlimsollError {
  override readonly name = 'Selection.UnknownAssetError';
}

export class NobodyError extends PlimsollError {
  override readonly name = 'Selection.NobodyError';
}
