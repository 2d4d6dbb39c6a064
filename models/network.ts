/**
 * A small dense network for conditional quantiles: the only door to tensorflow.js, loaded when a training begins.
 *
 *   o = W₃ tanh(W₂ tanh(W₁x + b₁) + b₂) + b₃;  median = o_0;  gaps = softplus(o_1..);  q = median ± running sums of gaps
 *
 * Quantiles cannot cross: every gap is positive. Trained by pinball loss with Adam (Kingma and Ba 2015), each level weighted by
 * 1/√(p(1−p)) so that the tails are not drowned by the middle. The last layer starts near zero with biases at the unconditional
 * quantiles: an untrained network is the unconditional forecast.
 * Backend: tfjs-node where it is installed, else wasm, for these shapes twice as quick as cpu (4 against 8.5 ms a batch), else cpu.
 * Weights are float32 arrays; `predict` is plain TypeScript, so reading a trained network needs no backend at all.
 */
import { PURPOSE, uniform } from '../base/random.ts';
import { normalQuantile } from './math/special.ts';

export type Shape = { readonly inputs: number; readonly hidden: readonly [number, number]; readonly levels: readonly number[] };

export type Network = {
  readonly shape: Shape;
  /** W₁ b₁ W₂ b₂ W₃ b₃; matrices are flat, from row (input) to column (output). */
  readonly weights: readonly Float32Array[];
  readonly backend: string;
};

/** `x` flat, row by row. */
export type Samples = { readonly x: Float32Array; readonly y: Float32Array };

export type TrainOptions = {
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  /** Strength of the pull of W₃ to zero, that is, to the unconditional quantiles. */
  readonly decay: number;
  /** Unconditional quantiles of y, rising. */
  readonly base: readonly number[];
  readonly onEpoch?: (share: number) => void | Promise<void>;
};

/** Streams 0 to 5 make the layers. */
const SHUFFLE_PATH = 6;

type Tensorflow = typeof import('@tensorflow/tfjs-core');
type Tensor = ReturnType<Tensorflow['tensor2d']>;
type Loss = ReturnType<Tensorflow['scalar']>;

export async function train(shape: Shape, samples: Samples, options: TrainOptions): Promise<Network> {
  const tf = await load();
  const rows = samples.y.length;
  const initial = initialWeights(shape, options);
  const sizes = layerSizes(shape);
  const variables = initial.map((values, index) => tf.variable(tf.tensor2d(values, sizes[index]!)));
  const [w1, b1, w2, b2, w3, b3] = variables as [V, V, V, V, V, V];
  type V = (typeof variables)[number];
  const count = shape.levels.length;
  const batchRows = Math.min(options.batch, rows);
  // The cpu backend is several times slower where shapes differ and where tensors are sliced: every constant comes in full size, a
  // bias is added as a column of ones times it, and median and gaps are told apart by two matrices.
  const full = (value: (level: number) => number) =>
    tf.tensor2d(
      Float32Array.from({ length: batchRows * count }, (_, place) => value(shape.levels[place % count]!)),
      [batchRows, count],
    );
  const spread = gapMatrix(shape.levels);
  const constants = {
    median: tf.tensor2d(
      spread.map((value, place) => (place < count ? value : 0)),
      [count, count],
    ),
    gaps: tf.tensor2d(
      spread.map((value, place) => (place < count ? 0 : value)),
      [count, count],
    ),
    level: full((p) => p),
    weight: full((p) => 1 / Math.sqrt(p * (1 - p))),
    ones: tf.ones([batchRows, 1]),
  };
  const optimizer = tf.train.adam(options.learningRate);
  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    shuffle(order, options.seed, epoch);
    for (let from = 0; from + batchRows <= rows; from += batchRows) {
      const { x, y } = gather(samples, order.subarray(from, from + batchRows), shape.inputs, count);
      tf.tidy(() => {
        const inputs = tf.tensor2d(x, [batchRows, shape.inputs]);
        const outcomes = tf.tensor2d(y, [batchRows, count]);
        optimizer.minimize(
          () => {
            const dense = (from: Tensor, w: V, b: V) => tf.add(tf.matMul(from, w), tf.matMul(constants.ones, b)) as Tensor;
            const raw = dense(tf.tanh(dense(tf.tanh(dense(inputs, w1, b1)), w2, b2)), w3, b3);
            const quantiles = tf.add(tf.matMul(raw, constants.median), tf.matMul(tf.softplus(raw), constants.gaps));
            const error = tf.sub(outcomes, quantiles);
            // max(p·e, (p − 1)·e) = p·e + max(0, −e).
            const loss = tf.mul(constants.weight, tf.add(tf.mul(constants.level, error), tf.relu(tf.neg(error))));
            return tf.add(tf.mean(loss), tf.mul(options.decay, tf.sum(tf.square(w3)))) as Loss;
          },
          false,
          variables,
        );
      });
    }
    await options.onEpoch?.((epoch + 1) / options.epochs);
  }
  const weights = variables.map((variable) => Float32Array.from(variable.dataSync()));
  for (const tensor of [...variables, ...Object.values(constants)]) tensor.dispose();
  optimizer.dispose();
  return { shape, weights, backend: tf.getBackend() };
}

