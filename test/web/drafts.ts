/**
 * Invented advice, proposal and execution for tests of the page; each is parsed by its own zod schema.
 */
import { digest, seal } from '../../base/id.ts';
import { Execution, Proposal } from '../../governance/proposal.ts';
import { Recommendation } from '../../tuner/recommendation.ts';
import { LossSummary, NamedResult } from '../../tuner/stress/evidence.ts';
import { LINES } from './lines.ts';

/** As long as they get: these must wrap on a telephone. */
const ON_CHAIN_ID = '61799271155204502694987790041026605475395972489901501374713625531114301641085';
const REFUSED = 'execute before the delay is over, refused: TimelockUnexpectedOperationState';

export const AS_OF = '2026-03-01T00:00:00.000Z';

export function advice(): Recommendation {
  const fieldOf = (from: number, to: number, asset: string, exposed: boolean) => {
    const verdict = !exposed || asset === 'CRV' ? 'abstain' : from === to ? 'hold' : 'change';
    return {
      verdict,
      reason: verdict !== 'abstain' ? null : exposed ? 'not-converged' : 'no-exposure',
      from,
      to: verdict === 'change' ? to : from,
      low: verdict === 'change' ? Math.min(from, to) : from,
      high: verdict === 'change' ? Math.max(from, to) : from,
      binding:
        verdict === 'change'
          ? 'expected shortfall at 99 % within budget'
          : verdict === 'hold'
            ? 'smallest change that matters'
            : 'nothing to judge it by',
      schedule: [],
    };
  };
  return Recommendation.parse(
    seal({
      kind: 'recommendation',
      from: ids('state', 'model', 'scenarios', 'policy', 'evidenceBefore', 'evidenceAfter'),
      asOf: AS_OF,
      expiresAt: '2026-03-04T00:00:00.000Z',
      simulated: true,
      verdict: 'change',
      assets: LINES.map((line) => {
        const fields = {
          haircutBps: fieldOf(line.haircut[0], line.haircut[1], line.asset, line.collateral > 0),
          liquidationThresholdBps: fieldOf(line.threshold[0], line.threshold[1], line.asset, line.collateral > 0),
          marginMultiplierPpm: fieldOf(line.margin[0], line.margin[1], line.asset, line.perp > 0),
        };
        const verdicts = Object.values(fields).map((field) => field.verdict);
        const verdict = verdicts.includes('change') ? 'change' : verdicts.includes('hold') ? 'hold' : 'abstain';
        const challenge = line.price === 1 ? null : { lawFall: 0.365, historyFall: 0.229, index: 0.365 / 0.229 };
        return { asset: line.asset, verdict, regime: 'turbulent', fields, because: line.because, challenge };
      }),
      before: summary(3.91e6, 31),
      after: summary(2.04e6, 9),
      namedBefore: crashes(1),
      namedAfter: crashes(0.46),
      borrowingPowerUsd: { before: 1.021e9, after: 0.994e9, used: 0.839e9 },
      evaluations: 61,
    }),
  );
}

export function proposal(recommendation: string): Proposal {
  const moves = LINES.filter((line) => line.haircut[0] !== line.haircut[1] || line.margin[0] !== line.margin[1]);
  return Proposal.parse(
    seal({
      kind: 'proposal',
      from: { recommendation, state: digest('state') },
      target: 'OpenZeppelin Governor 5 with Timelock',
      chainId: 31_337,
      governor: '0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0',
      calls: moves.map((line) => ({
        to: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
        data: `0x${digest(line.asset).slice(7)}${digest(`${line.asset} 2`).slice(7)}`,
        valueWei: '0',
        decoded: {
          function: 'setRiskParameters(address,uint16,uint16,uint16,uint32)',
          arguments: { asset: line.asset, haircutBps: String(line.haircut[1]), liquidationThresholdBps: String(line.threshold[1]) },
        },
        says: `${line.asset}: haircut ${line.haircut[0]} → ${line.haircut[1]} bps, threshold ${line.threshold[1]} bps, margin multiplier ${line.margin[1] / 1e6}×`,
      })),
      description: '# Load lines of 2026-03-01\n\nA fixture for tests of the page, not advice.',
      descriptionHash: `0x${digest('description').slice(7)}`,
      onChainId: ON_CHAIN_ID,
      evidenceRoot: digest('root'),
      checks: [
        { name: 'inside policy', verdict: 'pass', says: 'every move within range, step, cooldown and budget' },
        { name: 'decoded again', verdict: 'pass', says: 'an independent decoder reads the same values' },
        { name: 'id-twice', verdict: 'pass', says: `Two encoders give the proposal the id ${ON_CHAIN_ID}.` },
        { name: 'evidence-root', verdict: 'pass', says: `Text and call data both name ${digest('root')}.` },
        { name: 'newly liquidatable', verdict: 'warn', says: '1 account, $4.1 k debt; the limit is 2' },
        { name: 'bonus fits', verdict: 'pass', says: 'threshold × (1 + bonus) ≤ 1 − buffer for all assets' },
      ],
      expiresAt: '2026-03-04T00:00:00.000Z',
    }),
  );
}

