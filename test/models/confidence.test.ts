import { describe, expect, it } from 'vitest';
import * as Confidence from '../../models/confidence.ts';
import { resample } from '../../models/math/bootstrap.ts';
import * as Scoring from '../../models/scoring.ts';
import { normal } from './simulated.ts';

/** Losses that cling together and share most of their noise, as those of rival forecasters do; `edges` is added to each. */
function losses(edges: readonly number[], length: number, run: number): Float64Array[] {
  return edges.map((edge, i) => {
    const series = new Float64Array(length);
    let own = 0;
    for (let t = 0; t < length; t += 1) {
      own = 0.4 * own + normal(51 + i, run, t, 0);
      series[t] = edge + own + 2 * normal(50, run, t, 0);
    }
    return series;
  });
}

describe('stationary bootstrap', () => {
  it('has blocks of the mean length asked for, and every bar as often', () => {
    const length = 2_000;
    let breaks = 0;
    const visits = new Float64Array(length);
    for (let path = 0; path < 20; path += 1) {
      const index = resample(length, 8, 3, path);
      index.forEach((place, t) => {
        visits[place] = visits[place]! + 1;
        if (t > 0 && place !== (index[t - 1]! + 1) % length) breaks += 1;
      });
    }
    // 40,000 / 8 = 5,000 breaks, standard deviation 66.
    expect(Math.abs(breaks - 5_000)).toBeLessThan(270);
    const halves = [0, 1].map((half) => visits.subarray((half * length) / 2, ((half + 1) * length) / 2).reduce((a, b) => a + b, 0));
    // Blocks of 8 give each half a standard deviation of about 100 · √8.
    expect(Math.abs(halves[0]! - halves[1]!)).toBeLessThan(1_700);
  });
});

describe('model confidence set', () => {
  it('keeps all of equals about as often as it says', () => {
    const runs = 100;
    let kept = 0;
    for (let run = 0; run < runs; run += 1) {
      const set = Confidence.modelConfidenceSet(losses([0, 0, 0], 250, run), { seed: run, resamples: 200 });
      if (set.included.every(Boolean)) kept += 1;
    }
    // 90 % nominal, standard deviation 3; short blocks leave out some dependence.
    expect(kept).toBeGreaterThan(76);
    expect(kept).toBeLessThan(100);
  });

  it('leaves out the worse, keeps the best, and says in which order', () => {
    const set = Confidence.modelConfidenceSet(losses([0, 0.05, 1, 2], 600, 7), { seed: 1 });
    expect(set.order.slice(0, 2)).toEqual([3, 2]);
    expect(set.included).toEqual([true, true, false, false]);
    expect(Math.max(...set.pValues)).toBe(1);
    expect(set.pValues[2]!).toBeGreaterThanOrEqual(set.pValues[3]!);
  });

  it('keeps models of the same losses, whatever the unit', () => {
    const [one] = losses([0], 300, 1);
    expect(Confidence.modelConfidenceSet([one!, one!], { seed: 1, resamples: 100 }).included).toEqual([true, true]);
    const some = losses([0, 0.3, 0.6], 300, 2);
    const tiny = some.map((series) => series.map((loss) => 1e-9 * loss));
    expect(Confidence.modelConfidenceSet(tiny, { seed: 1, resamples: 100 }).pValues).toEqual(
      Confidence.modelConfidenceSet(some, { seed: 1, resamples: 100 }).pValues,
    );
    expect(() => Confidence.modelConfidenceSet([one!, one!.subarray(1)], { seed: 1 })).toThrow(Confidence.BadLossesError);
  });
});

it('Diebold-Mariano has its size where losses cling together', () => {
  const runs = 400;
  let rejected = 0;
  for (let run = 0; run < runs; run += 1) {
    const [a, b] = losses([0, 0], 200, run);
    const test = Scoring.dieboldMariano(
      a!.map((loss, t) => loss - b![t]!),
      5,
    );
    if (test!.pValue < 0.05) rejected += 1;
  }
  // 400 × 5 % = 20, standard deviation 4.4; the Bartlett variance of AR(1) noise is a little short.
  expect(rejected).toBeGreaterThan(7);
  expect(rejected).toBeLessThan(41);
});
