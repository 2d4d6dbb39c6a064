/** Panels and series with known truth, from the project's own streams. */
import { seal } from '../../base/id.ts';
import { PURPOSE, uniform } from '../../base/random.ts';
import type { MarketPanel } from '../../datasets/panel.ts';
import { normalQuantile } from '../../models/math/special.ts';

export function normal(seed: number, path: number, step: number, lane: number): number {
  return normalQuantile(uniform(seed, PURPOSE.sampleMarket, path, step, lane));
}

/** Two independent-row Gaussian columns with correlation ρ. */
export function correlated(rho: number, length: number, seed: number): [Float64Array, Float64Array] {
  const a = Float64Array.from({ length }, (_, t) => normal(seed, 0, t, 0));
  const b = Float64Array.from({ length }, (_, t) => rho * a[t]! + Math.sqrt(1 - rho * rho) * normal(seed, 1, t, 0));
  return [a, b];
}

/**
 * Hourly panel: GJR returns with one common factor and a two-state regime that multiplies every return (0.8 and 1.4, for three weeks and one on average); 5 % of
 * shocks doubled. Asset i has (i mod 3 + 1) half-percent hours. `masked` bars of an asset are not observed.
 */
export function simulatedPanel(options: {
  readonly assets: readonly string[];
  readonly length: number;
  readonly seed: number;
  readonly masked?: Readonly<Record<string, readonly [number, number]>>;
}): { readonly panel: MarketPanel; readonly state: Int8Array } {
  const { assets, length, seed } = options;
  const state = new Int8Array(length);
  const h = assets.map(() => 1);
  const price = assets.map(() => 100);
  const close = assets.map(() => new Array<number | null>(length).fill(null));
  const volume = assets.map(() => new Array<number | null>(length).fill(null));
  for (let t = 0; t < length; t += 1) {
    const before = t === 0 ? 0 : state[t - 1]!;
    const leaves = uniform(seed, PURPOSE.regime, 0, t, 0) < (before === 0 ? 0.002 : 0.006);
    state[t] = leaves ? 1 - before : before;
    const multiplier = state[t] === 1 ? 1.4 : 0.8;
    const common = normal(seed, 0, t, 0);
    assets.forEach((asset, i) => {
      const heavy = uniform(seed, PURPOSE.mixing, 1, t, i) < 0.05 ? 2 : 0.92;
      const e = Math.sqrt(h[i]!) * multiplier * heavy * (Math.sqrt(0.6) * common + Math.sqrt(0.4) * normal(seed, 1, t, i));
      h[i] = 0.03 + (0.03 + (e < 0 ? 0.04 : 0)) * e * e + 0.92 * h[i]!;
      price[i] = price[i]! * Math.exp((((i % 3) + 1) * 0.5 * e) / 100);
      const [from, to] = options.masked?.[asset] ?? [0, 0];
      if (t >= from && t < to) return;
      close[i]![t] = price[i]!;
      volume[i]![t] = 1_000 * (1 + multiplier);
    });
  }
  const bars = Object.fromEntries(
    assets.map((asset, i) => [asset, { open: close[i]!, high: close[i]!, low: close[i]!, close: close[i]!, volume: volume[i]! }]),
  );
  const panel = seal({
    kind: 'market-panel' as const,
    from: {},
    assets: [...assets],
    quote: 'USD',
    startsAt: '2024-01-01T00:00:00.000Z',
    stepSeconds: 3_600,
    length,
    bars,
    quality: [],
    excluded: [],
    waivers: [],
    sources: [],
    simulated: true,
  });
  return { panel, state };
}

/** Mean and covariance helpers would hide what a test checks: only the scale-free error is shared. */
export function relativeError(value: number, truth: number): number {
  return Math.abs(value / truth - 1);
}
