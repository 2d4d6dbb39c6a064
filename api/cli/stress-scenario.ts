/** `plimsoll stress --scenario`: one scenario on the book, or all built-in ones beside each other. */
import type { ParametersByAsset, ProtocolState } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { Measured, Outcome } from '../../tuner/scenario/run.ts';
import type { Borrowers } from '../../tuner/stress/book.ts';
import { print, printJson, say, table, usd } from './terminal.ts';

export type Question = {
  readonly bundle: string;
  /** Names or files. */
  readonly scenarios: readonly string[];
  readonly paths?: number;
  readonly borrowers: Borrowers;
  readonly json: boolean;
  readonly parametersOf: (state: ProtocolState) => ParametersByAsset;
};

const SHOWN_LOSERS = 10;

export async function answer({ bundle, scenarios: wanted, paths, borrowers, json, parametersOf }: Question): Promise<void> {
  const { part } = await import('../bundle.ts');
  const { riskOf } = await import('../voyage.ts');
  const Scenarios = await import('../scenarios.ts');
  const World = await import('../../tuner/scenario/world.ts');
  const Run = await import('../../tuner/scenario/run.ts');
  const { checkPaths } = await import('../../tuner/stress/evaluate.ts');
  const asked = await Scenarios.findAll(wanted);
  const [state, model, scenarios, policy] = await Promise.all([
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'policy'),
  ]);
  const options = { paths: paths ?? scenarios.paths, risk: riskOf(policy, state) };
  checkPaths(options.paths, scenarios);
  const parameters = parametersOf(state);
  const kernel = loadKernel();
  const outcomes: Outcome[] = [];
  const refused: { readonly name: string; readonly says: string }[] = [];
  for (const scenario of asked) {
    if (asked.length > 1) say(`${scenario.name} …`);
    try {
      const world = World.make(kernel, { state, model, scenarios, borrowers }, scenario);
      outcomes.push(Run.run(kernel, world, parameters, options));
    } catch (error) {
      // Of many, one that is not about this book stands in the table; asked for by itself, it is an error.
      if (asked.length === 1 || !World.isForeign(error)) throw error;
      refused.push({ name: scenario.name, says: error.message });
    }
  }
  const from = { state: state.id, model: model.id, scenarios: scenarios.id };
  if (json) printJson({ from, kernel: kernel.digest, borrowers, parameters, outcomes, refused });
  else if (asked.length === 1) print(one(outcomes[0]!));
  else print(many(outcomes, refused));
}

function one(outcome: Outcome): string {
  const { name, why, source, prices, hours, stepSeconds, summary, leftOut } = outcome;
  const rows = [
    ['bad debt', plusMinus(outcome.badDebtUsd)],
    ['margin shortfall', plusMinus(outcome.marginShortfallUsd)],
    ...(prices === 'still'
      ? []
      : [
          [
            `expected shortfall, ${percent(summary.level)}`,
            `${usd(summary.expectedShortfallUsd)} ± ${usd(summary.expectedShortfallStandardErrorUsd)}`,
          ],
          ['worst path', usd(summary.worstUsd)],
          ['chance above the budget, at most', percent(summary.overBudgetProbabilityUpper)],
        ]),
    ['budget', usd(summary.budgetUsd)],
    ['liquidated', plusMinus(outcome.liquidatedUsd)],
    ['penalties', plusMinus(outcome.penaltyUsd)],
    ['accounts liquidated', plusMinus(outcome.liquidatedAccounts, count)],
    ['of them needlessly', plusMinus(outcome.needlessAccounts, count)],
  ];
  const how =
    prices === 'still' ? 'one path: prices stand still but for the moves' : `${summary.paths} paths of the law, mean ± standard error`;
  return [
    `${name}\n${why}\n${source === undefined ? '' : `Source: ${source}\n`}${hours} h in steps of ${stepSeconds} s; ${how}\n\n`,
    table(['what', ''], rows),
    leftOut.length === 0 ? '' : `\nLeft out, for the book has none of it: ${leftOut.join(', ')}\n`,
    losersTable(outcome),
  ].join('');
}

export function losersTable({ losers }: Outcome): string {
  if (losers.length === 0) return '';
  const rows = losers
    .slice(0, SHOWN_LOSERS)
    .map(({ account, meanLossUsd, debtUsd, health, liquidationProbability }) => [
      account,
      usd(meanLossUsd),
      usd(debtUsd),
      health.toFixed(3),
      percent(liquidationProbability),
    ]);
  return `\n${table(['who loses', 'loss', 'debt or size', 'health before', 'liquidated'], rows)}`;
}

function many(outcomes: readonly Outcome[], refused: readonly { readonly name: string; readonly says: string }[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.name,
    outcome.prices,
    plusMinus(outcome.badDebtUsd),
    plusMinus(outcome.marginShortfallUsd),
    plusMinus(outcome.liquidatedUsd),
    plusMinus(outcome.liquidatedAccounts, count),
    outcome.prices === 'still' ? '' : usd(outcome.summary.expectedShortfallUsd),
    (outcome.prices === 'still' ? outcome.summary.meanUsd : outcome.summary.expectedShortfallUsd) > outcome.summary.budgetUsd
      ? 'over budget'
      : '',
  ]);
  const heading = ['scenario', 'prices', 'bad debt', 'margin shortfall', 'liquidated', 'accounts', 'expected shortfall', ''];
  return `${table(heading, rows)}${refused.length === 0 ? '' : `\nNot about this book:\n${refused.map(({ says }) => `  ${says}\n`).join('')}`}`;
}

export function plusMinus({ mean, standardError }: Measured, show: (value: number) => string = usd): string {
  return standardError === 0 ? show(mean) : `${show(mean)} ± ${show(standardError)}`;
}

function count(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 0.01 ? value.toExponential(1) : value.toFixed(value < 10 ? 2 : 0)} %`;
}
