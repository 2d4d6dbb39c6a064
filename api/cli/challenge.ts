/** `plimsoll challenge`: the recommendation made again without the law, on the past itself; where the two advise different values. */
import type { Command } from 'commander';
import { Field } from '../../tuner/policy.ts';
import type { Recommendation } from '../../tuner/recommendation.ts';
import type { LossSummary } from '../../tuner/stress/evidence.ts';
import { print, printJson, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = { readonly paths?: number; readonly json?: boolean };

export function add(program: Command): void {
  program
    .command('challenge <bundle>')
    .description("The recommendation again on windows of the past instead of the law's paths, beside the bundle's own")
    .option('--paths <n>', "windows of the past (default: as many as the bundle's scenarios)", wholeNumber(64, 1_000_000))
    .option('--json', 'both recommendations as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll challenge out/2026-01-01-0123456789ab\n')
    .action(action);
}

async function action(bundle: string, flags: Flags): Promise<void> {
  const { part } = await import('../bundle.ts');
  const { riskOf, tuneOf } = await import('../voyage.ts');
  const { tune } = await import('../../tuner/search.ts');
  const { plan } = await import('../../models/scenario.ts');
  const { loadKernel } = await import('../../kernel/kernel.ts');
  const History = await import('../../tuner/history.ts');
  const [panel, state, model, scenarios, policy, byLaw] = await Promise.all([
    part(bundle, 'panel'),
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'policy'),
    part(bundle, 'recommendation'),
  ]);
  const plain = plan(model, { seed: scenarios.seed, paths: flags.paths ?? scenarios.paths, steps: scenarios.steps, tilt: null });
  const evaluate = History.evaluate(loadKernel(), panel, { state, model, scenarios: plain, risk: riskOf(policy, state) });
  let last = '';
  const onStep = (step: string) => {
    if (step !== last) say(`${step} …`);
    last = step;
  };
  // Disagreement stops a move of the law's advice; here is what the other side would advise.
  const { challenges: _, ...search } = tuneOf({ panel, state, model, scenarios: plain, policy });
  const { recommendation: byHistory } = await tune({ ...search, evaluate, onStep });
  if (flags.json) printJson({ byLaw, byHistory });
  else print(render(byLaw, byHistory));
}

export function render(byLaw: Recommendation, byHistory: Recommendation): string {
  const rows = byLaw.assets.flatMap(({ asset, fields }) => {
    const other = byHistory.assets.find((one) => one.asset === asset)!.fields;
    return Field.options
      .filter((field) => fields[field].to !== other[field].to)
      .map((field) => [asset, field, String(fields[field].from), String(fields[field].to), String(other[field].to), other[field].binding]);
  });
  const side = (name: string, before: LossSummary, after: LossSummary) => [
    name,
    `${usd(before.expectedShortfallUsd)} ± ${usd(before.expectedShortfallStandardErrorUsd)}`,
    `${usd(after.expectedShortfallUsd)} ± ${usd(after.expectedShortfallStandardErrorUsd)}`,
    usd(before.budgetUsd),
  ];
  return [
    rows.length === 0
      ? 'Law and history advise the same values.\n'
      : table(['asset', 'field', 'today', 'by the law', 'by history', 'history stopped by'], rows),
    '\n',
    table(
      ['expected shortfall', 'today', 'as each advises', 'budget'],
      [side('by the law', byLaw.before, byLaw.after), side('by history', byHistory.before, byHistory.after)],
    ),
    `\n${byHistory.before.paths} windows of the past at today's volatility; they overlap, so their errors are larger than shown.\n`,
  ].join('');
}
