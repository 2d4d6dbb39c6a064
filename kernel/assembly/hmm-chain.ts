/**
 * Forward and backward over a chain of hidden states, scaled as in Rabiner (1989). Densities are taken relative to the largest of the
 * row, so that a row that is unlikely in every state does not underflow. Tables stand state after state, `stride` rows each (even).
 */
import { exponentials } from './exponential';

/** Beyond this below the row's largest a state has no density: `exponentials` would hold it there. */
const NOTHING: f64 = -700;
const HUGE: f64 = 1e100;

/** ln densities, times `power`, to densities relative to the row's largest; the sum of the largest. */
export function relative(log: usize, states: i32, stride: i32, power: f64): f64 {
  const table = <usize>stride << 3;
  const end = <usize>states * table;
  let sum = f64x2.splat(0);
  // Padding adds nothing: its logarithms are 0 in every state.
  for (let t: usize = 0; t < table; t += 16) {
    let largest = f64x2.splat(-Infinity);
    for (let k: usize = 0; k < end; k += table) largest = f64x2.pmax(largest, v128.load(log + k + t));
    for (let k: usize = 0; k < end; k += table) {
      const apart = f64x2.mul(f64x2.splat(power), f64x2.sub(v128.load(log + k + t), largest));
      v128.store(log + k + t, v128.and(exponentials(apart), f64x2.gt(apart, f64x2.splat(NOTHING))));
    }
    sum = f64x2.add(sum, largest);
  }
  return power * (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** P(s_t | y_1..y_t) at `alpha`, the scale of each row at `scale`; ln likelihood of the relative densities, −∞ for an impossible row. */
export function forward(emission: usize, states: i32, rows: i32, stride: i32, start: usize, transition: usize, alpha: usize, scale: usize): f64 {
  const table = <usize>stride << 3;
  const size = <usize>states;
  let total: f64 = 0;
  let product: f64 = 1;
  for (let t = 0; t < rows; t += 1) {
    const at = <usize>t << 3;
    let sum: f64 = 0;
    for (let k: usize = 0; k < size; k += 1) {
      let prior: f64 = 0;
      if (t == 0) prior = load<f64>(start + (k << 3));
      else for (let i: usize = 0; i < size; i += 1) prior += load<f64>(alpha + i * table + at - 8) * load<f64>(transition + ((i * size + k) << 3));
      const joint = prior * load<f64>(emission + k * table + at);
      store<f64>(alpha + k * table + at, joint);
      sum += joint;
    }
    if (!(sum > 0)) {
      for (let k: usize = 0; k < size; k += 1) {
        store<f64>(alpha + k * table + at, t == 0 ? load<f64>(start + (k << 3)) : load<f64>(alpha + k * table + at - 8));
      }
      return -Infinity;
    }
    const inverse = 1.0 / sum;
    for (let k: usize = 0; k < size; k += 1) {
      const place = alpha + k * table + at;
      store<f64>(place, load<f64>(place) * inverse);
    }
    store<f64>(scale + at, inverse);
    product *= sum;
    if (!(product < HUGE && product > 1 / HUGE)) {
      total += NativeMath.log(product);
      product = 1;
    }
  }
  return total + NativeMath.log(product);
}

/**
 * P(s_t | y_1..y_n) in the place of `alpha`; expected moves, divided by their transition probability, added up at `visits`. `later`:
 * room for three numbers a state.
 */
export function backward(
  emission: usize,
  states: i32,
  rows: i32,
  stride: i32,
  transition: usize,
  alpha: usize,
  scale: usize,
  visits: usize,
  later: usize,
): void {
  const table = <usize>stride << 3;
  const size = <usize>states;
  const ahead = later + (size << 4);
  let next = later + (size << 3);
  for (let k: usize = 0; k < size; k += 1) store<f64>(later + (k << 3), 1);
  memory.fill(visits, 0, (size * size) << 3);
  for (let t = rows - 1; t >= 0; t -= 1) {
    const at = <usize>t << 3;
    const inverse = load<f64>(scale + at);
    let total: f64 = 0;
    for (let k: usize = 0; k < size; k += 1) {
      const place = alpha + k * table + at;
      const beta = load<f64>(later + (k << 3));
      const joint = load<f64>(place) * beta;
      store<f64>(ahead + (k << 3), load<f64>(emission + k * table + at) * beta * inverse);
      store<f64>(place, joint);
      total += joint;
    }
    const unit = 1.0 / total;
    for (let k: usize = 0; k < size; k += 1) {
      const place = alpha + k * table + at;
      store<f64>(place, load<f64>(place) * unit);
    }
    if (t == 0) break;
    for (let i: usize = 0; i < size; i += 1) {
      const before = load<f64>(alpha + i * table + at - 8);
      let back: f64 = 0;
      for (let j: usize = 0; j < size; j += 1) {
        const move = load<f64>(ahead + (j << 3));
        const place = visits + ((i * size + j) << 3);
        back += load<f64>(transition + ((i * size + j) << 3)) * move;
        store<f64>(place, load<f64>(place) + before * move);
      }
      store<f64>(next + (i << 3), back);
    }
    const spare = later;
    later = next;
    next = spare;
  }
}
