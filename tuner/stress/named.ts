/**
 * A named scenario as one deterministic path: today's prices times stated multiples, thinner markets, frozen oracles.
 * An asset of the book follows its own name, else the panel asset that drives it, else `elsewhere`; one that no panel
 * asset drives moves only where the scenario names it itself.
 */
import { PlimsollError } from '../../base/errors.ts';
import type { BlockResult, BookInput } from '../../kernel/job.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { NamedScenario } from '../../models/scenario.ts';
import type { Book } from './book.ts';

export type NamedPath = {
  readonly name: string;
  readonly steps: number;
  /** [step][asset of the book]. */
  readonly factors: Float64Array;
  readonly depthFactor: number;
  readonly frozenSteps: number;
};

export function flatten(scenario: NamedScenario, book: Pick<Book, 'assets' | 'panelAssets'>): NamedPath {
  const steps = scenario.elsewhere.length;
  const size = book.assets.length;
  const factors = new Float64Array(steps * size).fill(1);
  for (const [asset, list] of Object.entries(scenario.priceFactor)) {
    if (list.length !== steps) {
      throw new BadScenarioError({
        got: `${list.length} steps for ${asset}`,
        needed: `${steps}, as for the other assets`,
        where: scenario.name,
      });
    }
  }
  book.assets.forEach((asset, index) => {
    const panelAsset = book.panelAssets[index] ?? null;
    const driven = panelAsset === null ? null : (scenario.priceFactor[panelAsset] ?? scenario.elsewhere);
    const list = scenario.priceFactor[asset] ?? driven;
    if (list !== null) for (let step = 0; step < steps; step += 1) factors[step * size + index] = list[step]!;
  });
  return { name: scenario.name, steps, factors, depthFactor: scenario.depthFactor, frozenSteps: scenario.oracleFrozenSteps };
}

export function run(kernel: Kernel, input: BookInput, path: NamedPath): BlockResult {
  const thinner: BookInput = {
    ...input,
    pathAsset: Int32Array.from({ length: input.assets }, (_, asset) => asset),
    volumeUsd: input.volumeUsd.map((volume) => volume * path.depthFactor),
  };
  return kernel.stress(thinner, {
    count: 1,
    steps: path.steps,
    columns: input.assets,
    factors: path.factors,
    frozenSteps: path.frozenSteps,
  });
}

export class BadScenarioError extends PlimsollError {
  override readonly name = 'Named.BadScenarioError';
}
