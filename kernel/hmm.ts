/** A hidden Markov model over rows, its way into the module's memory (assembly/hmm-*.ts) and back. */
import type { Arena } from './memory.ts';

/** Columns one after the other, `stride` rows each, NaN where not observed, then by row how many are. */
export type Table = { readonly columns: Float64Array; readonly rows: number; readonly stride: number; readonly dimensions: number };

/** Flat, state by state. */
export type Input = {
  readonly start: Float64Array;
  readonly transition: Float64Array;
  readonly mean: Float64Array;
  /** Emission densities are raised to it. */
  readonly power: number;
  /** Precisions by dimension, or the inverse of the lower Cholesky factor of a full covariance. */
  readonly precision: Float64Array;
  readonly isFull: boolean;
  /** By dimension, half the logarithm of the variance; not read under a full covariance. */
  readonly halfLog: Float64Array;
  /** By number of dimensions seen, 0 to all: the constant of ln density, under a full covariance with its determinant. */
  readonly constants: Float64Array;
  /** 0: Gaussian. */
  readonly nu: Float64Array;
  /** By number of dimensions seen: what belongs to ln u − u in the sum that tells ν. */
  readonly offsets: Float64Array;
};

/** The likelihood; with P(s_t | y_1..y_t); with what the maximising step of EM needs. */
export type Wanted = 'value' | 'filtered' | 'moments';

export type Pass = {
  readonly logLikelihood: number;
  /** Row by row; empty where not wanted. */
  readonly filtered: Float64Array;
  /** Of the first row, after all rows were seen. */
  readonly first: Float64Array;
  /** Expected moves, divided by their transition probability. */
  readonly visits: Float64Array;
  /**
   * By state: Σγ, Σγ (ln u − u + offset), Σw, then by dimension Σw, Σγ, Σwe, Σwe², or under a full covariance Σwe by dimension and the
   * lower triangle of Σwe eᵀ.
   */
  readonly moments: readonly Float64Array[];
};

export type Exports = {
  hmmDiagonal(
    ...at: readonly [
      columns: number,
      stride: number,
      dimensions: number,
      mean: number,
      precision: number,
      halfLog: number,
      constants: number,
      nu: number,
      log: number,
      distance: number,
    ]
  ): void;
  hmmFull(
    ...at: readonly [
      columns: number,
      stride: number,
      dimensions: number,
      mean: number,
      whitening: number,
      constant: number,
      nu: number,
      log: number,
      distance: number,
      deviation: number,
    ]
  ): void;
  hmmRelative(log: number, states: number, stride: number, power: number): number;
  hmmForward(
    ...at: readonly [
      emission: number,
      states: number,
      rows: number,
      stride: number,
      start: number,
      transition: number,
      alpha: number,
      scale: number,
    ]
  ): number;
  hmmBackward(
    ...at: readonly [
      emission: number,
      states: number,
      rows: number,
      stride: number,
      transition: number,
      alpha: number,
      scale: number,
      visits: number,
      later: number,
    ]
  ): void;
  hmmWeigh(
    ...at: readonly [
      gamma: number,
      distance: number,
      seen: number,
      stride: number,
      least: number,
      nu: number,
      offsets: number,
      weight: number,
      sums: number,
    ]
  ): void;
  hmmDiagonalMoments(columns: number, stride: number, dimensions: number, mean: number, gamma: number, weight: number, out: number): void;
  hmmFullMoments(columns: number, stride: number, dimensions: number, mean: number, weight: number, out: number, room: number): void;
};

const WORD = 8;
/** Of `assembly/hmm-density.ts`: columns are padded to a multiple. */
const ROWS = 8;
/** Of `assembly/hmm-moments.ts`: rows worked on at a time. */
const BLOCK = 64;
/** Numbers in front of a state's moments by dimension. */
export const SUMS = 3;
const NONE = new Float64Array(0);

