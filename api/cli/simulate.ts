/** `plimsoll simulate`: a drafted proposal on a copy of its chain, and everything that changed there. */
import type { Command } from 'commander';
import { print, printJson, say, untilInterrupted, wholeNumber } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

type Flags = {
  readonly venue: string;
  readonly rpc: string;
  readonly block?: number;
  readonly bundle?: string;
  readonly signatures?: string;
  readonly json?: boolean;
};

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('simulate <proposal>')
    .description('Execute a drafted proposal on a local copy of its chain; refuse whatever changes that was not asked for')
    .requiredOption('--venue <file>', 'the venue that the proposal was drafted for')
    .requiredOption('--rpc <url>', 'a node of that chain; it is read, nothing is sent to it')
    .option('--block <number>', 'the block to copy (default: the newest)', wholeNumber(0))
    .option('--bundle <folder>', 'ask the pool for the health of the accounts of this bundle, before and after')
    .option('--signatures <hex>', "execute with these packed signatures instead of the owners' approvals on the copy")
    .option('--json', 'the execution as JSON on standard output')
    .addHelpText(
      'after',
      '\nExit codes: 0 as asked, 3 something was not asked for\n\nExample:\n  $ plimsoll propose out/2026-01-01-0123456789ab --target safe --venue venue.json --rpc http://127.0.0.1:8545 --json > proposal.json\n  $ plimsoll simulate proposal.json --venue venue.json --rpc http://127.0.0.1:8545\n',
    )
    .action(async (proposal: string, flags: Flags) => end(await simulate(proposal, flags)));
}

async function simulate(file: string, { venue: venueFile, rpc, block, bundle, signatures, json }: Flags): Promise<number> {
  const Rehearsal = await import('../../governance/rehearsal.ts');
  const Report = await import('../../governance/venue-report.ts');
  const [proposal, venue] = [await VenueFile.proposal(file), await VenueFile.read(venueFile)];
  const at = await VenueFile.chain(rpc, venue.parameters.chainId);
  const accounts = bundle === undefined ? [] : await accountsOf(bundle);
  const { signal, release } = untilInterrupted();
  try {
    const execution = await Rehearsal.rehearse({
      ...{ proposal, venue, rpcUrl: rpc, block: block === undefined ? at.block : BigInt(block), accounts, signal },
      ...(signatures === undefined ? {} : { signatures: VenueFile.hex(signatures, '--signatures') }),
      ...(json ? {} : { onStep: say }),
    });
    if (json) printJson(execution);
    else print(`${Report.rehearsed(execution)}\n`);
    return execution.ok ? 0 : REFUSED;
  } finally {
    release();
  }
}

/** Those that stand on a chain; accounts of a simulated book have names. */
async function accountsOf(bundle: string) {
  const { part } = await import('../bundle.ts');
  const { Address } = await import('../../governance/targets/words.ts');
  const { lending } = await part(bundle, 'state');
  return lending.flatMap(({ account }) => {
    const address = Address.safeParse(account);
    return address.success ? [address.data] : [];
  });
}
