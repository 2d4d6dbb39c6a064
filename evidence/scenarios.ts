/**
 * Scenario files on the real book: `npm run evidence -- scenarios`, a quarter of an hour. Writes docs/evidence/scenarios.md: every built-in scenario under three
 * imputations of collateral, the nearest losses of reverse stress, and one book cut in two that share their markets. Reads ../shared/data.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seal } from '../base/id.ts';
import { RULES } from '../datasets/sources/imputation.ts';
import { type ProtocolState, parametersOf } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { plan } from '../models/scenario.ts';
import { lossBudgetUsd } from '../tuner/objective.ts';
import { parsePolicy } from '../tuner/policy.ts';
import * as Joint from '../tuner/scenario/joint.ts';
import * as Reverse from '../tuner/scenario/reverse.ts';
import * as Run from '../tuner/scenario/run.ts';
import * as Scenario from '../tuner/scenario/scenario.ts';
import * as World from '../tuner/scenario/world.ts';
import { tiltOf } from '../tuner/stress/towards.ts';
import * as Real from './books/real.ts';

const OUT = 'docs/evidence/scenarios.md';
const FOLDER = 'tuner/scenarios';
const AS_OF = '2022-05-08T00:00:00.000Z';
const [SEED, PATHS, STEPS] = [1, 2_048, 48];
const OVER_HOURS = [1, 6, 48];
const BASES: readonly (readonly [string, Partial<Scenario.Scenario>])[] = [
  ['today', {}],
  ['a tenth of the depth', { depth: [{ group: 'volatile', times: 0.1 }] }],
  ['feeds frozen for 6 h', { oracles: { frozenHours: 6 } }],
  ['derived coins 5 % below their coin', { moves: [{ group: 'derived', to: 0.95, overHours: 1 }] }],
];
const CUT = ['2021-05-19 deleveraging', 'everything at once', 'volatility times 2', 'discount of derived coins unseen'];
const kernel = loadKernel();
const policy = parsePolicy(readFileSync('tuner/policies/default.yaml', 'utf8'), 'default.yaml');
const files = readdirSync(FOLDER).sort();
const scenarios = files.map((file) => Scenario.parse(readFileSync(join(FOLDER, file), 'utf8'), file));

if (existsSync(Real.DATA)) await main();
else process.stderr.write(`not covered: ${Real.DATA} is absent\n`);

async function main(): Promise<void> {
  const bars = await Real.bars();
  const panel = Real.before(bars, AS_OF);
  const model = await Real.law(panel);
  const books = RULES.map((imputation) => {
    const state = Real.book(panel, AS_OF, imputation);
    const set = plan(model, { seed: SEED, paths: PATHS, steps: STEPS, tilt: tiltOf(state, model) });
    const risk = { level: policy.level, budgetUsd: lossBudgetUsd(policy, state) };
    return { imputation, state, risk, ground: { state, model, scenarios: set, borrowers: 'standing' as const } };
  });
  const rows = scenarios.map((scenario) => {
    process.stderr.write(`scenarios  ${scenario.name}\n`);
    const cells = books.map(({ ground, state, risk }) => {
      try {
        const outcome = Run.run(kernel, World.make(kernel, ground, scenario), parametersOf(state), { paths: PATHS, risk });
        return `${error(outcome.badDebtUsd)} | ${error(outcome.liquidatedUsd)}`;
      } catch (refusal) {
        if (!World.isForeign(refusal)) throw refusal;
        return 'not about this book | ';
      }
    });
    return `| ${scenario.name} | ${scenario.prices} | ${cells.join(' | ')} |`;
  });

  const { ground, state, risk } = books[0]!;
  const reverse = BASES.flatMap(([base, changes]) =>
    OVER_HOURS.map((overHours) => {
      process.stderr.write(`scenarios  reverse, ${base}, over ${overHours} h\n`);
      const question = { parameters: parametersOf(state), budgetUsd: risk.budgetUsd, level: risk.level, paths: PATHS, overHours };
      const began = process.cpuUsage().user;
      const found = Reverse.find(kernel, ground, { ...Reverse.TODAY, ...changes }, question);
      const seconds = ((process.cpuUsage().user - began) / 1e6).toFixed(0);
      const own = share(found.ownPaths);
      if (found.verdict === 'none') return `| ${base} | ${overHours} | none within ${found.within} | | | ${own} | | ${seconds} |`;
      const worst = [...found.moves].sort((a, b) => Math.abs(b.sigmas) - Math.abs(a.sigmas)).slice(0, 4);
      const moves = worst.map(({ series, to }) => `${series} ${Math.round(100 * (to - 1)) || 0} %`).join(', ');
      const losers = found.outcome.losers.slice(0, 3).map(({ account, meanLossUsd }) => `${account.slice(0, 10)} ${million(meanLossUsd)}`);
      return `| ${base} | ${overHours} | ${found.distance.toFixed(2)} | ${moves} | ${share(found.asFarThisWay)} | ${own} | ${losers.join(', ')} | ${seconds} |`;
    }),
  );

  const halves = ['first half', 'second half'].map((protocol, half) => cutIn(state, protocol, half));
  const joint = CUT.map((name) => {
    process.stderr.write(`scenarios  halves, ${name}\n`);
    const scenario = scenarios.find((one) => one.name === name)!;
    const spread = Joint.spread(
      kernel,
      { ...ground, states: halves, parameters: parametersOf(halves[0]!), paths: PATHS, riskOf: () => risk },
      scenario,
    );
    const alone = spread.protocols.map((one) => `${million(one.alone.badDebtUsd.mean)} | ${million(one.togetherUsd)}`);
    return `| ${name} | ${alone.join(' | ')} | ${error(spread.addedUsd)} |`;
  });

  writeFileSync(OUT, page({ rows, reverse, joint, budget: million(risk.budgetUsd), accounts: state.lending.length }));
}

/** Every second account: two protocols of one size, in the same coins. */
function cutIn(state: ProtocolState, protocol: string, half: number): ProtocolState {
  const { id: _, ...rest } = state;
  return seal({ ...rest, protocol, lending: rest.lending.filter((__, index) => index % 2 === half) });
}

