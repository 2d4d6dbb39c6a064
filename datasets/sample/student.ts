/**
 * Student: from one Student-t to another at equal probability, with the kernel's own exp and log: the same bits everywhere.
 *
 *   y(x) = G⁻¹(F(x))  solves  dy/dx = f(x) / g(y), y(0) = 0;  f, g the densities. Runge-Kutta of order 4, step 1/32, linear between.
 */
import type { Kernel } from '../../kernel/kernel.ts';

/** x of a t with `from` degrees → z of a unit-variance t with `to` degrees of the same probability, at most `limit` either way. */
export function margin(kernel: Kernel, from: number, to: number, limit: number): (x: number) => number {
  const step = 1 / 32;
  const density = (x: number, nu: number): number => kernel.exp(peak(kernel, nu) - ((nu + 1) / 2) * kernel.log(1 + (x * x) / nu));
  const slope = (x: number, y: number): number => density(x, from) / density(y, to);
  const scale = Math.sqrt((to - 2) / to);
  const values = [0];
  while (values.at(-1)! * scale < limit) {
    const x = (values.length - 1) * step;
    const y = values.at(-1)!;
    const k1 = slope(x, y);
    const k2 = slope(x + step / 2, y + (step / 2) * k1);
    const k3 = slope(x + step / 2, y + (step / 2) * k2);
    const k4 = slope(x + step, y + step * k3);
    values.push(y + (step / 6) * (k1 + 2 * k2 + 2 * k3 + k4));
  }
  const last = values.length - 1;
  return (x) => {
    const at = Math.min(Math.abs(x) / step, last);
    const low = Math.min(Math.floor(at), last - 1);
    const z = Math.min(limit, scale * (values[low]! + (at - low) * (values[low + 1]! - values[low]!)));
    return x < 0 ? -z : z;
  };
}

/** Log density of a Student-t at 0. */
function peak(kernel: Kernel, nu: number): number {
  return logGamma(kernel, (nu + 1) / 2) - logGamma(kernel, nu / 2) - 0.5 * kernel.log(nu * Math.PI);
}

/** Stirling's series after a shift by 8; error below 1e-12. */
function logGamma(kernel: Kernel, x: number): number {
  let product = 1;
  for (let k = 0; k < 8; k += 1) product *= x + k;
  const y = x + 8;
  const series = 1 / (12 * y) - 1 / (360 * y * y * y) + 1 / (1260 * y * y * y * y * y);
  return (y - 0.5) * kernel.log(y) - y + 0.9189385332046727 + series - kernel.log(product);
}
