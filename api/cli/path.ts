/** `plimsoll path`: one path of a bundle's scenario set, step by step, as a table, JSON or a picture. */
import type { Command } from 'commander';
import { loadKernel } from '../../kernel/kernel.ts';
import type { Figure, NamedEvent, PathStory } from '../../tuner/stress/path.ts';
import { collectSetting, type Setting, withSettings } from './stress.ts';
import { print, printJson, save, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = { readonly set?: readonly Setting[]; readonly svg?: string; readonly standing?: boolean; readonly json?: boolean };

const MOST_ROWS = 60;

export function add(program: Command): void {
  program
    .command('path')
    .argument('<bundle>', 'folder of a run')
    .argument('<number>', 'of the path, from 0', wholeNumber(0))
    .description('Replay one path of a bundle step by step: prices, liquidations, margin calls, bad debt')
    .option('--set <what>', 'ASSET.FIELD=VALUE, as for stress; may be repeated', collectSetting)
    .option('--svg <file>', 'also draw it')
    .option('--standing', 'debts stay as they are, instead of following borrowing power')
    .option('--json', 'everything as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll path out/2026-01-01-0123456789ab 17 --svg path-17.svg\n')
    .action(action);
}

async function action(bundle: string, path: number, flags: Flags): Promise<void> {
  const { part } = await import('../bundle.ts');
  const Stress = await import('../../tuner/stress/stress.ts');
  const Path = await import('../../tuner/stress/path.ts');
  const Plot = await import('./plot.ts');
  const [state, model, scenarios] = await Promise.all([part(bundle, 'state'), part(bundle, 'model'), part(bundle, 'scenarios')]);
  const prepared = Stress.prepare(state, model, scenarios, { borrowers: flags.standing ? 'standing' : 'responsive' });
  const story = Path.tell(loadKernel(), prepared, withSettings(state, flags.set ?? []), path);
  if (flags.svg !== undefined) {
    await save(flags.svg, Plot.svg(story));
    say(`Wrote ${flags.svg}`);
  }
  if (flags.json) printJson(story);
  else show(story);
}

function show({ path, row, prices, events, stepSeconds }: PathStory): void {
  print(`path ${path}, steps of ${stepSeconds} s, weight ${row.weight.toPrecision(4)}\n\n`);
  print(
    table(
      ['asset', 'start', 'lowest', 'highest', 'end', 'oracle at the end'],
      prices.map(({ asset, startUsd, referenceUsd, oracleUsd }) => [
        asset,
        price(startUsd),
        price(Math.min(startUsd, ...referenceUsd)),
        price(Math.max(startUsd, ...referenceUsd)),
        price(referenceUsd.at(-1) ?? startUsd),
        price(oracleUsd.at(-1) ?? startUsd),
      ]),
    ),
  );
  const left = events.length - MOST_ROWS;
  const rows = events.slice(0, MOST_ROWS).map((event) => [String(event.step), event.kind, String(event.account ?? ''), says(event)]);
  if (rows.length > 0) print(`\n${table(['step', 'what', 'who', 'how'], rows)}`);
  if (left > 0) print(` … ${left} more; --json has all\n`);
  print(
    `\n${table(
      ['bad debt', 'liquidated', 'penalties', 'accounts', 'margin shortfall', 'deleveraged'],
      [
        [
          usd(row.badDebtUsd),
          usd(row.liquidatedUsd),
          usd(row.penaltyUsd),
          String(row.liquidatedAccounts),
          usd(row.marginShortfallUsd),
          usd(row.deleveragedUsd),
        ],
      ],
    )}`,
  );
}

function says(event: NamedEvent): string {
  const at = (figure: Figure) => event[figure] ?? 0;
  switch (event.kind) {
    case 'liquidation': {
      const [before = 0, after = 0] = event.soldUsd ?? [];
      return `${usd(at('repaidUsd'))} of ${event.debt} repaid for ${event.collateral}; health ${at('health').toFixed(3)}; pool ${price(before)} → ${price(after)}`;
    }
    case 'absorbed':
      return `the protocol takes over ${usd(at('repaidUsd'))} of ${event.debt}; penalty ${usd(at('penaltyUsd'))}; health ${at('health').toFixed(3)}`;
    case 'purchase':
      return `${usd(at('repaidUsd'))} paid for absorbed ${event.collateral}`;
    case 'unattended':
      return `${usd(at('allowedUsd'))} of ${event.debt} against ${event.collateral} pays nobody; health ${at('health').toFixed(3)}`;
    case 'trade':
      return `${usd(at('sizeUsd'))} of ${event.asset} ${event.how === 'market' ? 'to the market' : 'by auction'} for ${usd(at('broughtUsd'))}`;
    case 'margin-call':
    case 'closed-at-end':
      return `equity ${usd(at('equityUsd'))} under ${usd(at('requiredUsd'))}; shortfall ${usd(at('shortfallUsd'))}`;
    default:
      return usd(at('lossUsd'));
  }
}

function price(value: number): string {
  return value >= 100 ? value.toFixed(2) : value.toPrecision(4);
}
