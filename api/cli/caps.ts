/** `plimsoll caps`: supply caps, borrow caps and liquidation bonuses of a bundle's book, with the constraint that sets each. */
import type { Command } from 'commander';
import type { Caps, Level } from '../../tuner/caps.ts';
import { type Flags as BesideFlags, beside } from './beside.ts';
import { print, printJson, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = BesideFlags & { readonly json?: boolean };

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('caps <bundle>')
    .description("Supply caps, borrow caps and liquidation bonuses of a bundle's book: what its markets take in the tail")
    .option('--policy <file>', "another policy than the bundle's: its level and bonus buffer")
    .option('--workers <n>', 'threads; the result does not depend on it', wholeNumber(1, 256))
    .option('--json', 'the caps as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll caps out/2026-01-01-0123456789ab\n  $ plimsoll propose out/2026-01-01-0123456789ab --caps --target aave-v3-engine --venue docs/venues/aave-v3-engine.json\n',
    )
    .action(async (bundle: string, flags: Flags) => end(await action(bundle, flags)));
}

async function action(bundle: string, flags: Flags): Promise<number> {
  const found = await ofBundle(bundle, flags);
  if (flags.json) printJson(found);
  else print(render(found));
  return found.assets.every(({ supplyCapTokens }) => supplyCapTokens.verdict === 'abstain') ? REFUSED : 0;
}

export async function ofBundle(bundle: string, flags: BesideFlags): Promise<Caps> {
  const { recommend } = await import('../../tuner/caps.ts');
  return beside(bundle, flags, (input) => {
    say('Reckon caps and bonuses …');
    return recommend(input);
  });
}

export function render({ assets, bonuses, paths, level, tailDepth, stepSeconds }: Caps): string {
  const rows = assets
    .filter(({ supplyCapTokens, borrowCapTokens }) => [supplyCapTokens, borrowCapTokens].some(({ reason }) => reason !== 'no-exposure'))
    .map(({ asset, suppliedTokens, borrowedTokens, tailUsd, largestUsd, takesTailUsd, ...levels }) => [
      asset,
      tokens(suppliedTokens),
      shown(levels.supplyCapTokens, tokens),
      tokens(borrowedTokens),
      shown(levels.borrowCapTokens, tokens),
      shown(levels.liquidationBonusBps, (bps) => `${(bps / 100).toFixed(2)} %`),
      `${usd(tailUsd)}, ${usd(largestUsd)}, ${takesTailUsd === null ? 'no limit' : usd(takesTailUsd)}`,
    ]);
  const without = 'Nobody with debt holds or owes the assets that are not listed.\n';
  const step = `${(stepSeconds / 60).toFixed(0)} min`;
  return [
    table(
      ['asset', 'supplied', 'supply cap', 'borrowed', 'borrow cap', 'bonus', `sold in ${step}: tail, largest account, market takes`],
      rows,
    ),
    `\nIn brackets: between these the data cannot tell; the conservative end is advised. Tail: expected shortfall at ${(100 * level).toFixed(0)} % of what a path's busiest step sells, ${paths} paths;\nthe market at ${tailDepth} of its usual volume, within the bonus. Computed beside the advice, not searched; no limit of the policy covers caps.\n`,
    bonuses === null
      ? ''
      : `The engine on all changed bonuses together: bad debt's expected shortfall ${signed(bonuses.changeUsd)} ± ${usd(bonuses.standardErrorUsd)}, borrowers' penalties ${signed(bonuses.penaltyChangeUsd)} on average.\n`,
    assets.length > rows.length ? without : '',
  ].join('');
}

function shown({ verdict, reason, from, to, low, high, binding }: Level, show: (value: number) => string): string {
  const said = (value: number | null) => (value === null ? 'none' : show(value));
  if (verdict === 'abstain') return `${said(from)} (${reason})`;
  const range = low === null || high === null ? '' : ` [${show(low)} to ${show(high)}]`;
  const [name = ''] = binding.split(':', 1);
  return verdict === 'hold' ? `${said(from)} holds${range} ${name}` : `${said(from)} → ${said(to)}${range} ${name}`;
}

function tokens(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${usd(Math.abs(value))}`;
}
