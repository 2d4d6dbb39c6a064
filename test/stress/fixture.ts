/** Made-up models, books and scenarios for tests and benchmarks: legal, small, adjustable. */
import { seal } from '../../base/id.ts';
import type { DerivativeAccount } from '../../datasets/derivatives.ts';
import type { AssetState, LendingAccount, ProtocolState, RiskParameters } from '../../datasets/state.ts';
import type { FitReport, MarketModel } from '../../models/market.ts';
import type { NamedScenario, ScenarioSet } from '../../models/scenario.ts';

const ID = `sha256:${'0'.repeat(64)}` as const;
const AS_OF = '2024-01-01T00:00:00.000Z';

export const PARAMETERS: RiskParameters = {
  haircutBps: 2_500,
  liquidationThresholdBps: 8_000,
  liquidationBonusBps: 500,
  marginMultiplierPpm: 1_000_000,
  supplyCapTokens: null,
  borrowCapTokens: null,
};

export function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `A${String(index).padStart(2, '0')}`);
}

export function model(count: number, overrides: Partial<MarketModel> = {}): MarketModel {
  const assets = names(count);
  const fit: FitReport = {
    model: 'fixture',
    subject: 'fixture',
    observations: 0,
    logLikelihood: 0,
    converged: true,
    evaluations: 0,
    atBound: [],
    warnings: [],
  };
  const tail = { threshold: 2, shape: 0.2, scale: 0.6, exceedances: 10 };
  const correlation = (rho: number) => assets.map((_, row) => assets.map((__, column) => (row === column ? 1 : rho)));
  const x = Array.from({ length: 201 }, (_, node) => (node - 100) / 10);
  const each = <T>(value: T) => Object.fromEntries(assets.map((asset) => [asset, value]));
  return seal({
    kind: 'market-model' as const,
    from: { panel: ID },
    asOf: AS_OF,
    stepSeconds: 3_600,
    simulated: true,
    assets,
    left: [],
    volatility: each({
      muPct: 0,
      omega: 0.02,
      alpha: 0.05,
      gamma: 0.04,
      beta: 0.9,
      nu: 4,
      nextVariance: 0.8,
      unconditionalVariance: 0.667,
      standardErrors: {},
      fit,
    }),
    // Near the identity, thinner in the tails: unit-variance coordinate of a t with 5 degrees.
    margins: each({ x, z: x.map((value) => value / Math.sqrt(5 / 3)), lowerTail: tail, upperTail: tail, fit }),
    regime: {
      labels: ['calm', 'normal', 'crisis'],
      transition: [
        [0.97, 0.02, 0.01],
        [0.02, 0.96, 0.02],
        [0.01, 0.04, 0.95],
      ],
      stationary: [0.35, 0.4, 0.25],
      now: [0.1, 0.7, 0.2],
      multiplier: [0.6, 0.9, 1.5],
      expectedDurationSteps: [33, 25, 20],
      history: { at: [], probability: [] },
      fit,
    },
    correlation: {
      dcc: { a: 0.05, b: 0.93 },
      target: correlation(0.6),
      now: correlation(0.6),
      byRegime: [correlation(0.4), correlation(0.6), correlation(0.85)],
      crisisLambda: 0.6,
      copulaNu: 5,
      repaired: false,
      fit,
    },
    dailyVolumeUsd: each(1e8),
    forecaster: null,
    ...overrides,
  });
}

export function scenarios(of: MarketModel, paths: number, steps: number, named: readonly NamedScenario[] = [], seed = 7): ScenarioSet {
  return seal({
    kind: 'scenario-set' as const,
    from: { model: of.id },
    stream: 'philox4x32-10' as const,
    seed,
    paths,
    steps,
    stepSeconds: of.stepSeconds,
    tilt: null,
    named,
  });
}

export function asset(name: string, overrides: Partial<AssetState> = {}): AssetState {
  return {
    asset: name,
    panelAsset: name,
    address: null,
    decimals: 18,
    priceUsd: 100,
    parameters: PARAMETERS,
    feed: { heartbeatSeconds: 3_600, deviationBps: 50, latencySeconds: 600 },
    depth: { dailyVolumeUsd: 1e8, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'fixture' },
    ...overrides,
  };
}

/** USD: pegged, deep, no collateral use of its own. */
export function dollar(overrides: Partial<AssetState> = {}): AssetState {
  return asset('USD', {
    panelAsset: null,
    priceUsd: 1,
    depth: { dailyVolumeUsd: 1e9, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'fixture' },
    ...overrides,
  });
}

export function state(
  assets: readonly AssetState[],
  lending: readonly LendingAccount[],
  derivatives: readonly DerivativeAccount[] = [],
  overrides: Partial<ProtocolState> = {},
): ProtocolState {
  return seal({
    kind: 'protocol-state' as const,
    from: {},
    protocol: 'fixture',
    chainId: 1,
    block: '1',
    asOf: AS_OF,
    simulated: true,
    assets,
    eModes: [],
    lending,
    derivatives,
    marginRule: {
      shockByAsset: Object.fromEntries(assets.map((item) => [item.asset, 0.15])),
      gridSteps: 3,
      initialToMaintenance: 1.25,
      contingencyFraction: 0.01,
    },
    closeFactorBps: 5_000,
    fullCloseHealth: 0.95,
    insuranceFundUsd: 0,
    setAside: [],
    waivers: [],
    notes: [],
    ...overrides,
  });
}

/** A spread of accounts: `draw` gives numbers in (0, 1). */
export function book(count: number, lenders: number, traders: number, draw: () => number): ProtocolState {
  const risky = names(count);
  const pick = () => risky[Math.floor(draw() * count)]!;
  const lending = Array.from({ length: lenders }, (_, index): LendingAccount => {
    const sizeUsd = 1_000 * 10 ** (4 * draw());
    const health = 1.02 + draw() ** 2;
    const short = draw() < 0.2;
    const first = pick();
    const collateral = short
      ? [{ asset: 'USD', amountTokens: sizeUsd }]
      : [
          { asset: first, amountTokens: (sizeUsd * 0.7) / 100 },
          { asset: pick(), amountTokens: (sizeUsd * 0.3) / 100 },
        ];
    const owedUsd = (sizeUsd * 0.8) / health;
    const debt = short ? [{ asset: first, amountTokens: owedUsd / 100 }] : [{ asset: 'USD', amountTokens: owedUsd }];
    return { account: `L${String(index).padStart(4, '0')}`, eMode: 0, collateral, debt };
  });
  const derivatives = Array.from({ length: traders }, (_, index): DerivativeAccount => {
    const grossUsd = 1_000 * 10 ** (3 * draw());
    return {
      account: `T${String(index).padStart(4, '0')}`,
      equityUsd: grossUsd * (0.17 + 0.3 * draw()),
      perps: [
        { asset: pick(), sizeTokens: ((draw() < 0.6 ? 1 : -1) * grossUsd * 0.8) / 100 },
        { asset: pick(), sizeTokens: ((draw() < 0.6 ? 1 : -1) * grossUsd * 0.2) / 100 },
      ],
    };
  });
  return state([...risky.map((name) => asset(name)), dollar()], lending, derivatives);
}

/** Park and Miller's minimal standard generator: enough for made-up books. */
export function draws(seed: number): () => number {
  let value = (seed % 2_147_483_646) + 1;
  return () => {
    value = (value * 48_271) % 2_147_483_647;
    return value / 2_147_483_647;
  };
}
