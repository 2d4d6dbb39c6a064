/** Dynamic conditional correlation of rows without holes, its way into the module's memory (assembly/dcc.ts, same order) and back. */
import type { Arena } from './memory.ts';

/** Columns one after the other, `stride` rows each. */
export type Table = { readonly columns: Float64Array; readonly rows: number; readonly stride: number; readonly size: number };

/** Matrices are flat; only their lower triangles are read. */
export type Input = {
  readonly a: number;
  readonly b: number;
  /** 0: normal errors. */
  readonly nu: number;
  /** Of the density, and its derivative in ν. */
  readonly constant: number;
  readonly constantByNu: number;
  readonly isCorrected: boolean;
  /** (1 − a − b) S, and its derivatives in a and b. */
  readonly base: readonly [Float64Array, Float64Array, Float64Array];
  /** The first Q, and its derivatives in a and b. */
  readonly start: readonly [Float64Array, Float64Array, Float64Array];
};

export type Wanted = 'score' | 'bars';

export type Pass = {
  readonly logLikelihood: number;
  /** In a, b, ν. */
  readonly score: Float64Array;
  /** Q after the last bar, lower triangle of a flat matrix. */
  readonly next: Float64Array;
  /** Likelihood and score by bar; none where not wanted. */
  readonly bars: readonly Float64Array[];
};

export type Exports = {
  dccScore(
    ...at: readonly [
      z: number,
      stride: number,
      rows: number,
      size: number,
      p: number,
      corrected: number,
      base: number,
      start: number,
      room: number,
      out: number,
      byBar: number,
    ]
  ): number;
};

const WORD = 8;
const SCORES = 3;
const BY_BAR = 4;
const TRIANGLES_OF_ROOM = 9;
const ROWS_OF_ROOM = 10;

/** Null where something was not observed. */
export function tableOf(columns: readonly Float64Array[]): Table | null {
  const rows = columns[0]?.length ?? 0;
  const stride = rows + (rows % 2);
  const table = new Float64Array(stride * columns.length);
  columns.forEach((column, i) => {
    table.set(column, i * stride);
  });
  return table.includes(Number.NaN) ? null : { columns: table, rows, stride, size: columns.length };
}

export function run(arena: Arena, wasm: Exports, { columns, rows, stride, size }: Table, input: Input, wants: Wanted): Pass {
  const triangle = (size * (size + 1)) / 2;
  const z = arena.place(columns);
  const p = arena.place(Float64Array.of(input.a, input.b, input.nu, input.constant, input.constantByNu));
  const base = arena.place(packed(input.base, size));
  const start = arena.place(packed(input.start, size));
  const room = arena.room(WORD * (TRIANGLES_OF_ROOM * triangle + ROWS_OF_ROOM * size));
  const out = arena.room(WORD * (SCORES + triangle));
  const byBar = wants === 'bars' ? arena.room(WORD * BY_BAR * stride) : 0;
  const logLikelihood = wasm.dccScore(z, stride, rows, size, p, input.isCorrected ? 1 : 0, base, start, room, out, byBar);
  return {
    logLikelihood,
    score: arena.read(out, SCORES),
    next: unpacked(arena.read(out + WORD * SCORES, triangle), size),
    bars: byBar === 0 ? [] : Array.from({ length: BY_BAR }, (_, i) => arena.read(byBar + WORD * i * stride, rows)),
  };
}

/** Lower triangles, one after the other. */
function packed(matrices: readonly Float64Array[], size: number): Float64Array {
  const out = new Float64Array((matrices.length * (size * (size + 1))) / 2);
  let place = 0;
  for (const matrix of matrices) for (let i = 0; i < size; i += 1) for (let j = 0; j <= i; j += 1) out[place++] = matrix[i * size + j]!;
  return out;
}

function unpacked(triangle: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  let place = 0;
  for (let i = 0; i < size; i += 1) for (let j = 0; j <= i; j += 1) out[i * size + j] = triangle[place++]!;
  return out;
}
