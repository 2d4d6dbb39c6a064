/**
 * Limits: the one pure function that says whether a move is allowed, used by the search, again before drafting, and held
 * against the contract's own rule.
 *
 * Windows are true sliding windows: a past move counts while now − at < window. A leaky bucket would let twice the budget
 * through. A cooldown ends exactly at last + cooldownSeconds. All arithmetic on values is exact in integers.
 */
import { PlimsollError, quote } from '../base/errors.ts';
import { BPS_ONE } from '../base/units.ts';
import type { RiskParameters } from '../datasets/state.ts';
import type { Field, FieldLimit, Policy } from './policy.ts';

/** A change that took effect. */
export type PastMove = { readonly asset: string; readonly field: Field; readonly from: number; readonly to: number; readonly at: string };

export type Direction = 'looser' | 'tighter';

/** Where a field stands: everything a limit needs to know except the new value. `history` may hold other assets and fields. */
export type Position = {
  readonly asset: string;
  readonly field: Field;
  readonly from: number;
  readonly now: string;
  readonly history: readonly PastMove[];
};

export type Move = Position & { readonly to: number };

/** What stopped a move. `budget-7d` names the window. */
export type Binding =
  | 'min'
  | 'max'
  | 'step'
  | 'max-loosen'
  | 'max-tighten'
  | 'cooldown'
  | `budget-${string}`
  | 'gap'
  | 'bonus-exact'
  | 'bonus-on-chain'
  | 'bonus-buffer';

export type Ruling = { readonly ok: true } | { readonly ok: false; readonly binding: Binding; readonly refused: string };

/** Allowed values in one direction: from ± step × k for k in low..high; none where high < low. `binding` refuses k = high + 1. */
export type Reach = { readonly low: number; readonly high: number; readonly binding: Binding; readonly direction: Direction };

/** Haircut and multiplier down, threshold up: looser. */
export function directionOf(field: Field, from: number, to: number): Direction | 'none' {
  if (from === to) return 'none';
  return to > from === (field === 'liquidationThresholdBps') ? 'looser' : 'tighter';
}

/** The value `steps` steps from `from` in a direction. */
export function valueAt(field: Field, from: number, limit: Pick<FieldLimit, 'step'>, direction: Direction, steps: number): number {
  const sign = (direction === 'looser') === (field === 'liquidationThresholdBps') ? 1 : -1;
  return from + sign * steps * limit.step;
}

/** Is this move inside the limit? A move to the same value always is. The first rule broken is the one named. */
export function check(limit: FieldLimit, move: Move): Ruling {
  const { field, from, to } = move;
  const direction = directionOf(field, from, to);
  if (direction === 'none') return { ok: true };
  const size = Math.abs(to - from);
  if (to < limit.min) return refuse('min', `${field} ${to} is below the wall at ${limit.min}`);
  if (to > limit.max) return refuse('max', `${field} ${to} is above the wall at ${limit.max}`);
  if (size % limit.step !== 0) return refuse('step', `a change of ${size} is not a multiple of ${limit.step}`);
  const [most, name] = single(limit, direction);
  if (size > most) return refuse(name, `a change of ${size} is more than the ${most} allowed at once`);
  const past = pastOf(move);
  const ready = cooledAt(limit, past);
  if (past.nowMs < ready) return refuse('cooldown', `the last change cools down until ${new Date(ready).toISOString()}`);
  for (const budget of limit.budgets) {
    const left = budgetLeft(budget, past, direction);
    if (size > left) return refuse(budgetName(budget), `a change of ${size} is more than the ${left} left of the window's budget`);
  }
  return { ok: true };
}

/** All moves `check` allows in one direction, in closed form. */
export function reach(limit: FieldLimit, position: Position, direction: Direction): Reach {
  const { field, from } = position;
  const upwards = (direction === 'looser') === (field === 'liquidationThresholdBps');
  const past = pastOf(position);
  const caps: [number, Binding][] = [upwards ? [limit.max - from, 'max'] : [from - limit.min, 'min'], single(limit, direction)];
  if (past.nowMs < cooledAt(limit, past)) caps.push([0, 'cooldown']);
  for (const budget of limit.budgets) caps.push([budgetLeft(budget, past, direction), budgetName(budget)]);
  let [room, binding] = caps[0]!;
  for (const [cap, name] of caps) if (Math.floor(cap / limit.step) < Math.floor(room / limit.step)) [room, binding] = [cap, name];
  // Outside the walls the first allowed value is the first one inside.
  const outside = upwards ? limit.min - from : from - limit.max;
  return { low: Math.max(1, Math.ceil(outside / limit.step)), high: Math.max(0, Math.floor(room / limit.step)), binding, direction };
}

