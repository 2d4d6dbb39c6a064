/** The default policy, and terms of a guard over WETH that go with it. */
import { readFileSync } from 'node:fs';
import type { Values } from '../../../governance/guard.ts';
import type { Terms } from '../../../governance/guard-terms.ts';
import { parsePolicy } from '../../../tuner/policy.ts';

const FILE = new URL('../../../tuner/policies/default.yaml', import.meta.url);

export const policy = parsePolicy(readFileSync(FILE, 'utf8'), 'default.yaml');

export const BASELINE: Values = {
  ltvBps: 7_500n,
  thresholdBps: 8_000n,
  bonusBps: 500n,
  multiplierPpm: 1_000_000n,
  supplyCapTokens: 0n,
  borrowCapTokens: 0n,
};

export function terms(): Terms {
  return {
    feed: '0x00000000000000000000000000000000000000fe',
    heartbeatSeconds: 3_600,
    maxPriceDeviationBps: 200,
    delaySeconds: 86_400,
    vetoCooldownSeconds: 2 * 86_400,
    affirmSeconds: 30 * 86_400,
    rampIntervalSeconds: 86_400,
    rampStepBps: 10,
    rampStepPpm: 50_000,
    baseline: BASELINE,
    corridor: { ltvBps: 3_000n, thresholdBps: 1_000n, multiplierPpm: 3_000_000n },
  };
}
