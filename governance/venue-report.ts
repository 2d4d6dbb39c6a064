/** The review page of a venue's proposal: the text, the values in the protocol's own unit, the bytes, what is signed, the checks. */
import * as Report from './report.ts';
import type { VenueExecution } from './venue-execution.ts';
import type { VenueProposal } from './venue-proposal.ts';

export function render(proposal: VenueProposal): string {
  const { calls, submit, safe, nested, later, message, notes, checks, held, becomes, simulatedOn } = proposal;
  const changes = Object.entries(becomes).map(
    ([name, value]) => `| ${Report.line(name)} | ${Report.line(held.values[name] ?? 'not read')} | ${Report.line(value)} |`,
  );
  return [
    proposal.description,
    '',
    '---',
    '',
    '## In the contracts’ own units',
    '',
    '| value | now | afterwards |',
    '|---|---|---|',
    ...changes,
    '',
    ...notes.map((note) => `- ${Report.line(note)}`),
    '',
    '## The bytes',
    '',
    `Proposal \`${proposal.id}\` for ${proposal.target} ${held.version} through ${proposal.route} on chain ${proposal.chainId}.`,
    simulatedOn === null ? '**not-simulated**: no automatic application.' : `Real contracts run in the tests: ${simulatedOn}.`,
    '',
    ...calls.flatMap(({ to, data, valueWei, operation, says }, index) => [
      `${index + 1}. ${Report.line(says)}`,
      '',
      `   ${operation === 'call' ? 'call' : '**delegate call**'} to \`${to}\`, value ${valueWei} wei, data:`,
      '',
      `   \`${data}\``,
      '',
    ]),
    ...(proposal.route === 'direct' ? [] : submit.flatMap(({ to, data }) => [`Sent to \`${to}\`:`, '', `\`${data}\``, ''])),
    ...signed('What the Safe’s owners sign', safe),
    ...signed('What the owners of the Safe that owns it sign', nested),
    ...(later === null
      ? []
      : [
          `Then, ${later.delaySeconds} s after it was scheduled as operation \`${later.id}\`, anybody sends to \`${later.submit.to}\`:`,
          '',
          `\`${later.submit.data}\``,
          '',
        ]),
    ...(message === null ? [] : ['```json', JSON.stringify(message, null, 2), '```', '']),
    '## Checks',
    '',
    '| verdict | check | |',
    '|---|---|---|',
    ...checks.map(({ verdict, name, says }) => `| ${verdict} | ${name} | ${Report.line(says)} |`),
    '',
  ].join('\n');
}

/** What the rehearsal did: whatever nobody asked for first. */
export function rehearsed({ ok, block, chainId, strays, readBack, writes, events, steps, positions }: VenueExecution): string {
  const moved = readBack.filter(({ before, wanted, after }) => before !== after || wanted !== after);
  return [
    `## On a copy of chain ${chainId} at block ${block}: ${ok ? 'as asked' : 'NOT as asked'}`,
    '',
    ...strays.map((stray) => `- **not asked for**: ${Report.line(stray)}`),
    ...(ok ? [] : ['']),
    '| value | before | wanted | after |',
    '|---|---|---|---|',
    ...moved.map(({ name, before, wanted, after }) => `| ${Report.line(name)} | ${before} | ${wanted} | ${after} |`),
    '',
    `${readBack.length} values read back, ${readBack.filter(({ before, after }) => before !== after).length} changed. ${writes.length} slots written:`,
    '',
    ...writes.map(({ contract, slot, shows }) => `- \`${contract}\` slot \`${slot}\`: ${shows ?? '**nothing that is read shows it**'}`),
    '',
    '| event | of | |',
    '|---|---|---|',
    ...events.map(({ name, contract, arguments: row }) => {
      const said = Object.entries(row).map(([key, value]) => `${key} ${value}`);
      return `| ${Report.line(name)} | ${contract} | ${Report.line(said.join(', '))} |`;
    }),
    '',
    '| step | gas |',
    '|---|---|',
    ...steps.map(({ step, gasUsed }) => `| ${Report.line(step)} | ${gasUsed} |`),
    '',
    ...health(positions),
  ].join('\n');
}

function health({ asked, newlyLiquidatable }: VenueExecution['positions']): readonly string[] {
  if (asked === 0) return ['No account was asked about.'];
  return [
    `${asked} accounts asked; ${newlyLiquidatable.length} fall below a health of 1 by this change alone:`,
    ...newlyLiquidatable.map(({ account, before, after }) => `- ${account}: ${share(before)} → ${share(after)}`),
  ];
}

/** 1e18 = 1, to four places, cut. */
function share(health: string): string {
  const digits = health.padStart(19, '0');
  return `${digits.slice(0, -18)}.${digits.slice(-18, -14)}`;
}

function signed(title: string, part: VenueProposal['safe']): readonly string[] {
  if (part === null) return [];
  const { safe, version, tx, domainHash, messageHash, hash } = part;
  return [
    `## ${title}`,
    '',
    '| | |',
    '|---|---|',
    `| Safe | \`${safe}\`, version ${version} |`,
    `| to | \`${tx.to}\` |`,
    `| operation | ${tx.operation === 0 ? 'call' : '**delegate call**'} |`,
    `| nonce | ${tx.nonce} |`,
    `| domain hash | \`${domainHash}\` |`,
    `| message hash | \`${messageHash}\` |`,
    `| SafeTx hash | \`${hash}\` |`,
    '',
    'Computed by two independent codes that agree. Compare all three with the signing device.',
    '',
  ];
}
