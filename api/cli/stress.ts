/** `plimsoll stress`: one stress run of a bundle's book under parameters of your choice. */
import { type Command, InvalidArgumentError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import type { Waiver } from '../../datasets/panel.ts';
import { parametersOf as inForce, type ParametersByAsset, type ProtocolState, RiskParameters } from '../../datasets/state.ts';
import * as Config from '../config.ts';
import { collectWaiver } from './run.ts';
import type { Question } from './stress-scenario.ts';
import { print, printJson, table, usd, wholeNumber } from './terminal.ts';

export type Setting = { readonly asset: string; readonly field: string; readonly value: number };
type Flags = {
  readonly set?: readonly Setting[];
  readonly paths?: number;
  readonly workers?: number;
  readonly standing?: boolean;
  readonly scenario?: readonly string[];
  readonly with?: readonly string[];
  readonly waive?: readonly Waiver[];
  readonly reverse?: boolean;
  readonly budget?: number;
  readonly over?: number;
  readonly write?: string;
  readonly json?: boolean;
};

const EXAMPLES = `
Examples:
  $ plimsoll stress out/2026-01-01-0123456789ab --set WETH.haircutBps=2100
  $ plimsoll stress out/2026-01-01-0123456789ab --scenario all
  $ plimsoll stress out/2026-01-01-0123456789ab --scenario oracles-frozen ours.yaml --standing
  $ plimsoll stress out/2026-01-01-0123456789ab --with prime=prime.json comet=comet.json --scenario thin-markets
  $ plimsoll stress out/2026-01-01-0123456789ab --reverse --write nearest.yaml
  $ plimsoll stress out/2026-01-01-0123456789ab --scenario nearest.yaml
`;

export function add(program: Command): void {
  program
    .command('stress <bundle>')
    .description("Stress a bundle's book, law and scenarios under given parameters")
    .option('--set <what>', 'ASSET.FIELD=VALUE, e.g. WETH.haircutBps=2100; may be repeated', collectSetting)
    .option('--paths <n>', "how many of the scenario set's paths", wholeNumber(1))
    .option(
      '--workers <n>',
      'threads, where no scenario, book or reverse search is asked for; the result does not depend on it',
      wholeNumber(1, 256),
    )
    .option('--standing', 'debts stay as they are, instead of following borrowing power')
    .option(
      '--scenario <file-or-name...>',
      'instead of the set as it is: a scenario of your own (docs/scenarios.md), a built-in one by name, or all of these',
    )
    .option(
      '--with <book...>',
      '[NAME=]FILE: state files or bundles of other protocols, which sell into the same markets: each alone, and all together',
    )
    .option('--reverse', 'the nearest market that loses more than the budget; from one --scenario where given, else from today’s')
    .option('--budget <usd>', "for --reverse: another budget than the policy's", amount)
    .option('--over <hours>', 'for --reverse: how long the move takes (default: the whole horizon)', amount)
    .option('--write <file>', 'for --reverse: put the scenario that was found there')
    .option('--waive <what>', 'for --with: SUBJECT:KIND=REASON, as for run; may be repeated', collectWaiver)
    .option('--json', 'evidence, or what the scenarios did, as JSON on standard output')
    .addHelpText('after', EXAMPLES)
    .action(action);
}

async function action(bundle: string, flags: Flags): Promise<void> {
  const borrowers = flags.standing ? 'standing' : 'responsive';
  const { paths, scenario: wanted = [], json = false } = flags;
  const parametersOf = (state: ProtocolState) => withSettings(state, flags.set ?? []);
  const question = { bundle, scenarios: wanted, borrowers, json, parametersOf, ...(paths === undefined ? {} : { paths }) } as const;
  checkTogether(flags);
  if (flags.reverse) {
    const { budget, over, write } = flags;
    const extra = {
      ...(budget === undefined ? {} : { budgetUsd: budget }),
      ...(over === undefined ? {} : { overHours: over }),
      ...(write === undefined ? {} : { write }),
    };
    return (await import('./stress-reverse.ts')).answer(question, extra);
  }
  if (flags.with !== undefined) return (await import('./stress-joint.ts')).answer(question, flags.with, flags.waive ?? []);
  if (wanted.length > 0) return (await import('./stress-scenario.ts')).answer(question);
  return asItIs(question, flags.workers);
}

/** An option that would do nothing is bad usage. */
function checkTogether({ reverse, with: others, scenario, budget, over, write, waive, workers }: Flags): void {
  const idle: readonly (readonly [string, unknown, string, boolean])[] = [
    ['--with', others, 'no --reverse', reverse !== true],
    ['--budget', budget, '--reverse', reverse === true],
    ['--over', over, '--reverse', reverse === true],
    ['--write', write, '--reverse', reverse === true],
    ['--waive', waive, '--with', others !== undefined],
    ['--workers', workers, 'no --scenario, --with or --reverse', scenario === undefined && others === undefined && reverse !== true],
  ];
  for (const [option, value, beside, does] of idle) {
    if (value !== undefined && !does) throw new IdleOptionError({ got: option, needed: `${beside} beside it`, where: 'plimsoll stress' });
  }
}

function amount(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isFinite(value)) throw new InvalidArgumentError('Needed a number, 0 or more.');
  return value;
}

