/** Worker thread of a crew: loads the kernel once and stresses the ranges it is given. */
import { Piscina } from 'piscina';
import type { ParametersByAsset } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import type { Borrowers } from '../tuner/stress/book.ts';
import * as Stress from '../tuner/stress/stress.ts';

export type StressTask = {
  readonly parameters: ParametersByAsset;
  readonly borrowers: Borrowers;
  readonly ranges: readonly Stress.Range[];
};

const kernel = loadKernel();

export default function work({ parameters, borrowers, ranges }: StressTask): Stress.RangeResult[] {
  const prepared = (Piscina.workerData as Record<Borrowers, Stress.Prepared>)[borrowers];
  return ranges.map((range) => Stress.stressRange(kernel, prepared, parameters, range));
}
