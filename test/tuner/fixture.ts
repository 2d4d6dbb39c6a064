/** Policies for tests, and an evaluation simple enough to reason about: each path charges each asset for its LTV above a line. */
import { readFileSync } from 'node:fs';
import { seal } from '../../base/id.ts';
import type { ParametersByAsset, ProtocolState } from '../../datasets/state.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import * as Objective from '../../tuner/objective.ts';
import { type Field, type Policy, parsePolicy } from '../../tuner/policy.ts';
import { type Tuned, type TuneInput, tune } from '../../tuner/search.ts';
import { type Evaluate, singleThread } from '../../tuner/stress/evaluate.ts';
import * as Summary from '../../tuner/stress/summary.ts';
import * as Book from '../stress/fixture.ts';

export const NOW = '2024-01-01T00:00:00.000Z';
export const DEFAULT = readFileSync(new URL('../../tuner/policies/default.yaml', import.meta.url), 'utf8');

/** The default policy with parts replaced; fields by name. */
export function policy(overrides: Partial<Policy> = {}): Policy {
  const { id: _, ...body } = { ...parsePolicy(DEFAULT, 'default.yaml'), paths: 512, overBudgetProbability: 0.05, ...overrides };
  return seal(body);
}

export function fields(haircut: Partial<Policy['fields']['haircutBps']>, threshold: Partial<Policy['fields']['haircutBps']> = {}) {
  const base = parsePolicy(DEFAULT, 'default.yaml').fields;
  return {
    ...base,
    haircutBps: { ...base.haircutBps, ...haircut },
    liquidationThresholdBps: { ...base.liquidationThresholdBps, ...threshold },
  };
}

type Parts = Partial<TuneInput> & { state: ProtocolState; model: MarketModel; policy: Policy };

/** tune on the real engine, one thread. */
export function tuned(parts: Parts, paths = 512, steps = 24) {
  const scenarios = parts.scenarios ?? Book.scenarios(parts.model, paths, steps);
  const risk = { level: parts.policy.level, budgetUsd: Objective.lossBudgetUsd(parts.policy, parts.state) };
  const evaluate = parts.evaluate ?? singleThread(loadKernel(), { state: parts.state, model: parts.model, scenarios, risk });
  return tune({ now: NOW, history: [], scenarios, evaluate, ...parts });
}

/** Loss of path p: Σ over assets of size × max(0, LTV − line) × weight(p); the same for margins below `marginLine`. */
export function analytic(
  input: { state: ProtocolState; model: MarketModel; scenarios: ScenarioSet; policy: Policy },
  law: { lineBps: Record<string, number>; sizeUsd: number; weight: (path: number) => number; marginLinePpm?: number },
): Evaluate {
  const kernel = loadKernel();
  return async ({ parameters, paths }) => {
    const lending = lossUsd(parameters, law.lineBps, law.sizeUsd);
    const margin = Object.values(parameters).reduce(
      (total, { marginMultiplierPpm }) => total + Math.max(0, (law.marginLinePpm ?? 0) - marginMultiplierPpm),
      0,
    );
    const each = (value: number) => Array.from({ length: paths }, (_, path) => value * law.weight(path));
    const results = {
      weight: new Array<number>(paths).fill(1),
      badDebtUsd: each(lending),
      liquidatedUsd: each(0),
      penaltyUsd: each(0),
      liquidatedAccounts: each(0),
      needlessAccounts: each(0),
      marginShortfallUsd: each(margin),
      deleveragedUsd: each(0),
    };
    const risk = { level: input.policy.level, budgetUsd: Objective.lossBudgetUsd(input.policy, input.state) };
    return seal({
      kind: 'stress-evidence' as const,
      from: { state: input.state.id, model: input.model.id, scenarios: input.scenarios.id },
      kernel: kernel.digest,
      parameters,
      largestWeight: 1,
      paths: results,
      named: [],
      summary: Summary.summarise(kernel, results, { insuranceFundUsd: input.state.insuranceFundUsd, largestWeight: 1 }, risk),
      accounts: [],
    });
  };
}

function lossUsd(parameters: ParametersByAsset, lineBps: Record<string, number>, sizeUsd: number): number {
  return Object.entries(lineBps).reduce(
    (total, [asset, line]) => total + sizeUsd * Math.max(0, 10_000 - (parameters[asset]?.haircutBps ?? 10_000) - line),
    0,
  );
}

/** Thin markets and accounts near the edge: bad debt that haircuts can reach. */
export function risky(overrides: Partial<ProtocolState> = {}): ProtocolState {
  const lending = Array.from({ length: 40 }, (_, index) => ({
    account: `L${String(index).padStart(2, '0')}`,
    eMode: 0,
    collateral: [{ asset: ['A00', 'A01', 'A02'][index % 3]!, amountTokens: 20_000 }],
    debt: [{ asset: 'USD', amountTokens: 2_000_000 * (0.6 + 0.003 * index) }],
  }));
  const thin = { dailyVolumeUsd: 3e7, impactY: 1, impactDelta: 0.5, halfLifeSeconds: 300, says: 'fixture' };
  return Book.state([...Book.names(3).map((name) => Book.asset(name, { depth: thin })), Book.dollar()], lending, [], overrides);
}

export const fieldOf = ({ recommendation }: Tuned, asset: string, field: Field) =>
  recommendation.assets.find((one) => one.asset === asset)!.fields[field];
