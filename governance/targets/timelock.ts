/** OpenZeppelin's TimelockController: decoded wherever it is met, inside a Safe or alone. Source: TimelockController.sol 5.7. */
import * as Call from './call.ts';
import type { Address, Hex } from './words.ts';

const BATCH = 'address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt';
const ONE = 'address target, uint256 value, bytes data, bytes32 predecessor, bytes32 salt';

const many: NonNullable<Call.Meaning['inner']> = ({ targets, values, payloads }) =>
  (targets as readonly Address[]).map((to, index) => ({
    to,
    valueWei: (values as readonly string[])[index] ?? '0',
    data: (payloads as readonly Hex[])[index] ?? '0x',
    operation: 'call',
  }));
const single: NonNullable<Call.Meaning['inner']> = ({ target, value, data }) => [
  { to: target as Address, valueWei: String(value), data: data as Hex, operation: 'call' },
];
const wait = ({ delay }: Call.Row): string => `not before ${delay} s have passed`;

export const TABLE = Call.table('timelock', {
  [`schedule(${ONE}, uint256 delay)`]: { says: (row) => `Schedules one call, ${wait(row)}.`, inner: single },
  [`scheduleBatch(${BATCH}, uint256 delay)`]: { says: (row) => `Schedules a batch, ${wait(row)}.`, inner: many },
  [`execute(address target, uint256 value, bytes payload, bytes32 predecessor, bytes32 salt)`]: {
    says: () => 'Executes one scheduled call.',
    inner: ({ target, value, payload }) => [{ to: target as Address, valueWei: String(value), data: payload as Hex, operation: 'call' }],
  },
  [`executeBatch(${BATCH})`]: { says: () => 'Executes a scheduled batch.', inner: many },
  'cancel(bytes32 id)': { says: ({ id }) => `Cancels the scheduled operation ${id}.` },
  'updateDelay(uint256 newDelay)': {
    says: ({ newDelay }) => `Sets the timelock's delay to ${newDelay} s.`,
    warns: () => ['Changes the delay that protects every later operation.'],
  },
});
