/** `plimsoll auto`: the automatic lane. Attested updates of a folder through apply's gates, a step at a time, where people switched it on. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Client } from '../../governance/chain.ts';
import type { Evidence } from '../../governance/guard-evidence.ts';
import type { Lanes } from '../../governance/guard-lanes.ts';
import type { Row } from '../../governance/guard-round.ts';
import * as Config from '../config.ts';
import { killSwitch, relayer } from './apply.ts';
import { print, printJson, say, table, untilInterrupted, visible, wholeNumber } from './terminal.ts';

type Flags = {
  readonly lanes: string;
  readonly rpc: string;
  readonly relayer: `0x${string}`;
  readonly bundle?: readonly string[];
  readonly every?: number;
  readonly broadcast?: boolean;
  readonly stop: string;
  readonly priceDecimals: number;
  readonly ledger?: string;
  readonly panel?: string;
  readonly workers?: number;
  readonly json?: boolean;
};

const REFUSED = 3;
/** States that nothing but a person changes. */
const PEOPLE: ReadonlySet<Row['state']> = new Set<Row['state']>(['people', 'stopped', 'failed']);

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('auto <folder>')
    .description(
      'Take attested updates of a folder through every gate, a step at a time, where people switched it on; a dry run unless --broadcast',
    )
    .requiredOption('--lanes <file>', 'which fields and directions a machine may move, under which policy; all else is off')
    .requiredOption('--rpc <url>', 'a node of their chain; with --broadcast it signs for the relayer')
    .requiredOption('--relayer <address>', 'pays the gas; refused at the start where it holds any role', relayer)
    .option('--bundle <folder...>', 'evidence behind the updates; what it advises and nobody has drafted is drafted into the folder')
    .option('--every <seconds>', 'again and again (default: one round)', wholeNumber(1, 86_400))
    .option('--broadcast', 'send')
    .option('--stop <file>', 'nothing is sent while this file exists; the breaker writes it', '.plimsoll/STOP')
    .option('--price-decimals <n>', "of the market's oracle", wholeNumber(0, 36), 8)
    .option('--panel <path>', 'market data that goes on after what was applied, to reckon its regret with')
    .option('--ledger <file>', 'the regret ledger to file it in')
    .option('--workers <n>', 'threads', wholeNumber(1, 256))
    .option('--json', 'a line of JSON a round on standard output')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing waits for people, 3 something does, or the relayer holds a role

Examples:
  $ plimsoll auto updates --lanes lanes.json --rpc http://127.0.0.1:8545 --relayer 0x90f79bf6eb2c4f870365e785982e1f101e93b906 --bundle out/2026-01-01-0123456789ab
  $ plimsoll auto updates --lanes lanes.json --rpc http://127.0.0.1:8545 --relayer 0x90f79bf6eb2c4f870365e785982e1f101e93b906 --every 60 --broadcast
