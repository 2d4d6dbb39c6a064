/** `plimsoll propose`: a bundle's advice into the exact calls people sign, for any target there is an encoder for. */
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Move } from '../../governance/targets/target.ts';
import type { VenueProposal } from '../../governance/venue-proposal.ts';
import { print, printJson } from './terminal.ts';
import * as VenueFile from './venue-file.ts';

type Flags = {
  readonly target: string;
  readonly venue?: string;
  readonly rpc?: string;
  readonly now?: string;
  readonly builder?: string;
  readonly caps?: boolean;
  readonly json?: boolean;
};

const REFUSED = 3;
const REHEARSED = 'openzeppelin-governor';
/** Parameters' contracts and roads; `governance/venue.ts` has the same names (a test asks). */
export const CHOICES = [
  REHEARSED,
  ...['governor-bravo', 'safe', 'aave-governance', 'aave-v3-configurator', 'aave-v3-engine', 'aave-v3-steward', 'aave-v4-steward'],
  ...['comet', 'euler', 'morpho', 'risk-oracle', 'derive', 'dydx'],
];

export function add(program: Command, end: (code: number) => void): void {
  program
    .command('propose <bundle>')
    .description("Draft the proposal of a bundle's recommendation")
    .addOption(new Option('--target <name>', 'where it would be executed').choices(CHOICES).default(REHEARSED))
    .option('--venue <file>', 'addresses and terms of the target and of the road to it, as in docs/venues')
    .option('--rpc <url>', 'read versions and values from a node before drafting')
    .option('--now <time>', 'the moment it is drafted for (default: that of the advice)')
    .option('--builder <file>', "also write the calls as a file for Safe's Transaction Builder")
    .option('--caps', 'with the caps and bonuses of `plimsoll caps`, where the target holds them')
    .option('--json', 'the proposal as JSON on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  $ plimsoll propose out/2026-01-01-0123456789ab\n  $ plimsoll propose out/2026-01-01-0123456789ab --target comet --venue docs/venues/comet.json --rpc http://127.0.0.1:8545\n',
    )
    .action(async (bundle: string, flags: Flags) => end(await propose(bundle, flags)));
}

async function propose(bundle: string, flags: Flags): Promise<number> {
  const { part } = await import('../bundle.ts');
  const [manifest, state, recommendation] = await Promise.all([
    part(bundle, 'manifest'),
    part(bundle, 'state'),
    part(bundle, 'recommendation'),
  ]);
  const now = flags.now ?? recommendation.asOf;
  if (flags.venue === undefined && flags.target === REHEARSED) {
    if (flags.caps)
      throw new VenueFile.BadVenueError({ got: 'no venue', needed: '--target and --venue of contracts that hold caps', where: '--caps' });
    const { draft } = await import('../../governance/draft.ts');
    const { rehearsalTarget } = await import('../../governance/simulate.ts');
    const Report = await import('../../governance/report.ts');
    const proposal = draft(recommendation, state, rehearsalTarget(), manifest.evidenceRoot, now);
    return shown(proposal, flags, () => (proposal.kind === 'proposal' ? Report.render(proposal) : ''));
  }
  const { declared, draftAt } = await import('../../governance/draft-venue.ts');
  const VenueReport = await import('../../governance/venue-report.ts');
  const venue = await VenueFile.forTarget(flags.target, flags.venue);
  const place = flags.rpc === undefined ? declared(venue, state) : await VenueFile.place(flags.rpc, venue);
  const proposal = draftAt(recommendation, state, place, manifest.evidenceRoot, now, flags.caps ? await besides(bundle) : []);
  if (flags.builder !== undefined && proposal.kind === 'venue-proposal') await writeBuilder(flags.builder, proposal);
  return shown(proposal, flags, () => (proposal.kind === 'venue-proposal' ? VenueReport.render(proposal) : ''));
}

/** Caps and bonuses that move, as moves. */
async function besides(bundle: string): Promise<readonly Move[]> {
  const Caps = await import('./caps.ts');
  const { assets } = await Caps.ofBundle(bundle, {});
  const fields = ['supplyCapTokens', 'borrowCapTokens', 'liquidationBonusBps'] as const;
  return assets.flatMap(({ asset, ...levels }) =>
    fields.flatMap((field) => {
      const { verdict, from, to } = levels[field];
      return verdict === 'change' ? [{ asset, field, from, to }] : [];
    }),
  );
}

function shown(
  proposal: { readonly kind: string; readonly reason?: string; readonly says?: string },
  { json }: Flags,
  page: () => string,
): number {
  const refused = proposal.kind === 'no-proposal';
  if (json) printJson(proposal);
  else print(refused ? `No proposal (${proposal.reason}): ${proposal.says}\n` : `${page()}\n`);
  return refused ? REFUSED : 0;
}

async function writeBuilder(file: string, { calls, chainId, target, expiresAt }: VenueProposal): Promise<void> {
  const { builderFile } = await import('../../governance/targets/safe.ts');
  const delegated = calls.find(({ operation }) => operation === 'delegatecall');
  if (delegated !== undefined) {
    throw new VenueFile.BadVenueError({
      got: `a delegate call to ${delegated.to}`,
      needed: 'plain calls: the Transaction Builder has no others',
      where: '--builder',
    });
  }
  const content = builderFile(chainId, calls, `${target}, void after ${expiresAt}`, 0);
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
