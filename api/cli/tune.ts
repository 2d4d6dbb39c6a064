/** `plimsoll tune`: the advice for a bundle's book again, under its own or another policy. */
import type { Command } from 'commander';
import * as Config from '../config.ts';
import { print, printJson, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = { readonly policy?: string; readonly workers?: number; readonly json?: boolean };

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('tune <bundle>')
    .description("Recommend parameters for a bundle's book, under its own or another policy")
    .option('--policy <file>', "another policy than the bundle's")
    .option('--workers <n>', 'threads; the result does not depend on it', wholeNumber(1, 256))
    .option('--json', 'the recommendation as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll tune out/2026-01-01-0123456789ab --policy stricter.yaml\n')
    .action(async (bundle: string, flags: Flags) => end(await action(bundle, flags)));
}

async function action(bundle: string, flags: Flags): Promise<number> {
  const config = Config.read(process.env);
  const { part } = await import('../bundle.ts');
  const { readPolicy, riskOf, tuneOf } = await import('../voyage.ts');
  const { hire } = await import('../workers.ts');
  const { tune } = await import('../../tuner/search.ts');
  const [panel, state, model, scenarios] = await Promise.all([
    part(bundle, 'panel'),
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
  ]);
  const policy = flags.policy === undefined ? await part(bundle, 'policy') : await readPolicy(flags.policy);
  const crew = hire({ state, model, scenarios, risk: riskOf(policy, state) }, flags.workers ?? config.workers);
  try {
    let last = '';
    const onStep = (step: string) => {
      if (step !== last) say(`${step} …`);
      last = step;
    };
    const { recommendation } = await tune({ ...tuneOf({ panel, state, model, scenarios, policy }), evaluate: crew.evaluate, onStep });
    if (flags.json) printJson(recommendation);
    else {
      const rows = recommendation.assets.flatMap(({ asset, fields }) =>
        Object.entries(fields).map(([field, advice]) => [
          asset,
          field,
          advice.verdict,
          advice.verdict === 'change' ? `${advice.from} → ${advice.to} (${advice.low} to ${advice.high})` : String(advice.from),
          advice.reason ?? advice.binding,
        ]),
      );
      print(table(['asset', 'field', 'verdict', 'value', 'because of'], rows));
      const challenged = recommendation.assets.flatMap(({ asset, challenge }) =>
        challenge ? [[asset, share(challenge.lawFall), share(challenge.historyFall), challenge.index.toFixed(2)]] : [],
      );
      if (challenged.length > 0) print(`\n${table(['asset', 'deepest fall, law', 'by history', 'disagreement'], challenged)}`);
      const { before, after } = recommendation;
      print(
        `\n expected shortfall ${usd(before.expectedShortfallUsd)} → ${usd(after.expectedShortfallUsd)}, budget ${usd(after.budgetUsd)}\n`,
      );
    }
    return recommendation.verdict === 'abstain' ? REFUSED : 0;
  } finally {
    await crew.close();
  }
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
