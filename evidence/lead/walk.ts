/**
 * One multiplier an hour by rule and asset, from the bars up to that hour. Parameters stand between refits, states move on.
 *
 *   law           what predictive.ts calls calculated: the law's larger quantile over the base margin
 *   law + volume  the same, stretched for congestion, with the market's hourly volume over its median of a week in place of fees (a proxy)
 *   day + volume  the same of day: whether volume or the law is what warns
 *   ewma          z · √(4 v), v with RiskMetrics' decay of 0.94 a day                    garch   z · √(Σ of 4 expected variances), normal errors
 *   ewma-hour     the same with 0.94 an hour
 *   day           z · √(4 v), v the mean square of the last 24 hours                     week    of the last 168
 *   still         1
 */
import type { MarketPanel } from '../../datasets/panel.ts';
import { returnsPct } from '../../models/fit.ts';
import { normalQuantile } from '../../models/math/special.ts';
import { stretchOf } from '../../tuner/margin/predictive.ts';
import { DOUBLINGS, HOUR_MS, type Known, type KnownAsset, LEVEL, PERIOD_HOURS } from './known.ts';

export const RULES = ['law', 'law + volume', 'ewma', 'ewma-hour', 'day', 'day + volume', 'week', 'garch', 'still'] as const;
export type Rule = (typeof RULES)[number];
export const SIMPLE: readonly Rule[] = ['ewma', 'ewma-hour', 'day', 'week', 'garch'];

export type Walked = {
  readonly asset: string;
  readonly close: Float64Array;
  /** Base margin in force, a fraction of the notional; NaN where the asset has none. */
  readonly base: Float64Array;
  readonly multiplier: Readonly<Record<Rule, Float64Array>>;
};

const DECAY = 0.94;
const Z = normalQuantile(LEVEL);
const WEEK_HOURS = 168;
/** An asset without bars for so long has no margin until it is fitted again. */
const MOST_SILENT_HOURS = 24;

export function walk(panel: MarketPanel, startMs: number, dates: readonly Known[], untilMs: number): Walked[] {
  const stretch = congestion(panel);
  const names = [...new Set(dates.flatMap(({ assets }) => assets.map(({ asset }) => asset)))].sort();
  return names.map((asset) => {
    const close = Float64Array.from(panel.bars[asset]!.close, (price) => price ?? Number.NaN);
    const returns = returnsPct(panel, asset);
    const size = close.length;
    const empty = () => new Float64Array(size).fill(Number.NaN);
    const base = empty();
    const multiplier = Object.fromEntries(RULES.map((rule) => [rule, empty()])) as Record<Rule, Float64Array>;
    const variances = {
      ewma: ewma(returns, DECAY ** (1 / 24)),
      hour: ewma(returns, DECAY),
      day: rolling(returns, 24),
      week: rolling(returns, WEEK_HOURS),
    };
    for (const [index, date] of dates.entries()) {
      const of = date.assets.find((one) => one.asset === asset);
      if (of === undefined) continue;
      const from = (date.atMs - startMs) / HOUR_MS;
      const to = Math.min(size, ((dates[index + 1]?.atMs ?? untilMs) - startMs) / HOUR_MS);
      let [h, g, silent] = [of.law.nextVariance, of.garch?.nextVariance ?? Number.NaN, 0];
      for (let t = from - 1; t < to - 1; t += 1) {
        if (t >= from) {
          h = moved(of.law, h, returns[t]!);
          if (of.garch !== null) g = moved(of.garch, g, returns[t]!);
        }
        silent = Number.isNaN(close[t]!) ? silent + 1 : 0;
        if (silent > MOST_SILENT_HOURS) break;
        base[t] = of.baseFraction;
        const law = foreseen(of, h) / of.baseFraction;
        const normal = (variance: number) => (1 - Math.exp((-Z * Math.sqrt(variance)) / 100)) / of.baseFraction;
        multiplier.law[t] = law;
        multiplier['law + volume'][t] = law * Math.sqrt(stretch[t]!);
        multiplier.ewma[t] = normal(PERIOD_HOURS * variances.ewma[t]!);
        multiplier['ewma-hour'][t] = normal(PERIOD_HOURS * variances.hour[t]!);
        multiplier.day[t] = normal(PERIOD_HOURS * variances.day[t]!);
        multiplier['day + volume'][t] = multiplier.day[t]! * Math.sqrt(stretch[t]!);
        multiplier.week[t] = normal(PERIOD_HOURS * variances.week[t]!);
        multiplier.garch[t] = of.garch === null ? Number.NaN : normal(summed(of.garch, g));
        multiplier.still[t] = 1;
      }
    }
    return { asset, close, base, multiplier };
  });
}

/** The larger of the law's two quantiles at a variance, linear in logarithms between the table's doublings. */
export function foreseen({ table, unconditionalVariance }: Pick<KnownAsset, 'table' | 'unconditionalVariance'>, variance: number): number {
  const place = Math.max(0, Math.min(DOUBLINGS.length - 1.000001, Math.log2(variance / unconditionalVariance) - DOUBLINGS[0]!));
  const below = Math.floor(place);
  const read = (side: 'fallFraction' | 'riseFraction') => {
    const [low, high] = [Math.log(Math.max(1e-9, table[below]![side])), Math.log(Math.max(1e-9, table[below + 1]![side]))];
    return Math.exp(low + (place - below) * (high - low));
  };
  return Math.max(read('fallFraction'), read('riseFraction'));
}

function moved({ mu, omega, alpha, gamma, beta }: KnownAsset['law'], h: number, returnPct: number): number {
  const e = returnPct - mu;
  return omega + (Number.isNaN(e) ? (alpha + gamma / 2) * h : (alpha + (e < 0 ? gamma : 0)) * e * e) + beta * h;
}

/** Of the coming hours, expected. */
function summed({ omega, alpha, beta }: KnownAsset['law'], next: number): number {
  let [h, total] = [next, 0];
  for (let step = 0; step < PERIOD_HOURS; step += 1) {
    total += h;
    h = omega + (alpha + beta) * h;
  }
  return total;
}

function ewma(returns: Float64Array, decay: number): Float64Array {
  let v = Number.NaN;
  return returns.map((r) => {
    if (!Number.isNaN(r)) v = Number.isNaN(v) ? r * r : decay * v + (1 - decay) * r * r;
    return v;
  });
}

function rolling(returns: Float64Array, hours: number): Float64Array {
  return returns.map((_, t) => {
    let [sum, count] = [0, 0];
    for (let s = Math.max(0, t + 1 - hours); s <= t; s += 1) {
      if (Number.isNaN(returns[s]!)) continue;
      sum += returns[s]! * returns[s]!;
      count += 1;
    }
    return 2 * count >= hours ? sum / count : Number.NaN;
  });
}

/** How much longer closing out is taken to last, by the hour: volume of all assets in USD as the proxy of fees. */
function congestion(panel: MarketPanel): Float64Array {
  const volume = Float64Array.from({ length: panel.length }, (_, t) =>
    panel.assets.reduce((sum, asset) => sum + (panel.bars[asset]!.close[t] ?? 0) * (panel.bars[asset]!.volume[t] ?? 0), 0),
  );
  return volume.map((now, t) => {
    const week = volume.slice(Math.max(0, t + 1 - WEEK_HOURS), t + 1).sort();
    const usual = week[week.length >> 1]!;
    return usual > 0 ? stretchOf({ says: 'known', timesUsual: now / usual }) : 1;
  });
}
