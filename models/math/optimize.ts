/**
 * Minimisation without constraints: BFGS with the caller's gradient, and a Nelder-Mead fallback that hands back to BFGS.
 *
 * BFGS after Nocedal and Wright (2006) chapter 6, with the weak-Wolfe bisection of Lewis and Overton (2013), which never needs a
 * bracket to start from. Converged means: the gradient at the end is small. Running out of iterations is not convergence, and
 * neither is a line search that found nothing better while the gradient is still steep.
 */

/** Returns the value at x and writes the gradient; a point outside the domain is +∞. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export type Minimum = {
  readonly x: Float64Array;
  readonly value: number;
  /** Largest component of the gradient in size, each scaled by max(1, |x_i|). */
  readonly gradientSize: number;
  readonly converged: boolean;
  readonly evaluations: number;
  /** As far as the search has learnt it. */
  readonly inverseHessian: Float64Array;
};

/** `inverseHessian`: what an earlier search from nearby has learnt. */
export type MinimizeOptions = {
  readonly gradientTolerance?: number;
  readonly maxIterations?: number;
  readonly inverseHessian?: Float64Array;
};

const GRADIENT_TOLERANCE = 1e-7;
/** A line search that ends at the floor of double precision is accepted up to this gradient, not above. */
const STALLED_TOLERANCE = 1e-5;
const MAX_ITERATIONS = 400;
const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;

export function minimize(objective: Objective, start: Float64Array, options: MinimizeOptions = {}): Minimum {
  const first = bfgs(objective, start, options);
  if (first.converged) return first;
  const polished = nelderMead((x) => objective(x, new Float64Array(x.length)), first.x, 0.1, 60 * start.length);
  const { inverseHessian: _learnt, ...afresh } = options;
  const second = bfgs(objective, polished.value < first.value ? polished.x : first.x, afresh);
  const best = second.value <= first.value ? second : first;
  return { ...best, evaluations: first.evaluations + polished.evaluations + second.evaluations };
}

export function bfgs(objective: Objective, start: Float64Array, options: MinimizeOptions = {}): Minimum {
  const tolerance = options.gradientTolerance ?? GRADIENT_TOLERANCE;
  const maxIterations = options.maxIterations ?? MAX_ITERATIONS;
  const size = start.length;
  let x: Float64Array = start.slice();
  let gradient: Float64Array = new Float64Array(size);
  let value = objective(x, gradient);
  let evaluations = 1;
  let inverseHessian = options.inverseHessian ?? identity(size);
  let fresh = options.inverseHessian === undefined;
  let iteration = 0;
  for (; iteration < maxIterations; iteration += 1) {
    if (!(scaledSize(gradient, x) > tolerance)) break;
    let direction = descend(inverseHessian, gradient);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      inverseHessian = identity(size);
      fresh = true;
      direction = gradient.map((component) => -component);
      slope = dot(direction, gradient);
    }
    const firstStep = fresh ? Math.min(1, 0.5 / Math.max(1e-12, norm(direction))) : 1;
    const found = wolfe(objective, x, value, direction, slope, firstStep);
    evaluations += found.evaluations;
    if (found.value >= value) {
      // Nothing lower along this direction: try steepest descent once, then give up.
      if (fresh) break;
      inverseHessian = identity(size);
      fresh = true;
      continue;
    }
    const step = found.x.map((component, i) => component - x[i]!);
    const change = found.gradient.map((component, i) => component - gradient[i]!);
    inverseHessian = updated(inverseHessian, step, change, fresh);
    fresh = false;
    ({ x, value, gradient } = found);
  }
  const gradientSize = scaledSize(gradient, x);
  const accepted = iteration === maxIterations ? tolerance : STALLED_TOLERANCE;
  return { x, value, gradientSize, converged: Number.isFinite(value) && gradientSize <= accepted, evaluations, inverseHessian };
}

