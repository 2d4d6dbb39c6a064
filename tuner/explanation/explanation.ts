/**
 * Explanation of a recommendation, from its bundle: where each number comes from, what stopped it, how it hangs on what was measured, what changed
 * since another run, which paths and which accounts lose. Nothing here recommends.
 */
import { z } from 'zod';
import { Id } from '../../base/id.ts';
import { type ParametersByAsset, type ProtocolState, parametersOf } from '../../datasets/state.ts';
import type { MarketModel } from '../../models/market.ts';
import type { ScenarioSet } from '../../models/scenario.ts';
import { newlyLiquidatable } from '../objective.ts';
import { Field } from '../policy.ts';
import { FieldAdvice, Recommendation } from '../recommendation.ts';
import { AccountImpact, type StressEvidence } from '../stress/evidence.ts';
import { Tail } from '../stress/summary.ts';
import { Attribution, attribute, tailOf } from './attribution.ts';
import type { Side } from './drivers.ts';
import { applied, says, USUAL, WhatIf } from './what-if.ts';
import { WorstPath, worstPaths } from './worst.ts';

export type Bundle = Side & {
  readonly scenarios: ScenarioSet;
  readonly recommendation: Recommendation;
  readonly before: StressEvidence;
  readonly after: StressEvidence;
};

export const Sensitivity = z.strictObject({ ...WhatIf.unwrap().shape, says: z.string(), tail: Tail }).readonly();
export type Sensitivity = z.infer<typeof Sensitivity>;

/** One number, what it stands on, and what the loss would be without it. */
export const Derivation = z
  .strictObject({
    ...FieldAdvice.unwrap().shape,
    asset: z.string(),
    field: Field,
    law: z.strictObject({ regime: z.string(), dailyVolatilityPct: z.number(), lowerTailShape: z.number() }).readonly().nullable(),
    depthSays: z.string(),
    /** Expected shortfall with every advised change but this one; null where nothing changes. */
    without: Tail.nullable(),
  })
  .readonly();
export type Derivation = z.infer<typeof Derivation>;

export const Explanation = z
  .strictObject({
    recommendation: Id,
    from: Recommendation.unwrap().shape.from,
    paths: z.int().positive(),
    level: z.number().gt(0).lt(1),
    budgetUsd: z.number(),
    advised: Tail,
    derivations: z.array(Derivation).readonly(),
    sensitivities: z.array(Sensitivity).readonly(),
    /** What changed since another run; null where none was named. */
    attribution: Attribution.nullable(),
    worst: z.array(WorstPath).readonly(),
    accounts: z.array(AccountImpact).readonly(),
    /** Accounts that the change itself makes liquidatable. */
    newlyLiquidatable: z.array(z.string()).readonly(),
  })
  .readonly();
export type Explanation = z.infer<typeof Explanation>;

export type ExplainOptions = {
  readonly paths: number;
  readonly against: Side | null;
  readonly onStep?: (step: string, share: number) => void;
};

const WORST_PATHS = 10;
const WORST_ACCOUNTS = 10;

export function explain(bundle: Bundle, options: ExplainOptions): Explanation {
  const { state, model, scenarios, recommendation } = bundle;
  const { level, budgetUsd } = recommendation.before;
  const common = { seed: scenarios.seed, paths: Math.min(options.paths, scenarios.paths), steps: scenarios.steps, level };
  const now: Side = { state, model };
  const advisedParameters = advisedOf(state, recommendation);
  const under = (parameters: ParametersByAsset, side: Side = now): Tail => tailOf(side, now, { ...common, parameters });

  // 1. Every number, and the loss without it.
  const moved = recommendation.assets.flatMap(({ asset, fields }) =>
    Field.options.filter((field) => fields[field].to !== fields[field].from).map((field) => ({ asset, field })),
  );
  const derivations = recommendation.assets.flatMap(({ asset, regime, fields }) =>
    Field.options.map((field): Derivation => {
      const changes = moved.some((one) => one.asset === asset && one.field === field);
      if (changes)
        options.onStep?.('leave one change out', moved.findIndex((one) => one.asset === asset && one.field === field) / moved.length);
      const kept = { ...advisedParameters, [asset]: { ...advisedParameters[asset]!, [field]: fields[field].from } };
      const row = state.assets.find((one) => one.asset === asset)!;
      return {
        ...fields[field],
        asset,
        field,
        law: lawOf(model, row.panelAsset, regime),
        depthSays: row.depth.says,
        without: changes ? under(kept) : null,
      };
    }),
  );

  // 2. What if the world is another.
  const sensitivities = USUAL.map((whatIf, index): Sensitivity => {
    options.onStep?.('what if', (index + 1) / USUAL.length);
    return { ...whatIf, says: says(whatIf), tail: under(advisedParameters, applied(now, whatIf)) };
  });

  // 3. What changed since.
  const attribution =
    options.against === null
      ? null
      : attribute(options.against, now, { ...common, onStep: (share) => options.onStep?.('what changed', share) });
  return {
    recommendation: recommendation.id,
    from: recommendation.from,
    paths: common.paths,
    level,
    budgetUsd,
    advised: under(advisedParameters),
    derivations,
    sensitivities,
    attribution,
    worst: worstPaths(bundle, bundle.before, bundle.after, WORST_PATHS),
    accounts: bundle.after.accounts.slice(0, WORST_ACCOUNTS),
    newlyLiquidatable: newlyLiquidatable(state, parametersOf(state), advisedParameters),
  };
}

export function advisedOf(state: ProtocolState, { assets }: Pick<Recommendation, 'assets'>): ParametersByAsset {
  const advice = new Map(assets.map(({ asset, fields }) => [asset, fields]));
  return Object.fromEntries(
    Object.entries(parametersOf(state)).map(([asset, own]) => {
      const to = Object.fromEntries(Field.options.map((field) => [field, advice.get(asset)?.[field].to ?? own[field]]));
      return [asset, { ...own, ...to }];
    }),
  );
}

function lawOf(model: MarketModel, panelAsset: string | null, regime: string): Derivation['law'] {
  const law = panelAsset === null ? undefined : model.volatility[panelAsset];
  const margin = panelAsset === null ? undefined : model.margins[panelAsset];
  if (law === undefined || margin === undefined) return null;
  const stepsADay = 86_400 / model.stepSeconds;
  return { regime, dailyVolatilityPct: Math.sqrt(law.nextVariance * stepsADay), lowerTailShape: margin.lowerTail.shape };
}
