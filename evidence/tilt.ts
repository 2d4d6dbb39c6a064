/**
 * What importance sampling gains: `npm run evidence -- tilt`, ten minutes. Writes docs/evidence/tilt.md.
 * Reads ../shared/data where it is: hourly coins, the published Aave tables; else the built-in sample alone.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { align } from '../datasets/align.ts';
import { sampleBook } from '../datasets/sample/book.ts';
import { sampleMarket } from '../datasets/sample/market.ts';
import { type ProtocolState, parametersOf } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import * as Fit from '../models/fit.ts';
import type { MarketModel } from '../models/market.ts';
import { plan } from '../models/scenario.ts';
import type { Tilt } from '../models/tilt.ts';
import { totalDebtUsd } from '../tuner/objective.ts';
import * as Stress from '../tuner/stress/stress.ts';
import * as Summary from '../tuner/stress/summary.ts';
import { tiltOf } from '../tuner/stress/towards.ts';
import * as Real from './books/real.ts';

const OUT = 'docs/evidence/tilt.md';
const AS_OF = '2022-05-08T00:00:00.000Z';
const SEED = 11;
const SAMPLE_SEED = 1;
const STEPS = 48;
const PATHS = 16_384;
/** The plain law is the yardstick: its own tail needs more. */
const PLAIN_PATHS = 4 * PATHS;
const LEVEL = 0.99;

type Measured = {
  readonly says: string;
  readonly paths: number;
  readonly expectedShortfallUsd: number;
  readonly standardErrorUsd: number;
  readonly overBudget: { readonly probability: number; readonly upper: number };
  readonly seconds: number;
};

const kernel = loadKernel();
const lines = [
  '# What importance sampling of paths gains',
  '',
  `Made by \`npm run evidence -- tilt\`. ${STEPS} hourly steps, ${PATHS} paths a recipe, ${PLAIN_PATHS} without one, seed ${SEED}. Expected shortfall at`,
  `${100 * LEVEL} % of the loss under today's parameters. Gain: variance of the plain estimate over that of the recipe, at the same number of`,
  'paths, and at the same time (a path that falls has more to liquidate). Bound: 95 %, on P(loss > 0.2 % of debt), at the same number of paths (4,096).',
  'Recipe: share × shift of the drift, share × shift / scale of the shock and of single assets. Equations: `kernel/assembly/tilt.ts`.',
];
if (existsSync(Real.DATA)) {
  const panel = Real.before(await Real.bars(), AS_OF);
  measure('The real book of 2025-12-01 at the prices of 2022-05-08', Real.book(panel, AS_OF), await Real.law(panel));
} else process.stderr.write(`not covered: ${Real.DATA} is absent\n`);
const market = sampleMarket(SAMPLE_SEED);
const panel = align(market.series, { quote: market.quote, sources: market.sources, simulated: true });
measure('The built-in sample', sampleBook(panel, SAMPLE_SEED), await Fit.fit(panel, { seed: SAMPLE_SEED, forecaster: false }));
writeFileSync(OUT, `${lines.join('\n')}\n`);

function measure(title: string, state: ProtocolState, model: MarketModel): void {
  const base = tiltOf(state, model)!;
  const recipe = (drift: [number, number], shock: [number, number, number], single: [number, number, number] = [0, 3, 0.25]): Tilt => ({
    ...base,
    drift: { share: drift[0], shift: drift[1] },
    shock: { share: shock[0], shift: shock[1], scale: shock[2] },
    single: { share: single[0], shift: single[1], scale: single[2] },
  });
  const plain = run(state, model, 'none', null, PLAIN_PATHS);
  const recipes: [string, Tilt][] = [
    ['as used', base],
    ['⅛ × 2.5', recipe([0.125, 2.5], [0, 3, 0.25])],
    ['⅛ × 3 / 0.25 (shock)', recipe([0, 2.5], [0.125, 3, 0.25])],
    ['⅛ × 3 / 0.25 (single)', recipe([0, 2.5], [0, 3, 0.25], [0.125, 3, 0.25])],
    ['⅛ × 2.5, ⅛ × 3 / 0.25', recipe([0.125, 2.5], [0.125, 3, 0.25])],
    ['1/16 × 2.5, 1/16 × 3 / 0.25, ⅛ × 3 / 0.25', recipe([0.0625, 2.5], [0.0625, 3, 0.25], [0.125, 3, 0.25])],
    ['⅛ × 2, ⅛ × 2 / 0.3, ⅛ × 2 / 0.3', recipe([0.125, 2], [0.125, 2, 0.3], [0.125, 2, 0.3])],
    ['⅛ × 3.5, ⅛ × 4 / 0.15, ⅛ × 4 / 0.15', recipe([0.125, 3.5], [0.125, 4, 0.15], [0.125, 4, 0.15])],
    ['1/16 × 3, 1/16 × 3 / 0.2, ¼ × 3 / 0.2', recipe([0.0625, 3], [0.0625, 3, 0.2], [0.25, 3, 0.2])],
  ];
  const rows = recipes.map(([says, tilt]) => run(state, model, says, tilt, PATHS));
  lines.push(
    '',
    `## ${title}`,
    '',
    '| recipe | ES, million USD | gain by paths | gain by time | P(over budget) | bound |',
    '|---|---|---|---|---|---|',
  );
  for (const row of [plain, ...rows]) {
    const byPaths = (plain.standardErrorUsd ** 2 * plain.paths) / (row.standardErrorUsd ** 2 * row.paths);
    const byTime = (plain.standardErrorUsd ** 2 * plain.seconds) / (row.standardErrorUsd ** 2 * row.seconds);
    const { probability, upper } = row.overBudget;
    lines.push(
      `| ${row.says} | ${(row.expectedShortfallUsd / 1e6).toFixed(2)} ± ${(row.standardErrorUsd / 1e6).toFixed(2)} | ${byPaths.toFixed(1)} | ${byTime.toFixed(1)} | ${pct(probability)} | ${pct(upper)} |`,
    );
  }
}

function run(state: ProtocolState, model: MarketModel, says: string, tilt: Tilt | null, paths: number): Measured {
  process.stderr.write(`tilt  ${says}\n`);
  const prepared = Stress.prepare(state, model, plan(model, { seed: SEED, paths, steps: STEPS, tilt }), { borrowers: 'responsive' });
  const start = process.cpuUsage();
  const { byPath } = Stress.stressRange(kernel, prepared, parametersOf(state), { from: 0, to: paths });
  const { user } = process.cpuUsage(start);
  const plainly = (values: Float64Array) => Array.from(values);
  const sample: Summary.Sample = {
    lossUsd: Summary.losses(
      { badDebtUsd: plainly(byPath.badDebtUsd), marginShortfallUsd: plainly(byPath.marginShortfallUsd) },
      state.insuranceFundUsd,
    ),
    weight: plainly(byPath.weight),
    largestWeight: prepared.largestWeight,
  };
  const budgetUsd = 0.002 * totalDebtUsd(state);
  const quarter = { ...sample, lossUsd: sample.lossUsd.slice(0, 4_096), weight: sample.weight.slice(0, 4_096) };
  return {
    says,
    paths,
    ...Summary.tailOf(sample, LEVEL),
    overBudget: { ...Summary.overBudget(kernel, sample, budgetUsd), upper: Summary.overBudget(kernel, quarter, budgetUsd).upper },
    seconds: user / 1e6,
  };
}

function pct(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}
