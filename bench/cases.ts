/** What is worth timing: each call of the chain that a person waits for, on the built-in sample. */
import { canonicalJson, digest } from '../base/id.ts';
import { PURPOSE, uniform } from '../base/random.ts';
import { align } from '../datasets/align.ts';
import { endsAt } from '../datasets/panel.ts';
import { sampleBook } from '../datasets/sample/book.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import { parametersOf } from '../datasets/state.ts';
import { leaf, merkleRoot } from '../governance/bundle.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Fit from '../models/fit.ts';
import * as Garch from '../models/garch.ts';
import { plan } from '../models/scenario.ts';
import * as Stress from '../tuner/stress/stress.ts';
import type { Case } from './stopwatch.ts';

const SEED = 1;
const HOURS = 24 * 240;
const STEPS = 48;

export async function cases(): Promise<readonly Case[]> {
  const kernel = loadKernel();
  const { series, sources, quote } = sampleMarket(SEED, HOURS);
  const panel = align(series, { quote, sources, simulated: true });
  const state = sampleBook(panel, SEED);
  const model = await Fit.fit(panel, { seed: SEED, forecaster: false });
  const scenarios = plan(model, { seed: SEED, paths: 4 * Stress.BLOCK, steps: STEPS });
  const prepared = Stress.prepare(state, model, scenarios, { borrowers: 'responsive' });
  const parameters = parametersOf(state);
  const part = Stress.stressRange(kernel, prepared, parameters, { from: 0, to: Stress.BLOCK });
  const returns = Fit.returnsPct(panel, panel.assets[0]!);
  const leaves = Array.from({ length: 8_000 }, (_, path) => leaf(path));
  const bars = `${panel.assets.length} assets × ${panel.length} bars to ${endsAt(panel).slice(0, 10)}`;
  const book = `${state.lending.length} lending and ${state.derivatives.length} perpetual accounts`;
  return [
    { name: 'draws', says: '100,000 uniforms from the plain streams', repeats: 15, work: () => draws(100_000) },
    { name: 'align', says: `panel of ${bars}`, repeats: 9, work: () => align(series, { quote, sources, simulated: true }) },
    { name: 'canonical', says: 'canonical JSON and digest of that panel', repeats: 9, work: () => digest(canonicalJson(panel)) },
    { name: 'garch', says: `GJR-t on ${returns.length} returns`, repeats: 15, work: () => Garch.fit(returns, Garch.GJR_T) },
    {
      name: 'paths',
      says: `${Stress.BLOCK} paths × ${STEPS} steps of the law`,
      repeats: 15,
      work: () => kernel.simulate(prepared.law, prepared.seed, STEPS, 0, Stress.BLOCK),
    },
    {
      name: 'stress',
      says: `the book on those paths, kept from the first time as in a search: ${book}`,
      repeats: 15,
      work: () => Stress.stressRange(kernel, prepared, parameters, { from: 0, to: Stress.BLOCK }),
    },
    {
      name: 'assemble',
      says: `evidence from ${Stress.BLOCK} paths`,
      repeats: 15,
      work: () => Stress.assemble(prepared, parameters, [part], [], { level: 0.99, budgetUsd: 1e6 }),
    },
    { name: 'merkle', says: 'root of 8,000 leaves', repeats: 9, work: () => merkleRoot(leaves) },
  ];
}

function draws(count: number): number {
  let sum = 0;
  for (let step = 0; step < count; step += 1) sum += uniform(SEED, PURPOSE.search, 0, step, step & 7);
  return sum;
}