function page({
  rows,
  reverse,
  joint,
  budget,
  accounts,
}: Record<'rows' | 'reverse' | 'joint', readonly string[]> & { budget: string; accounts: number }): string {
  return [
    '# Scenario files on the real book',
    '',
    `Made by \`npm run evidence -- scenarios\`: ${accounts} accounts of the published Aave v3 book at the prices of ${AS_OF.slice(0, 10)}, parameters in force, debts as they stand, the law fitted on the bars before`,
    `(hourly). Law scenarios: ${PATHS} paths of ${STEPS} hours, mean ± standard error. Million USD. Budget of the default policy: ${budget}.`,
    '',
    '## Every built-in scenario',
    '',
    `| scenario | prices | ${RULES.map((rule) => `${rule}: bad debt | liquidated`).join(' | ')} |`,
    `|---|---|${RULES.map(() => '---|---|').join('')}`,
    ...rows,
    '',
    '## Reverse stress, collateral imputed proportionally',
    '',
    'The nearest move whose loss is above the budget, over so many hours in a straight line and then standing; its four largest moves by their own σ; the share of the law’s paths that lie as far in its',
    'direction at that hour, and of those that lose more than the budget by whatever way they take over 48 hours, each with its 95 % bound.',
    '',
    '| from | over hours | distance, σ | moves | as far this way | own paths over budget | who loses most | CPU s |',
    '|---|---|---|---|---|---|---|---|',
    ...reverse,
    '',
    '## One book cut in two',
    '',
    'Every second account in a protocol of its own: each alone with all depth to itself, then both in the same markets. The last column is what each half’s own stress does not see. A made-up cut: no second real book',
    'is at hand.',
    '',
    '| scenario | first half alone | together | second half alone | together | beyond the sum |',
    '|---|---|---|---|---|---|',
    ...joint,
    '',
  ].join('\n');
}

function share({ probability, upper, paths }: Reverse.Beyond): string {
  return `${(100 * probability).toPrecision(2)} % (${paths}), at most ${(100 * upper).toPrecision(2)} %`;
}

function error({ mean, standardError }: Run.Measured): string {
  return standardError === 0 ? million(mean) : `${million(mean)} ± ${million(standardError)}`;
}

function million(usd: number): string {
  return (usd / 1e6).toFixed(usd >= 1e8 ? 0 : 2);
}
