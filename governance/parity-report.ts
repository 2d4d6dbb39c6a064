/** The page of a parity: do two ways write the same, what each passes, how long each takes, who may stop it. */
import type { Parity, Way } from './guard-parity.ts';
import { line } from './report.ts';

export function render({ agree, block, chainId, compared, rows, guard, governance }: Parity): string {
  const title = agree ? `the guard and governance write the same` : '**the guard and governance differ**';
  return [
    `## On two copies of chain ${chainId} at block ${block}: ${title}`,
    '',
    `${compared} values compared to the bit, those nobody asked to move included; below are those that move or differ.`,
    '',
    '| value | now | signed for the guard | proposed to governance | held after the guard | held after governance | |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ name, before, wanted, held, equal }) =>
        `| ${line(name)} | ${before} | ${wanted.guard} | ${wanted.governance} | ${held.guard} | ${held.governance} | ${equal ? 'same' : '**differs**'} |`,
    ),
    '',
    '| | guard | governance |',
    '|---|---|---|',
    `| went through | ${went(guard)} | ${went(governance)} |`,
    `| from sending to the last write | ${days(guard)} | ${days(governance)} |`,
    `| transactions, gas | ${guard.transactions}, ${guard.gasUsed} | ${governance.transactions}, ${governance.gasUsed} |`,
    `| gates open | ${open(guard)} | ${open(governance)} |`,
    `| who can stop it | ${guard.stops.map(line).join('; ')} | ${governance.stops.map(line).join('; ')} |`,
    '',
    ...shut('guard', guard),
    ...shut('governance', governance),
  ].join('\n');
}

function went({ refused }: Way): string {
  return refused === null ? 'yes' : `no: ${line(refused)}`;
}

function days({ delaySeconds }: Way): string {
  return delaySeconds < 3_600 ? `${delaySeconds} s` : `${(delaySeconds / 3_600).toFixed(1)} h`;
}

function open({ gates }: Way): string {
  return `${gates.filter((one) => one.open).length} of ${gates.length}`;
}

function shut(who: string, { gates }: Way): readonly string[] {
  return gates.filter((one) => !one.open).map(({ gate, says }) => `- ${who}, ${line(gate)}: ${line(says)}`);
}
