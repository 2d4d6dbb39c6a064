/**
 * What the page shows, as the JSON on the wire: `GET /v1/runs/latest` answers a `Page`, the progress stream a `Run`.
 *
 * Where a field is an artifact, its shape is the artifact's own; the rest is what a page needs and an artifact does not hold
 * (exposure by asset, shared loss bins, the command to verify).
 */

/** RFC 9457, with the four facts every named error of ours carries. `type` is the error's public name. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status?: number | undefined;
  readonly detail: string;
  readonly got?: string | undefined;
  readonly needed?: string | undefined;
  readonly where?: string | undefined;
  readonly fix?: string | undefined;
};

export type StepState = 'waiting' | 'running' | 'done' | 'failed';

/** One of the eight calls. `seconds` so far or in all; `estimateSeconds` from earlier runs, null where unknown. */
export type Step = {
  readonly step: string;
  readonly says: string;
  readonly state: StepState;
  /** 0 to 1 within this step. */
  readonly share: number;
  readonly seconds: number;
  readonly estimateSeconds: number | null;
};

export type RunStatus = 'starting' | 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export type Run = {
  readonly id: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** All steps in order from the first moment, those not begun as `waiting`. */
  readonly steps: readonly Step[];
  readonly error: Problem | null;
};

export type Verdict = 'change' | 'hold' | 'abstain';
export type FieldName = 'haircutBps' | 'liquidationThresholdBps' | 'marginMultiplierPpm';

export type FieldAdvice = {
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly binding: string;
  readonly schedule: readonly number[];
  /** The earliest moment of each, inside every limit. */
  readonly scheduleAt?: undefined | readonly string[];
};

export type AssetAdvice = {
  readonly asset: string;
  readonly verdict: Verdict;
  readonly regime: string;
  readonly fields: Readonly<Record<FieldName, FieldAdvice>>;
  readonly because: string;
  /** Deepest fall in the horizon by the law and by history; index: the larger over the smaller. */
  readonly challenge?: undefined | null | { readonly lawFall: number; readonly historyFall: number; readonly index: number };
};

export type LossSummary = {
  readonly paths: number;
  readonly meanUsd: number;
  readonly meanStandardErrorUsd: number;
  readonly level: number;
  readonly valueAtRiskUsd: number;
  readonly expectedShortfallUsd: number;
  readonly expectedShortfallStandardErrorUsd: number;
  readonly worstUsd: number;
  readonly budgetUsd: number;
  readonly overBudgetPaths: number;
  readonly overBudgetProbabilityUpper: number;
  readonly meanLiquidatedUsd: number;
  readonly meanPenaltyUsd: number;
  readonly meanLiquidatedAccounts: number;
  readonly meanMarginShortfallUsd: number;
};

export type NamedResult = {
  readonly name: string;
  readonly badDebtUsd: number;
  readonly liquidatedUsd: number;
  readonly penaltyUsd: number;
  readonly liquidatedAccounts: number;
  readonly marginShortfallUsd: number;
};

export type AccountImpact = {
  readonly account: string;
  readonly debtUsd: number;
  readonly health: number;
  readonly liquidationProbability: number;
  readonly expectedBadDebtUsd: number;
};

export type Recommendation = {
  readonly id: string;
  readonly asOf: string;
  readonly expiresAt: string;
  readonly simulated: boolean;
  readonly verdict: Verdict;
  readonly assets: readonly AssetAdvice[];
  readonly before: LossSummary;
  readonly after: LossSummary;
  readonly namedBefore: readonly NamedResult[];
  readonly namedAfter: readonly NamedResult[];
  readonly borrowingPowerUsd: { readonly before: number; readonly after: number; readonly used: number };
  readonly evaluations: number;
};

export type RiskParameters = {
  readonly haircutBps: number;
  readonly liquidationThresholdBps: number;
  readonly liquidationBonusBps: number;
  readonly marginMultiplierPpm: number;
  readonly supplyCapTokens: number | null;
  readonly borrowCapTokens: number | null;
};

