/** `plimsoll guard`: what it takes to put a guard on chain, for somebody else's signer, and whether the one that stands there is the one that was planned. */
import { type Command, InvalidArgumentError } from 'commander';
import * as Parity from './parity.ts';
import { print, printJson, table } from './terminal.ts';

type DeployFlags = { readonly from: `0x${string}`; readonly rpc: string; readonly json?: boolean };
type CheckFlags = { readonly guard: `0x${string}`; readonly market: `0x${string}`; readonly rpc: string; readonly json?: boolean };

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
/** Of the largest creation, twice over; who signs may lower it. */
const GAS = 12_000_000;

export function add(program: Command, end: (code: number) => void): void {
  const guard = program.command('guard').description('Put a guard on chain by an external signer, and check the one that stands there');
  guard
    .command('deploy <plan>')
    .description('Four unsigned creations in a row, by the account that will sign them, and what governance then has to grant')
    .requiredOption('--from <address>', 'who signs; nothing of it has a right over the guard afterwards', address)
    .requiredOption('--rpc <url>', "a node of the chain: the account's nonce decides the addresses")
    .option('--json', 'transactions as JSON on standard output, for eth_sendTransaction')
    .action(deploy);
  guard
    .command('check <plan>')
    .description('Does the guard on chain belong to whom the plan says, over the market it says?')
    .requiredOption('--guard <address>', 'the guard contract', address)
    .requiredOption('--market <address>', 'its adapter', address)
    .requiredOption('--rpc <url>', 'a node of its chain')
    .option('--json', 'the answer as JSON on standard output')
    .action(check);
  Parity.add(guard, end);
  guard.addHelpText(
    'after',
    `
Examples:
  $ plimsoll guard deploy guard.json --from 0x70…c8 --rpc http://127.0.0.1:8545 --json > sign-these.json
  $ plimsoll guard check guard.json --guard 0x5a… --market 0x3b… --rpc http://127.0.0.1:8545
  $ plimsoll guard parity proposal.json weth.json --venue venue.json --rpc http://127.0.0.1:8545
`,
  );
}

async function deploy(file: string, flags: DeployFlags): Promise<void> {
  const GuardDeploy = await import('../../governance/guard-deploy.ts');
  const Chain = await import('../../governance/chain.ts');
  const plan = await planOf(file);
  const client = Chain.clientAt(flags.rpc);
  const [chainId, drafted] = await Promise.all([Chain.idOf(client), GuardDeploy.next(client, plan, flags.from)]);
  const grants = await GuardDeploy.grants(client, drafted.deployment, plan, []);
  const { deployment, nonce } = drafted;
  const transactions = deployment.creations.map(({ what, address: to, data }, index) => ({
    what,
    creates: to,
    transaction: { chainId, from: flags.from, nonce: Number(nonce) + index, gas: `0x${GAS.toString(16)}`, data },
  }));
  if (flags.json) {
    printJson({ chainId, guard: deployment.guard, market: deployment.market, transactions, grants });
    return;
  }
  print(
    table(
      ['nonce', 'creates', 'at', 'bytes'],
      transactions.map(({ what, creates, transaction }) => [
        String(transaction.nonce),
        what,
        creates,
        String((transaction.data.length - 2) / 2),
      ]),
    ),
  );
  print(
    `\n chain ${chainId}, signed by ${flags.from} in this order; another transaction of that account in between and the last one reverts\n\n`,
  );
  for (const { to, says } of grants) print(` governance then calls ${to}: ${says}\n`);
  print(` and sets a policy for each asset (setPolicy), which is what the guard may do.\n --json prints what is to be signed.\n`);
}

async function check(file: string, flags: CheckFlags): Promise<void> {
  const GuardDeploy = await import('../../governance/guard-deploy.ts');
  const Chain = await import('../../governance/chain.ts');
  const plan = await planOf(file);
  await GuardDeploy.checkDeployed(Chain.clientAt(flags.rpc), { guard: flags.guard, market: flags.market }, plan);
  if (flags.json) printJson({ ok: true, guard: flags.guard, market: flags.market });
  else print(` The guard at ${flags.guard} is the planned one: owner, guardian, attestors, quorum, market and sequencer.\n`);
}

async function planOf(file: string) {
  const GuardPlan = await import('../../governance/guard-plan.ts');
  const { readText } = await import('../voyage.ts');
  const text = await readText(file);
  try {
    return GuardPlan.parse(JSON.parse(text), file);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new GuardPlan.BadPlanError({ got: error.message, needed: 'JSON', where: file, fix: 'Mend the file.' });
    throw error;
  }
}

function address(text: string): string {
  if (!ADDRESS.test(text)) throw new InvalidArgumentError('Needed 0x and 40 hexadecimal digits.');
  return text.toLowerCase();
}
