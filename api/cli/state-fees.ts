/** `plimsoll state fees`: a book with the base fees of its chain up to its block, for predictive margins. */
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ProtocolState } from '../../datasets/state.ts';
import * as Folder from '../folder.ts';
import { block } from './state-read.ts';
import { say, wholeNumber } from './terminal.ts';

type Flags = { readonly rpc: string; readonly block?: bigint; readonly hours: number; readonly out: string; readonly json?: boolean };

export function add(state: Command, show: (state: ProtocolState, json: boolean) => Promise<void>): void {
  state
    .command('fees <file>')
    .description("The book with its chain's base fees up to its block: what a predictive margin reads congestion from")
    .requiredOption('--rpc <url>', "a node's address")
    .option('--block <n>', "up to this block (default: the book's own)", block)
    .option('--hours <n>', 'how far back; the usual fee is the median of them', wholeNumber(24, 168), 48)
    .option('--out <file>', 'where to write the book', 'state.json')
    .option('--json', 'summary as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll state fees book.json --rpc http://127.0.0.1:8545 --out book-with-fees.json\n')
    .action(async (file: string, flags: Flags) => {
      const Chain = await import('../../datasets/sources/chain.ts');
      const BaseFees = await import('../../datasets/sources/base-fees.ts');
      const StateFile = await import('../../datasets/sources/state-file.ts');
      const { readState } = await import('../voyage.ts');
      const { congestionOf } = await import('../../tuner/margin/predictive.ts');
      const book = await readState(file);
      const at = await Chain.at(flags.rpc, flags.block ?? BigInt(book.block));
      const full = BaseFees.attach(book, await BaseFees.readBaseFees(at, 3_600 * flags.hours), at);
      const congestion = congestionOf(full.baseFees, full.asOf);
      say(`Congestion: ${congestion.says === 'known' ? `fees ${congestion.timesUsual.toFixed(2)} times the usual` : congestion.says}`);
      const out = resolve(flags.out);
      await Folder.write(dirname(out), out.slice(dirname(out).length + 1), StateFile.write(full));
      say(`Wrote ${out}`);
      await show(full, flags.json ?? false);
    });
}