/** What the book holds of one asset today, beside its parameters. */
export type AssetExposure = {
  readonly asset: string;
  readonly panelAsset: string | null;
  readonly priceUsd: number;
  readonly collateralUsd: number;
  readonly debtUsd: number;
  /** Σ |size × price| over derivative accounts. */
  readonly perpGrossUsd: number;
  readonly dailyVolumeUsd: number;
  /**
   * The water: how deep the book sits in this collateral today. Σ_accounts (collateral in this asset × account's debt / account's
   * collateral) / Σ collateral in this asset, in basis points; null where nobody holds it as collateral.
   */
  readonly usedLtvBps: number | null;
  /** One-step GJR forecast, annualised, percent; null where the asset is not modelled. */
  readonly annualVolatilityPct: number | null;
  readonly parameters: RiskParameters;
};

export type Regime = {
  /** By rising volatility. */
  readonly labels: readonly string[];
  readonly now: readonly number[];
  readonly expectedDurationSteps: readonly number[];
  readonly stepSeconds: number;
  readonly history: { readonly at: readonly string[]; readonly probability: readonly (readonly number[])[] };
  /** At the times of `history.at`: trailing 24-hour volatility of the equal-weight market return, annualised percent. */
  readonly marketVolatilityPct: readonly (number | null)[] | null;
};

/** Shared bins, log-spaced over the positive losses: bin i counts paths with edges[i] < loss ≤ edges[i+1]; zero losses stand apart. */
export type LossHistogram = {
  readonly edgesUsd: readonly number[];
  readonly before: { readonly zero: number; readonly counts: readonly number[] };
  readonly after: { readonly zero: number; readonly counts: readonly number[] };
};

export type CallView = {
  readonly to: string;
  readonly data: string;
  readonly valueWei: string;
  readonly decoded: { readonly function: string; readonly arguments: Readonly<Record<string, string>> };
  readonly says: string;
};

export type Check = { readonly name: string; readonly verdict: 'pass' | 'warn' | 'fail'; readonly says: string };

export type Proposal = {
  readonly id: string;
  readonly target: string;
  readonly chainId: number;
  readonly governor: string;
  readonly calls: readonly CallView[];
  readonly description: string;
  readonly descriptionHash: string;
  readonly onChainId: string;
  readonly evidenceRoot: string;
  readonly checks: readonly Check[];
  readonly expiresAt: string;
};

export type Execution = {
  readonly id: string;
  readonly chainId: number;
  readonly rehearsal: boolean;
  readonly steps: readonly { readonly step: string; readonly transaction: string; readonly block: string; readonly gasUsed: string }[];
  readonly readBack: readonly {
    readonly asset: string;
    readonly field: string;
    readonly before: string;
    readonly wanted: string;
    readonly after: string;
    readonly matches: boolean;
  }[];
  readonly ok: boolean;
};

export type QualityFinding = {
  readonly asset: string;
  readonly kind: string;
  readonly severity: 'note' | 'warning' | 'fatal';
  readonly from: string;
  readonly to: string;
  readonly bars: number;
  readonly says: string;
};

export type Waiver = { readonly subject: string; readonly kind: string; readonly reason: string };

export type ForecasterVerdict = {
  readonly asset: string;
  readonly weight: number;
  readonly pinball: number;
  readonly benchmarkPinball: number;
  readonly observations: number;
  readonly pValue: number | null;
  readonly says: string;
};

export type FitLine = {
  readonly model: string;
  readonly subject: string;
  readonly observations: number;
  readonly logLikelihood: number;
  readonly converged: boolean;
  readonly evaluations: number;
  /** Names of parameters that ended on a bound. */
  readonly atBound: readonly string[];
  readonly warnings: readonly string[];
};

/** What really happened to the book after `asOf`, with the old and the new parameters. */
export type Replay = {
  readonly from: string;
  readonly to: string;
  readonly before: NamedResult;
  readonly after: NamedResult;
  /** Lowest and last price as multiples of the price at `asOf`, by panel asset, deepest fall first. */
  readonly prices?:
    | undefined
    | readonly { readonly asset: string; readonly lowest: number; readonly last: number; readonly missingBars: number }[];
};

/** A whole plan of haircuts, judged on paths shared by all plans. */
export type FrontierPoint = {
  readonly borrowingPowerUsd: number;
  /** Of bad debt. */
  readonly expectedShortfallUsd: number;
  readonly standardErrorUsd: number;
  /** Less today's, and its standard error on the shared paths. */
  readonly changeUsd: number;
  readonly changeStandardErrorUsd: number;
  /** No other plan has as much power and no more shortfall. */
  readonly efficient: boolean;
  readonly haircutBps: Readonly<Record<string, number>>;
};

