/**
 * History: the stress engine on windows of the past instead of paths of the law, so that a whole recommendation can be made without one.
 *
 * A path is one window of the horizon, all assets at the same hours (whatever tied them together then ties them now), each asset's log
 * returns times its σ now / σ at the window's start (challenger.ts). Windows are taken in an order that spreads every prefix over the whole
 * past, each once before any twice. They overlap: errors and bounds that take paths as independent are too small here.
 */
import { PlimsollError } from '../base/errors.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Simulated } from '../kernel/law.ts';
import type { MarketModel } from '../models/market.ts';
import { FEWEST_WINDOWS, pastOf, warmUp } from './challenger.ts';
import type { Borrowers } from './stress/book.ts';
import { checkPaths, type Evaluate, type EvaluateInputs } from './stress/evaluate.ts';
import * as Stress from './stress/stress.ts';

/** On the calling thread. `scenarios` gives the number of paths and steps, and must not be tilted: history has no density to undo it by. */
export function evaluate(kernel: Kernel, panel: MarketPanel, { state, model, scenarios, risk }: EvaluateInputs): Evaluate {
  if (scenarios.tilt !== null)
    throw new TiltedError({
      got: 'a tilted scenario set',
      needed: 'one without a tilt',
      where: scenarios.id,
      fix: 'Plan it again with tilt null.',
    });
  const windows = windowsOf(kernel, panel, model, scenarios.steps);
  const prepared = new Map<Borrowers, Stress.Prepared>();
  return async ({ parameters, borrowers, paths }) => {
    checkPaths(paths, scenarios);
    const ready = prepared.get(borrowers) ?? Stress.prepare(state, model, scenarios, { borrowers });
    prepared.set(borrowers, ready);
    const part = Stress.stressRange(kernel, ready, parameters, { from: 0, to: paths }, windows);
    return Stress.assemble(ready, parameters, [part], Stress.stressNamed(kernel, ready, parameters), risk);
  };
}

/** Price multiples of the windows for a range of paths, as the kernel lays them out: [path][step][asset]. */
export function windowsOf(kernel: Kernel, panel: MarketPanel, { assets }: MarketModel, steps: number) {
  const pasts = assets.map((asset) => pastOf(kernel, panel, asset));
  const first = Math.max(...pasts.map(({ first: from }) => from)) + warmUp(panel.stepSeconds);
  const count = Math.min(...pasts.map(({ log }) => log.length)) - steps - first;
  if (!(count >= FEWEST_WINDOWS)) {
    throw new TooShortError({
      got: `${Math.max(0, Number.isFinite(count) ? count : 0)} windows in which all of ${assets.join(', ')} have prices`,
      needed: `at least ${FEWEST_WINDOWS}`,
      where: 'panel',
      fix: 'Give a longer history, or leave out the youngest asset.',
    });
  }
  const stride = strideOf(count);
  return (start: number, paths: number): Simulated => {
    const factors = new Float64Array(paths * steps * assets.length);
    for (let path = 0; path < paths; path += 1) {
      const window = first + (((start + path) * stride) % count);
      for (const [column, { log, variance, now }] of pasts.entries()) {
        const scale = variance[window]! > 0 ? Math.sqrt(now / variance[window]!) : 1;
        for (let step = 0; step < steps; step += 1) {
          factors[(path * steps + step) * assets.length + column] = kernel.exp(scale * (log[window + step + 1]! - log[window]!));
        }
      }
    }
    return { factors, weights: new Float64Array(paths).fill(1) };
  };
}

/** Near the golden section of the count and without a common divisor: every prefix is spread evenly, every window comes once a round. */
function strideOf(count: number): number {
  let stride = Math.max(1, Math.floor(0.618 * count));
  while (divisor(stride, count) > 1) stride += 1;
  return stride;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

export class TooShortError extends PlimsollError {
  override readonly name = 'History.TooShortError';
}

export class TiltedError extends PlimsollError {
  override readonly name = 'History.TiltedError';
}
