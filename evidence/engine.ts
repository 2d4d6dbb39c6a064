/**
 * How long the stress engine takes and how that grows: `npm run evidence -- engine`, four minutes. Writes docs/evidence/speed-engine.md and .svg.
 * Reads ../shared/data: hourly coins, the published Aave tables.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { hire } from '../api/workers.ts';
import { seal } from '../base/id.ts';
import { type ProtocolState, parametersOf } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import type { MarketModel } from '../models/market.ts';
import { plan } from '../models/scenario.ts';
import * as Stress from '../tuner/stress/stress.ts';
import * as Real from './books/real.ts';
import { growth, type Point } from './plots/growth.ts';

const OUT = 'docs/evidence/speed-engine';
const AS_OF = '2022-05-08T00:00:00.000Z';
const [PATHS, STEPS, SEED] = [10_000, 288, 1];
/** Growth is measured around this size. */
const BASE = { paths: 1_024, steps: 288 };
const REPEATS = 3;

type Setting = { readonly state: ProtocolState; readonly model: MarketModel; readonly paths: number; readonly steps: number };

const kernel = loadKernel();
if (existsSync(Real.DATA)) await main();
else process.stderr.write(`not covered: ${Real.DATA} is absent\n`);

async function main(): Promise<void> {
  const panel = Real.before(await Real.bars(), AS_OF);
  const state = Real.book(panel, AS_OF);
  const model = fiveMinutes(await Real.law(panel));
  const whole = [1, 2].map((threads) => () => wall(state, model, threads));
  const walls = [];
  for (const run of [...whole, ...whole]) walls.push(await run());
  const [one, two] = [Math.min(walls[0]!, walls[2]!), Math.min(walls[1]!, walls[3]!)];
  const megabytes = process.memoryUsage().rss / 1e6;
  const base = { state, model, ...BASE };
  const series: [string, string, Point[]][] = [
    ['paths', 'paths', [512, 1_024, 2_048, 4_096].map((paths) => point(paths, { ...base, paths }))],
    ['steps', 'five-minute steps', [36, 72, 144, 288, 576].map((steps) => point(steps, { ...base, steps }))],
    ['accounts', 'accounts', [1, 2, 4, 8].map((times) => point(times * state.lending.length, { ...base, state: repeated(state, times) }))],
    [
      'assets',
      'assets of the law',
      [1, 2, 3, 4].map((times) => point(times * model.assets.length, { ...base, model: widened(model, times) })),
    ],
  ];
  const lines = [
    '# How long the stress engine takes',
    '',
    `Made by \`npm run evidence -- engine\`: the real book of 2025-12-01 at the prices of 2022-05-08 (${state.lending.length} accounts with debt and collateral of the published 1,000,`,
    `${state.assets.length} assets), the law of ${model.assets.length} assets, ${STEPS} five-minute steps (a day). The five-minute law is the hourly one with variances and means over 12 and its`,
    'persistence to the power 1/12: good for timing, not for advice. Path 0 to the last, paths made and stressed, nothing kept beforehand.',
    '',
    '| what | measured |',
    '|---|---|',
    `| ${PATHS} paths, 1 thread, best of 2 | ${one.toFixed(1)} s |`,
    `| ${PATHS} paths, 2 threads, best of 2 | ${two.toFixed(1)} s |`,
    `| two threads over one | ${(one / two).toFixed(2)} × |`,
    `| memory of the process, threads included | ${megabytes.toFixed(0)} MB |`,
    '',
    `Growth: processor seconds of one thread, best of ${REPEATS}, around ${BASE.paths} paths. The exponent is that of the last doubling.`,
    '',
    '| | sizes | seconds | exponent |',
    '|---|---|---|---|',
    ...series.map(([, says, points]) => {
      const [last, before] = [points.at(-1)!, points.at(-2)!];
      const exponent = Math.log(last.seconds / before.seconds) / Math.log(last.size / before.size);
      return `| ${says} | ${points.map(({ size }) => size).join(', ')} | ${points.map(({ seconds }) => seconds.toFixed(2)).join(', ')} | ${exponent.toFixed(2)} |`;
    }),
    '',
    '![Growth with paths, steps, accounts and assets](speed-engine.svg)',
  ];
  writeFileSync(`${OUT}.md`, `${lines.join('\n')}\n`);
  writeFileSync(
    `${OUT}.svg`,
    growth(
      'Growth of the stress engine',
      series.map(([name, , points]) => [name, points]),
    ),
  );
}

