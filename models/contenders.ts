/**
 * Contenders: every rule that says how far a return may fall, behind one interface, so that they can be scored alike.
 *
 * Value at risk and expected shortfall are returns in percent over the horizon, a loss negative. How each reaches a horizon of n bars:
 *   historical           every sum of n returns in the window (they overlap), its empirical quantile; read again every day
 *   ewma                 RiskMetrics (1996): λ = 0.94 on returns of n bars that do not overlap, normal, mean 0
 *   garch-normal         GARCH(1,1), normal errors: paths of n bars
 *   gjr-t                GJR(1,1), Student-t errors: paths of n bars
 *   filtered-historical  volatility of gjr-t, its own standardised residuals drawn anew (Barone-Adesi, Giannopoulos, Vosper 1999)
 *   conditional-evt      the same with Pareto tails (McNeil and Frey 2000; tail.ts)
 * Paths are a Latin hypercube: each bar takes every one of `PATHS` even quantiles of the residuals once, in an order drawn once. At one
 * bar no path is needed: quantile and shortfall are those of the residuals, moved and scaled.
 */
import { PURPOSE, uniform } from '../base/random.ts';
import * as Garch from './garch.ts';
import * as Innovation from './innovation.ts';
import { normalQuantile } from './math/special.ts';
import { quantileOfSorted, sorted } from './math/statistics.ts';
import * as Tail from './tail.ts';

export type Forecast = {
  /** One a level. */
  readonly valueAtRisk: readonly number[];
  readonly expectedShortfall: readonly number[];
  readonly variance: number;
};

/** Parameters held, state moved on bar by bar. */
export type Tracker = { observe(returnPct: number): void; forecast(): Forecast };

export type Contender = { readonly name: string; fit(past: Past): Tracker };

/** What is known at a refit; the two GARCH fits are shared by those who need them. */
export type Past = {
  readonly returnsPct: Float64Array;
  readonly normal: Garch.GarchFit;
  readonly student: Garch.GarchFit;
};

export type Task = {
  readonly horizonBars: number;
  readonly dayBars: number;
  readonly levels: readonly number[];
  readonly seed: number;
};

export const GARCH_NORMAL: Garch.Spec = { ...Garch.GJR_T, asymmetric: false, errors: 'normal' };

const PATHS = 4096;
const DECAY = 0.94;
const ES_NODES = 400;
/** A quantile of no loss at all has no FZ0 score: at least this is said, in percent. */
const LEAST_LOSS = 1e-6;

export function all(task: Task): readonly Contender[] {
  const orders = task.horizonBars === 1 ? new Uint16Array(0) : latinOrders(task.horizonBars, task.seed);
  const student = (past: Past) => ({ fit: past.student, spec: Garch.GJR_T });
  const law = (name: string, choose: Choose, law: Residuals): Contender => ({
    name,
    fit: (past) => trackGarch(task, orders, past, choose(past), law),
  });
  return [
    { name: 'historical', fit: (past) => trackHistory(task, past) },
    { name: 'ewma', fit: (past) => trackEwma(task, past) },
    law(
      'garch-normal',
      (past) => ({ fit: past.normal, spec: GARCH_NORMAL }),
      () => normalQuantile,
    ),
    law('gjr-t', student, (_, { parameters }) => {
      const errors = Innovation.law(parameters.nu, null);
      return (u) => Innovation.quantile(u, errors);
    }),
    law('filtered-historical', student, (standardized) => {
      const rising = sorted(standardized);
      return (u) => quantileOfSorted(rising, u);
    }),
    law('conditional-evt', student, (standardized) => {
      const tails = Tail.fitTails(standardized);
      return (u) => Tail.quantile(tails, u);
    }),
  ];
}

type Choose = (past: Past) => { readonly fit: Garch.GarchFit; readonly spec: Garch.Spec };
/** Quantiles of the standardised residuals. */
type Residuals = (standardized: Float64Array, fit: Garch.GarchFit) => (u: number) => number;

