/** `plimsoll data`: market data in, quality out. */
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { canonicalJson } from '../../base/id.ts';
import { endsAt, type MarketPanel, type Waiver } from '../../datasets/panel.ts';
import * as Folder from '../folder.ts';
import * as Pull from './data-pull.ts';
import * as PullMarket from './data-pull-market.ts';
import * as PullOracle from './data-pull-oracle.ts';
import { collectWaiver } from './run.ts';
import { print, printJson, say, table, wholeNumber } from './terminal.ts';

type Flags = {
  readonly asOf?: string;
  readonly step?: number;
  readonly waive?: readonly Waiver[];
  readonly out?: string;
  readonly json?: boolean;
};

const SHOWN_FINDINGS = 40;

export function add(program: Command): void {
  const data = program.command('data').description('Market data: pull, import, inspect');
  Pull.add(data);
  PullOracle.add(data);
  PullMarket.add(data);
  for (const [name, says] of [
    ['inspect', 'Read files, align them and print the quality report'],
    ['import', 'Read files, align them and write one panel'],
  ] as const) {
    data
      .command(`${name} <path>`)
      .description(says)
      .option('--as-of <time>', 'drop bars that end later')
      .option('--step <seconds>', 'step of the grid (default: that of the data)', wholeNumber(1))
      .option('--waive <what>', 'ASSET:KIND=REASON: take the asset in spite of this finding; may be repeated', collectWaiver)
      .option('--out <file>', 'where to write the panel (import; default: panel.json)')
      .option('--json', 'report as JSON on standard output')
      .addHelpText('after', `\nExample:\n  $ plimsoll data ${name} ./hourly --as-of 2022-05-08\n`)
      .action((path: string, flags: Flags) => action(name, path, flags));
  }
}

async function action(name: 'inspect' | 'import', path: string, flags: Flags): Promise<void> {
  const { readSeries } = await import('../../datasets/sources/files.ts');
  const { align } = await import('../../datasets/align.ts');
  const read = await readSeries(path, { onProgress: (done, all, file) => say(`${done} of ${all}: ${file}`) });
  const panel = align(read.series, {
    quote: read.quote,
    sources: read.sources,
    simulated: false,
    waivers: flags.waive ?? [],
    ...(flags.asOf === undefined ? {} : { asOf: flags.asOf }),
    ...(flags.step === undefined ? {} : { stepSeconds: flags.step }),
  });
  if (name === 'import') {
    const out = resolve(flags.out ?? 'panel.json');
    await Folder.write(dirname(out), out.slice(dirname(out).length + 1), canonicalJson(panel));
    say(`Wrote ${out}`);
  }
  if (flags.json) printJson(report(panel));
  else print(forPeople(panel));
}

function report({ id, assets, startsAt, stepSeconds, length, quality, excluded, waivers, sources }: MarketPanel) {
  return { id, assets, startsAt, stepSeconds, length, quality, excluded, waivers, sources };
}

function forPeople(panel: MarketPanel): string {
  const coverage = panel.assets.map((asset) => {
    const close = panel.bars[asset]!.close;
    return [asset, String(close.filter((price) => price !== null).length), String(close.filter((price) => price === null).length)];
  });
  const bad = panel.quality.filter(({ severity }) => severity !== 'note');
  const findings = bad
    .slice(0, SHOWN_FINDINGS)
    .map(({ severity, asset, kind, from, to, says }) => [severity, asset, kind, `${from.slice(0, 16)} to ${to.slice(0, 16)}`, says]);
  const excluded = panel.excluded.map(({ asset, kind, says }) => [asset, kind, says]);
  return [
    `${panel.id}\n${panel.assets.length} assets, ${panel.length} bars of ${panel.stepSeconds} s, ${panel.startsAt} to ${endsAt(panel)}, in ${panel.quote}\n\n`,
    table(['asset', 'bars', 'missing'], coverage),
    excluded.length === 0 ? '' : `\n${table(['left out', 'finding', 'why'], excluded)}`,
    findings.length === 0 ? '\nNothing to report.\n' : `\n${table(['severity', 'asset', 'finding', 'when', 'what'], findings)}`,
    bad.length > SHOWN_FINDINGS ? ` … and ${bad.length - SHOWN_FINDINGS} more; --json shows all\n` : '',
  ].join('');
}
