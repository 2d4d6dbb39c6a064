/**
 * Regret: a past recommendation against what then happened, and against doing nothing.
 *
 * The recorded days after as-of drive the book through the stress engine twice: with the advised parameters and with those in force.
 * Regret of a measure is how far the advice stayed behind the better of the two: 0 where it was the better one, never negative. Which of
 * the two was better as a whole is judged in the order of the policy that asked for the advice: less loss beyond the budget first, then
 * more borrowing power, then less loss, then fewer penalties.
 *
 * Assumed, as everywhere in replays: the change takes effect at as-of, nobody enters or leaves, and the book's own sales move recorded
 * prices once more. Power is averaged over the window's prices, on the holdings at as-of; it is linear in prices, so exactly.
 */
import { z } from 'zod';
import { PlimsollError } from '../base/errors.ts';
import { Id, seal } from '../base/id.ts';
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../datasets/state.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { MarketModel } from '../models/market.ts';
import type { ScenarioSet } from '../models/scenario.ts';
import { advisedOf } from './explanation/explanation.ts';
import { borrowingPowerUsd, STANDARD_ERRORS } from './objective.ts';
import type { Recommendation } from './recommendation.ts';
import type { LossSummary } from './stress/evidence.ts';
import { type ReplayResult, replay } from './stress/replay.ts';

const Measures = z
  .strictObject({
    /** Bad debt, and margin shortfall beyond the insurance fund. */
    lossUsd: z.number(),
    liquidatedUsd: z.number(),
    penaltyUsd: z.number(),
    borrowingPowerUsd: z.number(),
  })
  .readonly();
export type Measures = z.infer<typeof Measures>;

const Outcome = z
  .strictObject({ ...Measures.unwrap().shape, badDebtUsd: z.number(), marginShortfallUsd: z.number(), liquidatedAccounts: z.number() })
  .readonly();
export type Outcome = z.infer<typeof Outcome>;

/** What the evidence had said of the horizon. The interval stated for a loss: from 0 to the expected shortfall and two standard errors. */
const Forecast = z
  .strictObject({
    level: z.number(),
    valueAtRiskUsd: z.number(),
    expectedShortfallUsd: z.number(),
    standardErrorUsd: z.number(),
    upperUsd: z.number(),
    outcomeUsd: z.number(),
    inside: z.boolean(),
    beyondValueAtRisk: z.boolean(),
  })
  .readonly();
export type Forecast = z.infer<typeof Forecast>;

export const Regret = z
  .strictObject({
    kind: z.literal('regret'),
    id: Id,
    from: z.strictObject({ recommendation: Id, state: Id, model: Id, scenarios: Id, panel: Id }).readonly(),
    /** SHA-256 of the kernel's WASM module. */
    kernel: Id,
    simulated: z.boolean(),
    protocol: z.string(),
    verdict: z.enum(['change', 'hold', 'abstain']),
    startsAt: z.string(),
    endsAt: z.string(),
    horizonSeconds: z.int().positive(),
    /** The data covers the whole horizon of the forecast. */
    complete: z.boolean(),
    budgetUsd: z.number(),
    advised: Outcome,
    inForce: Outcome,
    /** Which was better, in the order of the policy. */
    hindsight: z.enum(['advised', 'in-force', 'same']),
    regret: Measures,
    forecast: z.strictObject({ advised: Forecast, inForce: Forecast }).readonly(),
  })
  .readonly();
export type Regret = z.infer<typeof Regret>;

/** What a model's score card takes from a ledger. One entry a recommendation, windows that the data does not cover left out. */
export const TrackRecord = z
  .strictObject({
    recommendations: z.int().nonnegative(),
    judged: z.int().nonnegative(),
    advisedBetter: z.int().nonnegative(),
    same: z.int().nonnegative(),
    nothingBetter: z.int().nonnegative(),
    meanRegret: Measures.nullable(),
    /** Outcomes under the parameters in force inside their stated interval; that many, of `judged`. */
    inside: z.int().nonnegative(),
    /** Beyond the value at risk, and how many were to be expected. */
    beyondValueAtRisk: z.int().nonnegative(),
    expectedBeyond: z.number().nonnegative(),
  })
  .readonly();
