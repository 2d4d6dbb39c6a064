/** `plimsoll decode`: what anybody's call data would do, in words. */
import type { Command } from 'commander';
import type * as Call from '../../governance/targets/call.ts';
import type { Decoded } from '../../governance/targets/decode.ts';
import { print, printJson, table, visible } from './terminal.ts';

export function add(program: Command): void {
  program
    .command('decode <calldata>')
    .description("Say in words what anybody's call data does, nested calls included: governors, timelocks, Safes and every target")
    .option('--json', '{"target","function","arguments","says","warnings","calls"} on standard output')
    .addHelpText('after', '\nExamples:\n  $ plimsoll decode 0x679e7cb4…\n  $ plimsoll decode --json - < calldata.txt\n')
    .action(decode);
}

async function decode(calldata: string, flags: { readonly json?: boolean }): Promise<void> {
  const Decode = await import('../../governance/targets/decode.ts');
  const decoded = Decode.decodeText(await given(calldata));
  if (flags.json) {
    printJson({ ...decoded, warnings: Decode.allWarnings(decoded) });
    return;
  }
  const { flat } = await import('../../governance/targets/call.ts');
  show(decoded, '', flat);
  const warnings = Decode.allWarnings(decoded);
  if (warnings.length > 0) print(`\nLook at this before signing:\n${warnings.map((warning) => `  ! ${visible(warning)}\n`).join('')}`);
}

/** `-` reads standard input: call data of a large batch is longer than a command line may be. */
async function given(calldata: string): Promise<string> {
  if (calldata !== '-') return calldata;
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function show({ target, function: name, arguments: arguments_, says, calls }: Decoded, indent: string, flat: typeof Call.flat): void {
  print(`${indent}${target} ${name}: ${visible(says)}\n`);
  const rows = Object.entries(flat(arguments_)).map(([key, value]) => [key, visible(value)]);
  if (calls.length === 0 && rows.length > 0) print(table(['argument', 'value'], rows).replace(/^(?=.)/gm, indent));
  for (const [index, { to, valueWei, operation, data, call }] of calls.entries()) {
    const size = (data.length - 2) / 2;
    print(`${indent}  ${index + 1}. ${operation === 'call' ? 'call' : 'DELEGATE CALL'} to ${to}, ${valueWei} wei, ${size} bytes\n`);
    if (call !== null) show(call, `${indent}     `, flat);
  }
}
