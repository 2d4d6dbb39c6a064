/** `plimsoll descriptor`: the file by which a wallet shows a guard's update in percent and dates (ERC-7730). */
import type { Command } from 'commander';
import { printJson, wholeNumber } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

export function add(program: Command): void {
  program
    .command('descriptor')
    .description('The ERC-7730 file of a guard: what a wallet shows an attestor in place of numbers. Whoever runs the guard publishes it')
    .requiredOption('--guard <address>', 'the guard')
    .requiredOption('--chain <id>', 'its chain', wholeNumber(1))
    .requiredOption('--owner <name>', 'whose guard it is, as the wallet names it')
    .addHelpText(
      'after',
      '\nExample:\n  $ plimsoll descriptor --guard 0x5FbDB2315678afecb367f032d93F642f64180aa3 --chain 1 --owner "A protocol" > guard.json\n',
    )
    .action(async ({ guard, chain, owner }: { readonly guard: string; readonly chain: number; readonly owner: string }) => {
      const { ofGuard } = await import('../../governance/clear-signing.ts');
      printJson(ofGuard({ chainId: chain, guard: VenueFile.address(guard, '--guard') }, owner));
    });
}
