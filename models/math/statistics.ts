/**
 * Sample statistics on arrays in which NaN means: not observed.
 */

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}

/** Mean of squared deviations from `centre`, the sample's own mean where it is not given; divisor n. */
export function variance(values: ArrayLike<number>, centre = mean(values)): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    sum += (value - centre) * (value - centre);
    count += 1;
  }
  return sum / count;
}

/** What is observed, in rising order. */
export function sorted(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i]!)) continue;
    out[count] = values[i]!;
    count += 1;
  }
  return out.slice(0, count).sort();
}

/** Quantile of values in rising order, linear between order statistics (Hyndman and Fan 1996, type 7). */
export function quantileOfSorted(rising: ArrayLike<number>, p: number): number {
  const place = p * (rising.length - 1);
  const below = Math.floor(place);
  const low = rising[below]!;
  const high = rising[Math.min(below + 1, rising.length - 1)]!;
  return low + (place - below) * (high - low);
}

/** Uniform scores rank / (n + 1), NaN kept where it was. Ties share no rank: equal values keep their order in time. */
export function uniformScores(values: ArrayLike<number>): Float64Array {
  const order: number[] = [];
  for (let i = 0; i < values.length; i += 1) if (!Number.isNaN(values[i]!)) order.push(i);
  order.sort((a, b) => values[a]! - values[b]! || a - b);
  const out = new Float64Array(values.length).fill(Number.NaN);
  order.forEach((index, rank) => {
    out[index] = (rank + 1) / (order.length + 1);
  });
  return out;
}

/** Correlation over the pairs in which both are observed, with optional weights by observation; 0 where fewer than three pairs are. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>, weights?: ArrayLike<number>): number {
  let [count, total, sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i]!;
    const y = b[i]!;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    const weight = weights === undefined ? 1 : weights[i]!;
    count += 1;
    total += weight;
    sumA += weight * x;
    sumB += weight * y;
    sumAA += weight * x * x;
    sumBB += weight * y * y;
    sumAB += weight * x * y;
  }
  const varianceA = sumAA - (sumA * sumA) / total;
  const varianceB = sumBB - (sumB * sumB) / total;
  if (count < 3 || !(varianceA > 0) || !(varianceB > 0)) return 0;
  return Math.max(-1, Math.min(1, (sumAB - (sumA * sumB) / total) / Math.sqrt(varianceA * varianceB)));
}

/** Kolmogorov-Smirnov distance of values in (0, 1) from the uniform law. */
export function uniformDistance(values: ArrayLike<number>): number {
  const rising = sorted(values);
  let largest = 0;
  for (let i = 0; i < rising.length; i += 1) {
    largest = Math.max(largest, (i + 1) / rising.length - rising[i]!, rising[i]! - i / rising.length);
  }
  return largest;
}
