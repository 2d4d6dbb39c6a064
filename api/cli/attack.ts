/** `plimsoll attack`: what it costs to move a market against what that would bring, for a book or for one market described in a file. */
import { existsSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { Attacked } from '../../tuner/attack/attack.ts';
import { print, printJson, table, usd, wholeNumber } from './terminal.ts';

type Flags = { readonly oracle: 'spot' | 'twap'; readonly window: number; readonly assets?: readonly string[]; readonly json?: boolean };

export function add(program: Command): void {
  program
    .command('attack <bundle-or-file>')
    .description(
      'Cost and profit of pushing a price: posted as collateral (Mango, 2022), or owed and squeezed (CRV, 2022); the largest safe borrow',
    )
    .option('--oracle <kind>', 'spot, or twap: the mean of a window (of a book; a file names its own)', oracle, 'spot')
    .option('--window <seconds>', 'how long a push must stand, or the window of the mean', wholeNumber(0, 10_000_000), 3_600)
    .option('--assets <names>', 'comma between (default: all)', (text) => text.split(',').filter((name) => name !== ''))
    .option('--json', 'everything as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll attack out/2026-01-01-0123456789ab --oracle twap --window 1800\n  $ plimsoll attack tuner/attack/cases/mango-2022-10.yaml\n',
    )
    .action(action);
}

async function action(path: string, { oracle: kind, window, assets, json }: Flags): Promise<void> {
  const Attack = await import('../../tuner/attack/attack.ts');
  const { loadKernel } = await import('../../kernel/kernel.ts');
  const kernel = loadKernel();
  const rows = (await cases(path, kind, window))
    .filter(({ name }) => assets === undefined || assets.includes(name))
    .map((one) => Attack.judge(kernel, one));
  if (rows.length === 0) {
    const { NotACaseError } = Attack;
    throw new NotACaseError({
      got: assets?.join(', ') ?? 'no asset whose price moves',
      needed: 'assets of the book that the law covers',
      where: '--assets',
    });
  }
  if (json) printJson(rows);
  else show(rows);
}

async function cases(path: string, kind: Flags['oracle'], window: number) {
  const Attack = await import('../../tuner/attack/attack.ts');
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    const { readText } = await import('../voyage.ts');
    return [Attack.parse(await readText(path), path)];
  }
  const { part } = await import('../bundle.ts');
  const [state, model] = await Promise.all([part(path, 'state'), part(path, 'model')]);
  return Attack.casesOf(
    state,
    model,
    kind === 'spot' ? { form: kind, windowSeconds: window } : { form: kind, windowSeconds: Math.max(1, window) },
  );
}

function show(rows: readonly Attacked[]): void {
  const pumps = rows.flatMap(({ name, pump }) => (pump === null ? [] : [{ name, ...pump }]));
  if (pumps.length > 0) {
    print('Posted at a pushed price (the best push for the attacker):\n');
    print(
      table(
        ['asset', 'push', 'cost', 'posted', 'borrowed', 'profit', 'safe to borrow', 'if stranded'],
        pumps.map(({ name, rise, costUsd, postedUsd, borrowedUsd, profitUsd, safeBorrowUsd, safeIfStrandedUsd }) => [
          ...[
            name,
            `+${(100 * rise).toFixed(0)} %`,
            usd(costUsd),
            usd(postedUsd),
            usd(borrowedUsd),
            profitUsd > 0 ? usd(profitUsd) : 'none',
          ],
          ...[safeBorrowUsd, safeIfStrandedUsd].map((safe) => (safe === null ? 'any' : usd(safe))),
        ]),
      ),
    );
  }
  const squeezes = rows.flatMap(({ name, squeeze }) => (squeeze === null ? [] : [{ name, ...squeeze }]));
  if (squeezes.length === 0) return;
  print(`${pumps.length > 0 ? '\n' : ''}Owed, and bought back in a liquidation:\n`);
  print(
    table(
      ['asset', 'premium to buy back', 'bad debt', 'safe to lend'],
      squeezes.map(({ name, premium, lossUsd, safeBorrowUsd }) => [
        name,
        `${(100 * premium).toFixed(1)} %`,
        usd(lossUsd),
        usd(safeBorrowUsd),
      ]),
    ),
  );
}

function oracle(text: string): string {
  if (text !== 'spot' && text !== 'twap') throw new InvalidArgumentError('Needed spot or twap; a median of venues is described in a file.');
  return text;
}
