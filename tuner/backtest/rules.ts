/**
 * Rules: how each policy of the backtest reads the past into one number an asset, the fall it expects to survive. A knob multiplies it to the
 * haircut. All look at the same bars, at most a year of them, and none later than the date; none is told which assets crash.
 *
 *   fixed        a declared table, as a protocol that never changes anything
 *   historical   1 % quantile of the asset's own falls over the horizon (overlapping)
 *   ewma         2.326 standard deviations, RiskMetrics' decay of 0.94 a day
 *   tuner        the engine's own curve of loss over haircut, one price of risk for all assets: search.ts
 *   law          expected shortfall at 99 % of the fitted joint law over the horizon, plus the cost of selling a tenth of the collateral
 *   hindsight    the fall that then came: what nobody can know
 */
import type { MarketPanel } from '../../datasets/panel.ts';
import { loadKernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import * as Law from '../stress/law.ts';

export const RULES = ['tuner', 'law', 'historical', 'ewma', 'fixed', 'hindsight'] as const;
export type Rule = (typeof RULES)[number];
/** Fraction of the price, by asset. */
export type Falls = Readonly<Record<string, number>>;

const HORIZON_HOURS = 48;
const HOURS_PER_DAY = 24;
const TAIL = 0.01;
const NORMAL_TAIL = 2.326;
const DAILY_DECAY = 0.94;
const LAW_PATHS = 4_096;
const SOLD_SHARE = 0.1;
/** Declared: what Aave gave the largest coins and the rest, as a fall. */
const FIXED: Readonly<Record<string, number>> = { BTC: 0.2, ETH: 0.2, BNB: 0.25, USDC: 0.1 };
const FIXED_OTHER = 0.35;

export function fixed(assets: readonly string[]): Falls {
  return each(assets, (asset) => FIXED[asset] ?? FIXED_OTHER);
}

export function historical(panel: MarketPanel, assets: readonly string[]): Falls {
  return each(assets, (asset) => {
    const close = panel.bars[asset]!.close;
    const moves: number[] = [];
    for (let t = HORIZON_HOURS; t < close.length; t += 1) {
      const [now, then] = [close[t], close[t - HORIZON_HOURS]];
      if (now !== null && now !== undefined && then !== null && then !== undefined) moves.push(now / then);
    }
    moves.sort((a, b) => a - b);
    return 1 - (moves[Math.floor(TAIL * moves.length)] ?? 0);
  });
}

export function ewma(panel: MarketPanel, assets: readonly string[]): Falls {
  const kernel = loadKernel();
  const decay = kernel.exp(kernel.log(DAILY_DECAY) / HOURS_PER_DAY);
  return each(assets, (asset) => {
    let [variance, last, weight] = [0, null as number | null, 0];
    for (const close of panel.bars[asset]!.close) {
      if (close === null) continue;
      if (last !== null) {
        const r = kernel.log(close / last);
        variance = decay * variance + (1 - decay) * r * r;
        weight = decay * weight + (1 - decay);
      }
      last = close;
    }
    return 1 - kernel.exp(-NORMAL_TAIL * Math.sqrt((variance / Math.max(weight, 1e-12)) * HORIZON_HOURS));
  });
}

/** `heldUsd`: collateral by asset, for the cost of sale y·σ·√(Q/V), y = 1 (the market's law of impact). */
export function law(model: MarketModel, heldUsd: Readonly<Record<string, number>>, seed: number): Falls {
  const { input, assets, dailyVolatility } = Law.flatten(model);
  const steps = Math.round((HORIZON_HOURS * 3600) / model.stepSeconds);
  const { factors } = loadKernel().simulate(input, seed, steps, 0, LAW_PATHS);
  const last = new Float64Array(LAW_PATHS);
  return each(assets, (asset, column) => {
    for (let path = 0; path < LAW_PATHS; path += 1) last[path] = factors[(path * steps + steps - 1) * assets.length + column]!;
    const worst = last.toSorted().subarray(0, Math.round(TAIL * LAW_PATHS));
    const shortfall = 1 - worst.reduce((sum, factor) => sum + factor, 0) / worst.length;
    const volume = Math.max(1, model.dailyVolumeUsd[asset] ?? 1);
    const cost = dailyVolatility[column]! * Math.sqrt((SOLD_SHARE * (heldUsd[asset] ?? 0)) / volume);
    return Math.min(0.95, shortfall + cost);
  });
}

/** Lowest close of the window as a fall from its start. */
export function hindsight(lowest: Readonly<Record<string, number>>): Falls {
  return Object.fromEntries(Object.entries(lowest).map(([asset, low]) => [asset, Math.max(0, 1 - low)]));
}

function each(assets: readonly string[], fall: (asset: string, index: number) => number): Falls {
  return Object.fromEntries(assets.map((asset, index) => [asset, fall(asset, index)]));
}
