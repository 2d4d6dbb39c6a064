/**
 * A bump allocator over the module's memory. A job places its inputs, runs, copies its results out and resets: nothing
 * lives between jobs. Views are made after all allocation, because growing memory detaches them.
 */

export type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };

export type Arena = {
  reset(): void;
  /** Bytes as they were left, aligned to 8: for what is written before it is read. */
  room(bytes: number): number;
  /** Bytes set to zero, aligned to 8. */
  zeros(bytes: number): number;
  place(values: Float64Array | Int32Array): number;
  /** A struct of 32-bit words (integers or pointers), padded to 8, then doubles: the order of an unmanaged class. */
  struct(words: readonly number[], doubles: readonly number[]): number;
  /** The memory itself: gone with the next allocation. */
  view(pointer: number, length: number): Float64Array;
  /** A copy, safe to keep. */
  read(pointer: number, length: number): Float64Array;
};

const PAGE_BYTES = 65_536;

export function arena(memory: WasmMemory, base: number): Arena {
  const start = align(base);
  let top = start;

  function take(bytes: number): number {
    const pointer = top;
    top = align(top + bytes);
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    return pointer;
  }

  return {
    reset() {
      top = start;
    },
    room: take,
    zeros(bytes) {
      const pointer = take(bytes);
      new Uint8Array(memory.buffer, pointer, bytes).fill(0);
      return pointer;
    },
    place(values) {
      const pointer = take(values.byteLength);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      new Uint8Array(memory.buffer, pointer, bytes.length).set(bytes);
      return pointer;
    },
    struct(words, doubles) {
      const wordBytes = align(words.length * 4);
      const pointer = take(wordBytes + doubles.length * 8);
      new Int32Array(memory.buffer, pointer, words.length).set(words);
      new Float64Array(memory.buffer, pointer + wordBytes, doubles.length).set(doubles);
      return pointer;
    },
    view: (pointer, length) => new Float64Array(memory.buffer, pointer, length),
    read: (pointer, length) => new Float64Array(memory.buffer, pointer, length).slice(),
  };
}

function align(bytes: number): number {
  return (bytes + 7) & ~7;
}