/** `values`: rows of `dimensions` numbers, flat. */
export function tableOf(values: Float64Array, dimensions: number): Table {
  const rows = values.length / dimensions;
  const stride = Math.ceil(rows / ROWS) * ROWS;
  const columns = new Float64Array(stride * (dimensions + 1)).fill(Number.NaN, 0, stride * dimensions);
  const seen = columns.subarray(stride * dimensions);
  for (let t = 0; t < rows; t += 1) {
    for (let d = 0; d < dimensions; d += 1) {
      const value = values[t * dimensions + d]!;
      columns[d * stride + t] = value;
      if (!Number.isNaN(value)) seen[t] = seen[t]! + 1;
    }
  }
  return { columns, rows, stride, dimensions };
}

export function run(arena: Arena, wasm: Exports, table: Table, input: Input, wants: Wanted): Pass {
  const { rows, stride, dimensions } = table;
  const { isFull, power } = input;
  const states = input.start.length;
  const room = (numbers: number) => arena.room(WORD * numbers);
  // 1. Place.
  const columns = arena.place(table.columns);
  const start = arena.place(input.start);
  const transition = arena.place(input.transition);
  const mean = arena.place(input.mean);
  const precision = arena.place(input.precision);
  const halfLog = arena.place(input.halfLog);
  const constants = arena.place(input.constants);
  const offsets = arena.place(input.offsets);
  const emission = room(states * stride);
  const distance = room(states * stride);
  const alpha = room(states * stride);
  const scale = room(rows);
  const visits = room(states * states);
  const later = room(3 * states);
  const weight = room(stride);
  const size = SUMS + (isFull ? dimensions * (dimensions + 1) : 4 * dimensions);
  const moments = room(states * size);
  const spare = room(BLOCK * (dimensions + 4));
  // 2. Densities, forward.
  const counts = dimensions + 1;
  const block = isFull ? dimensions * dimensions : dimensions;
  for (let k = 0; k < states; k += 1) {
    const nu = input.nu[k]!;
    const [at, own] = [mean + WORD * k * dimensions, precision + WORD * k * block];
    const [log, far] = [emission + WORD * k * stride, distance + WORD * k * stride];
    if (isFull) {
      wasm.hmmFull(columns, stride, dimensions, at, own, input.constants[k * counts + dimensions]!, nu, log, far, spare);
    } else {
      const [half, table] = [halfLog + WORD * k * dimensions, constants + WORD * k * counts];
      wasm.hmmDiagonal(columns, stride, dimensions, at, own, half, table, nu, log, far);
    }
  }
  const largest = wasm.hmmRelative(emission, states, stride, power);
  const logLikelihood = largest + wasm.hmmForward(emission, states, rows, stride, start, transition, alpha, scale);
  const byState = () => Array.from({ length: states }, (_, k) => arena.view(alpha + WORD * k * stride, rows));
  const possible = logLikelihood > Number.NEGATIVE_INFINITY;
  if (wants !== 'moments' || !possible) {
    return { logLikelihood, filtered: wants === 'filtered' ? interleaved(byState()) : NONE, first: NONE, visits: NONE, moments: [] };
  }
  // 3. Backward, moments.
  wasm.hmmBackward(emission, states, rows, stride, transition, alpha, scale, visits, later);
  const seen = columns + WORD * dimensions * stride;
  const least = isFull ? dimensions : 1;
  for (let k = 0; k < states; k += 1) {
    const gamma = alpha + WORD * k * stride;
    const out = moments + WORD * k * size;
    const at = mean + WORD * k * dimensions;
    wasm.hmmWeigh(gamma, distance + WORD * k * stride, seen, stride, least, input.nu[k]!, offsets + WORD * k * counts, weight, out);
    if (isFull) wasm.hmmFullMoments(columns, stride, dimensions, at, weight, out + WORD * SUMS, spare);
    else wasm.hmmDiagonalMoments(columns, stride, dimensions, at, gamma, weight, out + WORD * SUMS);
  }
  return {
    logLikelihood,
    filtered: NONE,
    first: Float64Array.from(byState(), (column) => column[0]!),
    visits: arena.read(visits, states * states),
    moments: Array.from({ length: states }, (_, k) => arena.read(moments + WORD * k * size, size)),
  };
}

function interleaved(columns: readonly Float64Array[]): Float64Array {
  const width = columns.length;
  const out = new Float64Array(width * (columns[0]?.length ?? 0));
  columns.forEach((column, k) => {
    for (let t = 0; t < column.length; t += 1) out[t * width + k] = column[t]!;
  });
  return out;
}
