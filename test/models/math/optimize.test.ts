import { describe, expect, it } from 'vitest';
import * as Optimize from '../../../models/math/optimize.ts';

const rosenbrock: Optimize.Objective = (x, gradient) => {
  const [a, b] = [x[0]!, x[1]!];
  gradient[0] = -2 * (1 - a) - 400 * a * (b - a * a);
  gradient[1] = 200 * (b - a * a);
  return (1 - a) ** 2 + 100 * (b - a * a) ** 2;
};

describe('bfgs', () => {
  it('walks Rosenbrock’s valley to (1, 1)', () => {
    const minimum = Optimize.bfgs(rosenbrock, Float64Array.of(-1.2, 1));
    expect(minimum.converged).toBe(true);
    expect(minimum.x[0]).toBeCloseTo(1, 6);
    expect(minimum.x[1]).toBeCloseTo(1, 6);
    expect(minimum.evaluations).toBeLessThan(100);
  });

  it('has not converged at the iteration limit', () => {
    expect(Optimize.bfgs(rosenbrock, Float64Array.of(-1.2, 1), { maxIterations: 3 }).converged).toBe(false);
  });

  it('has not converged where the function falls for ever', () => {
    const slope: Optimize.Objective = (x, gradient) => {
      gradient[0] = -1;
      return -x[0]!;
    };
    expect(Optimize.bfgs(slope, Float64Array.of(0), { maxIterations: 30 }).converged).toBe(false);
  });

  it('steps over a place where the function does not exist', () => {
    const log: Optimize.Objective = (x, gradient) => {
      if (x[0]! <= 0) return Number.POSITIVE_INFINITY;
      gradient[0] = 1 - 2 / x[0]!;
      return x[0]! - 2 * Math.log(x[0]!);
    };
    expect(Optimize.bfgs(log, Float64Array.of(0.01)).x[0]).toBeCloseTo(2, 6);
  });
});

describe('fallbacks', () => {
  it('finds the same valley without a gradient', () => {
    const { x } = Optimize.nelderMead((at) => rosenbrock(at, new Float64Array(2)), Float64Array.of(-1.2, 1), 0.5, 2_000);
    expect(x[0]).toBeCloseTo(1, 3);
  });

  it('comes to a minimum even where the gradient lies', () => {
    const lying: Optimize.Objective = (x, gradient) => {
      gradient[0] = -(x[0]! - 3);
      return (x[0]! - 3) ** 2;
    };
    const minimum = Optimize.minimize(lying, Float64Array.of(0));
    expect(minimum.x[0]).toBeCloseTo(3, 3);
  });

  it('cuts an interval by the golden section', () => {
    expect(Optimize.goldenSection((x) => (x - 0.7) ** 2, 0, 5, 1e-8).x).toBeCloseTo(0.7, 6);
  });
});
