/**
 * The forecaster: the learned challenger to the law. Quantiles of the return over the coming day, for each asset.
 *
 * One small quantile network (network.ts) for all assets learns from regime, realised and GARCH volatility, volume and calendar
 * (features.ts) how the coming return, in units of the volatility that GJR-t expects, is distributed. Walk-forward: fold by fold
 * it is trained on the past only, with a gap of one horizon, and judged on what followed, at origins one horizon apart, so that
 * no two outcomes overlap, by pinball loss against filtered historical simulation: the asset's own past quantiles × GJR-t's
 * volatility. Diebold-Mariano one-sided, Holm over assets. It earns `EARNED_WEIGHT` where it is better at 5 %, 0 elsewhere.
 *
 * Its weight does not enter the simulated law in this version: weight and quantiles are stored and shown, and `tailRatio`, its
 * 1 % quantile over the law's, tells the tuner where the two disagree.
 */
import { canonicalJson, digest } from '../base/id.ts';
import { PURPOSE } from '../base/random.ts';
import { SECONDS_PER_DAY } from '../base/units.ts';
import type { MarketPanel } from '../datasets/panel.ts';
import type { Row } from './features.ts';
import * as Features from './features.ts';
import * as Garch from './garch.ts';
import type { ForecasterVerdict, Forecaster as Standing } from './market.ts';
import { mean, quantileOfSorted, sorted, variance } from './math/statistics.ts';
import * as Network from './network.ts';
import * as Outlook from './outlook.ts';
import * as Regime from './regime.ts';
import { dieboldMariano, holm, pinball } from './scoring.ts';
import * as Turbulence from './turbulence.ts';

export type Input = {
  readonly panel: MarketPanel;
  readonly assets: readonly string[];
  readonly returnsPct: readonly Float64Array[];
  readonly law: Outlook.Law;
  readonly copulaNu: number;
  readonly chain: Regime.Chain;
};

export const LEVELS: readonly number[] = [0.005, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.995];

/** Ends of the training and test parts of each fold, as shares of the panel. */
const FOLDS: readonly (readonly [number, number])[] = [
  [0.7, 0.85],
  [0.85, 1],
];
const HIDDEN = [24, 12] as const;
const EPOCHS = 6;
const BATCH = 256;
const LEARNING_RATE = 3e-3;
const DECAY = 1e-3;
const MIN_TRAINING_ROWS = 200;
const MIN_TEST_ORIGINS = 30;
const SIGNIFICANCE = 0.05;
const EARNED_WEIGHT = 0.5;
const OUTLOOK_PATHS = 4_000;
const TAIL_LEVEL = 1;

export async function fit(
  input: Input,
  options: { readonly seed: number; readonly onStep: (says: string, share: number) => Promise<void> },
): Promise<Standing | null> {
  const { panel, assets } = input;
  const day = Math.max(1, Math.round(SECONDS_PER_DAY / panel.stepSeconds));
  const horizonSteps = day;
  // 1. Parameters as they would have been before the first test bar.
  await options.onStep('forecaster: features', 0);
  const firstTest = Math.floor(FOLDS[0]![0] * panel.length);
  const rows = Features.rows({
    ...input,
    parameters: input.returnsPct.map((returns, index) =>
      pastParameters(returns.subarray(0, firstTest), input.law.volatility[assets[index]!]!),
    ),
    chain: pastChain(input, firstTest, options.seed),
    horizonSteps,
    strideSteps: Math.max(1, Math.floor(day / 2)),
  });
  // 2. Train and test, fold by fold.
  const judged: Judged[] = [];
  let last: Fold | null = null;
  for (const [index, [from, to]] of FOLDS.entries()) {
    const begins = Math.floor(from * panel.length);
    const known = rows.filter((row) => !Number.isNaN(row.y) && row.origin + 2 * horizonSteps < begins);
    // Enough of one asset, not of all together: an asset with fewer is left out, and a network of no rows would never end its first epoch.
    const byAsset = assets.map((_, asset) => known.filter((row) => row.asset === asset).length);
    if (Math.max(...byAsset) < MIN_TRAINING_ROWS) return null;
    const fold = await trainFold(known, assets.length, options.seed, (share) =>
      options.onStep(`forecaster: fold ${index + 1} of ${FOLDS.length}`, 0.1 + (0.85 * (index + share)) / FOLDS.length),
    );
    const tested = rows.filter(
      (row) =>
        row.origin >= begins &&
        row.origin < to * panel.length &&
        !Number.isNaN(row.y) &&
        (panel.length - 1 - row.origin) % horizonSteps === 0,
    );
    for (const row of tested) {
      const base = fold.bases[row.asset]!;
      if (base !== null)
        judged.push({ asset: row.asset, origin: row.origin, own: score(row, predict(fold, row)), benchmark: score(row, base.quantiles) });
    }
    last = fold;
  }
  if (last === null) return null;
  // 3. Verdicts.
  const verdicts = judge(assets, judged);
  // 4. The coming day, from the network that was judged last, beside the law's own.
  await options.onStep('forecaster: outlook', 0.96);
  const next: Record<string, number[]> = {};
  const lawNext: Record<string, number[]> = {};
  const tailRatio: Record<string, number> = {};
  for (const row of rows.filter(({ origin }) => origin === panel.length - 1)) {
    const asset = assets[row.asset]!;
    if (last.bases[row.asset] === null) continue;
    next[asset] = predict(last, row).map((q) => q * row.scalePct);
    const paths = Outlook.simulate(input.law, asset, {
      steps: horizonSteps,
      paths: OUTLOOK_PATHS,
      copulaNu: input.copulaNu,
      stream: { seed: options.seed, purpose: PURPOSE.forecaster },
    });
    lawNext[asset] = LEVELS.map((p) => quantileOfSorted(paths, p));
    tailRatio[asset] = next[asset]![TAIL_LEVEL]! / lawNext[asset]![TAIL_LEVEL]!;
  }
  const { network } = last;
  return {
    backend: network.backend,
    weights: digest(canonicalJson({ shape: network.shape, weights: network.weights.map((values) => Array.from(values)) })),
    quantileLevels: LEVELS,
    horizonSteps,
    verdicts,
    next,
    lawNext,
    tailRatio,
  };
}

