/** `plimsoll fit`: one volatility model on one column, estimates and standard errors. */
import { type Command, Option } from 'commander';
import { PlimsollError, quote } from '../../base/errors.ts';
import { print, printJson, table } from './terminal.ts';

type Flags = {
  readonly model: 'garch' | 'gjr' | 'egarch';
  readonly distribution: 'normal' | 't' | 'skewt';
  readonly column: string;
  readonly returns?: boolean;
  readonly returnKind: 'log' | 'simple';
  readonly presample: 'sample' | 'backcast';
  readonly mean: 'constant' | 'zero';
  readonly json?: boolean;
};

export function add(program: Command): void {
  program
    .command('fit <csv>')
    .description('Fit GARCH(1,1), GJR(1,1) or EGARCH(1,1) to one column of a CSV file with a header')
    .addOption(new Option('--model <name>').choices(['garch', 'gjr', 'egarch']).default('gjr'))
    .addOption(new Option('--distribution <name>', 'of the standardised errors').choices(['normal', 't', 'skewt']).default('t'))
    .requiredOption('--column <name>', 'the column: prices, or returns with --returns')
    .option('--returns', 'the column holds percent returns')
    .addOption(new Option('--return-kind <kind>', 'how prices become percent returns').choices(['log', 'simple']).default('log'))
    .addOption(
      new Option('--presample <rule>', 'variance before the first observation').choices(['sample', 'backcast']).default('backcast'),
    )
    .addOption(new Option('--mean <kind>').choices(['constant', 'zero']).default('constant'))
    .option('--json', 'estimates as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll fit returns.csv --column DEM2GBP --returns --model garch --distribution normal --presample sample --json\n',
    )
    .action(action);
}

async function action(path: string, flags: Flags): Promise<void> {
  const { readText } = await import('../voyage.ts');
  const Cells = await import('../../datasets/sources/cells.ts');
  const column = Cells.table(await readText(path), path, [flags.column]).map((row) => {
    const cell = row.text(flags.column);
    if (cell === '' || cell === 'NA' || cell === 'NaN') return Number.NaN;
    const value = Cells.parseNumber(cell);
    if (value === undefined || (!flags.returns && !(value > 0))) {
      const needed = flags.returns ? 'a number' : 'a price above 0';
      throw new NotANumberError({ got: quote(cell), needed, where: `${path}, line ${row.line}, column ${quote(flags.column)}` });
    }
    return value;
  });
  const returns = flags.returns ? column : toReturnsPct(column, flags.returnKind);
  const began = performance.now();
  const fitted = await fitVolatility(returns, flags);
  const answer = {
    model: flags.model,
    distribution: flags.distribution,
    observations: fitted.observations,
    parameters: fitted.parameters,
    standardErrors: fitted.standardErrors,
    robustStandardErrors: fitted.robustErrors,
    logLikelihood: fitted.logLikelihood,
    persistence: fitted.persistence,
    atBound: fitted.atBound,
    converged: fitted.converged,
    evaluations: fitted.evaluations,
    warnings: fitted.warnings,
    milliseconds: Math.round(performance.now() - began),
  };
  if (flags.json) {
    printJson(answer);
    return;
  }
  const rows = Object.entries(answer.parameters).map(([name, value]) => [
    name,
    value.toPrecision(8),
    answer.standardErrors[name]?.toPrecision(4) ?? 'at bound',
    answer.robustStandardErrors[name]?.toPrecision(4) ?? '',
  ]);
  print(table(['parameter', 'estimate', 'standard error', 'robust'], rows));
  print(
    `\n log-likelihood ${answer.logLikelihood.toFixed(4)}, ${answer.observations} observations, ${answer.converged ? 'converged' : 'NOT converged'}\n`,
  );
  for (const warning of answer.warnings) print(` ${warning}\n`);
}

/** One of the family; `parameters` holds those that the model has. */
async function fitVolatility(returns: readonly number[], flags: Flags) {
  const Garch = await import('../../models/garch.ts');
  const Egarch = await import('../../models/egarch.ts');
  const errors = ({ normal: 'normal', t: 'student', skewt: 'skewed' } as const)[flags.distribution];
  const common = { mean: flags.mean, errors, presample: flags.presample };
  const fitted =
    flags.model === 'egarch' ? Egarch.fit(returns, common) : Garch.fit(returns, { ...common, asymmetric: flags.model === 'gjr' });
  const { mu, omega, alpha, beta, gamma, nu, lambda } = fitted.parameters;
  const parameters: Readonly<Record<string, number>> = {
    ...{ mu, omega, alpha, beta },
    ...(flags.model === 'garch' ? {} : { gamma }),
    ...(nu === null ? {} : { nu }),
    ...(typeof lambda === 'number' ? { lambda } : {}),
  };
  return { ...fitted, parameters, persistence: flags.model === 'egarch' ? beta : Garch.persistence(fitted.parameters) };
}

function toReturnsPct(prices: readonly number[], kind: 'log' | 'simple'): number[] {
  return prices.slice(1).map((price, index) => {
    const ratio = price / prices[index]!;
    return 100 * (kind === 'log' ? Math.log(ratio) : ratio - 1);
  });
}

export class NotANumberError extends PlimsollError {
  override readonly name = 'Fit.NotANumberError';
}