/** Do the fields of one asset fit together? Assets that are not collateral (threshold 0) need an LTV of 0. */
export function checkJoint(policy: Pick<Policy, 'minGapBps' | 'bonusBufferBps'>, parameters: RiskParameters): Ruling {
  const ltvBps = BPS_ONE - parameters.haircutBps;
  const thresholdBps = parameters.liquidationThresholdBps;
  if (thresholdBps === 0) return ltvBps === 0 ? { ok: true } : refuse('gap', `LTV ${ltvBps} without a liquidation threshold`);
  // LTV 0 lends nothing, so it needs no room below the threshold.
  if (ltvBps > 0 && ltvBps + policy.minGapBps > thresholdBps) {
    return refuse('gap', `LTV ${ltvBps} + gap ${policy.minGapBps} is above the threshold ${thresholdBps}`);
  }
  const { exact, onChain, product } = intrinsic(parameters);
  if (!onChain) return refuse('bonus-on-chain', `threshold × (1 + bonus) = ${product} / 10^8: the chain itself would refuse it`);
  if (!exact) return refuse('bonus-exact', `threshold × (1 + bonus) = ${product} / 10^8 is above 1: passes on chain only by rounding`);
  if (product > BPS_ONE * (BPS_ONE - policy.bonusBufferBps)) {
    return refuse(
      'bonus-buffer',
      `threshold × (1 + bonus) = ${product} / 10^8 leaves less than the buffer of ${policy.bonusBufferBps} bps`,
    );
  }
  return { ok: true };
}

/**
 * threshold × (1 + bonus) ≤ 1: a liquidation at the threshold must be covered by the collateral.
 * `onChain` is Aave's percentMul, which rounds half up (WadRayMath/PercentageMath: (a × b + 5000) / 10000, floor):
 * 9300 × 10753 passes there although it is 1.0000029.
 */
export function intrinsic(parameters: Pick<RiskParameters, 'liquidationThresholdBps' | 'liquidationBonusBps'>): {
  readonly exact: boolean;
  readonly onChain: boolean;
  readonly product: number;
} {
  const product = parameters.liquidationThresholdBps * (BPS_ONE + parameters.liquidationBonusBps);
  return { exact: product <= BPS_ONE * BPS_ONE, onChain: Math.floor((product + BPS_ONE / 2) / BPS_ONE) <= BPS_ONE, product };
}

type Past = {
  readonly nowMs: number;
  readonly moves: readonly { readonly atMs: number; readonly size: number; readonly direction: Direction }[];
};

function pastOf({ asset, field, now, history }: Position): Past {
  const nowMs = timeMs(now, 'now');
  const moves: Past['moves'][number][] = [];
  for (const past of history) {
    if (past.asset !== asset || past.field !== field) continue;
    const atMs = timeMs(past.at, `history of ${asset}.${field}`);
    if (atMs > nowMs) {
      throw new BadTimeError({
        got: `a past move at ${past.at}`,
        needed: `moves up to now (${now})`,
        where: `history of ${asset}.${field}`,
      });
    }
    const direction = directionOf(field, past.from, past.to);
    if (direction !== 'none') moves.push({ atMs, size: Math.abs(past.to - past.from), direction });
  }
  return { nowMs, moves };
}

function cooledAt(limit: FieldLimit, past: Past): number {
  return past.moves.reduce((latest, { atMs }) => Math.max(latest, atMs + limit.cooldownSeconds * 1000), Number.NEGATIVE_INFINITY);
}

function budgetLeft(budget: FieldLimit['budgets'][number], past: Past, direction: Direction): number {
  const spent = past.moves.reduce(
    (sum, move) => (move.direction === direction && past.nowMs - move.atMs < budget.windowSeconds * 1000 ? sum + move.size : sum),
    0,
  );
  return (direction === 'looser' ? budget.loosen : budget.tighten) - spent;
}

function budgetName({ windowSeconds }: FieldLimit['budgets'][number]): Binding {
  return windowSeconds % 86_400 === 0 ? `budget-${windowSeconds / 86_400}d` : `budget-${windowSeconds}s`;
}

function single(limit: FieldLimit, direction: Direction): [number, Binding] {
  return direction === 'looser' ? [limit.maxLoosen, 'max-loosen'] : [limit.maxTighten, 'max-tighten'];
}

function refuse(binding: Binding, refused: string): Ruling {
  return { ok: false, binding, refused };
}

function timeMs(iso: string, where: string): number {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) throw new BadTimeError({ got: quote(iso), needed: 'an ISO 8601 time', where });
  return ms;
}

export class BadTimeError extends PlimsollError {
  override readonly name = 'Limits.BadTimeError';
}
