/** The review page of a venue's proposal: the text, the values in the protocol's own unit, the bytes, what is signed, the checks. */
import * as Report from './report.ts';
import type { VenueProposal } from './venue-proposal.ts';

export function render(proposal: VenueProposal): string {
  const { calls, submit, safe, nested, message, notes, checks, held, becomes, simulatedOn } = proposal;
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
    ...(message === null ? [] : ['```json', JSON.stringify(message, null, 2), '```', '']),
    '## Checks',
    '',
    '| verdict | check | |',
    '|---|---|---|',
    ...checks.map(({ verdict, name, says }) => `| ${verdict} | ${name} | ${Report.line(says)} |`),
    '',
  ].join('\n');
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
