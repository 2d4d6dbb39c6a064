/**
 * Shapley values of a game given by the value of every coalition (Shapley 1953): the only split that adds up to the whole, gives equal
 * players the same, nothing to those who change nothing, and adds over games. Exact: all 2^d coalitions, no sampling.
 */
import { PlimsollError } from '../../base/errors.ts';

/** `values[mask]`: value of the coalition whose players are the bits of `mask`; its length is 2^d. Answers one value a player. */
export function shapley(values: readonly number[]): number[] {
  const players = sizeOf(values.length - 1);
  if (values.length === 0 || 1 << players !== values.length) {
    throw new BadGameError({ got: `${values.length} coalitions`, needed: 'a power of two' });
  }
  // Weight of joining a coalition of s players: s!(d − s − 1)!/d!, by its recursion.
  const weight = [1 / Math.max(1, players)];
  for (let size = 1; size < players; size += 1) weight.push((weight[size - 1]! * size) / (players - size));
  return Array.from({ length: players }, (_, player) => {
    let sum = 0;
    for (let mask = 0; mask < values.length; mask += 1) {
      if ((mask >> player) & 1) continue;
      sum += weight[sizeOf(mask)]! * (values[mask | (1 << player)]! - values[mask]!);
    }
    return sum;
  });
}

function sizeOf(mask: number): number {
  let size = 0;
  for (let rest = mask; rest > 0; rest &= rest - 1) size += 1;
  return size;
}

export class BadGameError extends PlimsollError {
  override readonly name = 'Shapley.BadGameError';
}
