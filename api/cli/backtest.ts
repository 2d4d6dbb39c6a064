/** `plimsoll backtest`: the walk-forward proof on anybody's prices, with a page, a plot and a table of windows. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import { SECONDS_PER_DAY } from '../../base/units.ts';
import { print, say, wholeNumber } from './terminal.ts';

type Flags = {
  readonly from: string;
  readonly split: string;
  readonly to: string;
  readonly every: number;
  readonly history: number;
  readonly seed: number;
  readonly paths: number;
  readonly out: string;
  readonly quick?: boolean;
};

/** What a block of paths has. */
const BLOCK = 256;

export function add(program: Command): void {
  program
    .command('backtest <panel>')
    .description('Walk forward through a file or folder of prices: our rules against simple ones, then hindsight, on one book')
    .requiredOption('--from <time>', 'first date; bars before it are history')
    .requiredOption('--split <time>', 'knobs are set on the windows before it, and judged on those after')
    .requiredOption('--to <time>', 'last date')
    .option('--every <days>', 'between dates, the length of a window', wholeNumber(1, 90), 7)
    .option('--history <days>', 'earlier bars read at a date, at most', wholeNumber(181, 3_650), 365)
    .option('--seed <number>', 'of the simulated paths', wholeNumber(0), 1)
    .option('--paths <number>', `of the engine, a date and haircut; a multiple of ${BLOCK}`, blocks, 4_096)
    .option('--out <folder>', 'for the page, and for what each date knew (a run that was stopped goes on)', 'out/backtest')
    .option('--quick', 'the declared case only: no other delay, book or depth')
    .addHelpText(
      'after',
      [
        '',
        'Half a minute a date of twenty assets on one core, once; then a minute a case.',
        '',
        'Example:',
        '  $ plimsoll backtest ./hourly --from 2020-07-01 --split 2021-01-01 --to 2023-12-18 --out out/backtest',
        '',
      ].join('\n'),
    )
    .action(action);
}

async function action(path: string, flags: Flags): Promise<void> {
  const { moment } = await import('../voyage.ts');
  const [from, split, to] = (['from', 'split', 'to'] as const).map((name) => Date.parse(moment(flags[name], `--${name}`)));
  if (!(from! < split! && split! <= to!))
    throw new DisorderError({
      got: `${flags.from}, ${flags.split}, ${flags.to}`,
      needed: 'from < split ≤ to',
      where: '--from, --split, --to',
    });
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const { loadKernel } = await import('../../kernel/kernel.ts');
  const Dates = await import('../backtest/dates.ts');
  const { report, VARIANTS } = await import('../backtest/report.ts');

  const bars = await readSeries(path, { onProgress: (done, all, file) => say(`${done} of ${all}: ${file}`) });
  const plan = { fromMs: from!, toMs: to!, everyDays: flags.every, historyDays: flags.history, seed: flags.seed, paths: flags.paths };
  await mkdir(flags.out, { recursive: true });
  const origins = await Dates.known(bars, plan, join(flags.out, 'dates'), (done, all, says) => say(`date ${done} of ${all}  ${says}`));
  report(
    {
      command: `plimsoll backtest ${path} --from ${flags.from} --split ${flags.split} --to ${flags.to}${flags.quick ? ' --quick' : ''}`,
      ...{ kernel: loadKernel(), origins, after: Dates.cutter(bars), everySeconds: flags.every * SECONDS_PER_DAY },
      ...{
        historyDays: flags.history,
        split: new Date(split!).toISOString(),
        out: flags.out,
        onVariant: (says: string) => say(`case  ${says}`),
      },
    },
    flags.quick ? VARIANTS.slice(0, 1) : VARIANTS,
  );
  print(`${join(flags.out, 'backtest.md')}\n`);
}

function blocks(text: string): number {
  const paths = wholeNumber(BLOCK, 1_000_000)(text);
  if (paths % BLOCK !== 0) throw new InvalidArgumentError(`Needed a multiple of ${BLOCK}.`);
  return paths;
}

export class DisorderError extends PlimsollError {
  override readonly name = 'Backtest.DisorderError';
}
