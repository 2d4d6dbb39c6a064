/**
 * Real crashes on the real book: `npm run evidence -- replays`, three minutes. Writes docs/evidence/replays.md, to be read beside reported.md, which was
 * committed before any of these ran. Reads ../shared/data: hourly coins, the published Aave tables.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { type Print, refine, withoutPrints } from '../datasets/refine.ts';
import { RULES } from '../datasets/sources/imputation.ts';
import { type ProtocolState, parametersOf } from '../datasets/state.ts';
import { loadKernel } from '../kernel/kernel.ts';
import { type ReplayResult, replay } from '../tuner/stress/replay.ts';
import * as Real from './books/real.ts';

const OUT = 'docs/evidence/replays.md';
const PARTS = 12;
const BEGIN = '2020-01-01T00:00:00.000Z';
const ENOUGH = '2020-07-01';
const SHORT_SECONDS = 60 * 86_400;
/** Doubled or halved and back within the hour. Set after the LUNA week had been seen; which bars it cuts, and what they do, is on the page. */
const PRINT_FACTOR = 2;
const SHOWN = 5;
const DAY_MS = 86_400_000;
const CRASHES: readonly (readonly [string, string, string])[] = [
  ['Black Thursday', '2020-03-09', '2020-03-16'],
  ['LUNA', '2022-05-07', '2022-05-15'],
  ['stETH', '2022-06-10', '2022-06-19'],
  ['FTX', '2022-11-06', '2022-11-13'],
  ['USDC', '2023-03-09', '2023-03-14'],
];
const HEAD = [
  '| crash | collateral imputed | added: liquidated | bad debt | accounts | contained: liquidated | bad debt | accounts |',
  '|---|---|---|---|---|---|---|---|',
];
const kernel = loadKernel();
if (existsSync(Real.DATA)) await main();
else process.stderr.write(`not covered: ${Real.DATA} is absent\n`);

async function main(): Promise<void> {
  const bars = await Real.bars();
  const rows: string[] = [];
  const [cut, recorded, accounts]: [string[], string[], string[]] = [[], [], []];
  for (const [name, from, to] of CRASHES) {
    process.stderr.write(`replays  ${name}\n`);
    const asOf = `${from}T00:00:00.000Z`;
    try {
      // Bars begin in 2020, 68 days before the first crash. A replay takes from the law the daily volumes and who is in it, so what advice asks of history is waived for that one.
      const isShort = asOf < ENOUGH;
      const panel = isShort ? Real.after(bars, BEGIN, asOf) : Real.before(bars, asOf);
      const model = await Real.law(panel, isShort ? SHORT_SECONDS : undefined);
      const hours = Real.after(bars, new Date(Date.parse(asOf) - DAY_MS).toISOString(), `${to}T00:00:00.000Z`);
      const { panel: trusted, prints } = withoutPrints(hours, PRINT_FACTOR);
      const along = (bars: typeof hours, list: string[], told: string[] | null) => {
        const minutes = refine(bars, PARTS);
        for (const imputation of RULES) {
          const state = Real.book(panel, asOf, imputation);
          const replayed = (['added', 'contained'] as const).map((impact) =>
            replay(kernel, state, minutes, parametersOf(state), { model, borrowers: 'standing', impact }),
          );
          const cells = replayed.map(
            ({ result }) => `${million(result.liquidatedUsd)} | ${million(result.badDebtUsd)} | ${result.liquidatedAccounts}`,
          );
          list.push(`| ${name}, ${from} to ${to} | ${imputation} | ${cells.join(' | ')} |`);
          told?.push(...worstOf(replayed[0]!, state).map((cell) => `| ${name} | ${imputation} | ${cell} |`));
        }
      };
      along(trusted, rows, null);
      if (prints.length > 0) along(hours, recorded, accounts);
      cut.push(...prints.map((print) => `| ${name} | ${says(print)} |`));
    } catch (error) {
      rows.push(
        `| ${name}, ${from} to ${to} | | not replayed: ${error instanceof Error ? error.message.split('\n')[0]!.slice(0, 160) : String(error)} | | | | | |`,
      );
    }
  }
  writeFileSync(
    OUT,
    [
      '# Real crashes on the real book',
      '',
      'Made by `npm run evidence -- replays`: the published book of 2025-12-01 (1,000 largest accounts) at the prices of the day each crash began, today’s parameters, debts as they stand,',
      `the law fitted on the bars before. Every hourly bar is ${PARTS} five-minute steps in straight lines over its extremes (\`datasets/refine.ts\`). "Added": this book’s sales move the recorded`,
      'prices once more; "contained": they are taken to hold them already. Million USD. The book is not the one that stood then, so sizes are not comparable with what was reported',
      '([reported.md](reported.md), committed before this ran); whether there was bad debt, and which crash was worse, is. Staked coins move with their coin here: the discount of',
      `stETH in June 2022 is not in these bars. A high or low ${PRINT_FACTOR} times and more beyond both open and close of its bar is taken for one venue's print and cut back to them: see below.`,
      '',
      ...HEAD,
      ...rows,
      '',
      'Black Thursday: 68 days of bars lie before it (advice wants 180), and coins that had none then are left out of the book’s moves.',
      '',
      '## What a single print does',
      '',
      'Bars are one exchange’s and may hold trades that no other market saw, nor a feed that takes the middle of many; with one source the bars alone cannot tell. Straight lines through such an extreme keep it for a third of',
      'an hour on either side: the engine then marks every debt in that coin at it. These extremes were cut above:',
      '',
      '| crash | asset | bar | open | extreme | close |',
      '|---|---|---|---|---|---|',
      ...cut,
      '',
      'The same replays with them, as an earlier version of this page had them without saying so:',
      '',
      ...HEAD,
      ...recorded,
      '',
      'The accounts that lose most with them, impact added. A print upwards in a borrowed stablecoin strikes the imputation that holds other stablecoins against it hardest: collateral at a dollar and high',
      'thresholds against a debt at several. That is what made the `correlated` rows stand apart. The rule was set after this had been seen. It also cuts a low of LUNA in its last hours that was likely real; no account of this book holds LUNA.',
      '',
      '| crash | collateral imputed | account | bad debt | collateral at the start | debt at the start |',
      '|---|---|---|---|---|---|',
      ...accounts,
      '',
    ].join('\n'),
  );
}

function says({ asset, at, open, extreme, close }: Print): string {
  return `${asset} | ${at.slice(0, 16).replace('T', ' ')} | ${open} | ${extreme} | ${close}`;
}

function worstOf({ worst }: ReplayResult, state: ProtocolState): string[] {
  const priceUsd = new Map(state.assets.map((one) => [one.asset, one.priceUsd]));
  const list = (holdings: readonly { readonly asset: string; readonly amountTokens: number }[]) =>
    holdings.map(({ asset, amountTokens }) => `${asset} ${million(amountTokens * priceUsd.get(asset)!)}`).join(', ');
  return worst.slice(0, SHOWN).map(({ account, lossUsd }) => {
    const { collateral, debt } = state.lending.find((one) => one.account === account)!;
    return `${account} | ${million(lossUsd)} | ${list(collateral)} | ${list(debt)}`;
  });
}

function million(usd: number): string {
  return (usd / 1e6).toFixed(usd >= 1e8 ? 0 : 2);
}
