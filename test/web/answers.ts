/** Answers about a finished run for tests of the page: invented figures, parsed by the server's own schemas before they are served. */
import { digest } from '../../base/id.ts';
import { Explanation } from '../../tuner/explanation/explanation.ts';
import { Judgement, type Setting } from '../../tuner/explanation/setting.ts';
import { says, USUAL } from '../../tuner/explanation/what-if.ts';
import { Regret, trackRecord } from '../../tuner/regret.ts';
import { AS_OF, advice } from './drafts.ts';
import { accounts } from './market.ts';

const tail = (expectedShortfallUsd: number) => ({ valueAtRiskUsd: 0, expectedShortfallUsd, standardErrorUsd: expectedShortfallUsd / 4 });

export function explanation(against: boolean): Explanation {
  const { id, assets, before } = advice();
  return Explanation.parse({
    recommendation: id,
    from: advice().from,
    paths: 1_024,
    level: before.level,
    budgetUsd: before.budgetUsd,
    advised: tail(2.9e6),
    derivations: assets.flatMap(({ asset, fields }) =>
      Object.entries(fields).map(([field, own]) => ({
        ...own,
        asset,
        field,
        law: null,
        depthSays: 'fixture',
        without: own.from === own.to ? null : tail(3.3e6),
      })),
    ),
    sensitivities: USUAL.map((whatIf, index) => ({ ...whatIf, says: says(whatIf), tail: tail(1e6 * (index + 1)) })),
    attribution: against
      ? {
          paths: 1_024,
          seed: 7,
          level: before.level,
          fromUsd: tail(2e6),
          toUsd: tail(2.9e6),
          byDriver: { volatility: 1.4e6, correlation: 0.2e6, tails: 0, depth: -0.9e6, oracle: 0, book: 0.3e6, parameters: -0.1e6 },
          evaluations: 128,
        }
      : null,
    worst: [{ path: 2_722, lossUsd: 45.3e6, weight: 0.02, beforeUsd: 46.4e6, falls: [{ asset: 'ETH', low: 0.27 }] }],
    accounts: accounts(0.4).slice(0, 10),
    newlyLiquidatable: [],
  });
}

/** More lent, more lost: a line through the asked haircuts. `asset` WBTC breaks the gap. */
export function judgement(setting: Setting): Judgement {
  const moved = setting.changes.reduce((sum, { haircutBps }) => sum + (haircutBps === undefined ? 0 : 10_000 - haircutBps), 0);
  const judged = (expectedShortfallUsd: number, borrowingPowerUsd: number) => ({
    badDebtUsd: expectedShortfallUsd / 90,
    badDebtStandardErrorUsd: expectedShortfallUsd / 400,
    expectedShortfallUsd,
    expectedShortfallStandardErrorUsd: expectedShortfallUsd / 5,
    overBudgetProbability: 0.002,
    overBudgetProbabilityUpper: 0.004,
    liquidatedUsd: 9e6,
    penaltyUsd: 4e5,
    borrowingPowerUsd,
  });
  const broken = setting.changes.filter(({ asset }) => asset === 'WBTC');
  return Judgement.parse({
    recommendation: advice().id,
    paths: setting.paths,
    level: 0.99,
    budgetUsd: 4e6,
    asked: judged(3e6 + 100 * moved, 6.5e8 + 1e4 * moved),
    advised: judged(3e6, 6.5e8),
    today: judged(3.4e6, 6.6e8),
    change: {
      badDebtUsd: moved,
      badDebtStandardErrorUsd: moved / 3,
      expectedShortfallUsd: 100 * moved,
      expectedShortfallStandardErrorUsd: 20 * moved,
      borrowingPowerUsd: 1e4 * moved,
    },
    newlyLiquidatable: broken.length,
    broken: broken.map(({ asset }) => ({ asset, field: null, binding: 'gap', says: 'LTV 9000 + gap 100 is above the threshold 8000' })),
  });
}

export function regrets() {
  const outcome = { liquidatedUsd: 2e5, penaltyUsd: 1.2e4, badDebtUsd: 0, marginShortfallUsd: 0, liquidatedAccounts: 4 };
  const entry = (name: string, startsAt: string, lossUsd: number, complete: boolean) => {
    const forecast = {
      level: 0.99,
      valueAtRiskUsd: 0,
      expectedShortfallUsd: 4e5,
      standardErrorUsd: 5e4,
      upperUsd: 5e5,
      outcomeUsd: lossUsd,
      inside: lossUsd <= 5e5,
      beyondValueAtRisk: lossUsd > 0,
    };
    const id = digest(name);
    return Regret.parse({
      kind: 'regret',
      id,
      from: { recommendation: id, state: id, model: id, scenarios: id, panel: id },
      kernel: id,
      simulated: true,
      protocol: 'Test fixture, not a run',
      verdict: 'change',
      startsAt,
      endsAt: AS_OF,
      horizonSeconds: 172_800,
      complete,
      budgetUsd: 9e5,
      advised: { ...outcome, lossUsd, borrowingPowerUsd: 6.5e8 },
      inForce: { ...outcome, lossUsd, borrowingPowerUsd: 6.6e8 },
      hindsight: 'in-force',
      regret: { lossUsd: 0, liquidatedUsd: 0, penaltyUsd: 0, borrowingPowerUsd: 1e7 },
      forecast: { advised: forecast, inForce: forecast },
    });
  };
  const entries = [
    entry('a', '2026-02-27T00:00:00.000Z', 0, false),
    entry('b', '2026-02-20T00:00:00.000Z', 0, true),
    entry('c', '2026-02-13T00:00:00.000Z', 7e5, true),
  ];
  return { entries, trackRecord: trackRecord(entries) };
}
