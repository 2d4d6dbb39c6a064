/** All commands, and how any of them ends: one line for a person, problem details for a machine, an exit code for a script. */
import { Command, CommanderError } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import { VERSION } from '../config.ts';
import { outcome, toProblem } from '../errors.ts';
import * as Apply from './apply.ts';
import * as Attack from './attack.ts';
import * as Attest from './attest.ts';
import * as Auto from './auto.ts';
import * as Backtest from './backtest.ts';
import * as Caps from './caps.ts';
import * as Card from './card.ts';
import * as Challenge from './challenge.ts';
import * as Data from './data.ts';
import * as Decode from './decode.ts';
import * as Descriptor from './descriptor.ts';
import * as Doctor from './doctor.ts';
import * as Explain from './explain.ts';
import * as Fit from './fit.ts';
import * as Frontier from './frontier.ts';
import * as Guard from './guard.ts';
import * as Path from './path.ts';
import * as PriceCap from './price-cap.ts';
import * as Proof from './proof.ts';
import * as Propose from './propose.ts';
import * as Regret from './regret.ts';
import * as Review from './review.ts';
import * as Run from './run.ts';
import * as Score from './score.ts';
import * as Serve from './serve.ts';
import * as Signatures from './signatures.ts';
import * as Simulate from './simulate.ts';
import * as State from './state.ts';
import * as Stress from './stress.ts';
import * as Surrogate from './surrogate.ts';
import { print, say } from './terminal.ts';
import * as Train from './train.ts';
import * as Tune from './tune.ts';
import * as Verify from './verify.ts';
import * as Work from './work.ts';

const USAGE = 2;

/** Exit codes: 0 done, 1 failed, 2 bad usage, 3 refused (abstained, outside policy), 4 verify found a difference. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('plimsoll')
    .description('Risk parameters for DeFi protocols, with stress-test evidence anyone can re-run')
    .version(VERSION)
    .showHelpAfterError('(--help shows what is understood)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 bad usage, 3 refused, 4 verify found a difference\n\nExample:\n  $ plimsoll run --out ./first\n',
    );
  const end = (code: number) => {
    exitCode = code;
  };
  for (const command of [
    Serve,
    Work,
    Run,
    Verify,
    Data,
    State,
    Fit,
    Score,
    Train,
    Card,
    Stress,
    Path,
    Proof,
    Tune,
    Frontier,
    Surrogate,
    Caps,
    Challenge,
    Backtest,
    Attack,
    Explain,
    Regret,
    PriceCap,
    Propose,
    Simulate,
    Signatures,
    Decode,
    Descriptor,
    Review,
    Guard,
    Attest,
    Apply,
    Auto,
    Doctor,
  ])
    command.add(program, end);
  for (const command of [program, ...descendants(program)])
    command.exitOverride().configureOutput({ writeOut: print, writeErr: (text) => say(text.trimEnd()) });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    const error = await named(thrown);
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    if (isInterrupt(error)) {
      say('Stopped. Nothing was left half written.');
      return INTERRUPTED;
    }
    if (args.includes('--json')) print(`${JSON.stringify(error instanceof PlimsollError ? toProblem(error) : unexpected(error))}\n`);
    say(
      error instanceof PlimsollError
        ? `${error.name}: ${error.message}`
        : `Unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return outcome(error).exitCode;
  }
}

/** What shells give for a process ended by SIGINT. */
const INTERRUPTED = 130;

function isInterrupt(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** A silent node is no fault of this programme's; asked only of errors that its client threw, which loads it anyway. */
async function named(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('walk' in error)) return error;
  const { noAnswer } = await import('../../governance/chain.ts');
  return noAnswer(error) ?? error;
}

function unexpected(error: unknown) {
  return { ...toProblem(error), detail: error instanceof Error ? error.message : String(error) };
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}
