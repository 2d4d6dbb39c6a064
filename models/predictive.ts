/**
 * Predictive: what a stored law says of each next bar of one asset, on bars it need not have seen; parameters stand, volatility moves on.
 *
 *   P(r_t ≤ y | bars before t) = Σ_s p_s(t) · T_ν(x((y − μ) / (√h_t · m_s)))       x(·) the inverse of the margin's table
 *
 * A stored law keeps no emissions, so after its as-of the regime is not filtered on: p(t) is p(as-of) carried forward by the chain, which is what the
 * law itself says of later times. Before it, p(t) is the last entry of the law's own filtered history. Multipliers near 1 make it a small matter.
 */
import { barTime, type MarketPanel } from '../datasets/panel.ts';
import { returnsPct } from './fit.ts';
import * as Garch from './garch.ts';
import type { Margin, MarketModel } from './market.ts';
import { tCdf } from './math/special.ts';
import { pinball } from './scoring.ts';

/** Levels whose pinball losses are averaged: both tails, and the middle. */
export const LEVELS: readonly number[] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** One entry a scored bar, in time order; bars without a return are left out. */
export type Predicted = {
  readonly asset: string;
  /** End of the bar, milliseconds since 1970. */
  readonly atMs: readonly number[];
  readonly returnPct: readonly number[];
  /** Probability integral transform: even on (0, 1) where the law is right. */
  readonly transform: readonly number[];
  /** Quantiles in percent, by level of `LEVELS`. */
  readonly quantilePct: readonly (readonly number[])[];
  /** Mean pinball loss over `LEVELS`, percent. */
  readonly lossPct: readonly number[];
};

const HALVINGS = 50;
/** Chain probabilities that moved less than this stand still. */
const STILL = 1e-12;

/** Bars that end after `fromMs`. Before the law's as-of that is a look at what it was fitted on, for people; nothing is scored there. */
export function predict(model: MarketModel, panel: MarketPanel, asset: string, fromMs: number): Predicted {
  const law = model.volatility[asset]!;
  const returns = returnsPct(panel, asset);
  const { muPct: mu, omega, alpha, gamma, beta, nu } = law;
  const { variance } = Garch.filter(returns, { mu, omega, alpha, gamma, beta, nu, lambda: null }, Garch.GJR_T);
  const standard = standardised(model, asset);
  const out = { asset, atMs: [] as number[], returnPct: [] as number[], transform: [] as number[], lossPct: [] as number[] };
  const quantilePct: number[][] = LEVELS.map(() => []);
  for (let t = 0; t < returns.length; t += 1) {
    const endMs = barTime(panel, t + 1);
    const outcome = returns[t]!;
    if (endMs <= fromMs || Number.isNaN(outcome)) continue;
    const spread = Math.sqrt(variance[t]!);
    const { probability, quantiles } = standard(barTime(panel, t));
    let loss = 0;
    LEVELS.forEach((level, i) => {
      const quantile = mu + spread * quantiles()[i]!;
      quantilePct[i]!.push(quantile);
      loss += pinball(outcome, quantile, level) / LEVELS.length;
    });
    out.atMs.push(endMs);
    out.returnPct.push(outcome);
    out.transform.push(probability((outcome - mu) / spread));
    out.lossPct.push(loss);
  }
  return { ...out, quantilePct };
}

type Standard = { readonly probability: (z: number) => number; readonly quantiles: () => readonly number[] };

/** The law of (r − μ)/√h of the bar that begins at a moment; made once for each state of the chain's memory, quantiles only where asked for. */
function standardised(model: MarketModel, asset: string): (startMs: number) => Standard {
  const { regime, correlation } = model;
  const margin = model.margins[asset]!;
  const cdf = marginCdf(margin, correlation.copulaNu);
  const standardOf = (weights: readonly number[]) => mixed(cdf, weights, regime.multiplier, margin);
  const asOfMs = Date.parse(model.asOf);
  const past = regime.history.at.map((at) => Date.parse(at));
  const before = new Map<number, Standard>();
  const after: Standard[] = [];
  let weights: readonly number[] = regime.now;
  let still = false;
  return (startMs) => {
    if (startMs < asOfMs) {
      // The first bars have no entry behind them: the chain's long run.
      const index = past.findLastIndex((at) => at <= startMs);
      const known = before.get(index) ?? standardOf(regime.history.probability[index] ?? regime.stationary);
      before.set(index, known);
      return known;
    }
    const wanted = 1 + Math.round((startMs - asOfMs) / (1000 * model.stepSeconds));
    while (after.length < wanted && !still) {
      const next = regime.transition.map((_, to) => weights.reduce((sum, p, from) => sum + p * regime.transition[from]![to]!, 0));
      still = after.length > 0 && next.every((p, s) => Math.abs(p - weights[s]!) < STILL);
      weights = next;
      after.push(standardOf(weights));
    }
    return after[Math.min(wanted, after.length) - 1]!;
  };
}

function mixed(cdf: (z: number) => number, weights: readonly number[], multiplier: readonly number[], { z }: Margin): Standard {
  const probability = (value: number) => weights.reduce((sum, p, s) => sum + p * cdf(value / multiplier[s]!), 0);
  const most = Math.max(...multiplier);
  const quantileOf = (level: number): number => {
    let low = Math.min(0, z[0]!) * most;
    let high = Math.max(0, z.at(-1)!) * most;
    for (let halving = 0; halving < HALVINGS; halving += 1) {
      const middle = 0.5 * (low + high);
      if (probability(middle) < level) low = middle;
      else high = middle;
    }
    return high;
  };
  let made: readonly number[] | null = null;
  const quantiles = (): readonly number[] => {
    made ??= LEVELS.map(quantileOf);
    return made;
  };
  return { probability, quantiles };
}

/** Linear in x between nodes, as the law is; 0 and 1 outside the table. */
function marginCdf({ x, z }: Margin, nu: number): (value: number) => number {
  return (value) => {
    if (value < z[0]!) return 0;
    if (value >= z.at(-1)!) return 1;
    let low = 0;
    let high = z.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (z[middle]! <= value) low = middle;
      else high = middle;
    }
    const share = (value - z[low]!) / (z[high]! - z[low]!);
    return tCdf(x[low]! + share * (x[high]! - x[low]!), nu);
  };
}
