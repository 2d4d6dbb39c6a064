/** `plimsoll run`: the whole chain once. */
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import type { Waiver } from '../../datasets/panel.ts';
import type { SeedBlock } from '../../governance/seed-block.ts';
import type { AssetAdvice, FieldAdvice } from '../../tuner/recommendation.ts';
import * as Config from '../config.ts';
import { DEFAULT_OPTIONS } from '../options.ts';
import type { Result } from '../page.ts';
import { print, printJson, progress, say, stepSays, table, untilInterrupted, usd, wholeNumber } from './terminal.ts';

type Flags = {
  readonly panel?: string;
  readonly state?: string;
  readonly policy?: string;
  readonly asOf?: string;
  readonly model?: string;
  readonly seed: number;
  readonly seedRpc?: string;
  readonly workers?: number;
  readonly out?: string;
  readonly waive?: readonly Waiver[];
  readonly paths?: number;
  readonly untilSe?: number;
  readonly forecaster: boolean;
  readonly rehearse: boolean;
  readonly json?: boolean;
};

const REFUSED = 3;
const USUAL_COLUMNS = 160;
const LEAST_REASON = 40;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('run')
    .description('The whole chain once: recommendation table, bundle and proposal')
    .option('--panel <path>', 'market data: a file or a folder (default: the built-in simulated market)')
    .option('--state <file>', 'the book, as `plimsoll state import` writes it (default: the built-in simulated book)')
    .option('--policy <file>', 'what may be changed and how far (default: tuner/policies/default.yaml)')
    .option('--as-of <time>', 'use no bar that ends later; what came next is replayed')
    .option('--model <path>', 'a law, or a folder of `plimsoll train`, instead of fitting one')
    .option('--seed <n>', 'seed of every random draw', wholeNumber(0), DEFAULT_OPTIONS.seed)
    .option('--seed-rpc <url>', 'seed of the first block at or after --as-of on the chain of this node, instead of a chosen one')
    .option('--workers <n>', 'threads; the result does not depend on it', wholeNumber(1, 256))
    .option('--out <dir>', 'folder of the bundle (default: out/<as-of>-<id>)')
    .option('--waive <what>', 'SUBJECT:KIND=REASON, recorded in panel and state; may be repeated', collectWaiver)
    .option('--paths <n>', "paths instead of the policy's: for a quick look; with --until-se the most", wholeNumber(1, 1_000_000))
    .option(
      '--until-se <share>',
      "double the paths until the standard error of today's expected shortfall is this share of the loss budget",
      positive,
    )
    .option('--no-forecaster', 'leave the learned forecaster out')
    .option('--no-rehearse', 'do not execute the proposal on a local chain')
    .option('--json', 'result as JSON on standard output')
    .addHelpText(
      'after',
      `
Example:
  $ plimsoll run
  $ plimsoll run --panel ./hourly --state book.json --as-of 2026-11-20 --seed-rpc https://node.example
  $ plimsoll run --panel ./hourly --state book.json --as-of 2022-05-08 --waive "state:date-mismatch=book of 2025 at prices of 2022"
`,
    )
    .action(async (flags: Flags) => end(await action(flags)));
}

async function action(flags: Flags): Promise<number> {
  const config = Config.read(process.env);
  const { finished, run } = await import('../run.ts');
  const interrupted = untilInterrupted();
  const seeded = await seedFor(flags);
  const shown = progress(false);
  const place = (path: string | undefined) => (path === undefined ? null : resolve(path));
  const out = place(flags.out);
  try {
    const outcome = await run(
      {
        options: {
          panel: place(flags.panel),
          state: place(flags.state),
          policy: place(flags.policy),
          asOf: flags.asOf ?? null,
          model: place(flags.model),
          ...seeded,
          paths: flags.paths ?? null,
          precision: flags.untilSe ?? null,
          forecaster: flags.forecaster,
          waivers: flags.waive ?? [],
        },
        threads: flags.workers ?? config.workers,
        redisUrl: config.redisUrl,
        out,
        parent: out === null ? resolve('out') : join(out, '..'),
        rehearse: flags.rehearse,
      },
      shown.show,
      interrupted.signal,
    );
    shown.end();
    const result = finished(outcome, outcome.landed.manifestId);
    if (flags.json) printJson(forMachines(result));
    else print(forPeople(result));
    return result.recommendation.verdict === 'abstain' || (result.noProposal !== null && result.noProposal.reason !== 'nothing-to-change')
      ? REFUSED
      : 0;
  } finally {
    shown.end();
    interrupted.release();
  }
}

