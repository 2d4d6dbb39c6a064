/** `plimsoll frontier`: what more or less borrowing power would cost a bundle's book, as a table, JSON or a picture. */
import type { Command } from 'commander';
import type { Frontier, FrontierPoint } from '../../tuner/frontier.ts';
import { type Flags as BesideFlags, beside } from './beside.ts';
import { svg } from './frontier-plot.ts';
import { print, printJson, save, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = BesideFlags & { readonly svg?: string; readonly json?: boolean };

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('frontier <bundle>')
    .description("Borrowing power against expected shortfall of bad debt: plans of haircuts, today's and the recommended one among them")
    .option('--policy <file>', "another policy than the bundle's: its walls, gap, level and budget")
    .option('--workers <n>', 'threads; the result does not depend on it', wholeNumber(1, 256))
    .option('--svg <file>', 'draw it into this file')
    .option('--json', 'the frontier as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll frontier out/2026-01-01-0123456789ab --svg frontier.svg\n')
    .action(async (bundle: string, flags: Flags) => end(await action(bundle, flags)));
}

async function action(bundle: string, flags: Flags): Promise<number> {
  const { trace } = await import('../../tuner/frontier.ts');
  let last = '';
  const onStep = (step: string) => {
    if (step !== last) say(`${step} …`);
    last = step;
  };
  const found = await beside(bundle, flags, (input) => trace({ ...input, onStep }));
  if (flags.svg !== undefined) await save(flags.svg, svg(found));
  if (flags.json) printJson(found);
  else print(render(found));
  return found.points.length === 0 ? REFUSED : 0;
}

export function render({ today, recommended, points, level, paths, screenPaths, budgetUsd, says }: Frontier): string {
  const row = (name: string, point: FrontierPoint) => [
    name,
    usd(point.borrowingPowerUsd),
    `${usd(point.expectedShortfallUsd)} ± ${usd(point.standardErrorUsd)}`,
    `${point.changeUsd < 0 ? '−' : '+'}${usd(Math.abs(point.changeUsd))} ± ${usd(point.changeStandardErrorUsd)}`,
    point.efficient ? 'yes' : 'no',
    Object.entries(point.haircutBps)
      .map(([asset, bps]) => `${asset} ${((10_000 - bps) / 100).toFixed(2)}`)
      .join(', '),
  ];
  const rows = [
    row('today', today),
    row('recommended', recommended),
    ...[...points].reverse().map((point, index) => row(`plan ${index + 1}`, point)),
  ];
  const reach = (
    [
      ['today', today],
      ['recommended', recommended],
    ] as const
  ).map(([name, { reachUsd, borrowingPowerUsd }]) =>
    reachUsd === null || reachUsd <= borrowingPowerUsd
      ? `No plan has more power than ${name} without more shortfall.\n`
      : `A plan has ${usd(reachUsd)} of power with no more shortfall than ${name}: ${usd(reachUsd - borrowingPowerUsd)} more.\n`,
  );
  const judged =
    screenPaths === paths ? `${paths} paths, the same that put them forward` : `${paths} paths that had no part in choosing them`;
  return [
    table(['plan', 'borrowing power', `bad debt, ES ${(100 * level).toFixed(0)} %`, 'less today’s', 'efficient', 'LTV, %'], rows),
    `\n${reach.join('')}Judged on ${judged}; ± is one standard error, of differences on shared paths. Budget of the whole loss ${usd(budgetUsd)}.\n${says}\n`,
  ].join('');
}
