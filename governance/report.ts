/**
 * Report: a proposal in words. `describe` is the text that goes on chain (its hash is part of the id); `render` is the page
 * of the bundle that a reviewer reads, with the bytes, the checks and what the rehearsal did.
 *
 * Every number comes from an artifact; none is typed here. Formatting is done by hand: no locale, same bytes everywhere.
 */
import type { Id } from '../base/id.ts';
import type { ProtocolState } from '../datasets/state.ts';
import type { AssetAdvice, Recommendation } from '../tuner/recommendation.ts';
import type { LossSummary, NamedResult } from '../tuner/stress/evidence.ts';
import type { Execution, Proposal } from './proposal.ts';
import * as Registry from './targets/registry.ts';

export type Shown = { readonly asset: string; readonly parameter: string; readonly now: string; readonly proposed: string };
export type Described = {
  readonly recommendation: Recommendation;
  readonly state: ProtocolState;
  readonly rehearsal: boolean;
  readonly evidenceRoot: Id;
  /** Every changed parameter, assets in the order in which they are explained. */
  readonly rows: readonly Shown[];
  /** What happens where the chain is not as it was, and other terms of the contracts; one line each. */
  readonly terms: readonly string[];
  /** Whether the contracts know evidence and expiry, or only this text does. */
  readonly bound: 'by-contract' | 'by-text';
};

export function describe({ recommendation, state, rehearsal, evidenceRoot, rows, terms, bound }: Described): string {
  const simulated = recommendation.simulated || state.simulated;
  const known = assumptions(state);
  const assets = [...new Set(rows.map(({ asset }) => asset))];
  return [
    `# Risk parameters of ${line(state.protocol)}: ${assets.length === 1 ? '1 asset' : `${assets.length} assets`}, state of ${state.asOf}`,
    ...(simulated ? ['', '**SIMULATED**: market or book come from the built-in simulator. Not advice about a real protocol.'] : []),
    ...(rehearsal ? ['', '**REHEARSAL**: drafted for a local node, not for a public chain.'] : []),
    '',
    '## What changes',
    '',
    '| asset | parameter | now | proposed |',
    '|---|---|---|---|',
    ...rows.map(({ asset, parameter, now, proposed }) => `| ${asset} | ${parameter} | ${now} | ${proposed} |`),
    '',
    ...terms.map(line),
    '',
    '## Why',
    '',
    ...assets.map((asset) => why(recommendation.assets.find((advice) => advice.asset === asset)!)),
    '',
    '## If nothing is done',
    '',
    ...doNothing(recommendation),
    '',
    '## What was not changed',
    '',
    ...held(recommendation),
    '',
    '## Evidence and how to check it',
    '',
    `Evidence root: \`${evidenceRoot}\` (Merkle root over inputs, model, seed and the loss of every single path).`,
    '',
    `1. \`plimsoll verify <bundle>\` re-runs the bundle and must arrive at this root.`,
    `2. \`plimsoll decode <call data>\` must show the table above${bound === 'by-contract' ? '; the registry names the same root in its event' : ''}.`,
    `3. Advice ${recommendation.id} of ${recommendation.asOf}, void after ${recommendation.expiresAt}${bound === 'by-contract' ? ', on chain too' : ': the contracts do not know that, people have to'}.`,
    ...(known.length === 0 ? [] : ['', '## What the book rests on', '', ...known]),
  ].join('\n');
}

/** The registry's changes as rows, and what its contract promises. */
export function ofRegistry(changes: readonly Registry.Change[]): Pick<Described, 'rows' | 'terms' | 'bound'> {
  const rows = changes.flatMap(({ asset, from, to }) =>
    Registry.FIELDS.filter((field) => from[field] !== to[field]).map((field) => ({
      asset,
      parameter: Registry.label(field),
      now: Registry.show(field, from[field]),
      proposed: Registry.show(field, to[field]),
    })),
  );
  const promise = 'All or nothing: if any value on chain is no longer the one in column “now”, the whole update reverts.';
  return { rows, terms: [`LTV = 100 % − haircut. ${promise}`], bound: 'by-contract' };
}

/** The review page. `execution` is shown where a rehearsal was run. */
export function render(proposal: Proposal, execution?: Execution): string {
  return [
    proposal.description,
    '',
    '---',
    '',
    '## The bytes',
    '',
    `Proposal \`${proposal.id}\` for the Governor ${proposal.governor} on chain ${proposal.chainId}.`,
    `On-chain id: \`${proposal.onChainId}\`; description hash: \`${proposal.descriptionHash}\`.`,
    '',
    ...proposal.calls.flatMap(({ to, data, valueWei, says }, index) => [
      `${index + 1}. ${line(says)}`,
      '',
      `   to \`${to}\`, value ${valueWei} wei, data:`,
      '',
      `   \`${data}\``,
      '',
    ]),
    '## Checks',
    '',
    '| verdict | check | |',
    '|---|---|---|',
    ...proposal.checks.map(({ verdict, name, says }) => `| ${verdict} | ${name} | ${line(says)} |`),
    ...(execution === undefined ? [] : executed(execution)),
    '',
  ].join('\n');
}

