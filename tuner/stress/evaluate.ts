/** The capability the search is given: parameters in, evidence out. This one works on the calling thread. */
import { PlimsollError } from '../../base/errors.ts';
import type { ParametersByAsset, ProtocolState } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import type { Borrowers } from './book.ts';
import type { StressEvidence } from './evidence.ts';
import * as Stress from './stress.ts';
import type { Risk } from './summary.ts';

export type EvaluateRequest = { readonly parameters: ParametersByAsset; readonly borrowers: Borrowers; readonly paths: number };
export type Evaluate = (request: EvaluateRequest) => Promise<StressEvidence>;

export type EvaluateInputs = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly scenarios: ScenarioSet;
  readonly risk: Risk;
};

export function singleThread(kernel: Kernel, { state, model, scenarios, risk }: EvaluateInputs): Evaluate {
  const prepared = new Map<Borrowers, Stress.Prepared>();
  return async ({ parameters, borrowers, paths }) => {
    checkPaths(paths, scenarios);
    const ready = prepared.get(borrowers) ?? Stress.prepare(state, model, scenarios, { borrowers });
    prepared.set(borrowers, ready);
    const part = Stress.stressRange(kernel, ready, parameters, { from: 0, to: paths });
    return Stress.assemble(ready, parameters, [part], Stress.stressNamed(kernel, ready, parameters), risk);
  };
}

/** Evidence names its scenario set, so it cannot hold more paths than the set does. */
export function checkPaths(paths: number, scenarios: Pick<ScenarioSet, 'id' | 'paths'>): void {
  if (!Number.isInteger(paths) || paths < 1 || paths > scenarios.paths) {
    throw new TooManyPathsError({ got: `${paths} paths`, needed: `1 to ${scenarios.paths}`, where: scenarios.id });
  }
}

export class TooManyPathsError extends PlimsollError {
  override readonly name = 'Evaluate.TooManyPathsError';
}
