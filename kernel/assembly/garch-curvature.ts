/**
 * What the Hessian of a GARCH or GJR likelihood in (μ, ω, α, γ, β) and the outer products of its scores are made of, after `value` with
 * every derivative and `backward` (garch.ts). With h_i = ∂h/∂θ_i, which follow h's own recursion, e_μ = −1 and the adjoint A:
 *
 *   H_ij = Σ (l_hh h_i h_j + l_he (e_i h_j + h_i e_j) + l_ee e_i e_j) + Σ A_{t+1} F_ij,   h_{t+1,ij} = β h_{t,ij} + F_ij
 *
 * Only β and μ bend the recursion: F_ij is made of h_j where i is β, of e and its sign where i is μ, and in a bar that was not observed
 * of h_j where i is α, γ or β. The sums stand here, the rest is models/garch-curvature.ts.
 */

import { NORMAL, SKEWED } from './garch-density';

/** Doubles by place, as in garch.ts. */
const ALPHA: usize = 16;
const GAMMA: usize = 24;
const BETA: usize = 32;

const ADJOINT: usize = 8;
/** Pairs of a lower triangle of 7: μ, ω, α, γ, β, and ν, λ, which have outer products only. */
const TRIANGLE: usize = 28 * 16;

/**
 * `moving`: derivatives of the first h in the five; lost. At `out` the pairs of the triangle by rows: sums that weigh h_i h_j as the
 * Hessian does, and outer products. Then Σ A h_j, Σ A h_j where not observed, Σ A where observed and Σ A where e < 0.
 */
