/** `plimsoll state`: a protocol's book from a chain or from published tables, and what is in it. */
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { ProtocolState } from '../../datasets/state.ts';
import * as Folder from '../folder.ts';
import * as Fees from './state-fees.ts';
import * as Measure from './state-measure.ts';
import * as Read from './state-read.ts';
import { print, printJson, say, table, usd, wholeNumber } from './terminal.ts';

type ImportFlags = {
  readonly users: string;
  readonly positions: string;
  readonly reserves: string;
  readonly seed: number;
  readonly imputation: 'proportional' | 'concentrated' | 'correlated';
  readonly out: string;
  readonly json?: boolean;
};

export function add(program: Command): void {
  const state = program.command('state').description("A protocol's book: read, import, inspect");
  Read.add(state, show);
  Measure.add(state, show);
  Fees.add(state, show);
  state
    .command('import')
    .description('Aave v3 tables (users, debt positions, reserve parameters) to a book')
    .requiredOption('--users <csv>', 'one row a user: totals and health factor')
    .requiredOption('--positions <csv>', 'one row a debt position')
    .requiredOption('--reserves <json>', 'reserve parameters')
    .option('--seed <n>', 'seed of the imputation', wholeNumber(0), 1)
    .addOption(
      new Option('--imputation <rule>', "how collateral is composed from a user's total: the tables have debt rows only")
        .choices(['proportional', 'concentrated', 'correlated'])
        .default('proportional'),
    )
    .option('--out <file>', 'where to write the book', 'state.json')
    .option('--json', 'summary as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll state import --users users.csv --positions positions.csv --reserves reserves.json --out book.json\n',
    )
    .action(importTables);
  state
    .command('inspect <file>')
    .description('What a book holds')
    .option('--json', 'summary as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll state inspect book.json\n')
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      const { readState } = await import('../voyage.ts');
      await show(await readState(file), flags.json ?? false);
    });
}

async function importTables(flags: ImportFlags): Promise<void> {
  const { importAave } = await import('../../datasets/sources/aave.ts');
  const StateFile = await import('../../datasets/sources/state-file.ts');
  const { readText } = await import('../voyage.ts');
  const tables = {
    usersCsv: await readText(flags.users),
    positionsCsv: await readText(flags.positions),
    reservesJson: await readText(flags.reserves),
  };
  const state = importAave(tables, { seed: flags.seed, imputation: flags.imputation });
  const out = resolve(flags.out);
  await Folder.write(dirname(out), out.slice(dirname(out).length + 1), StateFile.write(state));
  say(`Wrote ${out}`);
  await show(state, flags.json ?? false);
}

async function show(state: ProtocolState, json: boolean): Promise<void> {
  const { borrowingPowerUsd, exposures, totalDebtUsd } = await import('../../tuner/objective.ts');
  const { parametersOf } = await import('../../datasets/state.ts');
  const { bookGreeks } = await import('../../tuner/margin/account.ts');
  const { margined } = await import('../../datasets/derivatives.ts');
  const { loadKernel } = await import('../../kernel/kernel.ts');
  const debtUsd = totalDebtUsd(state);
  const priceUsd = Object.fromEntries(state.assets.map((one) => [one.asset, one.priceUsd]));
  const { marginRule: rule } = state;
  const greeks = rule === null ? [] : bookGreeks(loadKernel(), margined(state.derivatives), { asOf: state.asOf, priceUsd, rule });
  const power = borrowingPowerUsd(state, parametersOf(state));
  const summary = {
    id: state.id,
    protocol: state.protocol,
    asOf: state.asOf,
    simulated: state.simulated,
    lendingAccounts: state.lending.length,
    derivativeAccounts: state.derivatives.length,
    setAside: state.setAside.length,
    debtUsd,
    borrowingPowerUsd: power.power,
    notes: state.notes,
    waivers: state.waivers,
  };
  if (json) {
    printJson({ ...summary, assets: exposures(state), greeks });
    return;
  }
  const exposed = new Map(exposures(state).map((row) => [row.asset, row]));
  const rows = state.assets.map(({ asset, panelAsset, priceUsd, parameters }) => [
    asset,
    panelAsset ?? 'constant',
    priceUsd.toPrecision(6),
    (100 - parameters.haircutBps / 100).toFixed(2),
    (parameters.liquidationThresholdBps / 100).toFixed(2),
    usd(exposed.get(asset)?.collateralUsd ?? 0),
  ]);
  print(
    [
      `${state.id}\n${state.protocol}, as of ${state.asOf}${state.simulated ? ', SIMULATED' : ''}: ${state.lending.length} lending and ${state.derivatives.length} derivative accounts, ${usd(debtUsd)} debt, ${state.setAside.length} accounts set aside\n\n`,
      table(['asset', 'driven by', 'price', 'LTV %', 'threshold %', 'collateral'], rows),
      greeks.length === 0 ? '' : `\n traders together, by asset: per USD, per point of volatility, per day\n`,
      greeks.length === 0
        ? ''
        : table(
            ['asset', 'delta, tokens', 'gamma', 'vega', 'theta'],
            greeks.map((row) => [
              row.asset,
              row.deltaTokens.toPrecision(5),
              row.gamma.toPrecision(3),
              usd(row.vegaUsd / 100),
              usd(row.thetaUsd / 365),
            ]),
          ),
      ...state.notes.map((note) => ` ${note}\n`),
    ].join(''),
  );
}
