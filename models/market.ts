/**
 * MarketModel: the market's joint law, as numbers anyone can read.
 *
 *   r_t = μ + √h_t · m_s · z_t          per asset, log return in percent over one step
 *   h_{t+1} = ω + (α + γ·1[e_t < 0]) e_t² + β h_t,   e_t = r_t − μ        GJR (Glosten, Jagannathan, Runkle 1993)
 *   z_t = F⁻¹(T_ν(x_t)),  x_t ~ multivariate t with ν degrees and correlation R_s       t-copula, semi-parametric margins
 *   s_t a Markov chain with transition P, m_s its multiplier with E[m²] = 1
 *
 * Fitted once per panel and stored; stress, tune and verify read it and never refit.
 */
import { z } from 'zod';
import { Id } from '../base/id.ts';
import { AssetName } from '../datasets/panel.ts';

const Numbers = z.array(z.number()).readonly();
const Matrix = z.array(Numbers).readonly();

/** How a fit ended. `converged` is false at the iteration limit; a refusal never reaches a MarketModel. */
export const FitReport = z
  .strictObject({
    model: z.string(),
    subject: z.string(),
    observations: z.int().nonnegative(),
    logLikelihood: z.number(),
    converged: z.boolean(),
    evaluations: z.int().nonnegative(),
    /** Names of parameters that ended on a bound. */
    atBound: z.array(z.string()).readonly(),
    warnings: z.array(z.string()).readonly(),
  })
  .readonly();
export type FitReport = z.infer<typeof FitReport>;

export const GjrLaw = z
  .strictObject({
    muPct: z.number(),
    /** Percent². */
    omega: z.number().positive(),
    alpha: z.number().nonnegative(),
    gamma: z.number(),
    beta: z.number().nonnegative(),
    /** Degrees of freedom of the unit-variance Student-t errors. */
    nu: z.number().gt(2),
    /** h for the first step after the panel ends, percent². */
    nextVariance: z.number().positive(),
    /** Long-run variance per step, percent². */
    unconditionalVariance: z.number().positive(),
    standardErrors: z.record(z.string(), z.number()).readonly(),
    fit: FitReport,
  })
  .readonly();
export type GjrLaw = z.infer<typeof GjrLaw>;

/** F⁻¹∘T_ν as a table: the standardised return z at copula coordinate x, linear between nodes, tempered (flat) outside. */
export const Margin = z
  .strictObject({
    x: Numbers,
    z: Numbers,
    /** Generalised Pareto tails: threshold on |z|, shape, scale. */
    lowerTail: z.strictObject({ threshold: z.number(), shape: z.number(), scale: z.number().positive(), exceedances: z.int() }).readonly(),
    upperTail: z.strictObject({ threshold: z.number(), shape: z.number(), scale: z.number().positive(), exceedances: z.int() }).readonly(),
    fit: FitReport,
  })
  .readonly();
export type Margin = z.infer<typeof Margin>;

export const RegimeLaw = z
  .strictObject({
    /** Ordered by rising volatility. */
    labels: z.array(z.string()).readonly(),
    /** Row-stochastic, from row to column, per step. */
    transition: Matrix,
    stationary: Numbers,
    /** Filtered probabilities at the end of the panel. */
    now: Numbers,
    /** m_s with Σ stationary_s · m_s² = 1. */
    multiplier: Numbers,
    expectedDurationSteps: Numbers,
    /** Filtered probabilities through time, at most 1,500 points, for people to look at. */
    history: z.strictObject({ at: z.array(z.string()).readonly(), probability: Matrix }).readonly(),
    fit: FitReport,
  })
  .readonly();
export type RegimeLaw = z.infer<typeof RegimeLaw>;

export const CorrelationLaw = z
  .strictObject({
    dcc: z.strictObject({ a: z.number(), b: z.number() }).readonly(),
    /** Unconditional target, in the order of `assets`. */
    target: Matrix,
    /** DCC's correlation for the first step after the panel. */
    now: Matrix,
    /** R_s used in regime s, positive definite. */
    byRegime: z.array(Matrix).readonly(),
    /** λ of C(λ) = (1−λ)C + λ·11ᵀ, estimated from the crisis regime. */
    crisisLambda: z.number().min(0).max(1),
    /** ν of the t-copula. */
    copulaNu: z.number().gt(2),
    repaired: z.boolean(),
    fit: FitReport,
  })
  .readonly();
export type CorrelationLaw = z.infer<typeof CorrelationLaw>;

/** The learned part's standing against its benchmarks, whichever way it fell. Weight 0 = stands aside. */
export const ForecasterVerdict = z
  .strictObject({
    asset: AssetName,
    weight: z.number().min(0).max(1),
    pinball: z.number(),
    benchmarkPinball: z.number(),
    observations: z.int().nonnegative(),
    pValue: z.number().min(0).max(1).nullable(),
    says: z.string(),
  })
  .readonly();
export type ForecasterVerdict = z.infer<typeof ForecasterVerdict>;

export const Forecaster = z
  .strictObject({
    backend: z.string(),
    /** Hash of architecture and weights. */
    weights: Id,
    quantileLevels: Numbers,
    horizonSteps: z.int().positive(),
    verdicts: z.array(ForecasterVerdict).readonly(),
    /** Quantiles of the coming return in percent, by asset, from the last bar. */
    next: z.record(z.string(), Numbers).readonly(),
    /** The same quantiles from the law itself. */
    lawNext: z.record(z.string(), Numbers).readonly(),
    /** The challenger's 1 % quantile over the law's: 1 = they agree, 2 = it sees twice the loss. */
    tailRatio: z.record(z.string(), z.number()).readonly(),
  })
  .readonly();
export type Forecaster = z.infer<typeof Forecaster>;

export const MarketModel = z
  .strictObject({
    kind: z.literal('market-model'),
    id: Id,
    /** `law`: where the estimates were carried over from a stored law, which. */
    from: z.strictObject({ panel: Id, law: Id.optional() }).readonly(),
    asOf: z.string(),
    stepSeconds: z.int().positive(),
    simulated: z.boolean(),
    /** Sorted; the order of every vector and matrix here. */
    assets: z.array(AssetName).min(1).readonly(),
    /** Assets of the panel that could not be modelled, with the reason. */
    left: z.array(z.strictObject({ asset: AssetName, says: z.string() }).readonly()).readonly(),
    volatility: z.record(z.string(), GjrLaw).readonly(),
    margins: z.record(z.string(), Margin).readonly(),
    regime: RegimeLaw,
    correlation: CorrelationLaw,
    /** Trailing 30-day mean daily volume in quote currency, by asset. */
    dailyVolumeUsd: z.record(z.string(), z.number()).readonly(),
    forecaster: Forecaster.nullable(),
  })
  .readonly();
export type MarketModel = z.infer<typeof MarketModel>;
