/**
 * Limit: the least haircut at which pushing an asset's price and borrowing against it does not pay.
 *
 *   for every push:  borrowed · (1 − 1/(LTV·(1 + u))) ≤ (1 − m) · C(u)          m: share of the outlay that must be lost
 *
 * The higher the LTV, the more each push brings, so the settings that hold are those from one haircut on. What the attacker may borrow is what the whole book
 * has left to lend, whatever he posts: bounds of one asset, not of several pushed at once.
 */
import { BPS_ONE } from '../../base/units.ts';
import type { ProtocolState } from '../../datasets/state.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { MarketModel } from '../../models/market.ts';
import { limitOf, type Policy } from '../policy.ts';
import { casesOf } from './attack.ts';
import { pump } from './pump.ts';

export type AttackLimit = {
  /** No attack pays from here on; null where one pays at every haircut that the policy allows. */
  readonly leastHaircutBps: number | null;
  readonly says: string;
};
type Asked = NonNullable<Policy['attack']>;

/** By asset of the book, where the law has its price. Null where the policy does not ask. */
export function limitsOf(
  kernel: Kernel,
  state: ProtocolState,
  model: MarketModel,
  policy: Policy,
): ReadonlyMap<string, AttackLimit> | null {
  const { attack } = policy;
  if (attack === undefined) return null;
  const found = new Map<string, AttackLimit>();
  for (const { name, market, pump: posted } of casesOf(state, model, { form: attack.oracle, windowSeconds: attack.windowSeconds })) {
    if (posted === undefined) continue;
    const { step, max } = limitOf(policy, name, 'haircutBps');
    const margin = (haircutBps: number) => pump(kernel, { market, ...posted, ltv: (BPS_ONE - haircutBps) / BPS_ONE }).margin;
    const leastHaircutBps = least(step, Math.min(max, BPS_ONE - 1), (bps) => margin(bps) >= attack.margin);
    // What is borrowed does not hang on the LTV of so thin a market: only what may be posted bounds it.
    const remedy = leastHaircutBps === null ? '; at no LTV the policy allows does it, a supply cap would bound it' : '';
    found.set(name, { leastHaircutBps, says: saysOf(attack) + remedy });
  }
  return found;
}

/** On the grid of steps from 0 to the wall; the smallest that holds where all larger ones do. */
function least(step: number, wallBps: number, holds: (bps: number) => boolean): number | null {
  let [low, high] = [0, Math.floor(wallBps / step)];
  if (!holds(high * step)) return null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle * step)) high = middle;
    else low = middle + 1;
  }
  return low * step;
}

function saysOf({ oracle, windowSeconds, margin }: Asked): string {
  return `pushing the price past ${oracle === 'twap' ? 'a mean' : 'a spot oracle'} of ${windowSeconds} s must lose ${(100 * margin).toFixed(0)} % of its cost`;
}
