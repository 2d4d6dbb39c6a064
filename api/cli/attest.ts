/** `plimsoll attest`: say of a bundle's update that its evidence was re-run and holds. It is re-run here; it is signed elsewhere. */
import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import * as Config from '../config.ts';
import { print, say, table, wholeNumber } from './terminal.ts';

const REFUSED = 3;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

export function add(program: Command, end: (code: number) => void): void {
  const attest = program
    .command('attest')
    .description("Re-run a bundle, draft the guard's update from it, and collect what attestors sign");
  attest
    .command('draft <bundle> <file>')
    .description('Run the bundle again, compare every byte, and write the update of one asset with what is to be signed')
    .requiredOption('--asset <name>', 'as in the bundle')
    .requiredOption('--guard <address>', 'the guard contract', address)
    .requiredOption('--key <hex>', 'the asset for the guard: a token address, or 32 bytes', key)
    .requiredOption('--rpc <url>', 'a node of its chain')
    .option('--price-decimals <n>', "of the market's oracle", wholeNumber(0, 36), 8)
    .option('--workers <n>', 'threads', wholeNumber(1, 256))
    .action(async (bundle: string, file: string, flags: DraftFlags) => end(await draft(bundle, file, flags)));
  attest
    .command('add <file>')
    .description('Add an attestation: who signed, and the signature over the digest in the file')
    .requiredOption('--signer <address>', 'an attestor of the guard', address)
    .requiredOption('--signature <hex>', '65 bytes, or what a contract takes (ERC-1271, with --rpc)', hex)
    .option('--rpc <url>', 'node that is asked whether a contract signed')
    .action(append);
  attest
    .command('show <file>')
    .description('What is signed, by whom, in words; --typed-data for eth_signTypedData_v4')
    .option('--typed-data', 'the message as JSON on standard output')
    .action(show);
  attest.addHelpText(
    'after',
    [
      '',
      'Example:',
      '  $ plimsoll attest draft out/2026-01-01-0123456789ab weth.json --asset WETH --guard 0x5a… --key 0xC02a… --rpc http://127.0.0.1:8545',
      '  $ plimsoll attest show weth.json --typed-data > sign-this.json',
      '  $ plimsoll attest add weth.json --signer 0x70…c8 --signature 0x…',
      '  $ plimsoll apply weth.json --rpc http://127.0.0.1:8545 --relayer 0x90…06',
      '',
    ].join('\n'),
  );
}

type DraftFlags = {
  readonly asset: string;
  readonly guard: `0x${string}`;
  readonly key: `0x${string}`;
  readonly rpc: string;
  readonly priceDecimals: number;
  readonly workers?: number;
};

async function draft(bundle: string, file: string, flags: DraftFlags): Promise<number> {
  const GuardDraft = await import('../guard-draft.ts');
  const Chain = await import('../../governance/chain.ts');
  await GuardDraft.mustVerify(bundle, flags.workers ?? Config.read(process.env).workers, (step) => say(`${step} …`));
  const client = Chain.clientAt(flags.rpc);
  const wanted = { ...flags, chainId: await Chain.idOf(client) };
  const drafted = await GuardDraft.draft(client, await GuardDraft.evidence(bundle), wanted);
  if (drafted.kind === 'no-update') {
    say(`No update (${drafted.reason}): ${drafted.says} A proposal to people is open: plimsoll propose.`);
    return REFUSED;
  }
  await writeFile(file, `${JSON.stringify(drafted.file, null, 2)}\n`, { flag: 'wx' });
  say(`${file}: ${drafted.lane} lane, digest ${drafted.file.hashes.digest}`);
  return 0;
}

async function append(
  file: string,
  flags: { readonly signer: `0x${string}`; readonly signature: `0x${string}`; readonly rpc?: string },
): Promise<void> {
  const GuardFile = await import('../../governance/guard-file.ts');
  const Chain = await import('../../governance/chain.ts');
  const Folder = await import('../folder.ts');
  const { dirname, basename } = await import('node:path');
  const read = await load(file);
  const more = await GuardFile.attested(Chain.clientAt(flags.rpc ?? null), read.file, flags.signer, flags.signature);
  await Folder.write(dirname(file), basename(file), `${JSON.stringify(more, null, 2)}\n`);
  say(`${more.attestations.length} ${more.attestations.length === 1 ? 'attestation' : 'attestations'}`);
}

async function show(path: string, flags: { readonly typedData?: boolean }): Promise<void> {
  const Guard = await import('../../governance/guard.ts');
  const { file, update, domain } = await load(path);
  if (flags.typedData) {
    print(`${JSON.stringify(Guard.typedData(update, domain), (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`);
    return;
  }
  print(`${file.says} of guard ${file.guard} on chain ${file.chainId}, nonce ${update.nonce}\n`);
  print(`evidence ${update.evidenceRoot} of bundle ${file.bundle}\n\n`);
  print(
    table(
      ['field', 'from', 'to'],
      Guard.FIELDS.map((field) => [field, String(update.from[field]), String(update.to[field])]),
    ),
  );
  print(`\ndomain  ${file.hashes.domainHash}\nmessage ${file.hashes.messageHash}\ndigest  ${file.hashes.digest}\n\n`);
  for (const { signer } of file.attestations) print(`attested by ${signer}\n`);
}

export async function load(path: string) {
  const GuardFile = await import('../../governance/guard-file.ts');
  const { readText } = await import('../voyage.ts');
  const text = await readText(path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GuardFile.NotAFileError({ got: (error as Error).message, needed: 'JSON', where: path });
  }
  return GuardFile.read(value, path);
}

function address(text: string): string {
  if (!ADDRESS.test(text)) throw new InvalidArgumentError('Needed 0x and 40 hexadecimal digits.');
  return text.toLowerCase();
}

/** A token's address fills the low 20 bytes. */
function key(text: string): string {
  if (ADDRESS.test(text)) return `0x${'0'.repeat(24)}${text.slice(2).toLowerCase()}`;
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('Needed an address, or 0x and 64 hexadecimal digits.');
  return text.toLowerCase();
}

function hex(text: string): string {
  if (!/^0x([0-9a-fA-F]{2})+$/.test(text)) throw new InvalidArgumentError('Needed 0x and pairs of hexadecimal digits.');
  return text;
}
