/**
 * Densities of GARCH errors, two bars at a time: normal, Student-t, Hansen's skewed t. Equations: models/innovation.ts.
 *
 * With ψ = ∂ln f/∂z and c = ψ′, l = −½ ln h + ln f(e/√h) has the derivatives
 *
 *   l_h = −½(1 + zψ)/h,  l_e = ψ/√h,  l_hh = −l_h/h + ¼(zψ + z²c)/h²,  l_he = −½(ψ + zc)/(h√h),  l_ee = c/h
 */
import { logarithms } from './logarithm';

/** Laws, as `kernel/garch.ts` numbers them. */
export const NORMAL: i32 = 0;
export const STUDENT: i32 = 1;
export const SKEWED: i32 = 2;

/** Doubles of the law by place; b, a and so on as in models/innovation.ts, the last four its derivatives. */
const NU: usize = 48;
const LAMBDA: usize = 56;
const B: usize = 64;
const A: usize = 72;
const B_NU: usize = 80;
const A_NU: usize = 88;
const B_LAMBDA: usize = 96;
const A_LAMBDA: usize = 104;
const CONSTANT_BY_NU: usize = 112;

/** A factor times this stays far inside the doubles. */
const HUGE: f64 = 1e100;
const FARTHEST: f64 = 1e300;

/**
 * Writes l_h after h in the room and, where `every`, l_e, l_hh, l_he, l_ee, l_ν, l_λ after it. At `out`, sums over the bars: ln h,
 * ln(1 + q), (ν + 1)q/(1 + q) (normal: z²), l_e, and with u and its force as in models/innovation.ts, force, force·z, ±force·u.
 * 0 where a variance leaves the doubles.
 */