/** The bundle's own scenario set. */
async function asItIs({ bundle, borrowers, json, parametersOf, paths }: Question, workers: number | undefined): Promise<void> {
  const config = Config.read(process.env);
  const { part } = await import('../bundle.ts');
  const { riskOf } = await import('../voyage.ts');
  const { hire } = await import('../workers.ts');
  const [state, model, scenarios, policy] = await Promise.all([
    part(bundle, 'state'),
    part(bundle, 'model'),
    part(bundle, 'scenarios'),
    part(bundle, 'policy'),
  ]);
  const parameters = parametersOf(state);
  const crew = hire({ state, model, scenarios, risk: riskOf(policy, state) }, workers ?? config.workers);
  try {
    const evidence = await crew.evaluate({ parameters, borrowers, paths: paths ?? scenarios.paths });
    if (json) {
      printJson(evidence);
      return;
    }
    const { summary } = evidence;
    const level = `${(100 * summary.level).toFixed(0)} %`;
    print(`${evidence.id}\n\n`);
    print(
      table(
        ['loss', `${summary.paths} paths`],
        [
          ['mean', `${usd(summary.meanUsd)} ± ${usd(summary.meanStandardErrorUsd)}`],
          [`expected shortfall, ${level}`, `${usd(summary.expectedShortfallUsd)} ± ${usd(summary.expectedShortfallStandardErrorUsd)}`],
          ['worst path', usd(summary.worstUsd)],
          ['budget', usd(summary.budgetUsd)],
          ['chance above it, at most', `${(100 * summary.overBudgetProbabilityUpper).toFixed(2)} %`],
        ],
      ),
    );
    const rows = evidence.named.map((named) => [
      named.name,
      usd(named.badDebtUsd),
      usd(named.liquidatedUsd),
      usd(named.marginShortfallUsd),
    ]);
    print(`\n${table(['named scenario', 'bad debt', 'liquidated', 'margin shortfall'], rows)}`);
  } finally {
    await crew.close();
  }
}

export function withSettings(state: ProtocolState, settings: readonly Setting[]): ParametersByAsset {
  const parameters = { ...inForce(state) };
  for (const { asset, field, value } of settings) {
    const changed = RiskParameters.safeParse({ ...parameters[asset], [field]: value });
    if (parameters[asset] === undefined || !changed.success) {
      throw new BadSettingError({
        got: `${asset}.${field}=${value}`,
        needed:
          parameters[asset] === undefined
            ? `one of ${Object.keys(parameters).join(', ')}`
            : (changed.error?.issues[0]?.message ?? 'a known field'),
        where: '--set',
      });
    }
    parameters[asset] = changed.data;
  }
  return parameters;
}

export function collectSetting(text: string, before: readonly Setting[] = []): readonly Setting[] {
  const parts = /^([\w.+-]+)\.(\w+)=(\d+)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Needed ASSET.FIELD=VALUE.');
  return [...before, { asset: parts[1]!, field: parts[2]!, value: Number(parts[3]) }];
}

export class IdleOptionError extends PlimsollError {
  override readonly name = 'Stress.IdleOptionError';
}

export class BadSettingError extends PlimsollError {
  override readonly name = 'Stress.BadSettingError';
}