function trackGarch(task: Task, orders: Uint16Array, past: Past, { fit, spec }: ReturnType<Choose>, residuals: Residuals): Tracker {
  const { horizonBars, levels } = task;
  const { parameters } = fit;
  const { mu, omega, alpha, gamma, beta } = parameters;
  const filtered = Garch.filter(past.returnsPct, parameters, spec);
  const quantile = residuals(filtered.standardized, fit);
  let h = filtered.nextVariance;
  const observe = (returnPct: number) => {
    const e = returnPct - mu;
    const news = Number.isNaN(e) ? (alpha + gamma / 2) * h : (alpha + (e < 0 ? gamma : 0)) * e * e;
    h = omega + news + beta * h;
  };
  if (horizonBars === 1) {
    const q = levels.map(quantile);
    const es = levels.map((level) => shortfallOf(quantile, level));
    const placed = (z: number) => mu + Math.sqrt(h) * z;
    return { observe, forecast: () => ordered(q.map(placed), es.map(placed), h) };
  }
  const z = Float64Array.from({ length: PATHS }, (_, i) => quantile((i + 0.5) / PATHS));
  const totals = new Float64Array(PATHS);
  const forecast = () => {
    let place = 0;
    for (let path = 0; path < PATHS; path += 1) {
      let v = h;
      let total = horizonBars * mu;
      for (let step = 0; step < horizonBars; step += 1) {
        const e = Math.sqrt(v) * z[orders[place]!]!;
        place += 1;
        total += e;
        v = omega + (e < 0 ? alpha + gamma : alpha) * e * e + beta * v;
      }
      totals[path] = total;
    }
    return empirical(totals.sort(), levels, Garch.aggregateVariance(parameters, h, horizonBars));
  };
  return { observe, forecast };
}

function trackHistory({ horizonBars, dayBars, levels }: Task, past: Past): Tracker {
  const returns = Array.from(past.returnsPct);
  const window = returns.length;
  let age = Number.POSITIVE_INFINITY;
  let standing: Forecast | null = null;
  return {
    observe(returnPct) {
      returns.push(returnPct);
      age += 1;
    },
    forecast() {
      if (standing === null || age >= dayBars) {
        const recent = Float64Array.from(returns.slice(-window));
        const totals = sorted(rollingSums(recent, horizonBars));
        let squares = 0;
        for (const total of totals) squares += total * total;
        standing = empirical(totals, levels, squares / totals.length);
        age = 0;
      }
      return standing;
    },
  };
}

function trackEwma({ horizonBars, levels }: Task, { returnsPct }: Past): Tracker {
  const q = levels.map(normalQuantile);
  const es = levels.map((level) => shortfallOf(normalQuantile, level));
  let h = Number.NaN;
  let total = 0;
  let bars = 0;
  const observe = (returnPct: number) => {
    total += returnPct;
    bars += 1;
    if (bars < horizonBars) return;
    if (!Number.isNaN(total)) h = Number.isNaN(h) ? total * total : DECAY * h + (1 - DECAY) * total * total;
    total = 0;
    bars = 0;
  };
  // Blocks end where the past ends.
  for (let t = returnsPct.length % horizonBars; t < returnsPct.length; t += 1) observe(returnsPct[t]!);
  const placed = (z: number) => Math.sqrt(h) * z;
  return { observe, forecast: () => ordered(q.map(placed), es.map(placed), h) };
}

function rollingSums(returns: Float64Array, bars: number): Float64Array {
  const out = new Float64Array(returns.length - bars + 1);
  for (let t = 0; t < out.length; t += 1) {
    let total = 0;
    for (let k = 0; k < bars; k += 1) total += returns[t + k]!;
    out[t] = total;
  }
  return out;
}

function empirical(rising: Float64Array, levels: readonly number[], variance: number): Forecast {
  const q = levels.map((level) => quantileOfSorted(rising, level));
  const es = q.map((value) => {
    let sum = 0;
    let count = 0;
    while (count < rising.length && rising[count]! <= value) {
      sum += rising[count]!;
      count += 1;
    }
    return sum / Math.max(1, count);
  });
  return ordered(q, es, variance);
}

/** Both losses, the shortfall no smaller than the quantile. */
function ordered(valueAtRisk: readonly number[], expectedShortfall: readonly number[], variance: number): Forecast {
  const losses = valueAtRisk.map((value) => Math.min(value, -LEAST_LOSS));
  return { valueAtRisk: losses, expectedShortfall: expectedShortfall.map((value, i) => Math.min(value, losses[i]!)), variance };
}

/** ∫ Q(u) du over (0, p), divided by p; u = p·s³ makes a heavy tail smooth. */
function shortfallOf(quantile: (u: number) => number, p: number): number {
  let total = 0;
  for (let i = 0; i < ES_NODES; i += 1) {
    const s = (i + 0.5) / ES_NODES;
    total += quantile(p * s ** 3) * 3 * s * s;
  }
  return total / ES_NODES;
}

/** For each bar an order of 0 … PATHS − 1, laid out path by path. */
function latinOrders(bars: number, seed: number): Uint16Array {
  const orders = new Uint16Array(PATHS * bars);
  const order = new Uint16Array(PATHS);
  for (let bar = 0; bar < bars; bar += 1) {
    for (let i = 0; i < PATHS; i += 1) {
      const j = Math.floor(uniform(seed, PURPOSE.contender, bar, i, 0) * (i + 1));
      order[i] = order[j]!;
      order[j] = i;
    }
    for (let path = 0; path < PATHS; path += 1) orders[path * bars + bar] = order[path]!;
  }
  return orders;
}
