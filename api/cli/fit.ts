/** `plimsoll fit`: one model on one column, estimates and standard errors. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PlimsollError, quote } from '../../base/errors.ts';
import { print, printJson, table, wholeNumber } from './terminal.ts';

type Flags = {
  readonly model: 'garch' | 'gjr' | 'egarch' | 'msar' | 'msgarch' | 'gpd' | 'dcc' | 'hmm';
  readonly distribution?: 'normal' | 't' | 'skewt';
  readonly column?: string;
  readonly columns?: readonly string[];
  readonly threshold?: number;
  readonly corrected?: boolean;
  readonly covariance?: 'diagonal' | 'full';
  readonly returns?: boolean;
  readonly returnKind: 'log' | 'simple';
  readonly presample: 'sample' | 'backcast';
  readonly mean?: 'constant' | 'zero';
  readonly states: number;
  readonly lags: number;
  readonly seed: number;
  readonly json?: boolean;
};

export function add(program: Command): void {
  program
    .command('fit <csv>')
    .description(
      'Fit GARCH(1,1), GJR(1,1), EGARCH(1,1), a model that switches between states, or the tail, of one column of a CSV file with a header; or the correlations of several',
    )
    .addOption(new Option('--model <name>').choices(['garch', 'gjr', 'egarch', 'msar', 'msgarch', 'gpd', 'dcc', 'hmm']).default('gjr'))
    .addOption(
      new Option(
        '--distribution <name>',
        'of the standardised errors (default: t; msgarch and dcc: normal; msar is always normal)',
      ).choices(['normal', 't', 'skewt']),
    )
    .option('--column <name>', 'the column: prices, or returns with --returns')
    .option('--columns <names>', 'the columns of dcc or hmm, between commas', (names: string) => names.split(','))
    .option('--threshold <value>', 'of gpd, in the unit of the returns; below 0: the lower tail', aNumber)
    .option('--corrected', "Aielli's correction of dcc")
    .addOption(new Option('--covariance <kind>', 'of the states of hmm').choices(['diagonal', 'full']).default('diagonal'))
    .option('--returns', 'the column holds percent returns')
    .addOption(new Option('--return-kind <kind>', 'how prices become percent returns').choices(['log', 'simple']).default('log'))
    .addOption(
      new Option('--presample <rule>', 'variance before the first observation; msgarch: always the unconditional one of each state')
        .choices(['sample', 'backcast'])
        .default('backcast'),
    )
    .addOption(new Option('--mean <kind>', '(default: constant; msgarch: zero)').choices(['constant', 'zero']))
    .option('--states <count>', 'states of hmm, msar and msgarch', wholeNumber(2, 6), 2)
    .option('--lags <count>', 'lags of msar', wholeNumber(0, 12), 4)
    .option('--seed <number>', 'of the starts of hmm, msar and msgarch', wholeNumber(0), 1)
    .option('--json', 'estimates as JSON on standard output')
    .addHelpText(
      'after',
      `
Examples:
  $ plimsoll fit returns.csv --column DEM2GBP --returns --model garch --distribution normal --presample sample --json
  $ plimsoll fit returns.csv --columns BTC,ETH --returns --model dcc --json
  $ plimsoll fit returns.csv --column BTC --returns --model gpd --threshold -5 --json
  $ plimsoll fit growth.csv --column rgnp_growth --returns --model msar --lags 4 --states 2
`,
    )
    .action(action);
}

async function action(path: string, flags: Flags, command: Command): Promise<void> {
  const { readText } = await import('../voyage.ts');
  const names = flags.columns ?? (flags.column === undefined ? [] : [flags.column]);
  if (names.length === 0) command.error("error: required option '--column <name>' not specified");
  const columns = (await columnsOf(await readText(path), path, names, flags)).map((column) =>
    flags.returns ? column : toReturnsPct(column, flags.returnKind),
  );
  const returns = columns[0]!;
  if (flags.model === 'gpd' || flags.model === 'dcc' || flags.model === 'hmm') {
    await answerJoint(columns, names, { ...flags, model: flags.model }, command);
    return;
  }
  const began = performance.now();
  if (flags.model === 'msar' || flags.model === 'msgarch') {
    await answerSwitching(returns, { ...flags, model: flags.model });
    return;
  }
  const distribution = flags.distribution ?? 't';
  const fitted = await fitVolatility(returns, { ...flags, model: flags.model, distribution, mean: flags.mean ?? 'constant' });
  const answer = {
    model: flags.model,
    distribution,
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

async function columnsOf(text: string, path: string, names: readonly string[], flags: Flags): Promise<number[][]> {
  const Cells = await import('../../datasets/sources/cells.ts');
  const rows = Cells.table(text, path, names);
  return names.map((name) =>
    rows.map((row) => {
      const cell = row.text(name);
      if (cell === '' || cell === 'NA' || cell === 'NaN') return Number.NaN;
      const value = Cells.parseNumber(cell);
      if (value === undefined || (!flags.returns && !(value > 0))) {
        const needed = flags.returns ? 'a number' : 'a price above 0';
        throw new NotANumberError({ got: quote(cell), needed, where: `${path}, line ${row.line}, column ${quote(name)}` });
      }
      return value;
    }),
  );
}

async function answerJoint(
  columns: readonly (readonly number[])[],
  names: readonly string[],
  flags: Flags & { readonly model: 'gpd' | 'dcc' | 'hmm' },
  command: Command,
): Promise<void> {
  const { fitDcc, fitGpd, fitHmm } = await import('./joint.ts');
  const { model, threshold, states, seed, distribution = 'normal' } = flags;
  const covariance = flags.covariance ?? 'diagonal';
  if (distribution === 'skewt') {
    throw new NoSuchErrorsError({
      got: quote(distribution),
      needed: 'normal or t',
      where: '--distribution',
      fix: `${model} has no other errors here.`,
    });
  }
  if (model === 'gpd' && threshold === undefined) command.error("error: required option '--threshold <value>' not specified");
  const began = performance.now();
  const fitted =
    model === 'gpd'
      ? fitGpd(columns[0]!, { threshold: threshold ?? 0, isReturns: flags.returns === true })
      : model === 'hmm'
        ? fitHmm(columns, names, { states, seed, covariance, distribution })
        : fitDcc(columns, names, { presample: flags.presample, corrected: flags.corrected === true, distribution });
  const answer = { model, ...fitted, milliseconds: Math.round(performance.now() - began) };
  if (flags.json) printJson(answer);
  else
    print(
      table(
        ['', ''],
        Object.entries(answer).map(([name, value]) => [name, typeof value === 'number' ? String(value) : JSON.stringify(value)]),
      ),
    );
}

async function answerSwitching(values: readonly number[], flags: Flags & { readonly model: 'msar' | 'msgarch' }): Promise<void> {
  const { fitSwitching, rows } = await import('./switching.ts');
  const { model, states, lags, seed, distribution = 'normal', mean = 'zero' } = flags;
  if (distribution === 'skewt' || (model === 'msar' && distribution === 't')) {
    const needed = model === 'msar' ? 'normal' : 'normal or t';
    throw new NoSuchErrorsError({ got: quote(distribution), needed, where: '--distribution', fix: `${model} has no other errors here.` });
  }
  const began = performance.now();
  const fitted = await fitSwitching(values, { model, states, lags, seed, distribution, mean });
  const answer = {
    ...{ model, distribution, states },
    ...(model === 'msar' ? { lags } : {}),
    ...fitted,
    milliseconds: Math.round(performance.now() - began),
  };
  if (flags.json) {
    printJson(answer);
    return;
  }
  print(table(['parameter', 'estimate', 'standard error'], rows(fitted)));
  const shares = fitted.filtered.at(-1)?.map((share) => `${(100 * (share ?? 0)).toFixed(1)} %`);
  print(`\n log-likelihood ${fitted.logLikelihood.toFixed(4)}, AIC ${fitted.aic.toFixed(4)}, BIC ${fitted.bic.toFixed(4)}\n`);
  print(
    ` ${fitted.observations} observations, ${fitted.converged ? 'converged' : 'NOT converged'}; states at the end: ${shares?.join(', ')}\n`,
  );
  for (const warning of fitted.warnings) print(` ${warning}\n`);
}

type VolatilityFlags = {
  readonly model: 'garch' | 'gjr' | 'egarch';
  readonly distribution: 'normal' | 't' | 'skewt';
  readonly mean: 'constant' | 'zero';
  readonly presample: 'sample' | 'backcast';
};

/** One of the family; `parameters` holds those that the model has. */
async function fitVolatility(returns: readonly number[], flags: VolatilityFlags) {
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

function aNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('a finite number is needed');
  return value;
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

export class NoSuchErrorsError extends PlimsollError {
  override readonly name = 'Fit.NoSuchErrorsError';
}
