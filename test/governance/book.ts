/** A small state and the advice about it, by hand: what the governance tests draft from. */
import { digest, seal } from '../../base/id.ts';
import type { ProtocolState, RiskParameters } from '../../datasets/state.ts';
import type { Field } from '../../tuner/policy.ts';
import type { FieldAdvice, Recommendation } from '../../tuner/recommendation.ts';
import type { LossSummary, StressEvidence } from '../../tuner/stress/evidence.ts';

export const ROOT = digest('an evidence root');

export function parameters(
  haircutBps: number,
  liquidationThresholdBps: number,
  liquidationBonusBps: number,
  multiplier = 1,
): RiskParameters {
  const marginMultiplierPpm = Math.round(multiplier * 1_000_000);
  return { haircutBps, liquidationThresholdBps, liquidationBonusBps, marginMultiplierPpm, supplyCapTokens: null, borrowCapTokens: 1_000 };
}

/** Values of WETH, WBTC, CRV as published for Aave v3 Ethereum on 2023-10-31; SOL-PERP has no collateral value. */
export function state(overrides: Partial<ProtocolState> = {}): ProtocolState {
  const assets = [
    ['CRV', 0.5, parameters(6_500, 4_100, 830)],
    ['SOL-PERP', 30, parameters(10_000, 0, 0)],
    ['USDC', 1, parameters(2_300, 8_000, 450)],
    ['WBTC', 34_000, parameters(2_700, 7_800, 500)],
    ['WETH', 1_800, parameters(1_950, 8_300, 500)],
  ] as const;
  return seal({
    kind: 'protocol-state' as const,
    from: {},
    protocol: 'test book',
    chainId: 1,
    block: '18470000',
    asOf: '2023-10-31T00:00:00.000Z',
    simulated: true,
    assets: assets.map(([asset, priceUsd, values]) => ({
      asset,
      panelAsset: null,
      address: null,
      decimals: 18,
      priceUsd,
      parameters: values,
      feed: { heartbeatSeconds: 3_600, deviationBps: 50, latencySeconds: 12 },
      depth: { dailyVolumeUsd: 1e8, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 3_600, says: 'assumed' },
    })),
    eModes: [],
    lending: [
      { account: 'healthy', eMode: 0, collateral: [{ asset: 'WETH', amountTokens: 10 }], debt: [{ asset: 'USDC', amountTokens: 9_000 }] },
      // Health factor 18,000 × 0.83 / 14,900 = 1.0027: a threshold of 82 % would liquidate it.
      { account: 'near', eMode: 0, collateral: [{ asset: 'WETH', amountTokens: 10 }], debt: [{ asset: 'USDC', amountTokens: 14_900 }] },
    ],
    derivatives: [],
    marginRule: null,
    closeFactorBps: 5_000,
    fullCloseHealth: 0.95,
    insuranceFundUsd: 0,
    setAside: [],
    waivers: [],
    notes: [],
    ...overrides,
  });
}

export function moved(from: number, to: number): FieldAdvice {
  const verdict = from === to ? ('hold' as const) : ('change' as const);
  return { verdict, reason: null, from, to, low: to, high: to, binding: 'max-tighten', schedule: [] };
}

/** WETH: haircut 19.5 % → 21 %, multiplier 1× → 1.25×. WBTC: haircut 27 % → 26.5 %. Nothing else. */
export function recommendation(book: ProtocolState, overrides: Partial<Recommendation> = {}): Recommendation {
  const moves: Readonly<Record<string, Partial<Record<keyof RiskParameters, number>>>> = {
    WETH: { haircutBps: 2_100, marginMultiplierPpm: 1_250_000 },
    WBTC: { haircutBps: 2_650 },
  };
  const id = digest('x');
  return seal({
    kind: 'recommendation' as const,
    from: { state: book.id, model: id, scenarios: id, policy: id, evidenceBefore: id, evidenceAfter: id },
    asOf: book.asOf,
    expiresAt: '2023-11-07T00:00:00.000Z',
    simulated: book.simulated,
    verdict: 'change' as const,
    assets: book.assets.map(({ asset, parameters: held }) => {
      const advice = (field: 'haircutBps' | 'liquidationThresholdBps' | 'marginMultiplierPpm') =>
        moved(held[field], moves[asset]?.[field] ?? held[field]);
      return {
        asset,
        verdict: asset in moves ? ('change' as const) : ('hold' as const),
        regime: 'turbulent',
        fields: {
          haircutBps: advice('haircutBps'),
          liquidationThresholdBps: advice('liquidationThresholdBps'),
          marginMultiplierPpm: advice('marginMultiplierPpm'),
        },
        because: `depth of ${asset} fell by 41 %.`,
      };
    }),
    before: summary(2_400_000),
    after: summary(1_100_000),
    namedBefore: [],
    namedAfter: [],
    borrowingPowerUsd: { before: 100, after: 98, used: 50 },
    evaluations: 12,
    ...overrides,
  });
}

export function evidence(paths: number, salt: number): StressEvidence {
  const column = (scale: number) => Array.from({ length: paths }, (_, path) => (path * scale + salt) / 7);
  const id = digest('x');
  return seal({
    kind: 'stress-evidence' as const,
    from: { state: id, model: id, scenarios: id },
    kernel: id,
    parameters: {},
    largestWeight: 1,
    paths: {
      weight: column(0),
      badDebtUsd: column(1),
      liquidatedUsd: column(2),
      penaltyUsd: column(3),
      liquidatedAccounts: column(4),
      needlessAccounts: column(5),
      marginShortfallUsd: column(6),
      deleveragedUsd: column(7),
    },
    named: [],
    summary: summary(salt),
    accounts: [],
  });
}

function summary(usd: number): LossSummary {
  return {
    paths: 4_000,
    meanUsd: usd / 10,
    meanStandardErrorUsd: usd / 100,
    level: 0.99,
    valueAtRiskUsd: usd / 2,
    expectedShortfallUsd: usd,
    expectedShortfallStandardErrorUsd: usd / 20,
    worstUsd: usd * 3,
    budgetUsd: 2_000_000,
    overBudgetPaths: 10,
    overBudgetProbability: 0.0025,
    overBudgetProbabilityUpper: 0.004,
    meanLiquidatedUsd: usd * 4,
    meanPenaltyUsd: usd / 5,
    meanLiquidatedAccounts: 12,
    meanMarginShortfallUsd: 0,
    meanDeleveragedUsd: 0,
  };
}

/** The advice about a book with these moves and no other. */
export function advised(book: ProtocolState, moves: Readonly<Record<string, Partial<Record<Field, number>>>>): Recommendation {
  const assets = recommendation(book).assets.map((item) => {
    const from = book.assets.find(({ asset }) => asset === item.asset)!.parameters;
    const field = (name: Field) => moved(from[name], moves[item.asset]?.[name] ?? from[name]);
    const fields = {
      haircutBps: field('haircutBps'),
      liquidationThresholdBps: field('liquidationThresholdBps'),
      marginMultiplierPpm: field('marginMultiplierPpm'),
    };
    return { ...item, fields };
  });
  return recommendation(book, { assets });
}
