/** `plimsoll surrogate`: how well a small network guesses what the engine would say of a plan, and what its guesses are good for. */
import { type Command, InvalidArgumentError } from 'commander';
import { PlimsollError, quote } from '../../base/errors.ts';
import type { Axis, Guess, Judged, Surrogate } from '../../tuner/surrogate.ts';
import { type Flags as BesideFlags, beside } from './beside.ts';
import { print, printJson, say, table, usd, wholeNumber } from './terminal.ts';

type Flags = BesideFlags & {
  readonly samples: number;
  readonly seed: number;
  readonly whatIf?: Readonly<Record<string, number>>;
  readonly json?: boolean;
};
type Answer = { readonly haircutBps: Readonly<Record<string, number>>; readonly guess: Guess; readonly engine: Judged };

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('surrogate <bundle>')
    .description(
      "Teach a small network the engine's answers on a bundle's book; show its error, the plans it puts forward, and a what-if. A guess, never advice",
    )
    .option('--samples <n>', 'plans judged by the engine to learn from; a quarter is held out', wholeNumber(40, 100_000), 240)
    .option('--seed <n>', 'of plans and weights', wholeNumber(0), 1)
    .option('--what-if <asset=ltv>', 'LTV of an asset in percent, the others as recommended; may be repeated', collect)
    .option('--policy <file>', "another policy than the bundle's")
    .option('--workers <n>', 'threads; the result does not depend on it', wholeNumber(1, 256))
    .option('--json', 'errors, proposal and answer as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll surrogate out/2026-01-01-0123456789ab\n  $ plimsoll surrogate out/2026-01-01-0123456789ab --what-if WETH=78 --what-if WBTC=70\n',
    )
    .action(async (bundle: string, flags: Flags) => end(await action(bundle, flags)));
}

async function action(bundle: string, flags: Flags): Promise<number> {
  const { axesOf, learn } = await import('../../tuner/surrogate.ts');
  const found = await beside(bundle, flags, async (input) => {
    // A slip there is told now, not after minutes of learning.
    const asked = flags.whatIf === undefined ? null : wanted(axesOf(input), flags.whatIf);
    let told = '';
    const surrogate = await learn(input, {
      samples: flags.samples,
      seed: flags.seed,
      onShare: (says, share) => {
        const line = `${says} … ${20 * Math.floor(5 * share)} %`;
        if (line !== told) say(line);
        told = line;
      },
    });
    if (surrogate === null || asked === null) return { surrogate, answer: null };
    const haircutBps = { ...asAdvised(surrogate, input.recommended), ...asked };
    return { surrogate, answer: { haircutBps, guess: surrogate.guess(haircutBps), engine: await surrogate.judge(haircutBps) } };
  });
  const { surrogate, answer } = found;
  if (surrogate === null) {
    if (flags.json) printJson({ verdict: 'abstain', says: 'no haircut of this book may move' });
    else print(' Nothing to learn: no haircut of this book may move under this policy.\n');
    return REFUSED;
  }
  const { axes, paths, trained, setAside, heldOut, backend, errors, proposal } = surrogate;
  if (flags.json) printJson({ axes, paths, trained, setAside, heldOut, backend, errors, proposal, answer });
  else print(render(surrogate, answer));
  return 0;
}

function asAdvised({ axes }: Surrogate, recommended: Readonly<Record<string, { readonly haircutBps: number }>>): Record<string, number> {
  return Object.fromEntries(axes.map(({ asset }) => [asset, recommended[asset]!.haircutBps]));
}

function wanted(axes: readonly Axis[], whatIf: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(whatIf).map(([asset, ltvPct]) => {
      const axis = axes.find((one) => one.asset === asset);
      if (axis === undefined)
        throw new NoSuchAxisError({
          got: quote(asset),
          needed: `one of ${axes.map((one) => one.asset).join(', ')}`,
          where: '--what-if',
          fix: 'The haircuts of these may move.',
        });
      const haircutBps = 10_000 - Math.round(100 * ltvPct);
      if (haircutBps < axis.loosestBps || haircutBps > axis.tightestBps) {
        const [low, high] = [axis.tightestBps, axis.loosestBps].map((bps) => ((10_000 - bps) / 100).toFixed(2));
        throw new NoSuchAxisError({
          got: `${ltvPct} %`,
          needed: `${low} to ${high} %`,
          where: `--what-if ${asset}`,
          fix: 'Outside, nothing was learned and the policy allows nothing.',
        });
      }
      return [asset, haircutBps];
    }),
  );
}

export function render({ axes, paths, trained, setAside, heldOut, backend, errors, proposal }: Surrogate, answer: Answer | null): string {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const { limitUsd, recommendedPowerUsd, judged, kept, best, plainBest } = proposal;
  const power = (one: Judged | null) =>
    one === null ? 'none keeps the limit' : `${usd(one.borrowingPowerUsd)} for ${usd(one.expectedShortfallUsd)}`;
  return [
    ` Haircuts of ${axes.map(({ asset }) => asset).join(', ')}; ${trained} plans learned, ${setAside} set the width, ${heldOut} held out, ${paths} paths, ${backend}. A guess: the engine judges.\n\n`,
    table(
      ['error on held-out plans', ''],
      [
        ['root mean square over their spread, network', errors.network.toFixed(3)],
        ['a plane through the same plans', errors.linear.toFixed(3)],
        ['worst', usd(errors.worstUsd)],
        ['rank correlation', errors.rank.toFixed(3)],
        ['inside the guessed 10 to 90 %', share(errors.inside)],
      ],
    ),
    `\n`,
    table(
      [`most power with a shortfall of at most ${usd(limitUsd)}`, 'by the engine'],
      [
        ['recommended', usd(recommendedPowerUsd)],
        [`put forward by the network (${kept} of ${judged} keep the limit)`, power(best)],
        ['as many plans at random', power(plainBest)],
      ],
    ),
    answer === null
      ? ''
      : `\n what if: guess ${usd(answer.guess.middleUsd)} (${usd(answer.guess.lowUsd)} to ${usd(answer.guess.highUsd)}), engine ${usd(answer.engine.expectedShortfallUsd)}; borrowing power ${usd(answer.engine.borrowingPowerUsd)}\n`,
  ].join('');
}

function collect(text: string, before: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const parts = /^([^=]+)=(\d+(?:\.\d+)?)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('Needed ASSET=LTV in percent, such as WETH=78.5.');
  return { ...before, [parts[1]!]: Number(parts[2]) };
}

export class NoSuchAxisError extends PlimsollError {
  override readonly name = 'Surrogate.NoSuchAxisError';
}
