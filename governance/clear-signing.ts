/**
 * Clear signing: an ERC-7730 description of a guard's update, so that a wallet shows an attestor percent and dates in place of numbers.
 *
 * Whoever runs a guard publishes the file for its address; a wallet uses it for that contract on that chain and for no other. Every field of
 * the message is shown and none is left out: what is not shown is what an attacker changes. Source: ERC-7730, schema of version 1.
 */
import { getAddress } from 'viem';
import * as Guard from './guard.ts';

export type Field = {
  readonly path: string;
  readonly label: string;
  readonly format: Format;
  readonly params?: Readonly<Record<string, string | number>>;
};
type Format = 'raw' | 'unit' | 'date';

/** Labels of few words: the small screens cut at about twenty letters. */
export const FIELDS: readonly Field[] = [
  { path: 'asset', label: 'Asset', format: 'raw' },
  ...values('from', 'now'),
  ...values('to', 'new'),
  { path: 'price', label: 'Price of evidence', format: 'raw' },
  { path: 'evidenceRoot', label: 'Evidence root', format: 'raw' },
  { path: 'evidenceTime', label: 'Evidence of', format: 'date', params: { encoding: 'timestamp' } },
  { path: 'deadline', label: 'Void after', format: 'date', params: { encoding: 'timestamp' } },
  { path: 'nonce', label: 'Nonce', format: 'raw' },
  { path: 'epoch', label: 'Attestor set', format: 'raw' },
  { path: 'policyHash', label: 'Policy', format: 'raw' },
  { path: 'maxNewlyLiquidatable', label: 'Newly liquidatable', format: 'raw' },
];

/** The file for one guard. `owner`: whose guard it is, as the wallet names it. */
export function ofGuard({ chainId, guard }: Guard.Domain, owner: string) {
  const { domain, types, primaryType } = Guard.typedData(NOTHING, { chainId, guard });
  return {
    context: {
      eip712: {
        domain: { name: domain.name, version: domain.version },
        deployments: [{ chainId, address: getAddress(guard.toLowerCase()) }],
        schemas: [{ primaryType, types: { EIP712Domain: DOMAIN, ...types } }],
      },
    },
    metadata: { owner },
    display: {
      formats: {
        [primaryType]: {
          intent: 'Attest a change of risk parameters',
          fields: FIELDS,
          required: FIELDS.map(({ path }) => path),
        },
      },
    },
  };
}

function values(of: 'from' | 'to', when: string): readonly Field[] {
  const percent = { format: 'unit', params: { base: '%', decimals: 2 } } as const;
  return [
    { path: `${of}.ltvBps`, label: `LTV ${when}`, ...percent },
    { path: `${of}.thresholdBps`, label: `Threshold ${when}`, ...percent },
    { path: `${of}.bonusBps`, label: `Bonus ${when}`, ...percent },
    { path: `${of}.multiplierPpm`, label: `Multiplier ${when}`, format: 'unit', params: { base: 'x', decimals: 6 } },
    { path: `${of}.supplyCapTokens`, label: `Supply cap ${when}`, format: 'raw' },
    { path: `${of}.borrowCapTokens`, label: `Borrow cap ${when}`, format: 'raw' },
  ];
}

const DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const;
const ZERO: Guard.Update['asset'] = `0x${'0'.repeat(64)}`;
const NONE = Guard.byField(() => 0n);
/** Only its types are looked at. */
const NOTHING: Guard.Update = {
  ...{ asset: ZERO, from: NONE, to: NONE, price: 0n, evidenceRoot: ZERO, evidenceTime: 0n, deadline: 0n, nonce: 0n, epoch: 0n },
  ...{ policyHash: ZERO, maxNewlyLiquidatable: 0 },
};
