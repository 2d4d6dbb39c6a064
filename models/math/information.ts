/**
 * Standard errors from a minimum: the inverse of the observed information, carried to natural parameters by the delta method.
 *
 * The Hessian is taken by central differences of the analytic gradient. At a minimum the delta method gives what the Hessian in
 * natural parameters would. Coordinates that ran off to a bound have no curvature: they are held.
 */
import { invertPositive } from './linear.ts';
import type { Objective } from './optimize.ts';

/** Cube root of the rounding of a double: where the error of a central difference of a gradient is smallest. */
const STEP = 6e-6;
/** A natural parameter that moves less than this with everything free is on its bound. */
const IMMOBILE = 1e-10;

/**
 * Errors of `natural(x)`, one by one, for `objective` = minus the log-likelihood over `observations`: NaN for what does not move with
 * the free coordinates; null where the Hessian over those is not positive definite.
 */
export function standardErrors(
  objective: Objective,
  x: Float64Array,
  observations: number,
  held: readonly boolean[],
  natural: (x: Float64Array) => Float64Array,
): Float64Array | null {
  const free = held.flatMap((isHeld, i) => (isHeld ? [] : [i]));
  const size = free.length;
  const hessian = new Float64Array(size * size);
  const jacobian: Float64Array[] = [];
  free.forEach((place, i) => {
    const step = STEP * Math.max(1, Math.abs(x[place]!));
    const [up, down] = [x.slice(), x.slice()];
    up[place] = x[place]! + step;
    down[place] = x[place]! - step;
    const [gradientUp, gradientDown] = [new Float64Array(x.length), new Float64Array(x.length)];
    objective(up, gradientUp);
    objective(down, gradientDown);
    free.forEach((other, j) => {
      hessian[i * size + j] = (observations * (gradientUp[other]! - gradientDown[other]!)) / (2 * step);
    });
    const [naturalUp, naturalDown] = [natural(up), natural(down)];
    jacobian.push(naturalUp.map((value, k) => (value - naturalDown[k]!) / (2 * step)));
  });
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const value = (hessian[i * size + j]! + hessian[j * size + i]!) / 2;
      hessian[i * size + j] = value;
      hessian[j * size + i] = value;
    }
  }
  const covariance = hessian.every(Number.isFinite) ? invertPositive(hessian, size) : null;
  if (covariance === null) return null;
  return natural(x).map((_, k) => {
    let sum = 0;
    for (let i = 0; i < size; i += 1)
      for (let j = 0; j < size; j += 1) sum += jacobian[i]![k]! * covariance[i * size + j]! * jacobian[j]![k]!;
    return sum > IMMOBILE * IMMOBILE ? Math.sqrt(sum) : Number.NaN;
  });
}
