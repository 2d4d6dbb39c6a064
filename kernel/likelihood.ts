/**
 * The door to the WASM module of likelihoods: one instance a thread. Fits are stored, not computed again, so this module is not part
 * of the evidence's digest (kernel.ts is).
 */
import * as Dcc from './dcc.ts';
import * as Garch from './garch.ts';
import { wasmBase64 } from './generated/likelihood.ts';
import * as Hmm from './hmm.ts';
import { arena as makeArena, type WasmMemory } from './memory.ts';
import * as Msgarch from './msgarch.ts';

export type Likelihood = {
  dcc(table: Dcc.Table, input: Dcc.Input, wants: Dcc.Wanted): Dcc.Pass;
  /** GARCH or GJR; null where a variance left the doubles. */
  garch(input: Garch.Input, wants: Garch.Wanted): Garch.Pass;
  hmm(table: Hmm.Table, input: Hmm.Input, wants: Hmm.Wanted): Hmm.Pass;
  /** A Markov-switching GARCH of two regimes. */
  msgarch(input: Msgarch.Input, wants: Msgarch.Wanted): Msgarch.Pass;
};

type Exports = Dcc.Exports & Garch.Exports & Hmm.Exports & Msgarch.Exports & { readonly memory: WasmMemory; heapBase(): number };

// The part of the host's WebAssembly that is used; its types live in the DOM library, which a server does not load.
type Host = {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  };
};

let loaded: Likelihood | undefined;

/** The thread's own; compiled on the first call. */
export function loadLikelihood(): Likelihood {
  loaded ??= instantiate();
  return loaded;
}

function instantiate(): Likelihood {
  const { WebAssembly } = globalThis as unknown as Host;
  const module = new WebAssembly.Module(Buffer.from(wasmBase64, 'base64'));
  const wasm = new WebAssembly.Instance(module, {}).exports as Exports;
  const arena = makeArena(wasm.memory, wasm.heapBase());
  return {
    dcc(table, input, wants) {
      arena.reset();
      return Dcc.run(arena, wasm, table, input, wants);
    },
    garch(input, wants) {
      arena.reset();
      return Garch.run(arena, wasm, input, wants);
    },
    hmm(table, input, wants) {
      arena.reset();
      return Hmm.run(arena, wasm, table, input, wants);
    },
    msgarch(input, wants) {
      arena.reset();
      return Msgarch.run(arena, wasm, input, wants);
    },
  };
}
