/**
 * A page for tests only: invented figures in the exact shapes of the seam types, so that the page can be looked at and
 * measured without a run. Every artifact in it is parsed by its own zod schema before it is served.
 */
import { digest, seal } from '../../base/id.ts';
import { PURPOSE, uniform } from '../../base/random.ts';
import { QualityFinding } from '../../datasets/panel.ts';
import { RiskParameters } from '../../datasets/state.ts';
import { Execution, Proposal } from '../../governance/proposal.ts';
import { ForecasterVerdict } from '../../models/market.ts';
import { Recommendation } from '../../tuner/recommendation.ts';
import { AccountImpact, LossSummary, NamedResult } from '../../tuner/stress/evidence.ts';
import type { Page, Result, Run, Step } from '../../web/page.ts';

const SEED = 7;
const AS_OF = '2026-03-01T00:00:00.000Z';
const LABELS = ['calm', 'normal', 'turbulent', 'crisis'];

type Row = {
  asset: string;
  price: number;
  collateral: number;
  debt: number;
  perp: number;
  haircut: readonly [number, number];
  threshold: readonly [number, number];
  margin: readonly [number, number];
  used: number | null;
  because: string;
};

const ROWS: readonly Row[] = [
  row(
    'WETH',
    3120.5,
    412e6,
    88e6,
    61e6,
    [1950, 2100],
    [8300, 8300],
    [1e6, 1.25e6],
    5480,
    'depth fell 41 % in the turbulent regime; crisis correlation with WBTC 0.93',
  ),
  row(
    'WBTC',
    67110,
    288e6,
    21e6,
    74e6,
    [2700, 2700],
    [7800, 7800],
    [1e6, 1.1e6],
    4410,
    'margin shortfall on two of four named crashes comes from short accounts in this asset',
  ),
  row(
    'wstETH',
    3655.1,
    301e6,
    2e6,
    0,
    [2150, 2300],
    [8100, 8000],
    [1e6, 1e6],
    6620,
    'loops against WETH unwind into 0.9 days of volume; half a point lower costs 1.1 % of borrowing power',
  ),
  row('USDC', 1, 96e6, 402e6, 0, [2500, 2500], [7800, 7800], [1e6, 1e6], 3120, 'no path in the tail runs through this asset'),
  row('USDT', 1, 41e6, 217e6, 0, [2500, 2500], [7800, 7800], [1e6, 1e6], 2980, 'no path in the tail runs through this asset'),
  row(
    'DAI',
    1,
    33e6,
    96e6,
    0,
    [2300, 2300],
    [8000, 8000],
    [1e6, 1e6],
    3350,
    'held by the budget: moving it changes expected shortfall by less than its standard error',
  ),
  row(
    'LINK',
    17.42,
    58e6,
    6e6,
    9e6,
    [3400, 3700],
    [6800, 6700],
    [1e6, 1.3e6],
    3790,
    '12 % of supply sits in three accounts; liquidation sells 2.4 days of volume',
  ),
  row(
    'AAVE',
    241.7,
    44e6,
    3e6,
    4e6,
    [3500, 3500],
    [7300, 7300],
    [1e6, 1e6],
    3010,
    'the cooldown of 7 days since the last change has not passed',
  ),
  row(
    'UNI',
    9.81,
    19e6,
    2e6,
    3e6,
    [3500, 3800],
    [7000, 6900],
    [1e6, 1.2e6],
    3600,
    'tail index 0.31 in the lower tail; the depth assumption binds first',
  ),
  row(
    'CRV',
    0.61,
    8e6,
    1e6,
    2e6,
    [4500, 4500],
    [5500, 5500],
    [1e6, 1e6],
    3900,
    'fit of the volatility did not converge; nothing is said about what cannot be measured',
  ),
  row(
    'SOL',
    178.2,
    0,
    0,
    38e6,
    [10_000, 10_000],
    [0, 0],
    [1e6, 1.15e6],
    null,
    'perpetuals only; two accounts hold 61 % of the open interest',
  ),
  row(
    'ARB',
    0.94,
    6e6,
    1e6,
    1e6,
    [4200, 4200],
    [6300, 6300],
    [1e6, 1e6],
    3400,
    'inconclusive: the interval of the best value contains today’s',
  ),
];

