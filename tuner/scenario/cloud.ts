/**
 * Cloud: where the law's paths end. Log moves over a horizon of the price series that a book stands on, their mean, covariance Σ = L·Lᵀ, and
 * every path's place in it; each path by its weight. Distance is Mahalanobis': y = L⁻¹(x − mean), |y|. The cloud has fatter tails than a
 * normal one of the same covariance, so what a distance means is read off the paths, not off a table.
 */
import { PlimsollError } from '../../base/errors.ts';
import { margined } from '../../datasets/derivatives.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { cholesky } from '../../models/math/linear.ts';
import { largestWeight } from '../../models/tilt.ts';
import * as Law from '../stress/law.ts';
import { BLOCK } from '../stress/stress.ts';
import * as Summary from '../stress/summary.ts';
import * as Traders from '../stress/traders.ts';
import type { Ground } from './world.ts';

export type Cloud = {
  readonly series: readonly string[];
  /** Log moves, not percent. */
  readonly mean: Float64Array;
  /** L, row by row, lower triangular. */
  readonly root: Float64Array;
  /** [path][series], in units of the cloud: y of each path. */
  readonly places: Float64Array;
  readonly weight: readonly number[];
  readonly largestWeight: number;
};

export function of(kernel: Kernel, { state, model, scenarios }: Ground, paths: number, steps: number): Cloud {
  const series = seriesOf(state).filter((name) => model.assets.includes(name));
  const size = series.length;
  if (size === 0)
    throw new NothingMovesError({ got: 'a book on no price series of the law', needed: 'at least one', where: state.protocol });
  const columns = series.map((name) => model.assets.indexOf(name));
  const law = Law.flatten(model, scenarios.tilt).input;
  const logs = new Float64Array(paths * size);
  const weight: number[] = [];
  for (let start = 0; start < paths; start += BLOCK) {
    const count = Math.min(BLOCK, paths - start);
    const { factors, weights } = kernel.simulate(law, scenarios.seed, steps, start, count);
    weight.push(...weights);
    for (let path = 0; path < count; path += 1) {
      const last = (path * steps + steps - 1) * law.assets;
      for (let index = 0; index < size; index += 1) logs[(start + path) * size + index] = kernel.log(factors[last + columns[index]!]!);
    }
  }

  const all = Summary.total(weight);
  const mean = new Float64Array(size);
  const covariance = new Float64Array(size * size);
  for (let path = 0; path < paths; path += 1) {
    for (let i = 0; i < size; i += 1) mean[i]! += (weight[path]! * logs[path * size + i]!) / all;
  }
  for (let path = 0; path < paths; path += 1) {
    const row = path * size;
    for (let i = 0; i < size; i += 1) {
      const left = (weight[path]! * (logs[row + i]! - mean[i]!)) / all;
      for (let j = 0; j <= i; j += 1) covariance[i * size + j]! += left * (logs[row + j]! - mean[j]!);
    }
  }
  const root = cholesky(covariance, size);
  const places = new Float64Array(paths * size);
  for (let path = 0; path < paths; path += 1) {
    for (let i = 0; i < size; i += 1) {
      let rest = logs[path * size + i]! - mean[i]!;
      for (let k = 0; k < i; k += 1) rest -= root[i * size + k]! * places[path * size + k]!;
      places[path * size + i] = rest / root[i * size + i]!;
    }
  }
  return { series, mean, root, places, weight, largestWeight: largestWeight(scenarios.tilt) };
}

/** Log moves of a place in the cloud. */
export function movesAt({ mean, root }: Pick<Cloud, 'mean' | 'root'>, place: ArrayLike<number>): Float64Array {
  const size = mean.length;
  return mean.map((centre, i) => {
    let sum = centre;
    for (let k = 0; k <= i; k += 1) sum += root[i * size + k]! * place[k]!;
    return sum;
  });
}

/** Standard deviation of a series' log move. */
export function sigmaOf({ root, mean }: Pick<Cloud, 'root' | 'mean'>, index: number): number {
  let sum = 0;
  for (let k = 0; k <= index; k += 1) sum += root[index * mean.length + k]! * root[index * mean.length + k]!;
  return Math.sqrt(sum);
}

/** Price series that debtors and traders stand on, in order of their names. */
function seriesOf(state: ProtocolState): readonly string[] {
  const driver = new Map(state.assets.map(({ asset, panelAsset }) => [asset, panelAsset]));
  const held = [
    ...state.lending
      .filter(({ debt }) => debt.length > 0)
      .flatMap(({ collateral, debt }) => [...collateral, ...debt].map(({ asset }) => asset)),
    ...margined(state.derivatives).flatMap(Traders.assetsOf),
  ];
  return [...new Set(held.flatMap((asset) => driver.get(asset) ?? []))].sort();
}

export class NothingMovesError extends PlimsollError {
  override readonly name = 'Cloud.NothingMovesError';
}
