/**
 * Speed of the stress engine on one thread: 12 assets × 48 steps × 4,000 paths × 400 lending and 100 margin accounts.
 * Prints one JSON line of milliseconds, best of the repeats.
 *
 * npx tsx bench/kernel.ts
 */
import { parametersOf } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Fixture from '../test/stress/fixture.ts';
import * as Stress from '../tuner/stress/stress.ts';

const REPEATS = 5;
const [ASSETS, STEPS, PATHS, LENDERS, TRADERS] = [12, 48, 4_000, 400, 100];

const kernel = loadKernel();
const model = Fixture.model(ASSETS);
const state = Fixture.book(ASSETS, LENDERS, TRADERS, Fixture.draws(5));
const parameters = parametersOf(state);
const scenarios = Fixture.scenarios(model, PATHS, STEPS);
const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive' });

const best = (work: () => unknown) => {
  let least = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const from = performance.now();
    work();
    least = Math.min(least, performance.now() - from);
  }
  return Math.round(least * 10) / 10;
};

const simulateMs = best(() => {
  for (const { from, to } of Stress.cut(PATHS, 1_000)) kernel.simulate(prepared.law, prepared.seed, STEPS, from, to - from);
});
// The first range makes and keeps the paths; the best of the repeats finds them kept, as a search does.
const evaluateMs = best(() => Stress.stressRange(kernel, prepared, parameters, { from: 0, to: PATHS }));
const part = Stress.stressRange(kernel, prepared, parameters, { from: 0, to: PATHS });
const assembleMs = best(() => Stress.assemble(prepared, parameters, [part], [], { level: 0.99, budgetUsd: 1e5 }));

process.stdout.write(`${JSON.stringify({ simulateMs, evaluateMs, firstEvaluateMs: Math.round(simulateMs + evaluateMs), assembleMs })}\n`);
