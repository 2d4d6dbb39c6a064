/**
 * Invented regimes, losses, accounts and findings for tests of the page.
 */
import { digest } from '../../base/id.ts';
import { PURPOSE, uniform } from '../../base/random.ts';
import { QualityFinding } from '../../datasets/panel.ts';
import { AccountImpact } from '../../tuner/stress/evidence.ts';
import type { Result } from '../../web/page.ts';

export const SEED = 7;
const LABELS = ['calm', 'normal', 'turbulent', 'crisis'];

export function regime(): Result['regime'] {
  const points = 730;
  const at: string[] = [];
  const probability: number[][] = [];
  const marketVolatilityPct: number[] = [];
  let state = 0;
  let smooth = [0.7, 0.2, 0.08, 0.02];
  for (let index = 0; index < points; index += 1) {
    at.push(new Date(Date.parse('2024-03-01T00:00:00Z') + index * 86_400_000).toISOString());
    const draw = uniform(SEED, PURPOSE.sampleMarket, 0, index, 0);
    if (draw < 0.03) state = Math.min(3, state + 1);
    else if (draw > 0.965) state = Math.max(0, state - 1);
    if (index > points - 20) state = 2;
    const raw = smooth.map(
      (share, lane) => share * 0.6 + (lane === state ? 0.4 : 0) + 0.02 * uniform(SEED, PURPOSE.sampleMarket, 1, index, lane),
    );
    const sum = raw.reduce((total, share) => total + share, 0);
    smooth = raw.map((share) => share / sum);
    probability.push(smooth);
    marketVolatilityPct.push(
      28 + smooth[1]! * 22 + smooth[2]! * 60 + smooth[3]! * 120 + 8 * uniform(SEED, PURPOSE.sampleMarket, 2, index, 0),
    );
  }
  return {
    labels: LABELS,
    now: smooth,
    expectedDurationSteps: [640, 310, 96, 31],
    stepSeconds: 3600,
    history: { at, probability },
    marketVolatilityPct,
  };
}

export function histogram(): Result['losses'] {
  const bins = 48;
  const edgesUsd = Array.from({ length: bins + 1 }, (_, index) => 10 ** (3 + (index / bins) * 4.4));
  const counts = (centre: number): number[] =>
    Array.from({ length: bins }, (_, index) =>
      Math.round(34 * Math.exp(-(((index - centre) / 11) ** 2)) + (index > centre + 16 && index % 5 === 0 ? 1 : 0)),
    );
  const side = (centre: number) => {
    const found = counts(centre);
    return { zero: 4000 - found.reduce((sum, n) => sum + n, 0), counts: found };
  };
  return { edgesUsd, before: side(22), after: side(15) };
}

export function accounts(factor: number): AccountImpact[] {
  return Array.from({ length: 20 }, (_, index) =>
    AccountImpact.parse({
      account: `0x${digest(`account ${index}`).slice(7, 47)}`,
      debtUsd: 9.1e6 / (index + 1),
      health: 1.011 + index / 90,
      liquidationProbability: Math.min(1, (0.61 * factor) / (1 + index / 6)),
      expectedBadDebtUsd: (41_000 * factor) / (index + 1),
    }),
  );
}

export function finding(asset: string, kind: string, severity: string, bars: number, says: string): QualityFinding {
  return QualityFinding.parse({ asset, kind, severity, from: '2025-08-11T04:00:00.000Z', to: '2025-08-11T13:00:00.000Z', bars, says });
}
