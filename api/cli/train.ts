/** `plimsoll train`: fit the law anew, keep it by hash, put it in force only where it scores better on bars neither has seen. */
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import type { Drift } from '../../models/training.ts';
import * as Config from '../config.ts';
import type { Trained, TrainingRequest } from '../training.ts';
import { print, printJson, say, table, untilInterrupted, wholeNumber } from './terminal.ts';

type Flags = {
  readonly asOf?: string;
  readonly models?: string;
  readonly holdout?: number;
  readonly significance: number;
  readonly seed: number;
  readonly forecaster: boolean;
  readonly check?: boolean;
  readonly every?: number;
  readonly look: number;
  readonly json?: boolean;
};

const REFUSED = 3;
/** Longest pause that a timer takes: 2^31 − 1 ms. */
const MOST_DAYS = 24;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('train [panel]')
    .description('Fit the whole law and put it in force where it scores better, on bars it did not see, than the law in force')
    .option('--as-of <time>', 'use no bar that ends later')
    .option('--models <dir>', 'folder of the laws and their register (default: models in DATA_DIR)')
    .option(
      '--holdout <days>',
      'last days that the new law does not see and both are scored on (default: 30, more for long bars)',
      wholeNumber(1, 3_650),
    )
    .option('--significance <p>', 'most p of Diebold-Mariano that promotes; 1 takes any strict gain', share, 1)
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), 1)
    .option('--no-forecaster', 'leave the learned forecaster out')
    .option('--check', 'fit nothing: does the law in force still hold? exit 3 where it does not, or too few bars can say')
    .option(
      '--every <days>',
      'stay, and train anew when the last decision is so old, or the law in force has drifted',
      wholeNumber(1, 3_650),
    )
    .option('--look <days>', 'with --every: days between looks at the data', wholeNumber(1, MOST_DAYS), 1)
    .option('--json', 'decision, or drift, as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  $ plimsoll train ./hourly --models ./laws
  $ plimsoll train ./hourly --models ./laws --check
  $ plimsoll train ./hourly --models ./laws --every 7
  $ plimsoll run --panel ./hourly --model ./laws
`,
    )
    .action(async (panel: string | undefined, flags: Flags) => end(await action(panel, flags)));
}

async function action(panel: string | undefined, flags: Flags): Promise<number> {
  const { check, stay, train } = await import('../training.ts');
  const { moment } = await import('../voyage.ts');
  const request: TrainingRequest = {
    panel: panel === undefined ? null : resolve(panel),
    asOf: flags.asOf === undefined ? null : moment(flags.asOf, '--as-of'),
    models: resolve(flags.models ?? join(Config.read(process.env).dataDir, 'models')),
    holdoutDays: flags.holdout ?? null,
    significance: flags.significance,
    seed: flags.seed,
    forecaster: flags.forecaster,
  };
  const interrupted = untilInterrupted();
  try {
    if (flags.check) return tellDrift((await check(request)).drift, flags);
    const onTrained = (trained: Trained) => tell(trained, flags);
    const pause = () => wait(1000 * SECONDS_PER_DAY * flags.look, undefined, { signal: interrupted.signal });
    if (flags.every === undefined) onTrained(await train(request, told(), interrupted.signal));
    else await stay(request, { everyDays: flags.every, pause, onTrained, onTrouble: say }, told(), interrupted.signal);
    return 0;
  } finally {
    interrupted.release();
  }
}

function tell({ decision, comparison, store, isNew }: Trained, { json, models }: Flags): void {
  if (json) {
    printJson({ ...decision, comparison, inForce: store.register.inForce, decisions: store.register.decisions.length });
    return;
  }
  if (comparison !== null)
    print(
      table(
        ['asset', 'bars', 'loss in force', 'new loss', 'new over old'],
        comparison.assets.map(({ asset, bars, inForce, challenger }) => [
          ...[asset, String(bars), inForce.toFixed(5), challenger.toFixed(5)],
          (challenger / inForce).toFixed(4),
        ]),
      ),
    );
  print(`\n ${decision.verdict}${isNew ? '' : ' (decided before)'}: ${decision.says}\n in force: ${store.register.inForce}\n`);
  print(` use it: plimsoll run --model ${models ?? '.plimsoll/models'}\n`);
}

function tellDrift(drift: Drift | null, { json }: Flags): number {
  if (json) printJson(drift ?? { verdict: 'no-law' });
  else if (drift === null) print(' no law is in force here: plimsoll train makes the first\n');
  else {
    const rows = drift.assets.map(({ asset, bars, evenP, coverage }) => [
      ...[asset, String(bars), evenP.toPrecision(2)],
      ...coverage.map(({ level, beyond, p }) => `${beyond} of ${(bars * Math.min(level, 1 - level)).toFixed(1)}, p ${p.toPrecision(2)}`),
    ]);
    if (rows.length > 0) print(table(['asset', 'bars', 'even p', 'beyond 1 %', '5 %', '95 %', '99 %'], rows));
    print(`\n ${drift.verdict}, ${drift.from.slice(0, 16)} to ${drift.to.slice(0, 16)}\n`);
    for (const because of drift.because) print(` ${because}\n`);
    if (drift.verdict === 'drifted') print(' train anew: the law in force no longer says what happens\n');
  }
  return drift?.verdict === 'fresh' ? 0 : REFUSED;
}

/** A line a step; shares within a step are not worth a line. */
function told(): (says: string) => void {
  let last = '';
  return (says) => {
    if (says !== last) say(`${says} …`);
    last = says;
  };
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1)) throw new InvalidArgumentError('Needed a number above 0 and up to 1.');
  return value;
}
