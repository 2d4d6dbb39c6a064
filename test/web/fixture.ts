/**
 * A page for tests only: invented figures in the exact shapes of the seam types, so that the page can be looked at and
 * measured without a run. Every artifact in it is parsed by its own zod schema before it is served.
 */
import { digest } from '../../base/id.ts';
import { RiskParameters } from '../../datasets/state.ts';
import { ForecasterVerdict } from '../../models/market.ts';
import type { Page, Result, Run, Step } from '../../web/page.ts';
import { caps } from './caps.ts';
import { AS_OF, advice, execution, proposal } from './drafts.ts';
import { frontier } from './frontier.ts';
import { LINES } from './lines.ts';
import { accounts, finding, histogram, regime, SEED } from './market.ts';

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
    assets: LINES.map((line) => ({
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
    frontier: frontier(),
    caps: caps(),
    cardId: digest('card'),
    accountsBefore: accounts(1),
    accountsAfter: accounts(0.4),
    proposal: drafted,
    noProposal: null,
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
    fits: LINES.map((line) => ({
      model: 'gjr-t',
      subject: line.asset,
      observations: 17_519,
      logLikelihood: -20_482.6,
      evaluations: 92,
      converged: line.asset !== 'CRV',
      atBound: line.asset === 'ARB' ? ['nu'] : [],
      warnings: [],
    })),
    forecaster: {
      backend: 'wasm',
      horizonSteps: 24,
      verdicts: LINES.slice(0, 6).map((line, index) =>
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
