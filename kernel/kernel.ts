/**
 * The door to the WASM module: one instance a thread, its exports with plain names, and the memory it works in.
 *
 * Everything computed here has the same bits on every machine. `exp` and `log` are the module's own: pure code whose
 * results are verified later uses these and never Math.exp, whose last digit depends on the host.
 */
import type { Id } from '../base/id.ts';
import { seedWords, type Words } from '../base/random.ts';
import { wasmBase64, wasmSha256 } from './generated/module.ts';
import * as Job from './job.ts';
import * as Law from './law.ts';
import { arena as makeArena, type WasmMemory } from './memory.ts';
import * as Option from './option.ts';
import * as Trace from './trace.ts';

export type Kernel = {
  /** SHA-256 of the module's bytes: other code, other evidence. */
  readonly digest: Id;
  exp(x: number): number;
  log(x: number): number;
  /** Inverse of the standard normal distribution function on (0, 1). */
  normalQuantile(p: number): number;
  /** The same by table, for a uniform of the streams: what paths are made of. */
  normalOf(u: number): number;
  /** `exp` on the lanes that make prices; held beyond ±700. */
  exponentialOf(x: number): number;
  /** Natural logarithm on lanes, of positive normal numbers. */
  logarithmOf(x: number): number;
  /** (1 − N(x))/φ(x), x ≥ 0. */
  millsOf(x: number): number;
  /** The draws of lanes 2·pair … 2·pair + 7. */
  uniforms(seed: number, purpose: number, path: number, step: number, pair: number): Float64Array;
  /** The draw of base/random.ts at the same coordinates. */
  uniform(seed: number, purpose: number, path: number, step: number, lane: number): number;
  /** The chi-square mixing draw of the t-copula at (path, step), nu > 2. */
  chiSquare(seed: number, path: number, step: number, nu: number): number;
  philox(counter: Words, key: readonly [number, number]): Words;
  /** Values and greeks of European options, σ√T at least 1e-12; into the caller's memory where given. */
  options(options: Option.OptionsInput, into?: Option.OptionValues): Option.OptionValues;
  /** Price multiples of paths [from, from + count), [path][step][asset], and the paths' weights; into the caller's memory where given. */
  simulate(law: Law.LawInput, seed: number, steps: number, from: number, count: number, into?: Law.Simulated): Law.Simulated;
  /** Equity after haircuts and requirement of every trader as the book stands, USD. */
  standing(book: Job.BookInput): { readonly equityUsd: Float64Array; readonly requiredUsd: Float64Array };
  /** The book against the given paths. */
  stress(book: Job.BookInput, paths: Job.Paths): Job.BlockResult;
  /** The same run, the same bits, and what happened in it. For one path, or a few: events are many. */
  trace(book: Job.BookInput, paths: Job.Paths): { readonly result: Job.BlockResult; readonly events: readonly Trace.TraceEvent[] };
};

type Exports = {
  readonly memory: WasmMemory;
  heapBase(): number;
  exp(x: number): number;
  log(x: number): number;
  normalQuantile(p: number): number;
  normalOf(u: number): number;
  exponentialOf(x: number): number;
  logarithmOf(x: number): number;
  millsOf(x: number): number;
  priceOptions(inputs: number, outputs: number, count: number, width: number): void;
  uniformsTo(out: number, seedLow: number, seedHigh: number, purpose: number, path: number, step: number, pair: number): void;
  uniform(seedLow: number, seedHigh: number, purpose: number, path: number, step: number, lane: number): number;
  chiSquare(seedLow: number, seedHigh: number, path: number, step: number, nu: number): number;
  philoxTo(out: number, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void;
  standing(job: number, equities: number, requirements: number): void;
  simulate(law: number, firstPath: number, count: number, out: number, weights: number): void;
  stress(job: number, factors: number, weights: number, count: number): void;
  traceTo(out: number, records: number): void;
  traced(): number;
};

// The part of the host's WebAssembly that is used; its types live in the DOM library, which a server does not load.
type Host = {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  };
};

/** No path at all. */
const STILL: Job.Paths = { count: 0, steps: 0, columns: 0, factors: new Float64Array(0), frozenSteps: 0 };

/** Room for a trace at first; one that needs more is run again. */
const FEW_RECORDS = 4_096;

let loaded: Kernel | undefined;

/** The thread's kernel; compiled on the first call. */
export function loadKernel(): Kernel {
  loaded ??= instantiate();
  return loaded;
}

function instantiate(): Kernel {
  const { WebAssembly } = globalThis as unknown as Host;
  const module = new WebAssembly.Module(Buffer.from(wasmBase64, 'base64'));
  const wasm = new WebAssembly.Instance(module, {}).exports as Exports;
  const arena = makeArena(wasm.memory, wasm.heapBase());

  return {
    digest: `sha256:${wasmSha256}`,
    exp: (x) => wasm.exp(x),
    log: (x) => wasm.log(x),
    normalQuantile: (p) => wasm.normalQuantile(p),
    normalOf: (u) => wasm.normalOf(u),
    exponentialOf: (x) => wasm.exponentialOf(x),
    logarithmOf: (x) => wasm.logarithmOf(x),
    millsOf: (x) => wasm.millsOf(x),
    options(options, into = Option.room(options.forward.length)) {
      arena.reset();
      return Option.price(arena, wasm.priceOptions, options, into);
    },
    uniforms(seed, purpose, path, step, pair) {
      arena.reset();
      const out = arena.zeros(64);
      wasm.uniformsTo(out, ...seedWords(seed), purpose, path, step, pair);
      return arena.read(out, 8);
    },
    uniform: (seed, purpose, path, step, lane) => wasm.uniform(...seedWords(seed), purpose, path, step, lane),
    chiSquare: (seed, path, step, nu) => wasm.chiSquare(...seedWords(seed), path, step, nu),
    philox(counter, key) {
      arena.reset();
      const out = arena.zeros(16);
      wasm.philoxTo(out, ...counter, ...key);
      const words = new Uint32Array(wasm.memory.buffer, out, 4);
      return [words[0]!, words[1]!, words[2]!, words[3]!];
    },
    simulate(law, seed, steps, from, count, into = Law.room(law, steps, count)) {
      arena.reset();
      const placed = Law.place(arena, law, seed, steps);
      const out = arena.room(8 * into.factors.length);
      const weights = arena.room(8 * count);
      wasm.simulate(placed, from, count, out, weights);
      into.factors.set(arena.view(out, into.factors.length));
      into.weights.set(arena.view(weights, count));
      return into;
    },
    standing(book) {
      arena.reset();
      const { job } = Job.place(arena, book, STILL);
      const equities = arena.zeros(8 * book.traders);
      const requirements = arena.zeros(8 * book.traders);
      wasm.standing(job, equities, requirements);
      return { equityUsd: arena.read(equities, book.traders), requiredUsd: arena.read(requirements, book.traders) };
    },
    stress(book, paths) {
      arena.reset();
      const placed = Job.place(arena, book, paths);
      wasm.stress(placed.job, placed.factors, placed.weights, paths.count);
      return placed.read();
    },
    trace(book, paths) {
      let room = FEW_RECORDS;
      while (true) {
        arena.reset();
        const placed = Job.place(arena, book, paths);
        const out = arena.room(8 * Trace.WIDTH * room);
        wasm.traceTo(out, room);
        wasm.stress(placed.job, placed.factors, placed.weights, paths.count);
        const records = wasm.traced();
        wasm.traceTo(0, 0);
        if (records <= room) return { result: placed.read(), events: Trace.decode(arena.read(out, Trace.WIDTH * records)) };
        room = records;
      }
    },
  };
}
