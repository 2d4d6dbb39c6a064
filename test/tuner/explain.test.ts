import { expect, test } from 'vitest';
import { because } from '../../tuner/explain.ts';
import type { FieldAdvice } from '../../tuner/recommendation.ts';
import type { LossSummary } from '../../tuner/stress/evidence.ts';
import * as Book from '../stress/fixture.ts';

const held: FieldAdvice = { verdict: 'hold', reason: null, from: 0, to: 0, low: 0, high: 0, binding: '', schedule: [] };
const summary = (expectedShortfallUsd: number): LossSummary => ({
  paths: 1,
  meanUsd: 0,
  meanStandardErrorUsd: 0,
  level: 0.99,
  valueAtRiskUsd: 0,
  expectedShortfallUsd,
  expectedShortfallStandardErrorUsd: 0,
  worstUsd: 0,
  budgetUsd: 800_000,
  overBudgetPaths: 0,
  overBudgetProbability: 0,
  overBudgetProbabilityUpper: 0,
  meanLiquidatedUsd: 0,
  meanPenaltyUsd: 0,
  meanLiquidatedAccounts: 0,
  meanMarginShortfallUsd: 0,
  meanDeleveragedUsd: 0,
});

test('one sentence made of the numbers that decided', () => {
  const fields = {
    haircutBps: {
      ...held,
      verdict: 'change' as const,
      from: 1950,
      to: 2100,
      low: 2025,
      high: 2100,
      binding: 'max-tighten',
      schedule: [2200],
      scheduleAt: ['2024-01-08T00:00:00.000Z'],
    },
    liquidationThresholdBps: { ...held, from: 8300, to: 8300, binding: 'through-the-cycle' },
    marginMultiplierPpm: {
      ...held,
      verdict: 'abstain' as const,
      reason: 'no-exposure' as const,
      from: 1e6,
      to: 1e6,
      binding: 'nobody holds it',
    },
  };
  const row = Book.asset('A00');
  const reasons = { model: Book.model(1), row, regime: 'normal', fields, before: summary(1_200_000), after: summary(750_000) };
  expect(because(reasons)).toBe(
    'Volatility 4.4 % a day, long run 4.0 %; volume $100.00m a day; ' +
      'LTV 80.50 % → 79.00 %, then 78.00 % from 2024-01-08 (max-tighten, [79.00 %, 79.75 %] cannot be told apart); ' +
      'threshold 83.00 % holds (through-the-cycle); margin × not judged (no-exposure: nobody holds it); ' +
      "book's expected shortfall at 99 % $1.20m → $750.0k of $800.0k allowed; regime normal (70 %).",
  );
});

test('one reason where nothing could be judged', () => {
  const stale: FieldAdvice = { ...held, verdict: 'abstain', reason: 'stale-data', binding: 'the model is 9 days old' };
  const fields = { haircutBps: stale, liquidationThresholdBps: stale, marginMultiplierPpm: stale };
  const reasons = { model: Book.model(1), row: Book.asset('A00'), regime: 'normal', fields, before: summary(0), after: summary(0) };
  expect(because(reasons)).toBe('No advice (stale-data): the model is 9 days old.');
});