// @ts-ignore: decorator
@inline
export function density(returns: usize, n: i32, p: usize, room: usize, out: usize, law: i32, every: bool): i32 {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const half = f64x2.splat(0.5);
  const mu = f64x2.splat(load<f64>(p));
  const stride = <usize>n << 3;
  const nu = load<f64>(p, NU);
  const lambda = load<f64>(p, LAMBDA);
  const scale = f64x2.splat(law == NORMAL ? 0 : 1 / (nu - 2));
  const weights = f64x2.splat(nu + 1);
  const b = f64x2.splat(load<f64>(p, B));
  const a = f64x2.splat(load<f64>(p, A));
  const above = f64x2.splat(1 / (1 + lambda));
  const below = f64x2.splat(1 / (1 - lambda));
  let productH = one;
  let productQ = one;
  let logH: f64 = 0;
  let logQ: f64 = 0;
  let spread = zero;
  let pulls = zero;
  let byA = zero;
  let byB = zero;
  let bySide = zero;
  for (let t: usize = 0; t < stride; t += 16) {
    const r = v128.load(returns + t);
    const seen = f64x2.eq(r, r);
    const e = v128.and(f64x2.sub(r, mu), seen);
    const h = v128.bitselect(v128.load(room + t), one, seen);
    const over = f64x2.div(one, h);
    productH = f64x2.mul(productH, h);
    if (v128.any_true(v128.or(f64x2.gt(productH, f64x2.splat(HUGE)), f64x2.lt(productH, f64x2.splat(1 / HUGE))))) {
      if (!inside(productH)) return 0;
      logH += logOf(productH);
      productH = one;
    }
    // zψ, l_e, c and, of the skewed law, what its parameters move.
    let turned: v128;
    let pull: v128;
    let bend: v128;
    let z = zero;
    let force = zero;
    let lean = zero;
    let q = zero;
    let wq = zero;
    if (law == NORMAL) {
      const x = f64x2.mul(f64x2.mul(e, e), over);
      spread = f64x2.add(spread, x);
      turned = f64x2.neg(x);
      pull = f64x2.neg(f64x2.mul(e, over));
      bend = f64x2.splat(-1);
    } else {
      let c = f64x2.mul(weights, scale);
      if (law == STUDENT) {
        q = f64x2.mul(f64x2.mul(f64x2.mul(e, e), over), scale);
      } else {
        z = f64x2.mul(e, f64x2.sqrt(over));
        const y = f64x2.add(f64x2.mul(b, z), a);
        const short = f64x2.lt(y, zero);
        const inverse = v128.bitselect(below, above, short);
        const u = f64x2.mul(y, inverse);
        q = v128.and(f64x2.mul(f64x2.mul(u, u), scale), seen);
        force = v128.and(f64x2.mul(f64x2.mul(u, scale), inverse), seen);
        lean = f64x2.mul(u, v128.bitselect(f64x2.splat(-1), one, short));
        c = f64x2.mul(c, f64x2.mul(f64x2.mul(b, inverse), f64x2.mul(b, inverse)));
      }
      const fat = f64x2.add(one, q);
      const thin = f64x2.div(one, fat);
      const weight = f64x2.mul(weights, thin);
      productQ = f64x2.mul(productQ, fat);
      if (v128.any_true(f64x2.gt(productQ, f64x2.splat(HUGE)))) {
        if (!inside(productQ)) return 0;
        logQ += logOf(productQ);
        productQ = one;
      }
      wq = f64x2.mul(weight, q);
      spread = f64x2.add(spread, wq);
      bend = f64x2.neg(f64x2.mul(c, f64x2.mul(f64x2.sub(one, q), f64x2.mul(thin, thin))));
      if (law == STUDENT) {
        turned = f64x2.neg(wq);
        pull = f64x2.neg(f64x2.mul(f64x2.mul(weight, scale), f64x2.mul(e, over)));
      } else {
        force = f64x2.mul(force, weight);
        const psi = f64x2.neg(f64x2.mul(force, b));
        turned = f64x2.mul(z, psi);
        pull = f64x2.mul(psi, f64x2.sqrt(over));
        byA = f64x2.add(byA, force);
        byB = f64x2.add(byB, f64x2.mul(force, z));
        bySide = f64x2.add(bySide, f64x2.mul(force, lean));
      }
    }
    pulls = f64x2.add(pulls, pull);
    const byH = v128.and(f64x2.mul(f64x2.mul(f64x2.splat(-0.5), f64x2.add(one, turned)), over), seen);
    v128.store(room + stride + t, byH);
    if (every) {
      const over2 = f64x2.mul(over, over);
      const curved = f64x2.mul(f64x2.mul(bend, over), e);
      const at = room + 2 * stride + t;
      v128.store(at, pull);
      const byHH = f64x2.sub(
        f64x2.mul(f64x2.mul(f64x2.splat(0.25), over2), f64x2.add(turned, f64x2.mul(curved, e))),
        f64x2.mul(byH, over),
      );
      v128.store(at + stride, v128.and(byHH, seen));
      v128.store(at + 2 * stride, f64x2.mul(f64x2.mul(f64x2.splat(-0.5), f64x2.add(pull, curved)), over));
      v128.store(at + 3 * stride, v128.and(f64x2.mul(bend, over), seen));
      if (law != NORMAL) {
        let byNu = f64x2.add(
          f64x2.splat(load<f64>(p, CONSTANT_BY_NU)),
          f64x2.mul(half, f64x2.sub(f64x2.mul(wq, scale), logarithms(f64x2.add(one, q)))),
        );
        if (law == SKEWED) {
          const movedNu = f64x2.add(f64x2.mul(f64x2.splat(load<f64>(p, B_NU)), z), f64x2.splat(load<f64>(p, A_NU)));
          byNu = f64x2.sub(byNu, f64x2.mul(force, movedNu));
          const movedLambda = f64x2.add(f64x2.mul(f64x2.splat(load<f64>(p, B_LAMBDA)), z), f64x2.splat(load<f64>(p, A_LAMBDA)));
          const byLambda = f64x2.sub(
            f64x2.splat(load<f64>(p, B_LAMBDA) / load<f64>(p, B)),
            f64x2.mul(force, f64x2.sub(movedLambda, lean)),
          );
          v128.store(at + 5 * stride, v128.and(byLambda, seen));
        }
        v128.store(at + 4 * stride, v128.and(byNu, seen));
      }
    }
  }
  if (!inside(productH) || !inside(productQ)) return 0;
  store<f64>(out, logH + logOf(productH));
  store<f64>(out, logQ + logOf(productQ), 8);
  store<f64>(out, sumOf(spread), 16);
  store<f64>(out, sumOf(pulls), 24);
  store<f64>(out, sumOf(byA), 32);
  store<f64>(out, sumOf(byB), 40);
  store<f64>(out, sumOf(bySide), 48);
  return 1;
}

/** Of a number that the logarithm takes: neither NaN nor beyond the normal doubles. */
// @ts-ignore: decorator
@inline
function inside(x: v128): bool {
  const fits = v128.and(f64x2.ge(x, f64x2.splat(1 / FARTHEST)), f64x2.le(x, f64x2.splat(FARTHEST)));
  return i64x2.all_true(fits);
}

// @ts-ignore: decorator
@inline
function logOf(product: v128): f64 {
  return sumOf(logarithms(product));
}

// @ts-ignore: decorator
@inline
function sumOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}
