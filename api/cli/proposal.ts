/** `plimsoll propose` and `plimsoll decode`: the exact calls people sign, and what anybody's call data would do. */
import { type Command, Option } from 'commander';
import { PlimsollError, quote } from '../../base/errors.ts';
import { print, printJson, table } from './terminal.ts';

const REFUSED = 3;

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('propose <bundle>')
    .description("Draft the proposal of a bundle's recommendation")
    .addOption(
      new Option('--target <name>', 'where it would be executed').choices(['openzeppelin-governor']).default('openzeppelin-governor'),
    )
    .option('--now <time>', 'the moment it is drafted for (default: that of the advice)')
    .option('--json', 'the proposal as JSON on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll propose out/2026-01-01-0123456789ab\n')
    .action(async (bundle: string, flags: { readonly now?: string; readonly json?: boolean }) => end(await propose(bundle, flags)));
  program
    .command('decode <calldata>')
    .description('Say in words what call data for these contracts does')
    .option('--json', '{"target","function","arguments","says"} on standard output')
    .addHelpText('after', '\nExample:\n  $ plimsoll decode 0x679e7cb4…\n')
    .action(decode);
}

async function propose(bundle: string, flags: { readonly now?: string; readonly json?: boolean }): Promise<number> {
  const { part } = await import('../bundle.ts');
  const { draft } = await import('../../governance/draft.ts');
  const { rehearsalTarget } = await import('../../governance/simulate.ts');
  const Report = await import('../../governance/report.ts');
  const [manifest, state, recommendation] = await Promise.all([
    part(bundle, 'manifest'),
    part(bundle, 'state'),
    part(bundle, 'recommendation'),
  ]);
  const proposal = draft(recommendation, state, rehearsalTarget(), manifest.evidenceRoot, flags.now ?? recommendation.asOf);
  if (flags.json) printJson(proposal);
  else if (proposal.kind === 'proposal') print(`${Report.render(proposal)}\n`);
  else print(`No proposal (${proposal.reason}): ${proposal.says}\n`);
  return proposal.kind === 'proposal' ? 0 : REFUSED;
}

async function decode(calldata: string, flags: { readonly json?: boolean }): Promise<void> {
  if (!/^0x([0-9a-f]{2})*$/i.test(calldata)) {
    throw new NotCallDataError({ got: quote(calldata), needed: '0x and an even number of hex digits', where: 'calldata' });
  }
  const answer = await decoded(calldata.toLowerCase() as `0x${string}`);
  if (flags.json) {
    printJson(answer);
    return;
  }
  print(`${answer.function}: ${answer.says}\n\n`);
  print(table(['argument', 'value'], Object.entries(answer.arguments)));
}

async function decoded(data: `0x${string}`) {
  const Governor = await import('../../governance/targets/governor.ts');
  const Registry = await import('../../governance/targets/registry.ts');
  const target = 'openzeppelin-governor';
  const call = Governor.decode(data);
  if (call.function === 'update') {
    return { target, function: call.function, arguments: Registry.argumentsOf(call.update), says: Registry.says(call.update) };
  }
  const inner = call.actions.map((action, index) => {
    const update = action.data.startsWith(Registry.UPDATE_SELECTOR) ? Registry.decode(action.data) : null;
    const says = update === null ? `unknown call ${action.data.slice(0, 10)}` : Registry.says(update);
    return [`call ${index + 1}`, `to ${action.to}, ${action.valueWei} wei: ${says}`] as const;
  });
  const last =
    call.function === 'propose' ? (['description', call.description] as const) : (['descriptionHash', call.descriptionHash] as const);
  const says = `${call.function} of ${inner.length} ${inner.length === 1 ? 'call' : 'calls'}: ${inner.map(([, text]) => text).join(' ')}`;
  return { target, function: call.function, arguments: Object.fromEntries([...inner, last]), says };
}

export class NotCallDataError extends PlimsollError {
  override readonly name = 'Decode.NotCallDataError';
}
