/**
 * From a likelihood to a fit: what GARCH and EGARCH share. Scaling, the best of several starts, standard errors in the caller's unit.
 *
 * Standard errors: the inverse of minus the Hessian H, by central differences of the analytic score; robust ones from
 * H⁻¹ (Σ s_t s_tᵀ) H⁻¹ (Bollerslev, Wooldridge 1992). Parameters on a bound are held and have none.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import type { Valued } from './garch-search.ts';
import { invertPositive } from './math/linear.ts';
import type { Minimum } from './math/optimize.ts';
import { refine } from './math/whitened.ts';

export type Errors = { readonly hessian: Readonly<Record<string, number>>; readonly robust: Readonly<Record<string, number>> };

/** Flat, in all parameters: the Hessian of the log-likelihood and Σ s_t s_tᵀ of the bars' scores. */
export type Information = { readonly hessian: Float64Array; readonly outer: Float64Array };

/** The score of the whole sample in all parameters by name; `outer` receives Σ s_t s_tᵀ where given. */
export type Score = (parameters: Readonly<Record<string, number>>, outer: Float64Array | null) => Float64Array;

export const MIN_OBSERVATIONS = 250;
/** From this length on one start is enough where clustering is clear. */
const LONG_BARS = 1_500;

/** Returns over their root mean square, which is the unit every search runs in. */
export function scaleToUnit(returns: ArrayLike<number>): { scaled: Float64Array; scale: number; observations: number } {
  const values = Float64Array.from(returns);
  let [observations, largest, lowest, highest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t]!;
    if (Number.isNaN(value)) continue;
    if (!Number.isFinite(value))
      throw new NotAReturnError({ got: quote(String(value)), needed: 'a finite return or NaN', where: `return ${t}` });
    observations += 1;
    largest = Math.max(largest, Math.abs(value));
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  if (observations < MIN_OBSERVATIONS) {
    throw new TooFewObservationsError({
      got: `${observations} observations`,
      needed: `at least ${MIN_OBSERVATIONS}`,
      fix: 'Give a longer history or leave the asset out.',
    });
  }
  // Equal returns that differ by rounding only have no variance to explain either.
  if (!(highest - lowest > 1e-12 * largest)) {
    throw new NoVariationError({ got: `${observations} returns, all ${highest}`, needed: 'returns that vary' });
  }
  // Divided by the largest first: squares of 1e-200 would vanish.
  let squares = 0;
  for (const value of values) if (!Number.isNaN(value)) squares += (value / largest) ** 2;
  const scale = largest * Math.sqrt(squares / observations);
  for (let t = 0; t < values.length; t += 1) values[t] = values[t]! / scale;
  return { scaled: values, scale, observations };
}

/**
 * Screens the starts by value and refines the best of each group, which stands for one kind of persistence. A long series whose first
 * answer is `clear` has one top; short or hardly clustered ones have false tops (1 in 40 of them), and every group is refined.
 */
export function search(
  objective: Valued,
  groups: readonly (readonly Float64Array[])[],
  observations: number,
  clear: (x: Float64Array) => boolean,
): Minimum {
  const screened = groups
    .map((starts) =>
      starts
        .map((start) => ({ start, value: objective(start, null) }))
        .reduce((best, candidate) => (candidate.value < best.value ? candidate : best)),
    )
    .sort((a, b) => a.value - b.value);
  let best = refine(objective, screened[0]!.start);
  const screening = groups.reduce((sum, starts) => sum + starts.length, 0);
  if (observations >= LONG_BARS && best.converged && clear(best.x)) return { ...best, evaluations: best.evaluations + screening };
  for (const { start } of screened.slice(1)) best = better(best, refine(objective, start));
  return { ...best, evaluations: best.evaluations + screening };
}

/** With the evaluations of both. */
export function better(one: Minimum, other: Minimum): Minimum {
  return { ...(other.value < one.value ? other : one), evaluations: one.evaluations + other.evaluations };
}

/** −H of `free` parameters at `at` and Σ s_t s_tᵀ, by differences of the score. */
export function information(
  score: Score,
  at: Readonly<Record<string, number>>,
  names: readonly string[],
  free: readonly string[],
): Information {
  const size = names.length;
  const hessian = new Float64Array(size * size);
  for (const name of free) {
    const row = names.indexOf(name);
    const value = at[name] ?? 0;
    const step = 1e-4 * Math.max(Math.abs(value), name === 'omega' ? 1e-9 : 1e-2);
    const up = score({ ...at, [name]: value + step }, null);
    const down = score({ ...at, [name]: value - step }, null);
    for (let j = 0; j < size; j += 1) hessian[row * size + j] = (up[j]! - down[j]!) / (2 * step);
  }
  const outer = new Float64Array(size * size);
  score(at, outer);
  return { hessian, outer };
}

/** Errors of `free` parameters, null where the Hessian is no top's; `inUnit` takes one column of derivatives from the unit of the search to the caller's. */
export function standardErrors(
  { hessian, outer }: Information,
  names: readonly string[],
  free: readonly string[],
  inUnit: (from: string) => Readonly<Record<string, number>>,
): Errors | null {
  const place = free.map((name) => names.indexOf(name));
  const size = free.length;
  const among = (matrix: Float64Array) => {
    const out = new Float64Array(size * size);
    for (let i = 0; i < size; i += 1) for (let j = 0; j < size; j += 1) out[i * size + j] = matrix[place[i]! * names.length + place[j]!]!;
    return out;
  };
  const half = among(hessian);
  const negative = half.map((entry, at) => -(entry + half[(at % size) * size + Math.floor(at / size)]!) / 2);
  const inverse = negative.every(Number.isFinite) ? invertPositive(negative, size) : null;
  if (inverse === null) return null;
  const sandwich = product(product(inverse, among(outer), size), inverse, size);
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