export function forMachines(result: Result) {
  return {
    bundle: result.bundle,
    verdict: result.recommendation.verdict,
    simulated: result.simulated,
    asOf: result.asOf,
    recommendations: result.recommendation.assets.map(({ asset, verdict, regime, fields, because }) => ({
      asset,
      verdict,
      regime,
      parameters: Object.fromEntries(
        Object.entries(fields).map(([field, { verdict: own, reason, from, to, low, high, binding }]) => [
          field,
          { verdict: own, reason, from, to, low, high, binding },
        ]),
      ),
      binding: (Object.values(fields).find((advice) => advice.verdict === 'change') ?? fields.haircutBps).binding,
      because,
    })),
    precision: result.precision ?? null,
    losses: { before: result.recommendation.before, after: result.recommendation.after },
    proposal:
      result.proposal === null
        ? null
        : {
            id: result.proposal.id,
            target: result.proposal.target,
            calls: result.proposal.calls.map(({ to, data, says }) => ({ to, data, says })),
          },
    noProposal: result.noProposal,
    execution: result.execution === null ? null : { ok: result.execution.ok, readBack: result.execution.readBack },
    replay: result.replay,
    waivers: result.waivers,
    milliseconds: result.milliseconds,
  };
}

export function forPeople(result: Result): string {
  const { recommendation, execution, replay } = result;
  const regime = result.regime.labels[result.regime.now.indexOf(Math.max(...result.regime.now))] ?? 'unknown';
  const parts = [
    `\n${result.protocol}, as of ${result.asOf}${result.simulated ? ', SIMULATED: built-in market or book' : ''}; market ${regime}; ${recommendation.verdict}\n\n`,
    recommendationTable(result),
    '\n',
    lossTable(result),
    '\n',
    ...(replay === null ? [] : [replayTable(replay), '\n']),
    table(
      ['step', 'seconds'],
      Object.entries(result.milliseconds).map(([step, milliseconds]) => [stepSays(step), (milliseconds / 1000).toFixed(1)]),
    ),
    '\n',
  ];
  if (result.proposal !== null) parts.push(`Proposal  ${result.proposal.calls.map(({ says }) => says).join(' ')}\n`);
  if (result.noProposal !== null) parts.push(`No proposal (${result.noProposal.reason}): ${result.noProposal.says}\n`);
  if (execution !== null) {
    const kept = execution.readBack.filter(({ matches }) => matches).length;
    const moved = execution.readBack.filter(({ before, after }) => before !== after).length;
    parts.push(
      `Rehearsal ${execution.ok ? 'executed' : 'FAILED'} on a local chain in ${execution.steps.length} steps; read back ${kept} of ${execution.readBack.length} values as wanted, ${moved} changed\n`,
    );
  }
  if (result.precision !== undefined) {
    const { wantedUsd, standardErrorUsd, reached } = result.precision;
    const says = reached ? 'reached' : 'NOT REACHED: allow more with --paths';
    parts.push(`Precision standard error of today's expected shortfall ${usd(standardErrorUsd)}, ${usd(wantedUsd)} wanted: ${says}\n`);
  }
  for (const { subject, kind, reason } of result.waivers) parts.push(`Waiver    ${subject}:${kind}: ${reason}\n`);
  parts.push(`Bundle    ${result.bundle.path}\n`, `Check it  ${result.verifyCommand}\n`);
  return parts.join('');
}

/** The chosen seed, or the block's. A run that names no moment has no block. */
async function seedFor({ seed, seedRpc, asOf, state }: Flags): Promise<{ readonly seed: number; readonly seedBlock: SeedBlock | null }> {
  if (seedRpc === undefined) return { seed, seedBlock: null };
  if (asOf === undefined || state === undefined) {
    throw new NoMomentError({
      got: '--seed-rpc alone',
      needed: '--as-of and --state beside it',
      where: 'run',
      fix: 'The block is the first at or after as-of.',
    });
  }
  const [{ moment }, Chain, Seed] = await Promise.all([
    import('../voyage.ts'),
    import('../../governance/chain.ts'),
    import('../../governance/seed-block.ts'),
  ]);
  const seedBlock = await Seed.read(Chain.clientAt(seedRpc), moment(asOf, '--as-of'));
  say(`seed ${Seed.seedOf(seedBlock)} of block ${seedBlock.number}, chain ${seedBlock.chainId}`);
  return { seed: Seed.seedOf(seedBlock), seedBlock };
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 10))
    throw new InvalidArgumentError('Needed a number above 0 and up to 10, such as 0.05.');
  return value;
}