export function execution(proposalId: string): Execution {
  return Execution.parse(
    seal({
      kind: 'execution',
      from: { proposal: proposalId },
      chainId: 31_337,
      rehearsal: true,
      steps: ['propose', 'vote', 'queue', REFUSED, 'execute'].map((step, index) => ({
        step,
        transaction: `0x${digest(step).slice(7)}`,
        block: String(14 + index * 3),
        gasUsed: String(3_091_000 + index * 40_120),
      })),
      readBack: LINES.flatMap((line) => [
        {
          asset: line.asset,
          field: 'haircutBps',
          before: String(line.haircut[0]),
          wanted: String(line.haircut[1]),
          after: String(line.haircut[1]),
          matches: true,
        },
        {
          asset: line.asset,
          field: 'marginMultiplierPpm',
          before: String(line.margin[0]),
          wanted: String(line.margin[1]),
          after: String(line.margin[1]),
          matches: true,
        },
      ]),
      ok: true,
    }),
  );
}

function summary(expectedShortfallUsd: number, overBudgetPaths: number): LossSummary {
  return LossSummary.parse({
    paths: 4000,
    meanUsd: expectedShortfallUsd * 0.03,
    meanStandardErrorUsd: expectedShortfallUsd * 0.003,
    level: 0.99,
    valueAtRiskUsd: expectedShortfallUsd * 0.52,
    expectedShortfallUsd,
    expectedShortfallStandardErrorUsd: expectedShortfallUsd * 0.07,
    worstUsd: expectedShortfallUsd * 6.1,
    budgetUsd: 2.5e6,
    overBudgetPaths,
    overBudgetProbability: overBudgetPaths / 4000,
    overBudgetProbabilityUpper: (overBudgetPaths + 4) / 4000,
    meanLiquidatedUsd: expectedShortfallUsd * 4.4,
    meanPenaltyUsd: expectedShortfallUsd * 0.21,
    meanLiquidatedAccounts: expectedShortfallUsd / 9e5,
    meanMarginShortfallUsd: expectedShortfallUsd * 0.004,
    meanDeleveragedUsd: 0,
  });
}

function crashes(factor: number): NamedResult[] {
  const table: readonly (readonly [string, number, number])[] = [
    ['March 2020, two days', 21.3e6, 1.9e6],
    ['May 2021, leverage out', 9.2e6, 0.6e6],
    ['LUNA, May 2022', 6.1e6, 0.4e6],
    ['FTX, November 2022', 3.4e6, 0.2e6],
    ['Oracle frozen for four hours', 12.8e6, 0],
    ['Stablecoin at 0.88', 0, 0],
  ];
  return table.map(([name, badDebt, shortfall]) =>
    NamedResult.parse({
      name,
      badDebtUsd: badDebt * factor,
      liquidatedUsd: badDebt * 9,
      penaltyUsd: badDebt * 0.4,
      liquidatedAccounts: badDebt / 2e5,
      marginShortfallUsd: shortfall * factor,
      deleveragedUsd: 0,
    }),
  );
}

function ids(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}