`,
    )
    .action(async (folder: string, flags: Flags) => end(await action(folder, flags)));
}

async function action(folder: string, flags: Flags): Promise<number> {
  const Chain = await import('../../governance/chain.ts');
  const Gates = await import('../../governance/guard-gates.ts');
  const { parse } = await import('../../governance/guard-lanes.ts');
  const { readText } = await import('../voyage.ts');
  const lanes = parse(json(await readText(flags.lanes)), flags.lanes);
  const client = Chain.clientAt(flags.rpc);

  // 1. A relayer that can do more than pay is refused before anything is looked at.
  const roles = await Gates.rolesOf(client, lanes.guard, flags.relayer);
  if (roles.length > 0) {
    say(`Refused: ${flags.relayer} is ${roles.join(', ')}. Relay from an account that only pays gas.`);
    return REFUSED;
  }

  // 2. The evidence, read once.
  const GuardDraft = await import('../guard-draft.ts');
  const stands = new Map<string, Evidence>();
  const bundles = new Map<string, string>();
  for (const bundle of flags.bundle ?? []) {
    const one = await GuardDraft.evidence(bundle);
    stands.set(one.bundle, one);
    bundles.set(one.bundle, bundle);
  }

  // 3. Round after round.
  const { signal, release } = untilInterrupted();
  const verified = new Set<string>();
  try {
    for (;;) {
      const code = await once(client, folder, flags, lanes, stands, bundles, verified).catch((thrown: Error) => {
        // A full disk or a folder that is away for a minute ends one round, not the watch.
        if (flags.every === undefined) throw thrown;
        const error = Chain.noAnswer(thrown) ?? thrown;
        say(`${error.name}: ${error.message}`);
        return REFUSED;
      });
      if (flags.every === undefined) return code;
      await pause(flags.every * 1000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return code;
    }
  } finally {
    release();
  }
}

async function once(
  client: Client,
  folder: string,
  flags: Flags,
  lanes: Lanes,
  stands: ReadonlyMap<string, Evidence>,
  bundles: ReadonlyMap<string, string>,
  verified: Set<string>,
): Promise<number> {
  const Auto = await import('../auto.ts');
  const Chain = await import('../../governance/chain.ts');
  const Round = await import('../../governance/guard-round.ts');
  const Apply = await import('../../governance/guard-apply.ts');
  const Decay = await import('../../governance/guard-decay.ts');
  const GuardDraft = await import('../guard-draft.ts');
  const threads = flags.workers ?? Config.read(process.env).workers;
  const began = performance.now();
  const drafts: { asset: string; name: string | null; says: string }[] = [];
  for (const [id, bundle] of bundles) {
    const verify = async () => {
      if (!verified.has(id)) await GuardDraft.mustVerify(bundle, threads, (step) => say(`${bundle}: ${step} …`));
      verified.add(id);
    };
    const wanted = { folder, bundle, lanes, priceDecimals: flags.priceDecimals };
    drafts.push(
      ...(await Auto.draftMissing(client, wanted, stands.get(id)!, verify).catch((error: Error) => [
        { asset: bundle, name: null, says: (Chain.noAnswer(error) ?? error).message },
      ])),
    );
  }
  const { candidates, unread } = await Auto.read(folder, stands);
  const rows = await Round.round(client, candidates, {
    ...{
      lanes,
      relayer: flags.relayer,
      kill: killSwitch(flags.stop),
      broadcast: flags.broadcast ?? false,
      priceDecimals: flags.priceDecimals,
    },
    onSend: ({ name, file: of, update }) =>
      Auto.keepRollback(folder, name, Apply.rollback(of, update, { chainId: lanes.chainId, guard: lanes.guard })),
  });
  const decay = await Decay.read(client, lanes).catch(() => []);
  const filed: string[] = [];
  for (const row of rows) {
    const candidate = candidates.find(({ name }) => name === row.name)!;
    if (row.applied === null) continue;
    if (await Auto.fileOutcome(folder, row, row.applied, candidate)) filed.push(`${row.name}: outcome filed`);
    const bundle = bundles.get(candidate.file.bundle);
    if (bundle !== undefined && flags.panel !== undefined && flags.ledger !== undefined)
      filed.push(...(await regret(bundle, flags.panel, flags.ledger, candidate.evidence!.recommendation.id)));
  }
  if (flags.json)
    printJson({
      broadcast: flags.broadcast ?? false,
      drafts,
      rows: rows.map(plain),
      unread,
      decay,
      filed,
      milliseconds: Math.round(performance.now() - began),
    });
  else {
    const shown = rows.map((row) => [row.asset, moves(row), row.lane ?? '', row.state, row.why]);
    const others = [
      ...drafts.map(({ asset, name, says }) => [asset, name ?? '', '', name === null ? 'no update' : 'drafted', says]),
      ...unread.map(({ name, why }) => [name, '', '', 'unread', why]),
      ...decay.map(({ asset, granted, untilSeconds, state }) => [
        asset,
        granted.join(', '),
        '',
        `decay ${state}`,
        `unless re-affirmed by ${new Date(untilSeconds * 1000).toISOString()}`,
      ]),
    ];
    print(
      table(
        ['asset', 'changes', 'lane', 'state', 'why'],
        [...shown, ...others].map((cells) => cells.map(visible)),
      ),
    );
    for (const line of filed) say(line);
  }
  return rows.some(({ state }) => PEOPLE.has(state)) || unread.length > 0 ? REFUSED : 0;
}

/** Predicted against realised, once the data covers the horizon; what is filed is not reckoned again. */
async function regret(bundle: string, panel: string, ledger: string, recommendation: string): Promise<readonly string[]> {
  const { existsSync } = await import('node:fs');
  const { keep } = await import('../ledger.ts');
  const { reckoned } = await import('./regret.ts');
  try {
    const lines = existsSync(ledger) ? (await keep(ledger, [])).lines : [];
    if (lines.some(({ regret: one }) => one.from.recommendation === recommendation && one.complete)) return [];
    const entries = (await reckoned([bundle], panel)).filter(({ complete }) => complete);
    if (entries.length === 0) return [`${bundle}: its horizon has not passed in ${panel}`];
    const { added } = await keep(ledger, entries);
    return [`${bundle}: ${added} filed in ${ledger}`];
  } catch (error) {
    return [`${bundle}: no regret yet: ${(error as Error).message}`];
  }
}

function moves({ changes }: Row): string {
  return changes.map(({ field, from, to }) => `${field} ${from} → ${to}`).join(', ') || 're-affirms';
}

function plain({ changes, applied, ...row }: Row) {
  const transaction = applied === null ? null : { transaction: applied.transaction, block: applied.block };
  return { ...row, changes: changes.map(({ field, from, to }) => ({ field, from: String(from), to: String(to) })), applied: transaction };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
