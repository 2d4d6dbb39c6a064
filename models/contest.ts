/**
 * Contest: what walks through time say of the forecasters, by asset and of all assets together.
 *
 * By asset: Kupiec's test of the share of hits, Christoffersen's of share and independence at once, mean losses, and Diebold-Mariano
 * on FZ0 loss against GARCH-normal, one-sided: small where the forecaster is better. Pooled: the loss of an origin is the mean over the
 * assets scored then, so that assets that move together count as one; Newey-West with n^(1/3) lags in both.
 */
import { conditionalCoverage, independence } from './backtests.ts';
import { modelConfidenceSet } from './confidence.ts';
import { mean } from './math/statistics.ts';
import { dieboldMariano, kupiec } from './scoring.ts';
import type { Walked } from './walk.ts';

export type ScoreRow = {
  readonly asset: string;
  readonly forecaster: string;
  readonly level: number;
  readonly observations: number;
  readonly hits: number;
  readonly kupiecP: number;
  /** Conditional coverage: the count and its independence. */
  readonly christoffersenP: number;
  readonly independenceP: number;
  readonly fz0: number;
  readonly pinball: number;
  readonly qlike: number;
  /** Null for GARCH-normal itself. */
  readonly dmVsGarchNormalP: number | null;
};

export type PooledRow = {
  readonly forecaster: string;
  readonly level: number;
  readonly origins: number;
  readonly fz0: number;
  readonly dmVsGarchNormalP: number | null;
  readonly confidenceSetP: number;
  /** In the model confidence set at 90 %. */
  readonly inConfidenceSet: boolean;
};

const BENCHMARK = 'garch-normal';
const RESAMPLES = 500;
const LEAST_ORIGINS = 20;

export function rows({ asset, levels, tracks, origins }: Walked): ScoreRow[] {
  const benchmark = tracks.find(({ forecaster }) => forecaster === BENCHMARK)!;
  return levels.flatMap((level, at) =>
    tracks.map(({ forecaster, levels: tallies, qlike }) => {
      const tally = tallies[at]!;
      const hits = tally.hits.reduce((sum, hit) => sum + hit, 0);
      return {
        ...{ asset, forecaster, level, observations: origins.length, hits },
        kupiecP: kupiec(hits, origins.length, level).pValue,
        christoffersenP: conditionalCoverage(tally.hits, level).pValue,
        independenceP: independence(tally.hits).pValue,
        fz0: mean(tally.fz0),
        pinball: mean(tally.pinball),
        qlike: mean(qlike),
        dmVsGarchNormalP: forecaster === BENCHMARK ? null : better(tally.fz0, benchmark.levels[at]!.fz0),
      };
    }),
  );
}

/** Of one horizon and one list of levels. Empty where there are too few origins for a confidence set. */
export function pooled(walks: readonly Walked[], seed: number): PooledRow[] {
  const first = walks[0];
  if (first === undefined) return [];
  const origins = [...new Set(walks.flatMap((walked) => walked.origins))].sort((a, b) => a - b);
  if (origins.length < LEAST_ORIGINS) return [];
  const place = new Map(origins.map((origin, index) => [origin, index]));
  return first.levels.flatMap((level, at) => {
    const losses = first.tracks.map((_, track) => {
      const sums = new Float64Array(origins.length);
      const counts = new Float64Array(origins.length);
      for (const walked of walks) {
        walked.tracks[track]!.levels[at]!.fz0.forEach((loss, i) => {
          const index = place.get(walked.origins[i]!)!;
          sums[index] = sums[index]! + loss;
          counts[index] = counts[index]! + 1;
        });
      }
      return sums.map((sum, i) => sum / counts[i]!);
    });
    const set = modelConfidenceSet(losses, { seed, resamples: RESAMPLES });
    const benchmark = losses[first.tracks.findIndex(({ forecaster }) => forecaster === BENCHMARK)]!;
    return first.tracks.map(({ forecaster }, track) => ({
      ...{ forecaster, level, origins: origins.length, fz0: mean(losses[track]!) },
      dmVsGarchNormalP: forecaster === BENCHMARK ? null : better(losses[track]!, benchmark),
      confidenceSetP: set.pValues[track]!,
      inConfidenceSet: set.included[track]!,
    }));
  });
}

function better(losses: ArrayLike<number>, benchmark: ArrayLike<number>): number | null {
  const differences = Float64Array.from(losses, (loss, t) => loss - benchmark[t]!);
  return dieboldMariano(differences, Math.floor(differences.length ** (1 / 3)))?.pValue ?? null;
}