/** Quantiles at the network's levels for one row of inputs, rising. */
export function predict(network: Network, x: ArrayLike<number>): number[] {
  const { shape, weights } = network;
  const [first, second] = shape.hidden;
  const h1 = layer(x, weights[0]!, weights[1]!, shape.inputs, first, Math.tanh);
  const h2 = layer(h1, weights[2]!, weights[3]!, first, second, Math.tanh);
  const raw = layer(h2, weights[4]!, weights[5]!, second, shape.levels.length, (value) => value);
  const gaps = raw.map((value, index) => (index === 0 ? value : softplus(value)));
  const spread = gapMatrix(shape.levels);
  const size = shape.levels.length;
  return Array.from({ length: size }, (_, k) => gaps.reduce((sum, value, j) => sum + value * spread[j * size + k]!, 0));
}

let loaded: Promise<Tensorflow> | null = null;

function load(): Promise<Tensorflow> {
  loaded ??= (async () => {
    const tf = await import('@tensorflow/tfjs-core');
    // In Node the core's bundle has no gradients; layers registers them all, for every copy of the core.
    await import('@tensorflow/tfjs-layers');
    // Optional: absent wherever its binary could not be downloaded, and throwing where it does not fit this Node.
    const native: string = '@tensorflow/tfjs-node';
    try {
      await import(native);
      if (await tf.setBackend('tensorflow')) return tf;
    } catch {
      // Falls through to the backends that are always there.
    }
    await import('@tensorflow/tfjs-backend-wasm');
    if (await tf.setBackend('wasm')) return tf;
    await import('@tensorflow/tfjs-backend-cpu');
    // Without it the cpu backend prints a banner that recommends another package.
    tf.env().set('PROD', true);
    await tf.setBackend('cpu');
    return tf;
  })();
  return loaded;
}

function layer(
  x: ArrayLike<number>,
  w: Float32Array,
  b: Float32Array,
  inputs: number,
  outputs: number,
  f: (value: number) => number,
): number[] {
  return Array.from({ length: outputs }, (_, k) => {
    let sum = b[k]!;
    for (let i = 0; i < inputs; i += 1) sum += x[i]! * w[i * outputs + k]!;
    return f(sum);
  });
}

/** Row 0 lifts every quantile by the median; row j moves those on the far side of gap j away from it. */
function gapMatrix(levels: readonly number[]): Float32Array {
  const size = levels.length;
  const middle = (size - 1) / 2;
  const out = new Float32Array(size * size);
  for (let k = 0; k < size; k += 1) {
    out[k] = 1;
    for (let j = 1; j < size; j += 1) out[j * size + k] = j > middle ? (k >= j ? 1 : 0) : k < j ? -1 : 0;
  }
  return out;
}

function layerSizes({ inputs, hidden, levels }: Shape): [number, number][] {
  const [first, second] = hidden;
  return [
    [inputs, first],
    [1, first],
    [first, second],
    [1, second],
    [second, levels.length],
    [1, levels.length],
  ];
}

function initialWeights(shape: Shape, { seed, base }: TrainOptions): Float32Array[] {
  const middle = (shape.levels.length - 1) / 2;
  return layerSizes(shape).map(([rows, columns], index) => {
    if (index === 5) {
      return Float32Array.from({ length: columns }, (_, j) =>
        j === 0 ? base[middle]! : inverseSoftplus(Math.max(1e-3, base[j]! - base[j - 1]!)),
      );
    }
    if (index % 2 === 1) return new Float32Array(rows * columns);
    // Glorot and Bengio 2010; the last layer a tenth of it.
    const size = Math.sqrt(2 / (rows + columns)) * (index === 4 ? 0.1 : 1);
    return Float32Array.from(
      { length: rows * columns },
      (_, place) => size * normalQuantile(uniform(seed, PURPOSE.forecaster, index, 0, place)),
    );
  });
}

function shuffle(order: Uint32Array, seed: number, epoch: number): void {
  for (let i = order.length - 1; i > 0; i -= 1) {
    const j = Math.floor(uniform(seed, PURPOSE.forecaster, SHUFFLE_PATH, epoch, i) * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
}

/** The chosen rows, every outcome `count` times. */
function gather(samples: Samples, rows: Uint32Array, inputs: number, count: number): Samples {
  const x = new Float32Array(rows.length * inputs);
  const y = new Float32Array(rows.length * count);
  rows.forEach((row, k) => {
    x.set(samples.x.subarray(row * inputs, (row + 1) * inputs), k * inputs);
    y.fill(samples.y[row]!, k * count, (k + 1) * count);
  });
  return { x, y };
}

function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}

function inverseSoftplus(y: number): number {
  return y > 30 ? y : Math.log(Math.expm1(y));
}
