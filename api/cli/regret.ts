/** `plimsoll regret`: past recommendations against what then happened and against doing nothing, kept in a ledger. */
import type { Command } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import type { Past, Regret, TrackRecord } from '../../tuner/regret.ts';
import { print, printJson, say, table, usd } from './terminal.ts';

type Flags = { readonly panel?: string; readonly ledger?: string; readonly json?: boolean };

export function add(program: Command): void {
  program
    .command('regret [bundles...]')
    .description('Past recommendations against what then happened, and against doing nothing')
    .option('--panel <path>', 'market data that goes on after them: a file, a folder, or a newer bundle')
    .option('--ledger <file>', 'append to this file, a line an entry; without bundles: check it and show it')
    .option('--json', 'entries and track record as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll regret out/2026-01-01-0123456789ab --panel out/2026-01-08-ba9876543210 --ledger regret.jsonl\n  $ plimsoll regret --ledger regret.jsonl\n',
    )
    .action(action);
}

async function action(bundles: readonly string[], flags: Flags): Promise<void> {
  const { trackRecord } = await import('../../tuner/regret.ts');
  if (bundles.length === 0 && flags.ledger === undefined)
    throw new IncompleteError({
      got: 'neither bundles nor --ledger',
      needed: 'bundles with --panel, or a ledger to show',
      where: 'regret',
    });
  if (bundles.length > 0 && flags.panel === undefined)
    throw new IncompleteError({ got: 'bundles without --panel', needed: 'data that goes on after them', where: '--panel' });
  const entries = bundles.length === 0 ? [] : await reckoned(bundles, flags.panel!);
  const kept = flags.ledger === undefined ? null : await written(flags.ledger, entries);
  const shown = kept === null ? entries : kept.lines.map(({ regret }) => regret);
  const record = trackRecord(shown);
  const ledger = kept === null ? null : { path: flags.ledger, head: kept.lines.at(-1)?.id ?? null, added: kept.added, known: kept.known };
  if (flags.json) printJson({ entries: shown, trackRecord: record, ledger });
  else print(render(shown, record));
  if (kept === null || ledger === null) return;
  const otherwise = kept.otherwise === 0 ? '' : `; ${kept.otherwise} of them this code reckons otherwise, and what stands was kept`;
  say(`${flags.ledger}: ${kept.added} added, ${kept.known} known${otherwise}. Head: ${ledger.head ?? 'none'}`);
}

async function written(path: string, entries: readonly Regret[]) {
  const { keep } = await import('../ledger.ts');
  return keep(path, entries);
}

export async function reckoned(bundles: readonly string[], path: string): Promise<Regret[]> {
  const { part } = await import('../bundle.ts');
  const { reckon } = await import('../../tuner/regret.ts');
  const { loadKernel } = await import('../../kernel/kernel.ts');
  const after = await market(path);
  const entries: Regret[] = [];
  for (const folder of bundles) {
    const [state, model, scenarios, recommendation] = await Promise.all([
      part(folder, 'state'),
      part(folder, 'model'),
      part(folder, 'scenarios'),
      part(folder, 'recommendation'),
    ]);
    const past: Past = { state, model, scenarios, recommendation };
    entries.push(reckon(loadKernel(), past, after(state.asOf, scenarios.steps * scenarios.stepSeconds)));
  }
  return entries;
}

/** The bars around a moment: cut from files, or the panel of a newer bundle as it is. */
async function market(path: string): Promise<(asOf: string, seconds: number) => MarketPanel> {
  const { existsSync } = await import('node:fs');
  const { join } = await import('node:path');
  const Folder = await import('../folder.ts');
  if (existsSync(join(path, Folder.MANIFEST))) {
    const { part } = await import('../bundle.ts');
    const panel = await part(path, 'panel');
    return () => panel;
  }
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const { daysAfter } = await import('../voyage.ts');
  const { NothingAfterError } = await import('../../tuner/stress/replay.ts');
  const read = await readSeries(path, { onProgress: (done, all, file) => say(`${done} of ${all}: ${file}`) });
  return (asOf, seconds) => {
    const panel = daysAfter(read.series, { quote: read.quote, sources: read.sources, simulated: false }, asOf, seconds);
    if (panel !== null) return panel;
    throw new NothingAfterError({ got: 'data that ends before', needed: `at least one bar that opens at or after ${asOf}`, where: path });
  };
}

export function render(entries: readonly Regret[], record: TrackRecord): string {
  if (entries.length === 0) return 'The ledger is empty.\n';
  const pair = (entry: Regret, name: keyof Regret['regret']) => `${usd(entry.advised[name])} / ${usd(entry.inForce[name])}`;
  const rows = entries.map((entry) => [
    entry.startsAt.slice(0, 10),
    entry.from.recommendation.slice(7, 19),
    entry.complete ? `${Math.round(entry.horizonSeconds / 3600)} h` : `until ${entry.endsAt.slice(0, 16)}`,
    pair(entry, 'lossUsd'),
    pair(entry, 'liquidatedUsd'),
    pair(entry, 'penaltyUsd'),
    pair(entry, 'borrowingPowerUsd'),
    { advised: 'the advice', 'in-force': 'doing nothing', same: 'no difference' }[entry.hindsight],
    `${usd(entry.forecast.inForce.outcomeUsd)} ${entry.forecast.inForce.inside ? 'inside' : 'ABOVE'} ${usd(entry.forecast.inForce.upperUsd)}`,
  ]);
  const heading = ['as of', 'advice', 'window', 'loss', 'liquidated', 'penalties', 'power', 'better', 'loss against forecast'];
  const simulated = entries.some((entry) => entry.simulated) ? 'Simulated: market or book were made by the built-in simulator.\n' : '';
  return [
    table(heading, rows),
    '\nPairs: under the advice / under the parameters in force. ',
    'Forecast: expected shortfall and two standard errors, parameters in force.\n',
    simulated,
    `\n${says(record)}\n`,
  ].join('');
}

/** The one line a score card takes. */
function says(record: TrackRecord): string {
  const { recommendations, judged, advisedBetter, same, nothingBetter, meanRegret, inside, beyondValueAtRisk, expectedBeyond } = record;
  const open = recommendations - judged;
  const waiting = open === 0 ? '' : ` ${open} not judged: their horizon has not passed.`;
  if (meanRegret === null) return `No recommendation judged.${waiting}`;
  const regret = `Mean regret: loss ${usd(meanRegret.lossUsd)}, liquidated ${usd(meanRegret.liquidatedUsd)}, penalties ${usd(meanRegret.penaltyUsd)}, power ${usd(meanRegret.borrowingPowerUsd)}.`;
  const against = `The advice was better ${advisedBetter} times of ${judged}, doing nothing ${nothingBetter}, no difference ${same}.`;
  const cover = `Losses inside their stated interval: ${inside} of ${judged}; beyond the value at risk ${beyondValueAtRisk}, expected ${expectedBeyond.toFixed(2)}.`;
  return `${against} ${regret} ${cover}${waiting}`;
}

export class IncompleteError extends PlimsollError {
  override readonly name = 'Regret.IncompleteError';
}
