/**
 * Model confidence set: the forecasters that cannot be told from the best one, with a stated confidence.
 *
 * Hansen, Lunde, Nason (2011), T_max: while some d_i = mean loss of i − mean loss of the set is too large for its bootstrapped standard
 * error, the worst leaves. Losses of one bar belong together, so they are resampled together, in stationary blocks. A forecaster's p-value
 * is the largest p-value of the tests up to its leaving; the set at confidence 1 − a holds those with p ≥ a.
 */
import { PlimsollError } from '../base/errors.ts';
import { resample } from './math/bootstrap.ts';

export type ConfidenceSet = {
  /** In the order given. */
  readonly pValues: readonly number[];
  readonly included: readonly boolean[];
  /** From the first that left to the last that stayed. */
  readonly order: readonly number[];
};

export type Options = {
  readonly seed: number;
  /** Probability of leaving the best out; 0.1 where not given. */
  readonly size?: number;
  readonly resamples?: number;
  /** Mean block length; n^(1/3) rounded up where not given. */
  readonly block?: number;
};

export function modelConfidenceSet(losses: readonly ArrayLike<number>[], options: Options): ConfidenceSet {
  const models = losses.length;
  const n = losses[0]?.length ?? 0;
  if (models < 1 || n < 20 || losses.some((series) => series.length !== n)) {
    throw new BadLossesError({
      got: `${models} series of ${losses.map((series) => series.length).join(', ')} losses`,
      needed: 'at least one series, all of one length of at least 20',
    });
  }
  const resamples = options.resamples ?? 1_000;
  const block = options.block ?? Math.ceil(n ** (1 / 3));
  // 1. Mean losses, as they are and in every resample.
  const means = losses.map((series) => {
    let total = 0;
    for (let t = 0; t < n; t += 1) total += series[t]!;
    return total / n;
  });
  const shifts = Array.from({ length: resamples }, (_, path) => {
    const index = resample(n, block, options.seed, path);
    return losses.map((series, i) => {
      let total = 0;
      for (let t = 0; t < n; t += 1) total += series[index[t]!]!;
      return total / n - means[i]!;
    });
  });
  // 2. Let the worst leave until one is left.
  const pValues = new Array<number>(models).fill(1);
  const order: number[] = [];
  let set = losses.map((_, i) => i);
  let running = 0;
  while (set.length > 1) {
    const average = (values: readonly number[]) => set.reduce((total, i) => total + values[i]!, 0) / set.length;
    const centre = average(means);
    const moved = shifts.map((shift) => {
      const middle = average(shift);
      return set.map((i) => shift[i]! - middle);
    });
    const errors = set.map((_, place) => Math.sqrt(moved.reduce((total, shift) => total + shift[place]! ** 2, 0) / resamples));
    const ratio = (distance: number, error: number) => (error > 0 ? distance / error : distance > 0 ? Number.POSITIVE_INFINITY : 0);
    const distances = set.map((i, place) => ratio(means[i]! - centre, errors[place]!));
    const largest = Math.max(...distances);
    const beyond = moved.filter((shift) => Math.max(...shift.map((value, place) => ratio(value, errors[place]!))) >= largest).length;
    running = Math.max(running, beyond / resamples);
    const worst = set[distances.indexOf(largest)]!;
    pValues[worst] = running;
    order.push(worst);
    set = set.filter((i) => i !== worst);
  }
  order.push(...set);
  const size = options.size ?? 0.1;
  return { pValues, included: pValues.map((p) => p >= size), order };
}

export class BadLossesError extends PlimsollError {
  override readonly name = 'Confidence.BadLossesError';
}