/** Nelder and Mead (1965) with the usual coefficients; needs no gradient and makes no promise of convergence. */
export function nelderMead(
  f: (x: Float64Array) => number,
  start: Float64Array,
  width: number,
  maxEvaluations: number,
): { readonly x: Float64Array; readonly value: number; readonly evaluations: number } {
  const size = start.length;
  let evaluations = 0;
  const judge = (x: Float64Array) => {
    evaluations += 1;
    const value = f(x);
    return { x, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  const corners = [judge(start.slice())];
  for (let i = 0; i < size; i += 1) {
    const corner = start.slice();
    corner[i] = corner[i]! + width * Math.max(1, Math.abs(corner[i]!));
    corners.push(judge(corner));
  }
  while (evaluations < maxEvaluations) {
    corners.sort((a, b) => a.value - b.value);
    const best = corners[0]!;
    const worst = corners[size]!;
    // Equal values alone may be two sides of a valley.
    const wide = worst.x.reduce((most, component, i) => Math.max(most, Math.abs(component - best.x[i]!)), 0);
    if (worst.value - best.value <= 1e-12 * Math.max(1, Math.abs(best.value)) && wide <= 1e-8 * Math.max(1, largest(best.x))) break;
    const centre = new Float64Array(size);
    for (const { x } of corners.slice(0, size)) for (let i = 0; i < size; i += 1) centre[i] = centre[i]! + x[i]! / size;
    const at = (factor: number) => judge(centre.map((component, i) => component + factor * (worst.x[i]! - component)));
    const reflected = at(-1);
    if (reflected.value < best.value) {
      const expanded = at(-2);
      corners[size] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < corners[size - 1]!.value) {
      corners[size] = reflected;
    } else {
      const contracted = at(reflected.value < worst.value ? -0.5 : 0.5);
      if (contracted.value < Math.min(worst.value, reflected.value)) corners[size] = contracted;
      else for (let k = 1; k <= size; k += 1) corners[k] = judge(corners[k]!.x.map((component, i) => (component + best.x[i]!) / 2));
    }
  }
  corners.sort((a, b) => a.value - b.value);
  return { x: corners[0]!.x, value: corners[0]!.value, evaluations };
}

/** Minimum of a function of one number that has one valley on [low, high]: golden section. */
export function goldenSection(f: (x: number) => number, low: number, high: number, tolerance: number): { x: number; value: number } {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let a = low;
  let b = high;
  let c = b - ratio * (b - a);
  let d = a + ratio * (b - a);
  let fc = f(c);
  let fd = f(d);
  while (b - a > tolerance) {
    if (fc < fd) {
      b = d;
      d = c;
      fd = fc;
      c = b - ratio * (b - a);
      fc = f(c);
    } else {
      a = c;
      c = d;
      fc = fd;
      d = a + ratio * (b - a);
      fd = f(d);
    }
  }
  return fc < fd ? { x: c, value: fc } : { x: d, value: fd };
}

type Point = { readonly x: Float64Array; readonly value: number; readonly gradient: Float64Array };

function wolfe(objective: Objective, x: Float64Array, value: number, direction: Float64Array, slope: number, firstStep: number) {
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let step = firstStep;
  let best: Point = { x, value, gradient: direction };
  for (let evaluations = 1; evaluations <= 40; evaluations += 1) {
    const gradient = new Float64Array(x.length);
    const candidate = x.map((component, i) => component + step * direction[i]!);
    const trial = objective(candidate, gradient);
    if (!(trial <= value + SUFFICIENT_DECREASE * step * slope)) {
      high = step;
    } else {
      best = { x: candidate, value: trial, gradient };
      if (dot(gradient, direction) >= CURVATURE * slope) return { ...best, evaluations };
      low = step;
    }
    step = Number.isFinite(high) ? (low + high) / 2 : 2 * step;
    if (high - low < 1e-14 * Math.max(1, step)) return { ...best, evaluations };
  }
  return { ...best, evaluations: 40 };
}

function updated(inverseHessian: Float64Array, step: Float64Array, change: Float64Array, fresh: boolean): Float64Array {
  const size = step.length;
  const curvature = dot(step, change);
  if (!(curvature > 1e-14 * norm(step) * norm(change))) return inverseHessian;
  // The first update rescales the identity to the curvature just seen (Nocedal and Wright 6.20).
  const scale = fresh ? curvature / dot(change, change) : 1;
  const base = fresh ? inverseHessian.map((entry) => entry * scale) : inverseHessian;
  const product = multiply(base, change);
  const factor = (1 + dot(change, product) / curvature) / curvature;
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      out[i * size + j] =
        base[i * size + j]! + factor * step[i]! * step[j]! - (product[i]! * step[j]! + step[i]! * product[j]!) / curvature;
    }
  }
  return out;
}

function identity(size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i += 1) out[i * size + i] = 1;
  return out;
}

function descend(inverseHessian: Float64Array, gradient: Float64Array): Float64Array {
  return multiply(inverseHessian, gradient).map((component) => -component);
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const out = new Float64Array(size);
  for (let i = 0; i < size; i += 1) {
    let sum = 0;
    for (let j = 0; j < size; j += 1) sum += matrix[i * size + j]! * vector[j]!;
    out[i] = sum;
  }
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function largest(x: Float64Array): number {
  return x.reduce((most, component) => Math.max(most, Math.abs(component)), 0);
}

function scaledSize(gradient: Float64Array, x: Float64Array): number {
  return gradient.reduce((most, component, i) => Math.max(most, Math.abs(component) * Math.max(1, Math.abs(x[i]!))), 0);
}