export type TrackRecord = z.infer<typeof TrackRecord>;

export type Past = {
  readonly state: ProtocolState;
  readonly model: MarketModel;
  readonly scenarios: Pick<ScenarioSet, 'id' | 'steps' | 'stepSeconds'>;
  readonly recommendation: Recommendation;
};

const COSTS = ['lossUsd', 'liquidatedUsd', 'penaltyUsd'] as const;

/** `panelAfter` must go beyond as-of; bars beyond the horizon are not read. */
export function reckon(kernel: Kernel, { state, model, scenarios, recommendation }: Past, panelAfter: MarketPanel): Regret {
  if (recommendation.from.state !== state.id || recommendation.from.model !== model.id) {
    throw new ForeignPartsError({
      got: `a book ${state.id} and a law ${model.id}`,
      needed: `those that the recommendation was made from: ${recommendation.from.state} and ${recommendation.from.model}`,
      where: recommendation.id,
    });
  }
  const horizonSeconds = scenarios.steps * scenarios.stepSeconds;
  const horizonSteps = Math.max(1, Math.round(horizonSeconds / panelAfter.stepSeconds));
  const covered = coveredSteps(panelAfter, state);
  const along = (parameters: ParametersByAsset) =>
    outcomeOf(
      state,
      parameters,
      replay(kernel, state, panelAfter, parameters, {
        model,
        borrowers: 'responsive',
        impact: 'added',
        // Where no bar is left the replay itself says so.
        ...(covered > 0 ? { steps: Math.min(horizonSteps, covered) } : {}),
      }),
    );
  const [advised, inForce] = [along(advisedOf(state, recommendation)), along(parametersOf(state))];
  const { budgetUsd } = recommendation.before;
  return seal({
    kind: 'regret' as const,
    from: {
      recommendation: recommendation.id,
      state: state.id,
      model: model.id,
      scenarios: scenarios.id,
      panel: panelAfter.id,
    },
    kernel: kernel.digest,
    simulated: recommendation.simulated || panelAfter.simulated,
    protocol: state.protocol,
    verdict: recommendation.verdict,
    startsAt: advised.from,
    endsAt: advised.to,
    horizonSeconds,
    complete: advised.steps >= horizonSteps,
    budgetUsd,
    advised: advised.outcome,
    inForce: inForce.outcome,
    hindsight: hindsight(advised.outcome, inForce.outcome, budgetUsd),
    regret: behind(advised.outcome, inForce.outcome),
    forecast: {
      advised: forecastOf(recommendation.after, advised.outcome.lossUsd),
      inForce: forecastOf(recommendation.before, inForce.outcome.lossUsd),
    },
  });
}

/** Less beyond the budget, then more power, then less loss, then fewer penalties. */
export function hindsight(advised: Measures, inForce: Measures, budgetUsd: number): Regret['hindsight'] {
  const beyond = ({ lossUsd }: Measures) => Math.max(0, lossUsd - budgetUsd);
  const order: readonly ((of: Measures) => number)[] = [
    beyond,
    ({ borrowingPowerUsd: power }) => -power,
    ({ lossUsd }) => lossUsd,
    ({ penaltyUsd }) => penaltyUsd,
  ];
  for (const cost of order) {
    if (cost(advised) < cost(inForce)) return 'advised';
    if (cost(advised) > cost(inForce)) return 'in-force';
  }
  return 'same';
}

/**
 * One entry a recommendation: the first that covers its horizon, until then the one that covers most. Were it the last, whoever did not
 * like a figure could bring other data.
 */
