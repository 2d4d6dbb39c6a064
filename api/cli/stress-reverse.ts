/** `plimsoll stress --reverse`: the nearest market to today's law that loses more than the budget, as a table and as a scenario file. */
import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PlimsollError } from '../../base/errors.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { Beyond, Found } from '../../tuner/scenario/reverse.ts';
import { losersTable, percent, type Question } from './stress-scenario.ts';
import { print, printJson, say, table, usd } from './terminal.ts';

export type Extra = { readonly budgetUsd?: number; readonly overHours?: number; readonly write?: string };

export async function answer(
  { bundle, scenarios: wanted, paths, borrowers, json, parametersOf }: Question,
  { budgetUsd, overHours, write }: Extra,
): Promise<void> {
  const { part } = await import('../bundle.ts');
  const { riskOf } = await import('../voyage.ts');
  const Scenarios = await import('../scenarios.ts');
  const Scenario = await import('../../tuner/scenario/scenario.ts');
  const Reverse = await import('../../tuner/scenario/reverse.ts');
  const { checkPaths } = await import('../../tuner/stress/evaluate.ts');
  if (write !== undefined) await checkPlace(write);
  const bases = wanted.length === 0 ? [Reverse.TODAY] : await Scenarios.findAll(wanted);
  if (bases.length > 1) {
    throw new OneBaseError({ got: `${bases.length} scenarios`, needed: 'one to start from, or none', where: '--scenario' });
  }
  const [state, model, scenarios, policy] = await Promise.all([
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'policy'),
  ]);
  checkPaths(paths ?? scenarios.paths, scenarios);
  const risk = riskOf(policy, state);
  let told = 0;
  const found = Reverse.find(loadKernel(), { state, model, scenarios, borrowers }, bases[0]!, {
    parameters: parametersOf(state),
    budgetUsd: budgetUsd ?? risk.budgetUsd,
    level: risk.level,
    paths: paths ?? scenarios.paths,
    ...(overHours === undefined ? {} : { overHours }),
    onShare: (share) => {
      if (share < told + 0.1) return;
      told = share;
      say(`Looking for the nearest loss … ${Math.round(100 * share)} %`);
    },
  });
  const yaml = found.verdict === 'found' ? Scenario.write(found.scenario) : null;
  if (write !== undefined && yaml !== null) {
    await writeFile(write, yaml);
    say(`Wrote ${write}`);
  }
  if (json) printJson({ from: { state: state.id, model: model.id, scenarios: scenarios.id }, borrowers, ...found, yaml });
  else if (found.verdict === 'none') {
    print(`No move within ${found.within} standard deviations, of those looked at, loses more than ${usd(found.budgetUsd)}.\n`);
    print(`Of the law's own paths: ${beyond(found.ownPaths)}.\n`);
  } else print(show(found, write === undefined ? yaml! : null));
}

/** Before the search: a minute's work must not end at a folder that is not there. */
async function checkPlace(file: string): Promise<void> {
  const { UnwritableError } = await import('../folder.ts');
  const folder = dirname(resolve(file));
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UnwritableError({ got: error.code ?? error.message, needed: 'a folder that can be written to', where: folder, cause: error });
  });
}

function beyond({ paths, probability, upper }: Beyond): string {
  return `${percent(probability)} (${paths} paths), at most ${percent(upper)} at 95 %`;
}

function show(found: Found, yaml: string | null): string {
  const { distance, lossUsd, budgetUsd, moves, asFarThisWay, asFarAnyWay, normalThisWay, ownPaths, ends, outcome, scenario } = found;
  const rows = moves.map(({ series, to, sigmas }) => [series, `× ${to.toFixed(4)}`, `${(100 * (to - 1)).toFixed(1)} %`, sigmas.toFixed(2)]);
  return [
    `${usd(lossUsd)} lost, where the budget is ${usd(budgetUsd)}, by the move that is nearest to the law's middle:\n`,
    `${distance.toFixed(3)} standard deviations, in straight lines over ${scenario.moves.at(-1)!.overHours} of ${scenario.hours} hours\n\n`,
    table(['series', 'price', 'move', 'of its own σ'], rows),
    '\n',
    table(
      ['the law, from now', ''],
      [
        ['as far in this direction', beyond(asFarThisWay)],
        ['as far in any direction', beyond(asFarAnyWay)],
        ['as far in this direction, were it normal', percent(normalThisWay)],
        ['loses more by its own paths', beyond(ownPaths)],
      ],
    ),
    `\nLocal searches ended at ${ends.map((end) => end.toFixed(3)).join(', ')}; that none is nearer is not proved.\n`,
    losersTable(outcome),
    yaml === null ? '' : `\n${yaml}`,
  ].join('');
}

export class OneBaseError extends PlimsollError {
  override readonly name = 'StressReverse.OneBaseError';
}
