/**
 * Schedule: the moves after the first one, up to a target, each as early and as large as the policy's limits allow when the ones
 * before it have been made: cooldowns waited for, sliding windows not overspent. Tightening only; what was loosened is not scheduled.
 */
import * as Limits from './limits.ts';
import type { FieldLimit } from './policy.ts';

/** `at`: the earliest moment the limits allow it, ISO 8601, were the first move made at the time of the advice. */
export type Planned = { readonly to: number; readonly at: string };

/** More moves than this are no plan: the target is looked at again long before. */
const MOST_MOVES = 32;

/** `first` is the move that the advice makes now; `target` where the field should end. Ends short of it where the limits never allow the rest. */
export function after(limit: FieldLimit, first: Limits.Move, target: number): readonly Planned[] {
  const { asset, field } = first;
  const planned: Planned[] = [];
  let history: readonly Limits.PastMove[] = [...first.history, { asset, field, from: first.from, to: first.to, at: first.now }];
  let value = first.to;
  while (value !== target && planned.length < MOST_MOVES) {
    const wanted = Math.floor(Math.abs(target - value) / limit.step);
    const next = momentsAfter(limit, history.at(-1)!.at, history)
      .map((at) => ({ at, steps: Math.min(wanted, Limits.reach(limit, { asset, field, from: value, now: at, history }, 'tighter').high) }))
      .find(({ steps }) => steps >= 1);
    if (next === undefined) break;
    const to = Limits.valueAt(field, value, limit, 'tighter', next.steps);
    planned.push({ to, at: next.at });
    history = [...history, { asset, field, from: value, to, at: next.at }];
    value = to;
  }
  return planned;
}

/** When more may be allowed than before: the end of the last move's cooldown, and whenever a past move leaves a window. */
function momentsAfter({ cooldownSeconds, budgets }: FieldLimit, last: string, history: readonly Limits.PastMove[]): readonly string[] {
  const lastMs = Date.parse(last);
  // Two moves at one moment would be one larger move: without a cooldown the next second is the next moment.
  const cooled = lastMs + Math.max(1, cooldownSeconds) * 1000;
  const freed = history.flatMap(({ at }) => budgets.map(({ windowSeconds }) => Date.parse(at) + windowSeconds * 1000));
  const moments = [cooled, ...freed].filter((ms) => ms >= cooled);
  return [...new Set(moments)].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString());
}
