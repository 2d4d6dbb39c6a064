/**
 * From a likelihood to a fit: what GARCH and EGARCH share. Scaling, the best of several starts, standard errors in the caller's unit.
 *
 * Standard errors: the inverse of minus the Hessian H, by central differences of the analytic score; robust ones from
 * H⁻¹ (Σ s_t s_tᵀ) H⁻¹ (Bollerslev, Wooldridge 1992). Parameters on a bound are held and have none.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import type { Valued } from './garch-search.ts';
import { invertPositive } from './math/linear.ts';
import { type Minimum, minimize } from './math/optimize.ts';
import { mean } from './math/statistics.ts';

export type Errors = { readonly hessian: Readonly<Record<string, number>>; readonly robust: Readonly<Record<string, number>> };

/** The score of the whole sample in all parameters by name; `outer` receives Σ s_t s_tᵀ where given. */
export type Score = (parameters: Readonly<Record<string, number>>, outer: Float64Array | null) => Float64Array;

export const MIN_OBSERVATIONS = 250;
const REFINED_STARTS = 2;

/** Returns over their root mean square, which is the unit every search runs in. */
export function scaleToUnit(returns: ArrayLike<number>): { scaled: Float64Array; scale: number; observations: number } {
  const values = Float64Array.from(returns);
  const observed = values.filter((value) => !Number.isNaN(value));
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw new NotAReturnError({ got: quote(String(values[infinite])), needed: 'a finite return or NaN', where: `return ${infinite}` });
  if (observed.length < MIN_OBSERVATIONS) {
    throw new TooFewObservationsError({
      got: `${observed.length} observations`,
      needed: `at least ${MIN_OBSERVATIONS}`,
      fix: 'Give a longer history or leave the asset out.',
    });
  }
  // Divide by the largest first: squares of 1e-200 would vanish.
  let [largest, lowest, highest] = [0, observed[0]!, observed[0]!];
  for (const value of observed) {
    largest = Math.max(largest, Math.abs(value));
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  // Equal returns that differ by rounding only have no variance to explain either.
  if (!(highest - lowest > 1e-12 * largest)) {
    throw new NoVariationError({ got: `${observed.length} returns, all ${observed[0]}`, needed: 'returns that vary' });
  }
  const scale = largest * Math.sqrt(mean(observed.map((value) => (value / largest) ** 2)));
  return { scaled: values.map((value) => value / scale), scale, observations: observed.length };
}

/** Screens the starts by value, refines the best two. */
export function search(objective: Valued, starts: readonly Float64Array[]): Minimum {
  const screened = starts
    .map((start) => ({ start, value: objective(start, null) }))
    .sort((a, b) => a.value - b.value)
    .slice(0, REFINED_STARTS);
  const minima = screened.map(({ start }) => minimize(objective, start));
  const best = minima.reduce((winner, minimum) => (minimum.value < winner.value ? minimum : winner));
  return { ...best, evaluations: starts.length + minima.reduce((sum, { evaluations }) => sum + evaluations, 0) };
}

/** Errors of `free` parameters at `at`; `inUnit` takes one column of derivatives from the unit of the search to the caller's. */
export function standardErrors(
  score: Score,
  at: Readonly<Record<string, number>>,
  names: readonly string[],
  free: readonly string[],
  inUnit: (from: string) => Readonly<Record<string, number>>,
): Errors | null {
  const place = free.map((name) => names.indexOf(name));
  const size = free.length;
  const information = new Float64Array(size * size);
  free.forEach((name, i) => {
    const value = at[name] ?? 0;
    const step = 1e-4 * Math.max(Math.abs(value), name === 'omega' ? 1e-9 : 1e-2);
    const up = score({ ...at, [name]: value + step }, null);
    const down = score({ ...at, [name]: value - step }, null);
    free.forEach((_, j) => {
      information[i * size + j] = -(up[place[j]!]! - down[place[j]!]!) / (2 * step);
    });
  });
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = (information[i * size + j]! + information[j * size + i]!) / 2;
      information[i * size + j] = value;
      information[j * size + i] = value;
    }
  }
  const inverse = information.every(Number.isFinite) ? invertPositive(information, size) : null;
  if (inverse === null) return null;
  const all = new Float64Array(names.length ** 2);
  score(at, all);
  const outer = new Float64Array(size * size);
  free.forEach((_, i) => {
    for (let j = 0; j < size; j += 1) outer[i * size + j] = all[place[i]! * names.length + place[j]!]!;
  });
  const sandwich = product(product(inverse, outer, size), inverse, size);
  const turn = new Float64Array(size * size);
  free.forEach((from, j) => {
    const column = inUnit(from);
    free.forEach((name, i) => {
      turn[i * size + j] = column[name] ?? 0;
    });
  });
  return { hessian: roots(turn, inverse, free), robust: roots(turn, sandwich, free) };
}

/** √ of the diagonal of T·V·Tᵀ, by name. */
function roots(turn: Float64Array, covariance: Float64Array, free: readonly string[]): Record<string, number> {
  const size = free.length;
  const half = product(turn, covariance, size);
  return Object.fromEntries(
    free.map((name, i) => {
      let sum = 0;
      for (let k = 0; k < size; k += 1) sum += half[i * size + k]! * turn[i * size + k]!;
      return [name, Math.sqrt(Math.max(0, sum))];
    }),
  );
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j < size; j += 1)
      for (let k = 0; k < size; k += 1) out[i * size + j] = out[i * size + j]! + a[i * size + k]! * b[k * size + j]!;
  return out;
}

export class TooFewObservationsError extends PlimsollError {
  override readonly name = 'Garch.TooFewObservationsError';
}

export class NoVariationError extends PlimsollError {
  override readonly name = 'Garch.NoVariationError';
}

export class NotAReturnError extends PlimsollError {
  override readonly name = 'Garch.NotAReturnError';
}
