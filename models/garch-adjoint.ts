/**
 * Likelihood, score and Hessian of GARCH and GJR for the searches, which ask for them many times on the same returns: a few passes of the
 * kernel (kernel/assembly/garch.ts) where `garch-recursion.ts` is the plain form.
 *
 * Forward: h_t. Across: the density of z_t = e_t/√h_t and its pull ψ = ∂ln f/∂z. Backward: the adjoint
 *
 *   A_t = ∂ℓ/∂h_t = (−½ − ½ z_t ψ_t)/h_t + β A_{t+1}
 *
 * which gives the score in all parameters with one recursion. For the Hessian ∂h_t/∂θ are carried forward as well.
 */
import { loadLikelihood } from '../kernel/likelihood.ts';
import type { Information } from './garch-estimate.ts';
import * as Recursion from './garch-recursion.ts';
import * as Innovation from './innovation.ts';

export type Problem = {
  readonly returns: Float64Array;
  /** The same, with a hole at the end of an odd number. */
  readonly even: Float64Array;
  readonly presample: Recursion.Presample;
  readonly observations: number;
  /** Σ r, Σ r² and the backcast: what the variance before the first bar needs. */
  readonly sum: number;
  readonly squares: number;
  readonly backcast: number;
};

const SIZE = Recursion.NAMES.length;
/** Of ν − 2 and of 1 − |λ|: what their derivatives of the score are differences of. */
const DIFFERENCE = 1e-4;
const LAWS = { normal: 0, student: 1, skewed: 2 } as const;

export function prepare(returns: Float64Array, spec: Pick<Recursion.Spec, 'mean' | 'presample'>): Problem {
  let [observations, sum, squares] = [0, 0, 0];
  for (const r of returns) {
    if (Number.isNaN(r)) continue;
    observations += 1;
    sum += r;
    squares += r * r;
  }
  return {
    returns,
    even: returns.length % 2 === 0 ? returns : Float64Array.from([...returns, Number.NaN]),
    presample: spec.presample,
    observations,
    sum,
    squares,
    backcast: Recursion.presample(returns, 0, { ...spec, presample: 'backcast' }).value,
  };
}

/** Log-likelihood, NaN where a variance leaves the doubles; `gradient` receives the score in (μ, ω, α, γ, β, ν, λ) where given. */
export function garch(problem: Problem, p: Recursion.Natural, gradient: Float64Array | null): number {
  const setting = settingOf(problem, p);
  const pass = loadLikelihood().garch(inputOf(problem, p, setting, null), gradient === null ? 'value' : 'score');
  if (pass === null) return Number.NaN;
  if (gradient !== null) scoreOf(problem, p, setting, pass, gradient);
  return likelihoodOf(problem, setting.law, pass.density);
}

/** Hessian and outer products in the same order; null where a variance leaves the doubles. */
export function curvature(problem: Problem, p: Recursion.Natural): Information | null {
  const setting = settingOf(problem, p);
  const { before, start } = setting;
  // Of h's first value, which is bilinear in φ and the variance before it.
  const byPhi = [0, 0, 1, 0.5, 1];
  const moving = Float64Array.from(byPhi, (share) => share * start.byPhi);
  moving[0] = start.byBefore * before.byMu;
  moving[1] = start.byOmega;
  const pass = loadLikelihood().garch(inputOf(problem, p, setting, moving), 'curvature');
  if (pass === null) return null;
  const hessian = new Float64Array(SIZE * SIZE);
  const outer = new Float64Array(SIZE * SIZE);
  let place = 0;
  for (let i = 0; i < SIZE; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      set(hessian, i, j, pass.curvature[place]!);
      set(outer, i, j, pass.curvature[place + 1]!);
      place += 2;
    }
  }
  // 1. Σ A F: β bends every bar, α, γ and β those not observed.
  const all = pass.curvature.subarray(place, place + 5);
  const holes = pass.curvature.subarray(place + 5, place + 10);
  const [seen, fallen] = [pass.curvature[place + 10]!, pass.curvature[place + 11]!];
  const [, , byE, byLower, , , , first] = pass.adjoint as unknown as [number, number, number, number, number, number, number, number];
  for (let j = 0; j < 5; j += 1) {
    bend(hessian, 4, j, all[j]!);
    bend(hessian, 2, j, holes[j]!);
    bend(hessian, 3, j, 0.5 * holes[j]!);
  }
  hessian[0] = hessian[0]! + 2 * (p.alpha * seen + p.gamma * fallen);
  bend(hessian, 0, 2, -2 * byE);
  bend(hessian, 0, 3, -2 * byLower);
  // 2. The first h's own curvature.
  const second = Recursion.firstCurvature(p.omega, phiOf(p), problem.presample);
  hessian[0] += first * start.byBefore * before.byMuTwice;
  for (let i = 1; i < 5; i += 1) {
    bend(hessian, 0, i, first * second.byBeforePhi * before.byMu * byPhi[i]!);
    bend(hessian, 1, i, first * second.byOmegaPhi * byPhi[i]!);
    for (let j = 1; j <= i; j += 1) {
      const by = first * second.byPhiTwice * byPhi[i]! * byPhi[j]!;
      bend(hessian, i, j, i === j ? by / 2 : by);
    }
  }
  // 3. ν and λ by differences of the score.
  for (const [name, row] of [['nu', 5] as const, ['lambda', 6] as const]) {
    const value = p[name] ?? null;
    if (value === null) continue;
    const step = DIFFERENCE * (name === 'nu' ? value - 2 : 1 - Math.abs(value));
    const [up, down] = [new Float64Array(SIZE), new Float64Array(SIZE)];
    garch(problem, { ...p, [name]: value + step }, up);
    garch(problem, { ...p, [name]: value - step }, down);
    for (let j = 0; j <= row; j += 1) set(hessian, row, j, (up[j]! - down[j]!) / (2 * step));
  }
  return { hessian, outer };
}