export function curvature(returns: usize, n: i32, p: usize, law: i32, room: usize, moving: usize, out: usize): void {
  const mu = load<f64>(p);
  const alpha = load<f64>(p, ALPHA);
  const gamma = load<f64>(p, GAMMA);
  const beta = load<f64>(p, BETA);
  const phi = alpha + 0.5 * gamma + beta;
  const stride = <usize>n << 3;
  const sums = out + TRIANGLE;
  memory.fill(out, 0, TRIANGLE + 96);
  let hMu = load<f64>(moving);
  let hOmega = load<f64>(moving, 8);
  let hAlpha = load<f64>(moving, 16);
  let hGamma = load<f64>(moving, 24);
  let hBeta = load<f64>(moving, 32);
  let seen: f64 = 0;
  let fallen: f64 = 0;
  for (let t: usize = 0; t < stride; t += 8) {
    const at = room + t;
    const h = load<f64>(at);
    const adjoint = load<f64>(at + ADJOINT * stride);
    const e = load<f64>(returns + t) - mu;
    add(sums, adjoint, hMu, hOmega, hAlpha, hGamma, hBeta);
    if (e != e) {
      add(sums + 40, adjoint, hMu, hOmega, hAlpha, hGamma, hBeta);
      hMu *= phi;
      hOmega = 1 + phi * hOmega;
      hAlpha = h + phi * hAlpha;
      hGamma = 0.5 * h + phi * hGamma;
      hBeta = h + phi * hBeta;
      continue;
    }
    const byH = load<f64>(at + stride);
    const byE = load<f64>(at + 2 * stride);
    // Hessian in the first lane, outer product in the second.
    const hh = f64x2(load<f64>(at + 3 * stride), byH * byH);
    const he = f64x2(load<f64>(at + 4 * stride), byH * byE);
    const ee = f64x2(load<f64>(at + 5 * stride), byE * byE);
    const wMu = f64x2.sub(f64x2.mul(hh, f64x2.splat(hMu)), he);
    const wOmega = f64x2.mul(hh, f64x2.splat(hOmega));
    const wAlpha = f64x2.mul(hh, f64x2.splat(hAlpha));
    const wGamma = f64x2.mul(hh, f64x2.splat(hGamma));
    const wBeta = f64x2.mul(hh, f64x2.splat(hBeta));
    // (l_hh h_μ − l_he) h_μ − l_he h_μ + l_ee.
    accumulate(out, 0, f64x2.sub(ee, f64x2.mul(he, f64x2.splat(hMu))));
    accumulate(out, 0, f64x2.mul(wMu, f64x2.splat(hMu)));
    accumulate(out, 1, f64x2.mul(wMu, f64x2.splat(hOmega)));
    accumulate(out, 2, f64x2.mul(wOmega, f64x2.splat(hOmega)));
    accumulate(out, 3, f64x2.mul(wMu, f64x2.splat(hAlpha)));
    accumulate(out, 4, f64x2.mul(wOmega, f64x2.splat(hAlpha)));
    accumulate(out, 5, f64x2.mul(wAlpha, f64x2.splat(hAlpha)));
    accumulate(out, 6, f64x2.mul(wMu, f64x2.splat(hGamma)));
    accumulate(out, 7, f64x2.mul(wOmega, f64x2.splat(hGamma)));
    accumulate(out, 8, f64x2.mul(wAlpha, f64x2.splat(hGamma)));
    accumulate(out, 9, f64x2.mul(wGamma, f64x2.splat(hGamma)));
    accumulate(out, 10, f64x2.mul(wMu, f64x2.splat(hBeta)));
    accumulate(out, 11, f64x2.mul(wOmega, f64x2.splat(hBeta)));
    accumulate(out, 12, f64x2.mul(wAlpha, f64x2.splat(hBeta)));
    accumulate(out, 13, f64x2.mul(wGamma, f64x2.splat(hBeta)));
    accumulate(out, 14, f64x2.mul(wBeta, f64x2.splat(hBeta)));
    if (law != NORMAL) {
      const nu = load<f64>(at + 6 * stride);
      const sMu = byH * hMu - byE;
      outer(out, 15, nu * sMu);
      outer(out, 16, nu * byH * hOmega);
      outer(out, 17, nu * byH * hAlpha);
      outer(out, 18, nu * byH * hGamma);
      outer(out, 19, nu * byH * hBeta);
      outer(out, 20, nu * nu);
      if (law == SKEWED) {
        const lambda = load<f64>(at + 7 * stride);
        outer(out, 21, lambda * sMu);
        outer(out, 22, lambda * byH * hOmega);
        outer(out, 23, lambda * byH * hAlpha);
        outer(out, 24, lambda * byH * hGamma);
        outer(out, 25, lambda * byH * hBeta);
        outer(out, 26, lambda * nu);
        outer(out, 27, lambda * lambda);
      }
    }
    const lower = 0.5 * (e - Math.abs(e));
    const bad: f64 = e < 0 ? 1 : 0;
    seen += adjoint;
    fallen += adjoint * bad;
    hMu = beta * hMu - 2 * (alpha * e + gamma * lower);
    hOmega = 1 + beta * hOmega;
    hAlpha = e * e + beta * hAlpha;
    hGamma = lower * lower + beta * hGamma;
    hBeta = h + beta * hBeta;
  }
  store<f64>(sums, seen, 80);
  store<f64>(sums, fallen, 88);
}

// @ts-ignore: decorator
@inline
function accumulate(out: usize, place: usize, by: v128): void {
  const at = out + (place << 4);
  v128.store(at, f64x2.add(v128.load(at), by));
}

// @ts-ignore: decorator
@inline
function outer(out: usize, place: usize, by: f64): void {
  const at = out + (place << 4);
  store<f64>(at, load<f64>(at, 8) + by, 8);
}

// @ts-ignore: decorator
@inline
function add(at: usize, by: f64, hMu: f64, hOmega: f64, hAlpha: f64, hGamma: f64, hBeta: f64): void {
  store<f64>(at, load<f64>(at) + by * hMu);
  store<f64>(at, load<f64>(at, 8) + by * hOmega, 8);
  store<f64>(at, load<f64>(at, 16) + by * hAlpha, 16);
  store<f64>(at, load<f64>(at, 24) + by * hGamma, 24);
  store<f64>(at, load<f64>(at, 32) + by * hBeta, 32);
}