/** Seconds on the clock of the whole evaluation, threads warmed up by one block each. */
async function wall(state: ProtocolState, model: MarketModel, threads: number): Promise<number> {
  const scenarios = plan(model, { seed: SEED, paths: PATHS, steps: STEPS });
  const crew = hire({ state, model, scenarios: { ...scenarios, named: [] }, risk: { level: 0.99, budgetUsd: 1 } }, threads);
  try {
    const ask = (paths: number) => crew.evaluate({ parameters: parametersOf(state), borrowers: 'responsive', paths });
    await ask(threads);
    const start = performance.now();
    await ask(PATHS);
    return (performance.now() - start) / 1000;
  } finally {
    await crew.close();
  }
}

function point(size: number, { state, model, paths, steps }: Setting): Point {
  process.stderr.write(`engine  ${size}\n`);
  const times = Array.from({ length: REPEATS }, (_, repeat) => {
    // Another seed each time: paths of the last one are kept.
    const scenarios = plan(model, { seed: SEED + repeat, paths, steps });
    const prepared = Stress.prepare(state, model, { ...scenarios, named: [] }, { borrowers: 'responsive' });
    const start = process.cpuUsage();
    Stress.stressRange(kernel, prepared, parametersOf(state), { from: 0, to: paths });
    return process.cpuUsage(start).user / 1e6;
  });
  return { size, seconds: Math.min(...times) };
}

function fiveMinutes({ id: _, ...hourly }: MarketModel): MarketModel {
  const part = 1 / 12;
  const volatility = Object.entries(hourly.volatility).map(([asset, law]) => {
    const persistence = law.alpha + law.gamma / 2 + law.beta;
    const kept = persistence ** part;
    const news = (1 - kept) / Math.max(1e-9, 1 - persistence);
    const [alpha, gamma] = [law.alpha * news, law.gamma * news];
    const longRun = law.unconditionalVariance * part;
    return [
      asset,
      {
        ...law,
        muPct: law.muPct * part,
        alpha,
        gamma,
        beta: kept - alpha - gamma / 2,
        omega: longRun * (1 - kept),
        nextVariance: law.nextVariance * part,
        unconditionalVariance: longRun,
      },
    ];
  });
  return seal({ ...hourly, stepSeconds: hourly.stepSeconds / 12, volatility: Object.fromEntries(volatility) as MarketModel['volatility'] });
}

/** The same accounts again under other names. */
function repeated({ id: _, ...state }: ProtocolState, times: number): ProtocolState {
  const lending = Array.from({ length: times }, (__, copy) =>
    state.lending.map((one) => ({ ...one, account: `${one.account}-${copy}` })),
  ).flat();
  return seal({ ...state, lending: lending.sort((a, b) => (a.account < b.account ? -1 : 1)) });
}

/** The law with strangers beside its assets, uncorrelated with them. */
function widened({ id: _, ...model }: MarketModel, times: number): MarketModel {
  const name = (asset: string, copy: number) => (copy === 0 ? asset : `${asset}${copy}`);
  const all = Array.from({ length: times }, (__, copy) => model.assets.map((asset) => ({ asset, name: name(asset, copy) }))).flat();
  const size = model.assets.length;
  const copy = <T>(of: Readonly<Record<string, T>>) => Object.fromEntries(all.map(({ asset, name: as }) => [as, of[asset]!]));
  const byRegime = model.correlation.byRegime.map((matrix) =>
    all.map((__, i) => all.map((___, j) => (Math.floor(i / size) === Math.floor(j / size) ? matrix[i % size]![j % size]! : 0))),
  );
  return seal({
    ...model,
    assets: all.map(({ name: as }) => as),
    volatility: copy(model.volatility),
    margins: copy(model.margins),
    dailyVolumeUsd: copy(model.dailyVolumeUsd),
    correlation: { ...model.correlation, byRegime },
  });
}
