/** `plimsoll verify`: run a bundle again and compare, byte for byte. */
import type { Command } from 'commander';
import type { SeedBlock } from '../../governance/seed-block.ts';
import * as Config from '../config.ts';
import { outcome } from '../errors.ts';
import { print, printJson, say, wholeNumber } from './terminal.ts';

type Flags = { readonly workers?: number; readonly seedRpc?: string; readonly json?: boolean };

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('verify <bundle>')
    .description('Run a bundle again from its inputs and compare every byte')
    .option('--workers <n>', 'threads; the result does not depend on it', wholeNumber(1, 256))
    .option('--seed-rpc <url>', 'also ask a node of the chain whether the seed is that of its first block at or after as-of')
    .option('--json', '{"ok","id","recomputedId","firstDifference"} on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll verify out/2026-01-01-0123456789ab --workers 1\n')
    .action(async (bundle: string, flags: Flags) => end(await action(bundle, flags)));
}

async function action(bundle: string, flags: Flags): Promise<number> {
  const config = Config.read(process.env);
  const { differenceError, verify } = await import('../verify.ts');
  const began = performance.now();
  let last = '';
  const onStep = (step: string) => {
    if (step !== last) say(`${step} …`);
    last = step;
  };
  const verdict = await verify(bundle, flags.workers ?? config.workers, onStep, await blocksOf(flags.seedRpc));
  if (flags.json) printJson(verdict);
  if (verdict.ok) {
    const workers = flags.workers ?? config.workers;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (!flags.json) print(`Same bytes: ${verdict.id}, with ${workers} ${workers === 1 ? 'worker' : 'workers'}, in ${seconds} s\n`);
    return 0;
  }
  const error = differenceError(verdict, bundle);
  say(`${error.name}: ${error.message}`);
  return outcome(error).exitCode;
}

async function blocksOf(url: string | undefined): Promise<((asOf: string) => Promise<SeedBlock>) | null> {
  if (url === undefined) return null;
  const [Chain, { read }] = await Promise.all([import('../../governance/chain.ts'), import('../../governance/seed-block.ts')]);
  return (asOf) => read(Chain.clientAt(url), asOf);
}