/** The variance before the first bar, and its derivatives in μ. */
export function before({ presample: rule, observations, sum, squares, backcast }: Problem, mu: number) {
  if (rule === 'backcast') return { value: backcast, byMu: 0, byMuTwice: 0 };
  return { value: (squares - 2 * mu * sum) / observations + mu * mu, byMu: 2 * mu - (2 * sum) / observations, byMuTwice: 2 };
}

type Setting = ReturnType<typeof settingOf>;
type Pass = NonNullable<ReturnType<ReturnType<typeof loadLikelihood>['garch']>>;

function settingOf(problem: Problem, p: Recursion.Natural) {
  const presample = before(problem, p.mu);
  return {
    before: presample,
    start: Recursion.firstVariance(p.omega, phiOf(p), presample.value, problem.presample),
    law: Innovation.law(p.nu, p.lambda ?? null),
  };
}

function phiOf({ alpha, gamma, beta }: Recursion.Natural): number {
  return alpha + gamma / 2 + beta;
}

function inputOf({ even }: Problem, p: Recursion.Natural, { start, law }: Setting, moving: Float64Array | null) {
  const { mu, omega, alpha, gamma, beta } = p;
  const { nu, lambda, b, a, bNu, aNu, bLambda, aLambda, constantByNu } = law;
  return {
    returns: even,
    law: LAWS[law.errors],
    parameters: Float64Array.of(
      ...[mu, omega, alpha, gamma, beta, start.value],
      ...[nu, lambda, b, a, bNu, aNu, bLambda, aLambda, constantByNu],
    ),
    moving,
  };
}

function likelihoodOf({ observations }: Problem, law: Innovation.Law, sums: Float64Array): number {
  const [logH, logQ, squares] = sums as unknown as [number, number, number];
  const density = law.errors === 'normal' ? 0.5 * squares : 0.5 * (law.nu + 1) * logQ;
  return observations * law.constant - density - 0.5 * logH;
}

function scoreOf({ observations }: Problem, p: Recursion.Natural, { before, start, law }: Setting, pass: Pass, out: Float64Array): void {
  const [, logQ, spread, pull, byA, byB, bySide] = pass.density as unknown as [number, number, number, number, number, number, number];
  const [sum, byH, byE, byLower, bySquare, byFall, byHole, first] = pass.adjoint as unknown as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  out[0] = -2 * (p.alpha * byE + p.gamma * byLower) - pull + first * start.byBefore * before.byMu;
  out[1] = sum + first * start.byOmega;
  out[2] = bySquare + byHole + first * start.byPhi;
  out[3] = byFall + 0.5 * (byHole + first * start.byPhi);
  out[4] = byH + first * start.byPhi;
  const { nu, b, bNu, aNu, bLambda, aLambda, constantByNu } = law;
  out[5] = law.errors === 'normal' ? 0 : observations * constantByNu - 0.5 * logQ + (0.5 * spread) / (nu - 2) - bNu * byB - aNu * byA;
  out[6] = law.errors === 'skewed' ? (observations * bLambda) / b - bLambda * byB - aLambda * byA + bySide : 0;
}

function set(matrix: Float64Array, i: number, j: number, value: number): void {
  matrix[i * SIZE + j] = value;
  matrix[j * SIZE + i] = value;
}

/** Adds c_i h_j + c_j h_i, whichever entry that is. */
function bend(matrix: Float64Array, i: number, j: number, by: number): void {
  matrix[i * SIZE + j] = matrix[i * SIZE + j]! + by;
  matrix[j * SIZE + i] = matrix[j * SIZE + i]! + by;
}
