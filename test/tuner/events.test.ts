import { expect, it } from 'vitest';
import { leaveOneOut, type Window } from '../../tuner/backtest/events.ts';

const window = (from: string, policy: string, badDebtUsd: number, marketLow: number): Window => ({
  ...{ from, policy, badDebtUsd, marketLow },
  penaltyUsd: 10 * badDebtUsd,
});
const WINDOWS = [
  ...[window('a', 'ours', 1, 0.6), window('a', 'plain', 8, 0.6), window('a', 'other', 9, 0.6)],
  ...[window('b', 'ours', 5, 0.7), window('b', 'plain', 1, 0.7), window('b', 'other', 2, 0.7)],
  ...[window('c', 'ours', 99, 0.95), window('c', 'plain', 0, 0.95), window('c', 'other', 0, 0.95)],
];

it('shows a comparison that one week makes', () => {
  const [all, withoutA, withoutB] = leaveOneOut(WINDOWS, ['plain', 'other'], 0.67);
  expect(all).toMatchObject({ without: null, badDebtUsd: { ours: 6, plain: 9 }, penaltyUsd: { ours: 60 }, bestSimple: 'plain' });
  expect(withoutA).toMatchObject({ without: 'a', marketLow: 0.6, badDebtUsd: { ours: 5, plain: 1, other: 2 }, bestSimple: 'plain' });
  expect(withoutB).toMatchObject({ without: 'b', badDebtUsd: { ours: 1, plain: 8, other: 9 } });
  expect(leaveOneOut(WINDOWS, ['plain'], 0.67)).toHaveLength(3);
});
