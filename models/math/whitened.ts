/**
 * Minimisation in coordinates that the curvature at the start makes round: what likelihoods with narrow valleys are refined by.
 */
import { symmetricEigen } from './linear.ts';
import { type Minimum, minimize, type Objective } from './optimize.ts';

const CURVATURE_STEP = 1e-4;
/** Curvatures below this share of the largest count as this. */
const FLATTEST = 1e-3;

/**
 * BFGS in coordinates u, x = start + T·u, in which the curvature at the start is 1 in every direction: half the evaluations. The
 * gradient that has to vanish is then the Newton decrement, which does not depend on the choice of coordinates either.
 */
export function refine(objective: Objective, start: Float64Array): Minimum {
  const size = start.length;
  const turn = whitening(objective, start);
  const at = (u: Float64Array) => {
    const x = start.slice();
    for (let i = 0; i < size; i += 1) for (let j = 0; j < size; j += 1) x[i] = x[i]! + turn[i * size + j]! * u[j]!;
    return x;
  };
  const slope = new Float64Array(size);
  const minimum = minimize((u, gradient) => {
    const value = objective(at(u), slope);
    for (let j = 0; j < size; j += 1) {
      let sum = 0;
      for (let i = 0; i < size; i += 1) sum += turn[i * size + j]! * slope[i]!;
      gradient[j] = sum;
    }
    return value;
  }, new Float64Array(size));
  return { ...minimum, x: at(minimum.x), evaluations: minimum.evaluations + size + 1 };
}

/** V·|Λ|^−½ of the Hessian at `start`, by differences of the gradient: a saddle's downward directions count by their size. */
function whitening(objective: Objective, start: Float64Array): Float64Array {
  const size = start.length;
  const hessian = new Float64Array(size * size);
  const here = new Float64Array(size);
  objective(start, here);
  for (let i = 0; i < size; i += 1) {
    const moved = start.slice();
    moved[i] = moved[i]! + CURVATURE_STEP;
    const there = new Float64Array(size);
    objective(moved, there);
    for (let j = 0; j < size; j += 1) {
      const half = (there[j]! - here[j]!) / (2 * CURVATURE_STEP);
      hessian[i * size + j] = hessian[i * size + j]! + half;
      hessian[j * size + i] = hessian[j * size + i]! + half;
    }
  }
  const unit = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) unit[i * size + i] = 1;
  if (!hessian.every(Number.isFinite)) return unit;
  const { values, vectors } = symmetricEigen(hessian, size);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(largest > 0)) return unit;
  return vectors.map((entry, place) => entry / Math.sqrt(Math.max(Math.abs(values[place % size]!), FLATTEST * largest)));
}
