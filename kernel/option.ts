/** Options as flat rows, their way into the module's memory (assembly/option.ts, same order) and back. */
import type { Arena } from './memory.ts';

/** European options on forwards, one entry each. Prices in one currency, times in years of 365 days, σ and r a year, as fractions. */
export type OptionsInput = {
  readonly forward: Float64Array;
  readonly strike: Float64Array;
  readonly years: Float64Array;
  readonly volatility: Float64Array;
  readonly rate: Float64Array;
  /** 1 a call, −1 a put. */
  readonly side: Float64Array;
};

/** By F, by F twice, by σ (1 = 100 points), by time passing (a year), by r. */
export type OptionValues = {
  readonly price: Float64Array;
  readonly delta: Float64Array;
  readonly gamma: Float64Array;
  readonly vega: Float64Array;
  readonly theta: Float64Array;
  readonly rho: Float64Array;
};

/** Options worked on at a time: their rows stay in the processor's nearest memory. */
export const OPTIONS_AT_ONCE = 2_048;

const INPUTS = ['forward', 'strike', 'years', 'volatility', 'rate', 'side'] as const;
const OUTPUTS = ['price', 'delta', 'gamma', 'vega', 'theta', 'rho'] as const;

export function room(count: number): OptionValues {
  return Object.fromEntries(OUTPUTS.map((name) => [name, new Float64Array(count)])) as OptionValues;
}

/** `values`: where to put them. */
export function price(
  arena: Arena,
  run: (inputs: number, outputs: number, count: number, width: number) => void,
  options: OptionsInput,
  values: OptionValues,
): OptionValues {
  const { length } = options.forward;
  const inputs = arena.room(8 * INPUTS.length * OPTIONS_AT_ONCE);
  const outputs = arena.room(8 * OUTPUTS.length * OPTIONS_AT_ONCE);
  for (let from = 0; from < length; from += OPTIONS_AT_ONCE) {
    const count = Math.min(OPTIONS_AT_ONCE, length - from);
    // Pairs: a last odd one has itself for company.
    const even = count + (count % 2);
    for (const [row, name] of INPUTS.entries()) {
      const column = arena.view(inputs + 8 * row * even, even);
      column.set(options[name].subarray(from, from + count));
      if (even > count) column[count] = column[count - 1]!;
    }
    run(inputs, outputs, even, even);
    for (const [row, name] of OUTPUTS.entries()) values[name].set(arena.view(outputs + 8 * row * even, count), from);
  }
  return values;
}
