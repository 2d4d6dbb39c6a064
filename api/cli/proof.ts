/** `plimsoll proof make` and `check`: one path of a bundle with its way to the root, for whoever does not want all of them. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PlimsollError } from '../../base/errors.ts';
import { Id } from '../../base/id.ts';
import type { Side } from '../opened-path.ts';
import { print, printJson, save, say, table, wholeNumber } from './terminal.ts';

type MakeFlags = { readonly side: Side; readonly out?: string; readonly json?: boolean };

export function add(program: Command): void {
  const proof = program
    .command('proof')
    .description("One path's losses and their way to the evidence root that stands in the proposal")
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll proof make out/2026-01-01-0123456789ab 17 --out path-17.json\n  $ plimsoll proof check path-17.json --root sha256:…\n',
    );
  proof
    .command('make')
    .argument('<bundle>', 'folder of a run')
    .argument('<number>', 'of the path, from 0', wholeNumber(0))
    .description('Open one path, run it again alone, and compare to the last bit')
    .addOption(new Option('--side <which>', "under today's parameters or those advised").choices(['before', 'after']).default('after'))
    .option('--out <file>', 'also write the proof')
    .option('--json', 'root, proof and losses as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll proof make out/2026-01-01-0123456789ab 17 --out path-17.json\n')
    .action(make);
  proof
    .command('check')
    .argument('<file>', 'as `proof make --out` writes it')
    .description('Does it lead to this root? Needs nothing of the bundle')
    .requiredOption('--root <id>', 'the evidence root, as in the proposal', root)
    .addHelpText('after', '\nExample:\n  $ plimsoll proof check path-17.json --root sha256:…\n')
    .action(check);
}

async function make(bundle: string, path: number, { side, out, json }: MakeFlags): Promise<void> {
  const { open } = await import('../opened-path.ts');
  const opened = await open(bundle, side, path);
  if (out !== undefined) {
    await save(out, `${JSON.stringify(opened.proof, null, 2)}\n`);
    say(`Wrote ${out}`);
  }
  if (json) {
    printJson(opened);
    return;
  }
  print(
    `path ${path} ${side}: leaf ${opened.proof.index} of ${opened.proof.leaves}, ${opened.proof.siblings.length} hashes to ${opened.root}\n\n`,
  );
  print(
    table(
      ['', 'evidence', 'run alone'],
      opened.losses.map(({ loss, evidence, again }) => [loss, String(evidence), String(again)]),
    ),
  );
  print('\nProven, and the same to the last bit.\n');
}

async function check(file: string, { root: wanted }: { readonly root: Id }): Promise<void> {
  const [{ assertProven }, { PathProof }] = await Promise.all([import('../opened-path.ts'), import('../../governance/bundle.ts')]);
  const read = PathProof.safeParse(parsed(await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error.code ?? 'an error')));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new NotAProofError({
      got: issue?.message ?? 'another shape',
      needed: 'a proof as `plimsoll proof make --out` writes it',
      where: file,
    });
  }
  assertProven(read.data, wanted, file);
  const { leaf, index, leaves } = read.data;
  print(`Proven: path ${leaf.path} is leaf ${index} of ${leaves} under ${wanted}\n\n`);
  print(
    table(
      ['', ''],
      Object.entries(leaf.losses).map(([loss, value]) => [loss, String(value)]),
    ),
  );
  print('\nWhether the numbers follow from the inputs is for `proof make` on the bundle.\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function root(text: string): Id {
  const read = Id.safeParse(text);
  if (!read.success) throw new InvalidArgumentError('Needed sha256: and 64 hexadecimal digits.');
  return read.data;
}

export class NotAProofError extends PlimsollError {
  override readonly name = 'Proof.NotAProofError';
}
