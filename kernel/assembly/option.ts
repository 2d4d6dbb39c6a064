/**
 * European options on a forward, Black (1976), with five greeks, two options at a time:
 *
 *   value = s·D·(F·N(s·d₁) − K·N(s·d₂)),  d₁ = ln(F/K)/(σ√T) + σ√T/2,  d₂ = d₁ − σ√T,  D = e^{−rT},  s = 1 for a call, −1 for a put
 *
 * Greeks as in models/surface.ts: by F, by F twice, by σ, by time passing, by r. One density serves both N, since F·φ(d₁) = K·φ(d₂).
 * At no variance left the value is the payoff's: σ√T counts as at least 1e-12.
 */
import { exponentials } from './exponential';
import { logarithms } from './logarithm';
import { mills, prepareMills } from './mills';

const SMALLEST_DEVIATION: f64 = 1e-12;
/** A nanosecond's: keeps the decay of an expired option a number. */
const SMALLEST_ROOT: f64 = 5.6e-9;
const INVERSE_ROOT_TWO_PI: f64 = 0.3989422804014327;

/** `count` (even) options. In: rows F, K, T, σ, r, s of `width` places at `inputs`. Out: rows price, delta, gamma, vega, theta, rho. */
export function priceOptions(inputs: usize, outputs: usize, count: i32, width: i32): void {
  prepareMills();
  const row = <usize>width << 3;
  for (let option = 0; option < count; option += 2) {
    const at = inputs + (<usize>option << 3);
    const out = outputs + (<usize>option << 3);
    const forward = v128.load(at);
    const strike = v128.load(at + row);
    const years = v128.load(at + 2 * row);
    const volatility = v128.load(at + 3 * row);
    const rate = v128.load(at + 4 * row);
    const side = v128.load(at + 5 * row);

    const root = f64x2.pmax(f64x2.sqrt(years), f64x2.splat(SMALLEST_ROOT));
    const deviation = f64x2.pmax(f64x2.mul(volatility, root), f64x2.splat(SMALLEST_DEVIATION));
    const inverse = f64x2.div(f64x2.splat(1.0), deviation);
    const d1 = f64x2.add(f64x2.mul(logarithms(f64x2.div(forward, strike)), inverse), f64x2.mul(f64x2.splat(0.5), deviation));
    const d2 = f64x2.sub(d1, deviation);
    const discount = exponentials(f64x2.neg(f64x2.mul(rate, years)));
    const density = densities(d1);
    const n1 = below(f64x2.mul(side, d1), density);
    // φ(d₂) = φ(d₁)·F/K, but not where φ(d₁) has vanished in doubles.
    const n2 = below(f64x2.mul(side, d2), densities(d2));

    const paid = f64x2.mul(f64x2.mul(side, discount), f64x2.sub(f64x2.mul(forward, n1), f64x2.mul(strike, n2)));
    const price = f64x2.pmax(paid, f64x2.splat(0));
    const weighted = f64x2.mul(discount, density);
    const vega = f64x2.mul(f64x2.mul(forward, weighted), root);
    const decay = f64x2.div(f64x2.mul(f64x2.mul(forward, weighted), volatility), f64x2.add(root, root));
    v128.store(out, price);
    v128.store(out + row, f64x2.mul(f64x2.mul(side, discount), n1));
    v128.store(out + 2 * row, f64x2.mul(weighted, f64x2.div(inverse, forward)));
    v128.store(out + 3 * row, vega);
    v128.store(out + 4 * row, f64x2.sub(f64x2.mul(rate, price), decay));
    v128.store(out + 5 * row, f64x2.neg(f64x2.mul(years, price)));
  }
}

// @ts-ignore: decorator
@inline
function densities(d: v128): v128 {
  return f64x2.mul(f64x2.splat(INVERSE_ROOT_TWO_PI), exponentials(f64x2.mul(f64x2.mul(d, d), f64x2.splat(-0.5))));
}

/** N(x), given φ(x). */
// @ts-ignore: decorator
@inline
function below(x: v128, density: v128): v128 {
  const size = f64x2.abs(x);
  const tail = f64x2.mul(density, f64x2.replace_lane(f64x2.splat(mills(f64x2.extract_lane(size, 0))), 1, mills(f64x2.extract_lane(size, 1))));
  return v128.bitselect(tail, f64x2.sub(f64x2.splat(1.0), tail), f64x2.lt(x, f64x2.splat(0)));
}
