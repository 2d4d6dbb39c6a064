/**
 * The short names in the advice, in words: what bound a value, why nothing is said. A name not known here is shown as it came.
 */
import { sentence } from './format.ts';
import type { AssetAdvice, FieldAdvice, FieldName } from './page.ts';

export const FIELDS: readonly FieldName[] = ['haircutBps', 'liquidationThresholdBps', 'marginMultiplierPpm'];

export const FIELD_LABEL: Readonly<Record<FieldName, string>> = {
  haircutBps: 'LTV',
  liquidationThresholdBps: 'Threshold',
  marginMultiplierPpm: 'Margin ×',
};

const BINDING: Readonly<Record<string, string>> = {
  min: 'at the least value the policy allows',
  max: 'at the largest value the policy allows',
  step: 'less than one step of the policy',
  'max-loosen': 'the largest single loosening the policy allows',
  'max-tighten': 'the largest single tightening the policy allows',
  cooldown: 'the cooldown since the last change has not passed',
  gap: 'the gap between LTV and threshold',
  'bonus-exact': 'threshold × (1 + bonus) must stay under 1',
  'bonus-on-chain': 'threshold × (1 + bonus) must stay under 1',
  'bonus-buffer': 'threshold × (1 + bonus) must leave the policy’s buffer',
  'expected-shortfall': 'expected shortfall against the budget',
  'over-budget-probability': 'the chance of losing more than the budget',
  'newly-liquidatable': 'further, the change itself would liquidate more accounts than the policy allows',
  'through-the-cycle': 'set through the cycle, not by today’s regime',
  'small-exposure': 'too small a part of the book to move it',
  'joint-constraints': 'needed to satisfy LTV, threshold and bonus together',
  'switched-off': 'not accepted as collateral under its own parameters',
};

const REASON: Readonly<Record<string, string>> = {
  'not-converged': 'fit did not converge',
  'too-little-history': 'too little history',
  'stale-data': 'stale data',
  'poisoned-data': 'poisoned data',
  'models-disagree': 'models disagree',
  'no-exposure': 'no exposure',
  'policy-contradiction': 'policy contradicts itself',
  unreachable: 'out of reach',
  'not-in-panel': 'no price series',
};

export function binding(name: string): string {
  const window = /^budget-(.+)$/.exec(name)?.[1];
  return window === undefined ? (BINDING[name] ?? name) : `the policy’s budget of changes over ${window}`;
}

export function reason(name: string): string {
  return REASON[name] ?? name.replaceAll('-', ' ');
}

/** What bound the values that move; where none moves, what holds them. The whole sentence is in the details. */
export function why(line: AssetAdvice): string {
  const told = FIELDS.filter((name) => line.fields[name].verdict === line.verdict);
  const said = new Map<string, string[]>();
  for (const name of told) {
    const text = words(line.fields[name]);
    said.set(text, [...(said.get(text) ?? []), FIELD_LABEL[name]]);
  }
  const parts = [...said].map(([text, names]) => (said.size === 1 ? text : `${names.join(', ')}: ${text}`));
  return parts.length === 0 ? line.because : sentence(parts.join('; '));
}

function words(field: FieldAdvice): string {
  const bound = binding(field.binding);
  if (field.verdict === 'change')
    return field.reason === null
      ? bound
      : `${bound}; ${field.reason === 'unreachable' ? 'the budget stays out of reach' : reason(field.reason)}`;
  return field.verdict === 'abstain' && field.reason !== null ? `${reason(field.reason)}: ${bound}` : bound;
}
