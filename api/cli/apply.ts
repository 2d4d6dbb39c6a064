/** `plimsoll apply`: a signed update through every gate. Shows what it would do; sends only with --broadcast, and only by an address that can do nothing else. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Switch } from '../../governance/guard-apply.ts';
import { load } from './attest.ts';
import { print, printJson, say, table } from './terminal.ts';

type Flags = {
  readonly rpc: string;
  readonly relayer: `0x${string}`;
  readonly broadcast?: boolean;
  readonly stop: string;
  readonly json?: boolean;
};

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('apply <file>')
    .description('Put an attested update through its gates; a dry run unless --broadcast')
    .requiredOption('--rpc <url>', 'a node of its chain; with --broadcast it signs for the relayer')
    .requiredOption('--relayer <address>', 'pays the gas; refused where it holds any role', relayer)
    .option('--broadcast', 'send the next step')
    .option('--stop <file>', 'nothing is sent while this file exists; the breaker writes it', '.plimsoll/STOP')
    .option('--json', 'gates, next step and what was sent, as JSON on standard output')
    .addHelpText(
      'after',
      '\nOnce for a fast update; a slow one is sent, waits on chain, and is carried out by the same command later.\n\nExample:\n  $ plimsoll apply weth.json --rpc http://127.0.0.1:8545 --relayer 0x90f79bf6eb2c4f870365e785982e1f101e93b906\n',
    )
    .action(async (file: string, flags: Flags) => end(await action(file, flags)));
}

async function action(path: string, { rpc, relayer: from, broadcast = false, stop, json }: Flags): Promise<number> {
  const Apply = await import('../../governance/guard-apply.ts');
  const Chain = await import('../../governance/chain.ts');
  const read = await load(path);
  if (broadcast) {
    const back = `${path}.rollback.json`;
    await writeFile(back, `${JSON.stringify(Apply.rollback(read.file, read.update, read.domain), null, 2)}\n`);
    say(`${back}: the way back, unsigned`);
  }
  const { gates, next, sent, lost, held } = await Apply.apply(Chain.clientAt(rpc), read, from, killSwitch(stop), broadcast);
  const says =
    next.act === 'wait'
      ? `wait until ${new Date(next.untilSeconds * 1000).toISOString()}`
      : lost !== null
        ? `somebody was quicker: the guard says ${lost}`
        : sent === null && 'data' in next
          ? `${next.act}: not sent, this was a dry run`
          : next.act;
  if (json)
    printJson({ gates, next, sent, lost, held: Object.fromEntries(Object.entries(held).map(([field, value]) => [field, String(value)])) });
  else {
    print(
      table(
        ['gate', '', 'says'],
        gates.map(({ gate, open, says: text }) => [gate, open ? 'open' : 'SHUT', text]),
      ),
    );
    print(`\n${says}${sent === null ? '' : ` in block ${sent.block}, ${sent.gasUsed} gas, ${sent.transaction}`}\n`);
  }
  return next.act === 'stop' ? REFUSED : 0;
}

/** A file that a person writes or the breaker. */
export function killSwitch(path: string): Switch {
  return {
    off: async () => (existsSync(path) ? `${path}: ${(await readFile(path, 'utf8')).trim() || 'stopped by hand'}` : null),
    trip: async (reason) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `${reason}\n`);
    },
  };
}

export function relayer(text: string): string {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new InvalidArgumentError('Needed 0x and 40 hexadecimal digits.');
  return text.toLowerCase();
}
