/**
 * The likelihood of a hidden Markov model, its filter, and one round of EM: what `hmm.ts` climbs with. The loops over rows are the
 * kernel's (kernel/assembly/hmm-*.ts): scaled as in Rabiner (1989), densities relative to the largest at each row.
 */
import * as Kernel from '../kernel/hmm.ts';
import { loadLikelihood } from '../kernel/likelihood.ts';
import * as Emission from './hmm-emission.ts';

/** Observations as the kernel reads them: made once a fit. */
export type Prepared = { readonly table: Kernel.Table; readonly power: number };

export function prepare({ values, dimensions, power = 1 }: Emission.Observations): Prepared {
  return { table: Kernel.tableOf(values, dimensions), power };
}

export function logLikelihood({ table, power }: Prepared, p: Emission.Parameters): number {
  return loadLikelihood().hmm(table, Emission.placed(p, table.dimensions, power), 'value').logLikelihood;
}

/** P(s_t | y_1..y_t), row by row. From a row on that is impossible in every reachable state: what was known before it. */
export function filter({ table, power }: Prepared, p: Emission.Parameters): { probability: Float64Array; logLikelihood: number } {
  const { filtered, logLikelihood } = loadLikelihood().hmm(table, Emission.placed(p, table.dimensions, power), 'filtered');
  return { probability: filtered, logLikelihood };
}

/** One round of EM: the likelihood at `p`, and the parameters that maximise its expectation. */
export function expectMaximize({ table, power }: Prepared, p: Emission.Parameters, floor: Float64Array) {
  const input = Emission.placed(p, table.dimensions, power);
  const { logLikelihood, first, visits, moments } = loadLikelihood().hmm(table, input, 'moments');
  if (moments.length === 0) return { logLikelihood, next: p };
  const states = p.start.length;
  const transition = new Float64Array(states * states);
  for (let i = 0; i < states; i += 1) {
    let total = 0;
    for (let j = 0; j < states; j += 1) total += visits[i * states + j]! * p.transition[i * states + j]!;
    for (let j = 0; j < states; j += 1) {
      const place = i * states + j;
      transition[place] = total > 0 ? (visits[place]! * p.transition[place]!) / total : p.transition[place]!;
    }
  }
  return { logLikelihood, next: { start: first, transition, ...Emission.maximize(p, moments, floor) } };
}