/** `reachUsd`: the most power of a plan with no more shortfall; null where there is none. */
export type FrontierStanding = FrontierPoint & { readonly reachUsd: number | null };

export type Frontier = {
  readonly level: number;
  readonly budgetUsd: number;
  readonly paths: number;
  readonly screenPaths: number;
  readonly today: FrontierStanding;
  readonly recommended: FrontierStanding;
  /** By rising borrowing power. */
  readonly points: readonly FrontierPoint[];
  readonly says: string;
};

/** `low` to `high`: between these the data cannot tell. null: no cap. */
export type CapLevel = {
  readonly verdict: 'change' | 'hold' | 'abstain';
  readonly reason: string | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly binding: string;
};

export type Caps = {
  readonly level: number;
  readonly paths: number;
  readonly stepSeconds: number;
  readonly tailDepth: number;
  readonly assets: readonly {
    readonly asset: string;
    readonly suppliedTokens: number;
    readonly borrowedTokens: number;
    /** Of the asset's pool, in a path's busiest step. */
    readonly tailUsd: number;
    readonly tailStandardErrorUsd: number;
    readonly largestUsd: number;
    readonly takesTailUsd: number | null;
    readonly takesUsualUsd: number | null;
    readonly supplyCapTokens: CapLevel;
    readonly borrowCapTokens: CapLevel;
    readonly liquidationBonusBps: CapLevel;
  }[];
  readonly bonuses: { readonly changeUsd: number; readonly standardErrorUsd: number; readonly penaltyChangeUsd: number } | null;
};

/** One finished run, whole. */
export type Result = {
  readonly runId: string;
  readonly simulated: boolean;
  readonly asOf: string;
  readonly protocol: string;
  readonly bundle: { readonly id: string; readonly path: string };
  /** The command that re-runs this bundle, ready to paste. */
  readonly verifyCommand: string;
  readonly panel: {
    readonly startsAt: string;
    readonly length: number;
    readonly stepSeconds: number;
    readonly assets: number;
    readonly sources: readonly string[];
  };
  readonly book: {
    readonly lendingAccounts: number;
    readonly derivativeAccounts: number;
    readonly collateralUsd: number;
    readonly debtUsd: number;
    readonly insuranceFundUsd: number;
  };
  readonly scenarios: { readonly seed: number; readonly paths: number; readonly steps: number; readonly stepSeconds: number };
  readonly precision?: { readonly wantedUsd: number; readonly standardErrorUsd: number; readonly reached: boolean } | undefined;
  readonly recommendation: Recommendation;
  readonly assets: readonly AssetExposure[];
  readonly regime: Regime;
  readonly losses: LossHistogram;
  /** Missing in results stored before it was added. */
  readonly frontier?: undefined | Frontier;
  readonly caps?: undefined | Caps;
  /** Its card is at `/v1/cards/:id`: too long for every answer. */
  readonly cardId?: undefined | string;
  /** Worst first; at most fifty each, joined by `account` on the page. */
  readonly accountsBefore: readonly AccountImpact[];
  readonly accountsAfter: readonly AccountImpact[];
  readonly proposal: Proposal | null;
  /** Why nothing was drafted, where nothing was. */
  readonly noProposal: { readonly reason: string; readonly says: string } | null;
  /** The limits the advice was made within. */
  readonly policy?: undefined | { readonly name: string; readonly says: string; readonly overBudgetProbability: number } | null;
  readonly execution: Execution | null;
  readonly quality: readonly QualityFinding[];
  readonly excluded: readonly { readonly asset: string; readonly kind: string; readonly says: string }[];
  readonly left: readonly { readonly asset: string; readonly says: string }[];
  readonly waivers: readonly Waiver[];
  readonly notes: readonly string[];
  readonly setAside: { readonly accounts: number; readonly debtUsd: number };
  readonly fits: readonly FitLine[];
  readonly forecaster: { readonly backend: string; readonly horizonSteps: number; readonly verdicts: readonly ForecasterVerdict[] } | null;
  readonly replay: Replay | null;
  readonly milliseconds: Readonly<Record<string, number>>;
};

/** `run` is the newest run; `result` the newest finished one's, which may be an older run's while a new one works. */
export type Page = { readonly version: string; readonly run: Run | null; readonly result: Result | null };
