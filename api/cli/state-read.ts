/** `plimsoll state read`: a protocol's book from a chain, at one block. */
import { dirname, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ProtocolState } from '../../datasets/state.ts';
import * as Folder from '../folder.ts';
import { say } from './terminal.ts';

type Hex = `0x${string}`;
type Flags = {
  readonly rpc: string;
  readonly provider: Hex;
  readonly block?: bigint;
  readonly fromBlock: bigint;
  readonly accounts?: string;
  readonly protocol: string;
  readonly out: string;
  readonly json?: boolean;
};

export function add(state: Command, show: (state: ProtocolState, json: boolean) => Promise<void>): void {
  state
    .command('read')
    .description('Aave v3 at one block of a chain: reserves, parameters, prices and every borrower')
    .requiredOption('--rpc <url>', "a node's address")
    .requiredOption('--provider <address>', "the market's PoolAddressesProvider", address)
    .option('--block <n>', 'block to read at (default: the newest)', block)
    .addOption(
      // A bigint needs its description: help writes defaults as JSON.
      new Option('--from-block <n>', "block of the pool's deployment: borrowers are found in events from there on")
        .argParser(block)
        .default(0n, '0'),
    )
    .option('--accounts <file>', 'addresses, one a line, instead of looking for borrowers')
    .option('--protocol <name>', 'how to call it', 'Aave v3')
    .option('--out <file>', 'where to write the book', 'state.json')
    .option('--json', 'summary as JSON on standard output')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll state read --rpc http://127.0.0.1:8545 --provider 0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e --from-block 16291127 --out book.json\n',
    )
    .action(async (flags: Flags) => {
      const Chain = await import('../../datasets/sources/chain.ts');
      const { borrowers } = await import('../../datasets/sources/aave-accounts.ts');
      const { readAave } = await import('../../datasets/sources/aave-chain.ts');
      const StateFile = await import('../../datasets/sources/state-file.ts');
      const { readText } = await import('../voyage.ts');
      const at = await Chain.at(flags.rpc, flags.block);
      const accounts =
        flags.accounts === undefined
          ? await borrowers(at, flags.provider, flags.fromBlock, (done, total) => say(`Events of ${done} of ${total} blocks`))
          : (await readText(flags.accounts))
              .split(/\s+/)
              .filter((line) => line !== '')
              .map(address);
      say(`${accounts.length} accounts at block ${at.block}`);
      const book = await readAave(at, { protocol: flags.protocol, provider: flags.provider, accounts });
      const out = resolve(flags.out);
      await Folder.write(dirname(out), out.slice(dirname(out).length + 1), StateFile.write(book));
      say(`Wrote ${out}`);
      await show(book, flags.json ?? false);
    });
}

function address(text: string): Hex {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new InvalidArgumentError('Needed an address: 0x and 40 hex digits.');
  return text as Hex;
}

export function block(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Needed the number of a block.');
  return BigInt(text);
}