type Base = { readonly scale: number; readonly quantiles: readonly number[] };
type Fold = {
  readonly network: Network.Network;
  readonly centre: Float64Array;
  readonly spread: Float64Array;
  readonly bases: readonly (Base | null)[];
};
type Judged = { readonly asset: number; readonly origin: number; readonly own: number; readonly benchmark: number };

function pastParameters(
  returns: Float64Array,
  whole: { muPct: number; omega: number; alpha: number; gamma: number; beta: number; nu: number },
): Garch.Parameters | null {
  if (returns.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0) < 2 * Garch.MIN_OBSERVATIONS) return null;
  // A start from the whole sample's optimum changes where the search begins, not where the past's own optimum lies.
  return Garch.fit(returns, Garch.GJR_T, { ...whole, mu: whole.muPct }).parameters;
}

function pastChain(input: Input, until: number, seed: number): Regime.Chain {
  const days = Turbulence.days(input.panel);
  const values = Turbulence.statistic(input.returnsPct, days, until);
  const known = Turbulence.before(days, until);
  const past = Regime.fitChain(values.subarray(0, known.closes.length), known, { seed, near: input.chain });
  return Regime.filterChain(past, values, days);
}

async function trainFold(known: readonly Row[], assets: number, seed: number, onEpoch: (share: number) => Promise<void>): Promise<Fold> {
  const bases = Array.from({ length: assets }, (_, asset): Base | null => {
    const rising = sorted(known.filter((row) => row.asset === asset).map((row) => row.y));
    if (rising.length < MIN_TRAINING_ROWS) return null;
    return { scale: mean(rising.map(Math.abs)), quantiles: LEVELS.map((p) => quantileOfSorted(rising, p)) };
  });
  const used = known.filter((row) => bases[row.asset] !== null);
  const inputs = Features.INPUTS.length;
  const column = (i: number) => Float64Array.from(used, (row) => row.x[i]!);
  const centre = Float64Array.from({ length: inputs }, (_, i) => mean(column(i)));
  const spread = Float64Array.from({ length: inputs }, (_, i) => Math.sqrt(variance(column(i))) || 1);
  const x = new Float32Array(used.length * inputs);
  used.forEach((row, k) => {
    for (let i = 0; i < inputs; i += 1) x[k * inputs + i] = (row.x[i]! - centre[i]!) / spread[i]!;
  });
  const y = Float32Array.from(used, (row) => row.y / bases[row.asset]!.scale);
  const rising = sorted(y);
  const network = await Network.train(
    { inputs, hidden: HIDDEN, levels: LEVELS },
    { x, y },
    {
      seed,
      epochs: EPOCHS,
      batch: BATCH,
      learningRate: LEARNING_RATE,
      decay: DECAY,
      base: LEVELS.map((p) => quantileOfSorted(rising, p)),
      onEpoch,
    },
  );
  return { network, centre, spread, bases };
}

/** Quantiles of y. */
function predict({ network, centre, spread, bases }: Fold, row: Row): number[] {
  const scaled = row.x.map((value, i) => (value - centre[i]!) / spread[i]!);
  return Network.predict(network, scaled).map((q) => q * bases[row.asset]!.scale);
}

/** Mean pinball over the levels, in percent of price. */
function score(row: Row, quantiles: readonly number[]): number {
  return (row.scalePct * LEVELS.reduce((sum, p, k) => sum + pinball(row.y, quantiles[k]!, p), 0)) / LEVELS.length;
}

function judge(assets: readonly string[], judged: readonly Judged[]): ForecasterVerdict[] {
  const rows = assets.map((_, asset) => judged.filter((entry) => entry.asset === asset).sort((a, b) => a.origin - b.origin));
  const tests = rows.map((entries) =>
    entries.length < MIN_TEST_ORIGINS
      ? null
      : dieboldMariano(
          entries.map(({ own, benchmark }) => own - benchmark),
          1,
        ),
  );
  const adjusted = holm(tests.map((test) => test?.pValue ?? 1));
  return assets.map((asset, index) => {
    const entries = rows[index]!;
    const own = entries.length === 0 ? 0 : mean(entries.map((entry) => entry.own));
    const benchmark = entries.length === 0 ? 0 : mean(entries.map((entry) => entry.benchmark));
    const earned = tests[index] !== null && adjusted[index]! < SIGNIFICANCE;
    const change = benchmark > 0 ? `${(100 * (own / benchmark - 1)).toFixed(1)} %` : '';
    const says =
      tests[index] === null
        ? `stands aside: ${entries.length} test days, ${MIN_TEST_ORIGINS} needed`
        : `${earned ? 'beats' : 'stands aside: does not beat'} filtered historical simulation, pinball ${change} on ${entries.length} days, p ${adjusted[index]!.toFixed(3)} after Holm`;
    return {
      asset,
      weight: earned ? EARNED_WEIGHT : 0,
      pinball: own,
      benchmarkPinball: benchmark,
      observations: entries.length,
      pValue: tests[index] === null ? null : adjusted[index]!,
      says,
    };
  });
}