function recommendationTable({ recommendation }: Result): string {
  const rows = recommendation.assets.map(({ asset, regime, fields }) => [
    asset,
    regime,
    change(fields.haircutBps, (bps) => (100 - bps / 100).toFixed(2)),
    change(fields.liquidationThresholdBps, (bps) => (bps / 100).toFixed(2)),
    change(fields.marginMultiplierPpm, (ppm) => (ppm / 1_000_000).toFixed(2)),
  ]);
  const heading = ['asset', 'regime', 'LTV', 'threshold', 'margin ×'];
  const used = heading
    .map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)) + 2)
    .reduce((a, b) => a + b, 1);
  // The reasons in full are in the bundle's report and on the page; here as much as a line holds.
  const room = Math.max(LEAST_REASON, (process.stdout.columns ?? USUAL_COLUMNS) - used);
  const reasons = recommendation.assets.map((one) => {
    const why = [...bindings(one), one.because].join('; ');
    return why.length > room ? `${why.slice(0, room - 1)}…` : why;
  });
  return table(
    [...heading, 'why'],
    rows.map((row, index) => [...row, reasons[index]!]),
  );
}

/** What stopped each value that moves, or what a policy asked to foresee, first: a table cuts sentences short, and this is what a reader came for. */
function bindings({ fields: { haircutBps, marginMultiplierPpm }, foreseen }: AssetAdvice): string[] {
  const moved = ([name, { verdict, binding }]: [string, FieldAdvice]) => (verdict === 'change' ? [`${name}: ${binding}`] : []);
  const told = (
    [
      ['LTV', haircutBps],
      ['margin ×', marginMultiplierPpm],
    ] satisfies [string, FieldAdvice][]
  ).flatMap(moved);
  if (foreseen === undefined || foreseen === null || told.some((one) => one.includes(foreseen.says))) return told;
  return [...told, `margin ×: ${foreseen.says}`];
}

function change({ verdict, reason, from, to }: FieldAdvice, show: (value: number) => string): string {
  if (verdict === 'change') return `${show(from)} → ${show(to)}`;
  return `${show(from)} (${verdict === 'abstain' ? (reason ?? 'abstain') : 'hold'})`;
}

function lossTable({ recommendation: { before, after, borrowingPowerUsd } }: Result): string {
  const level = `${(100 * before.level).toFixed(0)} %`;
  return table(
    [`loss over ${before.paths} paths`, 'today', 'proposed'],
    [
      [
        'mean',
        `${usd(before.meanUsd)} ± ${usd(before.meanStandardErrorUsd)}`,
        `${usd(after.meanUsd)} ± ${usd(after.meanStandardErrorUsd)}`,
      ],
      [
        `expected shortfall, ${level}`,
        `${usd(before.expectedShortfallUsd)} ± ${usd(before.expectedShortfallStandardErrorUsd)}`,
        `${usd(after.expectedShortfallUsd)} ± ${usd(after.expectedShortfallStandardErrorUsd)}`,
      ],
      ['budget', usd(before.budgetUsd), usd(after.budgetUsd)],
      ['worst path', usd(before.worstUsd), usd(after.worstUsd)],
      ['mean liquidated', usd(before.meanLiquidatedUsd), usd(after.meanLiquidatedUsd)],
      ['borrowing power', usd(borrowingPowerUsd.before), usd(borrowingPowerUsd.after)],
    ],
  );
}

function replayTable({ from, to, before, after, contained }: NonNullable<Result['replay']>): string {
  const rows = table(
    [`what happened, ${from.slice(0, 16)} to ${to.slice(0, 16)}`, 'old parameters', 'new parameters'],
    [
      ['bad debt', usd(before.badDebtUsd), usd(after.badDebtUsd)],
      ['liquidated', usd(before.liquidatedUsd), usd(after.liquidatedUsd)],
      ['penalty', usd(before.penaltyUsd), usd(after.penaltyUsd)],
      ['accounts liquidated', String(before.liquidatedAccounts), String(after.liquidatedAccounts)],
      ['margin shortfall', usd(before.marginShortfallUsd), usd(after.marginShortfallUsd)],
      ['sales not added: bad debt', usd(contained.before.badDebtUsd), usd(contained.after.badDebtUsd)],
      ['sales not added: liquidated', usd(contained.before.liquidatedUsd), usd(contained.after.liquidatedUsd)],
    ],
  );
  return `${rows} One realised path, not a score. Recorded prices already hold the sales of that week; adding this book's is rather too harsh, not adding them too mild.\n`;
}

export function collectWaiver(text: string, before: readonly Waiver[] = []): readonly Waiver[] {
  const parts = /^([^:=]+):([^:=]+)=(.+)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Needed SUBJECT:KIND=REASON.');
  return [...before, { subject: parts[1]!, kind: parts[2]!, reason: parts[3]! }];
}

export class NoMomentError extends PlimsollError {
  override readonly name = 'Run.NoMomentError';
}
