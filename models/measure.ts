/** Measure: a book with depth as it was quoted, and options at the volatility of a quoted surface, in place of what was declared. Pure. */
import { PlimsollError } from '../base/errors.ts';
import { type Id, seal } from '../base/id.ts';
import type { OptionPosition } from '../datasets/derivatives.ts';
import { depthOf, type Ladder, merge } from '../datasets/sources/depth.ts';
import type { ProtocolState } from '../datasets/state.ts';
import * as VolatilitySurface from './volatility-surface.ts';

export type Measured = { readonly asset: string; readonly id: Id; readonly takenAt: string };
export type MeasuredDepth = Measured & { readonly ladder: Ladder; readonly dailyVolumeUsd: number; readonly dailyVolatility: number };
export type MeasuredSurface = Measured & { readonly surface: VolatilitySurface.VolatilitySurface };

const MAX_DISTANCE_MS = 86_400_000;

/** Several ladders of an asset are one market. Half-lives stay declared. */
export function measure(state: ProtocolState, depths: readonly MeasuredDepth[], surfaces: readonly MeasuredSurface[]): ProtocolState {
  for (const one of [...depths, ...surfaces]) check(state, one);
  const assets = state.assets.map((asset) => {
    const found = depths.filter((one) => one.asset === asset.asset);
    if (found.length === 0) return asset;
    const { dailyVolumeUsd, dailyVolatility, takenAt } = found[0]!;
    const scale = { dailyVolumeUsd, dailyVolatility, halfLifeSeconds: asset.depth.halfLifeSeconds, takenAt };
    return { ...asset, depth: depthOf(merge(found.map(({ ladder }) => ladder)), scale) };
  });
  const marked = (option: OptionPosition): OptionPosition => {
    const surface = surfaces.find(({ asset }) => asset === option.asset)?.surface;
    if (surface === undefined) return option;
    return { ...option, impliedVolatility: VolatilitySurface.volatilityAt(surface, option.strikeUsd, Date.parse(option.expiresAt)) };
  };
  const { id, ...body } = state;
  return seal({
    ...body,
    from: { ...state.from, importedFrom: [...(state.from.importedFrom ?? []), id, ...[...depths, ...surfaces].map((one) => one.id)] },
    assets,
    derivatives: state.derivatives.map((account) => {
      return account.options === undefined ? account : { ...account, options: account.options.map(marked) };
    }),
    notes: [...state.notes, ...surfaces.map((one) => noteOf(state, one))],
  });
}

function noteOf(state: ProtocolState, { asset, takenAt, surface: { expiries, leftOut } }: MeasuredSurface): string {
  const count = state.derivatives.flatMap(({ options = [] }) => options.filter((option) => option.asset === asset)).length;
  const worst = Math.max(...expiries.map(({ fit }) => fit.error));
  return `${count} options of ${asset} at the volatility quoted at ${takenAt}: ${expiries.length} expiries, ${leftOut} left out, root mean square error of total variance at most ${worst.toPrecision(2)}.`;
}

function check(state: ProtocolState, { asset, takenAt }: Measured): void {
  if (!state.assets.some((one) => one.asset === asset)) {
    const needed = `one of the book's assets: ${state.assets.map((one) => one.asset).join(', ')}`;
    throw new UnknownAssetError({ got: asset, needed, where: 'state' });
  }
  if (Math.abs(Date.parse(takenAt) - Date.parse(state.asOf)) <= MAX_DISTANCE_MS) return;
  throw new OtherDayError({
    got: `a market of ${takenAt} for a book of ${state.asOf}`,
    needed: 'one at most a day away',
    where: asset,
    fix: "Read the book of that day, or pull the market on the book's day.",
  });
}

export class UnknownAssetError extends PlimsollError {
  override readonly name = 'Measure.UnknownAssetError';
}

export class OtherDayError extends PlimsollError {
  override readonly name = 'Measure.OtherDayError';
}
