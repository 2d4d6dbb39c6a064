/** `plimsoll guard parity`: the guard's way and governance's way to the same parameters, on copies of the chain, compared to the bit. */
import type { Command } from 'commander';
import { load } from './attest.ts';
import { print, printJson, untilInterrupted, wholeNumber } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

type Flags = { readonly venue: string; readonly rpc: string; readonly block?: number; readonly json?: boolean };

const REFUSED = 3;

export function add(guard: Command, end: (code: number) => void): void {
  guard
    .command('parity <proposal> <updates...>')
    .description("Do the guard's updates and governance's own proposal end in the same values? Each is carried out on a copy of the chain")
    .requiredOption('--venue <file>', 'the venue that the proposal was drafted for')
    .requiredOption('--rpc <url>', 'a node of that chain; it is read, nothing is sent to it')
    .option('--block <number>', 'the block to copy (default: the newest)', wholeNumber(0))
    .option('--json', 'the comparison as JSON on standard output')
    .addHelpText(
      'after',
      `
Exit codes: 0 the same to the bit, 3 they differ or one does not go through

Example:
  $ plimsoll guard parity proposal.json weth.json --venue venue.json --rpc http://127.0.0.1:8545
`,
    )
    .action(async (proposal: string, updates: readonly string[], flags: Flags) => end(await parity(proposal, updates, flags)));
}

async function parity(file: string, files: readonly string[], flags: Flags): Promise<number> {
  const Parity = await import('../../governance/guard-parity.ts');
  const Report = await import('../../governance/parity-report.ts');
  const [proposal, venue, updates] = [
    await VenueFile.proposal(file),
    await VenueFile.read(flags.venue),
    await Promise.all(files.map(load)),
  ];
  const at = await VenueFile.chain(flags.rpc, venue.parameters.chainId);
  const { signal, release } = untilInterrupted();
  try {
    const block = flags.block === undefined ? at.block : BigInt(flags.block);
    const found = await Parity.compare({ proposal, venue, updates, rpcUrl: flags.rpc, block, signal });
    if (flags.json) printJson(found);
    else print(`${Report.render(found)}\n`);
    return found.agree ? 0 : REFUSED;
  } finally {
    release();
  }
}