export function trackRecord(entries: readonly Regret[]): TrackRecord {
  const byRecommendation = new Map<string, Regret>();
  for (const entry of entries) {
    const known = byRecommendation.get(entry.from.recommendation);
    if (known === undefined || (!known.complete && entry.endsAt >= known.endsAt)) byRecommendation.set(entry.from.recommendation, entry);
  }
  const judged = [...byRecommendation.values()].filter(({ complete }) => complete);
  const count = (test: (entry: Regret) => boolean) => judged.filter(test).length;
  const mean = (name: keyof Measures) => judged.reduce((sum, { regret }) => sum + regret[name], 0) / judged.length;
  return {
    recommendations: byRecommendation.size,
    judged: judged.length,
    advisedBetter: count((entry) => entry.hindsight === 'advised'),
    same: count((entry) => entry.hindsight === 'same'),
    nothingBetter: count((entry) => entry.hindsight === 'in-force'),
    meanRegret:
      judged.length === 0
        ? null
        : {
            lossUsd: mean('lossUsd'),
            liquidatedUsd: mean('liquidatedUsd'),
            penaltyUsd: mean('penaltyUsd'),
            borrowingPowerUsd: mean('borrowingPowerUsd'),
          },
    inside: count(({ forecast }) => forecast.inForce.inside),
    beyondValueAtRisk: count(({ forecast }) => forecast.inForce.beyondValueAtRisk),
    expectedBeyond: judged.reduce((sum, { forecast }) => sum + (1 - forecast.inForce.level), 0),
  };
}

/** By measure: what the better of the two had over the advice. */
function behind(advised: Measures, inForce: Measures): Measures {
  const [lossUsd, liquidatedUsd, penaltyUsd] = COSTS.map((name) => advised[name] - Math.min(advised[name], inForce[name]));
  const most = Math.max(advised.borrowingPowerUsd, inForce.borrowingPowerUsd);
  return {
    lossUsd: lossUsd!,
    liquidatedUsd: liquidatedUsd!,
    penaltyUsd: penaltyUsd!,
    borrowingPowerUsd: most - advised.borrowingPowerUsd,
  };
}

function outcomeOf(state: ProtocolState, parameters: ParametersByAsset, { result, prices, steps, from, to }: ReplayResult) {
  const factor = new Map(prices.map(({ asset, mean }) => [asset, mean]));
  const assets = state.assets.map((row) => ({ ...row, priceUsd: row.priceUsd * (factor.get(row.panelAsset ?? '') ?? 1) }));
  const { badDebtUsd, marginShortfallUsd, liquidatedUsd, penaltyUsd, liquidatedAccounts } = result;
  const outcome: Outcome = {
    lossUsd: badDebtUsd + Math.max(0, marginShortfallUsd - state.insuranceFundUsd),
    badDebtUsd,
    marginShortfallUsd,
    liquidatedUsd,
    penaltyUsd,
    liquidatedAccounts,
    borrowingPowerUsd: borrowingPowerUsd({ ...state, assets }, parameters).power,
  };
  return { outcome, steps, from, to };
}

function forecastOf(summary: LossSummary, outcomeUsd: number): Forecast {
  const { level, valueAtRiskUsd, expectedShortfallUsd, expectedShortfallStandardErrorUsd: standardErrorUsd } = summary;
  const upperUsd = expectedShortfallUsd + STANDARD_ERRORS * standardErrorUsd;
  return {
    level,
    valueAtRiskUsd,
    expectedShortfallUsd,
    standardErrorUsd,
    upperUsd,
    outcomeUsd,
    inside: outcomeUsd <= upperUsd,
    beyondValueAtRisk: outcomeUsd > valueAtRiskUsd,
  };
}

/** Bars after as-of up to the last one in which any asset of the book has a price: a grid may go on where the data has ended. */
function coveredSteps(panel: MarketPanel, state: ProtocolState): number {
  const driving = state.assets.flatMap(({ panelAsset }) => (panelAsset === null ? [] : [panel.bars[panelAsset]?.close ?? []]));
  const last = driving.reduce((end, close) => Math.max(end, close.findLastIndex((value) => value !== null) + 1), 0);
  const first = Math.max(0, Math.ceil((Date.parse(state.asOf) - barTime(panel, 0)) / (1000 * panel.stepSeconds)));
  return last - first;
}

export class ForeignPartsError extends PlimsollError {
  override readonly name = 'Regret.ForeignPartsError';
}