function why({ asset, because }: AssetAdvice): string {
  return `- **${asset}**: ${line(because)}`;
}

function doNothing({ before, after, namedBefore, namedAfter }: Recommendation): string[] {
  const row = (name: string, pick: (summary: LossSummary) => string) => `| ${name} | ${pick(before)} | ${pick(after)} |`;
  return [
    `Over ${before.paths} simulated paths, the same ones for both columns:`,
    '',
    '| | nothing done | as proposed |',
    '|---|---|---|',
    row('mean loss', ({ meanUsd, meanStandardErrorUsd }) => `${usd(meanUsd)} ± ${usd(meanStandardErrorUsd)}`),
    row(
      `expected shortfall at ${percent(before.level)}`,
      ({ expectedShortfallUsd, expectedShortfallStandardErrorUsd }) =>
        `${usd(expectedShortfallUsd)} ± ${usd(expectedShortfallStandardErrorUsd)}`,
    ),
    row('worst path', ({ worstUsd }) => usd(worstUsd)),
    row(`chance of a loss above ${usd(before.budgetUsd)}, 95 % upper bound`, ({ overBudgetProbabilityUpper }) =>
      percent(overBudgetProbabilityUpper),
    ),
    row('mean debt liquidated', ({ meanLiquidatedUsd }) => usd(meanLiquidatedUsd)),
    row('mean penalty paid by borrowers', ({ meanPenaltyUsd }) => usd(meanPenaltyUsd)),
    ...worstNamed(namedBefore, namedAfter),
  ];
}

/** The named scenario that costs most if nothing is done. */
function worstNamed(before: readonly NamedResult[], after: readonly NamedResult[]): string[] {
  const loss = ({ badDebtUsd, marginShortfallUsd }: NamedResult) => badDebtUsd + marginShortfallUsd;
  const worst = before.reduce<NamedResult | undefined>(
    (most, next) => (most === undefined || loss(next) > loss(most) ? next : most),
    undefined,
  );
  const twin = after.find(({ name }) => name === worst?.name);
  return worst === undefined || twin === undefined
    ? []
    : [`| named scenario “${line(worst.name)}” | ${usd(loss(worst))} | ${usd(loss(twin))} |`];
}

function held({ assets }: Recommendation): string[] {
  const kept = assets.flatMap(({ asset, fields }) =>
    Object.entries(fields)
      .filter(([, { verdict }]) => verdict !== 'change')
      .map(([field, { verdict, reason }]) => ({ asset, says: `${Registry.label(field as Registry.RegistryField)}: ${reason ?? verdict}` })),
  );
  const reasons = [...new Set(kept.map(({ says }) => says))].sort();
  if (reasons.length === 0) return ['Every field of every asset moves.'];
  return reasons.map(
    (reason) =>
      `- ${reason}: ${kept
        .filter(({ says }) => says === reason)
        .map(({ asset }) => asset)
        .join(', ')}`,
  );
}

/** What a reader must know about the book before believing a number made from it. */
function assumptions({ waivers, notes, setAside }: ProtocolState): string[] {
  return [
    ...notes.map((note) => `- ${line(note)}`),
    ...setAside.slice(0, 1).map(() => `- ${setAside.length} accounts were set aside by a stated rule; the state lists them.`),
    ...waivers.map(({ subject, kind, reason }) => `- Waived: ${line(subject)} (${line(kind)}): ${line(reason)}`),
  ];
}

function executed({ ok, rehearsal, steps, readBack }: Execution): string[] {
  const astray = readBack.filter(({ matches }) => !matches);
  return [
    '',
    `## ${rehearsal ? 'Rehearsal on a local node' : 'Execution'}: ${ok ? 'as intended' : 'NOT as intended'}`,
    '',
    '| step | block | gas |',
    '|---|---|---|',
    ...steps.map(({ step, block, gasUsed }) => `| ${line(step)} | ${block} | ${gasUsed} |`),
    '',
    `${readBack.length} values read back, ${readBack.filter(({ before, after }) => before !== after).length} changed, ${astray.length} other than wanted.`,
    ...astray.map(({ asset, field, wanted, after }) => `- ${asset} ${field}: wanted ${wanted}, holds ${after}`),
  ];
}

/** Text from data on one line of a table or a list: no line breaks, pipes, or markup that could draw something else. */
export function line(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]+/g, ' ').replace(/[\\|<>`[\]]/g, (sign) => `\\${sign}`);
}

function usd(value: number): string {
  const [unit, name] = value >= 1e9 ? [1e9, ' bn'] : value >= 1e6 ? [1e6, ' m'] : value >= 1e3 ? [1e3, ' k'] : [1, ''];
  return `$${(value / unit).toFixed(unit === 1 ? 0 : 2)}${name}`;
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(2)} %`;
}
