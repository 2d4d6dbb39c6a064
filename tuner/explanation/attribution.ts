/**
 * Attribution: why a loss changed since another run, split among drivers by exact Shapley values on common random numbers: every mixture sees
 * the same draws, so the parts carry no noise of their own beyond the two ends'.
 */
import { z } from 'zod';
import { type ParametersByAsset, parametersOf } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import { plan } from '../../models/scenario.ts';
import * as Stress from '../stress/stress.ts';
import * as Summary from '../stress/summary.ts';
import { tiltOf } from '../stress/towards.ts';
import { bit, checkComparable, DRIVERS, Driver, mix, type Side } from './drivers.ts';
import { shapley } from './shapley.ts';

export const Attribution = z
  .strictObject({
    paths: z.int().positive(),
    seed: z.int(),
    level: z.number().gt(0).lt(1),
    fromUsd: Summary.Tail,
    toUsd: Summary.Tail,
    /** Change of the expected shortfall by driver, USD; they add up to the whole change. */
    byDriver: z.record(Driver, z.number()).readonly(),
    evaluations: z.int().positive(),
  })
  .readonly();
export type Attribution = z.infer<typeof Attribution>;

export type AttributionOptions = {
  readonly seed: number;
  readonly paths: number;
  readonly steps: number;
  readonly level: number;
  readonly onStep?: (share: number) => void;
};

/** `parameters`: other than those of the state; borrowers follow their borrowing power. */
type TailOptions = AttributionOptions & { readonly parameters?: ParametersByAsset };

export function attribute(from: Side, to: Side, options: AttributionOptions): Attribution {
  checkComparable(from, to);
  const still = mix(from, to, 0);
  const idle = DRIVERS.filter((driver) => {
    const { state, model } = mix(from, to, bit(driver));
    return state.id === still.state.id && model.id === still.model.id;
  }).reduce((mask, driver) => mask | bit(driver), 0);
  const coalitions = 1 << DRIVERS.length;
  const tails: Summary.Tail[] = [];
  let evaluations = 0;
  for (let mask = 0; mask < coalitions; mask += 1) {
    // A driver that is the same on both sides changes nothing: its mixtures are known already.
    const known = mask & ~idle;
    if (known === mask) {
      tails[mask] = tailOf(mix(from, to, mask), to, options);
      evaluations += 1;
    } else tails[mask] = tails[known]!;
    options.onStep?.((mask + 1) / coalitions);
  }
  const values = shapley(tails.map(({ expectedShortfallUsd }) => expectedShortfallUsd));
  const byDriver = Object.fromEntries(DRIVERS.map((driver, index) => [driver, values[DRIVERS.length - 1 - index]!])) as Record<
    Driver,
    number
  >;
  const { seed, paths, level } = options;
  return { paths, seed, level, fromUsd: tails[0]!, toUsd: tails[coalitions - 1]!, byDriver, evaluations };
}

/** One tilt for all mixtures, that of the later side: weights are right under any law. */
export function tailOf({ state, model }: Side, tilted: Side, options: TailOptions): Summary.Tail {
  const { seed, paths, steps, level, parameters = parametersOf(state) } = options;
  const scenarios = plan(model, { seed, paths, steps, tilt: tiltOf(tilted.state, tilted.model) });
  const prepared = Stress.prepare(state, model, { ...scenarios, named: [] }, { borrowers: 'responsive' });
  const { byPath } = Stress.stressRange(loadKernel(), prepared, parameters, { from: 0, to: paths });
  const results = { badDebtUsd: Array.from(byPath.badDebtUsd), marginShortfallUsd: Array.from(byPath.marginShortfallUsd) };
  return Summary.tailOf({ lossUsd: Summary.losses(results, state.insuranceFundUsd), weight: Array.from(byPath.weight) }, level);
}
