/** One thread of the test: makes paths and stresses ranges as told, and posts the bits back. */
import { parentPort } from 'node:worker_threads';
import type { ParametersByAsset } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import * as Stress from '../../tuner/stress/stress.ts';

export type Task = { readonly prepared: Stress.Prepared; readonly parameters: ParametersByAsset; readonly ranges: readonly Stress.Range[] };
export type Done = { readonly parts: Stress.RangeResult[]; readonly factors: Float64Array[] };

parentPort?.on('message', ({ prepared, parameters, ranges }: Task) => {
  const kernel = loadKernel();
  const parts = ranges.map((range) => Stress.stressRange(kernel, prepared, parameters, range));
  const factors = ranges.map(({ from }) => kernel.simulate(prepared.law, prepared.seed, prepared.steps, from, 3).factors);
  parentPort?.postMessage({ parts, factors } satisfies Done);
});
