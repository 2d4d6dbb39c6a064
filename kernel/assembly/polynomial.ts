/** Polynomials through Chebyshev nodes on [−1, 1], for tables of smooth functions. Used once a table, so written for clarity. */

const MOST: i32 = 16;
const values = memory.data(MOST * 8, 16);
const places = memory.data(MOST * 8, 16);

/** Node i of `count`, falling from near 1 to near −1. */
export function nodeOf(i: i32, count: i32): f64 {
  return NativeMath.cos(((2.0 * <f64>i + 1.0) * Math.PI) / (2.0 * <f64>count));
}

/** The function's value at node i; all of them before `fit`. */
export function setValue(i: i32, value: f64): void {
  store<f64>(values + (<usize>i << 3), value);
}

/** `count` coefficients by rising power at `out`: Newton's divided differences, then Horner's rule on polynomials. */
export function fit(count: i32, out: usize): void {
  for (let i = 0; i < count; i += 1) store<f64>(places + (<usize>i << 3), nodeOf(i, count));
  for (let order = 1; order < count; order += 1) {
    for (let i = count - 1; i >= order; i -= 1) {
      const at = values + (<usize>i << 3);
      const gap = load<f64>(places + (<usize>i << 3)) - load<f64>(places + (<usize>(i - order) << 3));
      store<f64>(at, (load<f64>(at) - load<f64>(at - 8)) / gap);
    }
  }
  memory.fill(out, 0, <usize>count << 3);
  for (let i = count - 1; i >= 0; i -= 1) {
    const place = load<f64>(places + (<usize>i << 3));
    for (let j = count - 1; j > 0; j -= 1) {
      const at = out + (<usize>j << 3);
      store<f64>(at, load<f64>(at - 8) - place * load<f64>(at));
    }
    store<f64>(out, load<f64>(values + (<usize>i << 3)) - place * load<f64>(out));
  }
}
