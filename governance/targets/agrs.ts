/**
 * The two rules Aave's risk stewards (AGRS, v3 and v4) put on every parameter: how far from what is held, and how long since the last
 * change. Integers, floor. Source: `_updateWithinAllowedRange` and `_validateParamUpdate` of both RiskSteward.sol.
 *
 * The whole batch is judged against the state before it, so two rows for one asset both pass and the last one stands: duplicates
 * are refused by us. A value sent unchanged burns the cooldown of its parameter: what does not move is never sent.
 */
import type { Refusal } from './target.ts';

export type Bound = { readonly minDelaySeconds: bigint; readonly maxChange: bigint; readonly mode: 'relative' | 'absolute' };
export type Step = {
  readonly name: string;
  readonly from: bigint;
  readonly to: bigint;
  readonly lastUpdatedSeconds: bigint;
  readonly bound: Bound;
};

/** In the contract's order: zero, cooldown, range. */
export function refusal({ name, from, to, lastUpdatedSeconds, bound }: Step, nowSeconds: number): Refusal | null {
  if (to === 0n) return { by: 'chain', name: 'InvalidUpdateToZero', says: `${name}: a steward sets nothing to 0.` };
  if (to === from) return { by: 'us', name: 'SameValue', says: `${name} is ${from} already: sending it burns its cooldown.` };
  const since = BigInt(nowSeconds) - lastUpdatedSeconds;
  if (since < bound.minDelaySeconds) {
    return { by: 'chain', name: 'DebounceNotRespected', says: `${name} was changed ${since} s ago; ${bound.minDelaySeconds} s must pass.` };
  }
  const allowed = widest(from, bound);
  const step = to > from ? to - from : from - to;
  if (step <= allowed) return null;
  const stuck = allowed === 0n ? ' No change at all is allowed from there.' : '';
  return { by: 'chain', name: 'UpdateNotInRange', says: `${name}: a change of ${step} from ${from}; ${allowed} is allowed.${stuck}` };
}

/** The largest step from a value. Relative mode floors, so small values may not move, and 0 never can. */
export function widest(from: bigint, { maxChange, mode }: Bound): bigint {
  return mode === 'relative' ? (maxChange * from) / 10_000n : maxChange;
}