export function row(
  asset: string,
  price: number,
  collateral: number,
  debt: number,
  perp: number,
  haircut: readonly [number, number],
  threshold: readonly [number, number],
  margin: readonly [number, number],
  used: number | null,
  because: string,
): Row {
  return { asset, price, collateral, debt, perp, haircut, threshold, margin, used, because };
}

export function donePage(): Page {
  const result = finished();
  return { version: '0.1.0', run: { ...runOf('done'), id: result.runId }, result };
}

export function runOf(status: Run['status'], at = 0): Run {
  const names: readonly (readonly [string, string, number])[] = [
    ['align', 'prices and volumes on one even grid', 1.1],
    ['state', 'accounts, parameters and depth at one block', 0.4],
    ['fit', 'volatility, regimes, correlation, tails, forecaster', 11.2],
    ['plan', 'a recipe for 4,000 paths and the named crashes', 0.1],
    ['stress', 'what would happen to the book today', 2.3],
    ['tune', 'haircut, threshold and margin within the policy', 12.8],
    ['draft', 'the calls, decoded and checked', 0.2],
    ['rehearse', 'propose, vote, queue and execute on a local chain', 4.9],
  ];
  const steps = names.map(([step, says, estimateSeconds], index): Step => {
    const state = status === 'done' || index < at ? 'done' : index === at ? (status === 'failed' ? 'failed' : 'running') : 'waiting';
    const seconds = state === 'done' ? estimateSeconds : state === 'waiting' ? 0 : estimateSeconds * 0.4;
    return { step, says, state, share: state === 'done' ? 1 : state === 'waiting' ? 0 : 0.4, seconds, estimateSeconds };
  });
  return {
    id: 'run-1',
    status,
    startedAt: AS_OF,
    finishedAt: status === 'done' ? '2026-03-01T00:00:33.000Z' : null,
    steps,
    error:
      status !== 'failed'
        ? null
        : {
            type: 'Files.BadNumberError',
            title: 'Files.BadNumberError',
            status: 422,
            detail: 'prices.csv:17:close: Got "n/a"; needed a positive number. Remove the row or leave the field empty.',
            got: '"n/a"',
            needed: 'a positive number',
            where: 'prices.csv, line 17, column close',
            fix: 'Remove the row or leave the field empty; an empty field is a gap and is reported as one.',
          },
  };
}

function finished(): Result {
  const recommendation = advice();
  const drafted = proposal(recommendation.id);
  return {
    runId: 'run-1',
    simulated: true,
    asOf: AS_OF,
    protocol: 'Test fixture, not a run',
    bundle: { id: digest('bundle'), path: '.plimsoll/bundles/5f1c2a90d3' },
    verifyCommand: 'npx plimsoll verify .plimsoll/bundles/5f1c2a90d3',
    panel: { startsAt: '2024-03-01T00:00:00.000Z', length: 17_520, stepSeconds: 3600, assets: 12, sources: ['sample:7'] },
    book: { lendingAccounts: 480, derivativeAccounts: 100, collateralUsd: 1.306e9, debtUsd: 839e6, insuranceFundUsd: 4.2e6 },
    scenarios: { seed: SEED, paths: 4000, steps: 48, stepSeconds: 3600 },
    recommendation,
    assets: ROWS.map((line) => ({
      asset: line.asset,
      panelAsset: line.price === 1 ? null : line.asset.replace('W', ''),
      priceUsd: line.price,
      collateralUsd: line.collateral,
      debtUsd: line.debt,
      perpGrossUsd: line.perp,
      dailyVolumeUsd: line.collateral * 0.8 + 2e6,
      usedLtvBps: line.used,
      annualVolatilityPct: line.price === 1 ? null : 71.4,
      parameters: RiskParameters.parse({
        haircutBps: line.haircut[0],
        liquidationThresholdBps: line.threshold[0],
        liquidationBonusBps: 500,
        marginMultiplierPpm: line.margin[0],
        supplyCapTokens: null,
        borrowCapTokens: null,
      }),
    })),
    regime: regime(),
    losses: histogram(),
    accountsBefore: accounts(1),
    accountsAfter: accounts(0.4),
    proposal: drafted,
    execution: execution(drafted.id),
    quality: [
      finding('CRV', 'gap', 'warning', 9, '9 bars missing; masked, not filled'),
      finding('UNI', 'spike-reverted', 'warning', 1, 'close 14.2 between 9.8 and 9.9; the bar is masked'),
      finding('ARB', 'zero-volume', 'note', 31, '31 bars without trades'),
    ],
    excluded: [],
    left: [{ asset: 'CRV', says: 'GJR did not converge in 400 evaluations' }],
    waivers: [],
    notes: ['Collateral split by the proportional rule, seed 7.', 'Depth of ARB and UNI is a declared assumption, not fitted.'],
    setAside: { accounts: 12, debtUsd: 3.1e6 },
    fits: ROWS.map((line) => ({
      model: 'gjr-t',
      subject: line.asset,
      observations: 17_519,
      converged: line.asset !== 'CRV',
      warnings: line.asset === 'ARB' ? ['ν is on its bound'] : [],
    })),
    forecaster: {
      backend: 'wasm',
      horizonSteps: 24,
      verdicts: ROWS.slice(0, 6).map((line, index) =>
        ForecasterVerdict.parse({
          asset: line.asset.replace('wst', ''),
          weight: index === 0 ? 0.35 : 0,
          pinball: 0.412 + index / 100,
          benchmarkPinball: 0.409 + index / 90,
          observations: 2900,
          pValue: 0.04 + index / 7,
          says: index === 0 ? 'better in and out of calm; enters with weight 0.35' : 'not better than its benchmark: stands aside',
        }),
      ),
    },
    replay: null,
    milliseconds: { align: 1104, state: 402, fit: 11_210, plan: 84, stress: 2290, tune: 12_790, draft: 180, rehearse: 4880 },
  };
}

