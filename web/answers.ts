/**
 * What the page asks about a finished run beyond its result, as the JSON on the wire: why, what if, and what came of it. Each takes the
 * server seconds of computing, so none is part of the page's first answer.
 */
import type { AccountImpact, FieldAdvice, FieldName } from './page.ts';

export type Tail = { readonly valueAtRiskUsd: number; readonly expectedShortfallUsd: number; readonly standardErrorUsd: number };

export type Derivation = FieldAdvice & { readonly asset: string; readonly field: FieldName; readonly without: Tail | null };

export type Attribution = { readonly fromUsd: Tail; readonly toUsd: Tail; readonly byDriver: Readonly<Record<string, number>> };

export type Explanation = {
  readonly paths: number;
  readonly level: number;
  readonly budgetUsd: number;
  readonly advised: Tail;
  readonly derivations: readonly Derivation[];
  readonly sensitivities: readonly { readonly what: string; readonly factor: number; readonly says: string; readonly tail: Tail }[];
  readonly attribution: Attribution | null;
  readonly worst: readonly {
    readonly path: number;
    readonly lossUsd: number;
    readonly beforeUsd: number;
    readonly falls: readonly { readonly asset: string; readonly low: number }[];
  }[];
  readonly accounts: readonly AccountImpact[];
  readonly newlyLiquidatable: readonly string[];
};

export type Values = { readonly [field in FieldName]?: number };
export type Setting = {
  readonly start: 'advised';
  readonly changes: readonly ({ readonly asset: string } & Values)[];
  readonly paths: number;
};

export type Judged = {
  readonly badDebtUsd: number;
  readonly badDebtStandardErrorUsd: number;
  readonly expectedShortfallUsd: number;
  readonly expectedShortfallStandardErrorUsd: number;
  readonly overBudgetProbabilityUpper: number;
  readonly liquidatedUsd: number;
  readonly penaltyUsd: number;
  readonly borrowingPowerUsd: number;
};

export type Judgement = {
  readonly paths: number;
  readonly level: number;
  readonly budgetUsd: number;
  readonly asked: Judged;
  readonly advised: Judged;
  readonly today: Judged;
  readonly change: {
    readonly badDebtUsd: number;
    readonly badDebtStandardErrorUsd: number;
    readonly expectedShortfallUsd: number;
    readonly expectedShortfallStandardErrorUsd: number;
    readonly borrowingPowerUsd: number;
  };
  readonly newlyLiquidatable: number;
  readonly broken: readonly {
    readonly asset: string | null;
    readonly field: FieldName | null;
    readonly binding: string;
    readonly says: string;
  }[];
};

export type Measures = {
  readonly lossUsd: number;
  readonly liquidatedUsd: number;
  readonly penaltyUsd: number;
  readonly borrowingPowerUsd: number;
};

export type Regret = {
  readonly id: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly horizonSeconds: number;
  readonly complete: boolean;
  readonly simulated: boolean;
  readonly advised: Measures;
  readonly inForce: Measures;
  readonly hindsight: 'advised' | 'in-force' | 'same';
  readonly forecast: { readonly inForce: { readonly outcomeUsd: number; readonly upperUsd: number; readonly inside: boolean } };
};

export type Regrets = {
  readonly entries: readonly Regret[];
  readonly trackRecord: {
    readonly recommendations: number;
    readonly judged: number;
    readonly advisedBetter: number;
    readonly same: number;
    readonly nothingBetter: number;
    readonly meanRegret: Measures | null;
    readonly inside: number;
    readonly beyondValueAtRisk: number;
    readonly expectedBeyond: number;
  };
};

type Tested = { readonly lags: number; readonly p: number };
export type AssetCard = {
  readonly asset: string;
  readonly observations: number;
  readonly logLikelihood: number;
  readonly converged: boolean;
  readonly atBound: readonly string[];
  readonly estimates: readonly { readonly name: string; readonly value: number; readonly standardError: number | null }[];
  readonly persistence: number;
  readonly halfLifeSteps: number | null;
  readonly residuals: Tested;
  readonly squares: Tested;
  readonly transforms: { readonly counts: readonly number[]; readonly evenP: number };
  readonly qq: { readonly expected: readonly number[]; readonly seen: readonly number[] };
  readonly forecasts: {
    readonly at: readonly string[];
    readonly returnPct: readonly number[];
    readonly lowPct: readonly number[];
    readonly highPct: readonly number[];
    readonly level: number;
    readonly bars: number;
    readonly below: number;
    readonly above: number;
    readonly belowP: number;
    readonly aboveP: number;
  };
};
export type ModelCard = { readonly id: string; readonly asOf: string; readonly stepSeconds: number; readonly assets: readonly AssetCard[] };
