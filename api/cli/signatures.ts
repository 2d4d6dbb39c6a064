/** `plimsoll signatures`: what a Safe's owners are asked to sign, and what came back, checked and packed. No key is held or asked for. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type * as ContractSignature from '../../governance/contract-signature.ts';
import type { SafeDomain } from '../../governance/safe-hash.ts';
import type { Collected, Holder } from '../../governance/signatures.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';
import { print, printJson, say, table, wholeNumber } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

type Flags = {
  readonly rpc?: string;
  readonly owners?: string;
  readonly threshold?: number;
  readonly nested?: boolean;
  readonly ask?: string | boolean;
  readonly now?: string;
  readonly out?: string;
  readonly json?: boolean;
};
type Part = NonNullable<VenueProposal['safe']>;

const INCOMPLETE = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('signatures <proposal> [files...]')
    .description("Check what a Safe's owners signed against the hash of a drafted proposal, and pack it for execTransaction")
    .option('--rpc <url>', 'a node of the chain: the Safe is read there, asked for its own hash and for its own verdict')
    .option('--owners <addresses>', 'without a node: the owners, separated by commas')
    .option('--threshold <number>', 'without a node: how many have to sign', wholeNumber(1, 50))
    .option('--nested', 'the approval that the owners of the Safe that owns it sign, instead of the transaction itself')
    .option('--ask [owner]', 'print the typed data to sign; of an owner that is a Safe: the message its own owners sign')
    .option('--now <time>', 'the moment it is checked at (default: now); nothing is collected for advice that has expired')
    .option('--out <file>', 'write the call data of execTransaction, once enough have signed')
    .option('--json', 'everything as JSON on standard output')
    .addHelpText(
      'after',
      '\nA file holds the bare signature as a wallet prints it, or JSON: {"by":"account"|"contract"|"safe"|"approval", …} (docs/governance.md).\n\nExit codes: 0 enough have signed, 3 not yet\n\nExamples:\n  $ plimsoll signatures proposal.json --ask > typed-data.json\n  $ plimsoll signatures proposal.json anna.sig ben.sig --rpc http://127.0.0.1:8545 --out exec.hex\n',
    )
    .action(async (proposal: string, files: readonly string[], flags: Flags) => end(await signatures(proposal, files, flags)));
}

async function signatures(file: string, files: readonly string[], flags: Flags): Promise<number> {
  const proposal = await VenueFile.proposal(file);
  const part = flags.nested ? proposal.nested : proposal.safe;
  if (part === null) {
    throw new VenueFile.BadVenueError({
      got: `a proposal through ${proposal.route}${flags.nested ? ' without a nested Safe' : ''}`,
      needed: 'one that owners of a Safe sign',
      where: file,
    });
  }
  const at = flags.rpc === undefined ? null : await VenueFile.chain(flags.rpc, proposal.chainId);
  const domain = { chainId: proposal.chainId, safe: part.safe, version: part.version };
  if (flags.ask !== undefined) return await ask(at?.client ?? null, part, domain, flags.ask);

  const now = flags.now === undefined ? Date.now() : Date.parse(flags.now);
  if (!(now < Date.parse(proposal.expiresAt))) {
    throw new VenueFile.BadVenueError({
      got: `a proposal that expired at ${proposal.expiresAt}`,
      needed: 'one that is still good',
      where: file,
      fix: 'Run again and draft again; what was signed is of no more use.',
    });
  }
  const [Signatures, SignatureFile, Safe] = await Promise.all([
    import('../../governance/signatures.ts'),
    import('../../governance/signature-file.ts'),
    import('../../governance/targets/safe.ts'),
  ]);
  const holder = at === null ? await declared(part, flags) : await Safe.read(at.client, part.safe);
  const given = await Promise.all(files.map(async (from) => ({ from, file: SignatureFile.read(await VenueFile.text(from), from) })));
  const collected = await Signatures.collect(at?.client ?? null, { tx: part.tx, domain }, holder, given);
  const execData = collected.packed === null ? null : Safe.execData(part.tx, collected.packed);
  if (flags.json) printJson({ ...collected, safe: part.safe, execData });
  else show(part, collected, execData, at === null);
  if (flags.out !== undefined && execData !== null) await writeFile(flags.out, `${execData}\n`);
  return execData === null ? INCOMPLETE : 0;
}

async function ask(
  client: Parameters<typeof ContractSignature.ask>[0] | null,
  part: Part,
  domain: SafeDomain,
  of: string | boolean,
): Promise<number> {
  const SafeHash = await import('../../governance/safe-hash.ts');
  if (of === true) {
    printJson(SafeHash.forWallet(SafeHash.typedData(part.tx, domain), part.version));
    say(`domain ${part.domainHash}\nmessage ${part.messageHash}\nhash ${part.hash}\nCompare all three with the signing device.`);
    return 0;
  }
  if (client === null)
    throw new VenueFile.BadVenueError({ got: '--ask of a Safe without --rpc', needed: 'a node that says which version it is' });
  const { ask: askContract } = await import('../../governance/contract-signature.ts');
  const asked = await askContract(client, VenueFile.address(String(of), '--ask'), SafeHash.hashes(part.tx, domain), domain);
  printJson(SafeHash.forWallet(asked.typedData, asked.inner.version));
  const { domain: first, message, hash } = asked.hashes;
  say(`domain ${first}\nmessage ${message}\nhash ${hash}\n${asked.inner.threshold} of ${asked.inner.owners.join(', ')} have to sign this.`);
  return 0;
}

async function declared({ tx }: Part, { owners, threshold }: Flags): Promise<Holder> {
  if (owners === undefined || threshold === undefined) {
    throw new VenueFile.BadVenueError({
      got: 'neither --rpc nor both --owners and --threshold',
      needed: 'to know who may sign',
      fix: 'Give a node of the chain; without one nobody asks the Safe itself.',
    });
  }
  const list = owners.split(',').map((one) => VenueFile.address(one.trim(), '--owners'));
  return { owners: list, threshold: BigInt(threshold), nonce: BigInt(tx.nonce) };
}

function show({ safe, tx }: Part, collected: Collected, execData: string | null, isDeclared: boolean): void {
  const { hash, threshold, accepted, refused, waits, packed } = collected;
  print(`${hash}\nSafe ${safe}, nonce ${tx.nonce}: ${accepted.length} of ${threshold} signatures\n\n`);
  if (accepted.length > 0)
    print(
      `${table(
        ['owner', 'kind', 'from'],
        accepted.map(({ owner, kind, from }) => [owner, kind, from]),
      )}\n`,
    );
  for (const { from, reason, says } of refused) print(` refused: ${from}: ${reason}. ${says}\n`);
  if (isDeclared) print(' ! Owners, threshold and nonce are declared. Only with --rpc is the Safe itself asked.\n');
  if (waits > 0) print(` ! ${waits} other transactions of the Safe have to execute before this one.\n`);
  if (packed !== null) print(`\nsignatures\n${packed}\n\nexecTransaction, sent by anybody to ${safe}\n${execData}\n`);
}