function advice(): Recommendation {
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
      assets: ROWS.map((line) => {
        const fields = {
          haircutBps: fieldOf(line.haircut[0], line.haircut[1], line.asset, line.collateral > 0),
          liquidationThresholdBps: fieldOf(line.threshold[0], line.threshold[1], line.asset, line.collateral > 0),
          marginMultiplierPpm: fieldOf(line.margin[0], line.margin[1], line.asset, line.perp > 0),
        };
        const verdicts = Object.values(fields).map((field) => field.verdict);
        const verdict = verdicts.includes('change') ? 'change' : verdicts.includes('hold') ? 'hold' : 'abstain';
        return { asset: line.asset, verdict, regime: 'turbulent', fields, because: line.because };
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
    overBudgetProbabilityUpper: (overBudgetPaths + 4) / 4000,
    meanLiquidatedUsd: expectedShortfallUsd * 4.4,
    meanPenaltyUsd: expectedShortfallUsd * 0.21,
    meanLiquidatedAccounts: expectedShortfallUsd / 9e5,
    meanMarginShortfallUsd: expectedShortfallUsd * 0.004,
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
    }),
  );
}

function histogram(): Result['losses'] {
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

function accounts(factor: number): AccountImpact[] {
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

function regime(): Result['regime'] {
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

function proposal(recommendation: string): Proposal {
  const moves = ROWS.filter((line) => line.haircut[0] !== line.haircut[1] || line.margin[0] !== line.margin[1]);
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
      onChainId: '73849260551094821736450918273645091827364509182736450918273645091827',
      evidenceRoot: digest('root'),
      checks: [
        { name: 'inside policy', verdict: 'pass', says: 'every move within range, step, cooldown and budget' },
        { name: 'decoded again', verdict: 'pass', says: 'an independent decoder reads the same values' },
        { name: 'newly liquidatable', verdict: 'warn', says: '1 account, $4.1 k debt; the limit is 2' },
        { name: 'bonus fits', verdict: 'pass', says: 'threshold × (1 + bonus) ≤ 1 − buffer for all assets' },
      ],
      expiresAt: '2026-03-04T00:00:00.000Z',
    }),
  );
}

function execution(proposalId: string): Execution {
  return Execution.parse(
    seal({
      kind: 'execution',
      from: { proposal: proposalId },
      chainId: 31_337,
      rehearsal: true,
      steps: ['propose', 'vote', 'queue', 'execute'].map((step, index) => ({
        step,
        transaction: `0x${digest(step).slice(7)}`,
        block: String(14 + index * 3),
        gasUsed: String(91_000 + index * 40_120),
      })),
      readBack: ROWS.flatMap((line) => [
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

function finding(asset: string, kind: string, severity: string, bars: number, says: string): QualityFinding {
  return QualityFinding.parse({ asset, kind, severity, from: '2025-08-11T04:00:00.000Z', to: '2025-08-11T13:00:00.000Z', bars, says });
}

function ids(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, digest(name)]));
}
