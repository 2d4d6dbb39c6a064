/** `plimsoll explain`: why a bundle recommends what it recommends, in words, tables or JSON. */
import type { Command } from 'commander';
import { MEANS } from '../../tuner/explanation/drivers.ts';
import type { Explanation } from '../../tuner/explanation/explanation.ts';
import * as WhatIf from '../../tuner/explanation/what-if.ts';
import * as Config from '../config.ts';
import { print, printJson, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = {
  readonly against?: string;
  readonly whatIf?: readonly WhatIf.WhatIf[];
  readonly paths: number;
  readonly workers?: number;
  readonly json?: boolean;
};

const PATHS = 1_024;

export function add(program: Command): void {
  program
    .command('explain <bundle>')
    .description('Why a bundle recommends what it recommends')
    .option('--against <bundle>', 'an earlier run: the change of the loss, split among what changed')
    .option(
      '--what-if <what>',
      `the recommendation again in another world, e.g. depth=2 (${WhatIf.WHAT_IFS.join(', ')}); may be repeated`,
      collect,
    )
    .option('--paths <n>', 'paths for each question', wholeNumber(64), PATHS)
    .option('--workers <n>', 'threads for --what-if; the result does not depend on it', wholeNumber(1, 256))
    .option('--json', 'the explanation as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll explain out/2026-01-08-0123456789ab\n  $ plimsoll explain out/2026-01-08-0123456789ab --against out/2026-01-01-ba9876543210 --what-if depth=2\n',
    )
    .action(action);
}

async function action(folder: string, flags: Flags): Promise<void> {
  const { part } = await import('../bundle.ts');
  const { explain } = await import('../../tuner/explanation/explanation.ts');
  const [state, model, scenarios, recommendation, before, after] = await Promise.all([
    part(folder, 'state'),
    part(folder, 'model'),
    part(folder, 'scenarios'),
    part(folder, 'recommendation'),
    part(folder, 'evidence-before'),
    part(folder, 'evidence-after'),
  ]);
  const against =
    flags.against === undefined ? null : { state: await part(flags.against, 'state'), model: await part(flags.against, 'model') };
  let last = '';
  const onStep = (step: string) => {
    if (step !== last) say(`${step} …`);
    last = step;
  };
  const bundle = { state, model, scenarios, recommendation, before, after };
  const found = explain(bundle, { paths: flags.paths, against, onStep });
  const otherwise = [];
  for (const whatIf of flags.whatIf ?? []) otherwise.push(await retuned(folder, whatIf, flags));
  if (flags.json) printJson({ ...found, whatIf: otherwise });
  else print(render(found, recommendation.assets, otherwise));
}

type Otherwise = WhatIf.WhatIf & {
  readonly says: string;
  readonly values: readonly { asset: string; field: string; to: number; instead: number }[];
};

/** The recommendation made again in another world; where a value differs from the one advised. */
async function retuned(folder: string, whatIf: WhatIf.WhatIf, flags: Flags): Promise<Otherwise> {
  const { part } = await import('../bundle.ts');
  const { riskOf, tuneOf } = await import('../voyage.ts');
  const { hire } = await import('../workers.ts');
  const { tune } = await import('../../tuner/search.ts');
  const { plan } = await import('../../models/scenario.ts');
  const [panel, policy, scenarios, recommendation] = await Promise.all([
    part(folder, 'panel'),
    part(folder, 'policy'),
    part(folder, 'scenarios'),
    part(folder, 'recommendation'),
  ]);
  const { state, model } = WhatIf.applied({ state: await part(folder, 'state'), model: await part(folder, 'model') }, whatIf);
  const again = plan(model, { seed: scenarios.seed, paths: scenarios.paths, steps: scenarios.steps, tilt: scenarios.tilt });
  say(`recommend again: ${WhatIf.says(whatIf)} …`);
  const crew = hire({ state, model, scenarios: again, risk: riskOf(policy, state) }, flags.workers ?? Config.read(process.env).workers);
  try {
    const search = tuneOf({ panel, state, model, scenarios: again, policy });
    const { recommendation: other } = await tune({ ...search, evaluate: crew.evaluate });
    const values = recommendation.assets.flatMap(({ asset, fields }) => {
      const theirs = other.assets.find((one) => one.asset === asset)!.fields;
      return Object.entries(fields)
        .map(([field, { to }]) => ({ asset, field, to, instead: theirs[field as keyof typeof theirs].to }))
        .filter(({ to, instead }) => to !== instead);
    });
    return { ...whatIf, says: WhatIf.says(whatIf), values };
  } finally {
    await crew.close();
  }
}

function render(found: Explanation, assets: readonly { asset: string; because: string }[], otherwise: readonly Otherwise[]): string {
  const level = `${(100 * found.level).toFixed(0)} %`;
  const tail = ({ expectedShortfallUsd, standardErrorUsd }: Explanation['advised']) =>
    `${usd(expectedShortfallUsd)} ± ${usd(standardErrorUsd)}`;
  const moved = found.derivations.filter(({ without }) => without !== null);
  const parts = [
    `${found.recommendation}\n\n${assets.map(({ asset, because }) => ` ${asset}: ${because}\n`).join('')}`,
    `Expected shortfall at ${level} under the advice, ${found.paths} paths: ${tail(found.advised)}; budget ${usd(found.budgetUsd)}\n`,
    moved.length === 0
      ? 'Nothing changes.\n'
      : table(
          ['change', 'from → to', 'cannot be told apart', 'stopped by', 'shortfall without it'],
          moved.map((one) => [
            `${one.asset} ${one.field}`,
            `${one.from} → ${one.to}`,
            one.low === one.high ? '' : `${one.low} to ${one.high}`,
            one.binding,
            tail(one.without!),
          ]),
        ),
    table(
      ['were it otherwise', 'shortfall under the advice', 'budget'],
      found.sensitivities.map(({ says, tail: under }) => [
        says,
        tail(under),
        under.expectedShortfallUsd <= found.budgetUsd ? 'kept' : 'broken',
      ]),
    ),
    ...(found.attribution === null ? [] : [attributed(found.attribution, tail)]),
    ...otherwise.map(({ says, values }) =>
      values.length === 0
        ? `With ${says}: the same recommendation.\n`
        : table(
            [`with ${says}`, 'advised', 'instead'],
            values.map(({ asset, field, to, instead }) => [`${asset} ${field}`, String(to), String(instead)]),
          ),
    ),
    table(
      ['worst path', 'loss', 'under today’s', 'weight', 'deepest falls'],
      found.worst.map(({ path, lossUsd, beforeUsd, weight, falls }) => [
        String(path),
        usd(lossUsd),
        usd(beforeUsd),
        weight.toPrecision(2),
        falls.map(({ asset, low }) => `${asset} ×${low.toFixed(2)}`).join(', '),
      ]),
    ),
    table(
      ['account that loses', 'debt', 'health', 'liquidated', 'bad debt, mean'],
      found.accounts.map(({ account, debtUsd, health, liquidationProbability, expectedBadDebtUsd }) => [
        account,
        usd(debtUsd),
        health.toFixed(3),
        `${(100 * liquidationProbability).toFixed(1)} %`,
        usd(expectedBadDebtUsd),
      ]),
    ),
    `Liquidatable by the change itself: ${found.newlyLiquidatable.length === 0 ? 'no account' : found.newlyLiquidatable.join(', ')}.\n`,
  ];
  return parts.join('\n');
}

function attributed(
  { fromUsd, toUsd, byDriver }: NonNullable<Explanation['attribution']>,
  tail: (of: Explanation['advised']) => string,
): string {
  const rows = Object.entries(byDriver).map(([driver, change]) => [
    `${driver} (${MEANS[driver as keyof typeof MEANS]})`,
    `${change < 0 ? '−' : '+'}${usd(Math.abs(change))}`,
  ]);
  const heading = `Since the other run the shortfall of the book as it stands went from ${tail(fromUsd)} to ${tail(toUsd)}:\n`;
  return `${heading}${table(['because of', 'change'], rows)}`;
}

function collect(text: string, before: readonly WhatIf.WhatIf[] = []): readonly WhatIf.WhatIf[] {
  return [...before, WhatIf.parse(text)];
}
